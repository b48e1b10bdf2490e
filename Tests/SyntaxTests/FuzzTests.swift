import Builtins
import Diagnostics
import Fuzzing
import Runtime
import Syntax
import Testing

/// A brief run of what `scripts/fuzz/run` does for hours.
@Suite struct FuzzTests {
    /// Those that run what they make have a process of their own: see RobustnessTests.
    @Test(arguments: [FuzzSubject.programs, .mutations, .pieces])
    func `Holds for random texts`(_ subject: FuzzSubject) {
        let library = Library.standard()
        for seed in UInt64(1)...300 {
            let failure = subject.failure(seed: seed, library: library)
            #expect(failure == nil, "\(subject.rawValue) \(seed)")
        }
    }

    @Test func `Most generated programs are right`() {
        let right = (UInt64(1)...400).filter { seed in
            var generator = ProgramGenerator(seed: seed)
            return Parser.parse(SourceText(name: "fuzz.dist", text: generator.program())).diagnostics.isEmpty
        }
        #expect(right.count > 120)
    }
}

@Suite struct LimitTests {
    private func codes(_ text: String) -> [String?] {
        Parser.parse(SourceText(name: "a.dist", text: text)).diagnostics.map(\.code)
    }

    private func times(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    @Test func `Nesting of 200 is right`() {
        #expect(codes(times("(", 200) + "1" + times(")", 200)) == [])
        #expect(codes(times("[", 200) + times("]", 200)) == [])
        #expect(codes("x = " + times("- ", 200) + "1") == [])
        #expect(codes(times("not ", 200) + "x") == [])
        #expect(codes(times("if a { ", 200) + times("}", 200)) == [])
        #expect(codes(times("f(", 200) + times(")", 200)) == [])
        #expect(codes(times("x[", 200) + "0" + times("]", 200)) == [])
    }

    @Test func `Nesting of 201 is an error`() {
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

    @Test func `Binary chains have no limit`() {
        #expect(codes("x = 1" + times(" + 1", 200_000)) == [])
        #expect(codes("x = a" + times(" and a", 200_000)) == [])
        #expect(codes("x = a" + times(" ** a", 200_000)) == [])
        #expect(codes("x" + times(" |> f", 200_000)) == [])
        #expect(codes("if a { }" + times(" else if a { }", 100_000)) == [])
        #expect(codes(times("x = 1;", 200_000)) == [])
    }

    @Test func `Lines of 10 megabytes are ordinary`() {
        #expect(codes("x = [" + times("1.5, ", 2_000_000) + "]") == [])
        #expect(codes("x = \"" + times("0123456789", 1_000_000) + "\"") == [])
        #expect(codes("x = " + times("9", 10_000_000)) == ["E0106"])
        #expect(codes(times("a", 10_000_000)) == [])
        #expect(codes("# " + times("a", 10_000_000)) == [])
    }

    @Test func `Postfix chains end at 1000`() {
        #expect(codes("x" + times(".a", 1000)) == [])
        #expect(codes("x" + times(".a", 1001)) == ["E0122"])
        #expect(codes(times("f(", 150) + "x" + times(")" + times(".a", 20), 150)) == ["E0122"])
    }
}
