import CKernels

// Powers, extremes and remainders: the operations of `Arithmetic.swift` with longer derivatives.

/// y = xᵖ for a number p: dx = g p xᵖ⁻¹
final class PowerOfScalarExponent: Operation {
    private let x: Saved, exponent: Double, form: InputForm
    override class var name: String { "**" }

    init(_ x: Tensor, _ exponent: Double) {
        self.x = Saved(x)
        self.exponent = exponent
        form = InputForm(x)
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let base = try Kernels.cast(try x.restored(for: "**"), gradient.dtype)
        let slope: Values
        if exponent == 0 {
            slope = try Kernels.filled(base.shape, base.dtype, 0)
        } else if exponent == 2 {
            slope = try Kernels.affine(base, 2)
        } else {
            slope = try Kernels.affine(
                try Kernels.binary(CK_POW, base, scalar: .float(exponent - 1), name: "**"), exponent)
        }
        let product = try Kernels.binary(CK_MUL, gradient, slope, gradient.shape, name: "**")
        try send(try product.fitted(to: form.shape, form.dtype), to: 0, walk)
    }
}

/// y = aᵇ: da = g b aᵇ⁻¹ (0 where b is 0), db = g y ln a (0 where a is 0 and b is not negative)
final class Power: Operation {
    private let left: InputForm, right: InputForm
    private let base: Saved, exponent: Saved
    private var result: Saved?
    override class var name: String { "**" }

    init(_ x: Tensor, _ y: Tensor) {
        left = InputForm(x)
        right = InputForm(y)
        base = Saved(x)
        exponent = Saved(y)
        super.init(x, y)
    }

    func keep(result values: Values) { result = Saved(values, madeBy: number) }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let shape = gradient.shape, dtype = gradient.dtype
        let a = try Kernels.expand(try Kernels.cast(try base.restored(for: "**"), dtype), shape)
        let b = try Kernels.expand(try Kernels.cast(try exponent.restored(for: "**"), dtype), shape)
        let zero = try Kernels.filled(.scalar, dtype, 0)
        if needs(0) {
            let lower = try Kernels.binary(CK_SUB, b, scalar: 1, name: "**")
            let slope = try Kernels.product(gradient, b, try Kernels.binary(CK_POW, a, lower, shape, name: "**"))
            let flat = try Kernels.compare(CK_EQ, b, zero, shape)
            let masked = try Kernels.choose(flat, zero, slope, shape)
            try send(try masked.fitted(to: left.shape, left.dtype), to: 0, walk)
        }
        if needs(1), let result {
            let y = try result.restored(for: "**")
            let slope = try Kernels.product(gradient, y, try Kernels.unary(CK_LOG, a))
            let flat = try Kernels.binary(
                CK_AND, try Kernels.compare(CK_EQ, a, zero, shape), try Kernels.compare(CK_GE, b, zero, shape), shape,
                name: "**")
            let masked = try Kernels.choose(flat, zero, slope, shape)
            try send(try masked.fitted(to: right.shape, right.dtype), to: 1, walk)
        }
    }
}

/// y = max(a, b) or min(a, b): the gradient goes to the one that was chosen, half to each where they are equal, and whole
/// to both where one is NaN, as in PyTorch.
final class Choice: Operation {
    private let left: InputForm, right: InputForm
    private let a: Saved, b: Saved, maximum: Bool
    override class var name: String { "maximum" }

    init(_ x: Tensor, _ y: Tensor, maximum: Bool) {
        left = InputForm(x)
        right = InputForm(y)
        a = Saved(x)
        b = Saved(y)
        self.maximum = maximum
        super.init(x, y)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let x = try Kernels.cast(try a.restored(for: "maximum"), gradient.dtype)
        let y = try Kernels.cast(try b.restored(for: "maximum"), gradient.dtype)
        let zero = try Kernels.filled(.scalar, gradient.dtype, 0)
        let half = try Kernels.affine(gradient, 0.5)
        let equal = try Kernels.compare(CK_EQ, x, y, gradient.shape)
        for (index, form, op) in [(0, left, maximum ? CK_LT : CK_GT), (1, right, maximum ? CK_GT : CK_LT)]
        where needs(index) {
            let loses = try Kernels.compare(op, x, y, gradient.shape)
            let part = try Kernels.choose(
                equal, half, try Kernels.choose(loses, zero, gradient, gradient.shape), gradient.shape)
            try send(try part.fitted(to: form.shape, form.dtype), to: index, walk)
        }
    }
}

/// y = a - ⌊a / b⌋ b: da = g, db = -g ⌊a / b⌋
final class RemainderOperation: Operation {
    private let left: InputForm, right: InputForm
    private let a: Saved, b: Saved
    override class var name: String { "%" }

    init(_ x: Tensor, _ y: Tensor) {
        left = InputForm(x)
        right = InputForm(y)
        a = Saved(x)
        b = Saved(y)
        super.init(x, y)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if needs(0) { try send(try gradient.fitted(to: left.shape, left.dtype), to: 0, walk) }
        if needs(1) {
            let x = try Kernels.cast(try a.restored(for: "%"), gradient.dtype)
            let y = try Kernels.cast(try b.restored(for: "%"), gradient.dtype)
            let whole = try Kernels.binary(CK_FLOOR_DIVIDE, x, y, gradient.shape, name: "%")
            let product = try Kernels.affine(
                try Kernels.binary(CK_MUL, gradient, whole, gradient.shape, name: "%"), -1)
            try send(try product.fitted(to: right.shape, right.dtype), to: 1, walk)
        }
    }
}
