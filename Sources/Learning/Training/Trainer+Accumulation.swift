import Data
import Tensors

/// The gradients of several batches that make one step: the mean over everything that counts in them, as that of one batch.
///
/// A batch's mean is divided by the rows that count in it, or the sum of their weights; it takes part in the step's mean by
/// that number: Σ_b n_b·L_b / Σ_b n_b. Gradients add up as n_b/n₀ of each batch, n₀ the batch size, and are divided by
/// Σ_b n_b/n₀ at the end.
struct Accumulation {
    private let unit: Double
    private var counted = 0.0
    private var sum = 0.0
    /// What the terms of the step's first batch were divided by, as multiples of its number.
    private var ratios: [Double] = []
    /// Whether the terms of a step counted in other proportions from batch to batch, so that there is no one mean.
    private(set) var isMixed = false

    init(batchSize: Int) { unit = Double(batchSize) }

    /// The step's loss.
    var loss: Double { counted > 0 ? sum / counted : 0 }

    mutating func begin() { (counted, sum, ratios) = (0, 0, []) }

    /// What the loss of a batch is multiplied by before its gradients are added.
    ///
    /// A batch's number is that of its rows where a term goes over all of them, else that of the first term.
    mutating func factor(of step: StepLoss, _ value: Double, rows: Double) -> Double {
        let divisors: [Double?] = step.terms.indices.filter { step.terms[$0] != nil }.map { term in
            step.divisors.indices.contains(term) ? step.divisors[term] : nil
        }
        let first = divisors.contains(nil) ? rows : divisors.lazy.compactMap { $0 }.first ?? rows
        // Without labels in a batch, the other terms still count.
        let count = first == 0 && divisors.contains { $0 ?? rows > 0 } ? rows : first
        if count > 0 {
            let own = divisors.map { ($0 ?? rows) / count }
            if ratios.isEmpty { ratios = own }
            if zip(own, ratios).contains(where: { abs($0 - $1) > 1e-9 * max(1, $1) }) { isMixed = true }
        }
        counted += count
        sum += value * count
        return count / unit
    }

    /// Makes the sum of the gradients their mean.
    func finish(_ parameters: [Tensor]) throws {
        guard counted > 0, counted != unit else { return }
        try Gradients.disabled {
            for parameter in parameters { _ = try parameter.gradient?.mul_(Scalar(unit / counted)) }
        }
    }
}

extension Trainer {
    /// Why steps of several batches are not quite those of one larger batch.
    func accumulationNotes(isMixed: Bool) -> [String] {
        var reasons: [String] = []
        if net.modules().contains(where: { ($0 as? BatchNorm)?.isTraining == true }) {
            reasons.append("batch normalisation sees one batch at a time")
        }
        if !loss.comparingTerms.isEmpty {
            reasons.append("\(loss.comparingTerms.joined(separator: ", ")) compares the examples of one batch")
        }
        if data.augmentation?.views.contains(where: \.mixes) == true {
            reasons.append("examples are mixed within one batch")
        }
        if isMixed {
            reasons.append(
                "terms count other rows from batch to batch (missing labels, weights)")
        }
        guard !reasons.isEmpty else { return [] }
        return [
            "accumulate=\(options.accumulate) is not quite a batch of \(options.accumulate * options.batchSize): "
                + reasons.joined(separator: "; ")
        ]
    }
}
