import Glibc
import Tensors

/// How several teachers become one.
public enum TeacherAverage: String, Sendable, CaseIterable {
    /// The mean of their probabilities, at each term's temperature.
    case probabilities
    /// The mean of their logits.
    case logits
}

/// The logits of several teachers for one batch, and how to average them.
struct TeacherEnsemble {
    let members: [Tensor]
    let weights: [Double]
    let average: TeacherAverage
    /// Whether every logit is one of its own.
    var isBernoulli = false

    /// z with softmax(z/T) = Σ wᵢ softmax(zᵢ/T), or Σ wᵢ zᵢ.
    func logits(at temperature: Double) throws -> Tensor {
        switch average {
        case .logits:
            // One without weight says nothing, not even where it is infinite.
            return try sum(zip(members, weights).filter { $0.1 > 0 }.map { try $0 * Scalar($1) })
        case .probabilities:
            if isBernoulli {
                // The log-odds of the mean probability: log Σ wᵢ σ(zᵢ/T) − log Σ wᵢ σ(−zᵢ/T).
                return try (logMeanProbability(1, temperature) - logMeanProbability(-1, temperature))
                    * Scalar(temperature)
            }
            // In log space: T · log Σ exp(log wᵢ + log softmax(zᵢ/T)), so that no probability underflows.
            let parts = try zip(members, weights).filter { $0.1 > 0 }.map { logits, weight in
                try Logits.scaled(logits, temperature).logSoftmax(dim: -1) + Scalar(log(weight))
            }
            return try Tensor.stack(parts, dim: 0).logsumexp(dims: [0]) * Scalar(temperature)
        }
    }

    private func logMeanProbability(_ sign: Double, _ temperature: Double) throws -> Tensor {
        let parts = try zip(members, weights).filter { $0.1 > 0 }.map { logits, weight in
            try (logits * Scalar(-sign / temperature)).softplus(threshold: 40).neg() + Scalar(log(weight))
        }
        return try Tensor.stack(parts, dim: 0).logsumexp(dims: [0])
    }

    private func sum(_ tensors: [Tensor]) throws -> Tensor {
        var total = tensors[0]
        for tensor in tensors.dropFirst() { total = try total + tensor }
        return total
    }
}
