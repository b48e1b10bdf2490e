import CKernels

extension Kernels {
    /// a op b with broadcasting to `shape`; both have the dtype of the result.
    static func binary(_ op: ck_binary_op, _ a: Values, _ b: Values, _ shape: Shape, name: String) throws -> Values {
        guard a.shape == b.shape else {
            let out = try Values(shape, a.dtype)
            try binary(op, a, b, into: out, name: name)
            return out
        }
        let (a, b) = try aligned(a, b)
        let out = try Values(like: a)
        try binary(op, a, b, into: out, name: name)
        return out
    }

    /// a op b into existing memory, which may be that of a.
    static func binary(_ op: ck_binary_op, _ a: Values, _ b: Values, into out: Values, name: String) throws {
        let status: ck_status
        if a.shape == out.shape && b.shape == out.shape {
            let a = try a.inOrder(of: out), b = try b.inOrder(of: out)
            status = ck_binary(op, out.dtype.code, a.base, 1, b.base, 1, out.base, Int64(out.count))
        } else {
            let a = try a.rowMajor(), b = try b.rowMajor()
            status = a.shape.strides(in: out.shape).withPointer { sa in
                b.shape.strides(in: out.shape).withPointer { sb in
                    out.shape.sizes.withPointer { sizes in
                        ck_binary_broadcast(
                            op, a.dtype.code, a.raw, sa, b.raw, sb, out.raw, Int32(out.shape.rank), sizes)
                    }
                }
            }
        }
        try check(status, name)
    }

    /// x op scalar, or scalar op x when `reversed`, in the dtype of x.
    static func binary(
        _ op: ck_binary_op, _ x: Values, scalar: Scalar, reversed: Bool = false, into target: Values? = nil,
        name: String
    ) throws -> Values {
        let out = try target ?? Values(like: x)
        let x = try x.inOrder(of: out)
        let status = withBits(of: scalar, as: x.dtype) { bits in
            reversed
                ? ck_binary(op, x.dtype.code, bits, 0, x.base, 1, out.base, Int64(x.count))
                : ck_binary(op, x.dtype.code, x.base, 1, bits, 0, out.base, Int64(x.count))
        }
        try check(status, name)
        return out
    }

    static func check(_ status: ck_status, _ name: String) throws {
        if status == CK_ZERO_DIVISOR { throw TensorError.divisionByZero(function: name) }
    }

    private static func withBits<Result>(
        of scalar: Scalar, as dtype: DType, _ body: (UnsafeRawPointer) -> Result
    ) -> Result {
        switch dtype {
        case .float32: withUnsafePointer(to: Float(scalar.double)) { body($0) }
        case .float64: withUnsafePointer(to: scalar.double) { body($0) }
        case .int64: withUnsafePointer(to: scalar.integer) { body($0) }
        case .uint8: withUnsafePointer(to: UInt8(truncatingIfNeeded: scalar.integer)) { body($0) }
        case .bool: withUnsafePointer(to: UInt8(scalar.double != 0 ? 1 : 0)) { body($0) }
        }
    }

    /// a op b elementwise as truth values; both have one dtype.
    static func compare(_ op: ck_compare_op, _ a: Values, _ b: Values, _ shape: Shape) throws -> Values {
        let out = try Values(shape, .bool)
        let a = try a.rowMajor(), b = try b.rowMajor()
        a.shape.strides(in: shape).withPointer { sa in
            b.shape.strides(in: shape).withPointer { sb in
                shape.sizes.withPointer { sizes in
                    ck_compare_broadcast(
                        op, a.dtype.code, a.raw, sa, b.raw, sb, out.raw.assumingMemoryBound(to: UInt8.self),
                        Int32(shape.rank), sizes)
                }
            }
        }
        return out
    }

    /// condition ? a : b with broadcasting; a and b have one dtype.
    static func choose(_ condition: Values, _ a: Values, _ b: Values, _ shape: Shape) throws -> Values {
        let out = try Values(shape, a.dtype)
        let condition = try condition.rowMajor(), a = try a.rowMajor(), b = try b.rowMajor()
        condition.shape.strides(in: shape).withPointer { sc in
            a.shape.strides(in: shape).withPointer { sa in
                b.shape.strides(in: shape).withPointer { sb in
                    shape.sizes.withPointer { sizes in
                        ck_where_broadcast(
                            a.dtype.itemSize, condition.raw.assumingMemoryBound(to: UInt8.self), sc, a.raw, sa, b.raw,
                            sb, out.raw, Int32(shape.rank), sizes)
                    }
                }
            }
        }
        return out
    }

    static func cast(_ x: Values, _ dtype: DType) throws -> Values {
        if x.dtype == dtype { return x }
        let out = try Values(like: x, dtype)
        ck_cast(x.dtype.code, x.base, dtype.code, out.base, Int64(x.count))
        return out
    }

    static func filled(_ shape: Shape, _ dtype: DType, _ value: Scalar) throws -> Values {
        let out = try Values(shape, dtype)
        fill(out, value)
        return out
    }

    static func fill(_ out: Values, _ value: Scalar) {
        let integer = out.dtype == .bool ? (value.double != 0 ? 1 : 0) : value.integer
        ck_fill(out.dtype.code, value.double, Int64(integer), out.base, Int64(out.count))
    }

    /// alpha · x + beta for floating dtypes; `target` may be x.
    static func affine(_ x: Values, _ alpha: Double, _ beta: Double = 0, into target: Values? = nil) throws -> Values {
        let out = try target ?? Values(like: x)
        let x = try x.inOrder(of: out)
        ck_affine(x.dtype.code, alpha, beta, x.base, out.base, Int64(x.count))
        return out
    }

    /// y += alpha · x
    static func add(_ x: Values, times alpha: Double = 1, to y: Values) throws {
        let x = try x.inOrder(of: y)
        ck_axpy(y.dtype.code, alpha, x.base, y.base, Int64(y.count))
    }

    /// g · a · b elementwise.
    static func product(_ g: Values, _ a: Values, _ b: Values) throws -> Values {
        let out = try Values(like: g)
        let a = try a.inOrder(of: g), b = try b.inOrder(of: g)
        ck_mul3(g.dtype.code, g.base, a.base, b.base, out.base, Int64(g.count))
        return out
    }

    static func arange(_ count: Int, _ dtype: DType, start: Scalar, step: Scalar) throws -> Values {
        let out = try Values(Shape(count), dtype)
        ck_arange(
            dtype.code, start.double, step.double, Int64(start.integer), Int64(step.integer), out.raw, Int64(count))
        return out
    }

    static func unary(_ op: ck_unary_op, _ x: Values, _ p: Double = 0, _ q: Double = 0, into target: Values? = nil)
        throws
        -> Values
    {
        let out = try target ?? Values(like: x)
        let x = try x.inOrder(of: out)
        ck_unary(op, x.dtype.code, p, q, x.base, out.base, Int64(x.count))
        return out
    }

    /// g · f'(v) elementwise; `target` may be g.
    static func unaryBackward(
        _ op: ck_unary_op, _ g: Values, _ v: Values, _ p: Double, _ q: Double, into target: Values? = nil
    ) throws -> Values {
        let (g, v) = target == nil ? try aligned(g, v) : (g, v)
        let out = try target ?? Values(like: g)
        let from = try g.inOrder(of: out), value = try v.inOrder(of: out)
        ck_unary_backward(op, g.dtype.code, p, q, from.base, value.base, out.base, Int64(g.count))
        return out
    }

    static func classify(_ op: ck_classify_op, _ x: Values) throws -> Values {
        let out = try Values(like: x, .bool)
        ck_classify(op, x.dtype.code, x.base, out.base.assumingMemoryBound(to: UInt8.self), Int64(x.count))
        return out
    }

    static func unequal(_ a: Values, _ b: Values, rtol: Double, atol: Double, equalNaN: Bool) throws -> Int {
        let (a, b) = try aligned(a, b)
        return Int(ck_count_unequal(a.dtype.code, a.base, b.base, rtol, atol, equalNaN, Int64(a.count)))
    }
}
