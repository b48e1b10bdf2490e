import CKernels

/// Every element moves by the same amount, along the sign of a mean of the gradients (2302.06675).
public struct Lion: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "Lion", summary: "Steps of one size along the sign of a mean of the gradients (Chen et al., 2023).",
        formula: "c = β₁m + (1 − β₁)g; p ← p − lr·(sign(c) + weight_decay·p); m ← β₂m + (1 − β₂)g", pytorch: nil,
        related: ["AdamW"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            RuleOption("lr", "the step size, about a tenth of AdamW's", \.learningRate),
            RuleOption("betas", "how much of m the direction and the next m keep", .shares(\.beta1, \.beta2)),
            RuleOption("weight_decay", "the decay of the weights per step, times lr", \.weightDecay),
        ]
    }

    /// What schedules call momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { \.beta1 }

    /// The step size.
    public var learningRate = 1e-4
    /// The decay of the weights per step, times the step size.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How much of m the direction keeps.
    public var beta1 = 0.9
    /// How long m remembers.
    public var beta2 = 0.99

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers.
    public var slots: [RuleSlot] { [.elements()] }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        try step.parameters.update(step.slots) { run in
            ck_lion(run, learningRate, beta1, beta2, weightDecay, maximize)
        }
    }
}
