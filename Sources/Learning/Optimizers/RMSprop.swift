import CKernels

/// Steps divided by the root of a running mean v of g², centred on request, with momentum.
public struct RMSprop: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "RMSprop", summary: "Steps divided by the root of a running mean of g² (Hinton, 2012).",
        formula: "v ← alpha·v + (1 − alpha)·g²; p ← p − lr·g/(√v + eps)", pytorch: "torch.optim.RMSprop",
        related: ["Adam"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, RuleOption("alpha", "how long the mean of g² remembers", \.alpha), .eps(\.eps), .weightDecay,
            RuleOption("momentum", "how much of the last step is kept", \.momentum),
            RuleOption("centered", "divide by the standard deviation of g", \.centered),
        ]
    }

    /// What schedules call momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { \.momentum }

    /// The step size.
    public var learningRate = 1e-2
    /// The weight of the L2 penalty.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How long the mean of g² remembers.
    public var alpha = 0.99
    /// Added to the denominator.
    public var eps = 1e-8
    /// How much of the last step is kept.
    public var momentum = 0.0
    /// Whether the standard deviation of g divides.
    public var centered = false

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers. The buffer is the last, for a schedule may bring the momentum in later.
    public var slots: [RuleSlot] {
        Array(repeating: .elements(), count: 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0))
    }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        let buffer = momentum > 0 ? step.slots[centered ? 2 : 1] : nil
        try step.parameters.update([step.slots[0], centered ? step.slots[1] : nil, buffer]) { run in
            ck_rmsprop(run, learningRate, alpha, eps, weightDecay, momentum, maximize)
        }
    }
}
