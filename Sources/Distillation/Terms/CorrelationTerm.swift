import Learning
import OrderedCollections
import Tensors

/// Correlation congruence: ⟨Σ_d |Δ_i|·|Δ_{i+1}|⟩ on 128-d embeddings of both features, Δ = e_s − e_t, adjacent rows.
///
/// B. Peng et al., arXiv:1904.01802, in the form that RepDistiller uses. Both embeddings are trained.
public final class CorrelationTerm: PairTerm {
    /// The page of the method; its weight is 0.02, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "correlation",
            "Correlation congruence of trained embeddings of neighbouring examples (Peng et al., 2019).",
            formula: "⟨Σ_d |Δ_i|·|Δ_{i+1}|⟩, Δ = e(f_s) − e(f_t)",
            paper: "arXiv:1904.01802, in the form of RepDistiller.",
            weight: 0.02, use: "hard() + {weight} * correlation(…).",
            when: "comparisons with the literature; similarity() and pkt() say more about relations.",
            family: .relations, related: ["similarity", "rkd"])
    }

    /// The size of the embeddings.
    public let size: Int

    /// - Throws: ``DistillationError/option(term:problem:)`` for embeddings without dimensions.
    public init(pairs: [LayerPair] = [], size: Int = 128, name: String? = nil) throws {
        guard size >= 1 else {
            throw DistillationError.option(term: Self.page.name, problem: "dim must be at least 1, given \(size)")
        }
        self.size = size
        super.init(name: name, pairs: pairs)
    }

    /// The embeddings are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the embeddings.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let embeddings = try example.features(for: self).map { feature in
            (
                student: try Linear(rows(feature.student).shape[1], size),
                teacher: try Linear(rows(feature.teacher).shape[1], size)
            )
        }
        var modules: OrderedDictionary<String, Module> = [:]
        for (index, pair) in embeddings.enumerated() {
            modules["student\(index)"] = pair.student
            modules["teacher\(index)"] = pair.teacher
        }
        return ActiveTerm(modules: modules) { [self] input in
            try sumOverPairs(input) { index, student, teacher in
                let pair = embeddings[min(index, embeddings.count - 1)]
                return try congruence(pair.student(rows(student)) - pair.teacher(rows(teacher)))
            }
        }
    }

    /// The products of neighbouring rows' differences; 0 for a batch of one.
    private func congruence(_ difference: Tensor) throws -> Tensor {
        let sizes = try difference.abs()
        let count = sizes.shape[0]
        guard count > 1 else { return try sizes.sum() * 0 }
        return try (sizes.rows(0..<count - 1) * sizes.rows(1..<count)).sum(dims: [1]).mean()
    }
}
