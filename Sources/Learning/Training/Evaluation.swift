import Base
import Data
import OrderedCollections
import Tensors

/// The logits of a network for a whole dataset, computed in evaluation mode without gradients; the mode is restored.
///
/// - Throws: what the network throws; ``TensorError/interrupted`` when the user asks to stop.
public func predict(_ net: Module, _ dataset: Dataset, batchSize: Int = 512) throws -> Tensor {
    try inEvaluation(net) {
        let batches = try Batches(dataset.withoutAugmentation(), size: batchSize)
        if batches.count == 1 { return try net(batches.batch(0).input) }
        var parts: [Tensor] = []
        for position in 0..<batches.count {
            try Interrupt.check()
            parts.append(try net(batches.batch(position).input))
        }
        return try .concatenated(parts)
    }
}

/// Runs `body` with the network in evaluation mode and without gradients, then restores the modes of all its layers.
public func inEvaluation<Result>(_ net: Module, _ body: () throws -> Result) throws -> Result {
    let training = net.namedModules().map(\.module).filter(\.isTraining)
    if !training.isEmpty { net.eval() }
    defer { for module in training { module.setMode(true) } }
    return try Gradients.disabled(body)
}

/// The metrics of a network on a dataset by name.
///
/// - Parameter metrics: nil is accuracy for classes and mse for float targets.
/// - Throws: ``TrainingError/metric(name:known:)``, ``TrainingError/data(function:problem:help:)``.
public func evaluate(
    _ net: Module, _ dataset: Dataset, metrics: [String]? = nil
) throws -> OrderedDictionary<String, Double> {
    let metrics = try (metrics ?? defaultMetrics(dataset)).map { try Metric.named($0) }
    for metric in metrics { try check(metric, fits: dataset) }
    let logits = try predict(net, dataset)
    let predictions = try Predictions(logits: logits, y: dataset.y, mask: dataset.mask)
    var values: OrderedDictionary<String, Double> = [:]
    for metric in metrics { values[metric.name] = metric.value(predictions) }
    return values
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
    /// What is to be said when the network was trained on normalised inputs and `dataset` is not normalised in the same way.
    public final func normalizationNote(for dataset: Dataset) -> String? {
        guard let own = record?.normalization, own != dataset.normalization else { return nil }
        return "was trained on normalised inputs, and these data "
            + (dataset.normalization == nil ? "are not normalised" : "were normalised with other numbers")
            + ": normalize(ds, mean=net.normalization.mean, std=net.normalization.std)"
    }
}

func check(_ metric: Metric, fits dataset: Dataset) throws {
    guard let y = dataset.y else {
        throw TrainingError.data(function: metric.name, problem: "the dataset has no y", help: nil)
    }
    guard metric.needsClasses != y.dtype.isFloating else {
        throw TrainingError.data(
            function: metric.name,
            problem: metric.needsClasses
                ? "needs classes, and y is \(y.dtype)" : "needs float targets, and y is \(y.dtype)",
            help: metric.needsClasses ? "metrics for float targets are mse, mae, r2" : nil)
    }
}

func defaultMetrics(_ dataset: Dataset) -> [String] {
    guard let y = dataset.y else { return [] }
    return [y.dtype.isFloating ? "mse" : "accuracy"]
}
