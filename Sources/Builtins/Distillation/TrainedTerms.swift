import Distillation
import Runtime

extension Library {
    private static func trained(_ term: String, _ shown: String, _ output: String) -> [Example] {
        [
            Example(
                """
                train = take(dataset("digits"), 128)
                teacher = Sequential(Linear(64, 16), ReLU(), Linear(16, 10))
                student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
                run = distill(teacher -> student, train, loss=hard() + \(term), epochs=2)
                \(shown)
                """, output)
        ]
    }

    private static let levels = "\"teacher layer\" -> \"student layer\", or a list, those nearer to the input first"

    /// The feature terms with parts that train along: regressors, embeddings, fusions, projectors.
    static var trainedTerms: [TermDeclaration] {
        [
            TermDeclaration(
                pairs: FitNetTerm.self, hints: true,
                examples: trained("100 * fitnet(\"1\" -> \"1\")", "run.adapters.keys()", #"["fitnet"]"#)
            ) { FitNetTerm(pairs: $0) },
            TermDeclaration(
                pairs: VariationalTerm.self, examples: trained("vid()", "run.adapters.keys()", #"["vid"]"#)
            ) { VariationalTerm(pairs: $0) },
            TermDeclaration(
                pairs: ProjectorTerm.self, Parameter<Double>("alpha", "the power of the differences", default: 4),
                examples: trained("2 * srd()", "run.adapters.keys()", #"["srd"]"#)
            ) { try ProjectorTerm(pairs: $0, alpha: $1) },
            TermDeclaration(
                pairs: OverhaulTerm.self, pairsText: levels,
                examples: trained("0.001 * ofd(\"0\" -> \"0\")", "run.adapters.keys()", #"["ofd"]"#)
            ) { OverhaulTerm(pairs: $0) },
            TermDeclaration(
                pairs: ReviewTerm.self, pairsText: levels,
                examples: trained(
                    "review([\"0\" -> \"0\", \"1\" -> \"1\"])", "run.adapters.keys()", #"["review.0", "review.1"]"#)
            ) { ReviewTerm(pairs: $0) },
            TermDeclaration(
                pairs: FactorTerm.self,
                Parameter<Double>("k", "how many factors a channel of the teacher makes", default: 0.5),
                Parameter<Int>(
                    "paraphraser_epochs", "how many epochs the paraphraser is trained, by Adam(lr=1e-3)", default: 5),
                hints: true,
                examples: trained(
                    "200 * factor()", "run.adapters.keys()", #"["factor.paraphraser0", "factor.translator0"]"#)
            ) { try FactorTerm(pairs: $0, rate: $1, paraphraserEpochs: $2) },
            TermDeclaration(
                pairs: CorrelationTerm.self, Parameter<Int>("dim", "the size of the embeddings", default: 128),
                examples: trained(
                    "0.02 * correlation()", "run.adapters.keys()", #"["correlation.student0", "correlation.teacher0"]"#)
            ) { try CorrelationTerm(pairs: $0, size: $1) },
            TermDeclaration(
                pairs: ContrastiveTerm.self,
                Parameter<Int>(
                    "negatives", "how many examples of other classes each example is told from", default: 16384),
                Parameter<Double>("T", "the temperature", default: 0.07),
                Parameter<Double>("momentum", "the share of the old embedding in a bank's new one", default: 0.5),
                Parameter<Int>("dim", "the size of the embeddings", default: 128),
                Parameter<Bool>(
                    "in_batch", "InfoNCE among the examples of the batch, without memory banks", default: false),
                pairsText: "one \"teacher layer\" -> \"student layer\"",
                examples: trained(
                    "0.8 * crd(negatives=64, dim=16)", "run.adapters.keys()", #"["crd.student", "crd.teacher"]"#)
            ) {
                try ContrastiveTerm(pairs: $0, negatives: $1, temperature: $2, momentum: $3, size: $4, inBatch: $5)
            },
            TermDeclaration(
                pairs: SimKDTerm.self,
                pairsText: "one \"teacher layer\" -> \"student layer\": what goes into the teacher's classifier",
                examples: trained(
                    "simkd()", "run.net.named_children().keys()", #"["trunk", "projector", "classifier"]"#)
            ) { try SimKDTerm(pairs: $0) },
        ]
    }
}
