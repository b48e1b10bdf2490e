import Base
import Glibc

/// Where a report's numbers come from: everything needed to get them again.
package struct Provenance {
    /// A fact with its name.
    package struct Fact {
        /// What it is, `seed`.
        package let name: String
        /// Its value as text.
        package let value: String
    }

    /// The facts, in the order they are shown.
    package private(set) var facts: [Fact] = []
    /// The command that makes the report again.
    package let command: String

    /// The facts of this machine and of a script.
    ///
    /// - Parameters:
    ///   - script: the path of the script, when it is a file.
    ///   - source: its bytes.
    ///   - parameters: the `param`s with their values as text.
    ///   - seed: the seed of the run.
    ///   - threads: how many threads computed.
    ///   - inputs: files the script read, with their hashes.
    ///   - libraries: versions of what computes (`OpenBLAS`).
    ///   - command: the command that makes it again.
    package init(
        script: String?, source: [UInt8], parameters: [(name: String, value: String)], seed: UInt64, threads: Int,
        inputs: [(path: String, hash: String)] = [], libraries: [(name: String, value: String)] = [], command: String
    ) {
        self.command = command
        if let script { facts.append(Fact(name: "script", value: script)) }
        facts.append(Fact(name: "script SHA-256", value: SHA256.hex(of: source)))
        for (name, value) in parameters { facts.append(Fact(name: "param \(name)", value: value)) }
        facts.append(Fact(name: "seed", value: String(seed)))
        for (path, hash) in inputs { facts.append(Fact(name: "data \(path)", value: hash)) }
        facts.append(Fact(name: "distill", value: Version.text))
        facts.append(Fact(name: "Swift", value: Version.swift))
        for (name, value) in libraries { facts.append(Fact(name: name, value: value)) }
        facts.append(Fact(name: "processor", value: Self.processor))
        facts.append(Fact(name: "threads", value: String(threads)))
        if let commit = Self.commit(of: script) { facts.append(Fact(name: "git", value: commit)) }
    }

    /// The facts as a JSON object, the cells' times among them.
    func json(cells: [Report.Cell]) -> String {
        var lines = facts.map { "  \(Self.quoted($0.name)): \(Self.quoted($0.value))" }
        lines.append("  \"command\": \(Self.quoted(command))")
        let times = cells.compactMap(\.seconds).map { Duration.fixed($0, 6) }
        lines.append("  \"seconds\": [\(times.joined(separator: ", "))]")
        return "{\n" + lines.joined(separator: ",\n") + "\n}"
    }

    /// A JSON string; `<` is escaped so that it cannot close a `script` element.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || scalar == "<":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    static var processor: String {
        guard let bytes = try? WholeFile.read("/proc/cpuinfo") else { return "unknown" }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("model name") {
            if let colon = line.firstIndex(of: ":") {
                return String(line[line.index(after: colon)...].drop { $0 == " " })
            }
        }
        return "unknown"
    }

    /// The commit of the folder a script lies in, and whether files there have changed since.
    private static func commit(of script: String?) -> String? {
        guard let script else { return nil }
        let folder =
            "'"
            + WholeFile.folder(of: script).split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
        guard let hash = output(of: "git -C \(folder) rev-parse HEAD 2>/dev/null"), hash.count >= 40 else { return nil }
        let changes = output(of: "git -C \(folder) status --porcelain --untracked-files=no 2>/dev/null") ?? ""
        return hash + (changes.isEmpty ? "" : ", with changes not committed")
    }

    private static func output(of command: String) -> String? {
        guard let stream = popen(command, "r") else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, stream)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        guard pclose(stream) == 0 else { return nil }
        while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The versions that help and reports show.
package enum Version {
    /// Of this program.
    package static let text = "0.1.0"

    /// Of the compiler that built it.
    package static var swift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #else
            "6.1"
        #endif
    }
}
