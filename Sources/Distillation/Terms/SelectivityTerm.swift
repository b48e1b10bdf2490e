import Tensors

/// Neuron selectivity transfer: channels normed over space, squared polynomial kernel k(a, b) = (a·b)²:
/// ⟨k(t,t)⟩ + ⟨k(s,s)⟩ − 2⟨k(s,t)⟩.
///
/// Z. Huang, N. Wang, *Like What You Like: Knowledge Distill via Neuron Selectivity Transfer*, arXiv:1707.01219.
public final class SelectivityTerm: PairTerm {
    /// 50, as in RepDistiller.
    public override class var suggestedWeight: Double { 50 }

    override class var needsPositions: Bool { true }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init("nst", name: name, pairs: pairs) }

    /// The formula.
    public override var formula: String { "⟨k(t,t)⟩ + ⟨k(s,s)⟩ − 2⟨k(s,t)⟩, k = (a·b)²" }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        try requirePositions(student)
        try requirePositions(teacher)
        let (s, t) = try Maps.toCommonSize(student, teacher)
        let (a, b) = (try Rows.normalized(Maps.flattened(s)), try Rows.normalized(Maps.flattened(t)))
        guard a.shape[2] == b.shape[2] else {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
        func kernel(_ x: Tensor, _ y: Tensor) throws -> Tensor { try x.bmm(y.transpose(1, 2)).square().mean() }
        return try kernel(b, b) + kernel(a, a) - kernel(a, b) * 2
    }
}
