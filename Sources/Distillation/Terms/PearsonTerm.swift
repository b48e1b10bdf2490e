import Tensors

/// Pearson features: half the mean squared difference of maps z-scored per channel over batch and space, which is 1 − ρ.
///
/// W. Cao et al., *PKD: General Distillation Framework for Object Detectors via Pearson Correlation Coefficient*,
/// arXiv:2207.02039. A constant channel is compared as zeros.
public final class PearsonTerm: PairTerm {
    /// The page of the method; its weight is 6, as for detectors in the reference implementation.
    public override class var page: MethodPage {
        MethodPage(
            "pearson",
            "Features up to scale and offset: one minus the correlation of each channel (Cao et al., 2022).",
            formula: "½⟨(z(f_s) − z(f_t))²⟩, z per channel over batch and space",
            paper: "arXiv:2207.02039 (PKD).",
            weight: 6, use: "hard() + {weight} * pearson(…).",
            when:
                "features whose scale differs between the networks, such as those of detectors or of networks normalised differently; it needs batches of a good size.",
            family: .maps, related: ["channel", "feature"])
    }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    override class var needsEqualChannels: Bool { true }
    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        let (s, t) = try equalMaps(student, teacher)
        return try (scored(s) - scored(t)).square().mean() * 0.5
    }

    private func scored(_ x: Tensor) throws -> Tensor {
        let centred = try x - x.mean(dims: [0, 2], keepdim: true)
        let variance = try centred.square().mean(dims: [0, 2], keepdim: true)
        let flat = try variance.eq(0)
        return try centred / (variance.maskedFill(flat, 1).sqrt().maskedFill(flat, 0) + 1e-6)
    }
}
