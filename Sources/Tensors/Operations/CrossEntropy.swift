import CKernels

/// How the losses of the examples become one value.
public enum Reduction: String, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// Their sum.
    case sum
    /// As they are.
    case none
    /// Their sum divided by the first size: the mean over examples.
    case batchmean
}

extension Tensor {
    /// Applies a reduction; `batchmean` divides by the first size.
    func reduced(_ reduction: Reduction) throws -> Tensor {
        switch reduction {
        case .none: self
        case .sum: try sum()
        case .mean: try mean()
        case .batchmean: try sum().div(.int(rank == 0 ? 1 : shape[0]))
        }
    }

    /// Cross entropy between logits and labels: -Σ y log softmax(x) over the class dimension 1 (0 for a single example).
    /// - Parameters:
    ///   - target: Class indices [N, …] (int64), or probabilities of the shape of the logits.
    ///   - weight: One factor per class [C].
    ///   - ignoreIndex: A label that counts for nothing.
    ///   - labelSmoothing: The share of the label spread evenly over all classes, in 0 … 1.
    ///   - reduction: `mean` divides by the weights of the labels that count.
    /// - Throws: `TensorError` for shapes that do not fit and for labels outside the classes.
    public func crossEntropy(
        _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, labelSmoothing: Double = 0,
        reduction: Reduction = .mean
    ) throws -> Tensor {
        let name = "cross_entropy"
        try checkLoss(weight, labelSmoothing: labelSmoothing, reduction, name)
        if target.dtype.isFloating { return try softCrossEntropy(target, weight, labelSmoothing, reduction) }
        let layout = try classLayout(target, name)
        // Rows of classes: those of images are moved to the end and the gradient moves back by itself.
        let rows = try classRows(layout)
        let labels = try Kernels.cast(target.values, .int64)
        let recorded = rows.isRecorded
        let n = layout.classes
        let losses = try Values(target.shape, dtype)
        let weights = try Values(target.shape, dtype)
        let gradient = recorded ? try Values(rows.shape, dtype) : nil
        try Kernels.crossEntropy(
            rows.values, labels, weight?.values, smoothing: labelSmoothing, ignore: ignoreIndex, losses, weights,
            gradient,
            n: n)
        let operation = CrossEntropy(rows, losses, weights, gradient, labels.count, n)
        return try operation.result(reduction)
    }

    private func checkLoss(_ weight: Tensor?, labelSmoothing: Double, _ reduction: Reduction, _ name: String) throws {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "float logits")
        }
        guard labelSmoothing >= 0 && labelSmoothing <= 1 else {
            throw TensorError.wrongValue(
                function: name, argument: "label_smoothing", value: "\(labelSmoothing)", expected: "in 0 … 1")
        }
        guard reduction != .batchmean else {
            throw TensorError.wrongValue(
                function: name, argument: "reduction", value: "\"batchmean\"", expected: "\"mean\", \"sum\" or \"none\""
            )
        }
        guard rank > 0 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "logits of [N, C]", argument: 0)
        }
        if let weight {
            let classes = rank == 1 ? shape[0] : shape[1]
            guard weight.shape == [classes] else {
                throw TensorError.wrongShape(
                    function: name, shape: weight.shape, expected: "a weight of [\(classes)]", argument: 2)
            }
            guard weight.dtype == dtype else {
                throw TensorError.unequalDTypes(function: name, first: dtype, second: weight.dtype)
            }
        }
    }

    struct ClassLayout { let classes: Int, dim: Int }

    /// Where the classes are, after checking that the labels have the other dimensions' shape.
    func classLayout(_ target: Tensor, _ name: String) throws -> ClassLayout {
        guard target.dtype != .bool else {
            throw TensorError.wrongDType(function: name, dtype: target.dtype, expected: "class indices (int64)")
        }
        let dim = rank == 1 ? 0 : 1
        guard target.shape == shape.removing(dim) else {
            throw TensorError.wrongShape(
                function: name, shape: target.shape,
                expected: "labels of \(shape.removing(dim)) for logits of \(shape)", argument: 1)
        }
        return ClassLayout(classes: shape[dim], dim: dim)
    }

    /// The tensor with its classes last.
    func classRows(_ layout: ClassLayout) throws -> Tensor {
        layout.dim == rank - 1
            ? self : try permute((0..<rank).filter { $0 != layout.dim } + [layout.dim])
    }

    private func softCrossEntropy(_ target: Tensor, _ weight: Tensor?, _ smoothing: Double, _ reduction: Reduction)
        throws
        -> Tensor
    {
        guard target.shape == shape else {
            throw TensorError.unequalShapes(function: "cross_entropy", first: shape, second: target.shape)
        }
        guard target.dtype == dtype else {
            throw TensorError.unequalDTypes(function: "cross_entropy", first: dtype, second: target.dtype)
        }
        let dim = rank == 1 ? 0 : 1, classes = shape[dim]
        var wanted = target
        if smoothing > 0 {
            wanted = try target.mul(.float(1 - smoothing)).add(.float(smoothing / Double(Swift.max(classes, 1))))
        }
        var logarithms = try logSoftmax(dim: dim)
        if let weight {
            var sizes = [Int](repeating: 1, count: rank)
            sizes[dim] = classes
            logarithms = try logarithms.mul(try weight.reshape(sizes))
        }
        let losses = try logarithms.mul(wanted).sum(dims: [dim]).neg()
        guard reduction == .mean else { return try losses.reduced(reduction) }
        return try losses.sum().div(.int(rank == 1 ? 1 : count / Swift.max(classes, 1)))
    }

    /// Minus the log-probability of each label: the second half of cross entropy.
    public func nllLoss(
        _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean
    ) throws -> Tensor {
        let name = "nll_loss"
        try checkLoss(weight, labelSmoothing: 0, reduction, name)
        let layout = try classLayout(target, name)
        let rows = try classRows(layout)
        let labels = try target.integers()
        let classes = layout.classes
        var kept = [Double](repeating: 0, count: labels.count)
        var positions = [Int](repeating: 0, count: labels.count)
        let factors = try weight?.doubles()
        var ignored = [Bool](repeating: true, count: labels.count)
        for (row, label) in labels.enumerated() where label != ignoreIndex {
            ignored[row] = false
            guard label >= 0 && label < classes else {
                throw TensorError.classOutOfRange(function: name, label: label, row: row, classes: classes)
            }
            kept[row] = factors?[label] ?? 1
            positions[row] = label
        }
        var chosen = try rows.reshape([labels.count, classes]).gather(
            dim: 1, index: try Tensor(positions, shape: [labels.count, 1]))
        // Whatever stands in a row that is ignored, an infinity too, counts for nothing: 0 times it might not.
        if ignored.contains(true) {
            chosen = try chosen.maskedFill(Tensor(ignored, shape: [labels.count, 1]), 0)
        }
        let factor = try Tensor(kept, shape: [labels.count, 1]).to(dtype)
        let losses = try chosen.mul(factor).neg().reshape(target.shape.array)
        guard reduction == .mean else { return try losses.reduced(reduction) }
        return try losses.sum().div(.float(kept.reduce(0, +)))
    }
}

/// Losses of rows with their gradients, computed together: backward only scales.
private final class CrossEntropy: Operation {
    private let losses: Values, weights: Values, slopes: Values?
    private let rows: Int, classes: Int
    private var isReduced = false, divisor = 1.0
    override class var name: String { "cross_entropy" }

    init(_ logits: Tensor, _ losses: Values, _ weights: Values, _ slopes: Values?, _ rows: Int, _ classes: Int) {
        self.losses = losses
        self.weights = weights
        self.slopes = slopes
        self.rows = rows
        self.classes = classes
        super.init(slopes == nil ? nil : logits)
    }

    func result(_ reduction: Reduction) throws -> Tensor {
        var out = losses
        if reduction != .none {
            let all = Array(0..<losses.shape.rank)
            out = try losses.reduced(CK_SUM, dims: all).reshaped(.scalar)
            if reduction == .mean {
                divisor = try weights.reduced(CK_SUM, dims: all).scalar(at: 0).double
                out = try Kernels.binary(CK_DIV, out, scalar: .float(divisor), name: "cross_entropy")
            }
            isReduced = true
        }
        return slopes == nil ? Tensor(out) : Tensor(out, self)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        guard let slopes else { return }
        if isReduced {
            let factor = gradient.scalar(at: 0).double / divisor
            try send(try Kernels.affine(slopes, factor), to: 0, walk)
        } else {
            let matrix = try slopes.reshaped(Shape(rows, classes))
            let column = try gradient.reshaped(Shape(rows, 1))
            let out = try Kernels.binary(CK_MUL, matrix, column, matrix.shape, name: "cross_entropy")
            try send(out.reshaped(slopes.shape), to: 0, walk)
        }
    }
}
