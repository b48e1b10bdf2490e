import Data
import Glibc
import Tensors

/// A number that says how good predictions are, declared once and whole: what asks for it by name, by task or by direction
/// finds all of it here.
public struct Metric {
    /// What a metric gives.
    public enum Value: Equatable, Sendable {
        /// One number; nan when nothing counts.
        case number(Double)
        /// One number for each class, label or output.
        case list([Double])
    }

    /// The name in `metrics=[…]` and in curves (`val_` + name).
    public let name: String
    /// One sentence.
    public let summary: String
    /// The formula.
    public let formula: String
    /// The tasks it is for.
    public let tasks: Set<LearningTask>
    /// Whether more is better.
    public let isBetterWhenLarger: Bool
    /// Between what it lies.
    public let range: ClosedRange<Double>
    /// The same in another library, which its values are tested against.
    public let reference: String
    /// The averages over classes that may stand behind its name; none for metrics that are no average.
    public let averages: [MetricAverage]
    let compute: (Predictions, MetricAverage) throws -> Value

    init(
        _ name: String, _ summary: String, formula: String, tasks: Set<LearningTask>, larger: Bool,
        range: ClosedRange<Double>, reference: String = "", value: @escaping (Predictions) throws -> Double
    ) {
        self.init(
            name, summary, formula: formula, tasks: tasks, larger: larger, range: range, reference: reference,
            averages: []
        ) { predictions, _ in .number(try value(predictions)) }
    }

    init(
        _ name: String, _ summary: String, formula: String, tasks: Set<LearningTask>, larger: Bool,
        range: ClosedRange<Double>, reference: String = "", averages: [MetricAverage],
        compute: @escaping (Predictions, MetricAverage) throws -> Value
    ) {
        self.name = name
        self.summary = summary
        self.formula = formula
        self.tasks = tasks
        isBetterWhenLarger = larger
        self.range = range
        self.reference = reference
        self.averages = averages
        self.compute = compute
    }

    /// A metric of one's own, called once with all outputs and targets.
    ///
    /// - Throws: ``TrainingError/option(function:problem:help:)`` for the name of a declared metric.
    public static func own(
        _ name: String, larger: Bool, value: @escaping (Predictions) throws -> Double
    ) throws -> Metric {
        guard (try? named(name)) == nil else {
            throw TrainingError.option(
                function: "metric", problem: "there is a metric \"\(name)\" already", help: "choose another name")
        }
        return Metric(
            name, "A metric of one's own.", formula: "", tasks: Set(LearningTask.allCases), larger: larger,
            range: -Double.infinity...Double.infinity, value: value)
    }

    /// The metrics there are. Some take a number in their name: `top5`, `recall_at_10`, `ndcg_at_10`.
    public static var all: [Metric] {
        classMetrics + probabilityMetrics + positionMetrics + numberMetrics + rankingMetrics
    }

    /// The metric called `name`; behind the name of an average stands which: `f1_macro`, `f1_per_class`.
    ///
    /// - Throws: ``TrainingError/metric(name:known:)``.
    public static func named(_ name: String) throws -> Metric {
        if let metric = all.first(where: { $0.name == name }) { return metric }
        for average in MetricAverage.allCases where name.hasSuffix("_" + average.rawValue) {
            let base = String(name.dropLast(average.rawValue.count + 1))
            if let metric = all.first(where: { $0.name == base }), metric.averages.contains(average) {
                return metric.averaged(average)
            }
        }
        if name == "top_k_accuracy" { return topK(5, name: name) }
        if name.hasPrefix("top"), let k = Int(name.dropFirst(3).prefix { $0.isNumber }), k > 0,
            ["top\(k)", "top\(k)_accuracy"].contains(name)
        {
            return topK(k, name: name)
        }
        for base in ["recall_at_", "ndcg_at_"] where name.hasPrefix(base) {
            if let k = Int(name.dropFirst(base.count)), k > 0 { return base == "ndcg_at_" ? ndcg(k) : recall(at: k) }
        }
        throw TrainingError.metric(name: name, known: all.map(\.name) + ["top5"])
    }

    private func averaged(_ average: MetricAverage) -> Metric {
        Metric(
            name + "_" + average.rawValue, summary, formula: formula, tasks: tasks, larger: isBetterWhenLarger,
            range: range, reference: reference, averages: []
        ) { predictions, _ in try compute(predictions, average) }
    }

    /// What it is for some predictions.
    ///
    /// - Throws: what a metric of one's own throws.
    public func measured(_ predictions: Predictions) throws -> Value { try compute(predictions, .standard) }

    /// Its number for some predictions; NaN when nothing counts, and for lists.
    ///
    /// - Throws: what a metric of one's own throws.
    public func value(_ predictions: Predictions) throws -> Double {
        if case .number(let number) = try measured(predictions) { return number }
        return .nan
    }

    /// The task of two tensors that the metric is asked for, where it is not the one that they seem to have.
    public func task(of y: Tensor, logits: Tensor) -> LearningTask? {
        if tasks == [.ranking] { return .ranking }
        guard y.dtype.isFloating, !tasks.contains(.numbers) else { return nil }
        return logits.rank == 2 && logits.shape[1] > 1 ? .probabilities : .binary
    }

    /// Whether it gives a list, which is no curve.
    public var givesList: Bool { name.hasSuffix("_" + MetricAverage.perClass.rawValue) }

    /// The metrics that are computed unless others are asked for.
    public static func standard(for task: LearningTask) -> [String] {
        switch task {
        case .classes, .probabilities, .binary: ["accuracy"]
        case .multilabel: ["f1"]
        case .positions: ["accuracy"]
        case .numbers: ["mse"]
        case .ranking: ["spearman"]
        }
    }
}

/// How the numbers of several classes, labels or outputs become one.
public enum MetricAverage: String, CaseIterable, Sendable {
    /// What the task has as a rule: the positive class for binary, else the mean over classes.
    case standard
    /// The mean over the classes that occur.
    case macro
    /// All decisions together.
    case micro
    /// The mean weighted by how often each class occurs.
    case weighted
    /// No average: a list.
    case perClass = "per_class"
}

/// Which way numbers that are no metrics of predictions are better; a number that nobody declared has no direction.
public enum Direction {
    private static let measures: [String: Bool] = [
        "loss": false, "agreement": true, "accuracy_kept": true, "mse_to_teacher": false, "fidelity_kl": false,
        "cka": true, "latency": false, "throughput": true, "parameters": false, "bytes": false, "flops": false,
        "seconds": false, "gap_closed": true,
    ]

    /// Whether a larger value of the curve or column is better; nil when nothing declares it.
    ///
    /// A declared metric keeps its direction behind `val_`, `test_`, `train_` and `best_val_`.
    public static func isBetterWhenLarger(_ name: String) -> Bool? {
        for prefix in ["", "val_", "test_", "train_", "best_val_"] where name.hasPrefix(prefix) {
            let own = String(name.dropFirst(prefix.count))
            if let metric = try? Metric.named(own) { return metric.isBetterWhenLarger }
            if let known = measures[own] { return known }
        }
        return nil
    }
}
