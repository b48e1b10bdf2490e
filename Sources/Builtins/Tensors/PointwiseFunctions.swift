import Glibc
import Runtime
import Tensors

extension Library {
    /// Declares a function of every element that takes numbers too.
    func addPointwise(
        _ name: String, _ summary: String, formula: String? = nil, notes: [String] = [], pytorch: String = "torch.",
        seeAlso: [String], examples: [Example], ofTensor: @escaping (Tensor) throws -> Tensor,
        ofNumber: @escaping (Double) -> Double
    ) {
        add(
            Builtin(
                name, .pointwise, summary, formula: formula,
                Parameter<TensorOrNumber>("input", "a tensor of any shape, or a number"),
                returns: "a tensor of the same shape, float for integers; a float for a number", notes: notes,
                pytorch: .differs(pytorch + name, "takes numbers too"), seeAlso: seeAlso, examples: examples
            ) { (input: TensorOrNumber) in
                switch input {
                case .first(let tensor): TensorOrNumber.first(try ofTensor(tensor))
                case .second(let number): TensorOrNumber.second(ofNumber(number))
                }
            })
    }

    /// Declares a function of every element that keeps the kind of its input, for tensors and numbers.
    func addKindKeeping(
        _ name: String, _ summary: String, formula: String? = nil, notes: [String] = [], seeAlso: [String],
        examples: [Example], ofTensor: @escaping (Tensor) throws -> Tensor,
        ofNumber: @escaping (Scalar) throws -> Scalar
    ) {
        add(
            Builtin(
                name, .pointwise, summary, formula: formula,
                Parameter<TensorOrScalar>("input", "a tensor of any shape, or a number"),
                returns: "a tensor of the same shape and dtype; a number for a number", notes: notes,
                pytorch: .differs("torch." + name, "takes numbers too"), seeAlso: seeAlso, examples: examples
            ) { (input: TensorOrScalar) in
                switch input {
                case .first(let tensor): TensorOrScalar.first(try ofTensor(tensor))
                case .second(.bool): throw Failure(.type, "\(name): a bool is no number")
                case .second(let number): TensorOrScalar.second(try ofNumber(number))
                }
            })
    }

    /// Exponentials, roots, trigonometry, rounding.
    func addTensorPointwise() {
        addExponentials()
        addRoots()
        addTrigonometry()
        addRounding()
        addBounds()
    }

    private func addExponentials() {
        addPointwise(
            "exp", "The exponential.", formula: "eˣ", seeAlso: ["log", "expm1"],
            examples: [Example("exp(tensor([0.0])).tolist()", "[1.0]"), Example("exp(1)", "2.718281828459045")],
            ofTensor: { try $0.exp() }, ofNumber: { Glibc.exp($0) })
        addPointwise(
            "log", "The natural logarithm.", formula: "ln x", notes: ["0 gives -inf, a negative number nan."],
            seeAlso: ["exp", "log1p"],
            examples: [Example("log(tensor([1.0])).tolist()", "[0.0]"), Example("log(1)", "0.0")],
            ofTensor: { try $0.log() }, ofNumber: { Glibc.log($0) })
        addPointwise(
            "log1p", "ln(1 + x), accurate near 0.", formula: "ln(1 + x)", seeAlso: ["log", "expm1"],
            examples: [Example("log1p(1e-20)", "1e-20")], ofTensor: { try $0.log1p() }, ofNumber: { Glibc.log1p($0) })
        addPointwise(
            "expm1", "eˣ − 1, accurate near 0.", formula: "eˣ − 1", seeAlso: ["exp", "log1p"],
            examples: [Example("expm1(1e-20)", "1e-20")], ofTensor: { try $0.expm1() }, ofNumber: { Glibc.expm1($0) })
    }

    private func addRoots() {
        addPointwise(
            "sqrt", "The square root.", formula: "√x", notes: ["A negative number gives nan."], seeAlso: ["rsqrt"],
            examples: [
                Example("sqrt(tensor([4.0, 9.0])).tolist()", "[2.0, 3.0]"), Example("sqrt(2)", "1.4142135623730951"),
            ],
            ofTensor: { try $0.sqrt() }, ofNumber: { $0.squareRoot() })
        addPointwise(
            "rsqrt", "One over the square root.", formula: "1 / √x", seeAlso: ["sqrt"],
            examples: [Example("rsqrt(tensor([4.0])).tolist()", "[0.5]")], ofTensor: { try $0.rsqrt() },
            ofNumber: { 1 / $0.squareRoot() })
    }

    private func addTrigonometry() {
        addPointwise(
            "sin", "The sine of an angle in radians.", seeAlso: ["cos"],
            examples: [Example("sin(tensor([0.0])).tolist()", "[0.0]"), Example("sin(0.5)", "0.479425538604203")],
            ofTensor: { try $0.sin() }, ofNumber: { Glibc.sin($0) })
        addPointwise(
            "cos", "The cosine of an angle in radians.", seeAlso: ["sin"],
            examples: [Example("cos(tensor([0.0])).tolist()", "[1.0]")], ofTensor: { try $0.cos() },
            ofNumber: { Glibc.cos($0) })
        addPointwise(
            "tanh", "The hyperbolic tangent.", formula: "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)", seeAlso: ["sigmoid", "hardtanh"],
            examples: [Example("tanh(tensor([0.0])).tolist()", "[0.0]")], ofTensor: { try $0.tanh() },
            ofNumber: { Glibc.tanh($0) })
        addPointwise(
            "erf", "The error function.", formula: "2/√π ∫₀ˣ e^(−t²) dt", pytorch: "torch.special.", seeAlso: ["gelu"],
            examples: [Example("erf(0)", "0.0")], ofTensor: { try $0.erf() }, ofNumber: { Glibc.erf($0) })
    }

    private func addRounding() {
        addKindKeeping(
            "sign", "−1, 0 or 1 by the sign.", seeAlso: ["abs"],
            examples: [Example("sign(tensor([-2.0, 0.0, 3.0])).tolist()", "[-1.0, 0.0, 1.0]")],
            ofTensor: { try $0.sign() },
            ofNumber: { number in
                switch number {
                case .int(let int): .int(int.signum())
                default: .float(number.double > 0 ? 1 : number.double < 0 ? -1 : number.double)
                }
            })
        func add(
            whole name: String, _ summary: String, _ example: Example,
            _ tensorRule: @escaping (Tensor) throws -> Tensor,
            _ rule: FloatingPointRoundingRule
        ) {
            addKindKeeping(
                name, summary, notes: ["A number gives an int; NaN and the infinities stay floats."],
                seeAlso: ["round", "floor", "ceil"].filter { $0 != name }, examples: [example], ofTensor: tensorRule,
                ofNumber: { number in
                    guard case .float(let float) = number else { return number }
                    return Int(exactly: float.rounded(rule)).map { .int($0) } ?? .float(float.rounded(rule))
                })
        }
        add(
            whole: "floor", "The nearest integer that is not above.",
            Example("floor(tensor([-1.5, 1.5])).tolist()", "[-2.0, 1.0]"), { try $0.floor() }, .down)
        add(
            whole: "ceil", "The nearest integer that is not below.",
            Example("ceil(tensor([-1.5, 1.5])).tolist()", "[-1.0, 2.0]"), { try $0.ceil() }, .up)
        addTensorAbsAndRound()
    }

    private func addTensorAbsAndRound() {
        add(
            Builtin(
                "abs", .pointwise, "The absolute value.", formula: "|x|", Self.input,
                returns: "a tensor of the same shape and dtype", pytorch: .same("torch.abs"), seeAlso: ["sign"],
                examples: [Example("abs(tensor([-2, 3])).tolist()", "[2, 3]")]
            ) { (input: Tensor) in try input.abs() })
        add(
            Builtin(
                "round", .pointwise, "The nearest integer, halves to even.", Self.input,
                Parameter<Int>("decimals", "digits after the point to keep, 0 to 15", default: 0),
                returns: "a tensor of the same shape and dtype", pytorch: .same("torch.round"),
                seeAlso: ["floor", "ceil"],
                examples: [
                    Example("round(tensor([0.5, 1.5, 2.6])).tolist()", "[0.0, 2.0, 3.0]"),
                    Example("round(tensor([0.126]).double(), 2).tolist()", "[0.13]"),
                ]
            ) { (input: Tensor, decimals: Int) in
                guard decimals != 0, input.dtype.isFloating else { return try input.round() }
                guard (0...15).contains(decimals) else {
                    throw Failure(.value, "round: decimals must be in 0 … 15, got \(decimals)")
                }
                let scale = Glibc.pow(10, Double(decimals))
                return try input.mul(.float(scale)).round().div(.float(scale))
            })
    }

    private func addBounds() {
        let bound = Parameter<TensorOrScalar?>.self
        add(
            Builtin(
                "clamp", .pointwise, "Keeps values between two bounds.", formula: "min(max(x, min), max)",
                Parameter<TensorOrScalar>("input", "a tensor, or a number"),
                bound.optional("min", "the lower bound, a number or a tensor that broadcasts to `input`"),
                bound.optional("max", "the upper bound, likewise"), returns: "a tensor of the same shape, or a number",
                notes: ["One of the bounds may be left out, not both."],
                pytorch: .differs("torch.clamp", "takes numbers too"), seeAlso: ["relu", "hardtanh", "minimum"],
                examples: [
                    Example("clamp(tensor([-2.0, 0.5, 3.0]), 0, 1).tolist()", "[0.0, 0.5, 1.0]"),
                    Example("clamp(tensor([-2, 3]), min=0).tolist()", "[0, 3]"),
                ]
            ) { (input: TensorOrScalar, minimum: TensorOrScalar?, maximum: TensorOrScalar?) in
                guard minimum != nil || maximum != nil else {
                    throw Failure(.value, "clamp: min or max must be given", help: ["clamp(x, min=0)"])
                }
                return try Self.clamped(input, minimum, maximum)
            })
        func addChoice(_ name: String, _ summary: String, _ op: ArithmeticOperator, _ other: String, _ example: Example)
        {
            add(
                Builtin(
                    name, .pointwise, summary, Self.input,
                    Parameter<TensorOrScalar>("other", "a tensor that broadcasts with `input`, or a number"),
                    returns: "a tensor of the common shape", notes: ["Among equal elements the gradient is shared."],
                    pytorch: .differs("torch." + name, "`other` may be a number"),
                    seeAlso: [other, "clamp", String(name.prefix(3))],
                    examples: [example]
                ) { (input: Tensor, other: TensorOrScalar) in try Tensor.arithmetic(op, .tensor(input), other.operand) }
            )
        }
        addChoice(
            "maximum", "The larger of two, elementwise.", .maximum, "minimum",
            Example("maximum(tensor([1, 5]), tensor([3, 2])).tolist()", "[3, 5]"))
        addChoice(
            "minimum", "The smaller of two, elementwise.", .minimum, "maximum",
            Example("minimum(tensor([1, 5]), tensor([3, 2])).tolist()", "[1, 2]"))
    }

    private static func clamped(_ input: TensorOrScalar, _ minimum: TensorOrScalar?, _ maximum: TensorOrScalar?) throws
        -> TensorOrScalar
    {
        func scalar(_ bound: TensorOrScalar?) -> Scalar?? {
            switch bound {
            case nil: .some(nil)
            case .second(let number): .some(number)
            case .first: nil
            }
        }
        if case .second(let number) = input, let low = scalar(minimum), let high = scalar(maximum) {
            var result = number
            if let low, low.double > result.double { result = low }
            if let high, high.double < result.double { result = high }
            return .second(result)
        }
        if case .first(let tensor) = input, let low = scalar(minimum), let high = scalar(maximum) {
            return .first(try tensor.clamp(min: low, max: high))
        }
        var result = input.operand
        if let minimum { result = .tensor(try Tensor.arithmetic(.maximum, result, minimum.operand)) }
        if let maximum { result = .tensor(try Tensor.arithmetic(.minimum, result, maximum.operand)) }
        guard case .tensor(let tensor) = result else { return input }
        return .first(tensor)
    }
}
