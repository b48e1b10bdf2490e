import Distillation
import Runtime

extension Library {
    /// The terms that compare logits, beyond `soft` and `hard`.
    func addLogitTerms() {
        addDecoupledTerms()
        addCorrelatingTerms()
        addTemperatureTerms()
        addDivergenceTerms()
        addRepairedTerms()
        addSelfTaughtTerms()
    }

    static var termName: Parameter<String?> { .optional("name", "the name of the term's curve in the run") }

    static func temperature(_ value: Double) -> Parameter<Double> {
        Parameter("T", "the temperature", default: value)
    }

    static let termResult = "an objective of one term"

    private func addDecoupledTerms() {
        add(
            Builtin(
                "dkd", .distillation,
                "Decoupled distillation: the label's class and the other classes with weights of their own (Zhao et al., 2022).",
                formula: "α·T²·KL([p_y, 1−p_y]_t ‖ …_s) + β·T²·KL(q_t ‖ q_s), q over the classes k ≠ y",
                Parameter<Double>("alpha", "the weight of the label's class (TCKD)", default: 1),
                Parameter<Double>("beta", "the weight of the other classes (NCKD)", default: 8), Self.temperature(4),
                Parameter<Bool>(
                    "standardize", "standardise the logits of each row first (arXiv:2403.01427)", default: false),
                Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2203.08679; the defaults are the authors' for CIFAR-100.",
                    use:
                        "hard() + ramp(0, 1, epochs=20) * dkd(), weight 1, ramped up by the authors; it replaces soft().",
                    when:
                        "classifiers with many classes and a confident teacher, where soft() says little about the other classes; a smaller beta for small students.",
                    remarks: ["It needs labels and at least three classes."]
                ).notes,
                seeAlso: ["soft", "nkd", "mlkd"],
                examples: [
                    Example("z = randn(4, 10); dkd()(z, z, tensor([0, 1, 2, 3])).item() < 1e-5", "true")
                ]
            ) { (alpha: Double, beta: Double, temperature: Double, standardize: Bool, name: String?) in
                ObjectiveObject(
                    try DecoupledTerm(
                        alpha: alpha, beta: beta, temperature: temperature, standardize: standardize, name: name))
            })
        add(
            Builtin(
                "nkd", .distillation,
                "Normalised distillation: the teacher's probability of the label, and the other classes renormalised (Yang et al., 2023).",
                formula: "−⟨p_{t,y} log p_{s,y}⟩ − γT²⟨Σ_{k≠y} q_t log q_s⟩",
                Parameter<Double>("gamma", "the weight of the other classes", default: 1.5), Self.temperature(1),
                Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2303.13005.",
                    use: "hard() + nkd().",
                    when: "the same cases as dkd(), with one weight to set.",
                    remarks: [
                        "It needs labels. It is not 0 when the student equals the teacher: the other classes' part is the teacher's entropy then, its minimum."
                    ]
                ).notes,
                seeAlso: ["soft", "dkd"],
                examples: [
                    Example(
                        """
                        z = tensor([[2.0, 1.0, 0.0]]); y = tensor([0])
                        nkd()(z, z, y).item() < nkd()(-z, z, y).item()
                        """, "true")
                ]
            ) { (gamma: Double, temperature: Double, name: String?) in
                ObjectiveObject(try NormalizedTerm(gamma: gamma, temperature: temperature, name: name))
            })
    }

    private func addCorrelatingTerms() {
        add(
            Builtin(
                "dist", .distillation,
                "Relations instead of values: correlation of probabilities within rows and within columns (Huang et al., 2022).",
                formula: "T²[β(1 − ⟨ρ(rows)⟩) + γ(1 − ⟨ρ(columns)⟩)]",
                Parameter<Double>("beta", "the weight of the rows: the classes of one example", default: 1),
                Parameter<Double>("gamma", "the weight of the columns: the examples of one class", default: 1),
                Self.temperature(1), Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper:
                        "arXiv:2205.10536; the formula's weights are 1 here, the authors give 2 to both on CIFAR-100.",
                    use: "hard() + 2 * dist().",
                    when:
                        "teachers much stronger than the student, whose probabilities it could never match: only their order and proportions are asked for. Batches of some size, as columns are correlated as well."
                ).notes,
                seeAlso: ["soft", "mlkd"],
                examples: [Example("z = randn(4, 10); abs(dist()(z, z).item()) < 1e-5", "true")]
            ) { (beta: Double, gamma: Double, temperature: Double, name: String?) in
                ObjectiveObject(try DistTerm(beta: beta, gamma: gamma, temperature: temperature, name: name))
            })
        add(
            Builtin(
                "mlkd", .distillation,
                "Multi-level logits: several temperatures, and correlations between classes and between examples (Jin et al., 2023).",
                formula: "Σ_T soft(T) + ‖P_tᵀP_t − P_sᵀP_s‖²/K + ‖P_tP_tᵀ − P_sP_sᵀ‖²/B",
                Parameter<[Double]>(
                    "T", "the temperatures of the soft terms; P is taken at 4", default: [2, 3, 4, 5, 6]),
                Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper:
                        "Y. Jin, J. Wang, D. Lin, Multi-Level Logit Distillation, CVPR 2023; the correlations are taken at T = 4.",
                    use: "hard() + mlkd().",
                    when:
                        "long trainings with strong augmentation, for which the authors made it; otherwise soft() is nearly as good."
                ).notes,
                seeAlso: ["soft", "dist"],
                examples: [Example("z = randn(4, 10); mlkd()(z, z).item()", "0.0")]
            ) { (temperatures: [Double], name: String?) in
                ObjectiveObject(try MultiLevelTerm(temperatures: temperatures, name: name))
            })
        add(
            Builtin(
                "logit_mse", .distillation, "The mean squared difference of the logits (Ba, Caruana, 2014).",
                formula: "⟨(z_s − z_t)²⟩", Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:1312.6184.",
                    use: "hard() + logit_mse().",
                    when:
                        "a student nearly as large as the teacher, or a regression of scores; apart from the logits' means it is the limit of soft(T) for large T."
                ).notes,
                seeAlso: ["soft"],
                examples: [Example("logit_mse()(tensor([[1.0, 2.0]]), tensor([[1.0, 4.0]])).item()", "2.0")]
            ) { (name: String?) in ObjectiveObject(LogitMSETerm(name: name)) })
    }

    private func addTemperatureTerms() {
        add(
            Builtin(
                "wsld", .distillation,
                "Weighted soft labels: examples that the student knows better than the teacher count less (Zhou et al., 2021).",
                formula: "T²⟨w·CE(p_t^T, p_s^T)⟩, w = sg(1 − exp(−CE_s/(CE_t + 1e-7)))", Self.temperature(2),
                Self.termName,
                returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2102.00650.",
                    use: "hard() + 2.5 * wsld(), the authors' weight.",
                    when: "teachers that are often wrong or overconfident.", remarks: ["It needs labels."]
                ).notes,
                seeAlso: ["soft"],
                examples: [
                    Example(
                        """
                        z = tensor([[2.0, 1.0, 0.0]]); y = tensor([0])
                        wsld()(3 * z, z, y).item() < wsld()(z, z, y).item()
                        """, "true")
                ]
            ) { (temperature: Double, name: String?) in
                ObjectiveObject(try WeightedSoftTerm(temperature: temperature, name: name))
            })
        add(
            Builtin(
                "ctkd", .distillation,
                "Soft labels at a learned temperature that makes the task harder as training goes on (Li et al., 2022).",
                formula: "τ²·(1/B) Σ KL(p_t^τ ‖ p_s^τ), τ = 1 + 20σ(θ), θ ascends",
                Parameter<Int>(
                    "epochs", "over how many epochs the reversed gradient of θ gains its full weight", default: 10),
                Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2211.16231, with one temperature for all examples.",
                    use: "0.1 * hard() + 0.9 * ctkd().",
                    when: "when T is not to be searched for; τ is trained along and can be read from run.adapters."
                ).notes,
                seeAlso: ["soft"],
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        distill(Linear(64, 10) -> Linear(64, 10), train, loss=hard() + ctkd(), epochs=2).epochs
                        """, "2")
                ]
            ) { (epochs: Int, name: String?) in ObjectiveObject(try CurriculumTerm(epochs: epochs, name: name)) })
    }

    private func addDivergenceTerms() {
        add(
            Builtin(
                "jsd", .distillation,
                "The generalised Jensen–Shannon divergence between forward and reverse KL (Agarwal et al., 2023).",
                formula: "β·KL(t‖m) + (1−β)·KL(s‖m), m = (1−β)s + βt",
                Parameter<Double>("beta", "0 is KL(t‖s), which is soft(T=1), 1 is KL(s‖t)", default: 0.5),
                Self.termName,
                returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2306.13649 (GKD). Averaged over the batch, T = 1.",
                    use: "jsd(beta=0.5), weight 1.",
                    when:
                        "students too small to cover all the teacher says: towards beta=1 it settles on the teacher's modes. For large vocabularies and sequences."
                ).notes,
                seeAlso: ["soft"],
                examples: [
                    Example(
                        """
                        s = randn(4, 10); t = randn(4, 10)
                        allclose(jsd(beta=0)(s, t), soft(T=1)(s, t))
                        """, "true")
                ]
            ) { (beta: Double, name: String?) in ObjectiveObject(try JensenShannonTerm(beta: beta, name: name)) })
    }

    private func addRepairedTerms() {
        func page(_ term: String, paper: String, when: String) -> MethodPage {
            MethodPage(
                paper: paper, use: "0.9 * \(term)() + 0.1 * hard(), as soft().", when: when,
                remarks: ["It needs labels."])
        }
        add(
            Builtin(
                "label_swap", .distillation,
                "Soft labels from a teacher whose wrong rows are repaired: the label's logit and the largest change places (Wen et al., 2019).",
                formula: "soft(T) with the teacher's wrong rows repaired", Self.temperature(4), Self.termName,
                returns: Self.termResult,
                notes: page(
                    "label_swap", paper: "arXiv:1911.07471 (probability shift).",
                    when:
                        "teachers that make mistakes on the training data: the other classes keep what the teacher says."
                ).notes, seeAlso: ["label_smooth_teacher", "soft"],
                examples: [
                    Example(
                        """
                        wrong = tensor([[0.0, 3.0]]); right = tensor([[3.0, 0.0]])
                        label_swap()(right, wrong, tensor([0])).item()
                        """, "0.0")
                ]
            ) { (temperature: Double, name: String?) in
                ObjectiveObject(try RepairedTeacherTerm(.swap, temperature: temperature, name: name))
            })
        add(
            Builtin(
                "label_smooth_teacher", .distillation,
                "Soft labels from a teacher whose wrong rows are replaced by the smoothed label (Wen et al., 2019).",
                formula: "soft(T) with the teacher's wrong rows repaired",
                Parameter<Double>("epsilon", "the share spread over the other classes in a repaired row", default: 0.1),
                Self.temperature(4), Self.termName, returns: Self.termResult,
                notes: page(
                    "label_smooth_teacher",
                    paper:
                        "arXiv:1911.07471; as in KD_Lib the label has probability 0.9 in a repaired row, whatever T.",
                    when: "teachers whose wrong rows are not to be trusted at all; label_swap() keeps more of them."
                ).notes,
                seeAlso: ["label_swap", "soft"],
                examples: [
                    Example(
                        """
                        z = tensor([[3.0, 0.0, 1.0]])
                        label_smooth_teacher()(z, z, tensor([0])).item()
                        """, "0.0")
                ]
            ) { (epsilon: Double, temperature: Double, name: String?) in
                ObjectiveObject(try RepairedTeacherTerm(.smooth(epsilon), temperature: temperature, name: name))
            })
    }
}
