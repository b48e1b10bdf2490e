import Learning
import OrderedCollections
import Runtime
import Tensors

extension Builtin.Group {
    /// Layers, and what every network can do.
    static let networks = Builtin.Group("Networks")
}

extension Library {
    /// Layers without convolutions: linear, containers, activations, dropout, reshaping.
    func addLayers() {
        addContainers()
        addBasicLayers()
        addActivationLayers()
    }

    private func addContainers() {
        let layers = Parameter<[OneOrMore<Module>]>.variadic("layers", "modules, or one list of modules")
        let named = Parameter<OrderedDictionary<String, Module>>.namedVariadic(
            "named", "modules under names of their own")
        add(
            Builtin(
                "Sequential", .networks, "Modules one after another: the output of each is the input of the next.",
                parameters: [layers.description, named.description],
                returns: "a module; net[0] is its first child, net[:-1] all but the last, with the same layers",
                notes: ["Children are named by their number, or as given: Sequential(trunk=a, head=b)."],
                pytorch: .same("torch.nn.Sequential"), seeAlso: ["ModuleList"],
                examples: [
                    Example("Sequential(Linear(4, 8), ReLU(), Linear(8, 2))(zeros(3, 4)).shape", "[3, 2]"),
                    Example("Sequential(trunk=Linear(4, 8), head=Linear(8, 2)).head.weight.shape", "[2, 8]"),
                ]
            ) { call in
                let unnamed = try call[layers].flatMap(\.elements)
                let named = try call[named]
                guard unnamed.isEmpty || named.isEmpty else {
                    throw Failure(.value, "Sequential: give all children names, or none")
                }
                return named.isEmpty ? Sequential(unnamed) : Sequential(named: named)
            })
        let list = Parameter<[Module]?>.optional("modules", "the modules", defaultText: "[]")
        add(
            Builtin(
                "ModuleList", .networks, "Modules in a list, for a `forward` that goes through them itself.",
                list, returns: "a module that is indexed and iterated like a list",
                pytorch: .same("torch.nn.ModuleList"),
                seeAlso: ["Sequential"],
                examples: [Example("len(ModuleList([Linear(2, 2), Linear(2, 2)]).parameters())", "4")]
            ) { (modules: [Module]?) in ModuleList(modules ?? []) })
    }

    private func addBasicLayers() {
        add(
            Builtin(
                "Linear", .networks, "A fully connected layer.", formula: "y = x Wᵀ + b",
                Parameter<Int>("in_features", "features of the input"),
                Parameter<Int>("out_features", "features of the output"),
                Parameter<Bool>("bias", "whether b is there", default: true),
                returns: "a module from [..., in_features] to [..., out_features]",
                notes: ["W [out, in] and b [out] are drawn uniformly from ±1/√in_features."],
                pytorch: .same("torch.nn.Linear"), seeAlso: ["linear", "Sequential"],
                examples: [Example("Linear(4, 2)(zeros(3, 4)).shape", "[3, 2]")]
            ) { (inputs: Int, outputs: Int, bias: Bool) in try Linear(inputs, outputs, bias: bias) })
        add(
            Builtin(
                "Identity", .networks, "Gives its input.", returns: "a module", pytorch: .same("torch.nn.Identity"),
                examples: [Example("Identity()(tensor([1, 2])).tolist()", "[1, 2]")]
            ) { Identity() })
        add(
            Builtin(
                "Dropout", .networks, "In training, zeroes each element with probability p and scales the others.",
                formula: "y = x · m / (1 − p), m ~ Bernoulli(1 − p); y = x in evaluation",
                Parameter<Double>("p", "the probability of a zero", default: 0.5), returns: "a module",
                pytorch: .same("torch.nn.Dropout"), seeAlso: ["dropout"],
                examples: [
                    Example("layer = Dropout(0.5); layer.eval(); layer(ones(3)).tolist()", "[1.0, 1.0, 1.0]")
                ]
            ) { (p: Double) in try Dropout(p: p) })
        add(
            Builtin(
                "Flatten", .networks, "Joins dimensions into one.",
                Parameter<Int>("start_dim", "the first joined dimension", default: 1),
                Parameter<Int>("end_dim", "the last joined dimension", default: -1), returns: "a module",
                pytorch: .same("torch.nn.Flatten"), seeAlso: ["flatten"],
                examples: [Example("Flatten()(zeros(2, 3, 4)).shape", "[2, 12]")]
            ) { (start: Int, end: Int) in Flatten(start: start, end: end) })
    }

    private func addActivationLayers() {
        func activation(
            _ name: String, _ summary: String, formula: String, _ function: Activation.Function, _ example: Example
        ) {
            add(
                Builtin(
                    name, .networks, summary, formula: formula, returns: "a module of the input's shape",
                    pytorch: .same("torch.nn.\(name)"), seeAlso: [name.lowercased()], examples: [example]
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
        add(
            Builtin(
                "LeakyReLU", .networks, "Lets a little of what is negative through.",
                formula: "max(x, 0) + slope · min(x, 0)",
                Parameter<Double>("negative_slope", "the slope below 0", default: 0.01), returns: "a module",
                pytorch: .same("torch.nn.LeakyReLU"), seeAlso: ["leaky_relu"],
                examples: [Example("LeakyReLU(0.5)(tensor([-1.0, 2.0])).tolist()", "[-0.5, 2.0]")]
            ) { (slope: Double) in Activation(.leakyReLU(slope: slope)) })
        add(
            Builtin(
                "ELU", .networks, "Exponential below 0.", formula: "x for x > 0, else alpha · (e^x − 1)",
                Parameter<Double>("alpha", "the limit far below 0, negated", default: 1), returns: "a module",
                pytorch: .same("torch.nn.ELU"), seeAlso: ["elu"],
                examples: [Example("ELU()(tensor([0.0, 2.0])).tolist()", "[0.0, 2.0]")]
            ) { (alpha: Double) in Activation(.elu(alpha: alpha)) })
        add(
            Builtin(
                "GELU", .networks, "The Gaussian error linear unit.", formula: "x · Φ(x)",
                Parameter<GELUForm>("approximate", "\"tanh\" for the approximation", default: .exact),
                returns: "a module",
                pytorch: .same("torch.nn.GELU"), seeAlso: ["gelu"],
                examples: [Example("GELU()(tensor([0.0])).tolist()", "[0.0]")]
            ) { (form: GELUForm) in Activation(.gelu(tanh: form == .tanh)) })
        add(
            Builtin(
                "Softmax", .networks, "Makes probabilities of scores.", formula: "exp(xᵢ) / Σⱼ exp(xⱼ)",
                Parameter<Int>("dim", "the dimension that sums to 1", default: -1), returns: "a module",
                pytorch: .differs("torch.nn.Softmax", "dim defaults to -1, the last"), seeAlso: ["softmax"],
                examples: [Example("Softmax()(tensor([0.0, 0.0])).tolist()", "[0.5, 0.5]")]
            ) { (dim: Int) in Activation(.softmax(dim: dim)) })
    }
}

/// The two forms of GELU.
enum GELUForm: String, StringOption {
    case exact = "none"
    case tanh
}
