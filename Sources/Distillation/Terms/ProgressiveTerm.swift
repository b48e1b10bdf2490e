import Data
import Learning
import Tensors

/// Progressive self-distillation: cross entropy with (1 − a_t)·y + a_t·p_{t−1}, a_t = alpha·t/epochs.
///
/// No teacher: p_{t−1} is what the network said to the example in the epoch before, remembered from its training step; the
/// epochs t count from 1, and in the first one the target is the label.
/// K. Kim et al., *Self-Knowledge Distillation with Progressive Refinement of Targets* (PS-KD), arXiv:2006.12000.
public final class ProgressiveTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "progressive",
            "Progressive self-distillation: the network's answers of the epoch before soften the labels, more in each epoch (Kim et al., 2021).",
            formula: "−⟨Σ_k ((1−a_t)·y + a_t·p_{t−1})_k log p_k⟩, a_t = alpha·t/epochs",
            paper: "arXiv:2006.12000 (PS-KD).",
            use: "fit(net, train, loss=progressive()) in place of hard().",
            when: "long trainings without a teacher; calibration gains more than accuracy.",
            remarks: [
                "It keeps one row of probabilities for every example; they belong to the run and are saved in its checkpoints."
            ],
            family: .selfTaught, related: ["cskd", "hard", "fit"])
    }

    /// The share of the network's own answer in the targets of the last epoch.
    public let alpha: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a share outside 0…1.
    public init(alpha: Double = 0.8, name: String? = nil) throws {
        guard alpha >= 0, alpha <= 1 else {
            throw DistillationError.option(
                term: "progressive", problem: "alpha must lie in 0…1, given \(number(alpha))")
        }
        self.alpha = alpha
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "alpha=\(number(alpha))" }
    /// The network teaches itself.
    /// Its targets change from the first epoch to the last.
    public override var dependsOnEpochs: Bool { true }
    public override var needsTeacher: Bool { false }
    /// Targets begin as labels.
    public override var needsLabels: Bool { true }

    /// Makes the memory, which begins as the labels.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        guard example.batch.mask == nil, let y = context.data.y, y.rank == 1, !y.dtype.isFloating else {
            throw DistillationError.feature(term: name, problem: "needs one class for each example")
        }
        let classes = example.student.logits.shape.last ?? 1
        // Before the first epoch a row without a label expects nothing.
        let named = try y.ne(.int(Labels.none))
        let labels = try y.maskedFill(y.eq(.int(Labels.none)), 0)
        _ = try TargetMask(self, labels, classes: classes)
        return Progress(self, try labels.oneHot(classes).to(.float32) * named.to(.float32).unsqueeze(dim: 1))
    }

    /// The cross entropy with the labels, as in the first epoch.
    public override func loss(_ input: TermInput) throws -> Tensor { try entropy(input) { $0 } }

    /// The cross entropy with targets that `mixed` makes of the labels, [B, K].
    private func entropy(_ input: TermInput, _ mixed: (Tensor) throws -> Tensor) throws -> Tensor {
        let logits = input.student.logits
        let labels = try input.classes(for: self)
        guard logits.rank == 2 else { throw DistillationError.logits(term: name, shape: logits.shape.array) }
        let targets = try mixed(TargetMask(self, labels, classes: logits.shape[1]).isTarget.to(logits.dtype))
        return try targets.weighing(logits.logSoftmax(dim: 1)).sum() * Scalar(-1 / Double(max(1, logits.shape[0])))
    }

    /// The progress of one run.
    private final class Progress: ActiveTerm {
        private let term: ProgressiveTerm
        private var share = 0.0
        /// The network's last answers, [N, K].
        private let predictions: Tensor

        init(_ term: ProgressiveTerm, _ predictions: Tensor) {
            self.term = term
            self.predictions = predictions
            super.init(memory: ["predictions": predictions], term.loss)
        }

        /// Sets the share of the network's own answers.
        override func begin(epoch: Int, of epochs: Int) throws {
            share = term.alpha * Double(epoch + 1) / Double(max(1, epochs))
        }

        /// The cross entropy with the mixed targets.
        override func loss(_ input: TermInput) throws -> Tensor {
            try term.entropy(input) { targets in
                let before = try predictions.rows(at: input.batch.index).to(targets.dtype)
                return try targets * Scalar(1 - share) + before * Scalar(share)
            }
        }

        /// Remembers what the network said.
        override func stepped(_ input: TermInput) throws {
            try Gradients.disabled {
                let said = try input.student.logits.detach().softmax(dim: 1).to(predictions.dtype)
                try predictions.setIndex([.tensor(input.batch.index)], .tensor(said))
            }
        }
    }
}
