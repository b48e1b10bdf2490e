import Glibc
import Tensors

/// Generalised Jensen–Shannon divergence: βKL(t‖m) + (1 − β)KL(s‖m), m = (1 − β)s + βt, averaged over the batch, T = 1.
///
/// β = 0 is KL(t‖s), which is `soft(T=1)`, and β = 1 is KL(s‖t), the reverse divergence.
/// R. Agarwal et al., *On-Policy Distillation of Language Models* (GKD), arXiv:2306.13649.
public final class JensenShannonTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "jsd",
            "The generalised Jensen–Shannon divergence between forward and reverse KL (Agarwal et al., 2023).",
            formula: "β·KL(t‖m) + (1−β)·KL(s‖m), m = (1−β)s + βt",
            paper: "arXiv:2306.13649 (GKD). Averaged over the batch, T = 1.",
            use: "jsd(beta=0.5), weight 1.",
            when:
                "students too small to cover all the teacher says: towards beta=1 it settles on the teacher's modes. For large vocabularies and sequences.",
            family: .outputs, related: ["soft"])
    }

    /// Where between the two divergences.
    public let beta: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a β outside 0…1.
    public init(beta: Double = 0.5, name: String? = nil) throws {
        guard beta >= 0, beta <= 1 else {
            throw DistillationError.option(term: "jsd", problem: "beta must lie in 0…1, given \(number(beta))")
        }
        self.beta = beta
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "beta=\(number(beta))" }

    /// The reverse divergence takes what the teacher finds impossible as infinitely wrong.
    public override var comparesNumbers: Bool { beta == 1 }

    /// The divergence.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let teacher = try input.teacherLogits(for: self)
        try requireEqualLogits(self, input.student.logits, teacher)
        let s = try input.student.logits.logSoftmax(dim: 1)
        let t = try teacher.logSoftmax(dim: 1)
        let share = Scalar(1 / Double(max(1, s.shape[0])))
        func divergence(_ p: Tensor, _ q: Tensor) throws -> Tensor { try Logits.divergence(p, q).sum() * share }
        if beta == 0 { return try divergence(t, s) }
        if beta == 1 { return try divergence(s, t) }
        let m = try Tensor.stack([s + Scalar(Glibc.log(1 - beta)), t + Scalar(Glibc.log(beta))], dim: 0).logsumexp(
            dims: [0])
        return try divergence(t, m) * Scalar(beta) + divergence(s, m) * Scalar(1 - beta)
    }
}
