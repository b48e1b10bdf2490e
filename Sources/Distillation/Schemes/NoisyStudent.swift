import Data
import Learning
import Tensors

/// Rounds of self-training: a teacher labels what has no labels, a noised student learns both, and becomes the teacher.
///
/// Q. Xie, M.-T. Luong, E. Hovy, Q. V. Le, *Self-training with Noisy Student improves ImageNet classification*,
/// arXiv:1911.04252. Pseudo-labels are the teacher's probabilities (soft), computed without noise and, under augmentation,
/// on the plain examples; those whose largest probability is below the threshold are left out. The student's noise is
/// dropout of its own, the augmentation of the data, and Gaussian noise on the inputs.
///
/// - Parameters:
///   - teacher: the first teacher, trained on the labels.
///   - make: gives a newly initialised student, as large as the teacher or larger.
///   - labelled: examples with classes.
///   - unlabelled: examples whose labels, if there are any, are not looked at.
///   - rounds: how often the student becomes the teacher.
///   - threshold: the confidence a pseudo-label needs.
///   - noise: the standard deviation of the noise on the inputs.
/// - Returns: one run for each round; the last one's network is the result.
/// - Throws: ``DistillationError``, ``TrainingError`` and what `make`, the networks and callbacks throw.
public func noisyStudent(
    _ teacher: Module, _ make: () throws -> Module, labelled: Dataset, unlabelled: Dataset, rounds: Int = 2,
    threshold: Double = 0.3, noise: Double = 0.1, options: TrainingOptions = TrainingOptions()
) throws -> [Run] {
    guard rounds >= 1 else {
        throw DistillationError.option(term: "noisy_student", problem: "rounds must be at least 1, given \(rounds)")
    }
    guard (0..<1).contains(threshold), noise >= 0, noise.isFinite else {
        throw DistillationError.option(
            term: "noisy_student", problem: "threshold must lie in 0 ..< 1 and noise must not be negative")
    }
    guard let y = labelled.y, !y.dtype.isFloating else { throw DistillationError.noLabels(term: "noisy_student") }
    var teacher = teacher
    var runs: [Run] = []
    for round in 1...rounds {
        let logits = try predict(teacher, unlabelled)
        guard logits.rank == 2 else {
            throw DistillationError.logits(term: "noisy_student", shape: logits.shape.array)
        }
        try labelled.layout(outputs: logits.shape.array, function: "noisy_student").require(
            [.classes], "noisy_student")
        let probabilities = try logits.softmax(dim: 1)
        let confidences = try probabilities.max(dim: 1).values.doubles()
        let kept = confidences.indices.filter { confidences[$0] >= threshold }
        guard !kept.isEmpty else {
            throw DistillationError.scheme(
                "noisy_student", problem: "no pseudo-label of round \(round) reaches the threshold \(threshold)",
                help: "a smaller threshold, or a better teacher")
        }
        let classes = logits.shape[1]
        let known = try y.oneHot(classes).to(probabilities.dtype)
        let guessed = try probabilities.rows(at: Tensor(kept))
        let data = try Dataset.concat([labelled.withoutLabels(), unlabelled.rows(kept).withoutLabels()])
        let student = try make()
        guard student !== teacher else {
            throw DistillationError.scheme(
                "noisy_student", problem: "the function gave the teacher itself",
                help: "it must make a new network: noisy_student(teacher, () => Sequential(…), …)")
        }
        var own = options
        own.name = "\(options.name ?? "round") \(round)"
        let loss = PseudoLabelLoss(targets: try .concatenated([known, guessed]), noise: noise)
        runs.append(try Trainer(student, data, loss: loss, options: own, function: "noisy_student").train())
        if runs.last?.isInterrupted == true { break }
        teacher = runs.last?.net ?? student
    }
    return runs
}

/// Cross entropy with a stored distribution for each example, on noised inputs: −⟨Σₖ q_k log p_k⟩.
private final class PseudoLabelLoss: TrainingLoss {
    let formula = "−⟨Σₖ q_k log softmax(z_s)_k⟩, q the labels and the teacher's probabilities"
    let termNames = ["pseudo_labels"]
    private let targets: Tensor
    private let noise: Double

    init(targets: Tensor, noise: Double) {
        self.targets = targets
        self.noise = noise
    }

    func prepare(_ context: TrainingContext) throws {
        let probe = try Batches(context.data.withoutAugmentation(), size: min(2, context.batchSize)).batch(0)
        let logits = try inEvaluation(context.student) { try context.student(probe) }
        guard logits.rank == 2, logits.shape[1] == targets.shape[1] else {
            throw DistillationError.unequal(
                term: "noisy_student", student: logits.shape.array, teacher: [logits.shape[0], targets.shape[1]])
        }
    }

    func step(_ student: Module, _ batch: Batch) throws -> StepLoss {
        let logits = try student(batch.input.noised(by: noise), mask: batch.mask)
        let q = try targets.rows(at: batch.index)
        let sum = try q.to(logits.dtype).weighing(logits.logSoftmax(dim: 1)).sum()
        let loss = try sum * Scalar(-1 / Double(max(1, batch.count)))
        return StepLoss(total: loss, terms: [try loss.itemDouble()])
    }
}
