import CKernels

/// Stochastic gradient descent with momentum.
public struct SGD: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "SGD", summary: "Stochastic gradient descent.",
        formula: "v ← momentum·v + (1 − dampening)·(g + weight_decay·p); p ← p − lr·v", pytorch: "torch.optim.SGD",
        related: ["Adam", "clip_grad_norm"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, RuleOption("momentum", "how much of the last step is kept", \.momentum),
            RuleOption("dampening", "how much of the gradient is left out of the momentum", \.dampening), .weightDecay,
            RuleOption("nesterov", "look ahead along the momentum", \.nesterov),
        ]
    }

    /// What schedules call momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { \.momentum }

    /// The step size.
    public var learningRate = 1e-3
    /// The weight of the L2 penalty.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How much of the last step is kept.
    public var momentum = 0.0
    /// How much of the gradient is left out of the momentum.
    public var dampening = 0.0
    /// Whether the step is lr·(g + momentum·v).
    public var nesterov = false

    /// The rule with its defaults.
    public init() {}

    /// What only this rule can find wrong.
    public func check() throws {
        try require(!nesterov || momentum > 0 && dampening == 0, "nesterov needs a momentum above 0 and no dampening")
    }

    /// What the rule remembers.
    public var slots: [RuleSlot] { momentum > 0 ? [.elements()] : [] }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        try step.parameters.update([momentum > 0 ? step.slots[0] : nil]) { run in
            ck_sgd(run, learningRate, momentum, dampening, weightDecay, nesterov, maximize, step.isFirst)
        }
    }
}
