import Tensors

/// Normalised distillation: −⟨p_{t,y} log p_{s,y}⟩ − γT²⟨Σ_{k≠y} q_t log q_s⟩, q the softmax over non-targets at T.
///
/// Z. Yang et al., *From Knowledge Distillation to Self-Knowledge Distillation* (NKD), arXiv:2303.13005. When the student
/// equals the teacher its second part is at its minimum, γT² times the entropy of q_t; the first falls as p_{s,y} grows.
public final class NormalizedTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "nkd",
            "Normalised distillation: the teacher's probability of the label, and the other classes renormalised (Yang et al., 2023).",
            formula: "−⟨p_{t,y} log p_{s,y}⟩ − γT²⟨Σ_{k≠y} q_t log q_s⟩",
            paper: "arXiv:2303.13005.",
            use: "hard() + nkd().",
            when: "the same cases as dkd(), with one weight to set.",
            remarks: [
                "It needs labels. It is not 0 when the student equals the teacher: the other classes' part is the teacher's entropy then, its minimum."
            ],
            family: .outputs, related: ["soft", "dkd"])
    }

    /// The weight of the non-target part.
    public let gamma: Double
    /// T of the non-target part.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(gamma: Double = 1.5, temperature: Double = 1, name: String? = nil) throws {
        try requirePositive("nkd", "T", temperature)
        self.gamma = gamma
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "gamma=\(number(gamma)), T=\(number(temperature))" }
    /// The label divides the classes.
    public override var needsLabels: Bool { true }

    /// Target and non-target part.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let student = input.student.logits
        let teacher = try input.teacherLogits(for: self)
        try requireEqualLogits(self, student, teacher)
        let mask = try TargetMask(self, try input.classes(for: self), classes: student.shape[1])
        let share = Scalar(-1 / Double(max(1, student.shape[0])))
        let target = try mask.target(teacher.softmax(dim: 1)).weighing(mask.target(student.logSoftmax(dim: 1)))
        guard student.shape[1] > 1 else { return try target.sum() * share }
        let own = try mask.others(Logits.scaled(student, temperature)).logSoftmax(dim: 1)
        let other = try mask.others(
            Logits.scaled(try input.teacherLogits(at: temperature, for: self), temperature)
        ).softmax(dim: 1)
        let rest = try other.weighing(own).sum()
        return try target.sum() * share + rest * share * Scalar(gamma * temperature * temperature)
    }
}
