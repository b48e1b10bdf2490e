import Glibc
import SystemPackage
import Tensors

/// Whole files as bytes: the one place of this target that touches the file system.
public enum FileBytes {
    /// Notes the path of every file that is read while it is set: where a report's data came from.
    ///
    /// A class, since a task-local closure that another module sets ends optimised programs (Swift 6.3.1).
    @TaskLocal public static var log: FileLog?

    /// The bytes of the file at `path`.
    ///
    /// - Throws: ``DataError/unreadable(path:reason:)`` when it cannot be opened or read.
    public static func read(_ path: String) throws -> [UInt8] {
        log?.add(path)
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            return try file.closeAfter {
                var status = stat()
                guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
                if status.st_mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
                let size = Int(status.st_size)
                guard size < 32 << 20 || size <= Tensor.availableMemory else {
                    throw DataError.unreadable(
                        path: path, reason: "its \(size >> 20) MiB are more than the memory that is left")
                }
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

    /// At most `count` bytes of a file from `offset` on; fewer at its end.
    ///
    /// - Throws: ``DataError/unreadable(path:reason:)``.
    static func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            return try file.closeAfter {
                var bytes = [UInt8](repeating: 0, count: count)
                let found = pread(file.rawValue, &bytes, count, offset)
                guard found >= 0 else { throw Errno(rawValue: errno) }
                return Array(bytes[..<found])
            }
        } catch let error as Errno {
            throw DataError.unreadable(path: path, reason: error.description)
        }
    }

    /// The size of a file in bytes.
    ///
    /// - Throws: ``DataError/unreadable(path:reason:)``.
    static func size(_ path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw DataError.unreadable(path: path, reason: reason(errno)) }
        return Int(status.st_size)
    }

    /// Replaces the file at `path` by `bytes`: written to a temporary file in the same folder, flushed, then renamed, so
    /// that a crash or a full disk leaves the old file or the new one, never half.
    ///
    /// - Throws: ``DataError/unwritable(path:reason:)``.
    public static func write(_ bytes: [UInt8], to path: String, temporary: String? = nil) throws {
        let temporary = temporary ?? path + ".tmp\(getpid())"
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

    /// What the system's error number means.
    static func reason(_ code: Int32) -> String { Errno(rawValue: code).description }

    /// The names in a folder, folders ending in `/`, in the order of their bytes.
    ///
    /// - Throws: ``DataError/unreadable(path:reason:)``.
    package static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(folder) else { throw DataError.unreadable(path: folder, reason: reason(errno)) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            var status = stat()
            let isFolder = stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            names.append(isFolder ? name + "/" : name)
        }
        return names.sorted()
    }

    /// Whether something exists at `path`.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
