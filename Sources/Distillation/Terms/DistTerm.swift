import Tensors

/// Relations instead of values: T²[β(1 − ⟨ρ(rows)⟩) + γ(1 − ⟨ρ(columns)⟩)], ρ Pearson's correlation of p^T.
///
/// T. Huang et al., *Knowledge Distillation from A Stronger Teacher* (DIST), arXiv:2205.10536. A constant row correlates
/// with nothing (ρ = 0).
public final class DistTerm: Term {
    /// The page of the method; its weight is 2, as the authors' β = γ = 2 on CIFAR-100.
    public override class var page: MethodPage {
        MethodPage(
            "dist",
            "Relations instead of values: correlation of probabilities within rows and within columns (Huang et al., 2022).",
            formula: "T²[β(1 − ⟨ρ(rows)⟩) + γ(1 − ⟨ρ(columns)⟩)]",
            paper: "arXiv:2205.10536; the formula's weights are 1 here, the authors give 2 to both on CIFAR-100.",
            weight: 2, use: "hard() + {weight} * dist().",
            when:
                "teachers much stronger than the student, whose probabilities it could never match: only their order and proportions are asked for. Batches of some size, as columns are correlated as well.",
            family: .outputs, related: ["soft", "mlkd"])
    }

    /// The weight of the relations between classes (rows).
    public let beta: Double
    /// The weight of the relations between examples (columns).
    public let gamma: Double
    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(beta: Double = 1, gamma: Double = 1, temperature: Double = 1, name: String? = nil) throws {
        try requirePositive("dist", "T", temperature)
        self.beta = beta
        self.gamma = gamma
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "beta=\(number(beta)), gamma=\(number(gamma)), T=\(number(temperature))" }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    /// One minus the mean correlations.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let logits = try input.teacherLogits(at: temperature, for: self)
        try requireEqualLogits(self, input.student.logits, logits)
        let student = try Logits.scaled(input.student.logits, temperature).softmax(dim: 1)
        let teacher = try Logits.scaled(logits, temperature).softmax(dim: 1)
        let rows = try Correlation.ofRows(student, teacher).mean()
        let columns = try Correlation.ofRows(student.transposed(), teacher.transposed()).mean()
        let factor = temperature * temperature
        return try (1 - rows) * Scalar(beta * factor) + (1 - columns) * Scalar(gamma * factor)
    }
}
