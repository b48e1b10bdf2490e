import Data
import Learning
import OrderedCollections
import Tensors

/// Progressive self-distillation: cross entropy with (1 − a_t)·y + a_t·p_{t−1}, a_t = alpha·t/epochs.
///
/// No teacher: p_{t−1} is what the network said to the example in the epoch before, remembered from its training step; the
/// epochs t count from 1, and in the first one the target is the label.
/// K. Kim et al., *Self-Knowledge Distillation with Progressive Refinement of Targets* (PS-KD), arXiv:2006.12000.
public final class ProgressiveTerm: Term {
    /// The share of the network's own answer in the targets of the last epoch.
    public let alpha: Double
    private var share = 0.0
    private var predictions: Tensor?

    /// - Throws: ``DistillationError/option(term:problem:)`` for a share outside 0…1.
    public init(alpha: Double = 0.8, name: String? = nil) throws {
        guard alpha >= 0, alpha <= 1 else {
            throw DistillationError.option(
                term: "progressive", problem: "alpha must lie in 0…1, given \(number(alpha))")
        }
        self.alpha = alpha
        super.init("progressive", name: name)
    }

    /// The options as they are written.
    public override var options: String { "alpha=\(number(alpha))" }
    /// The formula.
    public override var formula: String { "−⟨Σ_k ((1−a_t)·y + a_t·p_{t−1})_k log p_k⟩, a_t = alpha·t/epochs" }
    /// The network teaches itself.
    public override var needsTeacher: Bool { false }
    /// Targets begin as labels.
    public override var needsLabels: Bool { true }
    /// The network's last answers, [N, K].
    public override var memory: OrderedDictionary<String, Tensor> { predictions.map { ["predictions": $0] } ?? [:] }

    /// Makes the memory, which begins as the labels.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws {
        guard example.batch.mask == nil, let y = context.data.y, y.rank == 1, !y.dtype.isFloating else {
            throw DistillationError.feature(term: name, problem: "needs one class for each example")
        }
        let classes = example.student.logits.shape.last ?? 1
        _ = try TargetMask(self, y, classes: classes)
        predictions = try y.oneHot(classes).to(.float32)
    }

    /// Sets the share of the network's own answers.
    public override func begin(epoch: Int, of epochs: Int) throws {
        share = alpha * Double(epoch + 1) / Double(max(1, epochs))
    }

    /// The cross entropy with the mixed targets.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let logits = input.student.logits
        let labels = try input.classes(for: self)
        guard logits.rank == 2 else { throw DistillationError.logits(term: name, shape: logits.shape.array) }
        var targets = try TargetMask(self, labels, classes: logits.shape[1]).isTarget.to(logits.dtype)
        if let predictions {
            let before = try predictions.rows(at: input.batch.index).to(logits.dtype)
            targets = try targets * Scalar(1 - share) + before * Scalar(share)
        }
        return try (targets * logits.logSoftmax(dim: 1)).sum() * Scalar(-1 / Double(max(1, logits.shape[0])))
    }

    /// Remembers what the network said.
    public override func stepped(_ input: TermInput) throws {
        guard let predictions else { return }
        try Gradients.disabled {
            let said = try input.student.logits.detach().softmax(dim: 1).to(predictions.dtype)
            try predictions.setIndex([.tensor(input.batch.index)], .tensor(said))
        }
    }
}
