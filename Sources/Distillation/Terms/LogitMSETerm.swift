import Tensors

/// The mean squared difference of the logits: ⟨(z_s − z_t)²⟩ (L. J. Ba, R. Caruana, arXiv:1312.6184).
public final class LogitMSETerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "logit_mse",
            "The mean squared difference of the logits (Ba, Caruana, 2014).",
            formula: "⟨(z_s − z_t)²⟩",
            paper: "arXiv:1312.6184.",
            use: "hard() + logit_mse().",
            when:
                "a student nearly as large as the teacher, or a regression of scores; apart from the logits' means it is the limit of soft(T) for large T.",
            family: .outputs, related: ["soft"])
    }

    /// The term.
    public init(name: String? = nil) { super.init(name: name) }

    /// Probabilities may be compared as well.
    public override var comparesLogits: Bool { false }

    /// Differences with −∞ are infinite.
    public override var comparesNumbers: Bool { true }

    /// The mean squared difference.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let teacher = try input.teacherLogits(for: self)
        try requireEqualLogits(self, input.student.logits, teacher)
        return try (input.student.logits - teacher).square().mean()
    }
}
