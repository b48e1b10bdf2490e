import Runtime

/// A program computed plainly and quickly, and what came of comparing the two.
package enum ProgramComparison: Equatable {
    /// Every number is where it must be.
    case equal
    /// Both ways end with the same error: the program is of no use.
    case refused(String)
    /// Some numbers differ, but no more than rounding on the way moves the plain ones.
    case illConditioned
    /// They differ.
    case different(String)

    /// Compares the two ways. How far a number may be off is told by the plain ones alone: 2e-5 · (largest + root mean
    /// square) for float32 (2e-6 for single updates), 1e-11 of it for float64, and where that is not kept, 32 times as far as
    /// the result moves when every number that a plain kernel reads or stores is a few units in its last place off: at random in
    /// up to seventy runs, on coarse grids in two. That covers what is not continuous (a ReLU at 0, equal numbers in a window, rows that
    /// differ by rounding alone), what magnifies every rounding (normalising numbers that are nearly equal), and what is 0 but
    /// for rounding. A training whose numbers leave the range of float32 does so at a step of its own in each way.
    package init(_ program: some PlainProgram, library: Library) {
        let quick = ProgramResults(of: program, plainly: false, library: library)
        let plain = ProgramResults(of: program, plainly: true, library: library)
        switch (quick, plain) {
        case (.error(let kind, let message), .error(let other, _)):
            // A training that runs away is noticed by whatever meets the first nan.
            let runsAway: Set = ["value", "math"]
            let agree = kind == other || runsAway.isSuperset(of: [kind, other])
            self = agree ? .refused("\(kind): \(message)") : .different("errors \(kind) and, plainly, \(other)")
        case (.error(_, let message), .values): self = .different("only the quick way fails: \(message)")
        case (.values, .error(_, let message)): self = .different("only the plain way fails: \(message)")
        case (.values(let quick), .values(let plain)):
            if Self.difference(quick, plain, program.tolerance, moved: []) == nil {
                self = .equal
                return
            }
            if !program.makesInfinities, plain.contains(where: { !$0.numbers.elements.allSatisfy(\.isFinite) }) {
                self = .illConditioned
                return
            }
            var moved: [[(name: String, numbers: ProgramResults.Numbers)]] = []
            var rest: String?
            // Random noise first, which explains most. What eight runs do not explain may hang on a few numbers of many thousands
            // that lie near where something is not continuous: 64 more come near enough.
            for noise: UInt64 in [3, 4, 1, 5, 2, 6, 7, 8] + Array(9...72) {
                let results = ProgramResults(of: program, plainly: true, noise: noise, library: library)
                guard case .values(let values) = results else {
                    // Whether there is a result at all hangs on the last digit.
                    self = .illConditioned
                    return
                }
                moved.append(values)
                rest = Self.difference(quick, plain, program.tolerance, moved: moved)
                if rest == nil { break }
            }
            self = rest.map { .different($0) } ?? .illConditioned
        }
    }

    private typealias Results = [(name: String, numbers: ProgramResults.Numbers)]

    /// The first difference in words.
    private static func difference(
        _ quick: Results, _ plain: Results, _ tolerance: Double, moved: [Results]
    ) -> String? {
        guard quick.map(\.name) == plain.map(\.name) else {
            return "names \(quick.map(\.name)) and \(plain.map(\.name))"
        }
        for (index, (name, numbers)) in plain.enumerated() {
            let others = moved.compactMap {
                $0.indices.contains(index) && $0[index].name == name ? $0[index].numbers : nil
            }
            if let text = difference(quick[index].numbers, numbers, tolerance, moved: others) {
                return "\(name): \(text)"
            }
        }
        return nil
    }

    private static func difference(
        _ quick: ProgramResults.Numbers, _ plain: ProgramResults.Numbers, _ tolerance: Double,
        moved: [ProgramResults.Numbers]
    ) -> String? {
        guard quick.shape == plain.shape else { return "shape \(quick.shape) and, plainly, \(plain.shape)" }
        let finite = plain.elements.filter(\.isFinite)
        let largest = finite.map(abs).max() ?? 0
        let square = finite.reduce(0) { $0 + $1 * $1 } / Double(Swift.max(1, finite.count))
        var allowed = (plain.isDouble ? 1e-11 : tolerance) * (largest + square.squareRoot())
        // A training that runs away leaves the range of float32 at a step of its own in each way.
        if !moved.isEmpty, !plain.isDouble, largest > 1e18 { return nil }
        for other in moved where other.elements.count == plain.elements.count {
            for (a, b) in zip(other.elements, plain.elements) {
                // A number that is none only in one of the two says that anything may come.
                if a.isFinite != b.isFinite || a.isNaN != b.isNaN { return nil }
                if a.isFinite { allowed = Swift.max(allowed, 32 * abs(a - b)) }
            }
        }
        for (position, (a, b)) in zip(quick.elements, plain.elements).enumerated() {
            if a.isNaN && b.isNaN || a == b { continue }
            if a.isFinite, b.isFinite, abs(a - b) <= allowed { continue }
            return "element \(position) is \(a) and, plainly, \(b); \(allowed) is allowed"
        }
        return nil
    }

    /// The smallest program on the way down that still differs.
    package static func minimised<Program: PlainProgram>(_ program: Program, library: Library, attempts: Int = 200)
        -> Program
    {
        var program = program, left = attempts
        search: while left > 0 {
            for candidate in program.smaller {
                left -= 1
                if left <= 0 { break }
                if case .different = ProgramComparison(candidate, library: library) {
                    program = candidate
                    continue search
                }
            }
            break
        }
        return program
    }
}
