import Data
import Glibc

extension Predictions {
    /// For each row the scores of its candidates with their grades, unknown ones left out.
    var lists: [(scores: [Double], grades: [Double])] {
        (0..<rows).map { row in
            let known = (row * width..<(row + 1) * width).filter { !targets[$0].isNaN }
            return (known.map { logits[$0] }, known.map { targets[$0] })
        }
    }

    /// A mean over the rows that have a relevant candidate, one with a grade above 0.
    private func overLists(_ value: (_ scores: [Double], _ grades: [Double]) -> Double) -> Double {
        let values = lists.filter { $0.grades.contains { $0 > 0 } }.map { value($0.scores, $0.grades) }
        return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The share of the relevant candidates that are among the k best.
    func recall(at k: Int) -> Double {
        overLists { scores, grades in
            let order = scores.indices.sorted { scores[$0] > scores[$1] }
            let found = order.prefix(k).count { grades[$0] > 0 }
            return Double(found) / Double(grades.count { $0 > 0 })
        }
    }

    /// One over the place of the first relevant candidate.
    var reciprocalRank: Double {
        overLists { scores, grades in
            let order = scores.indices.sorted { scores[$0] > scores[$1] }
            return (order.firstIndex { grades[$0] > 0 }).map { 1 / Double($0 + 1) } ?? 0
        }
    }

    /// The gain of the order over that of the best order; equal scores share the mean gain of their grades.
    func ndcg(at k: Int) -> Double {
        overLists { scores, grades in
            let gain = Self.discounted(scores, grades, k)
            return gain / Self.discounted(grades, grades, k)
        }
    }

    private static func discounted(_ scores: [Double], _ grades: [Double], _ k: Int) -> Double {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var gain = 0.0
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, scores[order[end + 1]] == scores[order[start]] { end += 1 }
            let mean = order[start...end].reduce(0) { $0 + grades[$1] } / Double(end - start + 1)
            for place in start...end where place < k { gain += mean / log2(Double(place) + 2) }
            start = end + 1
        }
        return gain
    }
}

extension Metric {
    static func recall(at k: Int) -> Metric {
        Metric(
            "recall_at_\(k)", "The share of the relevant candidates that are among the \(k) best.",
            formula: "|relevant among the best \(k)| / |relevant|", tasks: [.ranking], larger: true, range: 0...1,
            reference: "torchmetrics.retrieval.RetrievalRecall"
        ) { $0.recall(at: k) }
    }

    static func ndcg(_ k: Int) -> Metric {
        Metric(
            "ndcg_at_\(k)", "The discounted gain of the \(k) best over that of the best order.",
            formula: "DCG/IDCG, DCG = Σ grade/log₂(place + 1)", tasks: [.ranking], larger: true, range: 0...1,
            reference: "sklearn.metrics.ndcg_score"
        ) { $0.ndcg(at: k) }
    }

    /// The metrics of orders; relevant is what has a grade above 0.
    static var rankingMetrics: [Metric] {
        [
            Metric(
                "mrr", "The mean of one over the place of the first relevant candidate.", formula: "⟨1/place⟩",
                tasks: [.ranking], larger: true, range: 0...1, reference: "torchmetrics.retrieval.RetrievalMRR"
            ) { $0.reciprocalRank },
            Metric(
                "ndcg", "The discounted gain of the order over that of the best order.",
                formula: "DCG/IDCG, DCG = Σ grade/log₂(place + 1)", tasks: [.ranking], larger: true, range: 0...1,
                reference: "sklearn.metrics.ndcg_score"
            ) { $0.ndcg(at: .max) },
            Metric(
                "recall_at_k",
                "The share of the relevant candidates that are among the 5 best; recall_at_10 any other.",
                formula: "|relevant among the best k| / |relevant|", tasks: [.ranking], larger: true, range: 0...1,
                reference: "torchmetrics.retrieval.RetrievalRecall"
            ) { $0.recall(at: 5) },
        ]
    }
}
