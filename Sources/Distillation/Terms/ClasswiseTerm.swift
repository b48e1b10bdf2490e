import Data
import Learning
import Tensors

/// Class-wise self-distillation: T²·(1/B) Σ KL(sg p(x′) ‖ p(x)), x′ another example of the class of x.
///
/// No teacher: the network's own answer to x′, drawn anew in each step and computed without a graph, is the target.
/// S. Yun et al., *Regularizing Class-wise Predictions via Self-knowledge Distillation* (CS-KD), arXiv:2003.13964.
public final class ClasswiseTerm: Term {
    /// T.
    public let temperature: Double
    private var student: Module?
    private var data: Dataset?
    private var members: [Int: [Int]] = [:]

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(temperature: Double = 4, name: String? = nil) throws {
        try requirePositive("cskd", "T", temperature)
        self.temperature = temperature
        super.init("cskd", name: name)
    }

    /// The options as they are written.
    public override var options: String { "T=\(number(temperature))" }
    /// The formula.
    public override var formula: String { "T²·(1/B) Σ KL(sg p(x′)^T ‖ p(x)^T), x′ of the class of x" }
    /// The network teaches itself.
    public override var needsTeacher: Bool { false }
    /// The classes say which examples belong together.
    public override var needsLabels: Bool { true }
    /// On values the second tensor is the answer to x′.
    public override var comparesValues: Bool { true }

    /// Notes which examples belong together.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws {
        guard example.batch.mask == nil, let y = context.data.y, y.rank == 1, !y.dtype.isFloating else {
            throw DistillationError.feature(term: name, problem: "needs one class for each example")
        }
        student = context.student
        data = context.data
        members = [:]
        for (row, label) in try y.integers().enumerated() { members[label, default: []].append(row) }
    }

    /// The divergence from the answers to partners.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let own = input.student.logits
        let partner = try input.teacher?.logits ?? partners(of: input.batch)
        try requireEqualLogits(self, own, partner)
        let factor = Scalar(temperature * temperature / Double(max(1, own.shape[0])))
        return try Logits.divergenceSum(student: own, teacher: partner, temperature: temperature) * factor
    }

    /// What the network says to an example of the same class for each of the batch; one alone in its class is its own.
    private func partners(of batch: Batch) throws -> Tensor {
        guard let student, let data, let y = batch.y else { throw DistillationError.noLabels(term: name) }
        let rows = try zip(batch.index.integers(), y.integers()).map { row, label in
            let others = members[label] ?? [row]
            guard others.count > 1, let place = others.firstIndex(of: row) else { return row }
            let drawn = Randomness.integer(below: others.count - 1)
            return others[drawn < place ? drawn : drawn + 1]
        }
        // The same augmentation as the batch's, drawn for the partners.
        let chosen = try Batches(data.rows(rows), size: rows.count, epoch: batch.epoch).batch(0)
        return try Gradients.disabled { try student(chosen.input) }
    }
}
