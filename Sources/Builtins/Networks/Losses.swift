import Diagnostics
import Runtime
import Tensors

/// A loss with its options, called with predictions and targets: `criterion = CrossEntropyLoss(); criterion(logits, y)`.
final class LossObject: LanguageObject {
    static var languageName: String { "loss" }

    /// As a script writes it, `CrossEntropyLoss(label_smoothing=0.1)`.
    let text: String
    /// The function of predictions and targets.
    let function: BuiltinFunction

    /// A loss; options that are nil have their defaults and are not shown.
    init(_ name: String, _ options: [(String, (any LiteralEncodable)?)], _ function: Builtin) {
        let shown = options.compactMap { name, value in value.map { "\(name)=\($0.literal.source)" } }
        text = "\(name)(\(shown.joined(separator: ", ")))"
        self.function = BuiltinFunction([function])
    }

    /// A loss of predictions and targets.
    convenience init(
        _ name: String, _ options: [(String, (any LiteralEncodable)?)],
        of function: @escaping (Tensor, Tensor) throws -> Tensor
    ) {
        self.init(
            name, options,
            Builtin(
                name, .losses, "The loss of predictions.", Parameter<Tensor>("input", "the predictions"),
                Parameter<Tensor>("target", "what they should be"), examples: [], run: function))
    }
}

extension Equatable {
    /// The value unless it is the default.
    fileprivate func unless(_ standard: Self) -> Self? { self == standard ? nil : self }
}

extension Library {
    /// Losses as objects.
    func addLossObjects() {
        add(
            ObjectType(
                LossObject.self, "A loss with its options, to be called with predictions and targets.",
                display: { Markup($0.text) },
                call: { loss, arguments, named, interpreter in
                    try interpreter.call(.function(loss.function), arguments, named: named)
                }))
        addClassLossObjects()
        addDivergenceObject()
        addPlainLossObjects()
        addSmoothLossObjects()
        addOtherLossObjects()
    }

    private func addClassLossObjects() {
        let weight = Parameter<Tensor?>.optional("weight", "a factor for each class [C]")
        let ignore = Parameter<Int>("ignore_index", "a class that counts for nothing", default: -100)
        add(
            Builtin(
                "CrossEntropyLoss", .losses, "cross_entropy with its options, as an object.",
                formula: "−ln softmax(input)[target]", weight, ignore, Self.reductionParameter,
                Parameter<Double>("label_smoothing", "the share of the label spread over all classes", default: 0),
                returns: "a loss, called with logits [N, C] and classes [N]",
                pytorch: .same("torch.nn.CrossEntropyLoss"), seeAlso: ["cross_entropy", "NLLLoss"],
                examples: [
                    Example(
                        "criterion = CrossEntropyLoss(); criterion(tensor([[0.0, 1000.0]]), tensor([1])).item()", "0.0")
                ]
            ) { (weight: Tensor?, ignore: Int, reduction: ReductionOption, smoothing: Double) in
                LossObject(
                    "CrossEntropyLoss",
                    [
                        ("weight", weight.map(WeightText.init)), ("ignore_index", ignore.unless(-100)),
                        ("reduction", reduction.unless(.mean)), ("label_smoothing", smoothing.unless(0)),
                    ]
                ) { input, target in
                    try input.crossEntropy(
                        target, weight: weight, ignoreIndex: ignore, labelSmoothing: smoothing,
                        reduction: reduction.reduction)
                }
            })
        add(
            Builtin(
                "NLLLoss", .losses, "nll_loss with its options, as an object.", formula: "−input[target]", weight,
                ignore,
                Self.reductionParameter, returns: "a loss, called with log-probabilities [N, C] and classes [N]",
                pytorch: .same("torch.nn.NLLLoss"), seeAlso: ["nll_loss", "CrossEntropyLoss"],
                examples: [Example("NLLLoss()(tensor([[-2.0, -0.5]]), tensor([1])).item()", "0.5")]
            ) { (weight: Tensor?, ignore: Int, reduction: ReductionOption) in
                LossObject(
                    "NLLLoss",
                    [
                        ("weight", weight.map(WeightText.init)), ("ignore_index", ignore.unless(-100)),
                        ("reduction", reduction.unless(.mean)),
                    ]
                ) { input, target in
                    try input.nllLoss(target, weight: weight, ignoreIndex: ignore, reduction: reduction.reduction)
                }
            })
    }

    private func addDivergenceObject() {
        add(
            Builtin(
                "KLDivLoss", .losses, "kl_div with its options, as an object.", formula: "target · (ln target − input)",
                Parameter<Reduction>(
                    "reduction", "\"batchmean\" divides the sum by N, \"mean\" by the number of elements",
                    default: .mean),
                Parameter<Bool>("log_target", "whether targets are log-probabilities", default: false),
                returns: "a loss, called with log-probabilities and probabilities of one shape [N, C]",
                notes: [
                    "The divergence of distributions is reduction=\"batchmean\"; the default averages over elements."
                ],
                pytorch: .same("torch.nn.KLDivLoss"), seeAlso: ["kl_div", "log_softmax"],
                examples: [
                    Example("p = tensor([[0.5, 0.5]]); KLDivLoss(reduction=\"batchmean\")(log(p), p).item()", "0.0"),
                    Example("KLDivLoss(reduction=\"batchmean\")", "KLDivLoss(reduction=\"batchmean\")"),
                ]
            ) { (reduction: Reduction, logTarget: Bool) in
                LossObject(
                    "KLDivLoss", [("reduction", reduction.unless(.mean)), ("log_target", logTarget.unless(false))]
                ) { input, target in try input.klDiv(target, reduction: reduction, logTarget: logTarget) }
            })
    }

    private func addPlainLossObjects() {
        let returns = "a loss, called with predictions and targets of one shape"
        add(
            Builtin(
                "MSELoss", .losses, "mse_loss with its options, as an object.", formula: "(input − target)²",
                Self.reductionParameter, returns: returns, notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.MSELoss", "unequal shapes are an error"), seeAlso: ["mse_loss", "L1Loss"],
                examples: [Example("MSELoss()(tensor([1.0, 2.0]), tensor([1.0, 4.0])).item()", "2.0")]
            ) { (reduction: ReductionOption) in
                LossObject("MSELoss", [("reduction", reduction.unless(.mean))]) { input, target in
                    try input.mseLoss(target, reduction: reduction.reduction)
                }
            })
        add(
            Builtin(
                "L1Loss", .losses, "l1_loss with its options, as an object.", formula: "|input − target|",
                Self.reductionParameter, returns: returns, notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.L1Loss", "unequal shapes are an error"), seeAlso: ["l1_loss", "MSELoss"],
                examples: [Example("L1Loss(reduction=\"sum\")(tensor([1.0, 2.0]), tensor([0.0, 4.0])).item()", "3.0")]
            ) { (reduction: ReductionOption) in
                LossObject("L1Loss", [("reduction", reduction.unless(.mean))]) { input, target in
                    try input.l1Loss(target, reduction: reduction.reduction)
                }
            })
    }

    private func addSmoothLossObjects() {
        let returns = "a loss, called with predictions and targets of one shape"
        add(
            Builtin(
                "SmoothL1Loss", .losses, "smooth_l1_loss with its options, as an object.",
                formula: "d² / (2 beta) for |d| < beta, else |d| − beta / 2, with d = input − target",
                Self.reductionParameter, Parameter<Double>("beta", "where the error stops being small", default: 1),
                returns: returns, notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.SmoothL1Loss", "unequal shapes are an error"),
                seeAlso: ["smooth_l1_loss", "HuberLoss"],
                examples: [Example("SmoothL1Loss()(tensor([0.0]), tensor([3.0])).item()", "2.5")]
            ) { (reduction: ReductionOption, beta: Double) in
                LossObject("SmoothL1Loss", [("reduction", reduction.unless(.mean)), ("beta", beta.unless(1))]) {
                    input, target in try input.smoothL1Loss(target, reduction: reduction.reduction, beta: beta)
                }
            })
        add(
            Builtin(
                "HuberLoss", .losses, "huber_loss with its options, as an object.",
                formula: "d² / 2 for |d| < delta, else delta (|d| − delta / 2), with d = input − target",
                Self.reductionParameter, Parameter<Double>("delta", "where the error stops being small", default: 1),
                returns: returns, notes: [Self.unequalShapes],
                pytorch: .differs("torch.nn.HuberLoss", "unequal shapes are an error"),
                seeAlso: ["huber_loss", "SmoothL1Loss"],
                examples: [Example("HuberLoss(delta=2)(tensor([0.0]), tensor([3.0])).item()", "4.0")]
            ) { (reduction: ReductionOption, delta: Double) in
                LossObject("HuberLoss", [("reduction", reduction.unless(.mean)), ("delta", delta.unless(1))]) {
                    input, target in try input.huberLoss(target, reduction: reduction.reduction, delta: delta)
                }
            })
    }

    private func addOtherLossObjects() {
        add(
            Builtin(
                "BCEWithLogitsLoss", .losses, "binary_cross_entropy_with_logits with its options, as an object.",
                formula: "max(x, 0) − x y + ln(1 + e^(−|x|))",
                Parameter<Tensor?>.optional("weight", "a factor for each loss, broadcast"), Self.reductionParameter,
                Parameter<Tensor?>.optional("pos_weight", "a factor for the positive part, broadcast"),
                returns: "a loss, called with logits and probabilities of one shape", notes: [Self.unequalShapes],
                pytorch: .same("torch.nn.BCEWithLogitsLoss"), seeAlso: ["binary_cross_entropy_with_logits"],
                examples: [Example("BCEWithLogitsLoss()(tensor([1000.0]), tensor([1.0])).item()", "0.0")]
            ) { (weight: Tensor?, reduction: ReductionOption, positive: Tensor?) in
                LossObject(
                    "BCEWithLogitsLoss",
                    [
                        ("weight", weight.map(WeightText.init)), ("reduction", reduction.unless(.mean)),
                        ("pos_weight", positive.map(WeightText.init)),
                    ]
                ) { input, target in
                    try input.binaryCrossEntropyWithLogits(
                        target, weight: weight, reduction: reduction.reduction, positiveWeight: positive)
                }
            })
        add(
            Builtin(
                "CosineEmbeddingLoss", .losses, "cosine_embedding_loss with its options, as an object.",
                formula: "1 − cos(x₁, x₂) for target 1, max(0, cos(x₁, x₂) − margin) for −1",
                Parameter<Double>("margin", "how far apart is enough, −1 … 1", default: 0), Self.reductionParameter,
                returns: "a loss, called with vectors, vectors of the same shape, and 1 or −1 [N]",
                pytorch: .same("torch.nn.CosineEmbeddingLoss"),
                seeAlso: ["cosine_embedding_loss", "cosine_similarity"],
                examples: [
                    Example(
                        "CosineEmbeddingLoss()(tensor([[1.0, 0.0]]), tensor([[0.0, 1.0]]), tensor([1])).item()", "1.0")
                ]
            ) { (margin: Double, reduction: ReductionOption) in
                LossObject(
                    "CosineEmbeddingLoss", [("margin", margin.unless(0)), ("reduction", reduction.unless(.mean))],
                    Builtin(
                        "CosineEmbeddingLoss", .losses, "The loss of pairs of vectors.",
                        Parameter<Tensor>("input1", "vectors"), Parameter<Tensor>("input2", "vectors"),
                        Parameter<Tensor>("target", "1 or −1"), examples: []
                    ) { (x: Tensor, y: Tensor, target: Tensor) in
                        try x.cosineEmbeddingLoss(y, target, margin: margin, reduction: reduction.reduction)
                    })
            })
    }
}

/// A tensor of weights as an option that is shown: its shape stands for it.
private struct WeightText: LiteralEncodable {
    static var languageType: LanguageType { .tensor }
    let literal: Literal

    init(_ tensor: Tensor) { literal = .list(tensor.shape.map { .int($0) }) }
}
