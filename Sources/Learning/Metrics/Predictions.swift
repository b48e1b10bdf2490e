import Data
import Glibc
import Tensors

/// The logits of some examples with their targets, as plain numbers: what metrics are computed from.
///
/// Sequences [B, L, K] are B·L rows; rows that the mask leaves out or whose label is negative do not count.
public struct Predictions {
    /// Row-major [rows, width].
    public let logits: [Double]
    /// The number of rows that count.
    public let rows: Int
    /// K classes, or the number of regression targets.
    public let width: Int
    /// The labels, for classes.
    public let labels: [Int]
    /// The targets row-major, for regression.
    public let targets: [Double]

    /// Logits [..., K] with classes [...] or float targets of the same number of elements.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` when the shapes do not fit or a label is no class.
    public init(logits: Tensor, y: Tensor?, mask: Tensor? = nil, function: String = "evaluate") throws {
        func fail(_ problem: String) -> TrainingError { .data(function: function, problem: problem, help: nil) }
        let values = try logits.doubles()
        guard let y else { throw fail("the data has no y") }
        if y.dtype.isFloating {
            guard y.count == logits.count else { throw fail("predictions \(logits.shape) for targets \(y.shape)") }
            let width = max(1, y.shape.count > 1 ? y.shape[y.shape.count - 1] : 1)
            self.init(logits: values, width: width, labels: [], targets: try y.doubles())
            return
        }
        guard let width = logits.shape.last, width > 0, y.count * width == logits.count else {
            throw fail("logits \(logits.shape) for labels \(y.shape)")
        }
        let all = try y.integers()
        let kept = try mask?.integers()
        if let kept, kept.count != all.count {
            throw fail("a mask \(mask?.shape.description ?? "") for labels \(y.shape)")
        }
        if kept == nil, all.allSatisfy({ $0 >= 0 && $0 < width }) {
            self.init(logits: values, width: width, labels: all, targets: [])
            return
        }
        var rows: [Double] = []
        var labels: [Int] = []
        for (row, label) in all.enumerated() where label >= 0 && (kept?[row] ?? 1) != 0 {
            guard label < width else { throw fail("label \(label) among \(width) logits") }
            labels.append(label)
            rows += values[row * width..<(row + 1) * width]
        }
        self.init(logits: rows, width: width, labels: labels, targets: [])
    }

    private init(logits: [Double], width: Int, labels: [Int], targets: [Double]) {
        self.logits = logits
        self.width = width
        self.labels = labels
        self.targets = targets
        rows = logits.count / width
    }

    /// The logits of one row.
    public func row(_ index: Int) -> ArraySlice<Double> { logits[index * width..<(index + 1) * width] }

    /// The class with the largest logit in each row; the first of equals.
    public var choices: [Int] {
        (0..<rows).map { index in
            let start = index * width
            var best = start
            for position in start..<start + width where logits[position] > logits[best] { best = position }
            return best - start
        }
    }

    /// The softmax of each row, row-major.
    public var probabilities: [Double] {
        var result = logits
        for index in 0..<rows {
            let range = index * width..<(index + 1) * width
            let top = logits[range].max() ?? 0
            var sum = 0.0
            for position in range {
                result[position] = exp(logits[position] - top)
                sum += result[position]
            }
            for position in range { result[position] /= sum }
        }
        return result
    }
}
