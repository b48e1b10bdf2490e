import CBase
import Glibc

extension WholeFile {
    /// Replaces the file at `path`, or makes it: written beside it under no name, flushed to the disk, then given its name,
    /// so that a crash or a full disk leaves the old file or the new one, never half, and nothing beside it.
    ///
    /// What the user made of the path stays: a link leads where it led, permissions and owner are kept, a file with several
    /// names keeps them (it alone is written in place, after room for it was made sure of), and a device or a pipe takes the
    /// bytes instead of being replaced.
    ///
    /// - Throws: ``FileError``.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        guard !path.utf8.contains(0) else { throw FileError(.write, path, "the path contains a NUL character") }
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileError(.write, path, code: errno) }
            return try replace(target(of: path), by: bytes, like: nil, path)
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw FileError(.write, path, "it is a folder")
        // /dev/stdout and its like name an open file, which has other readers and writers.
        case S_IFREG where path.hasPrefix("/dev/") || path.hasPrefix("/proc/"):
            try pour(bytes, into: path, O_APPEND)
        case S_IFREG:
            guard access(path, W_OK) == 0 else { throw FileError(.write, path, code: errno) }
            if status.st_nlink > 1 {
                try overwrite(path, with: bytes)
            } else {
                try replace(target(of: path), by: bytes, like: status, path)
            }
        // A pipe that nobody reads would keep us waiting for ever.
        default: try pour(bytes, into: path, O_NONBLOCK)
        }
    }

    /// Where a path leads when it is a link, whether or not there is something.
    private static func target(of path: String) throws(FileError) -> String {
        var path = path
        for _ in 0..<40 {
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink(path, &buffer, buffer.count)
            guard count >= 0 else { return path }
            let target = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            path = target.hasPrefix("/") ? target : "\(folder(of: path))/\(target)"
        }
        throw FileError(.write, path, code: ELOOP)
    }

    /// Writes beside `target` and puts the new file in its place. `path` is how the user calls it.
    private static func replace(
        _ target: String, by bytes: [UInt8], like old: stat?, _ path: String
    ) throws(FileError) {
        let folder = folder(of: target)
        let fresh = unnamed_open(folder, 0o666)
        if fresh >= 0 {
            defer { close(fresh) }
            try fill(fresh, with: bytes, like: old, path)
            if old == nil, unnamed_link(fresh, target) == 0 { return }
            // A name can only be taken over by a file that has one: for a moment it has.
            let name = temporaryName(beside: target)
            if unnamed_link(fresh, name) == 0 { return try rename(name, to: target, path) }
        }
        try replaceByName(target, by: bytes, like: old, path)
    }

    /// The same on file systems where every file has a name. Whoever writes holds a lock on the unfinished file, so that the
    /// next writer can tell what a killed one left, and take it away.
    private static func replaceByName(
        _ target: String, by bytes: [UInt8], like old: stat?, _ path: String
    ) throws(FileError) {
        removeLeftovers(beside: target)
        let name = temporaryName(beside: target)
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileError(.write, path, code: errno) }
        defer { close(descriptor) }
        flock(descriptor, LOCK_EX | LOCK_NB)
        do {
            try fill(descriptor, with: bytes, like: old, path)
        } catch {
            unlink(name)
            throw error
        }
        try rename(name, to: target, path)
    }

    private static func rename(_ name: String, to target: String, _ path: String) throws(FileError) {
        guard Glibc.rename(name, target) != 0 else { return }
        let failure = FileError(.write, path, code: errno)
        unlink(name)
        throw failure
    }

    private static func fill(
        _ descriptor: Int32, with bytes: [UInt8], like old: stat?, _ path: String
    ) throws(FileError) {
        if let old {
            // Only root can give files away; then the owner changes, as when the file is written anew.
            _ = fchown(descriptor, old.st_uid, old.st_gid)
            guard fchmod(descriptor, old.st_mode & 0o7777) == 0 else { throw FileError(.write, path, code: errno) }
        }
        try put(bytes, into: descriptor, path)
        guard fsync(descriptor) == 0 else { throw FileError(.write, path, code: errno) }
    }

    /// Writes over a file that has further names, which a new file would not have.
    private static func overwrite(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(.write, path, code: errno) }
        // Room first: a full disk must not leave half.
        let code = bytes.isEmpty ? 0 : posix_fallocate(descriptor, 0, off_t(bytes.count))
        guard code == 0 || code == EOPNOTSUPP || code == EINVAL else {
            _ = ftruncate(descriptor, status.st_size)
            throw FileError(.write, path, code: code)
        }
        try put(bytes, into: descriptor, path)
        guard ftruncate(descriptor, off_t(bytes.count)) == 0, fsync(descriptor) == 0 else {
            throw FileError(.write, path, code: errno)
        }
    }

    /// Writes to what is no file with a content of its own.
    private static func pour(_ bytes: [UInt8], into path: String, _ flags: Int32) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags)
        guard descriptor >= 0 else {
            throw errno == ENXIO
                ? FileError(.write, path, "nobody reads from it") : FileError(.write, path, code: errno)
        }
        defer { close(descriptor) }
        try put(bytes, into: descriptor, path)
    }

    private static func put(_ bytes: [UInt8], into descriptor: Int32, _ path: String) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            // A few megabytes a call, so that a signal is noticed between calls.
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + offset }, min($0.count - offset, 16 << 20))
            }
            if count > 0 {
                offset += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 50)
                if Interrupt.isRequested { throw FileError(.write, path, "interrupted", kind: .interrupt) }
            } else if errno != EINTR {
                throw FileError(.write, path, code: errno)
            }
        }
    }

    // MARK: Names of unfinished files

    private static let ending = ".partial"

    /// `folder/.name.1f0c….partial`: hidden, and not to be guessed.
    private static func temporaryName(beside target: String) -> String {
        "\(temporaryPrefix(target))\(String(UInt64.random(in: .min ... .max), radix: 36))\(ending)"
    }

    private static func temporaryPrefix(_ target: String) -> String {
        let name = target.split(separator: "/").last.map(String.init) ?? ""
        // A name has room for 255 bytes.
        return "\(folder(of: target))/.\(name.utf8.count > 200 ? "distill" : name)."
    }

    private static func removeLeftovers(beside target: String) {
        let prefix = temporaryPrefix(target).dropFirst(folder(of: target).count + 1)
        for name in namesIfAny(in: folder(of: target)) where name.hasPrefix(prefix) && name.hasSuffix(ending) {
            let path = "\(folder(of: target))/\(name)"
            let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            close(descriptor)
        }
    }
}
