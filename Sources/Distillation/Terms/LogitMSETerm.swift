import Tensors

/// The mean squared difference of the logits: ⟨(z_s − z_t)²⟩ (L. J. Ba, R. Caruana, arXiv:1312.6184).
public final class LogitMSETerm: Term {
    /// The term.
    public init(name: String? = nil) { super.init("logit_mse", name: name) }

    /// The formula.
    public override var formula: String { "⟨(z_s − z_t)²⟩" }

    /// Probabilities may be compared as well.
    public override var comparesLogits: Bool { false }

    /// The mean squared difference.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let teacher = try input.teacherLogits(for: self)
        try requireEqualLogits(self, input.student.logits, teacher)
        return try (input.student.logits - teacher).square().mean()
    }
}
