import Tensors

/// The divergence of the two softmaxes over the candidates: T²·(1/B) Σᵢ KL(softmax(t/T) ‖ softmax(s/T)).
///
/// As DistillKLDivLoss of sentence-transformers; Z. Cao et al., *Learning to Rank: From Pairwise Approach to Listwise Approach*,
/// ICML 2007 (ListNet), with the teacher's scores.
public final class ListwiseTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "listwise",
            "The divergence of teacher and student over the candidates of a query (ListNet; Cao et al., 2007).",
            formula: "T²·(1/B) Σᵢ Σ_c p_t (log p_t − log p_s), p = softmax(scores/T) over the candidates",
            paper: "ListNet, ICML 2007; as DistillKLDivLoss of sentence-transformers.",
            use: "listwise(T=1) alone, on scores [N, C] of the candidates of a query.",
            when: "several candidates a query, of which a few are good.",
            remarks: ["Candidates whose grade is nan are left out."],
            family: .orders, related: ["margin_mse", "soft"])
    }

    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(temperature: Double = 1, name: String? = nil) throws {
        try requirePositive("listwise", "T", temperature)
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "T=\(number(temperature))" }
    /// Outputs are scores.
    public override var comparesLogits: Bool { false }

    /// The mean divergence of the rows with a known candidate; B counts those.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let (student, teacher, known) = try Candidates.scores(input, for: self)
        // A row without any keeps its scores, which are 0 on both sides.
        let missing = try (known.amax(dims: [1], keepdim: true) - known).gt(.float(0))
        let sum = try Logits.divergenceSum(
            student: student.maskedFill(missing, .float(-.infinity)),
            teacher: teacher.maskedFill(missing, .float(-.infinity)), temperature: temperature)
        return try sum * Scalar(temperature * temperature / max(1, Self.rows(known)))
    }

    override func divisor(_ input: TermInput) throws -> Double? {
        try Self.rows(Candidates.scores(input, for: self).known)
    }

    /// How many rows have a known candidate.
    private static func rows(_ known: Tensor) throws -> Double {
        known.count == 0 ? 0 : try known.amax(dims: [1]).sum().itemDouble()
    }
}
