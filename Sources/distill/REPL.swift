import Base
import Diagnostics
import Glibc
import Notebook
import Runtime
import Syntax
import Tensors

/// The read–run–show loop.
final class REPL {
    let face: TerminalFace
    let runner: Runner
    var session: Session
    /// The last figure that was shown, for `:plot`.
    var lastFigure: Presentation?
    /// Text that waits in the editor for the next cell.
    var preloaded = ""
    private let history: HistoryFile?
    private var editor: LineEditor?
    private var lastEntry = ""

    init(session: Session, face: TerminalFace, runner: Runner) {
        self.session = session
        self.face = face
        self.runner = runner
        history = Environment.stateFolder.flatMap(HistoryFile.init)
    }

    /// Runs until the user leaves; the exit status.
    func run(readsInitFile: Bool, showsBanner: Bool) -> Int32 {
        guard let editor = LineEditor(output: face.output, assistant: self) else {
            face.note("distill: the terminal cannot be used")
            return 1
        }
        self.editor = editor
        for entry in history?.load() ?? [] {
            editor.remember(entry)
            lastEntry = entry
        }
        if showsBanner {
            face.output.writeLine(Markup("distill \(Version.text)   ? for help, Tab completes, Ctrl-D leaves", .dim))
        }
        if readsInitFile { runInitFile() }
        while true {
            let label = "In [\(session.nextNumber)]: "
            let dots = String(repeating: " ", count: max(0, label.count - 5)) + "...: "
            let waiting = preloaded
            preloaded = ""
            switch editor.read(prompt: Markup(label, .prompt), continuation: Markup(dots, .dim), text: waiting) {
            case .cell(let text):
                if let status = handle(text) { return status }
            case .cancelled: continue
            case .ended: return 0
            }
        }
    }

    /// Runs an entry; an exit status when the user wants to leave.
    func handle(_ raw: String) -> Int32? {
        let text = PastedTranscript.strip(raw)
        guard text.contains(where: { !$0.isWhitespace }) else { return nil }
        remember(text)
        let trimmed = text.trimmed
        if trimmed.hasPrefix(":") {
            session.skipNumber()
            return command(trimmed)
        }
        if let question = Question(trimmed) {
            session.skipNumber()
            answer(question)
            return nil
        }
        if let command = Self.word(trimmed), session.interpreter.global(command.word) == nil {
            session.skipNumber()
            return self.command(command.meaning)
        }
        runEntry(text)
        return nil
    }

    /// The command that a word means at the prompt, with or without `()`, where nothing bears the name: what people type
    /// first.
    private static func word(_ text: String) -> (word: String, meaning: String)? {
        let word = text.hasSuffix("()") ? String(text.dropLast(2)) : text
        return switch word {
        case "quit", "exit", "q": (word, ":quit")
        case "help": (word, ":help")
        default: nil
        }
    }

    /// Runs code under the next number and shows what it gives.
    func runEntry(_ text: String) {
        let number = session.nextNumber
        let result = session.enter(text)
        face.finishLine()
        if let value = result.value {
            if value.figure != nil { lastFigure = value }
            face.show(value, prompt: Markup("Out[\(number)]: ", .result))
        }
        face.show(result.diagnostics)
    }

    private func remember(_ text: String) {
        let entry = text.trimmedEnd
        guard entry != lastEntry else { return }
        lastEntry = entry
        editor?.remember(entry)
        history?.append(entry)
    }

    private func runInitFile() {
        guard let folder = Environment.configurationFolder, WholeFile.exists(folder + "/init.dist"),
            let bytes = try? WholeFile.read(folder + "/init.dist")
        else { return }
        let source = SourceText(name: folder + "/init.dist", bytes: bytes)
        face.show(session.run(source, range: nil).diagnostics)
    }

    // MARK: Questions

    typealias Question = HelpQuestion

    func answer(_ question: Question) { Pager(face.output).show(session.answer(question)) }
}

extension REPL: CellAssistant {
    func readiness(of text: String) -> CellReadiness {
        let trimmed = text.trimmed
        if trimmed.hasPrefix(":") || Question(trimmed) != nil { return .runs }
        let source = SourceText(name: "", text: PastedTranscript.strip(text))
        guard case .incomplete(let reason, _) = Parser.parse(source).completeness else { return .runs }
        return .continues(reason: reason, indentation: 4 * openBlocks(in: source))
    }

    /// How many brackets the text leaves open, each of which indents the next line.
    private func openBlocks(in source: SourceText) -> Int {
        var depth = 0
        for token in Lexer.tokens(of: source).tokens {
            switch token.kind {
            case .leftBrace, .leftBracket, .leftParenthesis: depth += 1
            case .rightBrace, .rightBracket, .rightParenthesis: depth = max(0, depth - 1)
            default: break
            }
        }
        return min(depth, 20)
    }

    func completions(in text: String, at point: Int) -> (start: Int, words: [String]) {
        let completion = Completion(text: text, point: point, knowing: session.knowledge(commands: Self.commandNames))
        return (completion.start, completion.words)
    }

    func highlight(_ text: String) -> Markup {
        let start = text.trimmed
        return start.hasPrefix(":") || start.hasPrefix("?") ? Markup(text) : Highlight.source(text)
    }

    func cleanPaste(_ text: String) -> String { PastedTranscript.strip(text) }
}

extension String {
    /// Without blanks and line ends at both ends.
    var trimmed: String {
        var scalars = unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    /// Without blanks and line ends at the end.
    var trimmedEnd: String {
        var scalars = unicodeScalars[...]
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }
}
