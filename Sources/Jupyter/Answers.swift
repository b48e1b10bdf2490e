import Data
import Diagnostics
import Glibc
import Notebook
import Runtime
import Syntax

/// Answers the requests that need the session, each with its reply, between `busy` and `idle`.
final class Answers {
    private let session: Session
    private let outbox: Outbox
    private var progress: ProgressDisplay?
    /// Whether the last cell failed for a client that wants nothing run behind an error.
    private(set) var failed = false

    init(_ session: Session, _ outbox: Outbox) {
        self.session = session
        self.outbox = outbox
    }

    /// Answers one request.
    func answer(_ request: Request) {
        failed = false
        state("busy", request)
        switch request.message.type {
        case "execute_request": execute(request)
        case "complete_request": complete(request)
        case "inspect_request": inspect(request)
        case "is_complete_request": isComplete(request)
        case "history_request": history(request)
        default: Self.answerAtOnce(request, outbox)
        }
        state("idle", request)
    }

    private func state(_ word: String, _ request: Request) {
        outbox.publish("status", .object([("execution_state", .string(word))]), for: request.message.header)
    }

    /// What can be answered without the session, also while a cell runs; an error for what nobody knows.
    static func answerAtOnce(_ request: Request, _ outbox: Outbox) {
        let type = request.message.type
        switch type {
        case "kernel_info_request": outbox.reply("kernel_info_reply", kernelInfo, to: request)
        case "comm_info_request":
            outbox.reply("comm_info_reply", .object([("status", .string("ok")), ("comms", .object([]))]), to: request)
        case "connect_request":
            outbox.reply("connect_reply", .object([("status", .string("ok"))]), to: request)
        case "comm_open":
            // There is nobody to talk to: closed at once, as the protocol asks.
            let identifier = request.message.content["comm_id"] ?? .string("")
            outbox.publish(
                "comm_close", .object([("comm_id", identifier), ("data", .object([]))]), for: request.message.header)
        default:
            guard type.hasSuffix("_request") else { return }
            let reply = String(type.dropLast("_request".count)) + "_reply"
            outbox.reply(reply, error("unsupported", "this kernel does not answer \(type)", []), to: request)
        }
    }

    private static var kernelInfo: JSON {
        .object([
            ("status", .string("ok")), ("protocol_version", .string(Message.protocolVersion)),
            ("implementation", .string("distill")), ("implementation_version", .string(Version.text)),
            (
                "language_info",
                .object([
                    ("name", .string("dist")), ("version", .string(Version.text)),
                    ("mimetype", .string("text/x-dist")), ("file_extension", .string(".dist")),
                    ("pygments_lexer", .string("python")), ("codemirror_mode", .string("python")),
                    ("nbconvert_exporter", .string("script")),
                ])
            ), ("banner", .string("distill \(Version.text)   ?name for help, Tab completes")),
            (
                "help_links",
                .array([
                    .object([("text", .string("distill")), ("url", .string("https://jupyter.org/documentation"))])
                ])
            ), ("supported_features", .array([])), ("debugger", .bool(false)),
        ])
    }

    private static func error(_ name: String, _ text: String, _ traceback: [String]) -> JSON {
        .object([
            ("status", .string("error")), ("ename", .string(name)), ("evalue", .string(text)),
            ("traceback", .array(traceback.map { .string($0) })),
        ])
    }

    // MARK: Running

    private func execute(_ request: Request) {
        let content = request.message.content, parent = request.message.header
        let text = PastedTranscript.strip(content["code"]?.string ?? "")
        let isSilent = content["silent"] == .bool(true)
        let counts = !isSilent && content["store_history"] != .bool(false)
        let number = counts ? session.nextNumber : max(0, session.nextNumber - 1)
        if !isSilent {
            outbox.publish(
                "execute_input", .object([("code", .string(text)), ("execution_count", .integer(number))]), for: parent)
        }
        listen(for: parent)
        defer { session.onOutput = { _ in } }
        let result = run(text, counts: counts)
        progress = nil
        if let value = result.value, !isSilent {
            let display = Display(value)
            outbox.publish(
                "execute_result",
                .object([
                    ("execution_count", .integer(number)), ("data", display.data), ("metadata", display.metadata),
                ]), for: parent)
        }
        guard let first = result.diagnostics.first else {
            let expressions = evaluate(content["user_expressions"])
            return outbox.reply(
                "execute_reply",
                .object([
                    ("status", .string("ok")), ("execution_count", .integer(number)), ("payload", .array([])),
                    ("user_expressions", expressions),
                ]), to: request)
        }
        failed = content["stop_on_error"] != .bool(false)
        let lines = result.diagnostics.map { DiagnosticRenderer.render($0).ansi }
        let name = first.kind.rawValue
        guard case .object(let members) = Self.error(name, first.message, lines) else { return }
        if !isSilent { outbox.publish("error", .object(Array(members.dropFirst())), for: parent) }
        outbox.reply(
            "execute_reply", .object(members + [("execution_count", .integer(number)), ("payload", .array([]))]),
            to: request)
    }

    /// Runs a cell, or answers `?name`.
    private func run(_ text: String, counts: Bool) -> Session.Result {
        if let question = HelpQuestion(text) {
            if counts { session.skipNumber() }
            session.onOutput(.text(session.answer(question)))
            return Session.Result()
        }
        guard text.contains(where: { !$0.isWhitespace }) else { return Session.Result() }
        return counts ? session.enter(text) : session.run(SourceText(name: "cell", text: text), range: nil)
    }

    private func listen(for parent: JSON) {
        let shown = ProgressDisplay(outbox, parent: parent)
        progress = shown
        session.interpreter.progress = { shown.update($0) }
        session.onOutput = { [outbox] part in
            switch part {
            case .text(let text): outbox.print(text.ansi, to: "stdout", for: parent)
            case .warning(let text): outbox.print("warning: \(text)\n", to: "stderr", for: parent)
            case .value(let value): Self.show(Display(value), outbox, for: parent)
            case .markdown(let text): Self.show(Display(markdown: text), outbox, for: parent)
            }
        }
    }

    private static func show(_ display: Display, _ outbox: Outbox, for parent: JSON) {
        outbox.publish(
            "display_data",
            .object([("data", display.data), ("metadata", display.metadata), ("transient", .object([]))]), for: parent)
    }

    /// The values of expressions that a client wants with the reply.
    private func evaluate(_ wanted: JSON?) -> JSON {
        guard case .object(let members) = wanted else { return .object([]) }
        return .object(
            members.map { name, text in
                let result = session.run(SourceText(name: name, text: text.string ?? ""), range: nil)
                if let problem = result.diagnostics.first {
                    return (name, Self.error(problem.kind.rawValue, problem.message, []))
                }
                let display = result.value.map { Display($0) }
                return (
                    name,
                    .object([
                        ("status", .string("ok")), ("data", display?.data ?? .object([])),
                        ("metadata", display?.metadata ?? .object([])),
                    ])
                )
            })
    }

    /// Tells a client that a request was not run.
    func abort(_ request: Request) {
        state("busy", request)
        outbox.reply("execute_reply", .object([("status", .string("aborted"))]), to: request)
        state("idle", request)
    }

    // MARK: Looking things up

    private func complete(_ request: Request) {
        let text = request.message.content["code"]?.string ?? ""
        let point = offset(of: request.message.content["cursor_pos"]?.integer, in: text)
        let found = Completion(text: text, point: point, knowing: session.knowledge(commands: []))
        outbox.reply(
            "complete_reply",
            .object([
                ("status", .string("ok")), ("matches", .array(found.words.map { .string($0) })),
                ("cursor_start", .integer(position(of: found.start, in: text))),
                ("cursor_end", .integer(position(of: point, in: text))), ("metadata", .object([])),
            ]), to: request)
    }

    private func inspect(_ request: Request) {
        let text = request.message.content["code"]?.string ?? ""
        let point = offset(of: request.message.content["cursor_pos"]?.integer, in: text)
        let page = Self.name(in: text, at: point).flatMap { name in
            session.describe(name, withSource: request.message.content["detail_level"]?.integer == 1)
                ?? Help(library: session.interpreter.library).page(for: name)
        }
        outbox.reply(
            "inspect_reply",
            .object([
                ("status", .string("ok")), ("found", .bool(page != nil)),
                (
                    "data",
                    .object(
                        page.map {
                            [("text/plain", .string($0.ansi)), ("text/html", .string("<pre>\($0.html)</pre>"))]
                        } ?? [])
                ), ("metadata", .object([])),
            ]), to: request)
    }

    /// The name that a byte stands in or behind; inside a call's parentheses the function's.
    static func name(in text: String, at point: Int) -> String? {
        let bytes = Array(text.utf8)
        func isName(_ index: Int) -> Bool {
            guard bytes.indices.contains(index) else { return false }
            let byte = bytes[index]
            return byte == 95 || byte >= 128 || (48...57).contains(byte) || (65...90).contains(byte)
                || (97...122).contains(byte)
        }
        func word(at index: Int) -> String? {
            var lower = index, upper = index
            while isName(lower - 1) { lower -= 1 }
            while isName(upper) { upper += 1 }
            return lower < upper ? String(decoding: bytes[lower..<upper], as: UTF8.self) : nil
        }
        if let found = word(at: point) { return found }
        var depth = 0
        var index = min(point, bytes.count) - 1
        while index >= 0 {
            if bytes[index] == 41 { depth += 1 }
            if bytes[index] == 40 {
                if depth == 0 { return word(at: index) }
                depth -= 1
            }
            index -= 1
        }
        return nil
    }

    private func isComplete(_ request: Request) {
        let text = request.message.content["code"]?.string ?? ""
        var answer: [(key: String, value: JSON)] = []
        if HelpQuestion(text) != nil {
            answer = [("status", .string("complete"))]
        } else {
            switch Parser.parse(SourceText(name: "", text: text)).completeness {
            case .complete: answer = [("status", .string("complete"))]
            case .invalid: answer = [("status", .string("invalid"))]
            case .incomplete: answer = [("status", .string("incomplete")), ("indent", .string("    "))]
            }
        }
        outbox.reply("is_complete_reply", .object(answer), to: request)
    }

    private func history(_ request: Request) {
        let content = request.message.content
        var entries = session.entries
        switch content["hist_access_type"]?.string {
        case "range":
            let start = content["start"]?.integer ?? 0, stop = content["stop"]?.integer ?? Int.max
            entries = entries.filter { $0.number >= start && $0.number < stop }
        case "search":
            let pattern = content["pattern"]?.string ?? "*"
            entries = entries.filter { fnmatch(pattern, $0.text, 0) == 0 }
            if content["unique"] == .bool(true) {
                var seen: Set<String> = []
                entries = entries.reversed().filter { seen.insert($0.text).inserted }.reversed()
            }
            entries = entries.suffix(max(0, content["n"]?.integer ?? Int.max))
        default: entries = entries.suffix(max(0, content["n"]?.integer ?? Int.max))
        }
        let wantsOutput = content["output"] == .bool(true)
        outbox.reply(
            "history_reply",
            .object([
                ("status", .string("ok")),
                (
                    "history",
                    .array(
                        entries.map { entry in
                            let input = JSON.string(entry.text)
                            let output = entry.result.value.map { JSON.string($0.text.plain) } ?? .null
                            return .array([
                                .integer(0), .integer(entry.number), wantsOutput ? .array([input, output]) : input,
                            ])
                        })
                ),
            ]), to: request)
    }

    // MARK: Positions

    /// The byte of a position counted in code points, as the protocol counts; the end for none.
    private func offset(of position: Int?, in text: String) -> Int {
        let scalars = text.unicodeScalars
        let count = min(max(0, position ?? scalars.count), scalars.count)
        return String(String.UnicodeScalarView(scalars.prefix(count))).utf8.count
    }

    private func position(of offset: Int, in text: String) -> Int {
        String(decoding: text.utf8.prefix(offset), as: UTF8.self).unicodeScalars.count
    }
}
