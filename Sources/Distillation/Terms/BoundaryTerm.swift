import Tensors

/// Activation boundaries: Σ[(s + m)²·1(s > −m, t ≤ 0) + (s − m)²·1(s ≤ m, t > 0)]/B on pre-activations.
///
/// B. Heo et al., *Knowledge Transfer via Distillation of Activation Boundaries*, arXiv:1811.03233.
public final class BoundaryTerm: PairTerm {
    /// The page of the method; its weight is 0.003, the factor that RepDistiller applies to the sum.
    public override class var page: MethodPage {
        MethodPage(
            "boundary",
            "Activation boundaries: the student's neurons are on where the teacher's are (Heo et al., 2018).",
            formula: "Σ[(s+m)²·1(s>−m, t≤0) + (s−m)²·1(s≤m, t>0)]/B",
            paper: "arXiv:1811.03233. On pre-activations: name the layer before the ReLU.",
            weight: 3e-3,
            use:
                "the authors' two stages: soft() + {weight} * boundary(…, hint_epochs=5); 0.003 is the factor of RepDistiller.",
            when: "starting values for small students and for little data.",
            family: .activations, related: ["fitnet"])
    }

    /// The margin m.
    public let margin: Double
    override class var needsEqualChannels: Bool { true }
    override class var needsEqualSizes: Bool { true }

    /// A term for some pairs.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for a margin that is not positive.
    public init(pairs: [LayerPair] = [], margin: Double = 1, name: String? = nil) throws {
        try requirePositive("boundary", "m", margin)
        self.margin = margin
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { margin == 1 ? "" : "m=\(number(margin))" }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        guard student.shape == teacher.shape else {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
        // relu(s + m)² and relu(m − s)² are the squares where their condition on s holds, and 0 elsewhere.
        let off = try (student + Scalar(margin)).relu().square() * teacher.le(0).to(student.dtype)
        let on = try (Scalar(margin) - student).relu().square() * teacher.gt(0).to(student.dtype)
        return try (off + on).sum() * Scalar(1 / Double(max(1, student.shape.first ?? 1)))
    }
}
