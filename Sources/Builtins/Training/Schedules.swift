import Diagnostics
import Learning
import Runtime

extension Library {
    /// Learning rate schedules.
    func addSchedules() {
        addSchedulerType()
        let optimizer = Parameter<OptimizerObject?>.optional(
            "optimizer", "whose learning rate it sets; without it, a recipe for `fit` and `distill`")
        let gamma = Parameter<Double>("gamma", "the factor", default: 0.1)
        let recipe = "a scheduler; in `fit` and `distill` it steps once per epoch"
        add(
            Builtin(
                "StepLR", .optimizers, "Multiplies the learning rate every `step_size` epochs.",
                formula: "lr · gamma^⌊t / step_size⌋", optimizer,
                Parameter<Int>("step_size", "epochs between two cuts"),
                gamma, returns: recipe, pytorch: .same("torch.optim.lr_scheduler.StepLR"), seeAlso: ["MultiStepLR"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = StepLR(opt, 2); s.step(); s.step(); opt.lr",
                        "0.1")
                ]
            ) { (optimizer: OptimizerObject?, size: Int, gamma: Double) in
                try SchedulerObject(.step(stepSize: size, gamma: gamma), optimizer)
            })
        add(
            Builtin(
                "MultiStepLR", .optimizers, "Multiplies the learning rate at each milestone.",
                optimizer, Parameter<[Int]>("milestones", "the epochs"), gamma, returns: recipe,
                pytorch: .same("torch.optim.lr_scheduler.MultiStepLR"), seeAlso: ["StepLR"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = MultiStepLR(opt, [1]); s.step(); opt.lr",
                        "0.1")
                ]
            ) { (optimizer: OptimizerObject?, milestones: [Int], gamma: Double) in
                try SchedulerObject(.multiStep(milestones: milestones, gamma: gamma), optimizer)
            })
        add(
            Builtin(
                "CosineAnnealingLR", .optimizers, "Follows half a cosine from the learning rate down to eta_min.",
                formula: "eta_min + (lr − eta_min)(1 + cos(π t / T_max)) / 2", optimizer,
                Parameter<Int?>.optional("T_max", "the epochs of the descent", defaultText: "the epochs of the run"),
                Parameter<Double>("eta_min", "the learning rate at the end", default: 0), returns: recipe,
                pytorch: .differs("torch.optim.lr_scheduler.CosineAnnealingLR", "T_max defaults to the run's epochs"),
                seeAlso: ["OneCycleLR", "warmup"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = CosineAnnealingLR(opt, 2); s.step(); opt.lr",
                        "0.5")
                ]
            ) { (optimizer: OptimizerObject?, length: Int?, minimum: Double) in
                try SchedulerObject(.cosine(tMax: length, etaMin: minimum), optimizer)
            })
        add(
            Builtin(
                "LinearLR", .optimizers, "Changes the learning rate linearly from one factor to another.", optimizer,
                Parameter<Double>("start_factor", "the factor at first", default: 1.0 / 3, defaultText: "1/3"),
                Parameter<Double>("end_factor", "the factor at the end", default: 1),
                Parameter<Int>("total_iters", "epochs from one to the other", default: 5), returns: recipe,
                pytorch: .same("torch.optim.lr_scheduler.LinearLR"), seeAlso: ["warmup"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = LinearLR(opt, 0.5, total_iters=2); s.step(); opt.lr",
                        "0.75")
                ]
            ) { (optimizer: OptimizerObject?, start: Double, end: Double, length: Int) in
                try SchedulerObject(.linear(start: start, end: end, iterations: length), optimizer)
            })
        addOneCycle(optimizer)
        addFurtherSchedules()
        addPlateau(optimizer)
        add(
            Builtin(
                "warmup", .optimizers, "Raises the learning rate over the first epochs, then follows another schedule.",
                formula: "lr · (t + 1) / epochs for t < epochs",
                Parameter<Int>("epochs", "the length of the rise", default: 5),
                Parameter<SchedulerObject?>.optional("then", "the schedule that follows"), returns: recipe,
                seeAlso: ["CosineAnnealingLR"],
                examples: [Example(running: "warmup(epochs=2, then=CosineAnnealingLR())")]
            ) { (epochs: Int, then: SchedulerObject?) in
                try SchedulerObject(.warmup(epochs: epochs, then: then?.recipe(for: "warmup")), nil)
            })
    }

    private func addSchedulerType() {
        add(
            ObjectType(
                SchedulerObject.self, "Changes the learning rate of an optimizer as training goes on.",
                display: { Markup($0.recipe.name + ($0.scheduler == nil ? " (a recipe)" : "")) }))
        add(
            Builtin(
                "step", on: .object("scheduler"), .optimizers, "Goes on by one epoch (OneCycleLR: by one step).",
                Parameter<SchedulerObject>("self", "the scheduler"),
                Parameter<Double?>.optional("metric", "what ReduceLROnPlateau watches"),
                pytorch: .same("torch.optim.lr_scheduler.LRScheduler.step"), seeAlso: ["StepLR"],
                examples: [
                    Example("opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = StepLR(opt, 1); s.step(); opt.lr", "0.1")
                ]
            ) { (object: SchedulerObject, metric: Double?) in
                guard let scheduler = object.scheduler else {
                    throw Failure(.value, "step: this \(object.recipe.name) is a recipe without an optimizer")
                }
                try scheduler.step(metric)
                return NoValue()
            })
    }

    private func addOneCycle(_ optimizer: Parameter<OptimizerObject?>) {
        add(
            Builtin(
                "OneCycleLR", .optimizers, "Up and down again within one run, per step (Smith, Topin, 2017).",
                optimizer,
                Parameter<Double>("max_lr", "the learning rate at the top"),
                Parameter<Int?>.optional("total_steps", "the steps of the cycle", defaultText: "the steps of the run"),
                Parameter<Double>("pct_start", "the share of the rise", default: 0.3),
                Parameter<Double>("div_factor", "max_lr over the first learning rate", default: 25),
                Parameter<Double>("final_div_factor", "the first learning rate over the last", default: 1e4),
                returns: "a scheduler; it steps once per step",
                pytorch: .differs("torch.optim.lr_scheduler.OneCycleLR", "total_steps defaults to the run's steps"),
                seeAlso: ["CosineAnnealingLR"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); OneCycleLR(opt, 0.5, 10); f\"{opt.lr:.2f}\"",
                        "0.02")
                ]
            ) { (optimizer: OptimizerObject?, top: Double, steps: Int?, start: Double, div: Double, final: Double) in
                try SchedulerObject(
                    .oneCycle(maxLR: top, totalSteps: steps, pctStart: start, divFactor: div, finalDivFactor: final),
                    optimizer)
            })
    }

    private func addPlateau(_ optimizer: Parameter<OptimizerObject?>) {
        let mode = Parameter<PlateauMode>("mode", "whether smaller or larger is better", default: .min)
        let factor = Parameter<Double>("factor", "what the learning rate is multiplied by", default: 0.1)
        let patience = Parameter<Int>("patience", "epochs without improvement before the cut", default: 10)
        let threshold = Parameter<Double>("threshold", "the least improvement that counts", default: 1e-4)
        let thresholdMode = Parameter<ThresholdMode>(
            "threshold_mode", "whether the improvement is a share of the best value or a difference from it",
            default: .rel)
        let cooldown = Parameter<Int>("cooldown", "epochs after a cut that do not count", default: 0)
        let minimum = Parameter<Double>("min_lr", "the least learning rate", default: 0)
        let epsilon = Parameter<Double>("eps", "a smaller change of the learning rate is not made", default: 1e-8)
        add(
            Builtin(
                "ReduceLROnPlateau", .optimizers, "Cuts the learning rate when the monitored metric stops improving.",
                parameters: [
                    optimizer.description, mode.description, factor.description, patience.description,
                    threshold.description, thresholdMode.description, cooldown.description, minimum.description,
                    epsilon.description,
                ],
                returns:
                    "a scheduler; by hand, step(metric) tells it the metric; in `fit` and `distill` it watches `monitor`",
                pytorch: .same("torch.optim.lr_scheduler.ReduceLROnPlateau"), seeAlso: ["StepLR"],
                examples: [
                    Example(
                        "opt = SGD(Linear(1, 1).parameters(), lr=1.0); s = ReduceLROnPlateau(opt, patience=0); s.step(1.0); s.step(1.0); opt.lr",
                        "0.1")
                ]
            ) { call in
                try SchedulerObject(
                    .reduceOnPlateau(
                        maximize: call[mode] == .max, factor: call[factor], patience: call[patience],
                        threshold: call[threshold], isRelative: call[thresholdMode] == .rel, cooldown: call[cooldown],
                        minLR: call[minimum], epsilon: call[epsilon]),
                    call[optimizer])
            })
    }
}

/// How a plateau measures an improvement.
enum ThresholdMode: String, StringOption {
    case rel, abs
}

/// Whether a plateau is about the smallest or the largest value.
enum PlateauMode: String, StringOption {
    case min, max
}
