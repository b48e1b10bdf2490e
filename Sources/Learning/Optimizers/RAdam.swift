import CKernels
import Glibc

/// Adam that trusts the mean of g² only as far as it is known, so that it needs no warm-up (1908.03265).
public struct RAdam: UpdateRule {
    /// The page of the manual.
    public static let page = RulePage(
        name: "RAdam", summary: "Adam whose early steps are rectified for the variance of v (Liu et al., 2019).",
        formula: """
            ρ∞ = 2/(1 − β₂) − 1; ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ); r² = (ρ − 4)(ρ − 2)ρ∞/((ρ∞ − 4)(ρ∞ − 2)ρ); \
            p ← p − lr·m̂·(r/(√v̂ + eps) where ρ > 5, else 1)
            """,
        pytorch: "torch.optim.RAdam", related: ["Adam", "warmup"])

    /// The options as the language takes them.
    public static var options: [RuleOption<Self>] {
        [
            .lr, .betas(\.beta1, \.beta2), .eps(\.eps), .weightDecay,
            RuleOption("decoupled_weight_decay", "shrink the weights by lr·weight_decay, as AdamW", \.isDecoupled),
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
    /// Whether the decay shrinks the weights instead of joining the gradient.
    public var isDecoupled = false

    /// The rule with its defaults.
    public init() {}

    /// What the rule remembers.
    public var slots: [RuleSlot] { [.elements(), .elements()] }

    /// Moves the parameters.
    public func step(_ step: UpdateStep) throws {
        let t = Double(step.number), power = pow(beta2, t), bias = 1 - power
        let longest = 2 / (1 - beta2) - 1, length = longest - 2 * t * power / bias
        var rate = learningRate / (1 - pow(beta1, t)), scale = 0.0
        if length > 5 {
            rate *=
                ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)).squareRoot()
                * bias.squareRoot()
            scale = 1
        }
        try step.parameters.update(step.slots) { run in
            ck_adaptive(
                run, beta1, beta2, eps, isDecoupled ? 0 : weightDecay, isDecoupled ? 1 - learningRate * weightDecay : 1,
                maximize, 0, rate, scale)
        }
    }
}
