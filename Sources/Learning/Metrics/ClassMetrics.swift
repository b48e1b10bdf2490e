import Data
import Glibc

/// How often each class, or label, was chosen rightly and wrongly.
struct ClassCounts {
    var hits: [Double]
    var falseAlarms: [Double]
    var misses: [Double]
    /// All decisions about each class.
    var totals: [Double]

    /// For binary both classes, the negative first; for several labels one entry a label.
    init(_ predictions: Predictions) {
        let count = predictions.task == .binary ? 2 : predictions.width
        hits = Array(repeating: 0, count: count)
        (falseAlarms, misses, totals) = (hits, hits, hits)
        if predictions.task == .multilabel {
            for column in 0..<count {
                for (row, isTrue) in predictions.known(column) {
                    add(predictions.logits[row * count + column] > 0, isTrue, to: column)
                }
            }
            return
        }
        let (choices, labels) = predictions.decisions
        for (choice, label) in zip(choices, labels) {
            if choice == label {
                hits[label] += 1
            } else {
                falseAlarms[choice] += 1
                misses[label] += 1
            }
        }
        totals = totals.map { _ in Double(labels.count) }
    }

    private mutating func add(_ chosen: Bool, _ isTrue: Bool, to column: Int) {
        totals[column] += 1
        if chosen, isTrue { hits[column] += 1 }
        if chosen, !isTrue { falseAlarms[column] += 1 }
        if !chosen, isTrue { misses[column] += 1 }
    }

    /// How often each class occurs.
    var support: [Double] { zip(hits, misses).map(+) }

    /// Whether each class was there or was chosen: one that was not has no number.
    var occurs: [Bool] { hits.indices.map { hits[$0] + falseAlarms[$0] + misses[$0] > 0 } }

    /// The right answers that no class counts: neither chosen nor true.
    func rejections(_ index: Int) -> Double {
        totals[index] - hits[index] - falseAlarms[index] - misses[index]
    }

    /// One class's counts, or those of all together.
    struct Cell {
        let hits: Double
        let falseAlarms: Double
        let misses: Double
        let rejections: Double
    }

    func cell(_ index: Int) -> Cell {
        Cell(
            hits: hits[index], falseAlarms: falseAlarms[index], misses: misses[index], rejections: rejections(index))
    }

    var together: Cell {
        let cells = hits.indices.map(cell)
        func sum(_ value: (Cell) -> Double) -> Double { cells.reduce(0) { $0 + value($1) } }
        return Cell(
            hits: sum(\.hits), falseAlarms: sum(\.falseAlarms), misses: sum(\.misses), rejections: sum(\.rejections))
    }

    /// An average of a number that each class has.
    func averaged(_ task: LearningTask, _ average: MetricAverage, _ value: (Cell) -> Double) -> Metric.Value {
        let values = hits.indices.map { value(cell($0)) }
        switch average {
        case .standard where task == .binary: return .number(totals[1] > 0 ? values[1] : .nan)
        case .standard, .macro:
            // scikit-learn averages over the classes that occur among labels or choices, and over all labels.
            let kept = values.indices.filter { task == .multilabel || occurs[$0] }.map { values[$0] }
            return .number(kept.isEmpty ? .nan : kept.reduce(0, +) / Double(kept.count))
        case .micro: return .number(totals.allSatisfy { $0 == 0 } ? .nan : value(together))
        case .weighted:
            let total = support.reduce(0, +)
            guard total > 0 else { return .number(.nan) }
            return .number(zip(values, support).reduce(0) { $0 + $1.0 * $1.1 } / total)
        case .perClass: return .list(values.indices.map { occurs[$0] || task == .multilabel ? values[$0] : .nan })
        }
    }
}

extension Predictions {
    /// Which class was chosen and which is true, for the rows that are known; binary has the classes 0 and 1.
    public var decisions: (choices: [Int], labels: [Int]) {
        guard task == .binary else { return (choices, labels) }
        let known = known(0)
        return (known.map { logits[$0.row] > 0 ? 1 : 0 }, known.map { $0.isTrue ? 1 : 0 })
    }

    /// How many classes decisions are between.
    public var decisionClasses: Int { task == .binary ? 2 : width }

    private func mean(_ value: (Int) -> Double) -> Double {
        guard rows > 0 else { return .nan }
        return (0..<rows).reduce(0) { $0 + value($1) } / Double(rows)
    }

    /// The share of rows whose largest logit is that of the label; of several labels the share of answers that are right.
    public var accuracy: Double {
        if task == .multilabel { return 1 - hamming }
        let (choices, labels) = decisions
        guard !labels.isEmpty else { return .nan }
        return Double(zip(choices, labels).count { $0 == $1 }) / Double(labels.count)
    }

    /// The share of known labels that are answered wrongly.
    public var hamming: Double {
        let counts = ClassCounts(self)
        if task != .multilabel { return 1 - accuracy }
        let total = counts.totals.reduce(0, +)
        guard total > 0 else { return .nan }
        return (counts.falseAlarms.reduce(0, +) + counts.misses.reduce(0, +)) / total
    }

    /// The share of rows whose known labels are all answered rightly; rows without a known label do not count.
    public var subsetAccuracy: Double {
        var count = 0.0, right = 0.0
        for row in 0..<rows {
            let known = (0..<width).filter { !targets[row * width + $0].isNaN }
            guard !known.isEmpty else { continue }
            count += 1
            if known.allSatisfy({ (logits[row * width + $0] > 0) == (targets[row * width + $0] > 0.5) }) { right += 1 }
        }
        return count > 0 ? right / count : .nan
    }

    /// The share of rows whose label is among the `k` largest logits (ties count for the label).
    public func topKAccuracy(_ k: Int) -> Double {
        mean { index in
            let row = row(index)
            let own = row[row.startIndex + labels[index]]
            return row.count { $0 > own } < k ? 1 : 0
        }
    }

    /// The mean over the classes that occur of the share of their rows that were recognised.
    public var balancedAccuracy: Double {
        let counts = ClassCounts(self)
        let recalls = counts.hits.indices.filter { counts.support[$0] > 0 }.map { counts.hits[$0] / counts.support[$0] }
        return recalls.isEmpty ? .nan : recalls.reduce(0, +) / Double(recalls.count)
    }

    /// The correlation of choices and labels (B. W. Matthews, 1975; for more than two classes Gorodkin, 2004).
    public var matthews: Double {
        let counts = ClassCounts(self)
        let total = counts.totals.first ?? 0
        guard total > 0 else { return .nan }
        let right = counts.hits.reduce(0, +)
        let chosen = zip(counts.hits, counts.falseAlarms).map(+)
        let occurring = counts.support
        let crossed = zip(chosen, occurring).reduce(0) { $0 + $1.0 * $1.1 }
        let spread =
            (total * total - chosen.reduce(0) { $0 + $1 * $1 })
            * (total * total - occurring.reduce(0) { $0 + $1 * $1 })
        return spread > 0 ? (right * total - crossed) / spread.squareRoot() : 0
    }

    /// How far agreement goes beyond chance: (p_o − p_e)/(1 − p_e) (J. Cohen, 1960).
    public var cohenKappa: Double {
        let counts = ClassCounts(self)
        let total = counts.totals.first ?? 0
        guard total > 0 else { return .nan }
        let observed = counts.hits.reduce(0, +) / total
        let chosen = zip(counts.hits, counts.falseAlarms).map(+)
        let expected = zip(chosen, counts.support).reduce(0) { $0 + $1.0 * $1.1 } / (total * total)
        return expected < 1 ? (observed - expected) / (1 - expected) : .nan
    }

    /// The accuracy within each class; NaN for a class that does not occur.
    public func perClassAccuracy(classes: Int) -> [Double] {
        var hits = Array(repeating: 0.0, count: classes)
        var counts = hits
        let (choices, labels) = decisions
        for (choice, label) in zip(choices, labels) where label < classes {
            counts[label] += 1
            if choice == label { hits[label] += 1 }
        }
        return zip(hits, counts).map { $0 / $1 }
    }

    /// How often label i was taken for class j, row-major [classes, classes].
    public func confusionMatrix(classes: Int) -> [Int] {
        var matrix = Array(repeating: 0, count: classes * classes)
        let (choices, labels) = decisions
        for (choice, label) in zip(choices, labels) where label < classes && choice < classes {
            matrix[label * classes + choice] += 1
        }
        return matrix
    }

    /// How often one of several labels was answered how: [[no as no, no as yes], [yes as no, yes as yes]].
    public func confusionMatrix(label column: Int) -> [Int] {
        var matrix = [0, 0, 0, 0]
        for (row, isTrue) in known(column) {
            matrix[(isTrue ? 2 : 0) + (logits[row * width + column] > 0 ? 1 : 0)] += 1
        }
        return matrix
    }
}

extension Metric {
    private static let exclusive: Set<LearningTask> = [.classes, .probabilities, .positions]
    static let labelled: Set<LearningTask> = [.classes, .probabilities, .positions, .binary, .multilabel]
    private static let decided: Set<LearningTask> = [.classes, .probabilities, .positions, .binary]

    static func topK(_ k: Int, name: String) -> Metric {
        Metric(
            name, "The share of examples whose label is among the \(k) largest logits.",
            formula: "⟨1[#{j : z_j > z_y} < \(k)]⟩", tasks: exclusive, larger: true, range: 0...1,
            reference: "sklearn.metrics.top_k_accuracy_score"
        ) { $0.topKAccuracy(k) }
    }

    private static func averaged(
        _ name: String, _ summary: String, formula: String, reference: String,
        _ value: @escaping (ClassCounts.Cell) -> Double
    ) -> Metric {
        Metric(
            name, summary, formula: formula, tasks: labelled, larger: true, range: 0...1, reference: reference,
            averages: [.macro, .micro, .weighted, .perClass]
        ) { predictions, average in ClassCounts(predictions).averaged(predictions.task, average, value) }
    }

    private static func share(_ part: Double, _ rest: Double) -> Double { part + rest > 0 ? part / (part + rest) : 0 }

    /// The metrics of decisions.
    static var classMetrics: [Metric] {
        [
            Metric(
                "accuracy", "The share of examples whose largest logit is the label's.", formula: "⟨1[argmax z = y]⟩",
                tasks: labelled, larger: true, range: 0...1, reference: "sklearn.metrics.accuracy_score"
            ) { $0.accuracy },
            Metric(
                "balanced_accuracy", "The mean over the classes of the share of their examples that are recognised.",
                formula: "mean over k of TP_k/(TP_k + FN_k)", tasks: decided, larger: true, range: 0...1,
                reference: "sklearn.metrics.balanced_accuracy_score"
            ) { $0.balancedAccuracy },
            averaged(
                "precision", "How many of those chosen are right.", formula: "TP/(TP + FP)",
                reference: "sklearn.metrics.precision_score"
            ) { share($0.hits, $0.falseAlarms) },
            averaged(
                "recall", "How many of those there are were found.", formula: "TP/(TP + FN)",
                reference: "sklearn.metrics.recall_score"
            ) { share($0.hits, $0.misses) },
            averaged(
                "f1", "The harmonic mean of precision and recall.", formula: "2TP/(2TP + FP + FN)",
                reference: "sklearn.metrics.f1_score"
            ) { share(2 * $0.hits, $0.falseAlarms + $0.misses) },
            averaged(
                "specificity", "How many of the others were left alone.", formula: "TN/(TN + FP)",
                reference: "sklearn.metrics.recall_score of the negative class"
            ) { share($0.rejections, $0.falseAlarms) },
            Metric(
                "matthews_corrcoef", "The correlation of choices and labels.",
                formula: "(TP·TN − FP·FN)/√((TP+FP)(TP+FN)(TN+FP)(TN+FN)) for two classes", tasks: decided,
                larger: true,
                range: -1...1, reference: "sklearn.metrics.matthews_corrcoef"
            ) { $0.matthews },
            Metric(
                "cohen_kappa", "How far agreement with the labels goes beyond chance.",
                formula: "(p_o − p_e)/(1 − p_e)",
                tasks: decided, larger: true, range: -1...1, reference: "sklearn.metrics.cohen_kappa_score"
            ) { $0.cohenKappa },
            Metric(
                "subset_accuracy", "The share of examples whose labels are all answered rightly.",
                formula: "⟨1[all labels right]⟩", tasks: [.multilabel], larger: true, range: 0...1,
                reference: "sklearn.metrics.accuracy_score of several labels"
            ) { $0.subsetAccuracy },
            Metric(
                "hamming", "The share of labels that are answered wrongly.", formula: "⟨1[ŷ ≠ y]⟩",
                tasks: labelled, larger: false, range: 0...1, reference: "sklearn.metrics.hamming_loss"
            ) { $0.hamming },
        ]
    }
}
