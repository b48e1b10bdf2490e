/// What the targets of a dataset are, and with them what a network has to give and how it is judged.
public enum LearningTask: String, Sendable, CaseIterable {
    /// One class of K an example: y int [N], logits [N, K].
    case classes
    /// A distribution over K classes an example: y float [N, K], rows that sum to 1, logits [N, K].
    case probabilities
    /// Yes or no: y 0 or 1 [N] or [N, 1], one logit [N] or [N, 1]; 1, or the second name, is positive.
    case binary
    /// Any number of L labels an example: y 0 or 1 [N, L], −1 or nan where unknown, logits [N, L].
    case multilabel
    /// One class of K a position: y int [N, L] or [N, H, W], logits [N, L, K] or [N, K, H, W].
    case positions
    /// Numbers: y float [N] or [N, D], outputs of the same size.
    case numbers
    /// An order of candidates: y scores or grades [N, C], outputs [N, C].
    case ranking

    /// Whether the outputs are logits of classes that exclude each other, so that a softmax makes them probabilities.
    public var hasClasses: Bool { self == .classes || self == .probabilities || self == .positions }

    /// Whether every output is a logit of its own, whose sigmoid is a probability.
    public var isBernoulli: Bool { self == .binary || self == .multilabel }

    /// Whether the outputs are logits of either kind.
    public var hasLogits: Bool { hasClasses || isBernoulli }

    /// What the targets are, for people.
    public var summary: String {
        switch self {
        case .classes: "one class an example"
        case .probabilities: "a distribution over the classes"
        case .binary: "yes or no, one logit"
        case .multilabel: "any of several labels"
        case .positions: "one class a position"
        case .numbers: "numbers"
        case .ranking: "an order of candidates"
        }
    }
}

/// What somebody said of a dataset's targets; what they did not say is inferred.
public struct TargetDeclaration: Sendable, Equatable {
    /// The task; nil is inferred from y and the first network it meets.
    public var task: LearningTask?
    /// The dimension of the classes in a network's outputs; nil is the last of up to three, and 1 of four and five.
    public var classDim: Int?
    /// The class that stands for "no label".
    public var ignoreIndex: Int

    /// A declaration from its parts.
    public init(task: LearningTask? = nil, classDim: Int? = nil, ignoreIndex: Int = Self.ignored) {
        self.task = task
        self.classDim = classDim
        self.ignoreIndex = ignoreIndex
    }

    /// The label that counts for nothing unless another is declared, as in PyTorch.
    public static let ignored = -100
}
