import Learning
import Runtime
import Tensors

extension Library {
    /// Layers that apply a function to every element, or along a dimension.
    func addActivationLayers() {
        func activation(
            _ name: String, _ summary: String, formula: String, _ function: Activation.Function,
            like related: String? = nil,
            _ example: Example
        ) {
            add(ModuleType(nameOnly: name, builtByCall: true, shape: .same))
            add(
                Builtin(
                    name, .networks, summary, formula: formula, returns: "a module of the input's shape",
                    pytorch: .same("torch.nn.\(name)"), seeAlso: [related ?? name.lowercased()], examples: [example]
                ) { Activation(function) })
        }
        activation(
            "ReLU", "Cuts off what is negative.", formula: "max(x, 0)", .relu,
            Example("ReLU()(tensor([-1.0, 2.0])).tolist()", "[0.0, 2.0]"))
        activation(
            "SiLU", "x times its sigmoid.", formula: "x · σ(x)", .silu,
            Example("SiLU()(tensor([0.0])).tolist()", "[0.0]"))
        activation(
            "Tanh", "The hyperbolic tangent.", formula: "tanh x", .tanh,
            Example("Tanh()(tensor([0.0])).tolist()", "[0.0]"))
        activation(
            "Sigmoid", "The logistic function.", formula: "1 / (1 + e^(−x))", .sigmoid,
            Example("Sigmoid()(tensor([0.0])).tolist()", "[0.5]"))
        add(ModuleType(nameOnly: "LeakyReLU", builtByCall: true, shape: .same))
        add(
            Builtin(
                "LeakyReLU", .networks, "Lets a little of what is negative through.",
                formula: "max(x, 0) + slope · min(x, 0)",
                Parameter<Double>("negative_slope", "the slope below 0", default: 0.01), returns: "a module",
                pytorch: .same("torch.nn.LeakyReLU"), seeAlso: ["leaky_relu"],
                examples: [Example("LeakyReLU(0.5)(tensor([-1.0, 2.0])).tolist()", "[-0.5, 2.0]")]
            ) { (slope: Double) in Activation(.leakyReLU(slope: slope)) })
        add(ModuleType(nameOnly: "ELU", builtByCall: true, shape: .same))
        add(
            Builtin(
                "ELU", .networks, "Exponential below 0.", formula: "x for x > 0, else alpha · (e^x − 1)",
                Parameter<Double>("alpha", "the limit far below 0, negated", default: 1), returns: "a module",
                pytorch: .same("torch.nn.ELU"), seeAlso: ["elu"],
                examples: [Example("ELU()(tensor([0.0, 2.0])).tolist()", "[0.0, 2.0]")]
            ) { (alpha: Double) in Activation(.elu(alpha: alpha)) })
        add(ModuleType(nameOnly: "GELU", builtByCall: true, shape: .same))
        add(
            Builtin(
                "GELU", .networks, "The Gaussian error linear unit.", formula: "x · Φ(x)",
                Parameter<GELUForm>("approximate", "\"tanh\" for the approximation", default: .exact),
                returns: "a module",
                pytorch: .same("torch.nn.GELU"), seeAlso: ["gelu"],
                examples: [Example("GELU()(tensor([0.0])).tolist()", "[0.0]")]
            ) { (form: GELUForm) in Activation(.gelu(tanh: form == .tanh)) })
        add(ModuleType(nameOnly: "Softmax", builtByCall: true, shape: .same))
        add(
            Builtin(
                "Softmax", .networks, "Makes probabilities of scores.", formula: "exp(xᵢ) / Σⱼ exp(xⱼ)",
                Parameter<Int>("dim", "the dimension that sums to 1", default: -1), returns: "a module",
                pytorch: .differs("torch.nn.Softmax", "dim defaults to -1, the last"), seeAlso: ["softmax"],
                examples: [Example("Softmax()(tensor([0.0, 0.0])).tolist()", "[0.5, 0.5]")]
            ) { (dim: Int) in Activation(.softmax(dim: dim)) })
        activation(
            "ReLU6", "Cuts off what is negative, and what is above 6.", formula: "min(max(x, 0), 6)", .relu6,
            like: "relu",
            Example("ReLU6()(tensor([-1.0, 2.0, 9.0])).tolist()", "[0.0, 2.0, 6.0]"))
        activation(
            "Hardsigmoid", "The logistic function in three straight pieces.", formula: "min(max(x/6 + ½, 0), 1)",
            .hardsigmoid, like: "sigmoid", Example("Hardsigmoid()(tensor([-9.0, 0.0])).tolist()", "[0.0, 0.5]"))
        activation(
            "Hardswish", "SiLU with a sigmoid in three straight pieces.", formula: "x · min(max(x/6 + ½, 0), 1)",
            .hardswish, like: "silu", Example("Hardswish()(tensor([-9.0, 9.0])).tolist()", "[-0.0, 9.0]"))
        activation(
            "Mish", "x times the hyperbolic tangent of its softplus.", formula: "x · tanh(log(1 + e^x))", .mish,
            like: "silu", Example("Mish()(tensor([0.0])).tolist()", "[0.0]"))
        activation(
            "Softsign", "Like tanh, but slower to its bounds.", formula: "x / (1 + |x|)", .softsign, like: "softsign",
            Example("Softsign()(tensor([-1.0, 3.0])).tolist()", "[-0.5, 0.75]"))
        activation(
            "Softmax2d", "Makes probabilities of the channels at each position of an image.",
            formula: "exp(x_c) / Σ_k exp(x_k)", .softmax2d, like: "softmax",
            Example("Softmax2d()(zeros(1, 2, 1, 1)).flatten().tolist()", "[0.5, 0.5]"))
        addParametricActivations()
        addGates()
    }

    private func addParametricActivations() {
        add(ModuleType(Softplus.self, named: "Softplus", builtByCall: true, shape: .same))
        add(
            Builtin(
                "Softplus", .networks, "A smooth ReLU.", formula: "log(1 + e^(beta · x)) / beta",
                Parameter<Double>("beta", "how sharp the bend is", default: 1),
                returns: "a module of the input's shape",
                pytorch: .differs("torch.nn.Softplus", "the threshold above which it is x is 20"),
                seeAlso: ["ReLU", "ELU"],
                examples: [Example("Softplus()(tensor([0.0])).exp().round().tolist()", "[2.0]")]
            ) { (beta: Double) in Softplus(beta: beta) })
        add(ModuleType(nameOnly: "LogSoftmax", builtByCall: true, shape: .same))
        add(
            Builtin(
                "LogSoftmax", .networks, "Makes logarithms of probabilities of scores.",
                formula: "xᵢ − log Σⱼ exp(xⱼ)",
                Parameter<Int>("dim", "the dimension whose exponentials sum to 1", default: -1),
                returns: "a module of the input's shape",
                pytorch: .differs("torch.nn.LogSoftmax", "dim defaults to -1, the last"), seeAlso: ["log_softmax"],
                examples: [Example("LogSoftmax()(tensor([0.0, 0.0])).exp().tolist()", "[0.5, 0.5]")]
            ) { (dim: Int) in Activation(.logSoftmax(dim: dim)) })
        add(ModuleType(nameOnly: "Hardtanh", builtByCall: true, shape: .same))
        add(
            Builtin(
                "Hardtanh", .networks, "Keeps values between two bounds.", formula: "min(max(x, min_val), max_val)",
                Parameter<Double>("min_val", "the lower bound", default: -1),
                Parameter<Double>("max_val", "the upper bound", default: 1), returns: "a module of the input's shape",
                pytorch: .same("torch.nn.Hardtanh"), seeAlso: ["clamp"],
                examples: [Example("Hardtanh()(tensor([-3.0, 0.5])).tolist()", "[-1.0, 0.5]")]
            ) { (low: Double, high: Double) in Activation(.hardtanh(low: low, high: high)) })
        add(ModuleType(PReLU.self, named: "PReLU", builtByCall: true, shape: .same))
        add(
            Builtin(
                "PReLU", .networks, "Lets a learned part of what is negative through (He et al., 2015).",
                formula: "max(x, 0) + a · min(x, 0)",
                Parameter<Int>("num_parameters", "1 slope for all, or one for each channel", default: 1),
                Parameter<Double>("init", "where the slopes begin", default: 0.25),
                returns: "a module of the input's shape", pytorch: .same("torch.nn.PReLU"), seeAlso: ["LeakyReLU"],
                examples: [Example("PReLU()(tensor([-4.0, 2.0])).tolist()", "[-1.0, 2.0]")]
            ) { (parameters: Int, initial: Double) in try PReLU(parameters, initial: initial) })
    }

    private func addGates() {
        add(
            ModuleType(
                GLU.self, named: "GLU", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    guard let dim = arguments.int("dim"), var known = shape.sizes,
                        let place = Optional(dim < 0 ? dim + known.count : dim), known.indices.contains(place)
                    else { return shape.forget() }
                    if let size = known[place], !size.isMultiple(of: 2) {
                        throw shape.mismatch("an even size in dimension \(dim)", given: "\(size)")
                    }
                    known[place] = known[place].map { $0 / 2 }
                    shape.sizes = known
                    if place == known.count - 1 { shape.give(features: known[place]) }
                }))
        add(
            Builtin(
                "GLU", .networks, "The first half of a dimension, gated by the second (Dauphin et al., 2016).",
                formula: "a · σ(b), x = [a, b]", Parameter<Int>("dim", "the dimension that is halved", default: -1),
                returns: "a module whose output has half the size along dim", pytorch: .same("torch.nn.GLU"),
                seeAlso: ["sigmoid"], examples: [Example("GLU()(tensor([3.0, 0.0])).tolist()", "[1.5]")]
            ) { (dim: Int) in GLU(dim: dim) })
        add(ModuleType(Bilinear.self, named: "Bilinear", builtByCall: true))
        add(
            Builtin(
                "Bilinear", .networks, "A weight for every pair of features of two inputs.",
                formula: "y = x₁ᵀ W x₂ + b",
                Parameter<Int>("in1_features", "features of the first input"),
                Parameter<Int>("in2_features", "features of the second input"),
                Parameter<Int>("out_features", "features of the output"),
                Parameter<Bool>("bias", "whether b is there", default: true),
                returns: "a module that is called with two tensors",
                notes: ["W [out, in1, in2] and b [out] are drawn uniformly from ±1/√in1_features."],
                pytorch: .same("torch.nn.Bilinear"), seeAlso: ["Linear"],
                examples: [Example("Bilinear(2, 3, 4)(zeros(5, 2), zeros(5, 3)).shape", "[5, 4]")]
            ) { (first: Int, second: Int, outputs: Int, bias: Bool) in
                try Bilinear(first, second, outputs, bias: bias)
            })
        add(
            Builtin(
                "forward", on: .moduleType("Bilinear"), .networks,
                "The result for two inputs; calling the layer does the same.", Parameter<Bilinear>("self", "the layer"),
                Parameter<Tensor>("input1", "a tensor [..., in1_features]"),
                Parameter<Tensor>("input2", "a tensor [..., in2_features]"),
                returns: "a tensor [..., out_features]", pytorch: .same("torch.nn.Bilinear.forward"),
                seeAlso: ["Bilinear"],
                examples: [Example("Bilinear(2, 2, 1).forward(ones(3, 2), ones(3, 2)).shape", "[3, 1]")]
            ) { (layer: Bilinear, first: Tensor, second: Tensor) in
                let output = try layer.combine(first, second)
                layer.notify(input: first, output: output)
                return output
            })
    }
}

/// The two forms of GELU.
enum GELUForm: String, StringOption {
    case exact = "none"
    case tanh
}
