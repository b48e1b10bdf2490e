import Data

extension Predictions {
    /// The predictions and targets of one output that are known.
    public func numbers(_ column: Int) -> (predictions: [Double], targets: [Double]) {
        var own: [Double] = [], wanted: [Double] = []
        for row in 0..<rows {
            let target = targets[row * width + column]
            guard !target.isNaN else { continue }
            own.append(logits[row * width + column])
            wanted.append(target)
        }
        return (own, wanted)
    }

    private func meanOverTargets(_ value: (Double) -> Double) -> Double {
        var sum = 0.0, count = 0.0
        for (own, target) in zip(logits, targets) where !target.isNaN {
            sum += value(own - target)
            count += 1
        }
        return count > 0 ? sum / count : .nan
    }

    /// The mean squared difference to the targets.
    public var mse: Double { meanOverTargets { $0 * $0 } }

    /// The mean absolute difference to the targets.
    public var mae: Double { meanOverTargets { abs($0) } }

    /// 1 − Σ(prediction − target)² / Σ(target − mean)² of each output, averaged: 1 is perfect, 0 as good as the mean.
    public var r2: Double {
        let values = outputs(Self.determination)
        return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// A number for each output that has targets.
    func outputs(_ value: (_ predictions: [Double], _ targets: [Double]) -> Double) -> [Double] {
        (0..<width).compactMap { column in
            let (own, wanted) = numbers(column)
            return wanted.isEmpty ? nil : value(own, wanted)
        }
    }

    static func determination(_ own: [Double], _ wanted: [Double]) -> Double {
        let mean = wanted.reduce(0, +) / Double(wanted.count)
        let total = wanted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let rest = zip(own, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        // Constant targets: predicted exactly they are worth 1, else nothing, as in scikit-learn.
        return total > 0 ? 1 - rest / total : rest == 0 ? 1 : rest.isNaN ? .nan : 0
    }

    static func correlation(_ a: [Double], _ b: [Double]) -> Double {
        let count = Double(a.count)
        let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
        var product = 0.0, first = 0.0, second = 0.0
        for (x, y) in zip(a, b) {
            product += (x - meanA) * (y - meanB)
            first += (x - meanA) * (x - meanA)
            second += (y - meanB) * (y - meanB)
        }
        return first > 0 && second > 0 ? product / (first * second).squareRoot() : .nan
    }
}

extension Metric {
    private static func overOutputs(
        _ name: String, _ summary: String, formula: String, larger: Bool, range: ClosedRange<Double>,
        reference: String, tasks: Set<LearningTask> = [.numbers],
        _ value: @escaping (_ predictions: [Double], _ targets: [Double]) -> Double
    ) -> Metric {
        Metric(
            name, summary, formula: formula, tasks: tasks, larger: larger, range: range, reference: reference,
            averages: [.perClass]
        ) { predictions, average in
            let values = predictions.outputs(value)
            if average == .perClass { return .list(values) }
            let known = values.filter { !$0.isNaN }
            return .number(known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count))
        }
    }

    /// The metrics of numbers; each output alone, then their mean.
    static var numberMetrics: [Metric] {
        [
            Metric(
                "mse", "The mean squared error.", formula: "⟨(ŷ − y)²⟩", tasks: [.numbers, .ranking], larger: false,
                range: 0...Double.infinity, reference: "sklearn.metrics.mean_squared_error"
            ) { $0.mse },
            Metric(
                "mae", "The mean absolute error.", formula: "⟨|ŷ − y|⟩", tasks: [.numbers, .ranking], larger: false,
                range: 0...Double.infinity, reference: "sklearn.metrics.mean_absolute_error"
            ) { $0.mae },
            overOutputs(
                "rmse", "The root of the mean squared error, averaged over the outputs.", formula: "√⟨(ŷ − y)²⟩",
                larger: false, range: 0...Double.infinity, reference: "sklearn.metrics.root_mean_squared_error"
            ) { own, wanted in
                let sum = zip(own, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                return (sum / Double(wanted.count)).squareRoot()
            },
            overOutputs(
                "r2", "The coefficient of determination, averaged over the outputs.",
                formula: "1 − Σ(ŷ − y)²/Σ(y − ȳ)²", larger: true, range: -Double.infinity...1,
                reference: "sklearn.metrics.r2_score(multioutput=\"uniform_average\")", Predictions.determination),
            overOutputs(
                "pearson_correlation", "The correlation of predictions and targets.", formula: "cov(ŷ, y)/(σ_ŷ·σ_y)",
                larger: true, range: -1...1, reference: "scipy.stats.pearsonr", Predictions.correlation),
            Metric(
                "spearman", "The correlation of the ranks of predictions and targets.", formula: "ρ(rank ŷ, rank y)",
                tasks: [.numbers, .ranking], larger: true, range: -1...1, reference: "scipy.stats.spearmanr",
                averages: [.perClass]
            ) { predictions, average in
                func correlation(_ own: [Double], _ wanted: [Double]) -> Double {
                    Predictions.correlation(Ranks.average(own), Ranks.average(wanted))
                }
                let values =
                    predictions.task == .ranking
                    ? predictions.lists.map { correlation($0.scores, $0.grades) } : predictions.outputs(correlation)
                if average == .perClass { return .list(values) }
                let known = values.filter { !$0.isNaN }
                return .number(known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count))
            },
        ]
    }
}
