import Diagnostics
import Learning
import Runtime
import Tensors

extension Builtin.Group {
    /// Optimizers and learning rate schedules.
    static let optimizers = Builtin.Group("Optimizers and schedules")
}

extension Library {
    /// Optimizers and their methods.
    func addOptimizers() {
        addOptimizerType()
        add(rule: SGD.self)
        add(rule: Adam.self)
        add(rule: AdamW.self)
        add(rule: NAdam.self)
        add(rule: RAdam.self)
        add(rule: RMSprop.self)
        add(rule: Adagrad.self)
        add(rule: Adadelta.self)
        add(rule: Lion.self)
    }

    /// An update rule with the options that it declares.
    private func add<Rule: UpdateRule>(rule type: Rule.Type) {
        let page = type.page, defaults = Rule()
        let params = Parameter<OptimizedParameters?>.optional(
            "params",
            "tensors, or dicts {\"params\": [...], \"lr\": ...}; without them this is a recipe for `fit` and `distill`")
        let options = type.options.map { OptimizerOption($0, defaults: defaults) }
        let rate = NumberText.short(defaults.learningRate)
        add(
            Builtin(
                page.name, .optimizers, page.summary, formula: page.formula,
                parameters: [params.description] + options.map(\.parameter), returns: "an optimizer",
                pytorch: page.pytorch.map { .same($0) } ?? .none, seeAlso: page.related,
                examples: [
                    Example("\(page.name)(Linear(2, 2).parameters()).lr", NumberFormat.repr(defaults.learningRate)),
                    Example("\(page.name)(lr=\(rate))", "\(defaults.text)"),
                ]
            ) { call in
                var rule = defaults
                for option in options { try option.read(call, &rule) }
                try rule.checkOptions()
                return try OptimizerObject(rule, call[params])
            })
    }

    private func addOptimizerType() {
        add(
            ObjectType(
                OptimizerObject.self, "Moves parameters along their gradients.", display: { Markup($0.text) }))
        let optimizer = Parameter<OptimizerObject>("self", "the optimizer")
        add(
            Builtin(
                "step", on: .object("optimizer"), .optimizers, "Moves every parameter that has a gradient.", optimizer,
                pytorch: .same("torch.optim.Optimizer.step"), seeAlso: ["zero_grad"],
                examples: [
                    Example(
                        """
                        w = tensor([1.0], dtype="float32"); w.requires_grad = true
                        (w * w).sum().backward()
                        SGD([w], lr=0.1).step()
                        w.tolist()
                        """, "[0.800000011920929]")
                ]
            ) { (object: OptimizerObject) in
                try object.active(for: "step").step()
                return NoValue()
            })
        add(
            Builtin(
                "zero_grad", on: .object("optimizer"), .optimizers, "Forgets the gradients of its parameters.",
                optimizer,
                pytorch: .same("torch.optim.Optimizer.zero_grad"), seeAlso: ["step"],
                examples: [
                    Example(
                        "net = Linear(2, 1); opt = SGD(net.parameters()); net(ones(1, 2)).sum().backward(); opt.zero_grad(); net.weight.grad == none",
                        "true")
                ]
            ) { (object: OptimizerObject) in
                try object.active(for: "zero_grad").zeroGrad()
                return NoValue()
            })
        add(
            Attribute(
                "lr", on: .object("optimizer"), "The step size; setting it sets that of all groups.",
                examples: [Example("opt = SGD(Linear(2, 1).parameters(), lr=0.1); opt.lr = 0.05; opt.lr", "0.05")],
                get: { (object: OptimizerObject) in object.optimizer?.learningRate ?? object.rule.learningRate },
                set: { (object: OptimizerObject, rate: Double) in
                    guard rate >= 0, rate.isFinite else {
                        throw Failure(.value, "lr must be a number ≥ 0, not \(rate)")
                    }
                    try object.active(for: "lr").learningRate = rate
                }))
        add(
            Builtin(
                "clip_grad_norm", .optimizers, "Scales gradients down so that their joint norm is at most `max_norm`.",
                Parameter<[Tensor]>("parameters", "tensors that have gradients"),
                Parameter<Double>("max_norm", "the largest norm"), returns: "the norm before clipping, a float",
                pytorch: .differs("torch.nn.utils.clip_grad_norm_", "gives a float"), seeAlso: ["fit"],
                examples: [
                    Example(
                        """
                        w = tensor([3.0, 4.0]); w.requires_grad = true
                        (w * w).sum().backward()
                        clip_grad_norm([w], 1.0)
                        """, "10.0")
                ]
            ) { (parameters: [Tensor], limit: Double) in try Learning.clipGradNorm(parameters, limit) })
    }
}

/// An option of an update rule as a parameter of the language.
private struct OptimizerOption<Rule: UpdateRule> {
    let parameter: ParameterDescription
    /// Takes the argument into the rule.
    let read: (Call, inout Rule) throws -> Void

    init(_ option: RuleOption<Rule>, defaults: Rule) {
        switch option.kind {
        case .number(let path):
            let number = Parameter<Double>(option.name, option.summary, default: defaults[keyPath: path])
            parameter = number.description
            read = { call, rule in rule[keyPath: path] = try call[number] }
        case .flag(let path):
            let flag = Parameter<Bool>(option.name, option.summary, default: defaults[keyPath: path])
            parameter = flag.description
            read = { call, rule in rule[keyPath: path] = try call[flag] }
        case .shares(let first, let second):
            let pair = Parameter<[Double]>(
                option.name, option.summary, default: [defaults[keyPath: first], defaults[keyPath: second]])
            parameter = pair.description
            read = { call, rule in
                let values = try call[pair]
                guard values.count == 2 else {
                    throw Failure(.value, "\(rule.name): \(option.name) must be two numbers, not \(values.count)")
                }
                (rule[keyPath: first], rule[keyPath: second]) = (values[0], values[1])
            }
        }
    }
}
