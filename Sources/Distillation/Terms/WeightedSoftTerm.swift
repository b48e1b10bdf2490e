import Tensors

/// Weighted soft labels: T²⟨w·CE(p_t^T, p_s^T)⟩ with w = sg(1 − exp(−CE_s/(CE_t + 1e-7))), CE of the labels at T = 1.
///
/// H. Zhou et al., *Rethinking Soft Labels for Knowledge Distillation: A Bias-Variance Tradeoff Perspective* (WSLD),
/// arXiv:2102.00650. Examples the student has learned better than the teacher count less.
public final class WeightedSoftTerm: Term {
    /// The page of the method; its weight is 2.5, the authors' α.
    public override class var page: MethodPage {
        MethodPage(
            "wsld",
            "Weighted soft labels: examples that the student knows better than the teacher count less (Zhou et al., 2021).",
            formula: "T²⟨w·CE(p_t^T, p_s^T)⟩, w = sg(1 − exp(−CE_s/(CE_t + 1e-7)))",
            paper: "arXiv:2102.00650.",
            weight: 2.5, use: "hard() + {weight} * wsld(), the authors' weight.",
            when: "teachers that are often wrong or overconfident.",
            remarks: ["It needs labels."],
            family: .outputs, related: ["soft"])
    }

    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(temperature: Double = 2, name: String? = nil) throws {
        try requirePositive("wsld", "T", temperature)
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "T=\(number(temperature))" }
    /// The weights come from the labels' losses.
    public override var needsLabels: Bool { true }

    /// The weighted cross entropies.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let student = input.student.logits
        let teacher = try input.teacherLogits(for: self)
        try requireEqualLogits(self, student, teacher)
        let mask = try TargetMask(self, try input.classes(for: self), classes: student.shape[1])
        let weight = try Gradients.disabled {
            let own = try -mask.target(student.logSoftmax(dim: 1))
            let other = try -mask.target(teacher.logSoftmax(dim: 1))
            // Not 1 − exp(…), which has no digits left where the student is almost certain.
            return try -(-(own / (other + 1e-7))).expm1()
        }
        let softened = try Logits.scaled(try input.teacherLogits(at: temperature, for: self), temperature).softmax(
            dim: 1)
        let entropy = try softened.weighing(Logits.scaled(student, temperature).logSoftmax(dim: 1)).sum(dims: [1])
        return try (weight * entropy).mean() * Scalar(-temperature * temperature)
    }
}
