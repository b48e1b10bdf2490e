import CKernels

extension Kernels {
    /// u, s and vᵀ of each float64 matrix of [batch, m, n].
    static func svd(_ x: Values, full: Bool, batch: Int, m: Int, n: Int) throws -> (u: Values, s: Values, vt: Values) {
        let least = Swift.min(m, n)
        let rows = full ? m : least, columns = full ? n : least
        let copy = try x.rowMajor().copied()
        let u = try Values(try Shape([batch, m, rows]), .float64)
        let s = try Values(try Shape([batch, least]), .float64)
        let vt = try Values(try Shape([batch, columns, n]), .float64)
        let a = copy.raw.assumingMemoryBound(to: Double.self), pu = u.raw.assumingMemoryBound(to: Double.self)
        let ps = s.raw.assumingMemoryBound(to: Double.self), pv = vt.raw.assumingMemoryBound(to: Double.self)
        for b in 0..<batch {
            let info = ck_svd(
                full, Int64(m), Int64(n), a + b * m * n, pu + b * m * rows, ps + b * least, pv + b * columns * n)
            guard info == 0 else { throw TensorError.singular(function: "linalg_svd") }
        }
        return (u, s, vt)
    }

    /// Eigenvalues and eigenvectors of each symmetric float64 matrix of [batch, n, n].
    static func eigh(_ x: Values, upper: Bool, batch: Int, n: Int) throws -> (values: Values, vectors: Values) {
        let vectors = try x.rowMajor().copied()
        let values = try Values(try Shape([batch, n]), .float64)
        let a = vectors.raw.assumingMemoryBound(to: Double.self), w = values.raw.assumingMemoryBound(to: Double.self)
        for b in 0..<batch {
            let info = ck_eigh(upper, Int64(n), a + b * n * n, w + b * n)
            guard info == 0 else { throw TensorError.singular(function: "linalg_eigh") }
        }
        return (values, vectors)
    }

    /// The inverse of each float64 matrix of [batch, n, n].
    static func inverse(_ x: Values, batch: Int, n: Int) throws -> Values {
        let out = try x.rowMajor().copied()
        let a = out.raw.assumingMemoryBound(to: Double.self)
        for b in 0..<batch {
            guard ck_inverse(Int64(n), a + b * n * n) == 0 else { throw TensorError.singular(function: "linalg_inv") }
        }
        return out
    }
}
