import Data
import OrderedCollections
import Tensors

/// How a run goes; the defaults are those of `fit` and `distill`.
public struct TrainingOptions {
    /// Which weights a run ends with.
    public enum Keep: String, Sendable {
        /// Those of the last epoch.
        case last
        /// Those of the epoch with the best monitored metric.
        case best
    }

    /// How often the data is gone through.
    public var epochs = 10
    /// Examples per step.
    public var batchSize = 64
    /// The optimizer of the network and of what trains with it; nil is Adam(lr=1e-3).
    public var optimizer: (any UpdateRule)?
    /// How the learning rate changes.
    public var schedule: ScheduleRecipe?
    /// The data of `val_loss` and the validation metrics.
    public var validate: Dataset?
    /// The metrics; nil is what the task has as a rule, accuracy for classes, mse for numbers.
    public var metrics: [String]?
    /// Metrics of one's own, beside those.
    public var ownMetrics: [Metric] = []
    /// Which weights are kept.
    public var keep = Keep.last
    /// The metric that decides what is best and when patience ends.
    public var monitor = "val_loss"
    /// Stop after so many epochs without a better monitored metric; implies `keep = .best`.
    public var patience: Int?
    /// How much better the monitored metric must be to count as better.
    public var minDelta = 0.0
    /// After how many epochs the validation data are looked at; after the last in any case.
    public var validateEvery = 1
    /// Stop after so many steps of the optimizer.
    public var maxSteps: Int?
    /// Whether an incomplete last batch is left out.
    public var dropLast = false
    /// Over how many batches a step of the optimizer adds up, as if they were one.
    public var accumulate = 1
    /// How the examples of an epoch are drawn; nil is each once.
    public var sampler: Sampler?
    /// How much each class counts in the terms of the labels.
    public var classWeights: ClassWeighting?
    /// How much each example counts in the terms of the labels, [N].
    public var sampleWeights: Tensor?
    /// The decay of a moving average of the weights, which is what is validated and kept.
    public var ema: Double?
    /// The layers that are not trained.
    public var freeze: [String] = []
    /// Optimizers of their own for layers, by path; the longest that fits, `""` for all others.
    public var optimizers: OrderedDictionary<String, any UpdateRule> = [:]
    /// The largest size of each element of the gradients.
    public var clipGradValue: Double?
    /// The largest norm of the gradients.
    public var clipGradNorm: Double?
    /// The folder of the checkpoint that is written after every epoch.
    public var checkpoint: String?
    /// Whether to go on from the checkpoint, if there is one.
    public var resume = false
    /// Called after each epoch; false stops.
    public var callback: ((Run) throws -> Bool)?
    /// Called after each step and epoch with how far the run is.
    public var progress: ((Progress) -> Void)?
    /// After how many epochs ``log`` gets a line; the last epoch has one in any case. nil is never.
    public var logEvery: Int?
    /// Takes the lines of ``logEvery``.
    public var log: ((String) -> Void)?
    /// The run's name.
    public var name: String?

    /// The defaults.
    public init() {}

    /// Whether the run depends on ``monitor``: a plateau of another curve than the usual asks for it as well.
    var watchesMonitor: Bool {
        keep == .best || patience != nil || schedule?.watchesLarger != nil && monitor != "val_loss"
    }

    /// The options that are not the usual, for tables and checkpoints: by name, as they are written.
    var extras: OrderedDictionary<String, OptionValue> {
        var extras: OrderedDictionary<String, OptionValue> = [:]
        if dropLast { extras["drop_last"] = .flag(true) }
        if accumulate != 1 { extras["accumulate"] = .integer(accumulate) }
        if let maxSteps { extras["max_steps"] = .integer(maxSteps) }
        if validateEvery != 1 { extras["validate_every"] = .integer(validateEvery) }
        if minDelta != 0 { extras["min_delta"] = .number(minDelta) }
        if let sampler { extras["sampler"] = .text(sampler.rawValue) }
        switch classWeights {
        case .balanced?: extras["class_weights"] = .text("balanced")
        case .given(let weights)?: extras["class_weights"] = .text("\(weights.shape), " + Checksum.text(of: [weights]))
        case nil: break
        }
        if let sampleWeights {
            extras["sample_weights"] = .text("\(sampleWeights.shape), " + Checksum.text(of: [sampleWeights]))
        }
        if let ema { extras["ema"] = .number(ema) }
        if !freeze.isEmpty { extras["freeze"] = .list(freeze.map(OptionValue.text)) }
        if let clipGradValue { extras["clip_grad_value"] = .number(clipGradValue) }
        for (path, recipe) in optimizers { extras["optimizer of \"\(path)\""] = .text("\(recipe)") }
        return extras
    }
}

/// How the examples of an epoch are drawn.
public enum Sampler: String, Sendable, CaseIterable {
    /// With replacement, every class as often as every other.
    case balanced
}

/// How much each class counts in the terms of the labels.
public enum ClassWeighting {
    /// N / (K · count), so that every class weighs the same.
    case balanced
    /// Given factors [K].
    case given(Tensor)
}

/// How far a run is.
public struct Progress: Sendable {
    /// What the run is called.
    public let name: String
    /// The epoch, from 1.
    public let epoch: Int
    /// Of how many.
    public let epochs: Int
    /// The step within the epoch, from 1.
    public let step: Int
    /// Of how many.
    public let steps: Int
    /// The mean loss of the epoch so far.
    public let loss: Double
    /// The last validation metric, if there is one.
    public let metric: (name: String, value: Double)?
    /// Examples per second since the run began.
    public let rate: Double
    /// Seconds until the end, at this rate.
    public let secondsLeft: Double
    /// Whether an epoch has just ended.
    public let isEpochEnd: Bool
}

/// Seconds on a clock that only goes forward.
public func monotonicSeconds() -> Double {
    let now = ContinuousClock.now
    let elapsed = referenceInstant.duration(to: now).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
}

private let referenceInstant = ContinuousClock.now
