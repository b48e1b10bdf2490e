import Data
import Tensors

/// Cross entropy with the labels: ⟨−log softmax(z_s)[y]⟩, natural logarithm; for logits of their own (binary and several
/// labels) ⟨−y log σ(z_s) − (1 − y) log(1 − σ(z_s))⟩.
///
/// Labels that are missing do not count: −100 among classes, nan and −1 among several labels. Under `mixup` and `cutmix` the
/// two labels' losses are mixed. Weights make the mean a weighted one, Σ w·loss / Σ w, as PyTorch's `weight=`.
public final class HardTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "hard",
            "Cross entropy with the labels.",
            formula: "⟨−log softmax(z_s)[y]⟩",
            paper: "the labels themselves; label_smoothing after arXiv:1512.00567.",
            use: "0.1 * hard() beside 0.9 * soft(), and weight 1 beside feature terms.",
            when: "always where there are labels: it keeps the student right where the teacher is wrong.",
            family: .labels, related: ["distill", "cross_entropy"])
    }

    /// The share ε of the target that is spread evenly over the classes.
    public let labelSmoothing: Double
    /// A factor for each class [K], or for each label's loss [L].
    public let weight: Tensor?
    /// A factor of the positive part for logits of their own, [L] or one number.
    public let positiveWeight: Tensor?

    /// - Throws: ``DistillationError/option(term:problem:)`` for a share outside 0…1.
    public init(
        labelSmoothing: Double = 0, weight: Tensor? = nil, positiveWeight: Tensor? = nil, name: String? = nil
    ) throws {
        guard labelSmoothing >= 0, labelSmoothing <= 1 else {
            throw DistillationError.option(
                term: "hard", problem: "label_smoothing must lie in 0…1, given \(labelSmoothing)")
        }
        self.labelSmoothing = labelSmoothing
        self.weight = weight
        self.positiveWeight = positiveWeight
        super.init(name: name)
    }

    /// The plain term.
    public init() {
        labelSmoothing = 0
        weight = nil
        positiveWeight = nil
        super.init()
    }

    /// The options as they are written.
    public override var options: String {
        var parts: [String] = []
        if labelSmoothing != 0 { parts.append("label_smoothing=\(number(labelSmoothing))") }
        for (name, weights) in [("weight", weight), ("pos_weight", positiveWeight)] {
            guard let weights, let values = try? weights.doubles() else { continue }
            let shown = values.prefix(8).map(number).joined(separator: ", ")
            parts.append("\(name)=" + (weights.rank == 0 ? shown : "[\(shown)\(values.count > 8 ? ", …" : "")]"))
        }
        return parts.joined(separator: ", ")
    }
    /// No teacher is asked.
    public override var needsTeacher: Bool { false }
    /// Labels are what it is about.
    public override var needsLabels: Bool { true }
    /// Binary cross entropy.
    public override var hasBernoulliForm: Bool { true }
    /// Whether the term is plain cross entropy without options.
    var isPlain: Bool { labelSmoothing == 0 && weight == nil && positiveWeight == nil }

    /// The mean cross entropy.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let logits = input.student.logits
        let y = try targets(input)
        let own = try mean(logits, y, input)
        guard let mixture = input.batch.mixture else { return own }
        let other = try mean(
            logits,
            input.layout.map { try TargetRows($0, mask: nil, outputs: logits.shape.array).targets(mixture.y) }
                ?? mixture.y, input)
        return try own * Scalar(mixture.share) + other * Scalar(1 - mixture.share)
    }

    /// The loss leaves out the rows itself, and of mixed ones those without one of two labels.
    override var judgesLabelledRows: Bool { false }

    override func divisor(_ input: TermInput) throws -> Double? {
        guard input.batch.mixture == nil, let labels = input.labels else { return nil }
        let isUniform = weight == nil && input.classWeights == nil && input.rowWeights == nil
        if isUniform, input.layout?.task?.isBernoulli != true {
            return try Labels.known(labels).map { Double($0.count) }
        }
        return try weights(of: targets(input), input).sum().itemDouble()
    }

    /// The labels as the form of the loss takes them.
    private func targets(_ input: TermInput) throws -> Tensor {
        guard let task = input.layout?.task, task.isBernoulli || task == .probabilities, let y = input.labels else {
            if positiveWeight != nil {
                throw DistillationError.option(
                    term: name, problem: "pos_weight= is for binary and several labels; classes have weight=")
            }
            return try input.classes(for: self)
        }
        return y
    }

    private func mean(_ logits: Tensor, _ y: Tensor, _ input: TermInput) throws -> Tensor {
        if input.layout?.task?.isBernoulli == true { return try bernoulli(logits, y, input) }
        let weight = try (self.weight ?? input.classWeights)?.to(logits.dtype)
        if y.dtype.isFloating { return try distributions(logits, y, weight, input) }
        guard weight != nil || input.rowWeights != nil else {
            return try Labels.crossEntropy(logits, y, labelSmoothing: labelSmoothing)
        }
        let losses = try logits.crossEntropy(y, weight: weight, labelSmoothing: labelSmoothing, reduction: .none)
        // A class's weight is in its losses already, and belongs to what they are divided by.
        return try Self.weightedMean(losses * rowWeights(of: y, input), weights(of: y, input))
    }

    /// Cross entropy with distributions; rows that hold nan have no label.
    private func distributions(_ logits: Tensor, _ y: Tensor, _ weight: Tensor?, _ input: TermInput) throws -> Tensor {
        let missing = try y.sum(dims: [1]).isnan()
        let target = try y.to(logits.dtype).maskedFill(missing.unsqueeze(dim: 1), .float(0))
        let losses = try logits.crossEntropy(
            target, weight: weight, labelSmoothing: labelSmoothing, reduction: .none)
        let counted = try weights(of: y, input)
        return try Self.weightedMean(losses * counted, counted)
    }

    private func bernoulli(_ logits: Tensor, _ y: Tensor, _ input: TermInput) throws -> Tensor {
        var target = try y.to(logits.dtype).maskedFill(y.isnan(), .float(0))
        if labelSmoothing > 0 { target = try target * Scalar(1 - labelSmoothing) + Scalar(labelSmoothing / 2) }
        let counted = try weights(of: y, input)
        let losses = try logits.binaryCrossEntropyWithLogits(
            target, reduction: .none, positiveWeight: positiveWeight?.to(logits.dtype))
        return try Self.weightedMean(losses * counted, counted)
    }

    // MARK: What the mean is divided by

    /// How much each row counts by itself: 0 without a label, else the weight of its example.
    private func rowWeights(of y: Tensor, _ input: TermInput) throws -> Tensor {
        let dtype = input.student.logits.dtype
        let missing = y.dtype.isFloating ? try y.sum(dims: [1]).isnan() : try y.eq(.int(Labels.none))
        let counted = try missing.eq(.int(0)).to(dtype)
        return try input.rowWeights.map { try counted * $0.to(dtype) } ?? counted
    }

    /// How much each loss counts: [R] among classes, [R, L] where each logit is one of its own.
    private func weights(of y: Tensor, _ input: TermInput) throws -> Tensor {
        if input.layout?.task?.isBernoulli == true { return try bernoulliWeights(y, input) }
        let counted = try rowWeights(of: y, input)
        guard !y.dtype.isFloating, let weight = self.weight ?? input.classWeights else { return counted }
        let classes = try y.maskedFill(y.eq(.int(Labels.none)), .int(0))
        return try counted * weight.to(counted.dtype).rows(at: classes)
    }

    private func bernoulliWeights(_ y: Tensor, _ input: TermInput) throws -> Tensor {
        let dtype = input.student.logits.dtype
        let missing = try y.isnan()
        var counted = try missing.eq(.int(0)).to(dtype)
        if let rows = input.rowWeights { counted = try counted * rows.to(dtype).reshape([rows.count, 1]) }
        if let weight { counted = try counted * weight.to(dtype) }
        guard let own = input.classWeights else { return counted }
        // Two factors of a binary task: of the negative and of the positive.
        let factors = try own.doubles()
        guard factors.count == 2, y.shape[1] == 1 else { return try counted * own.to(dtype) }
        var target = try y.to(dtype).maskedFill(missing, .float(0))
        if labelSmoothing > 0 { target = try target * Scalar(1 - labelSmoothing) + Scalar(labelSmoothing / 2) }
        return try counted * (target * Scalar(factors[1] - factors[0]) + Scalar(factors[0]))
    }

    /// Σ losses / Σ weights; 0, with a gradient of 0, where nothing counts.
    static func weightedMean(_ losses: Tensor, _ weights: Tensor) throws -> Tensor {
        let total = try weights.sum().itemDouble()
        return try losses.sum() * Scalar(total > 0 ? 1 / total : 0)
    }
}

/// The label term for float targets.
public final class RegressionTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "regression",
            "The label term for float targets.",
            formula: "⟨(z_s − y)²⟩",
            paper: "least squares; huber after P. Huber, 1964.",
            use: "regression() for fit, or beside feature terms.",
            when: "float targets; huber where some of them are far off.",
            family: .labels, related: ["hard", "fit"])
    }

    /// How far predictions are from targets.
    public let metric: Metric

    /// The differences that are averaged.
    public enum Metric: String, Sendable, CaseIterable {
        /// (ŷ − y)²
        case mse
        /// |ŷ − y|
        case l1
        /// Huber's, with δ = 1
        case huber
    }

    /// A term with a metric.
    public init(metric: Metric = .mse, name: String? = nil) {
        self.metric = metric
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { metric == .mse ? "" : "metric=\"\(metric.rawValue)\"" }
    /// The formula.
    public override var formula: String {
        switch metric {
        case .mse: Self.page.formula
        case .l1: "⟨|z_s − y|⟩"
        case .huber: "⟨½d² for |d| ≤ 1, else |d| − ½⟩, d = z_s − y"
        }
    }
    /// Outputs are numbers, not logits.
    public override var comparesLogits: Bool { false }
    /// No teacher is asked.
    public override var needsTeacher: Bool { false }
    /// Targets are what it is about.
    public override var needsLabels: Bool { true }

    /// Numbers that are nan are left out one by one.
    override var judgesLabelledRows: Bool { false }

    override func divisor(_ input: TermInput) throws -> Double? {
        guard let y = input.labels else { return nil }
        return try weights(of: y, like: y, input.rowWeights).sum().itemDouble()
    }

    /// How much each number counts: 0 where it is nan, else the weight of its row.
    private func weights(of targets: Tensor, like outputs: Tensor, _ rows: Tensor? = nil) throws -> Tensor {
        let counted = try targets.isnan().eq(.int(0)).to(outputs.dtype)
        guard let rows else { return counted }
        let shape = [rows.count] + Array(repeating: 1, count: max(0, targets.rank - 1))
        return try counted * rows.to(outputs.dtype).reshape(shape)
    }

    /// The mean difference; predictions [B, 1] fit targets [B].
    public override func loss(_ input: TermInput) throws -> Tensor {
        guard let y = input.labels else { throw DistillationError.noLabels(term: name) }
        let predictions = input.student.logits
        guard predictions.count == y.count else {
            throw DistillationError.unequal(term: name, student: predictions.shape.array, teacher: y.shape.array)
        }
        if let task = input.layout?.task, task != .numbers, task != .ranking {
            throw DistillationError.option(
                term: name,
                problem: "is for numbers, and the task is \(task.rawValue): hard() is its label term; "
                    + "TensorDataset(x, y, task=\"numbers\") says otherwise")
        }
        var targets = try y.to(predictions.dtype).reshape(predictions.shape.array)
        let missing = try targets.isnan()
        if try input.rowWeights != nil || missing.any().item().integer != 0 {
            let counted = try weights(of: targets, like: predictions, input.rowWeights)
            targets = try targets.maskedFill(missing, .float(0))
            return try HardTerm.weightedMean(elements(predictions, targets) * counted, counted)
        }
        switch metric {
        case .mse: return try FeatureMetric.mse.distance(predictions, targets)
        case .l1: return try FeatureMetric.l1.distance(predictions, targets)
        case .huber: return try FeatureMetric.smoothL1.distance(predictions, targets)
        }
    }

    /// The distance of each element.
    private func elements(_ predictions: Tensor, _ targets: Tensor) throws -> Tensor {
        switch metric {
        case .mse: try predictions.mseLoss(targets, reduction: .none)
        case .l1: try predictions.l1Loss(targets, reduction: .none)
        case .huber: try predictions.smoothL1Loss(targets, reduction: .none, beta: 1)
        }
    }
}
