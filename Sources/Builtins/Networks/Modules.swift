import Learning
import OrderedCollections
import Runtime
import Tensors

extension Library {
    /// What every network can do: parameters, state, modes, copies, features.
    func addModules() {
        add(ModuleType(Sequential.self, named: "Sequential"))
        add(ModuleType(ModuleList.self, named: "ModuleList"))
        add(ModuleType(ModuleDict.self, named: "ModuleDict"))
        addModuleState()
        addModuleModes()
        addFeatures()
    }

    private func addModuleState() {
        let net = Parameter<Module>("self", "the network")
        add(
            Builtin(
                "parameters", on: .module, .networks, "All trained tensors, in the order of declaration.", net,
                returns: "a list of tensors", pytorch: .same("torch.nn.Module.parameters"),
                seeAlso: ["named_parameters"],
                examples: [Example("[p.shape for p in Linear(3, 2).parameters()]", "[[2, 3], [2]]")]
            ) { (net: Module) in net.parameters() })
        add(
            Builtin(
                "named_parameters", on: .module, .networks, "All trained tensors with their paths.", net,
                returns: "a dict from path to tensor", pytorch: .same("torch.nn.Module.named_parameters"),
                seeAlso: ["parameters", "state_dict"],
                examples: [Example("Sequential(Linear(3, 2)).named_parameters().keys()", #"["0.weight", "0.bias"]"#)]
            ) { (net: Module) in
                OrderedDictionary(uniqueKeysWithValues: net.namedParameters().map { ($0.name, $0.parameter) })
            })
        add(
            Builtin(
                "state_dict", on: .module, .networks, "Copies of all parameters and buffers, under PyTorch's names.",
                net,
                returns: "a dict from path to tensor", pytorch: .same("torch.nn.Module.state_dict"),
                seeAlso: ["load_state_dict", "save"],
                examples: [Example("Linear(3, 2).state_dict().keys()", #"["weight", "bias"]"#)]
            ) { (net: Module) in try net.stateDict() })
        add(
            Builtin(
                "load_state_dict", on: .module, .networks, "Fills parameters and buffers from a dict of tensors.", net,
                Parameter<OrderedTensors>("state", "tensors under the paths of `state_dict`"),
                Parameter<Bool>("strict", "whether a missing or unexpected name is an error", default: true),
                returns: "the network", pytorch: .same("torch.nn.Module.load_state_dict"),
                seeAlso: ["state_dict"],
                examples: [
                    Example(
                        "a = Linear(3, 2); b = Linear(3, 2); b.load_state_dict(a.state_dict()); allclose(a.weight, b.weight)",
                        "true")
                ]
            ) { (net: Module, state: OrderedTensors, strict: Bool) in
                try net.loadStateDict(state.tensors, strict: strict)
                return net
            })
        add(
            Builtin(
                "children", on: .module, .networks, "The direct children.", net, returns: "a list of modules",
                pytorch: .same("torch.nn.Module.children"), seeAlso: ["named_children"],
                examples: [Example("len(Sequential(Linear(3, 2), ReLU()).children())", "2")]
            ) { (net: Module) in Array(net.children.values) })
        add(
            Builtin(
                "named_children", on: .module, .networks, "The direct children with their names.", net,
                returns: "a dict from name to module", pytorch: .same("torch.nn.Module.named_children"),
                seeAlso: ["children"],
                examples: [Example("Sequential(trunk=Linear(3, 2)).named_children().keys()", #"["trunk"]"#)]
            ) { (net: Module) in net.children })
        add(
            Builtin(
                "copy", on: .module, .networks,
                "A network of the same structure with weights of its own, equal at first.",
                net, returns: "a module", pytorch: .differs("copy.deepcopy", "a method here"),
                examples: [Example("a = Linear(3, 2); b = a.copy(); allclose(a.weight, b.weight)", "true")]
            ) { (net: Module) in try net.copy() })
    }

    private func addModuleModes() {
        let net = Parameter<Module>("self", "the network")
        add(
            Builtin(
                "train", on: .module, .networks, "Puts dropout and batch normalisation into training mode.", net,
                Parameter<Bool>("mode", "false for evaluation", default: true), returns: "the network",
                pytorch: .same("torch.nn.Module.train"), seeAlso: ["eval"],
                examples: [Example("net = Dropout(0.5); net.train(); net.training", "true")]
            ) { (net: Module, mode: Bool) in
                net.train(mode)
                return net
            })
        add(
            Builtin(
                "eval", on: .module, .networks, "Puts dropout and batch normalisation into evaluation mode.", net,
                returns: "the network", pytorch: .same("torch.nn.Module.eval"), seeAlso: ["train"],
                examples: [Example("net = Dropout(0.5); net.eval(); net.training", "false")]
            ) { (net: Module) in
                net.eval()
                return net
            })
        add(
            Attribute(
                "training", on: .module, "Whether the network is in training mode.",
                examples: [Example("Linear(2, 2).training", "true")]
            ) { (net: Module) in net.isTraining })
        add(
            Builtin(
                "freeze", on: .module, .networks, "Takes all parameters out of training.", net, returns: "the network",
                pytorch: .differs("torch.nn.Module.requires_grad_", "freeze() is requires_grad_(False)"),
                seeAlso: ["unfreeze"],
                examples: [Example("net = Linear(2, 2); net.freeze(); net.weight.requires_grad", "false")]
            ) { (net: Module) in
                try net.freeze()
                return net
            })
        add(
            Builtin(
                "unfreeze", on: .module, .networks, "Makes all parameters trainable again.", net,
                returns: "the network",
                pytorch: .differs("torch.nn.Module.requires_grad_", "unfreeze() is requires_grad_(True)"),
                seeAlso: ["freeze"],
                examples: [
                    Example("net = Linear(2, 2); net.freeze(); net.unfreeze(); net.weight.requires_grad", "true")
                ]
            ) { (net: Module) in
                try net.unfreeze()
                return net
            })
        add(
            Builtin(
                "zero_grad", on: .module, .networks, "Forgets the gradients of all parameters.", net,
                returns: "the network",
                pytorch: .same("torch.nn.Module.zero_grad"), seeAlso: ["parameters"],
                examples: [
                    Example(
                        "net = Linear(2, 1); net(ones(1, 2)).sum().backward(); net.zero_grad(); net.weight.grad == none",
                        "true")
                ]
            ) { (net: Module) in
                for parameter in net.parameters() { parameter.clearGradient() }
                return net
            })
    }

    private func addFeatures() {
        let net = Parameter<Module>("net", "the network")
        let paths = Parameter<OneOrMore<String>>(
            "paths", "a layer's path such as \"layer3.0.bn1\", with \"@input\" for what goes in, or a list of paths")
        let x = Parameter<Tensor?>.optional("x", "a batch of examples; without it, a network is given")
        add(
            Builtin(
                "features", .networks, "What a network computes at a layer: the feature extractor.",
                parameters: [net.description, paths.description, x.description],
                returns:
                    "the layer's output; for a list, a dict of them with the result under \"output\"; without x, a module",
                notes: ["The network runs once, in the mode it is in."], seeAlso: ["distill", "feature"],
                examples: [
                    Example(
                        #"features(Sequential(Linear(4, 8), ReLU(), Linear(8, 2)), "1", zeros(3, 4)).shape"#, "[3, 8]"),
                    Example(
                        #"features(Sequential(Linear(4, 8), Linear(8, 2)), ["0", "1@input"], zeros(3, 4)).keys()"#,
                        #"["0", "1@input", "output"]"#),
                ]
            ) { call in
                let net = try call[net]
                let paths = try call[paths].elements
                let isList = if case .list = call.arguments[1] { true } else { false }
                guard let x = try call[x] else {
                    guard !isList, let path = paths.first else {
                        throw Failure(
                            .value, "features: without x, give one path", help: ["features(net, \"layer3\")(x)"])
                    }
                    return Value.module(try FeatureExtractor(net, at: path))
                }
                let found = try Learning.features(net, at: paths, of: x)
                if isList { return found.encode(in: call.interpreter) }
                return paths.first.flatMap { found[$0] }.map { .tensor($0) } ?? Value.none
            })
    }
}
