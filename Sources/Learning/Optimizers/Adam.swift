import CKernels

/// Steps scaled by running means m of g and v of g² (1412.6980); with amsgrad, by the largest v so far.
public struct Adam: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "Adam", summary: "Steps scaled by running means of the gradient and its square (Kingma, Ba, 2014).",
        formula: "m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − lr·m̂/(√v̂ + eps)", pytorch: "torch.optim.Adam",
        related: ["SGD", "fit", "distill"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, .betas(\.beta1, \.beta2), .eps(\.eps), .weightDecay,
            RuleOption("amsgrad", "divide by the largest mean so far", \.amsgrad),
        ]
    }

    /// What schedules call momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { \.beta1 }

    /// The step size.
    public var learningRate = 1e-3
    /// The weight of the L2 penalty.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How long the mean of g remembers.
    public var beta1 = 0.9
    /// How long the mean of g² remembers.
    public var beta2 = 0.999
    /// Added to the denominator.
    public var eps = 1e-8
    /// Whether the largest mean so far divides.
    public var amsgrad = false

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers.
    public var slots: [RuleSlot] { Array(repeating: .elements(), count: amsgrad ? 3 : 2) }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        try step.parameters.update(step.slots) { run in
            ck_adam(
                run, learningRate, beta1, beta2, eps, weightDecay, false, maximize, Int64(step.number))
        }
    }
}

/// Adam whose weight decay shrinks the parameters instead of joining the gradient (1711.05101).
public struct AdamW: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "AdamW", summary: "Adam with decoupled weight decay (Loshchilov, Hutter, 2017).",
        formula: "p ← (1 − lr·weight_decay)·p; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − lr·m̂/(√v̂ + eps)",
        pytorch: "torch.optim.AdamW", related: ["SGD", "fit", "distill"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, .betas(\.adam.beta1, \.adam.beta2), .eps(\.adam.eps),
            RuleOption("weight_decay", "the decay of the weights per step, times lr", \.weightDecay),
            RuleOption("amsgrad", "divide by the largest mean so far", \.adam.amsgrad),
        ]
    }

    /// What schedules call momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { \.adam.beta1 }

    /// The rule without its decay.
    public var adam = Adam()
    /// The decay of the weights per step, times the step size.
    public var weightDecay = 1e-2
    /// The step size.
    public var learningRate: Double {
        get { adam.learningRate }
        set { adam.learningRate = newValue }
    }
    /// Whether the parameters ascend.
    public var maximize: Bool {
        get { adam.maximize }
        set { adam.maximize = newValue }
    }

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers.
    public var slots: [RuleSlot] { adam.slots }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        try step.parameters.update(step.slots) { run in
            ck_adam(
                run, learningRate, adam.beta1, adam.beta2, adam.eps, weightDecay, true, maximize, Int64(step.number))
        }
    }
}
