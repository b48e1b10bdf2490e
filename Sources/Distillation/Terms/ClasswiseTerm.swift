import Data
import Learning
import Tensors

/// Class-wise self-distillation: T²·(1/B) Σ KL(sg p(x′) ‖ p(x)), x′ another example of the class of x.
///
/// No teacher: the network's own answer to x′, drawn anew in each step and computed without a graph, is the target.
/// S. Yun et al., *Regularizing Class-wise Predictions via Self-knowledge Distillation* (CS-KD), arXiv:2003.13964.
public final class ClasswiseTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "cskd",
            "Class-wise self-distillation: another example of the class is to be answered alike (Yun et al., 2020).",
            formula: "T²·(1/B) Σ KL(sg p(x′)^T ‖ p(x)^T), x′ of the class of x",
            paper: "arXiv:2003.13964.",
            use: "fit(net, train, loss=hard() + cskd()), the authors' λ = 1.",
            when:
                "fine-grained classes with few examples each, where networks grow overconfident; every step runs the network once more.",
            remarks: [
                "x′ is drawn anew in each step, augmented as the batch is, and run in training mode without a graph. On values: cskd()(logits, partner_logits)."
            ],
            family: .selfTaught, related: ["fit"])
    }

    /// T.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a T that is not positive.
    public init(temperature: Double = 4, name: String? = nil) throws {
        try requirePositive("cskd", "T", temperature)
        self.temperature = temperature
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "T=\(number(temperature))" }
    /// The network teaches itself.
    public override var needsTeacher: Bool { false }
    /// The classes say which examples belong together.
    public override var needsLabels: Bool { true }
    /// On values the second tensor is the answer to x′.
    public override var comparesValues: Bool { true }

    /// Notes which examples belong together.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        guard example.batch.mask == nil, let y = context.data.y, y.rank == 1, !y.dtype.isFloating else {
            throw DistillationError.feature(term: name, problem: "needs one class for each example")
        }
        var members: [Int: [Int]] = [:]
        for (row, label) in try y.integers().enumerated() where label != Labels.none {
            members[label, default: []].append(row)
        }
        return ActiveTerm { [self, members] input in
            try divergence(
                input.student.logits,
                input.teacher?.logits ?? partners(of: input.batch, among: members, in: context.data, context.student))
        }
    }

    /// The divergence from the answers to partners, which on values are given in the teacher's place.
    public override func loss(_ input: TermInput) throws -> Tensor {
        guard let partner = input.teacher else { throw DistillationError.trainedParts(term: name) }
        return try divergence(input.student.logits, partner.logits)
    }

    private func divergence(_ own: Tensor, _ partner: Tensor) throws -> Tensor {
        try requireEqualLogits(self, own, partner)
        let factor = Scalar(temperature * temperature / Double(max(1, own.shape[0])))
        return try Logits.divergenceSum(student: own, teacher: partner, temperature: temperature) * factor
    }

    /// What the network says to an example of the same class for each of the batch; one alone in its class is its own.
    private func partners(
        of batch: Batch, among members: [Int: [Int]], in data: Dataset, _ student: Module
    ) throws -> Tensor {
        guard let y = batch.y else { throw DistillationError.noLabels(term: name) }
        let rows = try zip(batch.index.integers(), y.integers()).map { row, label in
            let others = members[label] ?? [row]
            guard others.count > 1, let place = others.firstIndex(of: row) else { return row }
            let drawn = Randomness.integer(below: others.count - 1)
            return others[drawn < place ? drawn : drawn + 1]
        }
        // The same augmentation as the batch's, drawn for the partners.
        let chosen = try Batches(data.rows(rows), size: rows.count, epoch: batch.epoch).batch(0)
        return try Gradients.disabled { try student(chosen) }
    }
}
