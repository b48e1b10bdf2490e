import CKernels

extension Tensor {
    /// p · x elementwise for weights p, 0 where the weight is 0 whatever x is: what never happens adds nothing to an
    /// expectation, and 0 · log 0 is 0. NaN stays NaN.
    /// - Parameter x: Of the same shape and dtype.
    /// - Throws: `TensorError.unequalShapes`, `TensorError.unequalDTypes`.
    package func weighing(_ x: Tensor) throws -> Tensor {
        let name = "weighing"
        guard shape == x.shape else { throw TensorError.unequalShapes(function: name, first: shape, second: x.shape) }
        guard dtype == x.dtype, dtype.isFloating else {
            throw TensorError.unequalDTypes(function: name, first: dtype, second: x.dtype)
        }
        let zero = try Kernels.filled(.scalar, dtype, 0)
        let never = try Kernels.compare(CK_EQ, values, zero, shape)
        let known = try Kernels.choose(never, zero, x.values, shape)
        let out = try Kernels.binary(CK_MUL, values, known, shape, name: name)
        let isRecorded = (requiresGradient || x.requiresGradient) && Gradients.isEnabled
        return isRecorded ? Tensor(out, Weighing(self, x, known)) : Tensor(out)
    }
}

/// y = p x, 0 where p is 0: dp = g x (0 there), dx = g p
private final class Weighing: Operation {
    private let weights: Saved, known: Values
    override class var name: String { "weighing" }

    init(_ weights: Tensor, _ x: Tensor, _ known: Values) {
        self.weights = Saved(weights)
        self.known = known
        super.init(weights, x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let shape = gradient.shape
        if needs(0) { try send(try Kernels.binary(CK_MUL, gradient, known, shape, name: "weighing"), to: 0, walk) }
        if needs(1) {
            let p = try weights.restored(for: "weighing")
            try send(try Kernels.binary(CK_MUL, gradient, p, shape, name: "weighing"), to: 1, walk)
        }
    }
}
