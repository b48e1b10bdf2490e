import CKernels

/// Steps as large as the last ones were, relative to the gradients: no rate has to be found (1212.5701).
public struct Adadelta: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "Adadelta", summary: "Steps as large as those before, in units of the gradient (Zeiler, 2012).",
        formula: "v ← ρv + (1 − ρ)g²; Δ = g·√(u + eps)/√(v + eps); u ← ρu + (1 − ρ)Δ²; p ← p − lr·Δ",
        pytorch: "torch.optim.Adadelta", related: ["Adam"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            RuleOption("lr", "the factor of the step", \.learningRate),
            RuleOption("rho", "how long the means of g² and Δ² remember", \.rho),
            RuleOption("eps", "added under the roots; the first step is about √eps", \.eps), .weightDecay,
        ]
    }

    /// The step size.
    public var learningRate = 1.0
    /// The weight of the L2 penalty.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How long the means remember.
    public var rho = 0.9
    /// Added under the roots.
    public var eps = 1e-6

    /// The rule with its defaults.
    public init() {}

    /// What only this rule can find wrong.
    public func check() throws { try require(rho <= 1, "rho must be at most 1, given \(rho)") }

    /// What the rule remembers.
    public var slots: [RuleSlot] { [.elements(), .elements()] }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        try step.parameters.update(step.slots) { run in
            ck_adadelta(run, learningRate, rho, eps, weightDecay, maximize)
        }
    }
}
