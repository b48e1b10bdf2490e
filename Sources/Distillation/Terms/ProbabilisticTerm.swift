import Tensors

/// Probabilistic knowledge transfer: similarities (cos + 1)/2 as probabilities of each row's neighbours, and
/// ⟨P_t log((P_t + ε)/(P_s + ε))⟩ over B², ε = 1e-7.
///
/// N. Passalis, A. Tefas, *Learning Deep Representations with Probabilistic Knowledge Transfer*, arXiv:1803.10837.
public final class ProbabilisticTerm: PairTerm {
    /// The page of the method; its weight is 30000, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "pkt",
            "Probabilistic transfer: similarities to the other examples as probabilities (Passalis, Tefas, 2018).",
            formula: "⟨P_t log((P_t + ε)/(P_s + ε))⟩, P from (cos + 1)/2",
            paper: "arXiv:1803.10837. Widths may differ.",
            weight: 30000, use: "hard() + {weight} * pkt(…).",
            when:
                "embeddings for retrieval and students of another architecture; among the steadiest of the relation methods in comparisons.",
            family: .relations, related: ["similarity"])
    }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        let s = try neighbours(student)
        let t = try neighbours(teacher)
        return try (t * ((t + 1e-7) / (s + 1e-7)).log()).mean()
    }

    private func neighbours(_ x: Tensor) throws -> Tensor {
        let unit = try Rows.normalized(rows(x))
        let similarity = try (unit.matmul(unit.transposed()) + 1) * 0.5
        return try similarity / similarity.sum(dims: [1], keepdim: true)
    }
}
