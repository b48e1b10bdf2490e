import CKernels

extension Tensor {
    private func softmax(dim: Int, logarithm: Bool, _ name: String) throws -> Tensor {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        let d = try shape.dimension(dim, for: name)
        let (outer, n, inner) = shape.around(d)
        let out = try Kernels.softmax(values, logarithm: logarithm, outer: outer, n: n, inner: inner)
        return (isRecorded ? Tensor(out, Softmax(self, out, d, logarithm: logarithm)) : Tensor(out))
            .traced(.softmax(Graph.Softmax(dim: d, logarithm: logarithm)), [operand])
    }

    /// eˣ / Σ eˣ along a dimension.
    public func softmax(dim: Int) throws -> Tensor { try softmax(dim: dim, logarithm: false, "softmax") }

    /// The logarithm of softmax, without overflow.
    public func logSoftmax(dim: Int) throws -> Tensor { try softmax(dim: dim, logarithm: true, "log_softmax") }

    /// ln Σ eˣ over dimensions, without overflow.
    public func logsumexp(dims: [Int], keepdim: Bool = false) throws -> Tensor {
        guard dtype.isFloating else { return try to(.float32).logsumexp(dims: dims, keepdim: keepdim) }
        let dims = try reducedDims(dims, "logsumexp")
        if dims.count > 1 {
            // One dimension after the other is the same number.
            var x = self
            for d in dims.sorted().reversed() { x = try x.logsumexp(dims: [d], keepdim: keepdim) }
            return x
        }
        let d = dims.first ?? 0
        let (outer, n, inner) = shape.around(d)
        let out = try Kernels.logsumexp(
            values, outer: outer, n: n, inner: inner, reducedShape(dims, keepdim: keepdim))
        return (isRecorded ? Tensor(out, LogSumExp(self, out, dims)) : Tensor(out))
            .traced(.reduction(Graph.Reduction(.logsumexp, dims: [d], keepdim: keepdim)), [operand])
    }
}

/// y = softmax x: dx = y (g - Σ g y); y = log softmax x: dx = g - eʸ Σ g
private final class Softmax: Operation {
    private var result: Saved?
    private let dim: Int, logarithm: Bool
    override class var name: String { "softmax" }

    init(_ x: Tensor, _ result: Values, _ dim: Int, logarithm: Bool) {
        self.dim = dim
        self.logarithm = logarithm
        super.init(x)
        self.result = Saved(result, madeBy: number)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        guard let result else { return }
        let y = try result.restored(for: logarithm ? "log_softmax" : "softmax")
        let (outer, n, inner) = y.shape.around(dim)
        let out = try Kernels.softmaxBackward(gradient, y, logarithm: logarithm, outer: outer, n: n, inner: inner)
        try send(out, to: 0, walk)
    }
}

/// y = ln Σ eˣ: dx = g softmax x
private final class LogSumExp: Operation {
    private let x: Saved, y: Values, dims: [Int]
    override class var name: String { "logsumexp" }

    init(_ x: Tensor, _ y: Values, _ dims: [Int]) {
        self.x = Saved(x)
        self.y = y
        self.dims = dims
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let values = try x.restored(for: "logsumexp")
        let base = try y.unreduced(to: values.shape, dims)
        let (outer, n, inner) = values.shape.around(dims.first ?? 0)
        // Not eˣ⁻ʸ: what rounding took from a large y would be missing here.
        let shares = try Kernels.softmax(values, logarithm: false, outer: outer, n: n, inner: inner)
        // Where everything is -∞ the result is too, and the shares are NaN.
        let zero = try Kernels.filled(.scalar, values.dtype, 0)
        let nothing = try Kernels.classify(CK_ISINF, base)
        let weights = try Kernels.choose(nothing, zero, shares, values.shape)
        let stretched = try gradient.unreduced(to: values.shape, dims)
        try send(try Kernels.binary(CK_MUL, stretched, weights, values.shape, name: "logsumexp"), to: 0, walk)
    }
}
