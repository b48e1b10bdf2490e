import Base
import Glibc
import Notebook

/// The entries of earlier sessions, one block an entry, in a file that several sessions append to at once.
///
/// Each entry is one line, `\` and line ends escaped, appended with one write under a lock: two sessions lose nothing, and
/// a killed one leaves whole lines.
struct HistoryFile {
    /// Where the entries are.
    let path: String

    private static let kept = 10_000

    /// The history in `folder`, which is made when it is missing; none when that fails.
    init?(folder: String) {
        var made = ""
        for part in folder.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o700) != 0, errno != EEXIST { return nil }
        }
        path = folder + "/history"
    }

    /// The entries, oldest first, each at its latest place. A file that has grown far beyond what is kept is shortened.
    func load() -> [String] {
        withLock(LOCK_SH) { lines() }.map { lines in
            let entries = Self.deduplicate(lines)
            if lines.count > 2 * Self.kept { shorten() }
            return entries.suffix(Self.kept).map(Self.unescape)
        } ?? []
    }

    /// Adds an entry.
    func append(_ entry: String) {
        _ = withLock(LOCK_EX) { add(Self.escape(entry)) }
    }

    private func shorten() {
        _ = withLock(LOCK_EX) {
            let entries = Self.deduplicate(lines()).suffix(Self.kept)
            try? WholeFile.write(entries.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }, to: path)
        }
    }

    /// The lock is a file of its own, because shortening replaces the history.
    private func withLock<Result>(_ kind: Int32, _ body: () -> Result) -> Result? {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        while flock(descriptor, kind) != 0 {
            guard errno == EINTR else { return nil }
        }
        return body()
    }

    private func lines() -> [String] {
        guard let bytes = try? WholeFile.read(path) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    private func add(_ line: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        while !bytes.isEmpty {
            let count = Glibc.write(descriptor, bytes, bytes.count)
            if count > 0 { bytes.removeFirst(count) } else if errno != EINTR { return }
        }
    }

    private static func deduplicate(_ lines: [String]) -> [String] {
        var seen: Set<String> = []
        return Array(lines.reversed().filter { seen.insert($0).inserted }.reversed())
    }

    private static func escape(_ entry: String) -> String {
        entry.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    private static func unescape(_ line: String) -> String {
        var result = ""
        var isEscaped = false
        for scalar in line.unicodeScalars {
            if isEscaped {
                result.unicodeScalars.append(scalar == "n" ? "\n" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
