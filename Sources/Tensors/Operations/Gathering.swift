import CKernels

extension Tensor {
    private func checkIndex(_ index: Tensor, _ name: String) throws {
        guard index.dtype == .int64 || index.dtype == .uint8 else {
            throw TensorError.wrongDType(function: name, dtype: index.dtype, expected: "positions (int64)")
        }
    }

    /// Positions `index` (a vector) of a dimension.
    public func indexSelect(dim: Int, index: Tensor) throws -> Tensor {
        try checkIndex(index, "index_select")
        let d = try shape.dimension(dim, for: "index_select")
        if rank == 0, index.count == 1 { return try reshape([1]).indexSelect(dim: 0, index: index).reshape([]) }
        guard index.rank <= 1, rank > 0 else {
            throw TensorError.wrongShape(
                function: "index_select", shape: index.shape, expected: "a vector of positions", argument: 2)
        }
        let positions = try Kernels.wrapped(index.values, size: shape[d], dim: d, name: "index_select")
        let (outer, n, inner) = shape.around(d)
        return try taking(positions, outer: outer, n: n, inner: inner, shape.replacing(d, with: index.count))
            .traced(
                .indexSelect(Graph.IndexSelect(dim: d)),
                [operand, index.rank == 0 ? (try? index.reshape([1]))?.operand : index.operand])
    }

    /// Rows of this table [entries, width] by index: shape of the indices, then width.
    /// - Parameter paddingIndex: A row that gets no gradient.
    public func embedding(_ indices: Tensor, paddingIndex: Int? = nil) throws -> Tensor {
        try checkIndex(indices, "embedding")
        guard rank == 2 else {
            throw TensorError.wrongShape(
                function: "embedding", shape: shape, expected: "a table of [entries, width]", argument: 1)
        }
        for index in try Trace.unlisted({ try indices.integers() }) where index < 0 || index >= shape[0] {
            throw TensorError.indexOutOfRange(function: "embedding", index: index, size: shape[0], dim: 0)
        }
        let positions = try Kernels.cast(indices.values, .int64)
        let target = try Shape(indices.shape.array + [shape[1]], for: "embedding")
        var table = self
        if let paddingIndex, isRecorded {
            guard paddingIndex >= -shape[0] && paddingIndex < shape[0] else {
                throw TensorError.indexOutOfRange(function: "embedding", index: paddingIndex, size: shape[0], dim: 0)
            }
            // The padding row without history: where() gives it no gradient.
            let row = try Tensor([paddingIndex < 0 ? paddingIndex + shape[0] : paddingIndex])
            let isPadding = try Tensor.arange(.int(shape[0])).eq(row).reshape([shape[0], 1])
            table = try Tensor.where(isPadding, .tensor(try detach()), .tensor(self))
        }
        return try table.taking(positions, outer: 1, n: shape[0], inner: shape[1], target)
            .traced(.indexSelect(Graph.IndexSelect(dim: 0)), [operand, indices.operand])
    }

    /// Positions of a dimension, whose place the dimensions of the index take.
    func picking(dim: Int, _ index: Tensor) throws -> Tensor {
        try checkIndex(index, "index_select")
        let positions = try Kernels.wrapped(index.values, size: shape[dim], dim: dim, name: "index_select")
        let (outer, n, inner) = shape.around(dim)
        return try taking(
            positions, outer: outer, n: n, inner: inner, try Graph.IndexSelect.shape(shape, dim, index.shape)
        )
        .traced(.indexSelect(Graph.IndexSelect(dim: dim)), [operand, index.operand])
    }

    private func along(_ dim: Int, _ index: Tensor, _ name: String) throws -> (dim: Int, positions: Values) {
        try checkIndex(index, name)
        let d = try shape.dimension(dim, for: name)
        guard index.rank == rank || rank == 0 else {
            throw TensorError.wrongShape(
                function: name, shape: index.shape, expected: "an index of \(rank) dimensions", argument: 2)
        }
        for other in 0..<rank where other != d && index.shape[other] > shape[other] {
            throw TensorError.wrongShape(
                function: name, shape: index.shape, expected: "an index that fits \(shape) outside dim \(d)",
                argument: 2)
        }
        let n = rank == 0 ? 1 : shape[d]
        return (d, try Kernels.wrapped(index.values, size: n, dim: d, name: name))
    }

    /// This tensor cut down to the sizes of the index outside `dim`.
    private func cut(to index: Shape, keeping dim: Int) throws -> Tensor {
        if rank == 0 || (0..<rank).allSatisfy({ $0 == dim || shape[$0] == index[$0] }) { return self }
        return try self.index((0..<rank).map { .slice(start: 0, stop: $0 == dim ? shape[$0] : index[$0], step: 1) })
    }

    /// y[i][j] = x[index[i][j]][j] for dim 0, and so on: elements chosen along a dimension.
    public func gather(dim: Int, index: Tensor) throws -> Tensor {
        let (d, positions) = try along(dim, index, "gather")
        let x = try cut(to: index.shape, keeping: d)
        let (outer, n, inner) = x.shape.around(d)
        let m = index.rank == 0 ? 1 : index.shape[d]
        let out = try Kernels.gather(x.values, positions, outer: outer, n: n, m: m, inner: inner)
        return (x.isRecorded ? Tensor(out, Pick(x, positions, d)) : Tensor(out))
            .traced(.gather(Graph.Gather(dim: d)), [x.operand, index.operand])
    }

    /// x with y[index[i][j]][j] = source[i][j] for dim 0, and so on.
    public func scatter(dim: Int, index: Tensor, _ source: Operand) throws -> Tensor {
        try scattered(dim, index, source, adding: false, "scatter")
    }

    /// x with y[index[i][j]][j] += source[i][j] for dim 0, and so on.
    public func scatterAdd(dim: Int, index: Tensor, _ source: Tensor) throws -> Tensor {
        try scattered(dim, index, .tensor(source), adding: true, "scatter_add")
    }

    private func scattered(_ dim: Int, _ index: Tensor, _ source: Operand, adding: Bool, _ name: String) throws
        -> Tensor
    {
        let (d, positions) = try along(dim, index, name)
        let values: Tensor
        switch source {
        case .scalar(let scalar):
            try dtype.check(holds: scalar, for: name, argument: "src")
            values = Tensor(try Kernels.filled(index.shape, dtype, scalar))
        case .tensor(let tensor):
            guard tensor.dtype == dtype else {
                throw TensorError.unequalDTypes(function: name, first: dtype, second: tensor.dtype)
            }
            guard tensor.rank == index.rank, (0..<index.rank).allSatisfy({ index.shape[$0] <= tensor.shape[$0] }) else {
                throw TensorError.wrongShape(
                    function: name, shape: tensor.shape, expected: "a source of at least \(index.shape), the index",
                    argument: 3)
            }
            values = try tensor.index(index.shape.map { .slice(start: 0, stop: $0, step: 1) })
        }
        // As positions in the whole tensor: then sizes outside `dim` may be smaller in the index.
        let strides = shape.strides
        var flat = try Kernels.binary(
            CK_MUL, positions, scalar: .int(rank == 0 ? 1 : strides[d]), name: name)
        for other in 0..<rank where other != d {
            var sizes = Shape()
            for k in 0..<rank { sizes.add(k == other ? index.shape[other] : 1) }
            let steps = try Kernels.arange(index.shape[other], .int64, start: 0, step: .int(strides[other]))
            flat = try Kernels.binary(CK_ADD, flat, steps.reshaped(sizes), index.shape, name: name)
        }
        let out = try self.values.copied()
        try Kernels.scatter(
            values.values, flat, outer: 1, n: count, m: flat.count, inner: 1, into: out, adding: adding)
        guard (requiresGradient || values.requiresGradient) && Gradients.isEnabled else { return Tensor(out) }
        return Tensor(out, Scatter(self, values, flat, adding: adding))
    }
}

/// y = x with elements replaced or added: dx = g (0 where replaced), dv = g there.
private final class Scatter: Operation {
    private let positions: Values, adding: Bool
    override class var name: String { "scatter" }

    init(_ x: Tensor, _ source: Tensor, _ positions: Values, adding: Bool) {
        self.positions = positions
        self.adding = adding
        super.init(x, source)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if needs(1) {
            let part = try Kernels.take(gradient, positions, outer: 1, n: gradient.count, inner: 1, positions.shape)
            try send(part, to: 1, walk)
        }
        guard needs(0) else { return }
        if adding { return try send(gradient, to: 0, walk) }
        let rest = try gradient.copied()
        let zeros = try Kernels.filled(positions.shape, gradient.dtype, 0)
        try Kernels.put(zeros, positions, outer: 1, n: rest.count, inner: 1, into: rest)
        try send(rest, to: 0, walk)
    }
}
