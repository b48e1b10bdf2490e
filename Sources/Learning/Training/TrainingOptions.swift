import Data

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
    /// The metrics; nil is accuracy for classes, mse for float targets.
    public var metrics: [String]?
    /// Which weights are kept.
    public var keep = Keep.last
    /// The metric that decides what is best and when patience ends.
    public var monitor = "val_loss"
    /// Stop after so many epochs without a better monitored metric; implies `keep = .best`.
    public var patience: Int?
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
    /// The run's name.
    public var name: String?

    /// The defaults.
    public init() {}
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
