import Glibc
import Tensors

/// The skew divergence KL(t ‖ αt + (1 − α)s), or in reverse KL(s ‖ (1 − α)t + αs), averaged over the rows.
///
/// J. Ko et al., *DistiLLM: Towards Streamlined Distillation for Large Language Models*, arXiv:2402.03898.
public final class SkewKLTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "skew_kl",
            "The divergence from a mixture of both, whose gradients stay small (Ko et al., 2024).",
            formula: "⟨KL(t ‖ αt + (1−α)s)⟩",
            paper: "DistiLLM, arXiv:2402.03898, α = 0.1. T = 1.",
            use: "skew_kl(alpha=0.1), or skew_kl(reverse=true), weight 1.",
            when:
                "language models, where plain KL is large wherever one of both says almost never; alpha=0 is plain KL.",
            remarks: ["reverse=true: ⟨KL(s ‖ (1−α)t + αs)⟩."], family: .outputs, related: ["jsd", "soft"])
    }

    /// How much of the distribution itself is in the mixture.
    public let alpha: Double
    /// Whether it goes out from the student.
    public let isReverse: Bool

    /// - Throws: ``DistillationError/option(term:problem:)`` for an α outside 0 ..< 1.
    public init(alpha: Double = 0.1, isReverse: Bool = false, name: String? = nil) throws {
        guard alpha >= 0, alpha < 1 else {
            throw DistillationError.option(
                term: "skew_kl", problem: "alpha must lie in 0 ..< 1, given \(number(alpha))")
        }
        self.alpha = alpha
        self.isReverse = isReverse
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "alpha=\(number(alpha))" + (isReverse ? ", reverse=true" : "") }
    /// The formula.
    public override var formula: String {
        isReverse ? "⟨KL(s ‖ (1−α)t + αs)⟩" : "⟨KL(t ‖ αt + (1−α)s)⟩"
    }

    /// Without a mixture, what the teacher finds impossible is infinitely wrong.
    public override var comparesNumbers: Bool { isReverse && alpha == 0 }

    /// The divergence.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let teacher = try input.teacherLogits(for: self)
        try requireEqualLogits(self, input.student.logits, teacher)
        let s = try input.student.logits.logSoftmax(dim: 1)
        let t = try teacher.logSoftmax(dim: 1)
        let (own, other) = isReverse ? (s, t) : (t, s)
        let mixture =
            alpha == 0
            ? other
            : try Tensor.stack([own + Scalar(Glibc.log(alpha)), other + Scalar(Glibc.log(1 - alpha))], dim: 0)
                .logsumexp(dims: [0])
        return try Logits.divergence(own, mixture).sum() * Scalar(1 / Double(max(1, s.shape[0])))
    }
}
