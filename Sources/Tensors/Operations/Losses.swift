import CKernels

extension Tensor {
    /// A pair of operands of one loss: shapes must be equal (a silent broadcast would average the wrong thing).
    private func pair(_ target: Tensor, _ name: String) throws -> (Tensor, Tensor) {
        guard shape == target.shape else {
            throw TensorError.unequalShapes(function: name, first: shape, second: target.shape)
        }
        let common = DType.promote(dtype, target.dtype)
        guard common.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: common, expected: "float tensors")
        }
        return (try to(common), try target.to(common))
    }

    private static func checkReduction(_ reduction: Reduction, _ name: String) throws {
        guard reduction != .batchmean else {
            throw TensorError.wrongValue(
                function: name, argument: "reduction", value: "\"batchmean\"", expected: "\"mean\", \"sum\" or \"none\""
            )
        }
    }

    /// (x - y)²
    public func mseLoss(_ target: Tensor, reduction: Reduction = .mean) throws -> Tensor {
        try Tensor.checkReduction(reduction, "mse_loss")
        let (x, y) = try pair(target, "mse_loss")
        return try x.sub(y).square().reduced(reduction)
    }

    /// |x - y|
    public func l1Loss(_ target: Tensor, reduction: Reduction = .mean) throws -> Tensor {
        try Tensor.checkReduction(reduction, "l1_loss")
        let (x, y) = try pair(target, "l1_loss")
        return try x.sub(y).abs().reduced(reduction)
    }

    /// (x - y)² / 2β where |x - y| < β, else |x - y| - β / 2.
    public func smoothL1Loss(_ target: Tensor, reduction: Reduction = .mean, beta: Double = 1) throws -> Tensor {
        try Tensor.checkReduction(reduction, "smooth_l1_loss")
        guard beta >= 0 else {
            throw TensorError.wrongValue(
                function: "smooth_l1_loss", argument: "beta", value: "\(beta)", expected: "at least 0")
        }
        let (x, y) = try pair(target, "smooth_l1_loss")
        let difference = try x.sub(y), distance = try difference.abs()
        if beta == 0 { return try distance.reduced(reduction) }
        let small = try difference.square().mul(.float(0.5 / beta)), large = try distance.sub(.float(beta / 2))
        // Asked so that NaN is not large: the slope of |x| there is 0, and NaN would be lost.
        return try Tensor.where(try distance.ge(.float(beta)), .tensor(large), .tensor(small)).reduced(reduction)
    }

    /// (x - y)² / 2 where |x - y| < δ, else δ (|x - y| - δ / 2).
    public func huberLoss(_ target: Tensor, reduction: Reduction = .mean, delta: Double = 1) throws -> Tensor {
        try Tensor.checkReduction(reduction, "huber_loss")
        guard delta > 0 else {
            throw TensorError.wrongValue(
                function: "huber_loss", argument: "delta", value: "\(delta)", expected: "above 0")
        }
        let (x, y) = try pair(target, "huber_loss")
        let difference = try x.sub(y), distance = try difference.abs()
        let small = try difference.square().mul(0.5), large = try distance.sub(.float(delta / 2)).mul(.float(delta))
        return try Tensor.where(try distance.ge(.float(delta)), .tensor(large), .tensor(small)).reduced(reduction)
    }

    /// Kullback-Leibler divergence y (log y - x) for log-probabilities x. The default `mean` averages over elements, as in
    /// PyTorch; the divergence of distributions is `batchmean`.
    /// - Parameter logTarget: Whether the target holds log-probabilities too.
    public func klDiv(_ target: Tensor, reduction: Reduction = .mean, logTarget: Bool = false) throws -> Tensor {
        let (x, y) = try pair(target, "kl_div")
        let shape = x.shape
        let probabilities = logTarget ? try Kernels.unary(CK_EXP, y.values) : y.values
        var logarithms = y.values
        if !logTarget {
            let zero = try Kernels.filled(.scalar, y.dtype, 0)
            let empty = try Kernels.compare(CK_EQ, y.values, zero, shape)
            logarithms = try Kernels.choose(empty, zero, try Kernels.unary(CK_LOG, y.values), shape)
        }
        // With log y taken as 0 where y is 0, the product is 0 there, as it must be.
        let difference = try Kernels.binary(CK_SUB, logarithms, x.values, shape, name: "kl_div")
        let losses = try Kernels.binary(CK_MUL, probabilities, difference, shape, name: "kl_div")
        let recorded = (x.requiresGradient || y.requiresGradient) && Gradients.isEnabled
        let result =
            recorded
            ? Tensor(losses, Divergence(x, y, probabilities, difference, logTarget: logTarget)) : Tensor(losses)
        return try result.reduced(reduction)
    }

    /// max(x, 0) - x y + log(1 + e^-|x|): cross entropy of logits with probabilities of two classes.
    /// - Parameters:
    ///   - weight: Factors that broadcast to the losses.
    ///   - positiveWeight: Factors of the positive part, broadcast to the losses.
    public func binaryCrossEntropyWithLogits(
        _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean, positiveWeight: Tensor? = nil
    ) throws -> Tensor {
        let name = "binary_cross_entropy_with_logits"
        try Tensor.checkReduction(reduction, name)
        let (x, y) = try pair(target, name)
        // log(1 + e^-x), without overflow, is softplus(-x).
        let negative = try x.neg().softplus(beta: 1, threshold: 40)
        var losses = try y.neg().add(1).mul(x)
        if let positiveWeight {
            losses = try losses.add(try y.mul(positiveWeight.sub(1)).add(1).mul(negative))
        } else {
            losses = try losses.add(negative)
        }
        if let weight { losses = try losses.mul(weight) }
        return try losses.reduced(reduction)
    }

    /// Σ x y / (|x| |y|) along a dimension, each norm at least eps.
    public func cosineSimilarity(_ other: Tensor, dim: Int = 1, eps: Double = 1e-8) throws -> Tensor {
        let name = "cosine_similarity"
        let shape = try Shape.broadcast(self.shape, other.shape, for: name)
        let common = DType.promote(dtype, other.dtype)
        guard common.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: common, expected: "float tensors")
        }
        let x = try to(common).expanded(to: shape), y = try other.to(common).expanded(to: shape)
        let d = try shape.dimension(dim, for: name)
        let left = try x.square().sum(dims: [d]).clamp(min: .float(eps * eps)).sqrt()
        let right = try y.square().sum(dims: [d]).clamp(min: .float(eps * eps)).sqrt()
        return try x.mul(y).sum(dims: [d]).div(left.mul(right))
    }

    /// 1 - cos(x, y) for labels 1, max(0, cos(x, y) - margin) for labels -1.
    public func cosineEmbeddingLoss(
        _ other: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
    ) throws -> Tensor {
        let name = "cosine_embedding_loss"
        try Tensor.checkReduction(reduction, name)
        guard shape == other.shape else {
            throw TensorError.unequalShapes(function: name, first: shape, second: other.shape)
        }
        guard rank == 1 || rank == 2 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "[N, D] or [D]", argument: 0)
        }
        guard target.shape == shape.removing(rank - 1) else {
            throw TensorError.wrongShape(
                function: name, shape: target.shape, expected: "labels of \(shape.removing(rank - 1))", argument: 2)
        }
        // PyTorch's constant: the norms carry an epsilon under the root.
        func squared(_ x: Tensor) throws -> Tensor { try x.square().sum(dims: [-1]).add(1e-12) }
        let products = try mul(other).sum(dims: [-1])
        let similarity = try products.div(try squared(self).mul(squared(other)).sqrt())
        let apart = try similarity.sub(.float(margin)).clamp(min: 0)
        let together = try similarity.neg().add(1)
        let zero = try similarity.detach().zerosLike()
        let positive = try Tensor.where(try target.eq(1), .tensor(together), .tensor(zero))
        let negative = try Tensor.where(try target.eq(-1), .tensor(apart), .tensor(zero))
        return try positive.add(negative).reduced(reduction)
    }

    /// x / max(‖x‖ₚ, eps) along a dimension.
    public func normalize(p: Double = 2, dim: Int = 1, eps: Double = 1e-12) throws -> Tensor {
        let d = try shape.dimension(dim, for: "normalize")
        return try div(try norm(p: p, dims: [d], keepdim: true).clamp(min: .float(eps)))
    }
}

/// ℓ = y (log y - x): dx = -y g, dy = (log y - x + 1) g, or with log-probabilities y: dy = eʸ (y - x + 1) g
private final class Divergence: Operation {
    private let probabilities: Values, difference: Values, logTarget: Bool
    override class var name: String { "kl_div" }

    init(_ x: Tensor, _ y: Tensor, _ probabilities: Values, _ difference: Values, logTarget: Bool) {
        self.probabilities = probabilities
        self.difference = difference
        self.logTarget = logTarget
        super.init(x, y)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let shape = gradient.shape
        if needs(0) {
            let product = try Kernels.binary(CK_MUL, gradient, probabilities, shape, name: "kl_div")
            try send(try Kernels.affine(product, -1), to: 0, walk)
        }
        if needs(1) {
            let slope = try Kernels.affine(difference, 1, 1)
            let product =
                logTarget
                ? try Kernels.product(gradient, slope, probabilities)
                : try Kernels.binary(CK_MUL, gradient, slope, shape, name: "kl_div")
            try send(product, to: 1, walk)
        }
    }
}
