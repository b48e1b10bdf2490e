import Tensors

/// Cross entropy with the labels: ⟨−log softmax(z_s)[y]⟩, natural logarithm.
///
/// Labels of −100 do not count. Under `mixup` and `cutmix` the two labels' losses are mixed.
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

    /// - Throws: ``DistillationError/option(term:problem:)`` for a share outside 0…1.
    public init(labelSmoothing: Double = 0, name: String? = nil) throws {
        guard labelSmoothing >= 0, labelSmoothing <= 1 else {
            throw DistillationError.option(
                term: "hard", problem: "label_smoothing must lie in 0…1, given \(labelSmoothing)")
        }
        self.labelSmoothing = labelSmoothing
        super.init(name: name)
    }

    /// The plain term.
    public init() {
        labelSmoothing = 0
        super.init()
    }

    /// The options as they are written.
    public override var options: String { labelSmoothing == 0 ? "" : "label_smoothing=\(number(labelSmoothing))" }
    /// No teacher is asked.
    public override var needsTeacher: Bool { false }
    /// Labels are what it is about.
    public override var needsLabels: Bool { true }

    /// The mean cross entropy.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let y = try input.classes(for: self)
        let own = try Labels.crossEntropy(input.student.logits, y, labelSmoothing: labelSmoothing)
        guard let mixture = input.batch.mixture else { return own }
        let other = try Labels.crossEntropy(input.student.logits, mixture.y, labelSmoothing: labelSmoothing)
        return try own * Scalar(mixture.share) + other * Scalar(1 - mixture.share)
    }

    /// Cross entropy leaves out the rows itself, and of mixed ones those without one of two labels.
    override var judgesLabelledRows: Bool { false }

    override func rowsCounted(_ input: TermInput) throws -> Int? {
        guard input.batch.mixture == nil, let labels = input.labels else { return nil }
        return try Labels.known(labels)?.count
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

    /// The mean difference; predictions [B, 1] fit targets [B].
    public override func loss(_ input: TermInput) throws -> Tensor {
        guard let y = input.labels else { throw DistillationError.noLabels(term: name) }
        let predictions = input.student.logits
        guard predictions.count == y.count else {
            throw DistillationError.unequal(term: name, student: predictions.shape.array, teacher: y.shape.array)
        }
        let targets = try y.to(predictions.dtype).reshape(predictions.shape.array)
        switch metric {
        case .mse: return try FeatureMetric.mse.distance(predictions, targets)
        case .l1: return try FeatureMetric.l1.distance(predictions, targets)
        case .huber: return try FeatureMetric.smoothL1.distance(predictions, targets)
        }
    }
}
