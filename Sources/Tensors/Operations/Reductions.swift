import CKernels

extension Tensor {
    /// The dimensions a reduction goes over: all of them without `dims` or with an empty list.
    func reducedDims(_ dims: [Int]?, _ name: String) throws -> [Int] {
        guard let dims, !dims.isEmpty else { return Array(0..<rank) }
        let found = try shape.dimensions(dims, for: name)
        return rank == 0 ? [] : found
    }

    /// The shape after a reduction.
    func reducedShape(_ dims: [Int], keepdim: Bool) -> Shape {
        var result = Shape()
        for d in 0..<rank {
            if !dims.contains(d) { result.add(shape[d]) } else if keepdim { result.add(1) }
        }
        return result
    }

    /// The sum over `dims` (all without it); integers and truth values are summed as int64.
    public func sum(dims: [Int]? = nil, keepdim: Bool = false, dtype: DType? = nil) throws -> Tensor {
        let x = try to(dtype ?? (self.dtype.isFloating ? self.dtype : .int64))
        let dims = try x.reducedDims(dims, "sum")
        let wide = x.dtype == .uint8 || x.dtype == .bool ? try x.to(.int64) : x
        let out = try wide.values.reduced(CK_SUM, dims: dims).reshaped(x.reducedShape(dims, keepdim: keepdim))
        return (x.isRecorded ? Tensor(out, Sum(x, dims, factor: 1)) : Tensor(out))
            .traced(.reduction(Graph.Reduction(.sum, dims: dims, keepdim: keepdim)), [x.operand])
    }

    /// The mean over `dims` (all without it); NaN over no elements.
    /// - Throws: `TensorError.wrongDType` for integers.
    public func mean(dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: "mean", dtype: dtype, expected: "a float tensor")
        }
        let dims = try reducedDims(dims, "mean")
        let n = dims.reduce(1) { $0 * shape[$1] }
        let total = try values.reduced(CK_SUM, dims: dims).reshaped(reducedShape(dims, keepdim: keepdim))
        let out = try Kernels.binary(CK_DIV, total, scalar: .float(Double(n)), name: "mean")
        return (isRecorded ? Tensor(out, Sum(self, dims, factor: 1 / Double(n))) : Tensor(out))
            .traced(.reduction(Graph.Reduction(.mean, dims: dims, keepdim: keepdim)), [operand])
    }

    /// The product of all elements.
    public func prod() throws -> Tensor { try reshape([-1]).prod(dim: 0) }

    /// The product along one dimension; integers and truth values are multiplied as int64.
    public func prod(dim: Int, keepdim: Bool = false) throws -> Tensor {
        let x = try to(dtype.isFloating ? dtype : .int64)
        let d = try shape.dimension(dim, for: "prod")
        let dims = rank == 0 ? [] : [d]
        let out = try x.values.reduced(CK_PROD, dims: dims).reshaped(x.reducedShape(dims, keepdim: keepdim))
        return (x.isRecorded ? Tensor(out, Product(x, d)) : Tensor(out))
            .traced(.reduction(Graph.Reduction(.prod, dims: dims, keepdim: keepdim)), [x.operand])
    }

    private func extreme(_ maximum: Bool, dim: Int, keepdim: Bool, _ name: String) throws -> (
        values: Tensor, indices: Tensor
    ) {
        let d = try shape.dimension(dim, for: name)
        let (outer, n, inner) = shape.around(d)
        guard n > 0 else { throw TensorError.emptyReduction(function: name, shape: shape) }
        let target = reducedShape(rank == 0 ? [] : [d], keepdim: keepdim)
        let (best, positions) = try Kernels.extreme(maximum, values, outer: outer, n: n, inner: inner, target)
        let dims = rank == 0 ? [] : [d]
        return (
            (isRecorded ? Tensor(best, Pick(self, positions, d)) : Tensor(best))
                .traced(
                    .reduction(Graph.Reduction(maximum ? .amax : .amin, dims: dims, keepdim: keepdim)), [operand]),
            Tensor(positions).traced(
                .reduction(Graph.Reduction(maximum ? .argmax : .argmin, dims: dims, keepdim: keepdim)), [operand])
        )
    }

    private func extremeOfAll(_ maximum: Bool, _ name: String) throws -> Tensor {
        guard count > 0 else { throw TensorError.emptyReduction(function: name, shape: shape) }
        return try amaxOrMin(maximum, dims: nil, keepdim: false, name, nanShares: true)
    }

    /// The largest element. Among equal ones the gradient is shared.
    public func max() throws -> Tensor { try extremeOfAll(true, "max") }
    /// The smallest element. Among equal ones the gradient is shared.
    public func min() throws -> Tensor { try extremeOfAll(false, "min") }
    /// The largest along a dimension and the first positions of those.
    public func max(dim: Int, keepdim: Bool = false) throws -> (values: Tensor, indices: Tensor) {
        try extreme(true, dim: dim, keepdim: keepdim, "max")
    }
    /// The smallest along a dimension and the first positions of those.
    public func min(dim: Int, keepdim: Bool = false) throws -> (values: Tensor, indices: Tensor) {
        try extreme(false, dim: dim, keepdim: keepdim, "min")
    }

    private func position(_ maximum: Bool, _ dim: Int?, _ keepdim: Bool, _ name: String) throws -> Tensor {
        let flat = try values.reshaped(Shape(count))
        let shape = dim == nil ? flat.shape : self.shape
        let d = try shape.dimension(dim ?? 0, for: name)
        let (outer, n, inner) = shape.around(d)
        guard n > 0 else { throw TensorError.emptyReduction(function: name, shape: self.shape) }
        let reduced = dim == nil ? Array(0..<rank) : rank == 0 ? [] : [d]
        let target = reducedShape(reduced, keepdim: keepdim)
        let positions = try Kernels.extreme(maximum, flat, outer: outer, n: n, inner: inner, target).positions
        guard dim != nil else { return Tensor(positions) }
        return Tensor(positions)
            .traced(
                .reduction(Graph.Reduction(maximum ? .argmax : .argmin, dims: [d], keepdim: keepdim)), [operand])
    }

    /// The first position of the largest element, in the flattened tensor or along `dim`.
    public func argmax(dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
        try position(true, dim, keepdim, "argmax")
    }
    /// The first position of the smallest element, in the flattened tensor or along `dim`.
    public func argmin(dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
        try position(false, dim, keepdim, "argmin")
    }

    /// - Parameter nanShares: Whether the gradient of NaN goes to the elements that are NaN, as PyTorch's `max()` and norms have
    ///   it; that of its `amax` is NaN everywhere.
    func amaxOrMin(
        _ maximum: Bool, dims: [Int]?, keepdim: Bool, _ name: String, nanShares: Bool = false
    ) throws -> Tensor {
        let dims = try reducedDims(dims, name)
        guard dims.allSatisfy({ shape[$0] > 0 }) else { throw TensorError.emptyReduction(function: name, shape: shape) }
        let kept = try values.reduced(maximum ? CK_MAX : CK_MIN, dims: dims)
        let out = try kept.reshaped(reducedShape(dims, keepdim: keepdim))
        return (isRecorded ? Tensor(out, ExtremeShared(self, kept, dims, nanShares: nanShares)) : Tensor(out))
            .traced(.reduction(Graph.Reduction(maximum ? .amax : .amin, dims: dims, keepdim: keepdim)), [operand])
    }

    /// The largest over `dims` (all without it). Among equal ones the gradient is shared.
    public func amax(dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
        try amaxOrMin(true, dims: dims, keepdim: keepdim, "amax")
    }
    /// The smallest over `dims` (all without it). Among equal ones the gradient is shared.
    public func amin(dims: [Int]? = nil, keepdim: Bool = false) throws -> Tensor {
        try amaxOrMin(false, dims: dims, keepdim: keepdim, "amin")
    }

    private func logical(
        _ op: ck_reduce_op, _ dim: Int?, _ keepdim: Bool, _ function: Graph.Reduction.Function
    ) throws -> Tensor {
        let dims = try reducedDims(dim.map { [$0] }, function.name)
        let out = try Kernels.cast(values, .bool).reduced(op, dims: dims)
        // Over nothing the kernel is not asked, so the input itself may come back.
        return Tensor(try out.reshaped(reducedShape(dims, keepdim: keepdim)))
            .traced(.reduction(Graph.Reduction(function, dims: dims, keepdim: keepdim)), [operand])
    }

    /// Whether any element is true (not 0).
    public func any(dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
        try logical(CK_ANY, dim, keepdim, .any)
    }
    /// Whether all elements are true (not 0).
    public func all(dim: Int? = nil, keepdim: Bool = false) throws -> Tensor {
        try logical(CK_ALL, dim, keepdim, .all)
    }
}

extension Values {
    /// A gradient of a reduction over `dims` stretched back to the shape before it.
    func unreduced(to shape: Shape, _ dims: [Int]) throws -> Values {
        var kept = shape
        for d in dims { kept[d] = 1 }
        return try Kernels.expand(reshaped(kept), shape)
    }
}

/// y = factor Σ x
private final class Sum: Operation {
    private let shape: Shape, dims: [Int], factor: Double
    override class var name: String { "sum" }

    init(_ x: Tensor, _ dims: [Int], factor: Double) {
        shape = x.shape
        self.dims = dims
        self.factor = factor
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let scaled = factor == 1 ? gradient : try Kernels.affine(gradient, factor)
        try send(try scaled.unreduced(to: shape, dims), to: 0, walk)
    }
}

/// y = Π x: dxᵢ = g Π over the others, computed without division so that zeros are exact.
private final class Product: Operation {
    private let x: Saved, dim: Int
    override class var name: String { "prod" }

    init(_ x: Tensor, _ dim: Int) {
        self.x = Saved(x)
        self.dim = dim
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let values = try x.restored(for: "prod")
        let (outer, n, inner) = values.shape.around(dim)
        let input = try Kernels.cast(values, .float64).array(of: Double.self)
        var others = [Double](repeating: 1, count: input.count)
        for o in 0..<outer {
            for i in 0..<inner {
                var before = 1.0, after = 1.0
                for j in 0..<n {
                    let low = (o * n + j) * inner + i, high = (o * n + n - 1 - j) * inner + i
                    others[low] *= before
                    before *= input[low]
                    others[high] *= after
                    after *= input[high]
                }
            }
        }
        let slope = try Kernels.cast(try Values(others, values.shape), values.dtype)
        let stretched = try gradient.unreduced(to: values.shape, values.shape.rank == 0 ? [] : [dim])
        try send(try Kernels.binary(CK_MUL, stretched, slope, values.shape, name: "prod"), to: 0, walk)
    }
}

/// y = x at one position along a dimension: the gradient goes there.
final class Pick: Operation {
    private let shape: Shape, positions: Values, dim: Int
    override class var name: String { "max" }

    init(_ x: Tensor, _ positions: Values, _ dim: Int) {
        shape = x.shape
        self.positions = positions
        self.dim = dim
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let out = try Kernels.filled(shape, gradient.dtype, 0)
        let (outer, n, inner) = shape.around(dim)
        let m = outer * inner == 0 ? 0 : positions.count / (outer * inner)
        try Kernels.scatter(gradient, positions, outer: outer, n: n, m: m, inner: inner, into: out, adding: true)
        try send(out, to: 0, walk)
    }
}

/// y = max x or min x: the gradient is shared equally among the elements that equal y, NaN among them if asked.
private final class ExtremeShared: Operation {
    private let x: Saved, best: Values, dims: [Int], nanShares: Bool
    override class var name: String { "amax" }

    init(_ x: Tensor, _ best: Values, _ dims: [Int], nanShares: Bool) {
        self.nanShares = nanShares
        self.x = Saved(x)
        self.best = best
        self.dims = dims
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let values = try x.restored(for: "amax")
        var chosen = try Kernels.compare(CK_EQ, values, best, values.shape)
        if nanShares {
            // NaN equals nothing: where it came out, those that are NaN made it.
            let both = try Kernels.binary(
                CK_AND, try Kernels.classify(CK_ISNAN, values), try Kernels.classify(CK_ISNAN, best), values.shape,
                name: "amax")
            chosen = try Kernels.binary(CK_OR, chosen, both, values.shape, name: "amax")
        }
        let equal = try Kernels.cast(chosen, gradient.dtype)
        let number = try equal.reduced(CK_SUM, dims: dims)
        let share = try Kernels.binary(CK_DIV, gradient.reshaped(best.shape), number, best.shape, name: "amax")
        try send(try Kernels.binary(CK_MUL, equal, share, values.shape, name: "amax"), to: 0, walk)
    }
}
