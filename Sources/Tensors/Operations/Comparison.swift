import CKernels

/// Elementwise comparison.
public enum ComparisonOperator: String, Sendable, CaseIterable {
    /// Equal.
    case equal = "=="
    /// Not equal.
    case notEqual = "!="
    /// Less.
    case less = "<"
    /// Less or equal.
    case lessEqual = "<="
    /// Greater.
    case greater = ">"
    /// Greater or equal.
    case greaterEqual = ">="

    var code: ck_compare_op {
        switch self {
        case .equal: CK_EQ
        case .notEqual: CK_NE
        case .less: CK_LT
        case .lessEqual: CK_LE
        case .greater: CK_GT
        case .greaterEqual: CK_GE
        }
    }

    /// The operator with its sides exchanged.
    var mirrored: ComparisonOperator {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessEqual: .greaterEqual
        case .greater: .less
        case .greaterEqual: .lessEqual
        }
    }
}

extension Tensor {
    /// Elementwise comparison with broadcasting and promotion: a bool tensor.
    /// - Throws: `TensorError.notBroadcastable`.
    public static func compare(_ op: ComparisonOperator, _ left: Operand, _ right: Operand) throws -> Tensor {
        var dtype = Operand.commonDType(left, right)
        // A float number against integers is compared exactly enough in float64.
        if dtype == .float32, case .scalar = right, left.tensor?.dtype == .int64 { dtype = .float64 }
        func converted(_ operand: Operand) throws -> Values {
            switch operand {
            case .tensor(let tensor): try Kernels.cast(tensor.values, dtype)
            case .scalar(let scalar): try Kernels.filled(.scalar, dtype, scalar)
            }
        }
        let a = try converted(left), b = try converted(right)
        let result = try Kernels.compare(op.code, a, b, try Shape.broadcast(a.shape, b.shape, for: op.rawValue))
        return Tensor(result).traced(.comparison(Graph.Comparison(op)), [left, right])
    }

    /// x == y elementwise.
    public func eq(_ other: Tensor) throws -> Tensor { try Tensor.compare(.equal, .tensor(self), .tensor(other)) }
    /// x == y elementwise.
    public func eq(_ other: Scalar) throws -> Tensor { try Tensor.compare(.equal, .tensor(self), .scalar(other)) }
    /// x != y elementwise.
    public func ne(_ other: Tensor) throws -> Tensor { try Tensor.compare(.notEqual, .tensor(self), .tensor(other)) }
    /// x != y elementwise.
    public func ne(_ other: Scalar) throws -> Tensor { try Tensor.compare(.notEqual, .tensor(self), .scalar(other)) }
    /// x < y elementwise.
    public func lt(_ other: Tensor) throws -> Tensor { try Tensor.compare(.less, .tensor(self), .tensor(other)) }
    /// x < y elementwise.
    public func lt(_ other: Scalar) throws -> Tensor { try Tensor.compare(.less, .tensor(self), .scalar(other)) }
    /// x <= y elementwise.
    public func le(_ other: Tensor) throws -> Tensor { try Tensor.compare(.lessEqual, .tensor(self), .tensor(other)) }
    /// x <= y elementwise.
    public func le(_ other: Scalar) throws -> Tensor { try Tensor.compare(.lessEqual, .tensor(self), .scalar(other)) }
    /// x > y elementwise.
    public func gt(_ other: Tensor) throws -> Tensor { try Tensor.compare(.greater, .tensor(self), .tensor(other)) }
    /// x > y elementwise.
    public func gt(_ other: Scalar) throws -> Tensor { try Tensor.compare(.greater, .tensor(self), .scalar(other)) }
    /// x >= y elementwise.
    public func ge(_ other: Tensor) throws -> Tensor {
        try Tensor.compare(.greaterEqual, .tensor(self), .tensor(other))
    }
    /// x >= y elementwise.
    public func ge(_ other: Scalar) throws -> Tensor {
        try Tensor.compare(.greaterEqual, .tensor(self), .scalar(other))
    }

    private func bitwise(_ op: ck_binary_op, _ other: Tensor, _ function: Graph.Logic.Function) throws -> Tensor {
        let name = function.rawValue
        let dtype = DType.promote(self.dtype, other.dtype)
        guard !dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "bool or integer tensors")
        }
        let a = try Kernels.cast(values, dtype), b = try Kernels.cast(other.values, dtype)
        let result = try Kernels.binary(op, a, b, try Shape.broadcast(shape, other.shape, for: name), name: name)
        return Tensor(result).traced(.logic(Graph.Logic(function)), [operand, other.operand])
    }

    /// x and y, bitwise for integers.
    public func bitwiseAnd(_ other: Tensor) throws -> Tensor { try bitwise(CK_AND, other, .and) }
    /// x or y, bitwise for integers.
    public func bitwiseOr(_ other: Tensor) throws -> Tensor { try bitwise(CK_OR, other, .or) }
    /// Either x or y, bitwise for integers.
    public func bitwiseXor(_ other: Tensor) throws -> Tensor { try bitwise(CK_XOR, other, .exclusiveOr) }
    /// Not x, bitwise for integers.
    public func bitwiseNot() throws -> Tensor {
        guard !dtype.isFloating else {
            throw TensorError.wrongDType(function: "~", dtype: dtype, expected: "bool or integer tensors")
        }
        let ones: Scalar = dtype == .bool ? true : .int(-1)
        return Tensor(try Kernels.binary(CK_XOR, values, scalar: ones, name: "~"))
            .traced(.logic(Graph.Logic(.not)), [operand])
    }

    /// Whether all elements agree: |x - y| ≤ atol + rtol |y|.
    /// - Throws: `TensorError` for shapes that do not broadcast and for unequal dtypes.
    public func allclose(_ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false) throws
        -> Bool
    {
        guard dtype == other.dtype else {
            throw TensorError.unequalDTypes(function: "allclose", first: dtype, second: other.dtype)
        }
        Trace.note(.reads)
        let shape = try Shape.broadcast(self.shape, other.shape, for: "allclose")
        let wide: DType = dtype == .float32 ? .float32 : .float64
        let a = try Kernels.expand(try Kernels.cast(values, wide), shape)
        let b = try Kernels.expand(try Kernels.cast(other.values, wide), shape)
        return try Kernels.unequal(a, b, rtol: rtol, atol: atol, equalNaN: equalNaN) == 0
    }

    /// Whether shapes and elements are equal.
    public func equals(_ other: Tensor) throws -> Bool {
        guard shape == other.shape else { return false }
        return try eq(other).all().item() == .bool(true)
    }

    /// `condition` ? x : y elementwise, with broadcasting and promotion.
    public static func `where`(_ condition: Tensor, _ x: Operand, _ y: Operand) throws -> Tensor {
        guard condition.dtype == .bool || condition.dtype == .uint8 else {
            throw TensorError.wrongDType(function: "where", dtype: condition.dtype, expected: "a bool condition")
        }
        let condition = condition.dtype == .uint8 ? try condition.to(.bool) : condition
        let dtype = Operand.commonDType(x, y)
        func converted(_ operand: Operand) throws -> Tensor {
            switch operand {
            case .tensor(let tensor): try tensor.to(dtype)
            case .scalar(let scalar): try Tensor(scalar, dtype: dtype)
            }
        }
        for case .scalar(let scalar) in [x, y] { try dtype.check(holds: scalar, for: "where", argument: "other") }
        let a = try converted(x), b = try converted(y)
        let both = try Shape.broadcast(a.shape, b.shape, for: "where")
        let shape = try Shape.broadcast(condition.shape, both, for: "where")
        let out = try Kernels.choose(condition.values, a.values, b.values, shape)
        let isRecorded = (a.requiresGradient || b.requiresGradient) && Gradients.isEnabled
        return (isRecorded ? Tensor(out, Selection(condition, a, b)) : Tensor(out))
            .traced(.choice(Graph.Choice()), [condition.operand, a.operand, b.operand])
    }

    /// x, and `value` where the mask is true.
    public func maskedFill(_ mask: Tensor, _ value: Scalar) throws -> Tensor {
        guard mask.dtype == .bool else {
            throw TensorError.wrongDType(function: "masked_fill", dtype: mask.dtype, expected: "a bool mask")
        }
        try dtype.check(holds: value, for: "masked_fill", argument: "value")
        let shape = try Shape.broadcast(mask.shape, self.shape, for: "masked_fill")
        let filler = Tensor(try Kernels.filled(.scalar, dtype, value)).tracedAsConstant()
        let out = try Kernels.choose(mask.values, filler.values, values, shape)
        return (isRecorded ? Tensor(out, Selection(mask, filler, self)) : Tensor(out))
            .traced(.choice(Graph.Choice()), [mask.operand, filler.operand, operand])
    }
}

/// y = c ? a : b
private final class Selection: Operation {
    private let condition: Saved, left: InputForm, right: InputForm
    override class var name: String { "where" }

    init(_ condition: Tensor, _ a: Tensor, _ b: Tensor) {
        self.condition = Saved(condition)
        left = InputForm(a)
        right = InputForm(b)
        super.init(a, b)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let chosen = try condition.restored(for: "where")
        let zero = try Kernels.filled(.scalar, gradient.dtype, 0)
        if needs(0) {
            let part = try Kernels.choose(chosen, gradient, zero, gradient.shape)
            try send(try part.fitted(to: left.shape, left.dtype), to: 0, walk)
        }
        if needs(1) {
            let part = try Kernels.choose(chosen, zero, gradient, gradient.shape)
            try send(try part.fitted(to: right.shape, right.dtype), to: 1, walk)
        }
    }
}
