import Tensors

/// Attention transfer: Q = nrm(vec(mean_c |f|^p)); ⟨(Q_s − Q_t)²⟩ per pair, the larger map averaged down.
///
/// S. Zagoruyko, N. Komodakis, *Paying More Attention to Attention*, arXiv:1612.03928.
public final class AttentionTerm: PairTerm {
    /// The page of the method; its weight is 1000, as the authors' β.
    public override class var page: MethodPage {
        MethodPage(
            "attention",
            "Attention transfer: where the maps are active, whatever the channels (Zagoruyko, Komodakis, 2016).",
            formula: "⟨(Q_s − Q_t)²⟩, Q = nrm(vec(mean_c |f|^p))",
            paper: "arXiv:1612.03928. Maps [B, C, H, W]; channels may differ, the larger map is averaged down.",
            weight: 1000, use: "hard() + {weight} * attention([…]), a pair at the end of each stage.",
            when:
                "convolutional networks whose stages correspond; cheap and hard to do harm with, but on rows [B, D] there is nothing to attend to.",
            family: .maps, related: [])
    }

    /// The power of the activations.
    public let power: Double
    override class var needsPositions: Bool { true }

    /// - Throws: ``DistillationError/option(term:problem:)`` for a power that is not positive.
    public init(pairs: [LayerPair] = [], power: Double = 2, name: String? = nil) throws {
        try requirePositive("attention", "p", power)
        self.power = power
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { power == 2 ? "" : "p=\(number(power))" }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        let (s, t) = try Maps.toCommonSize(student, teacher)
        let difference = try map(s) - map(t)
        return try difference.square().mean()
    }

    private func map(_ x: Tensor) throws -> Tensor {
        try requirePositions(x)
        let powered = power == 2 ? try x.square() : try x.abs().pow(Scalar(power))
        return try Rows.normalized(rows(powered.mean(dims: [1])))
    }
}
