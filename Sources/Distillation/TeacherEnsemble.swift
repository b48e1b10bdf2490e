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

    /// z with softmax(z/T) = Σ wᵢ softmax(zᵢ/T), or Σ wᵢ zᵢ.
    func logits(at temperature: Double) throws -> Tensor {
        switch average {
        case .logits:
            // One without weight says nothing, not even where it is infinite.
            return try sum(zip(members, weights).filter { $0.1 > 0 }.map { try $0 * Scalar($1) })
        case .probabilities:
            // In log space: T · log Σ exp(log wᵢ + log softmax(zᵢ/T)), so that no probability underflows.
            let parts = try zip(members, weights).filter { $0.1 > 0 }.map { logits, weight in
                try Logits.scaled(logits, temperature).logSoftmax(dim: -1) + Scalar(log(weight))
            }
            return try Tensor.stack(parts, dim: 0).logsumexp(dims: [0]) * Scalar(temperature)
        }
    }

    private func sum(_ tensors: [Tensor]) throws -> Tensor {
        var total = tensors[0]
        for tensor in tensors.dropFirst() { total = try total + tensor }
        return total
    }
}
