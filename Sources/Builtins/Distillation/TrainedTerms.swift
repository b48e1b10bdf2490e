import Distillation
import Learning
import Runtime

/// The feature terms with parts that train along: regressors, embeddings, fusions, projectors.
extension Library {
    private static func trained(_ term: String, _ shown: String, _ output: String) -> Example {
        Example(
            """
            train = take(dataset("digits"), 128)
            teacher = Sequential(Linear(64, 16), ReLU(), Linear(16, 10))
            student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
            run = distill(teacher -> student, train, loss=hard() + \(term), epochs=2)
            \(shown)
            """, output)
    }

    /// Terms that can come first and drop out: FitNets, factor transfer, activation boundaries.
    func addHintTerms() {
        add(
            PairTermDeclaration(
                name: "fitnet",
                summary: "Hints: a trained regressor predicts the teacher's feature (Romero et al., 2014).",
                formula: "⟨(r(f_s) − f_t)²⟩, r a trained regressor",
                page: MethodPage(
                    paper: "arXiv:1412.6550.",
                    use:
                        "hard() + 100 * fitnet(…), the hint trained along; in the authors' two stages soft() + fitnet(…, hint_epochs=5).",
                    when:
                        "deep and thin students, with a hint in the middle of the networks; a hint too near the output leaves the student no freedom."
                ),
                hints: true, seeAlso: ["factor"],
                example: Self.trained("100 * fitnet(\"1\" -> \"1\")", "run.adapters.keys()", #"["fitnet"]"#)
            ).builtin { FitNetTerm(pairs: $1) })
        let margin = Parameter<Double>("m", "the margin", default: 1)
        add(
            PairTermDeclaration(
                name: "boundary",
                summary:
                    "Activation boundaries: the student's neurons are on where the teacher's are (Heo et al., 2018).",
                formula: "Σ[(s+m)²·1(s>−m, t≤0) + (s−m)²·1(s≤m, t>0)]/B",
                page: MethodPage(
                    paper: "arXiv:1811.03233. On pre-activations: name the layer before the ReLU.",
                    use:
                        "the authors' two stages: soft() + 0.003 * boundary(…, hint_epochs=5); 0.003 is the factor of RepDistiller.",
                    when: "starting values for small students and for little data."),
                adapts: true, hints: true, seeAlso: ["ofd", "fitnet"],
                example: Example("boundary()(tensor([[1.0, -1.0]]), tensor([[3.0, -3.0]])).item()", "0.0")
            ).builtin([margin.description]) { try BoundaryTerm(pairs: $1, margin: $0[margin]) })
        let rate = Parameter<Double>("k", "how many factors a channel of the teacher makes", default: 0.5)
        let epochs = Parameter<Int>(
            "paraphraser_epochs", "how many epochs the paraphraser is trained, by Adam(lr=1e-3)", default: 5)
        add(
            PairTermDeclaration(
                name: "factor",
                summary:
                    "Factor transfer: a pre-trained paraphraser makes factors of the teacher's map, a trained translator of the student's (Kim et al., 2018).",
                formula: "⟨|nrm F_s − nrm F_t|⟩, F_t by a paraphraser, F_s by a translator",
                page: MethodPage(
                    paper: "arXiv:1802.04977.", use: "hard() + 200 * factor(…).",
                    when:
                        "teachers whose maps are much wider than the student's; the paraphraser's training comes before the first epoch and takes its time."
                ),
                hints: true, seeAlso: ["fitnet", "review"],
                example: Self.trained(
                    "200 * factor()", "run.adapters.keys()", #"["factor.paraphraser0", "factor.translator0"]"#)
            ).builtin([rate.description, epochs.description]) {
                try FactorTerm(pairs: $1, rate: $0[rate], paraphraserEpochs: $0[epochs])
            })
    }

    /// Variances, embeddings and contrasts.
    func addTrainedFeatureTerms() {
        add(
            PairTermDeclaration(
                name: "vid",
                summary:
                    "Variational information distillation: a trained mean and a trained variance per channel (Ahn et al., 2019).",
                formula: "½⟨(μ(f_s) − f_t)²/σ² + log σ²⟩",
                page: MethodPage(
                    paper: "arXiv:1904.05835. σ² is 5 at first, softplus(a) + 1e-5.", use: "hard() + vid([…]).",
                    when:
                        "a safer feature() where some channels of the teacher cannot be predicted: their variance grows and they count less. The term may be negative."
                ),
                seeAlso: ["fitnet"], example: Self.trained("vid()", "run.adapters.keys()", #"["vid"]"#)
            ).builtin { VariationalTerm(pairs: $1) })
        let size = Parameter<Int>("dim", "the size of the embeddings", default: 128)
        add(
            PairTermDeclaration(
                name: "correlation",
                summary: "Correlation congruence of trained embeddings of neighbouring examples (Peng et al., 2019).",
                formula: "⟨Σ_d |Δ_i|·|Δ_{i+1}|⟩, Δ = e(f_s) − e(f_t)",
                page: MethodPage(
                    paper: "arXiv:1904.01802, in the form of RepDistiller.", use: "hard() + 0.02 * correlation(…).",
                    when: "comparisons with the literature; similarity() and pkt() say more about relations."),
                seeAlso: ["similarity", "rkd"],
                example: Self.trained(
                    "0.02 * correlation()", "run.adapters.keys()", #"["correlation.student0", "correlation.teacher0"]"#)
            ).builtin([size.description]) { call, pairs in
                let size = try call[size]
                guard size > 0 else { throw Failure(.value, "correlation: dim must be at least 1, not \(size)") }
                return CorrelationTerm(pairs: pairs, size: size)
            })
        let negatives = Parameter<Int>(
            "negatives", "how many examples of other classes each example is told from", default: 16384)
        let temperature = Parameter<Double>("T", "the temperature", default: 0.07)
        let momentum = Parameter<Double>("momentum", "the share of the old embedding in a bank's new one", default: 0.5)
        let inBatch = Parameter<Bool>(
            "in_batch", "InfoNCE among the examples of the batch, without memory banks", default: false)
        add(
            PairTermDeclaration(
                name: "crd",
                summary:
                    "Contrastive representation distillation: an example's embeddings by both networks are told from those of other examples (Tian et al., 2020).",
                formula: "−[log P_i/(P_i + n/N) + Σ_j log (n/N)/(P_j + n/N)]/B, P = exp(v·m/T)/Z, both directions",
                page: MethodPage(
                    paper: "arXiv:1910.10699.", use: "hard() + 0.8 * crd(), or soft() + 0.8 * crd().",
                    when:
                        "the strongest of the feature methods before 2021 on CIFAR-100; needs many classes and examples to be told apart, and memory for two embeddings of every example. Start with fewer negatives on small data: crd(negatives=512).",
                    remarks: [
                        "Banks and Z belong to the run and are saved in its checkpoints; without classes every other example is a negative."
                    ]),
                pairsText: "one \"teacher layer\" -> \"student layer\"", seeAlso: ["similarity", "pkt"],
                example: Self.trained(
                    "0.8 * crd(negatives=64, dim=16)", "run.adapters.keys()", #"["crd.student", "crd.teacher"]"#)
            ).builtin([
                negatives.description, temperature.description, momentum.description, size.description,
                inBatch.description,
            ]) {
                try ContrastiveTerm(
                    pairs: $1, negatives: $0[negatives], temperature: $0[temperature], momentum: $0[momentum],
                    size: $0[size], inBatch: $0[inBatch])
            })
    }

    /// Terms that project or fuse the student's maps.
    func addProjectedTerms() {
        add(
            PairTermDeclaration(
                name: "ofd",
                summary:
                    "The overhaul of feature distillation: pre-activations with a margin, negative ones only as far as they matter (Heo et al., 2019).",
                formula: "Σ (r(s) − t′)²·1(r(s) > t′ or t′ > 0)/B, t′ = max(t, E[t | t < 0])",
                page: MethodPage(
                    paper: "arXiv:1904.01866. On pre-activations: name the layer before the ReLU.",
                    use: "hard() + 0.001 * ofd([…]), a pair at the end of each stage; each counts half of the next.",
                    when:
                        "convolutional networks with batch normalisation, as a strong feature method with one weight to set; margins are measured on the training data before the first epoch."
                ),
                pairsText: "\"teacher layer\" -> \"student layer\", or a list, those nearer to the input first",
                seeAlso: ["boundary", "review"],
                example: Self.trained("0.001 * ofd(\"0\" -> \"0\")", "run.adapters.keys()", #"["ofd"]"#)
            ).builtin { OverhaulTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "review",
                summary:
                    "Knowledge review: the student's levels, fused from the top down, are compared with every level of the teacher (Chen et al., 2021).",
                formula:
                    "Σ_levels Σ_p w_p·⟨(pool_p(fused_s) − pool_p(f_t))²⟩, p = all, 4, 2, 1, w = 1, ½, ¼, ⅛ over their sum",
                page: MethodPage(
                    paper: "arXiv:2104.09044.",
                    use: "hard() + ramp(0, 1, epochs=20) * review([…]), weight 1 to 8, ramped up as the authors do.",
                    when:
                        "stages of convolutional networks, where low levels of the teacher help high ones of the student; several times the cost of attention()."
                ),
                pairsText: "\"teacher layer\" -> \"student layer\", or a list, those nearer to the input first",
                seeAlso: ["ofd", "attention"],
                example: Self.trained(
                    "review([\"0\" -> \"0\", \"1\" -> \"1\"])", "run.adapters.keys()", #"["review.0", "review.1"]"#)
            ).builtin { ReviewTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "simkd",
                summary:
                    "The teacher's classifier reused: the student learns the feature in front of it and answers through it (Chen et al., 2022).",
                formula: "⟨(r(f_s) − f_t)²⟩, answers by the teacher's classifier behind r(f_s)",
                page: MethodPage(
                    paper: "arXiv:2203.14001.", use: "simkd() alone, as the authors; soft() and hard() may be added.",
                    when:
                        "the last per cent of accuracy, when a projector between the student's and the teacher's channels is affordable.",
                    remarks: [
                        "run.net is the student up to the feature, the projector and a copy of the teacher's classifier: compare and save that one, not the student."
                    ]),
                pairsText: "one \"teacher layer\" -> \"student layer\": what goes into the teacher's classifier",
                seeAlso: ["review"],
                example: Example(
                    """
                    train = take(dataset("digits"), 128)
                    teacher = Sequential(Linear(64, 16), ReLU(), Linear(16, 10))
                    student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
                    run = distill(teacher -> student, train, loss=simkd(), epochs=2)
                    run.net.named_children().keys()
                    """, #"["trunk", "projector", "classifier"]"#)
            ).builtin { try SimKDTerm(pairs: $1) })
    }
}
