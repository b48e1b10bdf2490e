import CKernels

extension Kernels {
    /// C = op(A) op(B) + beta · C for matrices stored row by row.
    static func gemm(
        _ a: Values, _ b: Values, transposeA ta: Bool = false, transposeB tb: Bool = false, m: Int, n: Int, k: Int,
        beta: Double = 0, into c: Values
    ) throws {
        let a = try a.rowMajor(), b = try b.rowMajor()
        ck_gemm(c.dtype.code, ta, tb, Int64(m), Int64(n), Int64(k), 1, a.raw, b.raw, beta, c.raw)
    }

    /// Products of `batch` pairs; a stride of 0 uses one operand for all.
    static func gemm(
        batch: Int, _ a: Values, _ b: Values, strideA sa: Int, strideB sb: Int, transposeA ta: Bool = false,
        transposeB tb: Bool = false, m: Int, n: Int, k: Int, beta: Double = 0, into c: Values
    ) throws {
        let a = try a.rowMajor(), b = try b.rowMajor()
        ck_gemm_batched(
            c.dtype.code, ta, tb, Int64(batch), Int64(m), Int64(n), Int64(k), a.raw, Int64(sa), b.raw, Int64(sb), beta,
            c.raw)
    }

    /// x wᵀ + bias, and relu if asked, in one pass.
    static func linear(
        _ x: Values, _ w: Values, _ bias: Values?, relu: Bool, m: Int, n: Int, k: Int, into out: Values
    ) throws {
        let x = try x.rowMajor(), w = try w.rowMajor(), bias = try bias?.rowMajor()
        ck_linear(out.dtype.code, Int64(m), Int64(n), Int64(k), x.raw, w.raw, bias?.raw, relu, out.raw)
    }

    /// g where y > 0; column sums are added into `bias`.
    static func reluBiasBackward(_ g: Values, _ y: Values, into out: Values, bias: Values?, rows: Int, columns: Int)
        throws
    {
        let g = try g.rowMajor(), y = try y.rowMajor()
        ck_relu_bias_backward(g.dtype.code, g.raw, y.raw, out.raw, bias?.raw, Int64(rows), Int64(columns))
    }
}
