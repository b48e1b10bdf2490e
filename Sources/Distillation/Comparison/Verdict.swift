import Glibc
import Learning

/// Whether one way of training is better than another, by a paired t test over seeds.
///
/// For each seed the difference d = a − b is taken, so that what the seed does to both (the split, the initial weights, the
/// order of examples) drops out; t = mean(d) / (std(d)/√n) has n − 1 degrees of freedom when there is no difference.
public final class Verdict {
    /// What the test says about the first against the second.
    public enum Outcome: String, Sendable {
        /// Better, at the chosen level.
        case better
        /// Worse, at the chosen level.
        case worse
        /// The difference may well be chance.
        case inconclusive
    }

    /// What the test says.
    public let outcome: Outcome
    /// The mean difference, first minus second.
    public let difference: Double
    /// The interval that holds the true difference with confidence 1 − level.
    public let interval: (low: Double, high: Double)
    /// The probability of a difference of at least this size when there is none.
    public let p: Double
    /// The level that p was compared with.
    public let level: Double
    /// How many pairs there were.
    public let count: Int
    /// The mean of the first and of the second.
    public let means: (first: Double, second: Double)
    /// What was compared.
    public let metric: String
    /// What must be said along with it.
    public var notes: [String] = []

    /// Compares pairs of numbers, one pair for each seed.
    ///
    /// - Parameters:
    ///   - largerIsBetter: whether a larger number is better.
    ///   - level: the probability of an error that is accepted, 0.05 as a rule.
    /// - Throws: ``DistillationError/scheme(_:problem:help:)`` for fewer than two pairs, unequal numbers of them, numbers
    ///   that are not finite, or a level outside 0…1.
    public init(
        _ first: [Double], _ second: [Double], metric: String, largerIsBetter: Bool, level: Double = 0.05
    ) throws {
        func fail(_ problem: String, _ help: String? = nil) -> DistillationError {
            .scheme("verdict", problem: problem, help: help)
        }
        guard level > 0, level < 1 else { throw fail("level must lie between 0 and 1, given \(number(level))") }
        guard first.count == second.count else {
            throw fail(
                "\(first.count) numbers against \(second.count)", "pairs need the same seeds on both sides")
        }
        guard first.count > 1 else {
            throw fail(
                first.isEmpty
                    ? "there is nothing to compare" : "one seed is no result: it cannot tell a gain from luck",
                "trials(5, seed => …) repeats a training under five seeds")
        }
        guard (first + second).allSatisfy(\.isFinite) else {
            throw fail("some of the numbers are not finite", "a run that diverged has no \(metric)")
        }
        let n = Double(first.count)
        let differences = zip(first, second).map { $0 - $1 }
        let mean = differences.reduce(0, +) / n
        let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        let error = (variance / n).squareRoot()
        let distribution = StudentDistribution(degrees: n - 1)
        difference = mean
        // Differences that are equal but for rounding have no spread to compare with.
        let varies = error > 1e-12 * abs(mean)
        p = varies ? distribution.twoSided(mean / error) : mean == 0 ? 1 : .nan
        let half = error > 0 ? distribution.quantile(twoSided: level) * error : 0
        interval = (mean - half, mean + half)
        self.level = level
        self.metric = metric
        count = first.count
        means = (first.reduce(0, +) / n, second.reduce(0, +) / n)
        if !varies, mean != 0 {
            notes.append(
                "the difference is the same under every seed, and a t test needs some that vary: does the seed reach what "
                    + "is compared?")
        }
        outcome = !varies || p >= level ? .inconclusive : (mean > 0) == largerIsBetter ? .better : .worse
    }
}
