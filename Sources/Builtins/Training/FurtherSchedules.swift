import Learning
import Runtime

/// How the triangles of `CyclicLR` change.
enum CyclicMode: String, StringOption {
    case triangular, triangular2
    case exponential = "exp_range"
}

extension Library {
    /// Schedules that fewer experiments use.
    func addFurtherSchedules() {
        let optimizer = Parameter<OptimizerObject?>.optional(
            "optimizer", "whose learning rate it sets; without it, a recipe for `fit` and `distill`")
        let recipe = "a scheduler; in `fit` and `distill` it steps once per epoch"
        func example(_ made: String, _ rate: String) -> Example {
            Example("opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = \(made); s.step(); opt.lr", rate)
        }
        add(
            Builtin(
                "ExponentialLR", .optimizers, "Multiplies the learning rate every epoch.", formula: "lr · gamma^t",
                optimizer, Parameter<Double>("gamma", "the factor"), returns: recipe,
                pytorch: .same("torch.optim.lr_scheduler.ExponentialLR"), seeAlso: ["StepLR", "PolynomialLR"],
                examples: [example("ExponentialLR(opt, 0.5)", "0.5")]
            ) { (optimizer: OptimizerObject?, gamma: Double) in
                try SchedulerObject(.exponential(gamma: gamma), optimizer)
            })
        add(
            Builtin(
                "PolynomialLR", .optimizers, "Lets the learning rate fall to 0 as a power of the time that is left.",
                formula: "lr · (1 − min(t, total_iters) / total_iters)^power", optimizer,
                Parameter<Int>("total_iters", "the epochs of the descent", default: 5),
                Parameter<Double>("power", "1 is a straight line", default: 1), returns: recipe,
                pytorch: .same("torch.optim.lr_scheduler.PolynomialLR"), seeAlso: ["ExponentialLR", "LinearLR"],
                examples: [example("PolynomialLR(opt, 2)", "0.5")]
            ) { (optimizer: OptimizerObject?, iterations: Int, power: Double) in
                try SchedulerObject(.polynomial(iterations: iterations, power: power), optimizer)
            })
        add(
            Builtin(
                "CosineAnnealingWarmRestarts", .optimizers,
                "Cosines from the learning rate down to eta_min, one after the other (Loshchilov, Hutter, 2017).",
                formula: "eta_min + (lr − eta_min)(1 + cos(π T_cur / T_i)) / 2", optimizer,
                Parameter<Int>("T_0", "the epochs of the first cosine"),
                Parameter<Int>("T_mult", "how many times as long each following one is", default: 1),
                Parameter<Double>("eta_min", "the learning rate at the end of each", default: 0), returns: recipe,
                pytorch: .same("torch.optim.lr_scheduler.CosineAnnealingWarmRestarts"),
                seeAlso: ["CosineAnnealingLR", "CyclicLR"],
                examples: [example("CosineAnnealingWarmRestarts(opt, 2)", "0.5")]
            ) { (optimizer: OptimizerObject?, period: Int, multiplier: Int, minimum: Double) in
                try SchedulerObject(.warmRestarts(period: period, multiplier: multiplier, etaMin: minimum), optimizer)
            })
        add(
            Builtin(
                "LambdaLR", .optimizers, "Multiplies the learning rate by what a function gives for the epoch.",
                formula: "lr · f(t)", optimizer, Parameter<Callable>("lr_lambda", "called with the epoch, from 0"),
                returns: recipe, pytorch: .same("torch.optim.lr_scheduler.LambdaLR"),
                seeAlso: ["ExponentialLR", "SequentialLR"],
                examples: [example("LambdaLR(opt, t => 1 / (t + 1))", "0.5")]
            ) { (optimizer: OptimizerObject?, function: Callable) in
                let factors = try EpochFactors { epoch in
                    let value = try function(epoch)
                    guard let factor = Double.decode(value, in: function.interpreter) else {
                        throw Failure(
                            .type, "LambdaLR: lr_lambda must give a number, not \(value.typeName), for epoch \(epoch)")
                    }
                    return factor
                }
                return try SchedulerObject(.lambda(factors), optimizer)
            })
        addCyclic(optimizer)
        add(
            Builtin(
                "SequentialLR", .optimizers, "One schedule after the other, each from its beginning.", optimizer,
                Parameter<[SchedulerObject]>("schedulers", "recipes, without an optimizer of their own"),
                Parameter<[Int]>("milestones", "the epochs in which the next ones begin"), returns: recipe,
                pytorch: .differs("torch.optim.lr_scheduler.SequentialLR", "the schedulers are recipes"),
                seeAlso: ["warmup", "LambdaLR"],
                examples: [example("SequentialLR(opt, [StepLR(step_size=9), ExponentialLR(gamma=0.5)], [1])", "1.0")]
            ) { (optimizer: OptimizerObject?, schedulers: [SchedulerObject], milestones: [Int]) in
                try SchedulerObject(
                    .sequential(
                        schedulers.map { try $0.recipe(for: "SequentialLR") }, milestones: milestones), optimizer)
            })
    }

    private func addCyclic(_ optimizer: Parameter<OptimizerObject?>) {
        let base = Parameter<Double>("base_lr", "the learning rate at the foot")
        let top = Parameter<Double>("max_lr", "the learning rate at the top")
        let up = Parameter<Int>("step_size_up", "the steps up", default: 2000)
        let down = Parameter<Int?>.optional("step_size_down", "the steps down", defaultText: "as many as up")
        let mode = Parameter<CyclicMode>(
            "mode",
            "\"triangular\"; \"triangular2\" halves the height each time; \"exp_range\" shrinks it by gamma each step",
            default: .triangular)
        let gamma = Parameter<Double>("gamma", "the factor of \"exp_range\"", default: 1)
        let cycles = Parameter<Bool>(
            "cycle_momentum", "whether momentum (or Adam's β₁) falls while the rate rises", default: true)
        let baseMomentum = Parameter<Double>("base_momentum", "the least momentum", default: 0.8)
        let topMomentum = Parameter<Double>("max_momentum", "the largest momentum", default: 0.9)
        add(
            Builtin(
                "CyclicLR", .optimizers, "Up and down between two learning rates, per step (Smith, 2017).",
                parameters: [
                    optimizer.description, base.description, top.description, up.description, down.description,
                    mode.description, gamma.description, cycles.description, baseMomentum.description,
                    topMomentum.description,
                ],
                returns: "a scheduler; it steps once per step",
                pytorch: .differs("torch.optim.lr_scheduler.CyclicLR", "no scale_fn"),
                seeAlso: ["OneCycleLR", "CosineAnnealingWarmRestarts"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = CyclicLR(opt, 0.25, 0.75, step_size_up=2); s.step(); opt.lr",
                        "0.5")
                ]
            ) { call in
                var shape = CyclicShape(
                    base: try call[base], top: try call[top], up: try call[up], down: try call[down])
                shape.mode =
                    switch try call[mode] {
                    case .triangular: .triangular
                    case .triangular2: .triangular2
                    case .exponential: .exponential
                    }
                shape.gamma = try call[gamma]
                shape.cyclesMomentum = try call[cycles]
                shape.baseMomentum = try call[baseMomentum]
                shape.topMomentum = try call[topMomentum]
                return try SchedulerObject(.cyclic(shape), call[optimizer])
            })
    }
}
