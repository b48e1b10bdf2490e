import CKernels

extension Kernels {
    /// Copies elements between strided layouts; offsets and strides count elements.
    static func copy(
        _ sizes: Shape, from x: Values, at start: Int = 0, _ strides: InlineArray<8, Int>, to out: Values,
        offset target: Int = 0, _ targetStrides: InlineArray<8, Int>
    ) throws {
        let x = try x.rowMajor()
        sizes.sizes.withPointer { n in
            strides.withPointer { s in
                targetStrides.withPointer { d in
                    let item = x.dtype.itemSize
                    ck_copy(item, Int32(sizes.rank), n, x.raw + start * item, s, out.raw + target * item, d)
                }
            }
        }
    }

    /// Adds elements between strided layouts.
    static func add(
        _ sizes: Shape, from x: Values, at start: Int = 0, _ strides: InlineArray<8, Int>, to out: Values,
        offset target: Int = 0, _ targetStrides: InlineArray<8, Int>
    ) throws {
        let x = try x.rowMajor()
        sizes.sizes.withPointer { n in
            strides.withPointer { s in
                targetStrides.withPointer { d in
                    let item = x.dtype.itemSize
                    ck_add_strided(
                        x.dtype.code, Int32(sizes.rank), n, x.raw + start * item, s, out.raw + target * item, d)
                }
            }
        }
    }

    /// The dimensions of x in the order `dims`.
    static func permute(_ x: Values, _ dims: [Int]) throws -> Values {
        var shape = x.shape
        let own = x.shape.strides
        var strides = own
        for (d, from) in dims.enumerated() {
            shape[d] = x.shape[from]
            strides[d] = own[from]
        }
        let out = try Values(shape, x.dtype)
        try copy(shape, from: x, strides, to: out, shape.strides)
        return out
    }

    /// x stretched to `shape`, which it broadcasts to.
    static func expand(_ x: Values, _ shape: Shape) throws -> Values {
        if x.shape == shape { return x }
        let out = try Values(shape, x.dtype)
        try copy(shape, from: x, x.shape.strides(in: shape), to: out, shape.strides)
        return out
    }

    /// Rows `index` (wrapped and checked) along the middle of outer × n × inner.
    static func take(_ x: Values, _ index: Values, outer: Int, n: Int, inner: Int, _ shape: Shape) throws -> Values {
        let out = try Values(shape, x.dtype)
        let x = try x.rowMajor(), index = try index.rowMajor()
        ck_take(
            x.dtype.itemSize, Int64(outer), Int64(n), Int64(inner), x.raw,
            index.raw.assumingMemoryBound(to: Int64.self),
            Int64(index.count), out.raw)
        return out
    }

    static func put(_ source: Values, _ index: Values, outer: Int, n: Int, inner: Int, into x: Values) throws {
        let source = try source.rowMajor(), index = try index.rowMajor()
        ck_put(
            x.dtype.itemSize, Int64(outer), Int64(n), Int64(inner), x.raw,
            index.raw.assumingMemoryBound(to: Int64.self),
            Int64(index.count), source.raw)
    }

    static func takeAdd(_ g: Values, _ index: Values, outer: Int, n: Int, inner: Int, into out: Values) throws {
        let g = try g.rowMajor(), index = try index.rowMajor()
        ck_take_add(
            g.dtype.code, Int64(outer), Int64(n), Int64(inner), g.raw, index.raw.assumingMemoryBound(to: Int64.self),
            Int64(index.count), out.raw)
    }

    /// Indices counted from the front.
    /// - Throws: `TensorError.indexOutOfRange` with the first index outside -size ..< size.
    static func wrapped(_ index: Values, size: Int, dim: Int, name: String) throws -> Values {
        let whole = try cast(index, .int64).rowMajor()
        let out = try Values(index.shape, .int64)
        let bad = ck_wrap_indices(
            whole.raw.assumingMemoryBound(to: Int64.self), Int64(size), out.raw.assumingMemoryBound(to: Int64.self),
            Int64(index.count))
        if bad >= 0 {
            let value = whole.raw.assumingMemoryBound(to: Int.self)[Int(bad)]
            throw TensorError.indexOutOfRange(function: name, index: value, size: size, dim: dim)
        }
        return out
    }

    /// Flat positions of true elements.
    static func positions(_ mask: Values) throws -> Values {
        let mask = try mask.rowMajor()
        let bytes = mask.raw.assumingMemoryBound(to: UInt8.self)
        let found = ck_positions(bytes, nil, Int64(mask.count))
        let out = try Values(Shape(Int(found)), .int64)
        _ = ck_positions(bytes, out.raw.assumingMemoryBound(to: Int64.self), Int64(mask.count))
        return out
    }

    static func gather(_ x: Values, _ index: Values, outer: Int, n: Int, m: Int, inner: Int) throws -> Values {
        let out = try Values(index.shape, x.dtype)
        let x = try x.rowMajor(), index = try index.rowMajor()
        ck_gather(
            x.dtype.itemSize, Int64(outer), Int64(n), Int64(m), Int64(inner), x.raw,
            index.raw.assumingMemoryBound(to: Int64.self), out.raw)
        return out
    }

    static func scatter(
        _ source: Values, _ index: Values, outer: Int, n: Int, m: Int, inner: Int, into out: Values, adding: Bool
    ) throws {
        let source = try source.rowMajor(), index = try index.rowMajor()
        let positions = index.raw.assumingMemoryBound(to: Int64.self)
        if adding {
            ck_scatter_add(
                out.dtype.code, Int64(outer), Int64(n), Int64(m), Int64(inner), source.raw, positions, out.raw)
        } else {
            ck_scatter(
                out.dtype.itemSize, Int64(outer), Int64(n), Int64(m), Int64(inner), source.raw, positions, out.raw)
        }
    }
}
