import Builtins
import Checking
import Diagnostics
import Notebook
import Runtime
import Syntax
import Tensors

/// A family of random inputs and what must hold for each; a seed names one input for ever.
package enum FuzzSubject: String, CaseIterable, Sendable {
    /// Programs that follow the grammar, through lexer, parser, highlighter, cells and formatter.
    case programs
    /// The same with some bytes removed, changed or inserted.
    case mutations
    /// Loose pieces of programs one after another.
    case pieces
    /// Programs whose names mean something, run under limits and checked.
    case scripts
    /// Such programs without branches, so that all of what ran without error must pass `check`.
    case straight
    /// Such programs with some bytes changed; what still parses is run.
    case wild

    /// The text of a seed.
    package func source(seed: UInt64, library: Library) -> SourceText {
        let name = "fuzz.dist"
        switch self {
        case .programs:
            var generator = ProgramGenerator(seed: seed)
            return SourceText(name: name, text: generator.program())
        case .mutations:
            var generator = ProgramGenerator(seed: seed)
            var bytes = Array(generator.program().utf8)
            Mutation.apply(to: &bytes, using: &generator.random)
            return SourceText(name: name, bytes: bytes)
        case .pieces:
            var random = SeededGenerator(seed: seed)
            return SourceText(name: name, text: Mutation.pieces(using: &random))
        case .scripts:
            var generator = ScriptGenerator(seed: seed, library: library)
            return SourceText(name: name, text: generator.script())
        case .straight:
            var generator = ScriptGenerator(seed: seed, library: library, isStraight: true)
            return SourceText(name: name, text: generator.script())
        case .wild:
            var generator = ScriptGenerator(seed: seed, library: library)
            var bytes = Array(generator.script().utf8)
            Mutation.apply(to: &bytes, using: &generator.random)
            return SourceText(name: name, bytes: bytes)
        }
    }

    /// What is wrong with the treatment of a seed's text; none when everything holds.
    package func failure(seed: UInt64, library: Library) -> String? {
        let source = source(seed: seed, library: library)
        if let failure = Self.syntaxFailure(of: source) ?? Self.formatFailure(of: source) { return failure }
        switch self {
        case .programs, .mutations, .pieces: return nil
        case .scripts, .wild: return Self.runFailure(of: source, library: library)
        case .straight: return Self.checkFailure(of: source, library: library)
        }
    }

    /// Breaches of what holds for every text, however broken.
    package static func syntaxFailure(of source: SourceText) -> String? {
        let result = Parser.parse(source)
        if result.diagnostics.isEmpty != (result.completeness == .complete) {
            return "completeness \(result.completeness) with \(result.diagnostics.count) errors"
        }
        for diagnostic in result.diagnostics {
            if diagnostic.labels.isEmpty { return "an error without a place: \(diagnostic.message)" }
            if DiagnosticRenderer.render(diagnostic).isEmpty { return "an error that renders as nothing" }
            for label in diagnostic.labels where label.span.lower < 0 || label.span.upper > source.utf8.count {
                return "a place outside the text: \(label.span)"
            }
        }
        let highlights = SyntaxHighlighter.highlights(source)
        guard zip(highlights, highlights.dropFirst()).allSatisfy({ $0.span.upper <= $1.span.lower }) else {
            return "highlights overlap"
        }
        _ = Cells.split(source)
        return nil
    }

    /// Formatting keeps the tree (the formatter itself fails when not), the comments, and what it has formatted.
    package static func formatFailure(of source: SourceText) -> String? {
        do {
            let once = try Formatter.format(source)
            let twice = try Formatter.format(SourceText(name: source.name, text: once))
            if once != twice { return "formatting twice gives another text:\n\(once)\n---\n\(twice)" }
            let before = Lexer.tokens(of: source).comments.count
            let after = Lexer.tokens(of: SourceText(name: source.name, text: once)).comments.count
            return before == after ? nil : "formatting kept \(after) of \(before) comments"
        } catch {
            guard let first = error.diagnostics.first, first.kind != .syntax else { return nil }
            return first.message
        }
    }

    /// Runs a text under a limit of steps and checks it. Errors are ordinary; an internal one is not.
    package static func runFailure(of source: SourceText, library: Library) -> String? {
        for diagnostic in Check.diagnostics(of: source, library: library) {
            if diagnostic.labels.isEmpty { return "check: an error without a place: \(diagnostic.message)" }
            if DiagnosticRenderer.render(diagnostic).isEmpty { return "an error that renders as nothing" }
        }
        let parsed = Parser.parse(source)
        guard parsed.diagnostics.isEmpty else { return nil }
        do {
            let interpreter = interpreter(library)
            let value = try interpreter.run(parsed.program, of: source)
            _ = Display.text(value, in: interpreter)
            return nil
        } catch let diagnostic as Diagnostic {
            if DiagnosticRenderer.render(diagnostic).isEmpty { return "an error that renders as nothing" }
            return diagnostic.kind == .internal ? "internal error: \(diagnostic.message)" : nil
        } catch {
            return Failure(error).kind == .internal ? "internal error: \(error)" : nil
        }
    }

    /// Runs a text statement by statement; what ran before the first error must pass `check`.
    package static func checkFailure(of source: SourceText, library: Library) -> String? {
        let parsed = Parser.parse(source)
        guard parsed.diagnostics.isEmpty else { return nil }
        let interpreter = interpreter(library)
        var end = 0
        for statement in parsed.program.statements {
            do {
                try interpreter.run(Program([statement], statement.span), of: source)
            } catch {
                let kind = (error as? Diagnostic)?.kind ?? Failure(error).kind
                if kind == .internal { return "internal error: \(error)" }
                break
            }
            end = statement.span.upper
        }
        let ran = SourceText(name: source.name, bytes: Array(source.utf8[..<end]))
        // A network that cannot work can be made; only using it fails.
        return Check.diagnostics(of: ran, library: library).first { $0.kind != .shape }.map {
            "check reports what runs: \(DiagnosticRenderer.render($0).plain)"
        }
    }

    private static func interpreter(_ library: Library) -> Interpreter {
        let interpreter = Interpreter(library: library)
        interpreter.stepLimit = 20
        Randomness.seed(1)
        return interpreter
    }
}
