import Distillation
import Runtime

/// What the declarations of the feature terms share.
private struct PairTermDeclaration {
    let name: String
    let summary: String
    let formula: String
    let paper: String
    let weight: Double
    var pairsText = "\"teacher layer\" -> \"student layer\", or a list of such, which sum up"
    var pairsDefault: String? = "the input of the last child called"
    var seeAlso: [String] = []
    let example: Example

    static let termName = Parameter<String?>.optional("name", "the name of the term's curve in the run")
    static let teacher = Parameter<Int>("teacher", "which of several teachers", default: 0)

    var pairs: Parameter<OneOrMore<LayerPairValue>?> {
        .optional("pairs", pairsText, defaultText: pairsDefault)
    }

    /// `1000 * attention(…)`, as the examples of the method weight it.
    var notes: [String] {
        let weight = weight == weight.rounded() ? String(Int(weight)) : String(weight)
        return [paper + (self.weight == 1 ? ". Weight 1." : ". Suggested weight: \(weight) * \(name)(…).")]
    }

    /// The builtin with the method's own parameters between `pairs` and `teacher`.
    func builtin(_ own: [ParameterDescription] = [], _ make: @escaping (Call, [LayerPair]) throws -> Term) -> Builtin {
        let pairs = pairs
        return Builtin(
            name, .distillation, summary, formula: formula,
            parameters: [pairs.description] + own + [Self.teacher.description, Self.termName.description],
            returns: "an objective of one term", notes: notes, seeAlso: seeAlso + ["feature", "distill"],
            examples: [example]
        ) { call in
            let term = try make(call, (try call[pairs]?.elements ?? []).map(\.pair))
            if let name = try call[Self.termName] { term.name = name }
            term.teacherIndex = try call[Self.teacher]
            return ObjectiveObject(term)
        }
    }
}

extension Library {
    /// The terms that compare features and the relations between examples, beyond `feature`.
    func addFeatureTerms() {
        addTrainedFeatureTerms()
        addMapTerms()
        addChannelTerms()
        addRelationTerms()
    }

    private static func trained(_ term: String, adapters: String) -> Example {
        Example(
            """
            train = take(dataset("digits"), 128)
            teacher = Sequential(Linear(64, 16), ReLU(), Linear(16, 10))
            student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
            distill(teacher -> student, train, loss=hard() + \(term), epochs=1).adapters.keys()
            """, adapters)
    }

    private func addTrainedFeatureTerms() {
        add(
            PairTermDeclaration(
                name: "fitnet",
                summary: "Hints: a trained regressor predicts the teacher's feature (Romero et al., 2014).",
                formula: "⟨(r(f_s) − f_t)²⟩, r a trained regressor", paper: "arXiv:1412.6550, the hint trained along",
                weight: FitNetTerm.suggestedWeight,
                example: Self.trained("100 * fitnet(\"1\" -> \"1\")", adapters: #"["fitnet"]"#)
            ).builtin { FitNetTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "vid",
                summary:
                    "Variational information distillation: a trained mean and a trained variance per channel (Ahn et al., 2019).",
                formula: "½⟨(μ(f_s) − f_t)²/σ² + log σ²⟩", paper: "arXiv:1904.05835; σ² is 5 at first",
                weight: VariationalTerm.suggestedWeight, example: Self.trained("vid()", adapters: #"["vid"]"#)
            ).builtin { VariationalTerm(pairs: $1) })
        let size = Parameter<Int>("dim", "the size of the embeddings", default: 128)
        add(
            PairTermDeclaration(
                name: "correlation",
                summary: "Correlation congruence of trained embeddings of neighbouring examples (Peng et al., 2019).",
                formula: "⟨Σ_d |Δ_i|·|Δ_{i+1}|⟩, Δ = e(f_s) − e(f_t)",
                paper: "arXiv:1904.01802, the form used by RepDistiller",
                weight: CorrelationTerm.suggestedWeight, seeAlso: ["similarity", "rkd"],
                example: Self.trained(
                    "0.02 * correlation()", adapters: #"["correlation.student0", "correlation.teacher0"]"#)
            ).builtin([size.description]) { call, pairs in
                let size = try call[size]
                guard size > 0 else { throw Failure(.value, "correlation: dim must be at least 1, not \(size)") }
                return CorrelationTerm(pairs: pairs, size: size)
            })
    }

    private func addMapTerms() {
        let power = Parameter<Double>("p", "the power of the activations", default: 2)
        add(
            PairTermDeclaration(
                name: "attention",
                summary:
                    "Attention transfer: where the maps are active, whatever the channels (Zagoruyko, Komodakis, 2016).",
                formula: "⟨(Q_s − Q_t)²⟩, Q = nrm(vec(mean_c |f|^p))",
                paper: "arXiv:1612.03928; maps [B, C, H, W], the larger averaged down",
                weight: AttentionTerm.suggestedWeight, seeAlso: ["nst", "channel"],
                example: Example("f = randn(2, 3, 4, 4); attention()(f, 3 * f).item() < 1e-9", "true")
            ).builtin([power.description]) { try AttentionTerm(pairs: $1, power: $0[power]) })
        let margin = Parameter<Double>("m", "the margin", default: 1)
        add(
            PairTermDeclaration(
                name: "boundary",
                summary:
                    "Activation boundaries: the student's neurons are on where the teacher's are (Heo et al., 2018).",
                formula: "Σ[(s+m)²·1(s>−m, t≤0) + (s−m)²·1(s≤m, t>0)]/B",
                paper: "arXiv:1811.03233; on pre-activations of equal shapes", weight: BoundaryTerm.suggestedWeight,
                example: Example("boundary()(tensor([[1.0, -1.0]]), tensor([[3.0, -3.0]])).item()", "0.0")
            ).builtin([margin.description]) { BoundaryTerm(pairs: $1, margin: try $0[margin]) })
        add(
            PairTermDeclaration(
                name: "fsp",
                summary:
                    "Flow of solution procedure: Gram matrices between two layers of each network (Yim et al., 2017).",
                formula: "⟨(M_s − M_t)²⟩, M = F₁F₂ᵀ/HW", paper: "J. Yim et al., CVPR 2017",
                weight: FlowTerm.suggestedWeight,
                pairsText: "an even number of \"teacher layer\" -> \"student layer\", two for each matrix",
                pairsDefault: nil,
                example: Example(
                    """
                    a = randn(2, 3, 4, 4); b = randn(2, 5, 4, 4)
                    fsp(["0" -> "0", "1" -> "1"])([a, b], [a, b]).item()
                    """, "0.0")
            ).builtin { try FlowTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "nst",
                summary: "Neuron selectivity: the distributions of the channels' spatial patterns (Huang, Wang, 2017).",
                formula: "⟨k(t,t)⟩ + ⟨k(s,s)⟩ − 2⟨k(s,t)⟩, k = (a·b)²", paper: "arXiv:1707.01219; maps [B, C, H, W]",
                weight: SelectivityTerm.suggestedWeight, seeAlso: ["attention"],
                example: Example("f = randn(2, 3, 4, 4); abs(nst()(f, 2 * f).item()) < 1e-6", "true")
            ).builtin { SelectivityTerm(pairs: $1) })
    }

    private func addChannelTerms() {
        let temperature = Parameter<Double>("T", "the temperature", default: 4)
        add(
            PairTermDeclaration(
                name: "channel",
                summary:
                    "Channel-wise distillation: each channel's map as a distribution over positions (Shu et al., 2020).",
                formula: "T²/(C·B) Σ KL(softmax_positions(f_t/T) ‖ softmax_positions(f_s/T))",
                paper: "arXiv:2011.13256; for dense prediction, maps with equal channels",
                weight: ChannelTerm.suggestedWeight,
                seeAlso: ["attention", "pearson"],
                example: Example("f = randn(2, 3, 4, 4); abs(channel()(f, f + 1).item()) < 1e-5", "true")
            ).builtin([temperature.description]) { try ChannelTerm(pairs: $1, temperature: $0[temperature]) })
        add(
            PairTermDeclaration(
                name: "pearson",
                summary:
                    "Features up to scale and offset: one minus the correlation of each channel (Cao et al., 2022).",
                formula: "½⟨(z(f_s) − z(f_t))²⟩, z per channel over batch and space",
                paper: "arXiv:2207.02039 (PKD); maps with equal channels", weight: PearsonTerm.suggestedWeight,
                seeAlso: ["channel"],
                example: Example("f = randn(2, 3, 4, 4); pearson()(f, 2 * f + 1).item() < 1e-6", "true")
            ).builtin { PearsonTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "icc", summary: "Inter-channel correlation: which channels go together (Liu et al., 2021).",
                formula: "Σ (G_s − G_t)²/(C·B²), G = row-nrm(F Fᵀ) between channels",
                paper: "L. Liu et al. (ICKD), ICCV 2021; maps with equal channels",
                weight: InterChannelTerm.suggestedWeight,
                seeAlso: ["similarity"],
                example: Example("f = randn(2, 3, 4, 4); icc()(f, 2 * f).item() < 1e-9", "true")
            ).builtin { InterChannelTerm(pairs: $1) })
    }

    private func addRelationTerms() {
        add(
            PairTermDeclaration(
                name: "similarity",
                summary: "Similarity preserving: which examples of the batch activate alike (Tung, Mori, 2019).",
                formula: "‖G_t − G_s‖²/B², G = row-nrm(FFᵀ)", paper: "arXiv:1907.09682; widths may differ",
                weight: SimilarityTerm.suggestedWeight, seeAlso: ["rkd", "pkt"],
                example: Example("f = randn(4, 8); similarity()(f, 3 * f).item() < 1e-9", "true")
            ).builtin { SimilarityTerm(pairs: $1) })
        add(
            PairTermDeclaration(
                name: "pkt",
                summary:
                    "Probabilistic transfer: similarities to the other examples as probabilities (Passalis, Tefas, 2018).",
                formula: "⟨P_t log((P_t + ε)/(P_s + ε))⟩, P from (cos + 1)/2",
                paper: "arXiv:1803.10837; widths may differ",
                weight: ProbabilisticTerm.suggestedWeight, seeAlso: ["similarity", "rkd"],
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
                paper: "arXiv:1904.05068; widths may differ", weight: RelationalTerm.suggestedWeight,
                seeAlso: ["similarity", "pkt"],
                example: Example("f = randn(4, 8); rkd()(f, 3 * f).item() < 1e-6", "true")
            ).builtin([distance.description, angle.description]) {
                RelationalTerm(pairs: $1, distance: try $0[distance], angle: try $0[angle])
            })
    }
}
