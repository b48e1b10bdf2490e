import Distillation
import Runtime
import Tensors

extension Library {
    private static func temperature(_ value: Double) -> Parameter<Double> {
        Parameter("T", "the temperature", default: value)
    }

    private static let standardize = Parameter<Bool>(
        "standardize", "standardise the logits of each row first (arXiv:2403.01427, the authors with T=2)",
        default: false)

    /// What the student says with the labels.
    static var labelTerms: [TermDeclaration] {
        [
            TermDeclaration(
                HardTerm.self,
                Parameter<Double>("label_smoothing", "the share of the target spread over all classes", default: 0),
                Parameter<Tensor?>.optional(
                    "weight",
                    "a factor for each class [K] in a weighted mean, as PyTorch's weight=; of several labels [L]"),
                Parameter<Tensor?>.optional(
                    "pos_weight", "a factor of the positive part, for binary and several labels: one number or [L]"),
                examples: [Example("hard()(tensor([[0.0, 0.0]]), tensor([1])).item() > 0.69", "true")]
            ) { try HardTerm(labelSmoothing: $0, weight: $1, positiveWeight: $2) },
            TermDeclaration(
                RegressionTerm.self, Parameter<RegressionDistance>("metric", "the distance", default: .mse),
                examples: [Example("regression()(tensor([[1.0], [2.0]]), tensor([1.0, 4.0])).item()", "2.0")]
            ) { RegressionTerm(metric: $0.metric) },
        ]
    }

    /// Terms that compare logits.
    static var logitTerms: [TermDeclaration] {
        [
            TermDeclaration(
                SoftTerm.self, temperature(4),
                Parameter<SoftScale>(
                    "scale", "\"T2\" keeps the size of gradients when T changes; \"none\" is plain KL",
                    default: .squared),
                Parameter<SoftReduction>("reduction", "over what the sum is averaged", default: .batchmean),
                standardize,
                examples: [
                    Example("z = randn(4, 10); soft(T=4)(z, z).item()", "0.0"),
                    Example(
                        "0.9 * soft(T=4) + 0.1 * hard()",
                        "0.9 * soft(T=4) + 0.1 * hard()",
                        "= 0.9 · [T²·(1/B) Σᵢ Σₖ p_t (log p_t − log p_s), p = softmax(z/T)] + 0.1 · [⟨−log softmax(z_s)[y]⟩]"
                    ),
                ]
            ) {
                try SoftTerm(temperature: $0, scale: $1.scale, reduction: $2.reduction, standardize: $3)
            },
            TermDeclaration(
                DecoupledTerm.self,
                Parameter<Double>("alpha", "the weight of the label's class (TCKD)", default: 1),
                Parameter<Double>("beta", "the weight of the other classes (NCKD)", default: 8), temperature(4),
                standardize,
                examples: [
                    Example("z = randn(4, 10); dkd()(z, z, tensor([0, 1, 2, 3])).item() < 1e-5", "true")
                ]
            ) { try DecoupledTerm(alpha: $0, beta: $1, temperature: $2, standardize: $3) },
            TermDeclaration(
                NormalizedTerm.self,
                Parameter<Double>("gamma", "the weight of the other classes", default: 1.5), temperature(1),
                examples: [
                    Example(
                        """
                        z = tensor([[2.0, 1.0, 0.0]]); y = tensor([0])
                        nkd()(z, z, y).item() < nkd()(-z, z, y).item()
                        """, "true")
                ]
            ) { try NormalizedTerm(gamma: $0, temperature: $1) },
            TermDeclaration(
                MultiLevelTerm.self,
                Parameter<[Double]>(
                    "T", "the temperatures of the soft terms; P is taken at 4", default: [2, 3, 4, 5, 6]),
                examples: [Example("z = randn(4, 10); mlkd()(z, z).item()", "0.0")]
            ) { try MultiLevelTerm(temperatures: $0) },
            TermDeclaration(
                DistTerm.self,
                Parameter<Double>("beta", "the weight of the rows: the classes of one example", default: 1),
                Parameter<Double>("gamma", "the weight of the columns: the examples of one class", default: 1),
                temperature(1),
                examples: [Example("z = randn(4, 10); abs(dist()(z, z).item()) < 1e-3", "true")]
            ) { try DistTerm(beta: $0, gamma: $1, temperature: $2) },
            TermDeclaration(
                LogitMSETerm.self,
                examples: [Example("logit_mse()(tensor([[1.0, 2.0]]), tensor([[1.0, 4.0]])).item()", "2.0")]
            ) { LogitMSETerm() },
            TermDeclaration(
                JensenShannonTerm.self,
                Parameter<Double>("beta", "0 is KL(t‖s), which is soft(T=1), 1 is KL(s‖t)", default: 0.5),
                examples: [
                    Example(
                        """
                        s = randn(4, 10); t = randn(4, 10)
                        allclose(jsd(beta=0)(s, t), soft(T=1)(s, t))
                        """, "true")
                ]
            ) { try JensenShannonTerm(beta: $0) },
            TermDeclaration(
                ReverseKLTerm.self, temperature(1),
                examples: [
                    Example(
                        "s, t = [randn(4, 10), randn(4, 10)]; allclose(reverse_kl()(s, t), jsd(beta=1)(s, t))", "true")
                ]
            ) { try ReverseKLTerm(temperature: $0) },
            TermDeclaration(
                SkewKLTerm.self,
                Parameter<Double>("alpha", "how much of the distribution itself is in the mixture", default: 0.1),
                Parameter<Bool>("reverse", "whether it goes out from the student", default: false),
                examples: [
                    Example(
                        "s, t = [randn(4, 10), randn(4, 10)]; allclose(skew_kl(alpha=0)(s, t), soft(T=1)(s, t))", "true"
                    )
                ]
            ) { try SkewKLTerm(alpha: $0, isReverse: $1) },
            TermDeclaration(
                WeightedSoftTerm.self, temperature(2),
                examples: [
                    Example(
                        """
                        z = tensor([[2.0, 1.0, 0.0]]); y = tensor([0])
                        wsld()(3 * z, z, y).item() < wsld()(z, z, y).item()
                        """, "true")
                ]
            ) { try WeightedSoftTerm(temperature: $0) },
            TermDeclaration(
                CurriculumTerm.self,
                Parameter<Int>(
                    "epochs", "over how many epochs the reversed gradient of θ gains its full weight", default: 10),
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        distill(Linear(64, 10) -> Linear(64, 10), train, loss=hard() + ctkd(), epochs=2).epochs
                        """, "2")
                ]
            ) { try CurriculumTerm(epochs: $0) },
            TermDeclaration(
                LabelSwapTerm.self, temperature(4),
                examples: [
                    Example(
                        """
                        wrong = tensor([[0.0, 3.0]]); right = tensor([[3.0, 0.0]])
                        label_swap()(right, wrong, tensor([0])).item()
                        """, "0.0")
                ]
            ) { try LabelSwapTerm(temperature: $0) },
            TermDeclaration(
                LabelSmoothTeacherTerm.self,
                Parameter<Double>("epsilon", "the share spread over the other classes in a repaired row", default: 0.1),
                temperature(4),
                examples: [
                    Example(
                        """
                        z = tensor([[3.0, 0.0, 1.0]])
                        label_smooth_teacher()(z, z, tensor([0])).item()
                        """, "0.0")
                ]
            ) { try LabelSmoothTeacherTerm(epsilon: $0, temperature: $1) },
        ]
    }

    /// Terms whose teacher is the label or the network itself, for `fit` as for `distill`.
    static var selfTaughtTerms: [TermDeclaration] {
        [
            TermDeclaration(
                VirtualTeacherTerm.self,
                Parameter<Double>("a", "the virtual teacher's confidence in the label, between 0 and 1", default: 0.99),
                temperature(20),
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        fit(Linear(64, 10), train, loss=0.9 * hard() + 0.1 * virtual_teacher(), epochs=1).epochs
                        """, "1")
                ]
            ) { try VirtualTeacherTerm(a: $0, temperature: $1) },
            TermDeclaration(
                ClasswiseTerm.self, temperature(4),
                examples: [
                    Example("z = randn(4, 10); cskd()(z, z).item()", "0.0"),
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        len(fit(Linear(64, 10), train, loss=hard() + cskd(T=4), epochs=2).cskd)
                        """, "2"),
                ]
            ) { try ClasswiseTerm(temperature: $0) },
            TermDeclaration(
                ProgressiveTerm.self,
                Parameter<Double>(
                    "alpha", "the share of the network's own answers in the last epoch's targets", default: 0.8),
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        fit(Linear(64, 10), train, loss=progressive(alpha=0.8), epochs=2).epochs
                        """, "2")
                ]
            ) { try ProgressiveTerm(alpha: $0) },
        ]
    }
}
