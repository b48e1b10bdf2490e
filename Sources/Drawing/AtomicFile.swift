import Glibc

/// Files that appear whole or not at all.
enum AtomicFile {
    /// Writes beside the target and renames, so that a crash or a full disk leaves the old file or none.
    static func write(_ bytes: [UInt8], to path: String) throws {
        guard !path.utf8.contains(0) else { throw DrawingError(.value, "save: the path contains a NUL character") }
        var information = stat()
        if stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR {
            throw DrawingError(.io, "save: “\(path)” is a folder")
        }
        let temporary = "\(path).\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path) }
        var offset = 0
        while offset < bytes.count {
            let written = bytes[offset...].withContiguous { Glibc.write(descriptor, $0, $1) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                let error = failure(path)
                close(descriptor)
                unlink(temporary)
                throw error
            }
            offset += written
        }
        // Closing reports what a network file system could not store.
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
    }

    private static func failure(_ path: String) -> DrawingError {
        let reason = String(cString: strerror(errno))
        return DrawingError(.io, "save: cannot write “\(path)”: \(reason.lowercased())")
    }
}

extension ArraySlice<UInt8> {
    fileprivate func withContiguous(_ body: ([UInt8], Int) -> Int) -> Int {
        // At most a megabyte a call: the copy stays small and an interrupt is noticed between calls.
        let part = Array(prefix(1 << 20))
        return body(part, part.count)
    }
}
