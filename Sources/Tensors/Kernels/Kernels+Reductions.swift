import CKernels

extension Kernels {
    static func reduce(
        _ op: ck_reduce_op, _ x: Values, outer: Int, n: Int, inner: Int, _ shape: Shape, into target: Values? = nil
    ) throws -> Values {
        let out = try target ?? Values(shape, x.dtype)
        let x = try x.rowMajor()
        ck_reduce(op, x.dtype.code, x.raw, out.raw, Int64(outer), Int64(n), Int64(inner))
        return out
    }

    static func extreme(_ maximum: Bool, _ x: Values, outer: Int, n: Int, inner: Int, _ shape: Shape) throws -> (
        values: Values, positions: Values
    ) {
        let out = try Values(shape, x.dtype)
        let positions = try Values(shape, .int64)
        let x = try x.rowMajor()
        ck_extreme(
            maximum, x.dtype.code, x.raw, out.raw, positions.raw.assumingMemoryBound(to: Int64.self), Int64(outer),
            Int64(n), Int64(inner))
        return (out, positions)
    }

    static func cumsum(_ x: Values, reverse: Bool, outer: Int, n: Int, inner: Int) throws -> Values {
        let out = try Values(x.shape, x.dtype)
        let x = try x.rowMajor()
        ck_cumsum(x.dtype.code, reverse, x.raw, out.raw, Int64(outer), Int64(n), Int64(inner))
        return out
    }

    static func moments(_ x: Values, outer: Int, n: Int, inner: Int, _ shape: Shape) throws -> (
        mean: Values, squares: Values
    ) {
        let mean = try Values(shape, x.dtype)
        let squares = try Values(shape, x.dtype)
        let x = try x.rowMajor()
        ck_moments(x.dtype.code, x.raw, mean.raw, squares.raw, Int64(outer), Int64(n), Int64(inner))
        return (mean, squares)
    }

    /// Each row of the last dimension in order, and the positions that sort it.
    static func sort(_ x: Values, descending: Bool, outer: Int, n: Int) throws -> (values: Values, positions: Values) {
        let out = try Values(x.shape, x.dtype)
        let positions = try Values(x.shape, .int64)
        let x = try x.rowMajor()
        let isSorted = ck_sort(
            x.dtype.code, descending, x.raw, out.raw, positions.raw.assumingMemoryBound(to: Int64.self), Int64(outer),
            Int64(n))
        try checkScratch(isSorted, bytes: n * DType.int64.itemSize)
        return (out, positions)
    }

    static func softmax(_ x: Values, logarithm: Bool, outer: Int, n: Int, inner: Int) throws -> Values {
        let out = try Values(x.shape, x.dtype)
        let x = try x.rowMajor()
        ck_softmax(x.dtype.code, logarithm, x.raw, out.raw, Int64(outer), Int64(n), Int64(inner))
        return out
    }

    static func softmaxBackward(_ g: Values, _ y: Values, logarithm: Bool, outer: Int, n: Int, inner: Int) throws
        -> Values
    {
        let out = try Values(y.shape, y.dtype)
        let g = try g.rowMajor(), y = try y.rowMajor()
        ck_softmax_backward(g.dtype.code, logarithm, g.raw, y.raw, out.raw, Int64(outer), Int64(n), Int64(inner))
        return out
    }

    static func logsumexp(_ x: Values, outer: Int, n: Int, inner: Int, _ shape: Shape) throws -> Values {
        let out = try Values(shape, x.dtype)
        let x = try x.rowMajor()
        ck_logsumexp(x.dtype.code, x.raw, out.raw, Int64(outer), Int64(n), Int64(inner))
        return out
    }
}
