import Diagnostics
import Glibc
import Syntax
import Testing

/// How many random inputs each of these tests takes: `DISTILL_FUZZ_INPUTS`, else a brief run; `DISTILL_FUZZ_SEED` is the
/// first seed.
private let inputs = UInt64(getenv("DISTILL_FUZZ_INPUTS").map { String(cString: $0) } ?? "") ?? 1500
private let firstSeed = UInt64(getenv("DISTILL_FUZZ_SEED").map { String(cString: $0) } ?? "") ?? 1

@Suite struct FuzzTests {
    /// What holds for every text, however broken.
    private func check(_ source: SourceText, seed: UInt64) {
        let result = Parser.parse(source)
        #expect(result.diagnostics.isEmpty == (result.completeness == .complete), "seed \(seed)")
        for diagnostic in result.diagnostics {
            #expect(!diagnostic.labels.isEmpty && !DiagnosticRenderer.render(diagnostic).isEmpty)
            for label in diagnostic.labels {
                let span = label.span
                #expect(span.lower >= 0 && span.upper <= source.utf8.count, "seed \(seed)")
            }
        }
        let highlights = SyntaxHighlighter.highlights(source)
        #expect(zip(highlights, highlights.dropFirst()).allSatisfy { $0.span.upper <= $1.span.lower }, "seed \(seed)")
        _ = Cells.split(source)
    }

    /// Formatting keeps the tree (the formatter itself fails when not), the comments, and what it has formatted.
    private func checkFormat(_ source: SourceText, seed: UInt64) {
        do {
            let once = try Formatter.format(source)
            let twice = try Formatter.format(SourceText(name: source.name, text: once))
            let isSettled = once == twice
            #expect(isSettled, "seed \(seed)")
            let before = Lexer.tokens(of: source).comments.count
            #expect(Lexer.tokens(of: SourceText(name: "b", text: once)).comments.count == before, "seed \(seed)")
        } catch {
            let first = error.diagnostics.first
            #expect(first?.kind == .syntax, "seed \(seed): \(first?.message ?? "")")
        }
    }

    @Test func generatedPrograms() {
        for seed in firstSeed..<firstSeed + inputs {
            var generator = ProgramGenerator(seed: seed)
            let source = SourceText(name: "fuzz.dist", text: generator.program())
            check(source, seed: seed)
            checkFormat(source, seed: seed)
        }
    }

    @Test func mostGeneratedProgramsAreRight() {
        let right = (UInt64(1)...400).filter { seed in
            var generator = ProgramGenerator(seed: seed)
            return Parser.parse(SourceText(name: "fuzz.dist", text: generator.program())).diagnostics.isEmpty
        }
        #expect(right.count > 120)
    }

    @Test func mutatedPrograms() {
        let pieces: [[UInt8]] = [
            "(", ")", "[", "]", "{", "}", "\"", "'", "\"\"\"", "f\"", "\n", "#", "# %%\n", "\\", ":", "=", "=>", "|>",
            "->", "else",
            "catch", "in", "not", "**", "-", "0", ".", "..", "...", ";", ",", "\u{0}", "é", "“", "if", "fn", "def",
            "lambda", "try",
        ].map { Array($0.utf8) }
        for seed in firstSeed..<firstSeed + inputs {
            var generator = ProgramGenerator(seed: seed)
            var bytes = Array(generator.program().utf8)
            for _ in 0..<Int.random(in: 1...6, using: &generator.random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator.random)
                switch Int.random(in: 0..<4, using: &generator.random) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator.random)
                case 2:
                    bytes.insert(
                        contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &generator.random)], at: place)
                default:
                    bytes.removeSubrange(
                        place..<min(bytes.count, place + Int.random(in: 1...20, using: &generator.random)))
                }
            }
            let source = SourceText(name: "fuzz.dist", bytes: bytes)
            check(source, seed: seed)
            checkFormat(source, seed: seed)
        }
    }

    @Test func randomPieces() {
        let pieces = [
            "(", ")", "[", "]", "{", "}", "\"", "f\"", "{x", "}", "\n", " ", "if ", "else ", "fn f", "x", "1", "+", "=",
            ",", ":",
            "=>", "not ", "try ", "catch e ", "|>", "*", ".", ";", "# c\n", "for ", "in ", "return ", "\"\"\"", "-",
        ]
        for seed in firstSeed..<firstSeed + inputs {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 0...40, using: &random)
            let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            let source = SourceText(name: "fuzz.dist", text: text)
            check(source, seed: seed)
            checkFormat(source, seed: seed)
        }
    }
}

@Suite struct LimitTests {
    private func codes(_ text: String) -> [String?] {
        Parser.parse(SourceText(name: "a.dist", text: text)).diagnostics.map(\.code)
    }

    private func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test func nestingOf200IsRight() {
        #expect(codes(times("(", 200) + "1" + times(")", 200)) == [])
        #expect(codes(times("[", 200) + times("]", 200)) == [])
        #expect(codes("x = " + times("- ", 200) + "1") == [])
        #expect(codes(times("not ", 200) + "x") == [])
        #expect(codes(times("if a { ", 200) + times("}", 200)) == [])
        #expect(codes(times("f(", 200) + times(")", 200)) == [])
        #expect(codes(times("x[", 200) + "0" + times("]", 200)) == [])
    }

    @Test func nestingOf201IsAnError() {
        #expect(codes(times("(", 201) + "1" + times(")", 201)) == ["E0121"])
        #expect(codes("x = " + times("~", 201) + "1") == ["E0121"])
        #expect(codes(times("not ", 201) + "x") == ["E0121"])
        #expect(codes(times("if a { ", 201) + times("}", 201)).first == "E0121")
        #expect(codes(times("x => ", 201) + "x") == ["E0121"])
        #expect(codes(times("f(", 500_000)).contains("E0121"))
        #expect(!codes(times("f\"{", 10_000)).isEmpty)
        #expect(!codes(times("2 ** -", 100_000) + "1").isEmpty)
        #expect(!codes(times("if a {\n", 100_000)).isEmpty)
        #expect(!codes(times("}", 100_000)).isEmpty)
        #expect(!codes(times("(]", 100_000)).isEmpty)
    }

    @Test func binaryChainsHaveNoLimit() {
        #expect(codes("x = 1" + times(" + 1", 200_000)) == [])
        #expect(codes("x = a" + times(" and a", 200_000)) == [])
        #expect(codes("x = a" + times(" ** a", 200_000)) == [])
        #expect(codes("x" + times(" |> f", 200_000)) == [])
        #expect(codes("if a { }" + times(" else if a { }", 100_000)) == [])
        #expect(codes(times("x = 1;", 200_000)) == [])
    }

    @Test func linesOf10MegabytesAreOrdinary() {
        #expect(codes("x = [" + times("1.5, ", 2_000_000) + "]") == [])
        #expect(codes("x = \"" + times("0123456789", 1_000_000) + "\"") == [])
        #expect(codes("x = " + times("9", 10_000_000)) == ["E0106"])
        #expect(codes(times("a", 10_000_000)) == [])
        #expect(codes("# " + times("a", 10_000_000)) == [])
    }

    @Test func postfixChainsEndAt1000() {
        #expect(codes("x" + times(".a", 1000)) == [])
        #expect(codes("x" + times(".a", 1001)) == ["E0122"])
        #expect(codes(times("f(", 150) + "x" + times(")" + times(".a", 20), 150)) == ["E0122"])
    }
}
