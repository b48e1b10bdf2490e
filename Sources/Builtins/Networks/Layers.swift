import Learning
import OrderedCollections
import Runtime
import Tensors

extension Builtin.Group {
    /// Layers, and what every network can do.
    static let networks = Builtin.Group("Networks")
}

extension Library {
    /// Containers, the linear layer and dropout.
    func addLayers() {
        addContainers()
        addBasicLayers()
        addDropout2d()
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
        add(
            Builtin(
                "ModuleDict", .networks,
                "Modules by name, for names that no field can have: \"self\", \"LayerNorm\".",
                Parameter<OrderedDictionary<String, Module>>("modules", "a dict from name to module"),
                returns: "a module: d[\"self\"] is a child, len(d) how many there are, iteration gives the names",
                notes: ["The names stand in paths and in state_dict."], pytorch: .same("torch.nn.ModuleDict"),
                seeAlso: ["ModuleList", "Sequential"],
                examples: [
                    Example(
                        "d = ModuleDict({\"self\": Linear(3, 2, bias=false)}); print(d.state_dict().keys()); d[\"self\"](zeros(1, 3)).shape",
                        "[\"self.weight\"]", "[1, 2]")
                ]
            ) { (modules: OrderedDictionary<String, Module>) in try ModuleDict(modules) })
    }

    private func addBasicLayers() {
        add(ModuleType(Linear.self, named: "Linear", builtByCall: true, shape: Self.linearShape))
        add(ModuleType(Identity.self, named: "Identity", builtByCall: true, shape: .same))
        add(ModuleType(Dropout.self, named: "Dropout", builtByCall: true, shape: .same))
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
    }

    private static let linearShape = LayerShape { shape, arguments in
        let outputs = arguments.int("out_features")
        if let inputs = arguments.int("in_features") {
            if let given = shape.last, given != inputs {
                throw shape.mismatch(
                    "\(inputs) features", given: "\(given)",
                    help: outputs.map { ["write Linear(\(given), \($0))"] } ?? [])
            }
            if shape.last == nil, let factor = shape.factor, factor > 0, !inputs.isMultiple(of: factor) {
                throw shape.mismatch("\(inputs) features", given: "a multiple of \(factor)")
            }
        }
        if var known = shape.sizes, !known.isEmpty {
            known[known.count - 1] = outputs
            shape.sizes = known
        }
        shape.give(features: outputs)
    }

    private func addDropout2d() {
        add(ModuleType(Dropout2d.self, named: "Dropout2d", builtByCall: true, shape: .same))
        add(
            Builtin(
                "Dropout2d", .networks, "In training, zeroes each channel with probability p and scales the others.",
                formula: "y = x · m / (1 − p), m ~ Bernoulli(1 − p) for each channel; y = x in evaluation",
                Parameter<Double>("p", "the probability of a zero", default: 0.5),
                returns: "a module of the input's shape [N, C, ...]",
                pytorch: .same("torch.nn.Dropout2d"), seeAlso: ["Dropout"],
                examples: [
                    Example("layer = Dropout2d(0.5); layer.eval(); layer(ones(1, 2, 1, 1)).sum().item()", "2.0")
                ]
            ) { (p: Double) in try Dropout2d(p: p) })
    }
}
