import Glibc
import Learning
import Tensors

/// `soft` with a learned temperature τ = 1 + 20σ(θ) that is trained *against* the student, by gradient reversal.
///
/// The reversed gradient is weighted by a cosine from 0 to −1 over the first `epochs`, so that the task grows harder.
/// Z. Li et al., *Curriculum Temperature for Knowledge Distillation* (CTKD), arXiv:2211.16231 (global temperature).
public final class CurriculumTerm: Term {
    /// The page of the method; its weight is 0.9 beside 0.1 · hard(), as the authors.
    public override class var page: MethodPage {
        MethodPage(
            "ctkd",
            "Soft labels at a learned temperature that makes the task harder as training goes on (Li et al., 2022).",
            formula: "τ²·(1/B) Σ KL(p_t^τ ‖ p_s^τ), τ = 1 + 20σ(θ), θ ascends",
            paper: "arXiv:2211.16231, with one temperature for all examples.",
            weight: 0.9, use: "0.1 * hard() + {weight} * ctkd().",
            when: "when T is not to be searched for; τ is trained along and can be read from run.adapters.",
            family: .temperature, related: ["soft"])
    }

    /// Over how many epochs the adversary gains its full weight.
    public let epochs: Int

    /// - Throws: ``DistillationError/option(term:problem:)`` for fewer than one epoch.
    public init(epochs: Int = 10, name: String? = nil) throws {
        guard epochs >= 1 else {
            throw DistillationError.option(term: "ctkd", problem: "epochs must be at least 1, given \(epochs)")
        }
        self.epochs = epochs
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { epochs == 10 ? "" : "epochs=\(epochs)" }
    /// θ is trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes θ.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        Curriculum(self, try LearnedTemperature())
    }

    /// A curriculum in one run.
    private final class Curriculum: ActiveTerm {
        private let term: CurriculumTerm
        private let temperature: LearnedTemperature
        private var reversal = 0.0

        init(_ term: CurriculumTerm, _ temperature: LearnedTemperature) {
            self.term = term
            self.temperature = temperature
            super.init(modules: ["temperature": temperature]) { _ in
                throw DistillationError.trainedParts(term: term.name)
            }
        }

        /// Sets the weight of the reversed gradient.
        override func begin(epoch: Int, of epochs: Int) throws {
            let phase = min(1, Double(epoch) / Double(term.epochs))
            reversal = (1 + cos(.pi * phase)) / 2 - 1
        }

        /// The divergence at the temperature of the moment.
        override func loss(_ input: TermInput) throws -> Tensor {
            let teacher = try input.teacherLogits(for: term)
            let student = input.student.logits
            try requireEqualLogits(term, student, teacher)
            let forward = try temperature.value(student.dtype)
            // The value of τ with `reversal` times its gradient: reversal·τ + (1 − reversal)·sg(τ).
            let tau = try forward * Scalar(reversal) + forward.detach() * Scalar(1 - reversal)
            let s = try (Logits.shifted(student) / tau).logSoftmax(dim: 1)
            let t = try (Logits.shifted(teacher) / tau).logSoftmax(dim: 1)
            let divergence = try Logits.divergence(t, s).sum() * Scalar(1 / Double(max(1, student.shape[0])))
            return try divergence * tau.square().reshape([])
        }
    }
}

/// τ = 1 + 20σ(θ), θ = 1 at first.
final class LearnedTemperature: Module {
    private let theta: Tensor

    /// - Throws: a limit error when memory is short.
    init(theta: Double = 1) throws {
        self.theta = try Tensor([Float(theta)]).requireGradient()
        super.init()
        register(parameter: self.theta, as: "theta")
    }

    func value(_ dtype: DType) throws -> Tensor { try (theta.to(dtype).sigmoid() * 20 + 1).reshape([1, 1]) }
}
