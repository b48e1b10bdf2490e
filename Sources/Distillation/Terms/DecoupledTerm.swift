import Tensors

/// Decoupled distillation: α·TCKD + β·NCKD, each T²·batchmean.
///
/// TCKD is the divergence of [p_y, 1 − p_y], NCKD that of the softmax over the K − 1 other classes. Per example
/// KD = TCKD + (1 − p_{t,y})·NCKD; decoupling frees NCKD from that weight.
/// B. Zhao et al., *Decoupled Knowledge Distillation*, arXiv:2203.08679; the defaults are the paper's for CIFAR-100.
public final class DecoupledTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "dkd",
            "Decoupled distillation: the label's class and the other classes with weights of their own (Zhao et al., 2022).",
            formula: "α·T²·KL([p_y, 1−p_y]_t ‖ …_s) + β·T²·KL(q_t ‖ q_s), q over the classes k ≠ y",
            paper: "arXiv:2203.08679; the defaults are the authors' for CIFAR-100.",
            use: "hard() + ramp(0, 1, epochs=20) * dkd(), weight 1, ramped up by the authors; it replaces soft().",
            when:
                "classifiers with many classes and a confident teacher, where soft() says little about the other classes; a smaller beta for small students.",
            remarks: ["It needs labels and at least three classes."],
            family: .outputs, related: ["soft"])
    }

    /// The weight of TCKD.
    public let alpha: Double
    /// The weight of NCKD.
    public let beta: Double
    /// T.
    public let temperature: Double
    /// Whether logits are standardised per row first.
    public let standardize: Bool

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(
        alpha: Double = 1, beta: Double = 8, temperature: Double = 4, standardize: Bool = false, name: String? = nil
    ) throws {
        try requirePositive("dkd", "T", temperature)
        self.alpha = alpha
        self.beta = beta
        self.temperature = temperature
        self.standardize = standardize
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String {
        "alpha=\(number(alpha)), beta=\(number(beta)), T=\(number(temperature))"
            + (standardize ? ", standardize=true" : "")
    }
    /// The label divides the classes.
    public override var needsLabels: Bool { true }

    /// With two classes nothing is left for NCKD, and β would do nothing.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        guard example.student.logits.shape.last ?? 0 >= 3 else {
            throw DistillationError.option(
                term: name,
                problem: "needs at least 3 classes: with two, no other classes are left to compare; use soft()")
        }
        return ActiveTerm(loss)
    }

    /// Standardised logits are numbers.
    public override var comparesNumbers: Bool { standardize }

    /// Both parts.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let parts = try parts(input)
        return try parts.target * Scalar(alpha) + parts.others * Scalar(beta)
    }

    /// TCKD and NCKD, each T²·batchmean.
    public func parts(_ input: TermInput) throws -> (target: Tensor, others: Tensor) {
        var student = input.student.logits
        var teacher = try input.teacherLogits(at: standardize ? 1 : temperature, for: self)
        try requireEqualLogits(self, student, teacher)
        if standardize {
            student = try Logits.standardized(student)
            teacher = try Logits.standardized(teacher)
        }
        let mask = try TargetMask(self, try input.classes(for: self), classes: student.shape[1])
        let s = try Split(Logits.scaled(student, temperature), mask)
        let t = try Split(Logits.scaled(teacher, temperature), mask)
        let factor = Scalar(temperature * temperature / Double(max(1, student.shape[0])))
        let binary = try Logits.divergence(t.target, s.target) + Logits.divergence(t.rest, s.rest)
        guard student.shape[1] > 1 else { return (try binary.sum() * factor, try Labels.nothing(student)) }
        let inner = try Logits.divergence(t.others, s.others)
        return (try binary.sum() * factor, try inner.sum() * factor)
    }

    /// log p_y, log(1 − p_y) and the log-probabilities among the other classes.
    private struct Split {
        let target: Tensor
        let rest: Tensor
        let others: Tensor

        init(_ logits: Tensor, _ mask: TargetMask) throws {
            let logarithms = try logits.logSoftmax(dim: 1)
            target = try mask.target(logarithms)
            rest = try mask.others(logarithms).logsumexp(dims: [1])
            others = try mask.others(logits).logSoftmax(dim: 1)
        }
    }
}
