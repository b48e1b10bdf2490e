import Base
import Data
import Diagnostics
import Runtime
import Tensors

/// Files as a session's programs name them: relative to the importing file, or to the script, or to where the process is.
final class SessionFiles: FileAccess {
    /// The paths that programs and the data library have read.
    private let log = FileLog()

    /// The paths that were read so far, each once.
    var readPaths: [String] { log.paths }

    /// Runs `body`, noting what the data library reads in it.
    func recording<Result>(_ body: () throws -> Result) rethrows -> Result {
        try FileBytes.$log.withValue(log, operation: body)
    }

    /// The folder of the script that runs; none in the REPL.
    var folder: String?
    /// The paths of which it was said which file was taken.
    var notedPaths: Set<String> = []

    func resolve(_ path: String, from importer: String?) -> String {
        if path.hasPrefix("/") || path.hasPrefix("std/") { return path }
        let base = importer.map(WholeFile.folder) ?? folder ?? "."
        return Self.normalized(base == "." ? path : "\(base)/\(path)")
    }

    func read(_ path: String) throws -> [UInt8] {
        log.add(path)
        do {
            return try WholeFile.read(path, atMost: max(32 << 20, Tensor.availableMemory))
        } catch {
            throw Failure(error.kind, error.message, help: Self.near(path))
        }
    }

    func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try WholeFile.write(bytes, to: path)
        } catch {
            throw Failure(error.kind, error.message, operands: [0: ""])
        }
    }

    func exists(_ path: String) -> Bool { (try? find(path)).map { WholeFile.exists($0.path) } ?? false }

    /// The nearest name in the folder of a file that is not there.
    static func near(_ path: String) -> [String] {
        let folder = WholeFile.folder(of: path)
        let name = String(path.split(separator: "/").last ?? "")
        let names = WholeFile.namesIfAny(in: folder).filter { !$0.hasSuffix("/") && !$0.hasPrefix(".") }
        guard !names.contains(name), let near = Nearest.match(name, in: names) else { return [] }
        return ["did you mean \"\(folder == "." ? near : "\(folder)/\(near)")\"?"]
    }

    /// The path without `.` and `a/..`, so that one file has one path.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}
