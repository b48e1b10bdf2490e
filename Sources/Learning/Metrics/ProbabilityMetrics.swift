import Data
import Glibc

extension Predictions {
    /// What validation watches unless it is told otherwise: nll of labels, mse of numbers.
    public var loss: Double { task.hasLogits ? nll : mse }

    /// The mean negative log-likelihood of the targets (cross entropy), natural logarithm.
    public var nll: Double {
        if task.isBernoulli { return overKnown { logit, isTrue in Self.surprise(isTrue ? -logit : logit) } }
        guard rows > 0 else { return .nan }
        var total = 0.0
        for index in 0..<rows {
            let start = index * width
            var top = logits[start], sum = 0.0
            for position in start..<start + width where logits[position] > top { top = logits[position] }
            for position in start..<start + width { sum += exp(logits[position] - top) }
            // Differences of large logits are small: the largest is taken off first.
            let normalizer = log(sum)
            guard task == .probabilities else {
                total += normalizer - (logits[start + labels[index]] - top)
                continue
            }
            for position in start..<start + width where targets[position] > 0 {
                total += targets[position] * (normalizer - (logits[position] - top))
            }
        }
        return total / Double(rows)
    }

    /// −log σ(−x).
    private static func surprise(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    /// The mean of something over the labels that are known.
    private func overKnown(_ value: (_ logit: Double, _ isTrue: Bool) -> Double) -> Double {
        var sum = 0.0, count = 0.0
        for (logit, target) in zip(logits, targets) where !target.isNaN {
            sum += value(logit, target > 0.5)
            count += 1
        }
        return count > 0 ? sum / count : .nan
    }

    /// How sure each decision is, and whether it is right.
    public var confidences: [(confidence: Double, isRight: Bool)] {
        let probabilities = probabilities
        if task.isBernoulli {
            return zip(zip(logits, probabilities), targets).compactMap { answer, target in
                let (logit, p) = answer
                return target.isNaN ? nil : (max(p, 1 - p), (logit > 0) == (target > 0.5))
            }
        }
        let choices = choices
        return (0..<rows).map { (probabilities[$0 * width + choices[$0]], choices[$0] == labels[$0]) }
    }

    /// Expected calibration error over equal-width bins of confidence (1706.04599): Σ |B|/N · |accuracy − confidence|.
    public func ece(bins: Int = 15) -> Double {
        let decisions = confidences
        guard !decisions.isEmpty, bins > 0 else { return .nan }
        var hits = Array(repeating: 0.0, count: bins)
        var sums = hits
        for (confidence, isRight) in decisions {
            guard confidence.isFinite else { return .nan }
            // Bins are open on the left, as in the reference: a confidence of 1/bins belongs to the first.
            let bin = min(bins - 1, max(0, Int((confidence * Double(bins)).rounded(.up)) - 1))
            hits[bin] += isRight ? 1 : 0
            sums[bin] += confidence
        }
        return zip(hits, sums).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(decisions.count)
    }

    /// The mean of Σₖ (pₖ − 1[k = y])²; for logits of their own ⟨(p − y)²⟩.
    public var brier: Double {
        let probabilities = probabilities
        if task.isBernoulli {
            var sum = 0.0, count = 0.0
            for (p, y) in zip(probabilities, targets) where !y.isNaN {
                sum += (p - y) * (p - y)
                count += 1
            }
            return count > 0 ? sum / count : .nan
        }
        guard rows > 0 else { return .nan }
        var total = 0.0
        for index in 0..<rows {
            for k in 0..<width {
                let y = task == .probabilities ? targets[index * width + k] : k == labels[index] ? 1 : 0
                let difference = probabilities[index * width + k] - y
                total += difference * difference
            }
        }
        return total / Double(rows)
    }

    /// The chance that a true example scores above a false one, ties counting half; nan unless both occur.
    public static func auroc(_ scores: [Double], _ isTrue: [Bool]) -> Double {
        let ranks = Ranks.average(scores)
        let positives = Double(isTrue.count { $0 })
        let negatives = Double(isTrue.count) - positives
        guard positives > 0, negatives > 0 else { return .nan }
        let sum = zip(ranks, isTrue).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
        return (sum - positives * (positives + 1) / 2) / (positives * negatives)
    }

    /// The points of a curve over falling thresholds: how many false and true examples score at least so much.
    public static func thresholds(_ scores: [Double], _ isTrue: [Bool]) -> [(falseAlarms: Double, hits: Double)] {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points: [(falseAlarms: Double, hits: Double)] = []
        var hits = 0.0, alarms = 0.0
        for (place, index) in order.enumerated() {
            if isTrue[index] { hits += 1 } else { alarms += 1 }
            if place + 1 == order.count || scores[order[place + 1]] != scores[index] { points.append((alarms, hits)) }
        }
        return points
    }

    /// Σ (R_n − R_{n−1})·P_n over falling thresholds; nan when nothing is true.
    public static func averagePrecision(_ scores: [Double], _ isTrue: [Bool]) -> Double {
        let positives = Double(isTrue.count { $0 })
        guard positives > 0 else { return .nan }
        var before = 0.0, area = 0.0
        for (alarms, hits) in thresholds(scores, isTrue) {
            area += (hits - before) / positives * (hits / (hits + alarms))
            before = hits
        }
        return area
    }
}

/// The places of numbers in their order.
enum Ranks {
    /// From 1; equal numbers share the mean of their places.
    static func average(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = Array(repeating: 0.0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }
}

extension Metric {
    private static func overColumns(
        _ name: String, _ summary: String, formula: String, reference: String,
        _ value: @escaping ([Double], [Bool]) -> Double
    ) -> Metric {
        Metric(
            name, summary, formula: formula, tasks: labelled, larger: true, range: 0...1, reference: reference,
            averages: [.macro, .micro, .weighted, .perClass]
        ) { predictions, average in
            let columns = (0..<predictions.width).map { predictions.scores($0) }
            if average == .micro {
                return .number(value(columns.flatMap(\.scores), columns.flatMap(\.isTrue)))
            }
            let values = columns.map { value($0.scores, $0.isTrue) }
            switch average {
            case .perClass: return .list(values)
            case .weighted:
                let weights = columns.map { Double($0.isTrue.count { $0 }) }
                let known = values.indices.filter { !values[$0].isNaN }
                let total = known.reduce(0) { $0 + weights[$1] }
                return .number(total > 0 ? known.reduce(0) { $0 + values[$1] * weights[$1] } / total : .nan)
            case .standard, .macro, .micro:
                let known = values.filter { !$0.isNaN }
                return .number(known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count))
            }
        }
    }

    /// The metrics of probabilities.
    static var probabilityMetrics: [Metric] {
        [
            Metric(
                "nll", "The mean negative log-likelihood of the labels.", formula: "⟨−log p_y⟩", tasks: labelled,
                larger: false, range: 0...Double.infinity, reference: "sklearn.metrics.log_loss"
            ) { $0.nll },
            Metric(
                "ece", "The expected calibration error over 15 bins: how far confidence and accuracy are apart.",
                formula: "Σ_b |B_b|/N · |accuracy(B_b) − confidence(B_b)|", tasks: labelled, larger: false,
                range: 0...1, reference: "torchmetrics.CalibrationError(n_bins=15, norm=\"l1\")"
            ) { $0.ece() },
            Metric(
                "brier", "The mean squared distance between probabilities and one-hot labels.",
                formula: "⟨Σₖ (pₖ − 1[k = y])²⟩; binary ⟨(p − y)²⟩", tasks: labelled, larger: false, range: 0...2,
                reference: "sklearn.metrics.brier_score_loss"
            ) { $0.brier },
            Metric(
                "perplexity", "The number of equally likely classes that is as hard to guess among.",
                formula: "exp(nll)", tasks: [.classes, .probabilities, .positions], larger: false,
                range: 1...Double.infinity, reference: "torchmetrics.text.Perplexity"
            ) { exp($0.nll) },
            overColumns(
                "auroc", "The chance that a true example scores above a false one; one class against the rest.",
                formula: "P(s⁺ > s⁻) + ½P(s⁺ = s⁻)", reference: "sklearn.metrics.roc_auc_score(multi_class=\"ovr\")",
                Predictions.auroc),
            overColumns(
                "average_precision", "The area under precision over recall; its mean over labels is mAP.",
                formula: "Σₙ (Rₙ − Rₙ₋₁)·Pₙ", reference: "sklearn.metrics.average_precision_score",
                Predictions.averagePrecision),
        ]
    }
}
