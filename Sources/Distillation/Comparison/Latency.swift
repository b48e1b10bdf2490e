import Base
import Data
import Learning
import Tensors

/// How fast a network runs: one example at a time, and in batches.
public struct Latency {
    /// Seconds for one example alone: the median of the measurements.
    public let latency: Double
    /// Examples per second in batches of 256: by the median time of a batch.
    public let throughput: Double

    /// Examples in a batch for ``throughput``.
    public static let batchSize = 256

    /// Measures networks on examples of a dataset, in evaluation mode and without gradients.
    ///
    /// Each network is warmed up first. The networks take turns, so that what else the machine does strikes them alike;
    /// the medians leave single disturbances out. A dataset with fewer than 256 examples is repeated.
    ///
    /// - Parameter seconds: the time that all measurements together may take; every network runs at least once.
    /// - Throws: what the networks throw; ``TensorError/interrupted`` when the user asks to stop.
    public static func measure(_ nets: [Module], on data: Dataset, seconds: Double = 0.15) throws -> [Latency] {
        guard data.count > 0 else {
            throw TrainingError.data(function: "compare", problem: "the dataset has no examples", help: nil)
        }
        let plain = try data.withoutAugmentation()
        let one = try Batches(plain.rows(0..<1), size: 1).batch(0)
        let repeated = try plain.rows((0..<batchSize).map { $0 % data.count })
        let many = try Batches(repeated, size: batchSize).batch(0)
        let single = try medians(nets, one, seconds: seconds / 2)
        let batch = try medians(nets, many, seconds: seconds / 2)
        return zip(single, batch).map { Latency(latency: $0, throughput: Double(batchSize) / max($1, 1e-9)) }
    }

    private static func medians(_ nets: [Module], _ input: Batch, seconds: Double) throws -> [Double] {
        let start = monotonicSeconds()
        var times: [[Double]] = nets.map { _ in [] }
        // A fifth of the time warms caches, the pool of tensors and the clock of the processor up; the second run on a shape
        // makes the plan that the later ones follow.
        var rounds = 0
        repeat {
            for net in nets { _ = try time(net, input) }
            rounds += 1
        } while rounds < 3 || monotonicSeconds() - start < seconds / 5
        repeat {
            try Interrupt.check()
            for (index, net) in nets.enumerated() { times[index].append(try time(net, input)) }
        } while monotonicSeconds() - start < seconds
        return times.map { $0.sorted()[$0.count / 2] }
    }

    private static func time(_ net: Module, _ input: Batch) throws -> Double {
        try inEvaluation(net) {
            let start = monotonicSeconds()
            _ = try net.evaluated(input)
            return monotonicSeconds() - start
        }
    }
}
