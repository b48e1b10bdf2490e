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
    /// Whether the terms of a batch divided by different numbers, so that there is no one mean; batches took part by their rows.
    private(set) var isMixed = false

    init(batchSize: Int) { unit = Double(batchSize) }

    /// The step's loss.
    var loss: Double { counted > 0 ? sum / counted : 0 }

    mutating func begin() { (counted, sum) = (0, 0) }

    /// What the loss of a batch is multiplied by before its gradients are added.
    mutating func factor(of step: StepLoss, _ value: Double, rows: Double) -> Double {
        let divisors = step.terms.indices.filter { step.terms[$0] != nil }.map { term in
            step.divisors.indices.contains(term) ? step.divisors[term] ?? rows : rows
        }
        let own = divisors.first ?? rows
        let areEqual = divisors.allSatisfy { abs($0 - own) <= 1e-9 * max(1, own) }
        if !areEqual { isMixed = true }
        let count = areEqual ? own : rows
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
                "terms count different rows (missing labels, weights), and batches took part by all their rows")
        }
        guard !reasons.isEmpty else { return [] }
        return [
            "accumulate=\(options.accumulate) is not quite a batch of \(options.accumulate * options.batchSize): "
                + reasons.joined(separator: "; ")
        ]
    }
}
