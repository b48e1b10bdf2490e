import CKernels

extension Tensor {
    /// Zeroes each element with probability p and scales the others by 1 / (1 - p); nothing when not training.
    /// - Throws: `TensorError` for p outside 0 … 1 and for integers that are to be dropped.
    public func dropout(p: Double = 0.5, training: Bool = true) throws -> Tensor {
        guard p >= 0 && p <= 1 else {
            throw TensorError.wrongValue(function: "dropout", argument: "p", value: "\(p)", expected: "in 0 … 1")
        }
        guard training && p > 0 else { return self }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: "dropout", dtype: dtype, expected: "a float tensor")
        }
        let (out, mask) = try Kernels.dropout(values, p: p)
        return isRecorded ? Tensor(out, Dropout(self, mask, p)) : Tensor(out)
    }
}

/// y = mask · x / (1 - p)
private final class Dropout: Operation {
    private let mask: Values, p: Double
    override class var name: String { "dropout" }

    init(_ x: Tensor, _ mask: Values, _ p: Double) {
        self.mask = mask
        self.p = p
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let kept = try Kernels.cast(mask, gradient.dtype)
        let product = try Kernels.binary(CK_MUL, gradient, kept, gradient.shape, name: "dropout")
        try send(p < 1 ? try Kernels.affine(product, 1 / (1 - p)) : product, to: 0, walk)
    }
}
