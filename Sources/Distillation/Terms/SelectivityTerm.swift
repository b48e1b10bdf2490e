import Tensors

/// Neuron selectivity transfer: channels normed over space, squared polynomial kernel k(a, b) = (a·b)²:
/// ⟨k(t,t)⟩ + ⟨k(s,s)⟩ − 2⟨k(s,t)⟩.
///
/// Z. Huang, N. Wang, *Like What You Like: Knowledge Distill via Neuron Selectivity Transfer*, arXiv:1707.01219.
public final class SelectivityTerm: PairTerm {
    /// The page of the method; its weight is 50, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "nst",
            "Neuron selectivity: the distributions of the channels' spatial patterns (Huang, Wang, 2017).",
            formula: "⟨k(t,t)⟩ + ⟨k(s,s)⟩ − 2⟨k(s,t)⟩, k = (a·b)²",
            paper: "arXiv:1707.01219. Maps [B, C, H, W]; channels may differ.",
            weight: 50, use: "hard() + {weight} * nst(…).",
            when:
                "maps whose channels mean the same as a set but not one by one; in comparisons it seldom beats attention() and costs C² products.",
            family: .maps, related: ["attention"])
    }

    override class var needsPositions: Bool { true }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

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
