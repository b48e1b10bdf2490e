import CPseudoTerminal
import Glibc
import Notebook
import Testing

/// A terminal with the program in it: what a user types goes in, what the screen would show comes out.
final class PseudoTerminal {
    private let master: Int32
    private let process: pid_t
    private var hasEnded = false
    /// Everything the program wrote.
    private(set) var raw: [UInt8] = []
    /// How much of `text` earlier waits have used up.
    private var seen = 0

    /// Starts the program in a terminal of `columns` × `rows`.
    convenience init(
        _ arguments: String..., folder: String, columns: Int = 100, rows: Int = 30, environment: [String: String] = [:]
    ) throws {
        try self.init(
            arguments: arguments, folder: folder, columns: columns, rows: rows, environment: environment)
    }

    init(
        arguments: [String], folder: String, columns: Int = 100, rows: Int = 30, environment: [String: String] = [:]
    ) throws {
        var terminal: Int32 = -1
        let environment = Program.environment(home: folder, environment)
        process = try Program.start(arguments, environment) { arguments, environment in
            pt_spawn_in_terminal(
                Program.path, arguments, environment, folder, Int32(columns), Int32(rows), &terminal)
        }
        master = terminal
    }

    deinit {
        if !hasEnded {
            kill(process, SIGKILL)
            _ = Program.wait(for: process)
        }
        close(master)
    }

    /// Presses keys.
    func type(_ keys: String) {
        let bytes = Array(keys.utf8)
        var offset = 0
        while offset < bytes.count {
            let part = Array(bytes[offset...])
            let count = write(master, part, part.count)
            if count > 0 { offset += count } else if errno != EINTR { return }
        }
    }

    /// Types a line and Enter.
    func enter(_ line: String) { type(line + "\r") }

    /// Pastes as a terminal does.
    func paste(_ text: String) { type("\u{1B}[200~\(text)\u{1B}[201~") }

    /// Changes the size of the window.
    func resize(columns: Int, rows: Int) {
        pt_resize(master, Int32(columns), Int32(rows))
    }

    /// Sends a signal to the program.
    func signal(_ number: Int32) { kill(process, number) }

    /// Waits until `text` shows behind what earlier waits found, and gives what came up to it.
    @discardableResult
    func wait(for text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let wanted = Array(text.utf8)
        // Generous: a slow machine must not fail a test, a hanging program must not hang the tests.
        for _ in 0..<600 {
            let shown = Self.visible(raw)
            if let found = Self.find(wanted, in: shown, from: seen) {
                let before = String(decoding: shown[seen..<found], as: UTF8.self)
                seen = found + wanted.count
                return before
            }
            guard readSome() else { break }
        }
        let shown = String(decoding: Self.visible(raw).dropFirst(seen), as: UTF8.self)
        Issue.record("“\(text)” did not show; after the last find: \(shown)", sourceLocation: sourceLocation)
        throw Missing(text: text)
    }

    /// Waits until the program has written `bytes`, escape sequences included.
    func waitRaw(for text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let wanted = Array(text.utf8)
        while Self.find(wanted, in: raw, from: 0) == nil {
            guard readSome() else {
                Issue.record("the program did not write \(text.debugDescription)", sourceLocation: sourceLocation)
                throw Missing(text: text)
            }
        }
    }

    /// What a wait did not find.
    struct Missing: Error {
        let text: String
    }

    /// The exit status once the program has ended.
    func waitForEnd() -> Int32 {
        while readSome() {}
        hasEnded = true
        return Program.wait(for: process)
    }

    /// False when the terminal is closed, or nothing came for a tenth of a minute's end.
    private func readSome() -> Bool {
        var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 60_000) > 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        let count = read(master, &chunk, chunk.count)
        guard count > 0 else { return false }
        raw += chunk[..<count]
        return true
    }

    private static func find(_ wanted: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard text.count - wanted.count >= start else { return nil }
        return (start...(text.count - wanted.count)).first { text[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }

    /// The bytes without escape sequences and carriage returns.
    private static func visible(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == 0x1B else {
                if byte != UInt8(ascii: "\r") { result.append(byte) }
                continue
            }
            guard index < bytes.count else { break }
            if bytes[index] == UInt8(ascii: "[") {
                index += 1
                while index < bytes.count, !(0x40...0x7E).contains(bytes[index]) { index += 1 }
            } else if bytes[index] == UInt8(ascii: "]") || bytes[index] == UInt8(ascii: "_") {
                while index < bytes.count, bytes[index] != 0x07, bytes[index] != 0x5C { index += 1 }
            }
            index += 1
        }
        return result
    }
}
