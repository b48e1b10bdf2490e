import Tensors

/// Inter-channel correlation: G = row-nrm(F Fᵀ) between channels of each example; Σ (G_s − G_t)²/(C·B²).
///
/// L. Liu et al., *Exploring Inter-Channel Correlation for Diversity-Preserved Knowledge Distillation* (ICKD), ICCV 2021.
public final class InterChannelTerm: PairTerm {
    /// The page of the method; its weight is 2.5, as in the authors' script for CIFAR-100.
    public override class var page: MethodPage {
        MethodPage(
            "icc",
            "Inter-channel correlation: which channels go together (Liu et al., 2021).",
            formula: "Σ (G_s − G_t)²/(C·B²), G = row-nrm(F Fᵀ) between channels",
            paper: "L. Liu et al., Exploring Inter-Channel Correlation (ICKD), ICCV 2021.",
            weight: 2.5,
            use:
                "hard() + {weight} * icc(…). The authors' code for CIFAR divides by C·B: at batch 64 that is 160 * icc(…).",
            when: "the last maps of image classifiers, as a complement of soft().",
            family: .maps, related: [])
    }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    override class var needsEqualChannels: Bool { true }
    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        let s = try gram(student)
        let t = try gram(teacher)
        guard s.shape == t.shape else {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
        return try (s - t).square().sum() * Scalar(1 / Double(max(1, s.shape[1] * s.shape[0] * s.shape[0])))
    }

    private func gram(_ x: Tensor) throws -> Tensor {
        let maps = try Maps.flattened(x)
        return try Rows.normalized(maps.bmm(maps.transpose(1, 2)))
    }
}
