import Data
import Glibc
import Learning
import Tensors

/// How close a student's outputs are to its teacher's.
public enum Fidelity {
    /// The share of examples for which both networks choose the same class.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` when the numbers of classes differ.
    public static func agreement(_ a: Module, _ b: Module, on data: Dataset) throws -> Double {
        let (first, second) = try both(a, b, data, function: "agreement")
        return agreement(first, second)
    }

    /// ⟨KL(p_a ‖ p_b)⟩, the mean over the examples of Σₖ p_a (log p_a − log p_b) at T = 1, in nats.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` when the numbers of classes differ.
    public static func divergence(_ a: Module, _ b: Module, on data: Dataset) throws -> Double {
        let (first, second) = try both(a, b, data, function: "fidelity_kl")
        return divergence(first, second)
    }

    /// The share of rows for which two sets of logits [N, K] choose the same class.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for unlike shapes.
    public static func agreement(_ a: Tensor, _ b: Tensor) throws -> Double {
        let (first, second) = try rows(a, b, function: "agreement")
        return agreement(first, second)
    }

    /// ⟨KL(p_a ‖ p_b)⟩ of two sets of logits [N, K], in nats.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for unlike shapes.
    public static func divergence(_ a: Tensor, _ b: Tensor) throws -> Double {
        let (first, second) = try rows(a, b, function: "fidelity_kl")
        return divergence(first, second)
    }

    private static func rows(_ a: Tensor, _ b: Tensor, function: String) throws -> (Predictions, Predictions) {
        guard a.shape == b.shape, a.rank >= 2 else {
            throw TrainingError.data(
                function: function, problem: "expected two [N, K], given \(a.shape) and \(b.shape)", help: nil)
        }
        let layout = try Dataset(x: a, y: nil).layout(outputs: a.shape.array, function: function)
        return (
            try Predictions(unlabelled: a, layout, mask: nil, function: function),
            try Predictions(unlabelled: b, layout, mask: nil, function: function)
        )
    }

    /// The mean divergence of the rows; of logits of their own the sum over a row's labels.
    private static func divergence(_ first: Predictions, _ second: Predictions) -> Double {
        guard first.rows > 0 else { return .nan }
        var sum = 0.0
        func add(_ p: [Double], _ q: [Double]) {
            for (own, other) in zip(p, q) where own > -.infinity { sum += exp(own) * (own - other) }
        }
        for index in 0..<first.rows {
            if first.task.isBernoulli {
                for (own, other) in zip(first.row(index), second.row(index)) {
                    add(logSoftmax([own, 0]), logSoftmax([other, 0]))
                }
            } else {
                add(logSoftmax(first.row(index)), logSoftmax(second.row(index)))
            }
        }
        return max(0, sum / Double(first.rows))
    }

    /// The share of the decisions, one a row or one a label, that are the same.
    static func agreement(_ a: Predictions, _ b: Predictions) -> Double {
        guard a.rows > 0 else { return .nan }
        if a.task.isBernoulli {
            return Double(zip(a.logits, b.logits).count { ($0 > 0) == ($1 > 0) }) / Double(a.logits.count)
        }
        return Double(zip(a.choices, b.choices).count { $0 == $1 }) / Double(a.rows)
    }

    /// The rows that the mask leaves, labelled or not: a teacher's answer counts everywhere.
    static func views(
        _ outputs: [Tensor], _ layouts: [TaskLayout], _ data: Dataset, function: String
    ) throws -> [Predictions] {
        try zip(outputs, layouts).map { try Predictions(unlabelled: $0, $1, mask: data.mask, function: function) }
    }

    private static func both(
        _ a: Module, _ b: Module, _ data: Dataset, function: String
    ) throws -> (Predictions, Predictions) {
        let outputs = [try predict(a, data), try predict(b, data)]
        let layouts = try outputs.map { try data.layout(outputs: $0.shape.array, function: function) }
        let views = try views(outputs, layouts, data, function: function)
        guard views[0].width == views[1].width else {
            throw TrainingError.data(
                function: function,
                problem: "one network has \(views[0].width) classes, the other \(views[1].width)", help: nil)
        }
        return (views[0], views[1])
    }

    private static func logSoftmax(_ row: some Collection<Double>) -> [Double] {
        let top = row.max() ?? 0
        let normalizer = log(row.reduce(0) { $0 + exp($1 - top) })
        return row.map { ($0 - top) - normalizer }
    }
}
