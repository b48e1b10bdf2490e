import Data
import Glibc
import LanguageServer
import Testing

/// An editor that speaks to a server over pipes; the server has a thread of its own.
final class Editor {
    private let input: Int32
    private let output: Int32
    private var bytes: [UInt8] = []
    private var next = 0
    private var thread = pthread_t()
    private let ending = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    private(set) var notices: [JSON] = []

    /// Starts a server; it is initialized unless said otherwise.
    init(folder: String? = nil, encodings: [String] = [], initialized: Bool = true) throws {
        var toServer: [Int32] = [0, 0], fromServer: [Int32] = [0, 0]
        try #require(pipe(&toServer) == 0 && pipe(&fromServer) == 0)
        input = toServer[1]
        output = fromServer[0]
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 64 << 20)
        ending.initialize(to: -1)
        let start = Ends(input: toServer[0], output: fromServer[1], ending: ending)
        let own = Unmanaged.passRetained(start)
        let failure = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let ends = Unmanaged<Ends>.fromOpaque(context).takeRetainedValue()
                ends.ending.pointee = LanguageServer(input: ends.input, output: ends.output).run()
                close(ends.output)
                close(ends.input)
                return nil
            }, own.toOpaque())
        try #require(failure == 0)
        guard initialized else { return }
        let root: JSON = folder.map { .string("file://\($0)") } ?? .null
        _ = try ask(
            "initialize",
            [
                "rootUri": root,
                "capabilities": ["general": ["positionEncodings": .array(encodings.map { .string($0) })]],
            ])
        tell("initialized", .object([]))
    }

    private final class Ends: Sendable {
        let input: Int32
        let output: Int32
        nonisolated(unsafe) let ending: UnsafeMutablePointer<Int32>
        init(input: Int32, output: Int32, ending: UnsafeMutablePointer<Int32>) {
            (self.input, self.output, self.ending) = (input, output, ending)
        }
    }

    /// Ends the pipe and waits for the server; its exit status.
    func status() -> Int32 {
        close(input)
        pthread_join(thread, nil)
        close(output)
        return ending.pointee
    }

    func write(raw text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            sent += max(0, bytes[sent...].withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) })
        }
    }

    func write(_ text: String) { write(raw: "Content-Length: \(text.utf8.count)\r\n\r\n\(text)") }

    func tell(_ method: String, _ parameters: JSON) {
        let message: JSON = ["jsonrpc": .string("2.0"), "method": .string(method), "params": parameters]
        write(message.text)
    }

    func send(_ method: String, _ parameters: JSON) -> Int {
        next += 1
        let message: JSON = [
            "jsonrpc": .string("2.0"), "id": .integer(next), "method": .string(method), "params": parameters,
        ]
        write(message.text)
        return next
    }

    /// The result of a request, or its error.
    func ask(_ method: String, _ parameters: JSON) throws -> JSON {
        try answer(to: .integer(send(method, parameters)))
    }

    func answer(to identifier: JSON) throws -> JSON {
        while true {
            let message = try receive()
            if message["method"] != nil {
                notices.append(message)
            } else if message["id"] == identifier {
                return try #require(message["result"] ?? message["error"])
            }
        }
    }

    /// The next message.
    func receive() throws -> JSON {
        while true {
            if let end = bytes.indices.dropLast(3).first(where: {
                bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10])
            }) {
                let header = String(decoding: bytes[..<end], as: UTF8.self)
                let length = try #require(Int(header.split(separator: " ").last ?? ""))
                if bytes.count >= end + 4 + length {
                    let body = Array(bytes[(end + 4)..<(end + 4 + length)])
                    bytes.removeFirst(end + 4 + length)
                    return try JSON(parsing: body)
                }
            }
            var wait = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            try #require(poll(&wait, 1, 30_000) == 1, "the server does not answer")
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(output, &chunk, chunk.count)
            try #require(count > 0, "the server is gone")
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// The next list of what is wrong with a file.
    func findings(_ uri: String) throws -> [JSON] {
        while true {
            let message = notices.isEmpty ? try receive() : notices.removeFirst()
            guard message["method"]?.string == "textDocument/publishDiagnostics",
                message["params"]?["uri"]?.string == uri
            else { continue }
            return try #require(message["params"]?["diagnostics"]?.array)
        }
    }

    @discardableResult
    func open(_ text: String, as uri: String = "file:///nowhere/a.dist") throws -> [JSON] {
        tell(
            "textDocument/didOpen",
            ["textDocument": ["uri": .string(uri), "version": .integer(1), "text": .string(text)]])
        return try findings(uri)
    }

    func change(_ changes: [JSON], in uri: String = "file:///nowhere/a.dist") {
        tell(
            "textDocument/didChange",
            ["textDocument": ["uri": .string(uri), "version": .integer(2)], "contentChanges": .array(changes)])
    }

    /// Asks at a place of a file.
    func ask(
        _ method: String, at line: Int, _ column: Int, in uri: String = "file:///nowhere/a.dist",
        _ more: (String, JSON)...
    ) throws -> JSON {
        try ask(
            "textDocument/" + method,
            .object(
                [("textDocument", ["uri": .string(uri)]), ("position", Self.position(line, column))]
                    + more.map { (key: $0.0, value: $0.1) }))
    }

    static func position(_ line: Int, _ column: Int) -> JSON {
        ["line": .integer(line), "character": .integer(column)]
    }

    static func range(_ line: Int, _ column: Int, _ endLine: Int, _ endColumn: Int) -> JSON {
        ["start": position(line, column), "end": position(endLine, endColumn)]
    }
}
