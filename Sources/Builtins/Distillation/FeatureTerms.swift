import Distillation
import Runtime

extension Library {
    /// Terms that compare features and the relations between examples, most of them without trained parts.
    static var featureTerms: [TermDeclaration] {
        [
            TermDeclaration(
                pairs: FeatureTerm.self, Parameter<FeatureDistance>("metric", "the distance", default: .mse),
                adapts: true,
                examples: [Example("feature()(tensor([[1.0, 2.0]]), tensor([[1.0, 4.0]])).item()", "2.0")]
            ) { FeatureTerm(pairs: $0, metric: $1.metric) },
            TermDeclaration(
                pairs: BoundaryTerm.self, Parameter<Double>("m", "the margin", default: 1), adapts: true, hints: true,
                examples: [Example("boundary()(tensor([[1.0, -1.0]]), tensor([[3.0, -3.0]])).item()", "0.0")]
            ) { try BoundaryTerm(pairs: $0, margin: $1) },
            TermDeclaration(
                pairs: AttentionTerm.self, Parameter<Double>("p", "the power of the activations", default: 2),
                examples: [Example("f = randn(2, 3, 4, 4); attention()(f, 3 * f).item() < 1e-9", "true")]
            ) { try AttentionTerm(pairs: $0, power: $1) },
            TermDeclaration(
                pairs: ChannelTerm.self, Parameter<Double>("T", "the temperature", default: 4), adapts: true,
                examples: [Example("f = randn(2, 3, 4, 4); abs(channel()(f, f + 1).item()) < 1e-5", "true")]
            ) { try ChannelTerm(pairs: $0, temperature: $1) },
            TermDeclaration(
                pairs: PearsonTerm.self, adapts: true,
                examples: [Example("f = randn(2, 3, 4, 4); pearson()(f, 2 * f + 1).item() < 1e-6", "true")]
            ) { PearsonTerm(pairs: $0) },
            TermDeclaration(
                pairs: InterChannelTerm.self, adapts: true,
                examples: [Example("f = randn(2, 3, 4, 4); icc()(f, 2 * f).item() < 1e-9", "true")]
            ) { InterChannelTerm(pairs: $0) },
            TermDeclaration(
                pairs: SelectivityTerm.self,
                examples: [Example("f = randn(2, 3, 4, 4); abs(nst()(f, 2 * f).item()) < 1e-6", "true")]
            ) { SelectivityTerm(pairs: $0) },
            TermDeclaration(
                pairs: FlowTerm.self,
                pairsText: "an even number of \"teacher layer\" -> \"student layer\", two for each matrix",
                pairsDefault: nil, adapts: true, hints: true,
                examples: [
                    Example(
                        """
                        a = randn(2, 3, 4, 4); b = randn(2, 5, 4, 4)
                        fsp(["0" -> "0", "1" -> "1"])([a, b], [a, b]).item()
                        """, "0.0")
                ]
            ) { try FlowTerm(pairs: $0) },
            TermDeclaration(
                pairs: SingularVectorTerm.self,
                Parameter<Int>("k", "how many singular vectors describe a layer", default: 1),
                pairsText: "two or more \"teacher layer\" -> \"student layer\", those nearer to the input first",
                pairsDefault: nil, adapts: true,
                examples: [
                    Example(
                        """
                        a = randn(2, 3, 4, 4); b = randn(2, 5, 4, 4)
                        svd(["0" -> "0", "1" -> "1"])([a, b], [a, b]).item() < 1e-6
                        """, "true")
                ]
            ) { try SingularVectorTerm(pairs: $0, rank: $1) },
            TermDeclaration(
                pairs: SimilarityTerm.self,
                examples: [Example("f = randn(4, 8); similarity()(f, 3 * f).item() < 1e-9", "true")]
            ) { SimilarityTerm(pairs: $0) },
            TermDeclaration(
                pairs: ProbabilisticTerm.self,
                examples: [Example("f = randn(4, 8); abs(pkt()(f, 3 * f).item()) < 1e-6", "true")]
            ) { ProbabilisticTerm(pairs: $0) },
            TermDeclaration(
                pairs: RelationalTerm.self, Parameter<Double>("distance", "the weight of the distances", default: 25),
                Parameter<Double>("angle", "the weight of the angles", default: 50),
                examples: [Example("f = randn(4, 8); rkd()(f, 3 * f).item() < 1e-6", "true")]
            ) { RelationalTerm(pairs: $0, distance: $1, angle: $2) },
        ]
    }
}
