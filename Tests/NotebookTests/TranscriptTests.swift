import Base
import Diagnostics
import Glibc
import Notebook
import Syntax
import Tensors
import Testing

/// Every `Transcripts/<feature>/<case>.dist` runs top to bottom in a session of its own. A statement is followed, on its
/// line or on lines of their own, by what it shows: `# => text`, one comment a line, or `# error[kind]: part of message`.
/// A cell that cannot be parsed has only its error.
@Suite("Transcripts")
struct TranscriptTests {
    static let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Transcripts"

    static var cases: [String] {
        WholeFile.namesIfAny(in: folder).filter { $0.hasSuffix("/") }.flatMap { feature in
            WholeFile.namesIfAny(in: folder + "/" + feature).filter { $0.hasSuffix(".dist") }.map { feature + $0 }
        }
    }

    @Test(arguments: cases, [false, true])
    func `Shows what the file says, whether the frequent instructions run in C or all of them in Swift`(
        _ name: String, inSwift: Bool
    ) throws { try show(name, inSwift: inSwift) }

    @Test(arguments: cases)
    func `Shows what the file says when computed plainly`(_ name: String) throws {
        try Plain.run { try show(name, inSwift: true) }
    }

    private func show(_ name: String, inSwift: Bool) throws {
        let path = Self.folder + "/" + name
        let source = SourceText(name: name, bytes: try WholeFile.read(path))
        let transcript = Transcript(source)
        #expect(!transcript.steps.isEmpty, "\(name) has no statement")
        let session = Session()
        session.interpreter.runsInSwift = inSwift
        for step in transcript.steps {
            let shown = step.run(in: session, source: source)
            #expect(
                step.matches(shown),
                "\(name):\(step.line): expected \(step.expected), shown \(shown)")
        }
    }

    @Test
    func `There are transcripts`() { #expect(Self.cases.count > 10) }
}

/// The statements of a transcript with what each is to show.
struct Transcript {
    struct Step {
        let range: SourceSpan
        let line: Int
        var expected: [String] = []

        /// The lines that running the statement shows.
        func run(in session: Session, source: SourceText) -> [String] {
            var lines: [String] = []
            var printed = ""
            session.onOutput = { output in
                switch output {
                case .text(let text): printed += text.plain
                case .value(let value): printed += value.text.plain + "\n"
                case .markdown(let text): printed += text + "\n"
                case .warning(let text): printed += "warning: " + text + "\n"
                }
            }
            let result = session.run(source, range: range)
            if let value = result.value { printed += value.text.plain + "\n" }
            lines += Self.lines(of: printed)
            for diagnostic in result.diagnostics {
                lines.append("error[\(diagnostic.kind.rawValue)]: \(diagnostic.message)")
            }
            return lines
        }

        private static func lines(of text: String) -> [String] {
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                String(line.reversed().drop { $0 == " " }.reversed())
            }
            if lines.last == "" { lines.removeLast() }
            return lines
        }

        /// Lines are equal; of an error the kind is, and the message holds the words expected.
        func matches(_ shown: [String]) -> Bool {
            guard shown.count == expected.count else { return false }
            return zip(shown, expected).allSatisfy { shown, expected in
                guard expected.hasPrefix("error["), let end = expected.firstIndex(of: "]") else {
                    return shown == expected
                }
                let words = expected[expected.index(after: end)...].drop { $0 == ":" || $0 == " " }
                return shown.hasPrefix(expected[...end]) && (words.isEmpty || shown.contains(words))
            }
        }
    }

    private(set) var steps: [Step] = []

    init(_ source: SourceText) {
        let comments = Lexer.tokens(of: source).comments
        for cell in Cells.split(source) where cell.kind == .code {
            let parsed = Parser.parse(source, range: cell.span)
            var ranges = [cell.span]
            if parsed.diagnostics.isEmpty {
                let statements = parsed.program.statements
                ranges = statements.enumerated().map { index, statement in
                    let end = index + 1 < statements.count ? statements[index + 1].span.lower : cell.span.upper
                    return SourceSpan(statement.span.lower, end)
                }
            }
            for range in ranges {
                var step = Step(range: range, line: source.line(at: range.lower) + 1)
                for comment in comments where comment.span.lower >= range.lower && comment.span.upper <= range.upper {
                    let text = source.text(in: comment.span).dropFirst().drop { $0 == " " }
                    if text.hasPrefix("=>") {
                        let expected = text.dropFirst(2)
                        step.expected.append(String(expected.hasPrefix(" ") ? expected.dropFirst() : expected))
                    } else if text.hasPrefix("error[") {
                        step.expected.append(String(text))
                    }
                }
                steps.append(step)
            }
        }
    }
}
