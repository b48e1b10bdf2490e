import Distillation
import Learning
import Runtime

/// The terms whose teacher is the label or the network itself, for `fit` as for `distill`.
extension Library {
    func addSelfTaughtTerms() {
        add(
            Builtin(
                "virtual_teacher", .distillation,
                "Distillation without a teacher: the label as a softened teacher that is always right (Yuan et al., 2019).",
                formula: "T²·(1/B) Σ KL(softmax(log q / T) ‖ p_s^T), q_y = a, else (1−a)/(K−1)",
                Parameter<Double>("a", "the virtual teacher's confidence in the label, between 0 and 1", default: 0.99),
                Self.temperature(20), Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:1909.11723 (Tf-KD).",
                    use: "fit(net, train, loss=0.9 * hard() + 0.1 * virtual_teacher()).",
                    when:
                        "no teacher is to be had; it is a label smoothing whose strength T and a set, and gains as much."
                ).notes,
                seeAlso: ["hard", "fit"],
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        fit(Linear(64, 10), train, loss=0.9 * hard() + 0.1 * virtual_teacher(), epochs=1).epochs
                        """, "1")
                ]
            ) { (a: Double, temperature: Double, name: String?) in
                ObjectiveObject(try VirtualTeacherTerm(a: a, temperature: temperature, name: name))
            })
        add(
            Builtin(
                "cskd", .distillation,
                "Class-wise self-distillation: another example of the class is to be answered alike (Yun et al., 2020).",
                formula: "T²·(1/B) Σ KL(sg p(x′)^T ‖ p(x)^T), x′ of the class of x", Self.temperature(4),
                Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2003.13964.", use: "fit(net, train, loss=hard() + cskd()), the authors' λ = 1.",
                    when:
                        "fine-grained classes with few examples each, where networks grow overconfident; every step runs the network once more.",
                    remarks: [
                        "x′ is drawn anew in each step, augmented as the batch is, and run in training mode without a graph. On values: cskd()(logits, partner_logits)."
                    ]
                ).notes,
                seeAlso: ["progressive", "fit"],
                examples: [
                    Example("z = randn(4, 10); cskd()(z, z).item()", "0.0"),
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        len(fit(Linear(64, 10), train, loss=hard() + cskd(T=4), epochs=2).cskd)
                        """, "2"),
                ]
            ) { (temperature: Double, name: String?) in
                ObjectiveObject(try ClasswiseTerm(temperature: temperature, name: name))
            })
        add(
            Builtin(
                "progressive", .distillation,
                "Progressive self-distillation: the network's answers of the epoch before soften the labels, more in each epoch (Kim et al., 2021).",
                formula: "−⟨Σ_k ((1−a_t)·y + a_t·p_{t−1})_k log p_k⟩, a_t = alpha·t/epochs",
                Parameter<Double>(
                    "alpha", "the share of the network's own answers in the last epoch's targets", default: 0.8),
                Self.termName, returns: Self.termResult,
                notes: MethodPage(
                    paper: "arXiv:2006.12000 (PS-KD).",
                    use: "fit(net, train, loss=progressive()) in place of hard().",
                    when: "long trainings without a teacher; calibration gains more than accuracy.",
                    remarks: [
                        "It keeps one row of probabilities for every example; they belong to the run and are saved in its checkpoints."
                    ]
                ).notes,
                seeAlso: ["cskd", "hard", "fit"],
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 128)
                        fit(Linear(64, 10), train, loss=progressive(alpha=0.8), epochs=2).epochs
                        """, "2")
                ]
            ) { (alpha: Double, name: String?) in
                ObjectiveObject(try ProgressiveTerm(alpha: alpha, name: name))
            })
    }
}
