import Base
import Data
import OrderedCollections
import Tensors

/// The logits of a network for a whole dataset, computed in evaluation mode without gradients; the mode is restored.
///
/// - Parameter plan: whether a prepared evaluation may be used.
/// - Throws: what the network throws; ``TensorError/interrupted`` when the user asks to stop.
public func predict(_ net: Module, _ dataset: Dataset, batchSize: Int = 512, plan: Bool = true) throws -> Tensor {
    try inEvaluation(net) {
        let values = try dataset.collected(batchSize: batchSize) { [try net.evaluated($0, plan: plan)] }
        guard let outputs = values.first else {
            throw TrainingError.data(function: "predict", problem: "the dataset has no examples", help: nil)
        }
        return outputs
    }
}

/// Runs `body` with the network in evaluation mode and without gradients, then restores the modes of all its layers.
public func inEvaluation<Result>(_ net: Module, _ body: () throws -> Result) throws -> Result {
    let training = net.modules().filter(\.isTraining)
    if !training.isEmpty { net.eval() }
    defer { for module in training { module.setMode(true) } }
    return try Gradients.disabled(body)
}

/// The metrics of a network on a dataset by name.
///
/// - Parameters:
///   - metrics: nil is what ``Metric/standard(for:)`` says of the task.
///   - own: metrics of one's own, measured as well.
/// - Throws: ``TrainingError/metric(name:known:)``, ``TrainingError/data(function:problem:help:)``.
public func measure(
    _ net: Module, _ dataset: Dataset, metrics: [String]? = nil, own: [Metric] = []
) throws -> OrderedDictionary<String, Metric.Value> {
    let predictions = try Predictions(predict(net, dataset), for: dataset, function: "evaluate")
    var values: OrderedDictionary<String, Metric.Value> = [:]
    for metric in try Metric.resolved(metrics, own: own, for: predictions.task, function: "evaluate") {
        values[metric.name] = try metric.measured(predictions)
    }
    return values
}

/// The metrics of a network on a dataset that are one number each.
///
/// - Throws: as ``measure(_:_:metrics:own:)``; ``TrainingError/option(function:problem:help:)`` for a metric that gives a
///   list.
public func evaluate(
    _ net: Module, _ dataset: Dataset, metrics: [String]? = nil
) throws -> OrderedDictionary<String, Double> {
    try measure(net, dataset, metrics: metrics).compactMapValues { value in
        if case .number(let number) = value { return number }
        return nil
    }
}

extension Metric {
    /// The metrics of these names for a task, or the usual ones, and those of one's own.
    ///
    /// - Throws: ``TrainingError/metric(name:known:)``; ``TrainingError/data(function:problem:help:)`` for one of another
    ///   task, with those there are.
    static func resolved(
        _ names: [String]?, own: [Metric], for task: LearningTask, function: String
    ) throws -> [Metric] {
        let chosen = names ?? (own.isEmpty ? standard(for: task) : [])
        let metrics = try chosen.map { try named($0) } + own
        for metric in metrics where !metric.tasks.contains(task) {
            throw TrainingError.data(
                function: metric.name,
                problem:
                    "is for \(metric.tasks.map(\.rawValue).sorted().joined(separator: ", ")), and the task is \(task.rawValue)",
                help: "for \(task.rawValue) there are "
                    + all.filter { $0.tasks.contains(task) }.map(\.name).joined(separator: ", "))
        }
        return metrics
    }
}

extension Dataset {
    /// How the targets fit what a network gives for the first examples.
    ///
    /// - Throws: ``Data/DataError`` when they do not, and what the network throws.
    public func layout(of net: Module, function: String) throws -> TaskLayout {
        let probe = try Batches(rows(0..<2).withoutAugmentation(), size: 2).batch(0)
        return try layout(outputs: inEvaluation(net) { try net(probe).shape.array }, function: function)
    }
}

extension Module {
    /// Whether the best epoch was kept and `dataset` is what chose it, so that numbers on it are optimistic. Copies, files
    /// and quantised networks remember it as well.
    ///
    /// - Throws: a limit error when memory is short, and what reading the dataset's file throws.
    public final func wasChosen(on dataset: Dataset) throws -> Bool {
        guard let chosenOn = record?.chosenOn else { return false }
        return try chosenOn == dataset.fingerprint()
    }
}

extension Module {
    /// What is to be said before the network is judged on `dataset`: inputs that are normalised otherwise than those it was
    /// trained on, and targets of another kind.
    public final func notes(for dataset: Dataset) -> [String] {
        var notes = normalizationNote(for: dataset).map { [$0] } ?? []
        if let task = record?.target?.task, !KnownTask.settled(task).agrees(with: dataset.knownTask) {
            notes.append(
                "was trained on \(task.rawValue) (\(task.summary)), and the task of these data is "
                    + "\(dataset.knownTask.summary)")
        }
        return notes
    }

    /// What is to be said when the network was trained on normalised inputs and `dataset` is not normalised in the same way.
    public final func normalizationNote(for dataset: Dataset) -> String? {
        guard let own = record?.normalization, own != dataset.normalization else { return nil }
        return "was trained on normalised inputs, and these data "
            + (dataset.normalization == nil ? "are not normalised" : "were normalised with other numbers")
            + ": normalize(ds, mean=net.normalization.mean, std=net.normalization.std)"
    }
}
