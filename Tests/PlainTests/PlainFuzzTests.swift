import Builtins
import Fuzzing
import Glibc
import PlainFuzzing
import Runtime
import Testing

/// A few programs of each kind; `scripts/fuzz/plain` runs many.
@Suite struct PlainFuzzTests {
    @Test(arguments: PlainSubject.allCases)
    func `random programs compute the same plainly and quickly`(subject: PlainSubject) {
        let library = Library.standard()
        // Other programs every day, the same all day long.
        let first = UInt64(time(nil) / 86_400 * 10_000)
        var tally = PlainTally()
        for seed in first..<first + 12 {
            let (outcome, source) = subject.compare(seed: seed, library: library)
            tally.add(outcome, seed: seed, source: source)
        }
        for (seed, text, source) in tally.differences {
            Issue.record("\(subject.rawValue) \(seed): \(text)\n\(source)")
        }
        #expect(tally.refused < tally.programs)
    }

    @Test func `every operation by itself is computed the same`() {
        compare(OperationProgram.all)
    }

    @Test func `every loss by itself is computed the same, on odd rows too`() {
        compare(TermProgram.all)
    }

    @Test func `convolutions and residual blocks of odd geometries are computed the same`() {
        compare(GeometryProgram.all)
    }

    private func compare(_ programs: [some PlainProgram]) {
        let library = Library.standard()
        for program in programs {
            if case .different(let text) = ProgramComparison(program, library: library) {
                Issue.record("\(text)\n\(program.source)")
            }
        }
    }

    @Test func `a program that is not computed alike is found and made smaller`() {
        let library = Library.standard()
        let program = Broken(steps: ["x = x + 1", "x = x * 2", "if plain { x = x + 0.5 }", "x = x - 1"])
        guard case .different = ProgramComparison(program, library: library) else {
            Issue.record("the difference was not found")
            return
        }
        #expect(ProgramComparison.minimised(program, library: library).steps == ["if plain { x = x + 0.5 }"])
    }
}

/// A program that asks how it is computed, which a program has no business to know.
private struct Broken: PlainProgram {
    var steps: [String]

    var parts: (setup: [String], work: [String]) {
        (["results = {}", "x = ones(3)"], ["plain = \"plain\" in backend()"] + steps + ["results[\"x\"] = x"])
    }

    var smaller: [Broken] {
        steps.indices.map { index in
            var less = self
            less.steps.remove(at: index)
            return less
        }
    }
}
