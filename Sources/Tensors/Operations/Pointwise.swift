import CKernels

/// A function applied to each element, with its derivative: forward and backward are one line of C each
/// (kernels/pointwise_typed.h).
public enum PointwiseFunction: Hashable, Sendable {
    case neg, abs, sign, square, round, floor, ceil, reciprocal
    case exp, log, log1p, expm1, sqrt, rsqrt, sin, cos, tanh, sigmoid, erf
    case relu, leakyReLU, elu, gelu, geluTanh, silu, softplus, clamp, hardtanh

    /// The name in the language.
    public var name: String {
        switch self {
        case .neg: "-"
        case .leakyReLU: "leaky_relu"
        case .geluTanh: "gelu"
        default: "\(self)"
        }
    }

    var code: ck_unary_op {
        switch self {
        case .neg: CK_NEG
        case .abs: CK_ABS
        case .sign: CK_SIGN
        case .square: CK_SQUARE
        case .round: CK_ROUND
        case .floor: CK_FLOOR
        case .ceil: CK_CEIL
        case .reciprocal: CK_RECIPROCAL
        case .exp: CK_EXP
        case .log: CK_LOG
        case .log1p: CK_LOG1P
        case .expm1: CK_EXPM1
        case .sqrt: CK_SQRT
        case .rsqrt: CK_RSQRT
        case .sin: CK_SIN
        case .cos: CK_COS
        case .tanh: CK_TANH
        case .sigmoid: CK_SIGMOID
        case .erf: CK_ERF
        case .relu: CK_RELU
        case .leakyReLU: CK_LEAKY_RELU
        case .elu: CK_ELU
        case .gelu: CK_GELU
        case .geluTanh: CK_GELU_TANH
        case .silu: CK_SILU
        case .softplus: CK_SOFTPLUS
        case .clamp: CK_CLAMP
        case .hardtanh: CK_HARDTANH
        }
    }

    /// Whether the derivative is written in terms of the result rather than the argument.
    var usesResult: Bool {
        switch self {
        case .exp, .expm1, .sqrt, .rsqrt, .reciprocal, .tanh, .sigmoid, .relu: true
        default: false
        }
    }

    /// Whether integers stay integers.
    var keepsIntegers: Bool {
        switch self {
        case .neg, .abs, .sign, .square, .round, .floor, .ceil, .relu, .clamp, .hardtanh: true
        default: false
        }
    }
}

/// y = f(x) elementwise.
private final class Pointwise: Operation {
    private let function: PointwiseFunction, p: Double, q: Double
    private var saved: Saved
    override class var name: String { "a pointwise function" }

    init(_ x: Tensor, _ result: Values, _ function: PointwiseFunction, _ p: Double, _ q: Double) {
        self.function = function
        self.p = p
        self.q = q
        saved = Saved(x)
        super.init(x)
        if function.usesResult { saved = Saved(result, madeBy: number) }
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws { try backward(consuming: gradient, walk) }

    override func backward(consuming gradient: consuming Values, _ walk: Walk) throws {
        let value = try saved.restored(for: "\(function)")
        let target = gradient.isUnshared() ? gradient : nil
        try send(try Kernels.unaryBackward(function.code, gradient, value, p, q, into: target), to: 0, walk)
    }
}

extension Tensor {
    func apply(_ function: PointwiseFunction, _ name: String, _ p: Double = 0, _ q: Double = 0) throws -> Tensor {
        var x = self
        if !dtype.isFloating {
            if !function.keepsIntegers {
                x = try to(.float32)
            } else if dtype == .bool {
                throw TensorError.wrongDType(function: name, dtype: dtype, expected: "numbers")
            }
        }
        let out = try Kernels.unary(function.code, x.values, p, q)
        return (x.isRecorded ? Tensor(out, Pointwise(x, out, function, p, q)) : Tensor(out))
            .traced(.pointwise(Graph.Pointwise(function, p, q)), [x.operand])
    }

    /// -x
    public func neg() throws -> Tensor { try apply(.neg, "-") }
    /// |x|
    public func abs() throws -> Tensor { try apply(.abs, "abs") }
    /// -1, 0 or 1 by the sign.
    public func sign() throws -> Tensor { dtype == .bool ? try clone() : try apply(.sign, "sign") }
    /// x²
    public func square() throws -> Tensor { try apply(.square, "square") }
    /// 1 / x
    public func reciprocal() throws -> Tensor { try apply(.reciprocal, "reciprocal") }
    /// eˣ
    public func exp() throws -> Tensor { try apply(.exp, "exp") }
    /// The natural logarithm.
    public func log() throws -> Tensor { try apply(.log, "log") }
    /// ln(1 + x), accurate near 0.
    public func log1p() throws -> Tensor { try apply(.log1p, "log1p") }
    /// eˣ - 1, accurate near 0.
    public func expm1() throws -> Tensor { try apply(.expm1, "expm1") }
    /// The square root.
    public func sqrt() throws -> Tensor { try apply(.sqrt, "sqrt") }
    /// 1 / √x
    public func rsqrt() throws -> Tensor { try apply(.rsqrt, "rsqrt") }
    /// The sine.
    public func sin() throws -> Tensor { try apply(.sin, "sin") }
    /// The cosine.
    public func cos() throws -> Tensor { try apply(.cos, "cos") }
    /// The hyperbolic tangent.
    public func tanh() throws -> Tensor { try apply(.tanh, "tanh") }
    /// 1 / (1 + e⁻ˣ)
    public func sigmoid() throws -> Tensor { try apply(.sigmoid, "sigmoid") }
    /// The error function.
    public func erf() throws -> Tensor { try apply(.erf, "erf") }
    /// max(x, 0)
    public func relu() throws -> Tensor { try apply(.relu, "relu") }
    /// x, or slope · x below 0.
    public func leakyReLU(negativeSlope: Double = 0.01) throws -> Tensor {
        try apply(.leakyReLU, "leaky_relu", negativeSlope)
    }
    /// x, or α (eˣ - 1) below 0.
    public func elu(alpha: Double = 1) throws -> Tensor { try apply(.elu, "elu", alpha) }
    /// x Φ(x), with Φ the normal distribution, or its approximation by tanh.
    /// - Parameter approximate: `"none"` or `"tanh"`.
    public func gelu(approximate: String = "none") throws -> Tensor {
        guard approximate == "none" || approximate == "tanh" else {
            throw TensorError.wrongValue(
                function: "gelu", argument: "approximate", value: "\"\(approximate)\"", expected: "\"none\" or \"tanh\""
            )
        }
        return try apply(approximate == "none" ? .gelu : .geluTanh, "gelu")
    }
    /// x · sigmoid(x)
    public func silu() throws -> Tensor { try apply(.silu, "silu") }
    /// x / (1 + |x|), as `torch.nn.functional.softsign`.
    public func softsign() throws -> Tensor { try self / (abs() + 1) }

    /// ln(1 + e^(βx)) / β, and x itself where βx is above the threshold.
    public func softplus(beta: Double = 1, threshold: Double = 20) throws -> Tensor {
        guard beta != 0 else {
            throw TensorError.wrongValue(function: "softplus", argument: "beta", value: "\(beta)", expected: "not 0")
        }
        return try apply(.softplus, "softplus", beta, threshold)
    }
    /// x limited to minimum … maximum.
    public func hardtanh(minimum: Double = -1, maximum: Double = 1) throws -> Tensor {
        guard minimum <= maximum else {
            throw TensorError.wrongValue(
                function: "hardtanh", argument: "min_val", value: "\(minimum)", expected: "at most max_val, \(maximum)")
        }
        // Unlike clamp's, its derivative is 0 at the limits.
        return try apply(.hardtanh, "hardtanh", minimum, maximum)
    }
    /// x limited to min … max; one of them may be missing.
    public func clamp(min: Scalar? = nil, max: Scalar? = nil) throws -> Tensor {
        guard min != nil || max != nil else {
            throw TensorError.wrongValue(function: "clamp", argument: "min or max", value: "none", expected: "given")
        }
        var x = dtype == .bool ? try to(.int64) : self
        if !dtype.isFloating {
            for bound in [min, max] { if case .float? = bound { x = try to(.float32) } }
        }
        for case let bound? in [min, max] { try x.dtype.check(holds: bound, for: "clamp", argument: "min or max") }
        // A bound that is NaN leaves no number, and negative bytes wrap, as in PyTorch.
        if min?.double.isNaN == true || max?.double.isNaN == true { return try x.mul(0).add(.float(.nan)) }
        func limit(_ bound: Scalar) -> Double { x.dtype == .uint8 ? Double(bound.integer & 255) : bound.double }
        return try x.apply(.clamp, "clamp", min.map(limit) ?? -.infinity, max.map(limit) ?? .infinity)
    }
    /// The nearest integer, halves to even.
    public func round() throws -> Tensor { try apply(.round, "round") }
    /// The largest integer that is not above.
    public func floor() throws -> Tensor { try apply(.floor, "floor") }
    /// The smallest integer that is not below.
    public func ceil() throws -> Tensor { try apply(.ceil, "ceil") }

    /// Whether each element is not a number.
    public func isnan() throws -> Tensor {
        Tensor(try Kernels.classify(CK_ISNAN, values)).traced(.classification(Graph.Classification(.isnan)), [operand])
    }
    /// Whether each element is infinite.
    public func isinf() throws -> Tensor {
        Tensor(try Kernels.classify(CK_ISINF, values))
            .traced(.classification(Graph.Classification(.isinf)), [operand])
    }
    /// Whether each element is neither infinite nor NaN.
    public func isfinite() throws -> Tensor {
        Tensor(try Kernels.classify(CK_ISFINITE, values))
            .traced(.classification(Graph.Classification(.isfinite)), [operand])
    }
}
