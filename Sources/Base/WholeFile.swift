import CBase
import Glibc

/// Whole files: read at once, written whole or not at all (``write(_:to:)``).
public enum WholeFile {
    /// The bytes of a file; standard input is `-`.
    ///
    /// A pipe is read to its end, and may keep its reader waiting: both stop when ``Interrupt`` is requested. A device has no
    /// content.
    ///
    /// - Parameter limit: the most bytes that there is room for.
    /// - Throws: ``FileError`` of kind `io`; `limit` for more bytes than that, `interrupt`.
    public static func read(_ path: String, atMost limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
        guard path != "-" else { return try stream(0, "standard input", limit) }
        guard !path.utf8.contains(0) else { throw FileError(.read, path, "the path contains a NUL character") }
        // Opening a pipe would wait until somebody writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(.read, path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(.read, path, code: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw FileError(.read, path, code: EISDIR)
        case S_IFCHR, S_IFBLK:
            guard isatty(descriptor) == 1 || isNull(status) else {
                throw FileError(.read, path, "it is a device, not a file")
            }
            return try stream(descriptor, path, limit)
        case S_IFREG where status.st_size > 0:
            return try contents(descriptor, path, size: Int(status.st_size), limit)
        // What the system makes up while it is read, such as the files in /proc, says that it has no size.
        default: return try stream(descriptor, path, limit)
        }
    }

    private static func isNull(_ status: stat) -> Bool {
        var null = stat()
        return stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev
    }

    /// What a file of known size holds; less when it is shortened meanwhile.
    private static func contents(
        _ descriptor: Int32, _ path: String, size: Int, _ limit: Int
    ) throws(FileError) -> [UInt8] {
        guard size <= limit else { throw tooLarge(path, size) }
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
            while filled < size {
                // Small files are read all the same: what ends a run reads its records.
                if filled > 0, Interrupt.isRequested {
                    failure = interrupted(path)
                    return
                }
                let count = Glibc.read(
                    descriptor, buffer.baseAddress.map { $0 + filled }, min(size - filled, 16 << 20))
                if count == 0 { return }
                if count > 0 {
                    filled += count
                } else if errno != EINTR {
                    failure = FileError(.read, path, code: errno)
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// What comes until the end.
    private static func stream(_ descriptor: Int32, _ path: String, _ limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, 50)
            if ready <= 0 || bytes.count > 1 << 20, Interrupt.isRequested { throw interrupted(path) }
            guard ready > 0 else { continue }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
                guard bytes.count <= limit else { throw tooLarge(path, nil) }
            } else if errno != EINTR, errno != EAGAIN {
                throw FileError(.read, path, code: errno)
            }
        }
    }

    private static func tooLarge(_ path: String, _ size: Int?) -> FileError {
        FileError(
            .read, path, "\(size.map { "its \($0 >> 20) MiB are" } ?? "it holds") more than the memory that is left",
            kind: .limit)
    }

    private static func interrupted(_ path: String) -> FileError {
        FileError(.read, path, "interrupted", kind: .interrupt)
    }

    // MARK: Folders

    /// Whether something exists at `path`.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The folder that holds `path`, `.` when it names none.
    public static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The names in a folder, folders ending in `/`, in the order of their bytes.
    ///
    /// - Throws: ``FileError``.
    public static func names(in folder: String) throws(FileError) -> [String] {
        let folder = folder.isEmpty ? "." : folder
        guard let stream = opendir(folder) else { throw FileError(.read, folder, code: errno) }
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

    /// The names in a folder as ``names(in:)`` gives them; none when it cannot be read.
    public static func namesIfAny(in folder: String) -> [String] { (try? names(in: folder)) ?? [] }

    /// Makes a folder with those above it, unless they are there.
    ///
    /// - Throws: ``FileError``.
    public static func makeFolder(_ path: String) throws(FileError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            if mkdir(prefix, 0o777) != 0, errno != EEXIST { throw FileError(.write, prefix, code: errno) }
            prefix += "/"
        }
        var status = stat()
        guard path.isEmpty || (stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR) else {
            throw FileError(.write, path, "it is a file, not a folder")
        }
    }

    /// Gives the folder `path` the name `name`. A folder that has the name already gets the other one: at no moment is there
    /// none of that name.
    ///
    /// - Throws: ``FileError``.
    public static func exchange(_ path: String, with name: String) throws(FileError) {
        if exists(name) {
            if names_exchange(path, name) == 0 { return }
            // File systems that cannot do it at once do it one after the other.
            let former = path + ".old"
            guard errno == EINVAL || errno == ENOSYS, rename(name, former) == 0 else {
                throw FileError(.write, name, code: errno)
            }
            guard rename(path, name) == 0 else {
                let failure = FileError(.write, name, code: errno)
                rename(former, name)
                throw failure
            }
            guard rename(former, path) == 0 else { throw FileError(.write, name, code: errno) }
        } else if rename(path, name) != 0 {
            throw FileError(.write, name, code: errno)
        }
    }
}
