import CKernels

/// Steps divided by the root of the sum s of all g².
public struct Adagrad: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "Adagrad", summary: "Steps divided by the root of the sum of all g² (Duchi et al., 2011).",
        formula: "s ← s + g²; p ← p − lr/(1 + (t − 1)·lr_decay)·g/(√s + eps)", pytorch: "torch.optim.Adagrad",
        related: ["Adam"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, RuleOption("lr_decay", "how fast the step size falls", \.learningRateDecay), .weightDecay,
            RuleOption("initial_accumulator_value", "the sum of g² at first", \.initialSum), .eps(\.eps),
        ]
    }

    /// The step size.
    public var learningRate = 1e-2
    /// The weight of the L2 penalty.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How fast the step size falls.
    public var learningRateDecay = 0.0
    /// The sum of g² at first.
    public var initialSum = 0.0
    /// Added to the denominator.
    public var eps = 1e-10

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers.
    public var slots: [RuleSlot] { [.elements(initialSum)] }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        let rate = learningRate / (1 + Double(step.number - 1) * learningRateDecay)
        try step.parameters.update(step.slots) { run in ck_adagrad(run, rate, eps, weightDecay, maximize) }
    }
}
