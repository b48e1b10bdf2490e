import Glibc

/// A number that says how good predictions are.
public struct Metric: Sendable {
    /// The name in `metrics=[…]` and in curves (`val_` + name).
    public let name: String
    /// Whether more is better.
    public let isBetterWhenLarger: Bool
    /// Whether it needs classes (else float targets).
    public let needsClasses: Bool
    /// The number for some predictions; NaN when there are none.
    public let value: @Sendable (Predictions) -> Double

    /// The metrics there are; `top_k_accuracy` is called by its k: `"top5"`.
    public static let all: [Metric] = [
        Metric(name: "accuracy", isBetterWhenLarger: true, needsClasses: true) { $0.accuracy },
        Metric(name: "nll", isBetterWhenLarger: false, needsClasses: true) { $0.nll },
        Metric(name: "ece", isBetterWhenLarger: false, needsClasses: true) { $0.ece() },
        Metric(name: "brier", isBetterWhenLarger: false, needsClasses: true) { $0.brier },
        Metric(name: "mse", isBetterWhenLarger: false, needsClasses: false) { $0.mse },
        Metric(name: "mae", isBetterWhenLarger: false, needsClasses: false) { $0.mae },
        Metric(name: "r2", isBetterWhenLarger: true, needsClasses: false) { $0.r2 },
    ]

    /// The metric called `name` (`top_k_accuracy` is top 5; `top3` and `top3_accuracy` any other).
    ///
    /// - Throws: ``TrainingError/metric(name:known:)``.
    public static func named(_ name: String) throws -> Metric {
        if let metric = all.first(where: { $0.name == name }) { return metric }
        if name == "top_k_accuracy" { return topK(5, name: name) }
        if name.hasPrefix("top"), let k = Int(name.dropFirst(3).prefix { $0.isNumber }), k > 0 {
            return topK(k, name: name)
        }
        throw TrainingError.metric(name: name, known: all.map(\.name) + ["top5"])
    }

    private static func topK(_ k: Int, name: String) -> Metric {
        Metric(name: name, isBetterWhenLarger: true, needsClasses: true) { $0.topKAccuracy(k) }
    }

    /// Whether a larger value of the curve or column `name` is better: accuracies, r2 and agreement are, losses are not.
    public static func isBetterWhenLarger(curve name: String) -> Bool {
        let metric = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
        if let known = try? named(metric) { return known.isBetterWhenLarger }
        let larger = ["accuracy", "agreement", "cka", "r2", "throughput", "kept", "gain", "score"]
        return larger.contains { metric.contains($0) }
    }
}

extension Predictions {
    private func mean(_ value: (Int) -> Double) -> Double {
        guard rows > 0 else { return .nan }
        return (0..<rows).reduce(0) { $0 + value($1) } / Double(rows)
    }

    /// The share of rows whose largest logit is that of the label.
    public var accuracy: Double {
        let choices = choices
        return mean { choices[$0] == labels[$0] ? 1 : 0 }
    }

    /// The share of rows whose label is among the `k` largest logits (ties count for the label).
    public func topKAccuracy(_ k: Int) -> Double {
        mean { index in
            let row = row(index)
            let own = row[row.startIndex + labels[index]]
            return row.count { $0 > own } < k ? 1 : 0
        }
    }

    /// The mean negative log-likelihood of the labels (cross entropy), natural logarithm.
    public var nll: Double {
        mean { index in
            let start = index * width
            var top = logits[start], sum = 0.0
            for position in start..<start + width where logits[position] > top { top = logits[position] }
            for position in start..<start + width { sum += exp(logits[position] - top) }
            return log(sum) - (logits[start + labels[index]] - top)
        }
    }

    /// Expected calibration error over equal-width bins of confidence (1706.04599): Σ |B|/N · |accuracy − confidence|.
    public func ece(bins: Int = 15) -> Double {
        guard rows > 0, bins > 0 else { return .nan }
        let probabilities = probabilities
        let choices = choices
        var hits = Array(repeating: 0.0, count: bins)
        var confidences = hits
        for index in 0..<rows {
            let confidence = probabilities[index * width + choices[index]]
            guard confidence.isFinite else { return .nan }
            // Bins are open on the left, as in the reference: a confidence of 1/bins belongs to the first.
            let bin = min(bins - 1, max(0, Int((confidence * Double(bins)).rounded(.up)) - 1))
            hits[bin] += choices[index] == labels[index] ? 1 : 0
            confidences[bin] += confidence
        }
        return zip(hits, confidences).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(rows)
    }

    /// The mean of Σₖ (pₖ − 1[k = y])².
    public var brier: Double {
        let probabilities = probabilities
        return mean { index in
            (0..<width).reduce(0) { sum, k in
                let difference = probabilities[index * width + k] - (k == labels[index] ? 1 : 0)
                return sum + difference * difference
            }
        }
    }

    private func meanOverTargets(_ value: (Double) -> Double) -> Double {
        guard !targets.isEmpty else { return .nan }
        return zip(logits, targets).reduce(0) { $0 + value($1.0 - $1.1) } / Double(targets.count)
    }

    /// The mean squared difference to the targets.
    public var mse: Double { meanOverTargets { $0 * $0 } }

    /// The mean absolute difference to the targets.
    public var mae: Double { meanOverTargets { abs($0) } }

    /// 1 − Σ(prediction − target)² / Σ(target − mean)²: 1 is perfect, 0 as good as the mean.
    public var r2: Double {
        guard !targets.isEmpty else { return .nan }
        let average = targets.reduce(0, +) / Double(targets.count)
        let total = targets.reduce(0) { $0 + ($1 - average) * ($1 - average) }
        return 1 - mse * Double(targets.count) / total
    }

    /// The accuracy within each class; NaN for a class that does not occur.
    public func perClassAccuracy(classes: Int) -> [Double] {
        var hits = Array(repeating: 0.0, count: classes)
        var counts = hits
        let choices = choices
        for (choice, label) in zip(choices, labels) where label < classes {
            counts[label] += 1
            if choice == label { hits[label] += 1 }
        }
        return zip(hits, counts).map { $0 / $1 }
    }

    /// How often label i was taken for class j, row-major [classes, classes].
    public func confusionMatrix(classes: Int) -> [Int] {
        var matrix = Array(repeating: 0, count: classes * classes)
        for (choice, label) in zip(choices, labels) where label < classes && choice < classes {
            matrix[label * classes + choice] += 1
        }
        return matrix
    }
}
