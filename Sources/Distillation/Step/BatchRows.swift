import Data
import Learning
import Tensors

/// The rows of one batch that count, with their labels and weights, as every term gets them.
struct BatchRows {
    let layout: TaskLayout
    let rows: TargetRows
    let labels: Tensor?
    private let classWeights: Tensor?
    private let rowWeights: Tensor?

    init(
        _ layout: TaskLayout?, _ batch: Batch, outputs: [Int], weights: LabelWeights, _ function: String
    ) throws {
        let layout = layout ?? TaskLayout(rows: outputs.last ?? 1)
        let rows = try TargetRows(layout, mask: batch.mask, outputs: outputs, function: function)
        self.layout = layout
        self.rows = rows
        labels = try batch.y.map(rows.targets)
        classWeights = weights.classes
        rowWeights = try weights.samples.map { samples in
            // An example's weight is that of each of its positions.
            let own = try samples.rows(at: batch.index)
            let shape = outputs.indices.map { $0 == layout.classDim ? 1 : outputs[$0] }
            let spread = try own.reshape([own.count] + Array(repeating: 1, count: shape.count - 1)).expand(shape)
            let inner = shape.reduce(1, *)
            return try rows.positions(spread.reshape([inner]))
        }
    }

    /// A step with what is known of the labels.
    func completed(_ input: TermInput) -> TermInput {
        input.completed(layout: layout, rowWeights: rowWeights, classWeights: classWeights)
    }
}

extension TaskLayout {
    /// Refuses tasks that a method has no form for.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)``.
    func require(_ tasks: Set<LearningTask>, _ name: String) throws {
        guard let task, !tasks.contains(task) else { return }
        throw DistillationError.option(
            term: name,
            problem:
                "is for the task \(tasks.map(\.rawValue).sorted().joined(separator: " or ")), and this is \(task.rawValue)"
        )
    }
}

extension Term {
    /// Refuses a task that the term has no form for, and labels outside the classes.
    ///
    /// - Throws: ``DistillationError``, and ``Data/DataError`` for a label that is no class.
    func check(_ layout: TaskLayout, _ data: Dataset, function: String) throws {
        try requireForm(ofOneLogit: layout.width == 1, isBernoulli: layout.isBernoulli)
        if comparesLogits, layout.task == .numbers || layout.task == .ranking {
            throw needsLabels
                ? DistillationError.labels(term: name, dtype: data.y?.dtype ?? .float32)
                : DistillationError.option(
                    term: name,
                    problem:
                        "compares logits, and the task is \(layout.task?.rawValue ?? ""): logit_mse() compares numbers, "
                        + "regression() is the label term")
        }
        if needsLabels, let y = data.y {
            try layout.check(labels: y, of: data.name, mask: data.mask, function: function)
        }
    }

    /// Refuses logits of their own where the term compares classes that exclude each other.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)``.
    func requireForm(ofOneLogit isOne: Bool, isBernoulli: Bool) throws {
        guard comparesLogits, isBernoulli, !hasBernoulliForm else { return }
        throw DistillationError.option(
            term: name,
            problem: isOne
                ? "one output, and softmax of one logit is 1 whatever it is: soft() and hard() have a form for it"
                : "compares classes that exclude each other, and the task is multilabel: soft() and hard() have a form for it"
        )
    }
}
