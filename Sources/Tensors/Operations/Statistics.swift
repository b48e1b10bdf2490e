import CKernels

extension Tensor {
    /// The variance over `dims` (all without it): Σ (x - mean)² / (n - correction).
    public func `var`(dims: [Int]? = nil, correction: Double = 1, keepdim: Bool = false) throws -> Tensor {
        try variance(dims, correction, keepdim, "var")
    }

    /// The standard deviation over `dims` (all without it), with n - correction in the denominator.
    public func std(dims: [Int]? = nil, correction: Double = 1, keepdim: Bool = false) throws -> Tensor {
        let variance = try variance(dims, correction, keepdim, "std")
        let out = try Kernels.unary(CK_SQRT, variance.values)
        return (variance.isRecorded ? Tensor(out, Deviation(variance, out)) : Tensor(out))
            .traced(.pointwise(Graph.Pointwise(.sqrt, 0, 0)), [variance.operand])
    }

    private func variance(_ dims: [Int]?, _ correction: Double, _ keepdim: Bool, _ name: String) throws -> Tensor {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        let dims = try reducedDims(dims, name)
        let n = dims.reduce(1) { $0 * shape[$1] }
        var kept = shape
        for d in dims { kept[d] = 1 }
        // The reduced dimensions are moved to the end unless they stand together.
        let together = dims.isEmpty || (dims.max() ?? 0) - (dims.min() ?? 0) + 1 == dims.count
        let ordered =
            together ? values : try Kernels.permute(values, (0..<rank).filter { !dims.contains($0) } + dims.sorted())
        let first = dims.min() ?? rank, last = dims.max() ?? rank - 1
        let outer = together ? shape.product(0..<first) : kept.elementCount
        let inner = together && !dims.isEmpty ? shape.product(last + 1..<rank) : 1
        let (mean, squares) = try Kernels.moments(ordered, outer: outer, n: n, inner: inner, kept)
        let divisor = Swift.max(Double(n) - correction, 0)
        let out = try Kernels.binary(CK_DIV, squares, scalar: .float(divisor), name: name)
        let result = try out.reshaped(reducedShape(dims, keepdim: keepdim))
        return (isRecorded ? Tensor(result, Variance(self, mean, dims, divisor)) : Tensor(result))
            .traced(
                .reduction(Graph.Reduction(.variance(correction: correction), dims: dims, keepdim: keepdim)), [operand])
    }

    /// (Σ |x|ᵖ)^(1/p) over `dims` (all without it); p may be 0 (how many differ from 0), ∞ and -∞ (largest, smallest).
    public func norm(p: Double = 2, dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: "norm", dtype: dtype, expected: "a float tensor")
        }
        guard !p.isNaN else {
            throw TensorError.wrongValue(function: "norm", argument: "p", value: "nan", expected: "a number")
        }
        let dims = try reducedDims(dims, "norm")
        if p.isInfinite { return try abs().amaxOrMin(p > 0, dims: dims, keepdim: keepdim, "norm", nanShares: true) }
        if p == 0 {
            let number = try ne(0).to(dtype).values.reduced(CK_SUM, dims: dims)
            let out = try number.reshaped(reducedShape(dims, keepdim: keepdim))
            return isRecorded ? Tensor(out, Norm(self, number, p)) : Tensor(out)
        }
        let kept: Values
        if p == 2 {
            kept = try Kernels.unary(CK_SQRT, try values.reduced(CK_SUM_SQUARES, dims: dims.isEmpty ? [] : dims))
        } else if p == 1 {
            kept = try values.reduced(CK_SUM_ABS, dims: dims)
        } else {
            let powers = try Kernels.binary(
                CK_POW, try Kernels.unary(CK_ABS, values), scalar: .float(p), name: "norm")
            kept = try Kernels.binary(
                CK_POW, try powers.reduced(CK_SUM, dims: dims), scalar: .float(1 / p), name: "norm")
        }
        // Over no dimensions the kernels are not asked: the norm of a number is its size.
        let sized = dims.isEmpty ? try Kernels.unary(CK_ABS, values) : kept
        let out = try sized.reshaped(reducedShape(dims, keepdim: keepdim))
        return (isRecorded ? Tensor(out, Norm(self, sized, p)) : Tensor(out))
            .traced(.reduction(Graph.Reduction(.norm(p: p), dims: dims, keepdim: keepdim)), [operand])
    }

    /// Sums of the elements up to each position along a dimension.
    public func cumsum(dim: Int) throws -> Tensor {
        let x = try to(dtype.isFloating ? dtype : .int64)
        let d = try shape.dimension(dim, for: "cumsum")
        let (outer, n, inner) = shape.around(d)
        let out = try Kernels.cumsum(x.values, reverse: false, outer: outer, n: n, inner: inner)
        return (x.isRecorded ? Tensor(out, CumulativeSum(x, d)) : Tensor(out))
            .traced(.cumulativeSum(Graph.CumulativeSum(dim: d)), [x.operand])
    }

    /// In order along a dimension, with the positions that the elements had; equal elements keep theirs, NaN comes last.
    public func sort(dim: Int = -1, descending: Bool = false) throws -> (values: Tensor, indices: Tensor) {
        try sorted(dim, descending, "sort")
    }

    private func sorted(_ dim: Int, _ descending: Bool, _ name: String) throws -> (values: Tensor, indices: Tensor) {
        let d = try shape.dimension(dim, for: name)
        if rank == 0 { return (self, try Tensor(0)) }
        var order = Array(0..<rank)
        order.swapAt(d, rank - 1)
        let rows = d == rank - 1 ? values : try Kernels.permute(values, order)
        let n = shape[d], outer = n == 0 ? 0 : count / n
        let sorted = try Kernels.sort(rows, descending: descending, outer: outer, n: n)
        let positions = d == rank - 1 ? sorted.positions : try Kernels.permute(sorted.positions, order)
        let out = d == rank - 1 ? sorted.values : try Kernels.permute(sorted.values, order)
        return (isRecorded ? Tensor(out, Pick(self, positions, d)) : Tensor(out), Tensor(positions))
    }

    /// The positions that sort a dimension.
    public func argsort(dim: Int = -1, descending: Bool = false) throws -> Tensor {
        try detach().sorted(dim, descending, "argsort").indices
    }

    /// The k largest (or smallest) along a dimension, in order, and their positions.
    /// - Throws: `TensorError.wrongValue` for k outside the size of the dimension.
    public func topk(_ k: Int, dim: Int = -1, largest: Bool = true, sorted: Bool = true) throws -> (
        values: Tensor, indices: Tensor
    ) {
        let d = try shape.dimension(dim, for: "topk")
        let size = rank == 0 ? 1 : shape[d]
        guard k >= 0 && k <= size else {
            throw TensorError.wrongValue(
                function: "topk", argument: "k", value: "\(k)", expected: "in 0 … \(size), the size of dim \(dim)")
        }
        let chosen = try Trace.unlisted {
            let all = try self.sorted(dim, largest, "topk")
            if rank == 0 { return all }
            return (
                values: try all.values.narrow(dim: d, start: 0, length: k),
                indices: try all.indices.narrow(dim: d, start: 0, length: k)
            )
        }
        if rank > 0 {
            Tensor.traced(
                [chosen.values, chosen.indices], .topK(Graph.TopK(k: k, dim: d, largest: largest)), [operand])
        }
        return chosen
    }
}

/// y = Σ (x - m)² / d: dx = 2 g (x - m) / d
private final class Variance: Operation {
    private let x: Saved, mean: Values, dims: [Int], divisor: Double
    override class var name: String { "var" }

    init(_ x: Tensor, _ mean: Values, _ dims: [Int], _ divisor: Double) {
        self.x = Saved(x)
        self.mean = mean
        self.dims = dims
        self.divisor = divisor
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let values = try x.restored(for: "var")
        let centred = try Kernels.binary(CK_SUB, values, mean, values.shape, name: "var")
        let scaled = try Kernels.affine(gradient, 2 / divisor).reshaped(mean.shape)
        try send(try Kernels.binary(CK_MUL, centred, scaled, values.shape, name: "var"), to: 0, walk)
    }
}

/// y = √v of a variance: dv = g / 2y, and 0 where y is 0, the only value that no x goes below.
private final class Deviation: Operation {
    private var result: Saved?
    override class var name: String { "std" }

    init(_ variance: Tensor, _ result: Values) {
        super.init(variance)
        self.result = Saved(result, madeBy: number)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        guard let result else { return }
        let y = try result.restored(for: "std")
        let zero = try Kernels.filled(.scalar, y.dtype, 0)
        let slope = try Kernels.binary(CK_DIV, try Kernels.affine(gradient, 0.5), y, y.shape, name: "std")
        let flat = try Kernels.compare(CK_EQ, y, zero, y.shape)
        try send(try Kernels.choose(flat, zero, slope, y.shape), to: 0, walk)
    }
}

/// y = ‖x‖ₚ: dx = g sign(x) |x|ᵖ⁻¹ / yᵖ⁻¹, and 0 where y or p is 0
private final class Norm: Operation {
    private let x: Saved, y: Values, p: Double
    override class var name: String { "norm" }

    init(_ x: Tensor, _ y: Values, _ p: Double) {
        self.x = Saved(x)
        self.y = y
        self.p = p
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let values = try x.restored(for: "norm")
        let shape = values.shape, g = try gradient.reshaped(y.shape)
        if p == 0 { return try send(try Kernels.filled(shape, values.dtype, 0), to: 0, walk) }
        if p == 1 {
            let signs = try Kernels.unary(CK_SIGN, values)
            return try send(try Kernels.binary(CK_MUL, signs, g, shape, name: "norm"), to: 0, walk)
        }
        let zero = try Kernels.filled(.scalar, values.dtype, 0)
        let base = p == 2 ? y : try Kernels.binary(CK_POW, y, scalar: .float(p - 1), name: "norm")
        let quotient = try Kernels.binary(CK_DIV, g, base, y.shape, name: "norm")
        let safe = try Kernels.choose(try Kernels.compare(CK_EQ, y, zero, y.shape), zero, quotient, y.shape)
        var slope = values
        if p != 2 {
            let size = try Kernels.unary(CK_ABS, values)
            let power = try Kernels.binary(CK_POW, size, scalar: .float(p - 1), name: "norm")
            let signed = try Kernels.binary(CK_MUL, power, try Kernels.unary(CK_SIGN, values), shape, name: "norm")
            slope = try Kernels.choose(try Kernels.compare(CK_EQ, values, zero, shape), zero, signed, shape)
        }
        try send(try Kernels.binary(CK_MUL, slope, safe, shape, name: "norm"), to: 0, walk)
    }
}

/// yⱼ = Σ xᵢ for i ≤ j: dxᵢ = Σ gⱼ for j ≥ i
private final class CumulativeSum: Operation {
    private let dim: Int
    override class var name: String { "cumsum" }

    init(_ x: Tensor, _ dim: Int) {
        self.dim = dim
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let (outer, n, inner) = gradient.shape.around(dim)
        try send(try Kernels.cumsum(gradient, reverse: true, outer: outer, n: n, inner: inner), to: 0, walk)
    }
}
