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

extension Logits {
    /// Whether every row is a distribution: then a softmax was applied that the terms apply themselves.
    static func areProbabilities(_ x: Tensor) throws -> Bool {
        guard x.rank >= 2, let classes = x.shape.last, classes > 1, x.count > 0 else { return false }
        return try Gradients.disabled {
            let rows = try x.detach().reshape([x.count / classes, classes])
            guard try rows.min().itemDouble() >= 0 else { return false }
            return try (rows.sum(dims: [1]) - 1).abs().max().itemDouble() < 1e-4
        }
    }
}

/// Correlations of rows.
enum Correlation {
    /// ‖x‖ per row of [N, D] with a derivative of 0 at 0.
    static func norm(_ x: Tensor, dim: Int = 1) throws -> Tensor {
        let squares = try x.square().sum(dims: [dim], keepdim: true)
        let zero = try squares.eq(0)
        return try squares.maskedFill(zero, 1).sqrt().maskedFill(zero, 0)
    }

    /// Pearson's ρ of the rows of a and b, [N, 1]: (a·b)/(‖a‖‖b‖ + ε) of the centred rows; 0 for constant rows.
    static func ofRows(_ a: Tensor, _ b: Tensor, epsilon: Double = 1e-8) throws -> Tensor {
        let left = try a - a.mean(dims: [1], keepdim: true)
        let right = try b - b.mean(dims: [1], keepdim: true)
        let product = try (left * right).sum(dims: [1], keepdim: true)
        return try product / (norm(left) * norm(right) + Scalar(epsilon))
    }
}
