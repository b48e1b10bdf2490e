import Glibc
import Runtime
import Tensors

/// The two forms of GELU.
enum GELUApproximation: String, StringOption {
    case none, tanh
}

extension Library {
    /// Activation functions.
    func addTensorActivations() {
        addRectifiers()
        addSmoothActivations()
        addParametricActivations()
    }

    private func addRectifiers() {
        addKindKeeping(
            "relu", "Positive values stay, negative ones become 0.", formula: "max(x, 0)",
            seeAlso: ["leaky_relu", "gelu", "ReLU"],
            examples: [Example("relu(tensor([-1.0, 2.0])).tolist()", "[0.0, 2.0]")], ofTensor: { try $0.relu() },
            ofNumber: { number in
                switch number {
                case .int(let int): .int(max(int, 0))
                default: .float(number.double < 0 ? 0 : number.double)
                }
            })
        addPointwise(
            "sigmoid", "Squeezes numbers between 0 and 1.", formula: "1 / (1 + e⁻ˣ)", seeAlso: ["tanh", "silu"],
            examples: [Example("sigmoid(0)", "0.5")], ofTensor: { try $0.sigmoid() }, ofNumber: Self.sigmoid)
        addPointwise(
            "silu", "x times its sigmoid, also called swish.", formula: "x / (1 + e⁻ˣ)",
            pytorch: "torch.nn.functional.",
            seeAlso: ["sigmoid", "gelu", "SiLU"], examples: [Example("silu(tensor([0.0])).tolist()", "[0.0]")],
            ofTensor: { try $0.silu() }, ofNumber: { $0 * Self.sigmoid($0) })
    }

    private static func sigmoid(_ x: Double) -> Double {
        if x >= 0 { return 1 / (1 + Glibc.exp(-x)) }
        let power = Glibc.exp(x)
        return power / (1 + power)
    }

    private func addSmoothActivations() {
        let input = Parameter<TensorOrNumber>("input", "a tensor of any shape, or a number")
        add(
            Builtin(
                "gelu", .pointwise, "The Gaussian error linear unit.", formula: "x Φ(x)", input,
                Parameter<GELUApproximation>("approximate", "\"tanh\" for the approximation by tanh", default: .none),
                returns: "a tensor of the same shape; a float for a number",
                pytorch: .differs("torch.nn.functional.gelu", "takes numbers too"), seeAlso: ["relu", "silu", "GELU"],
                examples: [Example("gelu(tensor([0.0])).tolist()", "[0.0]")]
            ) { (input: TensorOrNumber, form: GELUApproximation) in
                try input.map {
                    try $0.gelu(approximate: form.rawValue)
                } number: { x in
                    guard form == .tanh else { return x * 0.5 * (1 + Glibc.erf(x * 0.5.squareRoot())) }
                    return 0.5 * x * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
                }
            })
        add(
            Builtin(
                "softsign", .pointwise, "Like tanh, but slower to its bounds.", formula: "x / (1 + |x|)", input,
                returns: "a tensor of the same shape; a float for a number",
                pytorch: .differs("torch.nn.functional.softsign", "takes numbers too"), seeAlso: ["tanh", "sigmoid"],
                examples: [Example("softsign(3)", "0.75")]
            ) { (input: TensorOrNumber) in
                try input.map {
                    try $0.softsign()
                } number: {
                    $0 / (1 + Swift.abs($0))
                }
            })
        add(
            Builtin(
                "softplus", .pointwise, "A smooth form of relu.", formula: "ln(1 + e^(βx)) / β", input,
                Parameter<Double>("beta", "β, the sharpness", default: 1),
                Parameter<Double>("threshold", "where βx is above it, the result is x itself", default: 20),
                returns: "a tensor of the same shape; a float for a number", notes: ["β must not be 0."],
                pytorch: .differs("torch.nn.functional.softplus", "takes numbers too"), seeAlso: ["relu", "logsumexp"],
                examples: [Example("softplus(0)", "0.6931471805599453")]
            ) { (input: TensorOrNumber, beta: Double, threshold: Double) in
                guard beta != 0 else { throw Failure(.value, "softplus: beta must not be 0") }
                return try input.map {
                    try $0.softplus(beta: beta, threshold: threshold)
                } number: { x in
                    x * beta > threshold ? x : Glibc.log1p(Glibc.exp(x * beta)) / beta
                }
            })
    }

    private func addParametricActivations() {
        let input = Parameter<TensorOrNumber>("input", "a tensor of any shape, or a number")
        let returns = "a tensor of the same shape; a float for a number"
        add(
            Builtin(
                "leaky_relu", .pointwise, "Like relu, with a small slope for negative values.",
                formula: "max(x, 0) + slope · min(x, 0)", input,
                Parameter<Double>("negative_slope", "the slope", default: 0.01), returns: returns,
                pytorch: .differs("torch.nn.functional.leaky_relu", "takes numbers too"),
                seeAlso: ["relu", "elu", "LeakyReLU"],
                examples: [Example("leaky_relu(tensor([-2.0, 2.0]), 0.5).tolist()", "[-1.0, 2.0]")]
            ) { (input: TensorOrNumber, slope: Double) in
                try input.map {
                    try $0.leakyReLU(negativeSlope: slope)
                } number: {
                    $0 < 0 ? slope * $0 : $0
                }
            })
        add(
            Builtin(
                "elu", .pointwise, "Like relu, with an exponential that tends to −alpha for negative values.",
                formula: "x for x > 0, else alpha (eˣ − 1)", input,
                Parameter<Double>("alpha", "what negative values tend to", default: 1), returns: returns,
                pytorch: .differs("torch.nn.functional.elu", "takes numbers too"), seeAlso: ["relu", "ELU"],
                examples: [Example("elu(tensor([0.0, 2.0])).tolist()", "[0.0, 2.0]")]
            ) { (input: TensorOrNumber, alpha: Double) in
                try input.map {
                    try $0.elu(alpha: alpha)
                } number: {
                    $0 > 0 ? $0 : alpha * Glibc.expm1($0)
                }
            })
        add(
            Builtin(
                "hardtanh", .pointwise, "Cuts values off outside two bounds.", formula: "min(max(x, min_val), max_val)",
                input, Parameter<Double>("min_val", "the lower bound", default: -1),
                Parameter<Double>("max_val", "the upper bound", default: 1), returns: returns,
                notes: ["min_val must not be above max_val."],
                pytorch: .differs("torch.nn.functional.hardtanh", "takes numbers too"), seeAlso: ["clamp", "tanh"],
                examples: [Example("hardtanh(tensor([-3.0, 0.5, 3.0])).tolist()", "[-1.0, 0.5, 1.0]")]
            ) { (input: TensorOrNumber, low: Double, high: Double) in
                guard low <= high else {
                    throw Failure(.value, "hardtanh: min_val must be at most max_val, \(high), got \(low)")
                }
                return try input.map {
                    try $0.hardtanh(minimum: low, maximum: high)
                } number: {
                    min(max($0, low), high)
                }
            })
    }
}

extension Either where First == Tensor, Second == Double {
    /// Applies one function to a tensor, another to a number.
    func map(_ tensor: (Tensor) throws -> Tensor, number: (Double) throws -> Double) rethrows -> Self {
        switch self {
        case .first(let input): .first(try tensor(input))
        case .second(let input): .second(try number(input))
        }
    }
}
