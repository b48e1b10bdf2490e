import CKernels

/// An operand of elementwise arithmetic.
public enum Operand {
    /// A tensor.
    case tensor(Tensor)
    /// A number.
    case scalar(Scalar)
}

/// Elementwise arithmetic of two operands.
public enum ArithmeticOperator: String, Sendable, CaseIterable {
    /// x + y
    case add = "+"
    /// x - y
    case subtract = "-"
    /// x · y
    case multiply = "*"
    /// x / y, float for integers
    case divide = "/"
    /// ⌊x / y⌋
    case floorDivide = "//"
    /// x - ⌊x / y⌋ y
    case remainder = "%"
    /// x to the power of y
    case power = "**"
    /// The larger.
    case maximum
    /// The smaller.
    case minimum

    var code: ck_binary_op {
        switch self {
        case .add: CK_ADD
        case .subtract: CK_SUB
        case .multiply: CK_MUL
        case .divide: CK_DIV
        case .floorDivide: CK_FLOOR_DIVIDE
        case .remainder: CK_REMAINDER
        case .power: CK_POW
        case .maximum: CK_MAXIMUM
        case .minimum: CK_MINIMUM
        }
    }

    /// The dtype of the result, given that of the converted operands.
    /// - Throws: `TensorError.wrongDType` for truth values that are no numbers here.
    func resultDType(_ common: DType) throws -> DType {
        switch self {
        case .divide: return common.isFloating ? common : .float32
        case .floorDivide, .remainder, .power:
            if common == .bool { throw TensorError.wrongDType(function: rawValue, dtype: .bool, expected: "numbers") }
            return common
        default: return common
        }
    }
}

extension Operand {
    var tensor: Tensor? {
        if case .tensor(let tensor) = self { return tensor }
        return nil
    }

    var isBool: Bool {
        switch self {
        case .tensor(let tensor): tensor.dtype == .bool
        case .scalar(let scalar): scalar.dtype == .bool
        }
    }

    /// The dtype both operands are converted to, by PyTorch's promotion.
    static func commonDType(_ left: Operand, _ right: Operand) -> DType {
        DType.common(left.standing, right.standing)
    }

    private var standing: DType.Standing {
        switch self {
        case .tensor(let tensor): tensor.rank > 0 ? .full(tensor.dtype) : .zero(tensor.dtype)
        case .scalar(let scalar): .number(scalar.dtype)
        }
    }
}

extension Tensor {
    /// Elementwise arithmetic with broadcasting and PyTorch's promotion.
    /// - Throws: `TensorError` for shapes that do not broadcast, and for integer division by zero.
    public static func arithmetic(_ op: ArithmeticOperator, _ left: Operand, _ right: Operand) throws -> Tensor {
        let result =
            switch (left, right) {
            case (.tensor(let x), .tensor(let y)): try result(op, x, y)
            case (.tensor(let x), .scalar(let y)): try arithmetic(op, x, y, reversed: false)
            case (.scalar(let x), .tensor(let y)): try arithmetic(op, y, x, reversed: true)
            case (.scalar(let x), .scalar(let y)): try result(op, try Tensor(x), try Tensor(y))
            }
        return result.traced(.arithmetic(Graph.Arithmetic(op)), [left, right])
    }

    /// As in PyTorch, truth values are not subtracted, nor is anything from them.
    private static func truthValues(_ op: ArithmeticOperator) -> TensorError {
        .wrongDType(function: op.rawValue, dtype: .bool, expected: "numbers (use ^ or ~ on bool tensors)")
    }

    private static func code(_ op: ArithmeticOperator, _ dtype: DType) -> ck_binary_op {
        guard dtype == .bool else { return op.code }
        return switch op {
        case .add, .maximum: CK_OR
        default: CK_AND
        }
    }

    /// Elementwise arithmetic of two tensors, as the one of operands.
    public static func arithmetic(_ op: ArithmeticOperator, _ x: Tensor, _ y: Tensor) throws -> Tensor {
        try result(op, x, y).traced(.arithmetic(Graph.Arithmetic(op)), [x.operand, y.operand])
    }

    private static func result(_ op: ArithmeticOperator, _ x: Tensor, _ y: Tensor) throws -> Tensor {
        let out: Values
        if x.dtype.isFloating, x.values.liesAs(y.values) {
            // The most frequent case without a look at what else there could be.
            out = try Values(like: x.values)
            let status = ck_binary(
                op.code, x.dtype.code, x.values.base, 1, y.values.base, 1, out.base, Int64(out.count))
            if status != CK_OK { try Kernels.check(status, op.rawValue) }
        } else {
            out = try general(op, x, y)
        }
        guard (x.requiresGradient || y.requiresGradient) && Gradients.isEnabled else { return Tensor(out) }
        let operation: Operation
        switch op {
        case .add: operation = Addition(x, y, out, sign: 1)
        case .subtract: operation = Addition(x, y, out, sign: -1)
        case .multiply: operation = Multiplication(x, y, out)
        case .divide: operation = Division(x, y)
        case .power:
            let power = Power(x, y)
            power.keep(result: out)
            operation = power
        case .maximum, .minimum: operation = Choice(x, y, maximum: op == .maximum)
        case .remainder: operation = RemainderOperation(x, y)
        case .floorDivide: return Tensor(out)
        }
        return Tensor(out, operation)
    }

    private static func general(_ op: ArithmeticOperator, _ x: Tensor, _ y: Tensor) throws -> Values {
        var a = x.values, b = y.values
        let shape: Shape
        if op == .subtract, a.dtype == .bool || b.dtype == .bool { throw truthValues(op) }
        if a.dtype == b.dtype && a.dtype.isFloating {
            shape = try Shape.broadcast(a.shape, b.shape, for: op.rawValue)
        } else {
            let dtype = try op.resultDType(Operand.commonDType(.tensor(x), .tensor(y)))
            shape = try Shape.broadcast(a.shape, b.shape, for: op.rawValue)
            a = try Kernels.cast(a, dtype)
            b = try Kernels.cast(b, dtype)
        }
        return try Kernels.binary(code(op, a.dtype), a, b, shape, name: op.rawValue)
    }

    private static func arithmetic(_ op: ArithmeticOperator, _ x: Tensor, _ scalar: Scalar, reversed: Bool) throws
        -> Tensor
    {
        var a = x.values
        let dtype: DType
        if op == .subtract, x.dtype == .bool || scalar.dtype == .bool { throw truthValues(op) }
        if a.dtype.isFloating {
            dtype = a.dtype
        } else {
            dtype = try op.resultDType(Operand.commonDType(.tensor(x), .scalar(scalar)))
            // A tensor of exponents may hold negative ones, whose powers are 0, 1 or -1.
            if op == .power, !reversed, !dtype.isFloating {
                if scalar.double < 0 { throw TensorError.negativeExponent(function: op.rawValue) }
                try dtype.check(holds: scalar, for: op.rawValue, argument: "exponent")
            }
            a = try Kernels.cast(a, dtype)
        }
        let out = try Kernels.binary(code(op, dtype), a, scalar: scalar, reversed: reversed, name: op.rawValue)
        guard x.isRecorded else { return Tensor(out) }
        let value = scalar.double
        switch (op, reversed) {
        case (.add, _), (.subtract, false): return Tensor(out, Identity(x))
        case (.subtract, true): return Tensor(out, Scaling(x, -1))
        case (.multiply, _): return Tensor(out, Scaling(x, value))
        case (.divide, false): return Tensor(out, Scaling(x, 1 / value))
        case (.power, false): return Tensor(out, PowerOfScalarExponent(x, value))
        case (.remainder, false): return Tensor(out, Identity(x))
        case (.floorDivide, _): return Tensor(out)
        default:
            // The rare ones go through a 0-d tensor.
            let number = Tensor(try Kernels.filled(.scalar, dtype, scalar))
            return try result(op, reversed ? number : x, reversed ? x : number)
        }
    }
}

extension Values {
    /// A gradient summed over broadcast dimensions and converted to an input's dtype.
    func fitted(to shape: Shape, _ dtype: DType) throws -> Values {
        var result = self
        if self.shape != shape { result = try result.summed(to: shape) }
        return result.dtype == dtype ? result : try Kernels.cast(result, dtype)
    }

    /// A gradient fitted to an input's form, where that is not the result's.
    func fitted(to form: InputForm?) throws -> Values {
        guard let form else { return self }
        return try fitted(to: form.shape, form.dtype)
    }

    /// Sums over the dimensions that `shape` was stretched along.
    func summed(to target: Shape) throws -> Values {
        let shift = shape.rank - target.rank
        var dims: [Int] = []
        for d in 0..<shape.rank where d < shift || (target[d - shift] == 1 && shape[d] != 1) { dims.append(d) }
        return try reduced(CK_SUM, dims: dims).reshaped(target)
    }

    /// A reduction over some dimensions, kept with size 1.
    func reduced(_ op: ck_reduce_op, dims: [Int]) throws -> Values {
        guard let low = dims.min(), let high = dims.max() else { return self }
        var kept = shape
        for d in dims { kept[d] = 1 }
        if high - low + 1 == dims.count {
            return try Kernels.reduce(
                op, self, outer: shape.product(0..<low), n: shape.product(low..<high + 1),
                inner: shape.product(high + 1..<shape.rank), kept)
        }
        let others = (0..<shape.rank).filter { !dims.contains($0) }
        let moved = try Kernels.permute(self, others + dims.sorted())
        let n = dims.reduce(1) { $0 * shape[$1] }
        return try Kernels.reduce(op, moved, outer: kept.elementCount, n: n, inner: 1, kept)
    }
}

/// Shape and dtype of an input, to which its gradient is fitted.
struct InputForm {
    let shape: Shape
    let dtype: DType

    init(_ tensor: Tensor) {
        shape = tensor.values.shape
        dtype = tensor.values.dtype
    }

    /// The form of an input; none when it is the result's, so that nothing has to be fitted.
    static func differing(_ tensor: Tensor, from result: Values) -> InputForm? {
        tensor.values.shape == result.shape && tensor.values.dtype == result.dtype ? nil : InputForm(tensor)
    }
}

/// y = a ± b
private final class Addition: Operation {
    private let left: InputForm?, right: InputForm?, sign: Double
    override class var name: String { "+" }

    init(_ x: Tensor, _ y: Tensor, _ result: Values, sign: Double) {
        left = .differing(x, from: result)
        right = .differing(y, from: result)
        self.sign = sign
        super.init(x, y)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if needs(0) { try send(try gradient.fitted(to: left), to: 0, walk) }
        if needs(1) {
            let fitted = try gradient.fitted(to: right)
            try send(sign == 1 ? fitted : try Kernels.affine(fitted, sign), to: 1, walk)
        }
    }

    override func backward(consuming gradient: consuming Values, _ walk: Walk) throws {
        if left == nil, !needs(1) { return try send(gradient, to: 0, walk) }
        try backward(gradient, walk)
    }
}

/// y = factor · x + constant
final class Scaling: Operation {
    private let factor: Double, dtype: DType
    override class var name: String { "*" }

    init(_ x: Tensor, _ factor: Double) {
        self.factor = factor
        dtype = x.dtype
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws { try backward(consuming: gradient, walk) }

    override func backward(consuming gradient: consuming Values, _ walk: Walk) throws {
        let target = gradient.isUnshared() ? gradient : nil
        let product = try Kernels.affine(gradient, factor, into: target)
        try send(try product.fitted(to: product.shape, dtype), to: 0, walk)
    }
}

/// y = a · b
private final class Multiplication: Operation {
    private let left: InputForm?, right: InputForm?
    private let savedLeft: Saved?, savedRight: Saved?
    override class var name: String { "*" }

    init(_ x: Tensor, _ y: Tensor, _ result: Values) {
        left = .differing(x, from: result)
        right = .differing(y, from: result)
        savedLeft = y.requiresGradient ? Saved(x) : nil
        savedRight = x.requiresGradient ? Saved(y) : nil
        super.init(x, y)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if let savedRight {
            let factor = try Kernels.cast(try savedRight.restored(for: "*"), gradient.dtype)
            let product = try Kernels.binary(CK_MUL, gradient, factor, gradient.shape, name: "*")
            try send(try product.fitted(to: left), to: 0, walk)
        }
        if let savedLeft {
            let factor = try Kernels.cast(try savedLeft.restored(for: "*"), gradient.dtype)
            let product = try Kernels.binary(CK_MUL, gradient, factor, gradient.shape, name: "*")
            try send(try product.fitted(to: right), to: 1, walk)
        }
    }

    override func backward(consuming gradient: consuming Values, _ walk: Walk) throws {
        if savedLeft == nil, left == nil, try savedRight?.multiply(&gradient, for: "*") == true {
            return try send(gradient, to: 0, walk)
        }
        if savedRight == nil, right == nil, try savedLeft?.multiply(&gradient, for: "*") == true {
            return try send(gradient, to: 1, walk)
        }
        try backward(gradient, walk)
    }
}

/// y = a / b: da = g / b, db = -g a / b²
private final class Division: Operation {
    private let left: InputForm, right: InputForm
    private let numerator: Saved?, denominator: Saved
    override class var name: String { "/" }

    init(_ x: Tensor, _ y: Tensor) {
        left = InputForm(x)
        right = InputForm(y)
        numerator = y.requiresGradient ? Saved(x) : nil
        denominator = Saved(y)
        super.init(x, y)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let b = try Kernels.cast(try denominator.restored(for: "/"), gradient.dtype)
        let quotient = try Kernels.binary(CK_DIV, gradient, b, gradient.shape, name: "/")
        if needs(0) { try send(try quotient.fitted(to: left.shape, left.dtype), to: 0, walk) }
        if let numerator {
            let a = try Kernels.cast(try numerator.restored(for: "/"), gradient.dtype)
            let slope = try Kernels.binary(CK_DIV, quotient, b, gradient.shape, name: "/")
            let product = try Kernels.affine(
                try Kernels.binary(CK_MUL, slope, a, gradient.shape, name: "/"), -1)
            try send(try product.fitted(to: right.shape, right.dtype), to: 1, walk)
        }
    }
}
