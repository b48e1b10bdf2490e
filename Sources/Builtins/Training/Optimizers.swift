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
        let params = Parameter<OptimizedParameters?>.optional(
            "params",
            "tensors, or dicts {\"params\": [...], \"lr\": ...}; without them this is a recipe for `fit` and `distill`")
        let decay = Parameter<Double>("weight_decay", "the weight of the L2 penalty", default: 0)
        let betas = Parameter<[Double]>("betas", "how long the means of g and g² remember", default: [0.9, 0.999])
        let eps = Parameter<Double>("eps", "added to the denominator", default: 1e-8)
        let amsgrad = Parameter<Bool>("amsgrad", "divide by the largest mean so far", default: false)
        func pair(_ betas: [Double], _ name: String) throws -> (Double, Double) {
            guard betas.count == 2 else {
                throw Failure(.value, "\(name): betas must be two numbers, not \(betas.count)")
            }
            return (betas[0], betas[1])
        }
        let example = Example(
            """
            w = tensor([1.0], dtype="float32"); w.requires_grad = true
            (w * w).sum().backward()
            SGD([w], lr=0.1).step()
            w.tolist()
            """, "[0.800000011920929]")
        do {
            let lr = Parameter<Double>("lr", "the step size", default: 1e-3)
            let momentum = Parameter<Double>("momentum", "how much of the last step is kept", default: 0)
            let dampening = Parameter<Double>(
                "dampening", "how much of the gradient is left out of the momentum", default: 0)
            let nesterov = Parameter<Bool>("nesterov", "look ahead along the momentum", default: false)
            add(
                Builtin(
                    "SGD", .optimizers, "Stochastic gradient descent.",
                    formula: "v ← momentum·v + (1 − dampening)·(g + weight_decay·p); p ← p − lr·v",
                    parameters: [
                        params.description, lr.description, momentum.description, dampening.description,
                        decay.description, nesterov.description,
                    ],
                    returns: "an optimizer", pytorch: .same("torch.optim.SGD"), seeAlso: ["Adam", "clip_grad_norm"],
                    examples: [example]
                ) { call in
                    let recipe = try OptimizerRecipe.sgd(
                        lr: call[lr], momentum: call[momentum], dampening: call[dampening], weightDecay: call[decay],
                        nesterov: call[nesterov])
                    return try OptimizerObject(recipe, call[params])
                })
        }
        for decoupled in [false, true] {
            let name = decoupled ? "AdamW" : "Adam"
            let lr = Parameter<Double>("lr", "the step size", default: 1e-3)
            let decay = Parameter<Double>(
                "weight_decay",
                decoupled ? "the decay of the weights per step, times lr" : "the weight of the L2 penalty",
                default: decoupled ? 1e-2 : 0)
            add(
                Builtin(
                    name, .optimizers,
                    decoupled
                        ? "Adam with decoupled weight decay (Loshchilov, Hutter, 2017)."
                        : "Steps scaled by running means of the gradient and its square (Kingma, Ba, 2014).",
                    formula: "m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − lr·m̂/(√v̂ + eps)",
                    parameters: [
                        params.description, lr.description, betas.description, eps.description, decay.description,
                        amsgrad.description,
                    ],
                    returns: "an optimizer", pytorch: .same("torch.optim.\(name)"), seeAlso: ["SGD", "fit", "distill"],
                    examples: [Example("\(name)(Linear(2, 2).parameters(), lr=0.01).lr", "0.01")]
                ) { call in
                    let betas = try pair(call[betas], name)
                    let recipe =
                        decoupled
                        ? try OptimizerRecipe.adamW(
                            lr: call[lr], betas: betas, eps: call[eps], weightDecay: call[decay], amsgrad: call[amsgrad]
                        )
                        : try OptimizerRecipe.adam(
                            lr: call[lr], betas: betas, eps: call[eps], weightDecay: call[decay], amsgrad: call[amsgrad]
                        )
                    return try OptimizerObject(recipe, call[params])
                })
        }
        do {
            let lr = Parameter<Double>("lr", "the step size", default: 1e-2)
            let alpha = Parameter<Double>("alpha", "how long the mean of g² remembers", default: 0.99)
            let momentum = Parameter<Double>("momentum", "how much of the last step is kept", default: 0)
            let centered = Parameter<Bool>("centered", "divide by the standard deviation of g", default: false)
            add(
                Builtin(
                    "RMSprop", .optimizers, "Steps divided by the root of a running mean of g² (Hinton, 2012).",
                    formula: "v ← alpha·v + (1 − alpha)·g²; p ← p − lr·g/(√v + eps)",
                    parameters: [
                        params.description, lr.description, alpha.description, eps.description, decay.description,
                        momentum.description, centered.description,
                    ],
                    returns: "an optimizer", pytorch: .same("torch.optim.RMSprop"), seeAlso: ["Adam"],
                    examples: [Example("RMSprop(Linear(2, 2).parameters()).lr", "0.01")]
                ) { call in
                    let recipe = try OptimizerRecipe.rmsprop(
                        lr: call[lr], alpha: call[alpha], eps: call[eps], weightDecay: call[decay],
                        momentum: call[momentum], centered: call[centered])
                    return try OptimizerObject(recipe, call[params])
                })
        }
        do {
            let lr = Parameter<Double>("lr", "the step size", default: 1e-2)
            let lrDecay = Parameter<Double>("lr_decay", "how fast the step size falls", default: 0)
            let initial = Parameter<Double>("initial_accumulator_value", "the sum of g² at first", default: 0)
            let eps = Parameter<Double>("eps", "added to the denominator", default: 1e-10)
            add(
                Builtin(
                    "Adagrad", .optimizers, "Steps divided by the root of the sum of all g² (Duchi et al., 2011).",
                    formula: "s ← s + g²; p ← p − lr/(1 + (t − 1)·lr_decay)·g/(√s + eps)",
                    parameters: [
                        params.description, lr.description, lrDecay.description, decay.description, initial.description,
                        eps.description,
                    ],
                    returns: "an optimizer", pytorch: .same("torch.optim.Adagrad"), seeAlso: ["Adam"],
                    examples: [Example("Adagrad(Linear(2, 2).parameters()).lr", "0.01")]
                ) { call in
                    let recipe = try OptimizerRecipe.adagrad(
                        lr: call[lr], lrDecay: call[lrDecay], weightDecay: call[decay],
                        initialAccumulatorValue: call[initial], eps: call[eps])
                    return try OptimizerObject(recipe, call[params])
                })
        }
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
                        running:
                            "net = Linear(2, 1); opt = SGD(net.parameters(), lr=0.1); net(ones(1, 2)).sum().backward(); opt.step()"
                    )
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
                get: { (object: OptimizerObject) in object.optimizer?.learningRate ?? object.recipe.learningRate },
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
