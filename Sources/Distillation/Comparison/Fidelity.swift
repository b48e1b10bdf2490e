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
        let labels = try Tensor.zeros(Array(a.shape.array.dropLast()), dtype: .int64)
        return (
            try Predictions(logits: a, y: labels, function: function),
            try Predictions(logits: b, y: labels, function: function)
        )
    }

    private static func divergence(_ first: Predictions, _ second: Predictions) -> Double {
        guard first.rows > 0 else { return .nan }
        var sum = 0.0
        for index in 0..<first.rows {
            let p = logSoftmax(first.row(index))
            let q = logSoftmax(second.row(index))
            for (own, other) in zip(p, q) where own > -.infinity { sum += exp(own) * (own - other) }
        }
        return max(0, sum / Double(first.rows))
    }

    static func agreement(_ a: Predictions, _ b: Predictions) -> Double {
        guard a.rows > 0 else { return .nan }
        return Double(zip(a.choices, b.choices).count { $0 == $1 }) / Double(a.rows)
    }

    /// The rows that count; data without classes counts all that its mask leaves.
    static func predictions(_ logits: Tensor, _ data: Dataset, function: String) throws -> Predictions {
        if let y = data.y, !y.dtype.isFloating {
            return try Predictions(logits: logits, y: y, mask: data.mask, function: function)
        }
        let labels = try Tensor.zeros(Array(logits.shape.array.dropLast()), dtype: .int64)
        return try Predictions(logits: logits, y: labels, mask: data.mask, function: function)
    }

    private static func both(
        _ a: Module, _ b: Module, _ data: Dataset, function: String
    ) throws -> (Predictions, Predictions) {
        let first = try predictions(predict(a, data), data, function: function)
        let second = try predictions(predict(b, data), data, function: function)
        guard first.width == second.width else {
            throw TrainingError.data(
                function: function, problem: "one network has \(first.width) classes, the other \(second.width)",
                help: nil)
        }
        return (first, second)
    }

    private static func logSoftmax(_ row: ArraySlice<Double>) -> [Double] {
        let top = row.max() ?? 0
        let normalizer = log(row.reduce(0) { $0 + exp($1 - top) })
        return row.map { ($0 - top) - normalizer }
    }
}
