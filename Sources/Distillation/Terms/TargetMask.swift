import Tensors

/// The label's class and the others, row by row.
struct TargetMask {
    /// [B, K]: true at the label.
    let isTarget: Tensor

    init(_ term: Term, _ labels: Tensor, classes: Int) throws {
        let numbers = try labels.integers()
        guard labels.rank == 1 else {
            throw DistillationError.option(
                term: term.name, problem: "expected labels in 0..<\(classes), one per row, given \(labels.shape)")
        }
        if let row = numbers.firstIndex(where: { $0 < 0 || $0 >= classes }) {
            throw DistillationError.option(
                term: term.name,
                problem:
                    "the label of row \(row) is \(numbers[row]), expected 0..<\(classes), or \(Labels.none) for none")
        }
        isTarget = try labels.oneHot(classes).to(.bool)
    }

    /// The entry of each row's label, [B].
    func target(_ x: Tensor) throws -> Tensor {
        try Tensor.where(isTarget, .tensor(x), .scalar(.float(0))).sum(dims: [1])
    }

    /// The logits with the label's out of the way: its probability among the others is exactly 0, and its logarithm finite,
    /// so that 0 · log 0 never arises.
    func others(_ logits: Tensor) throws -> Tensor { try logits.maskedFill(isTarget, .float(-.infinity)) }
}
