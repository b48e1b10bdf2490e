import Base
import Glibc
import Tensors

/// Whole files of data: read with what memory is left in view, and noted.
public enum FileBytes {
    /// Notes the path of every file that is read while it is set: where a report's data came from.
    ///
    /// A class, since a task-local closure that another module sets ends optimised programs (Swift 6.3.1).
    @TaskLocal public static var log: FileLog?

    /// The bytes of the file at `path`.
    ///
    /// - Throws: ``FileError`` when it cannot be opened or read.
    public static func read(_ path: String) throws -> [UInt8] {
        log?.add(path)
        return try WholeFile.read(path, atMost: max(32 << 20, Tensor.availableMemory))
    }

    /// At most `count` bytes of a file from `offset` on; fewer at its end.
    ///
    /// - Throws: ``FileError``.
    static func read(_ path: String, offset: Int, count: Int) throws(FileError) -> [UInt8] {
        let descriptor = try open(path)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let found = pread(descriptor, &bytes, count, offset)
        guard found >= 0 else { throw FileError(.read, path, FileError.reason(errno)) }
        return Array(bytes[..<found])
    }

    /// Opens a file whose parts are read one after the other.
    ///
    /// - Throws: ``FileError``, also for what is no file: a pipe would keep its reader waiting.
    static func open(_ path: String) throws(FileError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(.read, path, FileError.reason(errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            close(descriptor)
            throw FileError(.read, path, isFolder ? FileError.reason(EISDIR) : "it is no file with a size")
        }
        return descriptor
    }

    /// The size of a file in bytes.
    ///
    /// - Throws: ``FileError``.
    static func size(_ path: String) throws(FileError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(.read, path, FileError.reason(errno)) }
        return Int(status.st_size)
    }
}
