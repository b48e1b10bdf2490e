import Glibc

/// Whole files: read at once, written whole or not at all.
package enum TextFile {
    /// A file that could not be read or written: which, and the system's reason.
    package struct Failure: Error {
        /// The path as given.
        package let path: String
        /// What the system said, such as `no such file or directory`.
        package let reason: String
    }

    /// The bytes of a file. Standard input is `-`.
    package static func read(_ path: String) throws(Failure) -> [UInt8] {
        guard path != "-" else { return try read(descriptor: 0, name: "standard input") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, name: path)
    }

    private static func read(descriptor: Int32, name: String) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                throw failure(name)
            }
        }
    }

    /// Replaces the file at `path`: written beside it, then renamed, so that a crash or a full disk leaves the old file or
    /// the new one.
    package static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let temporary = "\(path).\(getpid()).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path) }
        var offset = 0
        while offset < bytes.count {
            let part = Array(bytes[offset..<min(bytes.count, offset + (1 << 20))])
            let written = Glibc.write(descriptor, part, part.count)
            if written > 0 {
                offset += written
            } else if errno != EINTR {
                let failure = failure(path)
                close(descriptor)
                unlink(temporary)
                throw failure
            }
        }
        // Closing reports what a network file system could not store.
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            let failure = failure(path)
            unlink(temporary)
            throw failure
        }
    }

    /// Whether something exists at `path`.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The folder that holds `path`, `.` when it names none.
    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The names in a folder, folders ending in `/`, sorted; none when it cannot be read.
    package static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder.isEmpty ? "." : folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            var information = stat()
            let isFolder =
                stat(folder.isEmpty ? name : "\(folder)/\(name)", &information) == 0
                && information.st_mode & S_IFMT == S_IFDIR
            names.append(isFolder ? name + "/" : name)
        }
        return names.sorted()
    }

    private static func failure(_ path: String) -> Failure {
        Failure(path: path, reason: String(cString: strerror(errno)).lowercased())
    }
}
