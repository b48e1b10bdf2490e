import Glibc
import Learning
import OrderedCollections
import Tensors

/// Variational information distillation: ½⟨(μ(f_s) − f_t)²/σ² + log σ²⟩, σ² = softplus(a) + 1e-5 per channel, both trained.
///
/// S. Ahn et al., *Variational Information Distillation for Knowledge Transfer*, arXiv:1904.05835. σ² is 5 at first.
public final class VariationalTerm: PairTerm {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "vid",
            "Variational information distillation: a trained mean and a trained variance per channel (Ahn et al., 2019).",
            formula: "½⟨(μ(f_s) − f_t)²/σ² + log σ²⟩",
            paper: "arXiv:1904.05835. σ² is 5 at first, softplus(a) + 1e-5.",
            use: "hard() + vid([…]).",
            when:
                "a safer feature() where some channels of the teacher cannot be predicted: their variance grows and they count less. The term may be negative.",
            family: .layers, related: ["fitnet"])
    }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    /// μ and σ are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the regressors.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let regressors = try example.features(for: self).map { feature in
            let (s, t) = try Maps.toCommonSize(feature.student, feature.teacher)
            guard s.rank >= 2, t.rank == s.rank else {
                throw DistillationError.unequal(
                    term: name, student: feature.student.shape.array, teacher: feature.teacher.shape.array)
            }
            return try VariationalRegressor(from: s.shape[1], to: t.shape[1])
        }
        return ActiveTerm(modules: .numbered(regressors)) { [self] input in
            try sumOverPairs(input) { index, student, teacher in
                let (s, t) = try Maps.toCommonSize(student, teacher)
                return try regressors[min(index, regressors.count - 1)].loss(Maps.flattened(s), Maps.flattened(t))
            }
        }
    }
}

/// μ, three layers over the channels with ReLU between them, and a variance per channel.
final class VariationalRegressor: Module {
    private let mean: Sequential
    private let scale: Tensor

    init(from channels: Int, to target: Int) throws {
        mean = Sequential([
            try Linear(channels, target, bias: false), Activation(.relu), try Linear(target, target, bias: false),
            Activation(.relu), try Linear(target, target, bias: false),
        ])
        scale = try Tensor.full([target], .float(log(exp(5.0 - 1e-5) - 1)), dtype: .float32).requireGradient()
        super.init()
        register(mean, as: "mean")
        register(parameter: scale, as: "scale")
    }

    /// Maps [B, C, N].
    func loss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        let predicted = try mean(student.transpose(1, 2))
        let variance = try scale.to(student.dtype).softplus() + 1e-5
        let squares = try (predicted - teacher.transpose(1, 2)).square()
        return try (squares / variance + variance.log()).mean() * 0.5
    }
}
