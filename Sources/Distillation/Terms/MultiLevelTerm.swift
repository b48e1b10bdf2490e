import Tensors

/// Multi-level logits: Σ_T soft(T) + ‖P_tᵀP_t − P_sᵀP_s‖²/K + ‖P_tP_tᵀ − P_sP_sᵀ‖²/B with P at T = 4.
///
/// Y. Jin, J. Wang, D. Lin, *Multi-Level Logit Distillation*, CVPR 2023.
public final class MultiLevelTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "mlkd",
            "Multi-level logits: several temperatures, and correlations between classes and between examples (Jin et al., 2023).",
            formula: "Σ_T soft(T) + ‖P_tᵀP_t − P_sᵀP_s‖²/K + ‖P_tP_tᵀ − P_sP_sᵀ‖²/B",
            paper:
                "Y. Jin, J. Wang, D. Lin, Multi-Level Logit Distillation, CVPR 2023; the correlations are taken at T = 4.",
            use: "hard() + mlkd().",
            when:
                "long trainings with strong augmentation, for which the authors made it; otherwise soft() is nearly as good.",
            family: .outputs, related: ["soft", "dkd"])
    }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    /// The temperatures of the soft parts.
    public let temperatures: [Double]
    /// T of the class and batch correlations.
    public let correlationTemperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for temperatures that are not positive.
    public init(temperatures: [Double] = [2, 3, 4, 5, 6], correlationTemperature: Double = 4, name: String? = nil)
        throws
    {
        for temperature in temperatures + [correlationTemperature] { try requirePositive("mlkd", "T", temperature) }
        self.temperatures = temperatures
        self.correlationTemperature = correlationTemperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "T=[\(temperatures.map(number).joined(separator: ", "))]" }

    /// All levels.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let student = input.student.logits
        let (rows, classes) = (student.shape.first ?? 1, student.shape.last ?? 1)
        let softened = try input.teacherLogits(at: correlationTemperature, for: self)
        try requireEqualLogits(self, student, softened)
        let p = try Logits.scaled(student, correlationTemperature).softmax(dim: 1)
        let q = try Logits.scaled(softened, correlationTemperature).softmax(dim: 1)
        let byClass = try (q.transposed().matmul(q) - p.transposed().matmul(p)).square().sum()
        let byBatch = try (q.matmul(q.transposed()) - p.matmul(p.transposed())).square().sum()
        var total = try byClass * Scalar(1 / Double(max(1, classes))) + byBatch * Scalar(1 / Double(max(1, rows)))
        for temperature in temperatures {
            let teacher = try input.teacherLogits(at: temperature, for: self)
            let sum = try Logits.divergenceSum(student: student, teacher: teacher, temperature: temperature)
            total = try total + sum * Scalar(temperature * temperature / Double(max(1, rows)))
        }
        return total
    }
}
