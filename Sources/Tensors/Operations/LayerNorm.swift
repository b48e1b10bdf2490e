import CKernels

extension Tensor {
    /// (x - mean) / √(variance + eps) · weight + bias over the last dimensions, as `torch.nn.functional.layer_norm` (Ba et
    /// al., 2016).
    /// - Parameters:
    ///   - shape: The sizes of the dimensions that are normalised together.
    ///   - weight: Of that shape.
    ///   - bias: Of that shape.
    ///   - eps: Added to the variance.
    /// - Throws: `TensorError` when shapes or dtypes do not fit.
    public func layerNorm(_ shape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) throws
        -> Tensor
    {
        let name = "layer_norm"
        guard !shape.isEmpty, self.shape.array.suffix(shape.count).elementsEqual(shape) else {
            throw TensorError.wrongShape(
                function: name, shape: self.shape,
                expected: "last dimensions [\(shape.map(String.init).joined(separator: ", "))]",
                argument: 0)
        }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        for case (let tensor?, let argument, let title) in [(weight, 2, "weight"), (bias, 3, "bias")] {
            guard tensor.shape == shape else {
                throw TensorError.wrongShape(
                    function: name, shape: tensor.shape,
                    expected: "a \(title) of [\(shape.map(String.init).joined(separator: ", "))]", argument: argument)
            }
            guard tensor.dtype == dtype else {
                throw TensorError.unequalDTypes(function: name, first: dtype, second: tensor.dtype)
            }
        }
        let n = shape.reduce(1, *)
        return try rowsNormalized(n, weight, bias, eps)
            .traced(
                .layerNorm(Graph.LayerNormalization(axes: shape.count, eps: eps)),
                [operand, weight?.operand, bias?.operand])
    }

    /// Each row of n elements normalised.
    func rowsNormalized(_ n: Int, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double) throws -> Tensor {
        let rows = n == 0 ? 0 : count / n
        let out = try Values(shape, dtype)
        let mean = try Values(Shape(rows), dtype), inverse = try Values(Shape(rows), dtype)
        if rows > 0 {
            let x = try values.rowMajor(), weight = try weight?.values.rowMajor(), bias = try bias?.values.rowMajor()
            ck_layer_norm(
                dtype.code, x.raw, weight?.raw, bias?.raw, eps, out.raw, mean.raw, inverse.raw,
                Int64(rows), Int64(n))
        }
        let inputs = requiresGradient || weight?.requiresGradient == true || bias?.requiresGradient == true
        let isRecorded = inputs && Gradients.isEnabled
        return isRecorded
            ? Tensor(out, LayerNormOperation(self, weight, bias, mean, inverse, rows: rows, n: n)) : Tensor(out)
    }

    /// (x - mean) / √(variance + eps) · weight + bias over groups of channels of [N, C, …], as
    /// `torch.nn.functional.group_norm` (Wu and He, 2018).
    /// - Parameters:
    ///   - groups: Into how many groups the channels are split.
    ///   - weight: [C].
    ///   - bias: [C].
    ///   - eps: Added to the variance.
    /// - Throws: `TensorError` when shapes or dtypes do not fit.
    public func groupNorm(_ groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) throws
        -> Tensor
    {
        let name = "group_norm"
        guard rank >= 2 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "[N, C] or [N, C, …]", argument: 0)
        }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        let c = shape[1]
        guard groups >= 1, c % groups == 0 else {
            throw TensorError.wrongValue(
                function: name, argument: "num_groups", value: "\(groups)", expected: "a divisor of the \(c) channels")
        }
        for case (let tensor?, let argument, let title) in [(weight, 2, "weight"), (bias, 3, "bias")] {
            guard tensor.shape == [c] else {
                throw TensorError.wrongShape(
                    function: name, shape: tensor.shape, expected: "a \(title) of [\(c)]", argument: argument)
            }
            guard tensor.dtype == dtype else {
                throw TensorError.unequalDTypes(function: name, first: dtype, second: tensor.dtype)
            }
        }
        let n = c / groups * shape.product(2..<rank)
        var result = try rowsNormalized(n, nil, nil, eps)
            .traced(.rowNorm(Graph.RowNorm(size: n, eps: eps)), [operand])
        let perChannel = [1, c] + [Int](repeating: 1, count: rank - 2)
        if let weight { result = try result.mul(weight.reshape(perChannel)) }
        if let bias { result = try result.add(bias.reshape(perChannel)) }
        return result
    }
}

/// With x̂ = (x - μ)/σ and h = g w: dx = (h - mean(h) - x̂ mean(h x̂))/σ for each row, dw = Σ rows g x̂, db = Σ rows g.
private final class LayerNormOperation: Operation {
    private let x: Saved, weight: Saved?
    private let mean: Values, inverse: Values, rows: Int, n: Int, hasBias: Bool, parameterShape: Shape?
    override class var name: String { "layer_norm" }

    init(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ mean: Values, _ inverse: Values, rows: Int, n: Int) {
        self.x = Saved(x)
        self.weight = weight.map { Saved($0) }
        self.mean = mean
        self.inverse = inverse
        self.rows = rows
        self.n = n
        hasBias = bias != nil
        parameterShape = weight?.shape ?? bias?.shape
        super.init(x, weight, others: bias.map { [$0] } ?? [])
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let x = try self.x.restored(for: Self.name).rowMajor(), gradient = try gradient.rowMajor()
        let w = try weight?.restored(for: Self.name).rowMajor()
        let wantsWeight = weight != nil && needs(1), wantsBias = hasBias && needs(2)
        let gx = try Values(x.shape, x.dtype)
        let shape = parameterShape ?? Shape(n)
        let gw = wantsWeight ? try Kernels.filled(shape, x.dtype, 0) : nil
        let gb = wantsBias ? try Kernels.filled(shape, x.dtype, 0) : nil
        if rows > 0 {
            try Kernels.checkScratch(
                ck_layer_norm_backward(
                    x.dtype.code, gradient.raw, x.raw, w?.raw, mean.raw, inverse.raw, gx.raw, gw?.raw, gb?.raw,
                    Int64(rows), Int64(n)))
        }
        if needs(0) { try send(gx, to: 0, walk) }
        if let gw { try send(gw, to: 1, walk) }
        if let gb { try send(gb, to: 2, walk) }
    }
}
