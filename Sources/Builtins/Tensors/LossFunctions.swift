import Runtime
import Tensors

extension Reduction: StringOption {}

extension ReductionOption {
    var reduction: Reduction {
        switch self {
        case .mean: .mean
        case .sum: .sum
        case .none: .none
        }
    }
}

extension Library {
    static let reductionParameter = Parameter<ReductionOption>(
        "reduction", "the mean or the sum of the losses, or \"none\" for each", default: .mean)
    static let prediction = Parameter<Tensor>("input", "the predictions")
    static let target = Parameter<Tensor>("target", "what they should be, of the same shape")
    static let lossResult = "a number; with reduction=\"none\", one loss for each element"
    static let unequalShapes = "Shapes that differ are a shape error, never broadcast."

    /// Losses as functions.
    func addTensorLosses() {
        addClassLosses()
        addDivergence()
        addRegressionLosses()
        addTwoClassLoss()
        addEmbeddingLoss()
    }

    private func addClassLosses() {
        let target = Parameter<Tensor>("target", "int64 classes [N], or probabilities of the shape of `input`")
        let weight = Parameter<Tensor?>.optional("weight", "a factor for each class [C]")
        let ignore = Parameter<Int>("ignore_index", "a class that counts for nothing", default: -100)
        add(
            Builtin(
                "cross_entropy", .losses, "The cross entropy of logits with the labels.",
                formula: "−ln softmax(input)[target]", Parameter<Tensor>("input", "logits [N, C] or [N, C, …]"), target,
                weight, ignore, Self.reductionParameter,
                Parameter<Double>("label_smoothing", "the share of the label spread over all classes", default: 0),
                returns: "a number; with reduction=\"none\", one loss for each label",
                notes: [
                    "The mean is weighted: it divides by the weights of the labels that count.",
                    "A class outside 0 … C − 1 is a value error.",
                ],
                pytorch: .same("torch.nn.functional.cross_entropy"), seeAlso: ["CrossEntropyLoss", "nll_loss", "hard"],
                examples: [Example("cross_entropy(tensor([[0.0, 1000.0]]), tensor([1])).item()", "0.0")]
            ) {
                (
                    input: Tensor, target: Tensor, weight: Tensor?, ignore: Int, reduction: ReductionOption,
                    smoothing: Double
                ) in
                try input.crossEntropy(
                    target, weight: weight, ignoreIndex: ignore, labelSmoothing: smoothing,
                    reduction: reduction.reduction)
            })
        add(
            Builtin(
                "nll_loss", .losses, "Minus the log-probability of the labels.", formula: "−input[target]",
                Parameter<Tensor>("input", "log-probabilities [N, C] or [N, C, …]"),
                Parameter<Tensor>("target", "int64 classes [N]"), weight, ignore, Self.reductionParameter,
                returns: "a number; with reduction=\"none\", one loss for each label",
                notes: ["A class outside 0 … C − 1 is a value error."], pytorch: .same("torch.nn.functional.nll_loss"),
                seeAlso: ["NLLLoss", "cross_entropy", "log_softmax"],
                examples: [Example("nll_loss(tensor([[-2.0, -0.5]]), tensor([1])).item()", "0.5")]
            ) { (input: Tensor, target: Tensor, weight: Tensor?, ignore: Int, reduction: ReductionOption) in
                try input.nllLoss(target, weight: weight, ignoreIndex: ignore, reduction: reduction.reduction)
            })
    }

    private func addDivergence() {
        add(
            Builtin(
                "kl_div", .losses, "The Kullback-Leibler divergence of log-probabilities from a distribution.",
                formula: "target · (ln target − input)", Parameter<Tensor>("input", "log-probabilities [N, C]"),
                Parameter<Tensor>("target", "probabilities of the same shape"),
                Parameter<Reduction>(
                    "reduction", "\"batchmean\" divides the sum by N, \"mean\" by the number of elements",
                    default: .mean),
                Parameter<Bool>("log_target", "whether `target` holds log-probabilities", default: false),
                returns: "a number; with reduction=\"none\", one divergence for each element",
                notes: [
                    "The default \"mean\" averages over elements, as in PyTorch, and so is C times too small: the "
                        + "divergence of distributions is reduction=\"batchmean\".",
                    Self.unequalShapes,
                ],
                pytorch: .same("torch.nn.functional.kl_div"), seeAlso: ["KLDivLoss", "log_softmax", "soft"],
                examples: [
                    Example(
                        "p = tensor([[0.5, 0.5]]); kl_div(log(p), p, reduction=\"batchmean\").item()", "0.0")
                ]
            ) { (input: Tensor, target: Tensor, reduction: Reduction, logTarget: Bool) in
                try input.klDiv(target, reduction: reduction, logTarget: logTarget)
            })
    }

    private func addRegressionLosses() {
        add(
            Builtin(
                "mse_loss", .losses, "The mean squared error.", formula: "(input − target)²", Self.prediction,
                Self.target, Self.reductionParameter, returns: Self.lossResult, notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.functional.mse_loss", "unequal shapes are an error"),
                seeAlso: ["MSELoss", "l1_loss"],
                examples: [Example("mse_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0])).item()", "2.0")]
            ) { (input: Tensor, target: Tensor, reduction: ReductionOption) in
                try input.mseLoss(target, reduction: reduction.reduction)
            })
        add(
            Builtin(
                "l1_loss", .losses, "The mean absolute error.", formula: "|input − target|", Self.prediction,
                Self.target,
                Self.reductionParameter, returns: Self.lossResult, notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.functional.l1_loss", "unequal shapes are an error"),
                seeAlso: ["L1Loss", "mse_loss"],
                examples: [Example("l1_loss(tensor([1.0, 2.0]), tensor([1.0, 4.0])).item()", "1.0")]
            ) { (input: Tensor, target: Tensor, reduction: ReductionOption) in
                try input.l1Loss(target, reduction: reduction.reduction)
            })
        add(
            Builtin(
                "smooth_l1_loss", .losses, "Squared for small errors, absolute for large ones.",
                formula: "d² / (2 beta) for |d| < beta, else |d| − beta / 2, with d = input − target", Self.prediction,
                Self.target, Self.reductionParameter,
                Parameter<Double>("beta", "where the error stops being small", default: 1), returns: Self.lossResult,
                notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.functional.smooth_l1_loss", "unequal shapes are an error"),
                seeAlso: ["SmoothL1Loss", "huber_loss"],
                examples: [Example("smooth_l1_loss(tensor([0.0]), tensor([3.0])).item()", "2.5")]
            ) { (input: Tensor, target: Tensor, reduction: ReductionOption, beta: Double) in
                try input.smoothL1Loss(target, reduction: reduction.reduction, beta: beta)
            })
        add(
            Builtin(
                "huber_loss", .losses, "Squared for small errors, absolute for large ones, delta times smooth_l1_loss.",
                formula: "d² / 2 for |d| < delta, else delta (|d| − delta / 2), with d = input − target",
                Self.prediction, Self.target, Self.reductionParameter,
                Parameter<Double>("delta", "where the error stops being small", default: 1), returns: Self.lossResult,
                notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.functional.huber_loss", "unequal shapes are an error"),
                seeAlso: ["HuberLoss", "smooth_l1_loss"],
                examples: [Example("huber_loss(tensor([0.0]), tensor([3.0]), delta=2).item()", "4.0")]
            ) { (input: Tensor, target: Tensor, reduction: ReductionOption, delta: Double) in
                try input.huberLoss(target, reduction: reduction.reduction, delta: delta)
            })
    }

    private func addTwoClassLoss() {
        add(
            Builtin(
                "binary_cross_entropy_with_logits", .losses,
                "The cross entropy of logits with probabilities of yes and no.",
                formula: "max(x, 0) − x y + ln(1 + e^(−|x|))", Parameter<Tensor>("input", "logits of any shape"),
                Parameter<Tensor>("target", "probabilities of the same shape, 0 or 1 for labels"),
                Parameter<Tensor?>.optional("weight", "a factor for each loss, broadcast"), Self.reductionParameter,
                Parameter<Tensor?>.optional("pos_weight", "a factor for the positive part, broadcast"),
                returns: Self.lossResult, notes: [Self.unequalShapes],
                pytorch: .same("torch.nn.functional.binary_cross_entropy_with_logits"),
                seeAlso: ["BCEWithLogitsLoss", "cross_entropy"],
                examples: [
                    Example("binary_cross_entropy_with_logits(tensor([1000.0]), tensor([1.0])).item()", "0.0")
                ]
            ) { (input: Tensor, target: Tensor, weight: Tensor?, reduction: ReductionOption, positive: Tensor?) in
                try input.binaryCrossEntropyWithLogits(
                    target, weight: weight, reduction: reduction.reduction, positiveWeight: positive)
            })
    }

    private func addEmbeddingLoss() {
        add(
            Builtin(
                "cosine_embedding_loss", .losses, "Pulls vectors together for labels 1 and apart for labels −1.",
                formula: "1 − cos(x₁, x₂) for target 1, max(0, cos(x₁, x₂) − margin) for −1",
                Parameter<Tensor>("input1", "vectors [N, D] or [D]"),
                Parameter<Tensor>("input2", "vectors of the same shape"), Parameter<Tensor>("target", "1 or −1 [N]"),
                Parameter<Double>("margin", "how far apart is enough, −1 … 1", default: 0), Self.reductionParameter,
                returns: "a number; with reduction=\"none\", one loss for each pair",
                pytorch: .same("torch.nn.functional.cosine_embedding_loss"),
                seeAlso: ["CosineEmbeddingLoss", "cosine_similarity"],
                examples: [
                    Example(
                        "cosine_embedding_loss(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]]), tensor([1])).item()", "1.0")
                ]
            ) { (x: Tensor, y: Tensor, target: Tensor, margin: Double, reduction: ReductionOption) in
                try x.cosineEmbeddingLoss(y, target, margin: margin, reduction: reduction.reduction)
            })
    }
}
