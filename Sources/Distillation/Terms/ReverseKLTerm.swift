import Tensors

/// The reverse divergence T²·KL(s ‖ t), averaged over the rows: what the student says where the teacher does not.
///
/// Y. Gu et al., *MiniLLM*, arXiv:2306.08543, here over the classes of each row and not over sequences that are drawn. At T = 1
/// it is `jsd(beta=1)`.
public final class ReverseKLTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "reverse_kl",
            "The reverse divergence: the student keeps to what the teacher finds likely (Gu et al., 2023).",
            formula: "T²·⟨Σ_k p_s (log p_s − log p_t)⟩, p = softmax(z/T)",
            paper: "MiniLLM, arXiv:2306.08543, of each row's classes. At T = 1 it is jsd(beta=1).",
            use: "reverse_kl(), weight 1.",
            when:
                "language models and large vocabularies, where a small student that covers all the teacher says puts weight between its modes.",
            family: .outputs, related: ["jsd", "soft"])
    }

    /// The temperature.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a temperature that is not positive.
    public init(temperature: Double = 1, name: String? = nil) throws {
        try requirePositive("reverse_kl", "T", temperature)
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { temperature == 1 ? "" : "T=\(number(temperature))" }

    /// What the teacher finds impossible is infinitely wrong.
    public override var comparesNumbers: Bool { true }

    /// The divergence.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let teacher = try input.teacherLogits(at: temperature, for: self)
        try requireEqualLogits(self, input.student.logits, teacher)
        let rows = Double(max(1, input.student.logits.shape[0]))
        return try Logits.divergenceSum(student: teacher, teacher: input.student.logits, temperature: temperature)
            * Scalar(temperature * temperature / rows)
    }
}
