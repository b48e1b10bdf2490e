import Distillation
import Learning
import Runtime

/// What the declarations of the feature terms share.
struct PairTermDeclaration {
    let name: String
    let summary: String
    let formula: String
    let page: MethodPage
    var pairsText = "\"teacher layer\" -> \"student layer\", or a list of such, which sum up"
    var pairsDefault: String? = "the input of the last child called"
    /// Whether unlike channels get an adapter that may be chosen.
    var adapts = false
    /// Whether the term has a two-stage form.
    var hints = false
    var seeAlso: [String] = []
    let example: Example

    static let termName = Parameter<String?>.optional("name", "the name of the term's curve in the run")
    static let teacher = Parameter<Int>("teacher", "which of several teachers", default: 0)
    static let adapter = Parameter<AdapterValue>(
        "adapter", "what makes unlike channels comparable: \"auto\", \"none\" or a module", default: .auto)
    static let hintEpochs = Parameter<Int>(
        "hint_epochs",
        "so many of the run's epochs come first with this term alone, training the student up to the layer and what the term trains; then the term drops out and a fresh optimizer starts",
        default: 0)

    var pairs: Parameter<OneOrMore<LayerPairValue>?> {
        .optional("pairs", pairsText, defaultText: pairsDefault)
    }

    /// The builtin with the method's own parameters between `pairs` and `teacher`.
    func builtin(_ own: [ParameterDescription] = [], _ make: @escaping (Call, [LayerPair]) throws -> Term) -> Builtin {
        let pairs = pairs
        let shared =
            (adapts ? [Self.adapter.description] : []) + (hints ? [Self.hintEpochs.description] : [])
            + [Self.teacher.description, Self.termName.description]
        let (adapts, hints, name) = (adapts, hints, name)
        return Builtin(
            name, .distillation, summary, formula: formula, parameters: [pairs.description] + own + shared,
            returns: "an objective of one term", notes: page.notes, seeAlso: seeAlso + ["feature", "distill"],
            examples: [example]
        ) { call in
            let term = try make(call, (try call[pairs]?.elements ?? []).map(\.pair))
            if let name = try call[Self.termName] { term.name = name }
            term.teacherIndex = try call[Self.teacher]
            if adapts, let term = term as? PairTerm { term.adapter = try call[Self.adapter].choice }
            if hints {
                let epochs = try call[Self.hintEpochs]
                guard epochs >= 0 else {
                    throw Failure(.value, "\(name): hint_epochs must be at least 0, not \(epochs)")
                }
                term.hintEpochs = epochs
            }
            return ObjectiveObject(term)
        }
    }
}

extension Library {
    /// The terms that compare features and the relations between examples, beyond `feature`.
    func addFeatureTerms() {
        addHintTerms()
        addTrainedFeatureTerms()
        addProjectedTerms()
        addMapTerms()
        addLayerRelationTerms()
        addChannelTerms()
        addRelationTerms()
    }

    private func addMapTerms() {
        let power = Parameter<Double>("p", "the power of the activations", default: 2)
        add(
            PairTermDeclaration(
                name: "attention",
                summary:
                    "Attention transfer: where the maps are active, whatever the channels (Zagoruyko, Komodakis, 2016).",
                formula: "⟨(Q_s − Q_t)²⟩, Q = nrm(vec(mean_c |f|^p))",
                page: MethodPage(
                    paper: "arXiv:1612.03928. Maps [B, C, H, W]; channels may differ, the larger map is averaged down.",
                    use: "hard() + 1000 * attention([…]), a pair at the end of each stage.",
                    when:
                        "convolutional networks whose stages correspond; cheap and hard to do harm with, but on rows [B, D] there is nothing to attend to."
                ),
                seeAlso: ["nst", "channel"],
                example: Example("f = randn(2, 3, 4, 4); attention()(f, 3 * f).item() < 1e-9", "true")
            ).builtin([power.description]) { try AttentionTerm(pairs: $1, power: $0[power]) })
        add(
            PairTermDeclaration(
                name: "nst",
                summary: "Neuron selectivity: the distributions of the channels' spatial patterns (Huang, Wang, 2017).",
                formula: "⟨k(t,t)⟩ + ⟨k(s,s)⟩ − 2⟨k(s,t)⟩, k = (a·b)²",
                page: MethodPage(
                    paper: "arXiv:1707.01219. Maps [B, C, H, W]; channels may differ.",
                    use: "hard() + 50 * nst(…).",
                    when:
                        "maps whose channels mean the same as a set but not one by one; in comparisons it seldom beats attention() and costs C² products."
                ),
                seeAlso: ["attention"],
                example: Example("f = randn(2, 3, 4, 4); abs(nst()(f, 2 * f).item()) < 1e-6", "true")
            ).builtin { SelectivityTerm(pairs: $1) })
    }

    private func addLayerRelationTerms() {
        add(
            PairTermDeclaration(
                name: "fsp",
                summary:
                    "Flow of solution procedure: Gram matrices between two layers of each network (Yim et al., 2017).",
                formula: "⟨(M_s − M_t)²⟩, M = F₁F₂ᵀ/HW",
                page: MethodPage(
                    paper: "J. Yim et al., A Gift from Knowledge Distillation, CVPR 2017.",
                    use: "the authors' two stages: soft() + 50 * fsp([in, out], hint_epochs=5).",
                    when:
                        "teacher and student of one family, where the same two layers exist in both; as a start for the weights rather than beside other terms."
                ),
                pairsText: "an even number of \"teacher layer\" -> \"student layer\", two for each matrix",
                pairsDefault: nil, adapts: true, hints: true, seeAlso: ["svd"],
                example: Example(
                    """
                    a = randn(2, 3, 4, 4); b = randn(2, 5, 4, 4)
                    fsp(["0" -> "0", "1" -> "1"])([a, b], [a, b]).item()
                    """, "0.0")
            ).builtin { try FlowTerm(pairs: $1) })
        let rank = Parameter<Int>("k", "how many singular vectors describe a layer", default: 1)
        add(
            PairTermDeclaration(
                name: "svd",
                summary:
                    "Singular vectors: how the top singular vectors of neighbouring layers relate (Lee, Kim, Song, 2018).",
                formula: "Σ (R_s − R_t)²/B, R = exp(−(v_i − u_j)²/8), v, u top singular vectors",
                page: MethodPage(
                    paper: "arXiv:1807.06819, in the form of RepDistiller and mdistiller.", use: "hard() + svd([…]).",
                    when:
                        "research on relations between layers; a factorisation of every map in every step makes it the slowest of the terms, for gains that attention() gives as well."
                ),
                pairsText: "two or more \"teacher layer\" -> \"student layer\", those nearer to the input first",
                pairsDefault: nil, adapts: true, seeAlso: ["fsp"],
                example: Example(
                    """
                    a = randn(2, 3, 4, 4); b = randn(2, 5, 4, 4)
                    svd(["0" -> "0", "1" -> "1"])([a, b], [a, b]).item() < 1e-6
                    """, "true")
            ).builtin([rank.description]) { try SingularVectorTerm(pairs: $1, rank: $0[rank]) })
    }

    private func addChannelTerms() {
        let temperature = Parameter<Double>("T", "the temperature", default: 4)
        add(
            PairTermDeclaration(
                name: "channel",
                summary:
                    "Channel-wise distillation: each channel's map as a distribution over positions (Shu et al., 2020).",
                formula: "T²/(C·B) Σ KL(softmax_positions(f_t/T) ‖ softmax_positions(f_s/T))",
                page: MethodPage(
                    paper: "arXiv:2011.13256. Maps [B, C, H, W].", use: "hard() + channel(…), weight 1 to 10.",
                    when: "dense prediction, where positions matter; for a label per image attention() asks less."),
                adapts: true, seeAlso: ["attention", "pearson"],
                example: Example("f = randn(2, 3, 4, 4); abs(channel()(f, f + 1).item()) < 1e-5", "true")
            ).builtin([temperature.description]) { try ChannelTerm(pairs: $1, temperature: $0[temperature]) })
        add(
            PairTermDeclaration(
                name: "pearson",
                summary:
                    "Features up to scale and offset: one minus the correlation of each channel (Cao et al., 2022).",
                formula: "½⟨(z(f_s) − z(f_t))²⟩, z per channel over batch and space",
                page: MethodPage(
                    paper: "arXiv:2207.02039 (PKD).", use: "hard() + 6 * pearson(…).",
                    when:
                        "features whose scale differs between the networks, such as those of detectors or of networks normalised differently; it needs batches of a good size."
                ),
                adapts: true, seeAlso: ["channel", "feature"],
                example: Example("f = randn(2, 3, 4, 4); pearson()(f, 2 * f + 1).item() < 1e-6", "true")
            ).builtin { PearsonTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "icc", summary: "Inter-channel correlation: which channels go together (Liu et al., 2021).",
                formula: "Σ (G_s − G_t)²/(C·B²), G = row-nrm(F Fᵀ) between channels",
                page: MethodPage(
                    paper: "L. Liu et al., Exploring Inter-Channel Correlation (ICKD), ICCV 2021.",
                    use:
                        "hard() + 2.5 * icc(…). The authors' code for CIFAR divides by C·B: at batch 64 that is 160 * icc(…).",
                    when: "the last maps of image classifiers, as a complement of soft()."),
                adapts: true, seeAlso: ["similarity"],
                example: Example("f = randn(2, 3, 4, 4); icc()(f, 2 * f).item() < 1e-9", "true")
            ).builtin { InterChannelTerm(pairs: $1) })
    }

    private func addRelationTerms() {
        add(
            PairTermDeclaration(
                name: "similarity",
                summary: "Similarity preserving: which examples of the batch activate alike (Tung, Mori, 2019).",
                formula: "‖G_t − G_s‖²/B², G = row-nrm(FFᵀ)",
                page: MethodPage(
                    paper: "arXiv:1907.09682. Widths may differ.", use: "hard() + 3000 * similarity(…).",
                    when:
                        "networks of unlike architecture, as nothing is compared but relations between examples; batches of 64 and more."
                ),
                seeAlso: ["rkd", "pkt"],
                example: Example("f = randn(4, 8); similarity()(f, 3 * f).item() < 1e-9", "true")
            ).builtin { SimilarityTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "pkt",
                summary:
                    "Probabilistic transfer: similarities to the other examples as probabilities (Passalis, Tefas, 2018).",
                formula: "⟨P_t log((P_t + ε)/(P_s + ε))⟩, P from (cos + 1)/2",
                page: MethodPage(
                    paper: "arXiv:1803.10837. Widths may differ.", use: "hard() + 30000 * pkt(…).",
                    when:
                        "embeddings for retrieval and students of another architecture; among the steadiest of the relation methods in comparisons."
                ),
                seeAlso: ["similarity", "rkd"],
                example: Example("f = randn(4, 8); abs(pkt()(f, 3 * f).item()) < 1e-6", "true")
            ).builtin { ProbabilisticTerm(pairs: $1) })
        let distance = Parameter<Double>("distance", "the weight of the distances", default: 25)
        let angle = Parameter<Double>("angle", "the weight of the angles", default: 50)
        add(
            PairTermDeclaration(
                name: "rkd",
                summary:
                    "Relational distillation: distances and angles between the examples of a batch (Park et al., 2019).",
                formula: "d·⟨SmoothL1(D_s/D̄_s − D_t/D̄_t)⟩ + a·⟨SmoothL1(cos_s − cos_t)⟩",
                page: MethodPage(
                    paper: "arXiv:1904.05068. Widths may differ.",
                    use: "hard() + rkd(…), the weights being within: distance=25, angle=50 as in RepDistiller.",
                    when:
                        "metric learning and small students of another architecture; the angles cost B³ numbers, so keep batches at 128 or below."
                ),
                seeAlso: ["similarity", "pkt"],
                example: Example("f = randn(4, 8); rkd()(f, 3 * f).item() < 1e-6", "true")
            ).builtin([distance.description, angle.description]) {
                RelationalTerm(pairs: $1, distance: try $0[distance], angle: try $0[angle])
            })
    }
}
