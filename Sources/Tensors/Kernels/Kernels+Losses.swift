import CKernels

extension Kernels {
    /// Cross entropy of rows of n logits with class indices; see ckernels.h.
    static func crossEntropy(
        _ x: Values, _ labels: Values, _ weight: Values?, smoothing: Double, ignore: Int, _ losses: Values,
        _ weights: Values, _ gradient: Values?, n: Int
    ) throws {
        let x = try x.rowMajor(), labels = try labels.rowMajor(), weight = try weight?.rowMajor()
        let indices = labels.raw.assumingMemoryBound(to: Int64.self)
        let bad = ck_cross_entropy(
            x.dtype.code, x.raw, indices, weight?.raw, smoothing, Int64(ignore), losses.raw, weights.raw, gradient?.raw,
            Int64(labels.count), Int64(n))
        try checkMemory(bad, rows: 1, n: n, x.dtype)
        if bad >= 0 {
            throw TensorError.classOutOfRange(
                function: "cross_entropy", label: Int(indices[Int(bad)]), row: Int(bad), classes: n)
        }
    }

    /// The distillation loss in one pass, see ckernels.h: both losses, each the mean over rows, their sum with the weights
    /// `soft` and `hard`, and its gradient into `gradient`.
    static func distillation(
        _ s: Values, _ t: Values, _ labels: Values?, temperature: Double, soft: Double, hard: Double,
        _ gradient: Values, rows: Int, n: Int
    ) throws -> (total: Double, soft: Double, hard: Double) {
        let s = try s.rowMajor(), t = try t.rowMajor(), labels = try labels?.rowMajor()
        let share = 1 / Double(rows), squared = temperature * temperature
        var losses: (Double, Double) = (0, 0)
        let indices = labels?.raw.assumingMemoryBound(to: Int64.self)
        let bad = withUnsafeMutablePointer(to: &losses) { pointer in
            pointer.withMemoryRebound(to: Double.self, capacity: 2) { both in
                ck_distillation(
                    s.dtype.code, s.raw, t.raw, indices, temperature, soft * squared * share, hard * share, both,
                    gradient.raw, Int64(rows), Int64(n))
            }
        }
        try checkMemory(bad, rows: 4, n: n, s.dtype)
        if bad >= 0, let indices {
            throw TensorError.classOutOfRange(
                function: "hard", label: Int(indices[Int(bad)]), row: Int(bad), classes: n)
        }
        let softLoss = losses.0 * squared * share, hardLoss = losses.1 * share
        return (soft * softLoss + hard * hardLoss, softLoss, hardLoss)
    }

    /// - Parameter rows: The rows of n numbers that a kernel works in.
    private static func checkMemory(_ result: Int64, rows: Int, n: Int, _ dtype: DType) throws {
        guard result == Int64(CK_NO_MEMORY) else { return }
        throw TensorError.outOfMemory(
            bytes: rows * n * dtype.itemSize, available: Int(clamping: ck_available_memory()))
    }
}
