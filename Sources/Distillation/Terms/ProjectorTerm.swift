import Learning
import OrderedCollections
import Tensors

/// A simple recipe: a trained linear projector, both features normalised over the batch, and the logarithm of the sum of
/// their differences to a high power, log Σ |bn(P f_s) − bn(f_t)|^α.
///
/// Batch normalisation is without affine parts (ε = 1e-4) and by the batch at hand; maps are averaged over space first. The
/// logarithm keeps the size of the gradients as the student comes near. R. Miles, K. Mikolajczyk, *Understanding the Role of
/// the Projector in Knowledge Distillation*, arXiv:2303.11098; α and weight are the authors' for ImageNet.
public final class ProjectorTerm: PairTerm {
    /// The page of the method; its weight is 2, the authors' beside soft(T=1).
    public override class var page: MethodPage {
        MethodPage(
            "srd",
            "A trained projector, features normalised over the batch, and a logarithm of the sum (Miles, Mikolajczyk, 2023).",
            formula: "log Σ |bn(P f_s) − bn(f_t)|^alpha, P a trained projector, bn over the batch",
            paper: "arXiv:2303.11098 (SRD).", weight: 2, use: "hard() + soft(T=1) + {weight} * srd(…).",
            when:
                "features in front of the classifier, of networks of any two kinds: one projector to train, nothing to tune; it needs batches of some size, as both features are normalised over them.",
            family: .layers, related: ["feature", "fitnet", "simkd"])
    }

    /// The power of the differences.
    public let alpha: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a power that is not positive.
    public init(pairs: [LayerPair] = [], alpha: Double = 4, name: String? = nil) throws {
        try requirePositive(Self.page.name, "alpha", alpha)
        self.alpha = alpha
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { alpha == 4 ? "" : "alpha=\(number(alpha))" }
    /// The projectors are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the projectors.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let projectors = try example.features(for: self).map { feature in
            try Linear(pooled(feature.student).shape[1], pooled(feature.teacher).shape[1])
        }
        return ActiveTerm(modules: .numbered(projectors)) { [self] input in
            try sumOverPairs(input) { index, student, teacher in
                try requireSameBatch(student, teacher)
                let own = try normalized(projectors[min(index, projectors.count - 1)](pooled(student)))
                let sum = try power(own - normalized(pooled(teacher))).sum()
                // Equal features would give −∞ and no direction to go.
                return try sum.clamp(min: 1e-12).log()
            }
        }
    }

    private func power(_ difference: Tensor) throws -> Tensor {
        alpha == 4 ? try difference.square().square() : try difference.abs().pow(Scalar(alpha))
    }

    /// [B, C] of rows, or of maps [B, C, …] averaged over their positions.
    private func pooled(_ x: Tensor) throws -> Tensor {
        guard x.rank >= 2 else { throw DistillationError.feature(term: name, problem: "needs features [B, C, …]") }
        return x.rank == 2 ? x : try Maps.flattened(x).mean(dims: [2])
    }

    private func normalized(_ x: Tensor) throws -> Tensor {
        let centred = try x - x.mean(dims: [0], keepdim: true)
        return try centred / (centred.square().mean(dims: [0], keepdim: true) + 1e-4).sqrt()
    }
}
