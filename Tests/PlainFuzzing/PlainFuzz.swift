import Fuzzing
import Runtime

/// Families of random programs that are computed in both ways; a seed names one program for ever.
package enum PlainSubject: String, CaseIterable, Sendable {
    /// Networks of layers and modules, trained, copied, saved, distilled and looked at.
    case networks
    /// Networks of functions, half of them in float64.
    case functions
    /// Losses on logits and features.
    case terms
    /// Optimizers on given gradients.
    case updates
    /// Operations on tensors.
    case operations
    /// Convolutions and pooling of odd geometries.
    case geometries

    /// Compares one program; a program that differs is made smaller first.
    package func compare(seed: UInt64, library: Library) -> (outcome: ProgramComparison, source: String) {
        func compare<Program: PlainProgram>(_ program: Program) -> (ProgramComparison, String) {
            let outcome = ProgramComparison(program, library: library)
            guard case .different = outcome else { return (outcome, program.source) }
            let least = ProgramComparison.minimised(program, library: library)
            return (ProgramComparison(least, library: library), least.source)
        }
        switch self {
        case .networks: return compare(NetworkProgram(seed: seed))
        case .functions: return compare(FunctionProgram(seed: seed))
        case .terms: return compare(TermProgram(seed: seed))
        case .updates: return compare(UpdateProgram(seed: seed))
        case .operations: return compare(OperationProgram(seed: seed))
        case .geometries: return compare(GeometryProgram(seed: seed))
        }
    }
}

/// What came of many comparisons.
package struct PlainTally {
    package private(set) var programs = 0, refused = 0, illConditioned = 0
    package private(set) var differences: [(seed: UInt64, text: String, source: String)] = []

    package init() {}

    package mutating func add(_ outcome: ProgramComparison, seed: UInt64, source: String) {
        programs += 1
        switch outcome {
        case .equal: break
        case .refused: refused += 1
        case .illConditioned: illConditioned += 1
        case .different(let text): differences.append((seed, text, source))
        }
    }

    /// The counts in a line.
    package var summary: String {
        "\(programs) programs: \(differences.count) differ, \(refused) end with an error both ways, "
            + "\(illConditioned) differ no more than rounding can make them"
    }
}
