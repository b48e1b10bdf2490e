import Glibc
import Tensors

/// Distillation without a teacher: `soft(T)` from q with q_y = a and (1 − a)/(K − 1) elsewhere, softened to q^(1/T)/Σ.
///
/// L. Yuan et al., *Revisiting Knowledge Distillation via Label Smoothing Regularization* (Tf-KD), arXiv:1909.11723.
public final class VirtualTeacherTerm: Term {
    /// The page of the method; its weight is 0.1 beside 0.9 · hard(): T² = 400 makes the term large.
    public override class var page: MethodPage {
        MethodPage(
            "virtual_teacher",
            "Distillation without a teacher: the label as a softened teacher that is always right (Yuan et al., 2019).",
            formula: "T²·(1/B) Σ KL(softmax(log q / T) ‖ p_s^T), q_y = a, else (1−a)/(K−1)",
            paper: "arXiv:1909.11723 (Tf-KD).",
            weight: 0.1, use: "fit(net, train, loss=0.9 * hard() + {weight} * virtual_teacher()).",
            when: "no teacher is to be had; it is a label smoothing whose strength T and a set, and gains as much.",
            family: .selfTaught, related: ["hard", "fit"])
    }

    /// The virtual teacher's confidence in the label.
    public let a: Double
    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for values outside their range.
    public init(a: Double = 0.99, temperature: Double = 20, name: String? = nil) throws {
        try requirePositive("virtual_teacher", "T", temperature)
        guard a > 0, a < 1 else {
            throw DistillationError.option(
                term: "virtual_teacher", problem: "a must lie between 0 and 1, given \(number(a))")
        }
        self.a = a
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "a=\(number(a)), T=\(number(temperature))" }
    /// The teacher is made of the labels.
    public override var needsTeacher: Bool { false }
    /// The teacher is made of the labels.
    public override var needsLabels: Bool { true }

    /// The divergence from the virtual teacher.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let student = input.student.logits
        guard student.rank == 2, student.shape[1] > 1 else {
            throw DistillationError.logits(term: name, shape: student.shape.array)
        }
        let mask = try TargetMask(self, try input.classes(for: self), classes: student.shape[1])
        let rest = Glibc.log((1 - a) / Double(student.shape[1] - 1))
        let teacher = try mask.isTarget.to(student.dtype) * Scalar(Glibc.log(a) - rest) + Scalar(rest)
        let factor = Scalar(temperature * temperature / Double(max(1, student.shape[0])))
        return try Logits.divergenceSum(student: student, teacher: teacher, temperature: temperature) * factor
    }
}
