import Distillation
import Runtime
import Tensors

extension Library {
    /// Terms that compare the scores of a query's candidates.
    static var rankingTerms: [TermDeclaration] {
        [
            TermDeclaration(
                MarginTerm.self,
                Parameter<Int>("positive", "which candidate is the relevant one, from 0", default: 0),
                examples: [
                    Example("margin_mse()(tensor([[2.0, 1.0]]), tensor([[7.0, 4.0]])).item()", "4.0")
                ]
            ) { try MarginTerm(positive: $0) },
            TermDeclaration(
                ListwiseTerm.self, Parameter<Double>("T", "the temperature", default: 1),
                examples: [Example("z = randn(2, 5); listwise()(z, z).item()", "0.0")]
            ) { try ListwiseTerm(temperature: $0) },
            TermDeclaration(
                ApproximateRankTerm.self,
                Parameter<Double>("alpha", "how steep the smooth comparison of two scores is", default: 1),
                examples: [
                    Example(
                        "adr_mse(alpha=100)(tensor([[3.0, 2.0, 1.0]]), tensor([[9.0, 8.0, 7.0]])).item() < 1e-6", "true"
                    )
                ]
            ) { try ApproximateRankTerm(alpha: $0) },
        ]
    }
}
