import Glibc
import SystemPackage

/// Whole files as bytes: the one place of this target that touches the file system.
public enum FileBytes {
    /// Told the path of every file that is read while it is set: where a report's data came from.
    @TaskLocal public static var onRead: (@Sendable (String) -> Void)?

    /// The bytes of the file at `path`.
    ///
    /// - Throws: ``DataError/unreadable(path:reason:)`` when it cannot be opened or read.
    public static func read(_ path: String) throws -> [UInt8] {
        onRead?(path)
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            return try file.closeAfter {
                var status = stat()
                guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
                if status.st_mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
                let size = Int(status.st_size)
                var bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
                    while filled < size {
                        let rest = UnsafeMutableRawBufferPointer(
                            rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                        let count = try file.read(into: rest)
                        if count == 0 { break }
                        filled += count
                    }
                }
                // A pipe has no size: the end decides.
                var chunk = [UInt8](repeating: 0, count: size == 0 ? 1 << 16 : 0)
                while !chunk.isEmpty {
                    let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                    if count == 0 { break }
                    bytes.append(contentsOf: chunk[..<count])
                }
                return bytes
            }
        } catch let error as Errno {
            throw DataError.unreadable(path: path, reason: error.description)
        }
    }

    /// Replaces the file at `path` by `bytes`: written to a temporary file in the same folder, flushed, then renamed, so
    /// that a crash or a full disk leaves the old file or the new one, never half.
    ///
    /// - Throws: ``DataError/unwritable(path:reason:)``.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".tmp\(getpid())"
        do {
            let file = try FileDescriptor.open(
                FilePath(temporary), .writeOnly, options: [.create, .truncate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter {
                _ = try file.writeAll(bytes)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
            guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
        } catch let error as Errno {
            unlink(temporary)
            throw DataError.unwritable(path: path, reason: error.description)
        }
    }

    /// Whether something exists at `path`.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
