import CKernels
import Glibc

/// Adam that looks ahead along its momentum, which grows over the first steps (Dozat, 2016).
public struct NAdam: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "NAdam", summary: "Adam with Nesterov's momentum (Dozat, 2016).",
        formula:
            "μₜ = β₁(1 − ½·0.96^(t·momentum_decay)); p ← p − lr·[(1 − μₜ)/(1 − Πμ)·g + μₜ₊₁/(1 − μₜ₊₁Πμ)·m]/(√v̂ + eps)",
        pytorch: "torch.optim.NAdam", related: ["Adam"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, .betas(\.beta1, \.beta2), .eps(\.eps), .weightDecay,
            RuleOption("momentum_decay", "how fast the momentum approaches β₁", \.momentumDecay),
            RuleOption("decoupled_weight_decay", "shrink the weights by lr·weight_decay, as AdamW", \.isDecoupled),
        ]
    }

    /// What schedules call momentum.
    public static var momentum: WritableKeyPath<Self, Double>? { \.beta1 }

    /// The step size.
    public var learningRate = 2e-3
    /// The weight of the L2 penalty.
    public var weightDecay = 0.0
    /// Whether the parameters ascend.
    public var maximize = false
    /// How long the mean of g remembers in the end.
    public var beta1 = 0.9
    /// How long the mean of g² remembers.
    public var beta2 = 0.999
    /// Added to the denominator.
    public var eps = 1e-8
    /// How fast the momentum approaches β₁.
    public var momentumDecay = 4e-3
    /// Whether the decay shrinks the weights instead of joining the gradient.
    public var isDecoupled = false

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers. The product of all momenta is remembered, because a schedule may have changed β₁ between them.
    public var slots: [RuleSlot] { [.elements(), .elements(), .number(1)] }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        func momentum(_ t: Int) -> Double { beta1 * (1 - 0.5 * pow(0.96, Double(t) * momentumDecay)) }
        let now = momentum(step.number), next = momentum(step.number + 1)
        let product = try step.slots[2].itemDouble() * now
        try step.slots[2].fill_(.float(product))
        let ofGradient = learningRate * (1 - now) / (1 - product)
        let ofMean = learningRate * next / (1 - product * next)
        let scale = 1 / (1 - pow(beta2, Double(step.number))).squareRoot()
        try step.parameters.update(Array(step.slots[..<2])) { run in
            ck_adaptive(
                run, beta1, beta2, eps, isDecoupled ? 0 : weightDecay, isDecoupled ? 1 - learningRate * weightDecay : 1,
                maximize, ofGradient, ofMean, scale)
        }
    }
}
