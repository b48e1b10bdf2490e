import Tensors

/// Relations instead of values: T²[β(1 − ⟨ρ(rows)⟩) + γ(1 − ⟨ρ(columns)⟩)], ρ Pearson's correlation of p^T.
///
/// T. Huang et al., *Knowledge Distillation from A Stronger Teacher* (DIST), arXiv:2205.10536. A constant row correlates
/// with nothing (ρ = 0).
public final class DistTerm: Term {
    /// 2, as the authors' β = γ = 2 on CIFAR-100.
    public override class var suggestedWeight: Double { 2 }
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
        super.init("dist", name: name)
    }

    /// The options as they are written.
    public override var options: String { "beta=\(number(beta)), gamma=\(number(gamma)), T=\(number(temperature))" }
    /// The formula.
    public override var formula: String { "T²[β(1 − ⟨ρ(rows)⟩) + γ(1 − ⟨ρ(columns)⟩)]" }

    /// One minus the mean correlations.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let logits = try input.teacherLogits(at: temperature, for: self)
        try requireEqualLogits(self, input.student.logits, logits)
        let student = try Logits.scaled(input.student.logits, temperature).softmax(dim: 1)
        let teacher = try Logits.scaled(logits, temperature).softmax(dim: 1)
        let rows = try Correlation.pearson(student, teacher).mean()
        let columns = try Correlation.pearson(student.transposed(), teacher.transposed()).mean()
        let factor = temperature * temperature
        return try (1 - rows) * Scalar(beta * factor) + (1 - columns) * Scalar(gamma * factor)
    }
}
