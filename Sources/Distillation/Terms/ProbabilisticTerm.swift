import Tensors

/// Probabilistic knowledge transfer: similarities (cos + 1)/2 as probabilities of each row's neighbours, and
/// ⟨P_t log((P_t + ε)/(P_s + ε))⟩ over B², ε = 1e-7.
///
/// N. Passalis, A. Tefas, *Learning Deep Representations with Probabilistic Knowledge Transfer*, arXiv:1803.10837.
public final class ProbabilisticTerm: PairTerm {
    /// 30000, as in RepDistiller.
    public override class var suggestedWeight: Double { 30000 }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init("pkt", name: name, pairs: pairs) }

    /// The formula.
    public override var formula: String { "⟨P_t log((P_t + ε)/(P_s + ε))⟩, P from (cos + 1)/2" }

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
