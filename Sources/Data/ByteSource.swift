import Base
import Glibc
import Tensors

/// The bytes of a file, taken where they are needed and not all at once: what readers of large files stand on.
///
/// Every access is checked against the size that the file had when it was opened, and read with `pread`: a file that
/// shrinks meanwhile is an error and not a signal.
final class ByteSource {
    /// The name in messages.
    let path: String
    /// How many bytes there are.
    let size: Int
    private let descriptor: Int32?
    private let memory: [UInt8]

    /// Opens a file.
    ///
    /// - Throws: ``FileError``.
    init(reading path: String) throws {
        FileBytes.log?.add(path)
        self.path = path
        memory = []
        let file = try FileBytes.open(path)
        var status = stat()
        guard fstat(file, &status) == 0 else {
            let code = errno
            close(file)
            throw FileError(.read, path, FileError.reason(code))
        }
        size = Int(status.st_size)
        descriptor = file
    }

    /// Bytes in memory; `path` is their name in messages.
    init(_ bytes: [UInt8], path: String) {
        self.path = path
        memory = bytes
        size = bytes.count
        descriptor = nil
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Fills `target` with the bytes from `offset` on.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` when the file ends before,
    ///   ``FileError``.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= size, target.count <= size - offset else {
            throw DataError.byte(
                path: path, offset: size,
                problem: "the file ends where \(target.count) bytes from \(offset) on were expected")
        }
        guard let descriptor else {
            memory.withUnsafeBytes { bytes in
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + target.count]))
            }
            return
        }
        var done = 0
        while done < target.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(.read, path, FileError.reason(errno)) }
            guard count > 0 else {
                throw DataError.byte(path: path, offset: offset + done, problem: "the file became shorter")
            }
            done += count
        }
    }

    /// Some bytes from `offset` on.
    ///
    /// - Throws: as ``read(at:into:)``, and ``FileError`` when memory is short.
    func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset <= size, count >= 0, count <= size - offset else {
            throw DataError.byte(
                path: path, offset: size, problem: "the file ends where \(count) bytes from \(offset) on were expected")
        }
        guard count < 32 << 20 || count <= Tensor.availableMemory else {
            throw FileError(.read, path, "\(count >> 20) MiB of it are more than the memory that is left", kind: .limit)
        }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            try read(
                at: offset,
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            filled = count
        }
    }

    /// The first bytes, fewer when the file is shorter.
    func prefix(_ count: Int) throws -> [UInt8] { try bytes(at: 0, count: min(count, size)) }
}
