import Learning
import OrderedCollections
import Tensors

/// Correlation congruence: ⟨Σ_d |Δ_i|·|Δ_{i+1}|⟩ on 128-d embeddings of both features, Δ = e_s − e_t, adjacent rows.
///
/// B. Peng et al., arXiv:1904.01802, in the form that RepDistiller uses. Both embeddings are trained.
public final class CorrelationTerm: PairTerm {
    /// The size of the embeddings.
    public let size: Int
    /// 0.02, as in RepDistiller.
    public override class var suggestedWeight: Double { 0.02 }
    private var embeddings: [(student: Linear, teacher: Linear)] = []

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], size: Int = 128, name: String? = nil) {
        self.size = size
        super.init("correlation", name: name, pairs: pairs)
    }

    /// The formula.
    public override var formula: String { "⟨Σ_d |Δ_i|·|Δ_{i+1}|⟩, Δ = e(f_s) − e(f_t)" }
    /// The embeddings are trained.
    public override var hasTrainedParts: Bool { true }
    /// The embeddings.
    public override var modules: OrderedDictionary<String, Module> {
        var modules: OrderedDictionary<String, Module> = [:]
        for (index, pair) in embeddings.enumerated() {
            modules["student\(index)"] = pair.student
            modules["teacher\(index)"] = pair.teacher
        }
        return modules
    }

    /// Makes the embeddings.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws {
        embeddings = try example.features(for: self).map { feature in
            (try Linear(rows(feature.student).shape[1], size), try Linear(rows(feature.teacher).shape[1], size))
        }
    }

    /// The sum over the pairs; 0 for a batch of one.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { index, student, teacher in
            let pair = embeddings[min(index, embeddings.count - 1)]
            let difference = try (pair.student(rows(student)) - pair.teacher(rows(teacher))).abs()
            let count = difference.shape[0]
            guard count > 1 else { return try difference.sum() * 0 }
            let product = try difference.rows(0..<count - 1) * difference.rows(1..<count)
            return try product.sum(dims: [1]).mean()
        }
    }
}
