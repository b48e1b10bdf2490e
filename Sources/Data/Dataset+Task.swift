import Tensors

/// What is known of a dataset's task before a network is seen.
public enum KnownTask: Sendable, Equatable {
    /// There are no targets.
    case unlabelled
    /// The task is settled.
    case settled(LearningTask)
    /// Classes if the network gives two logits, binary if it gives one.
    case twoClasses
    /// Classes of positions if the network gives [N, L, K], several labels if it gives [N, L].
    case severalIntegers

    /// The task for people, with what it still depends on.
    public var summary: String {
        switch self {
        case .unlabelled: "none, there are no targets"
        case .settled(let task): "\(task.rawValue), \(task.summary)"
        case .twoClasses: "classes for a network that gives two logits, binary for one that gives one"
        case .severalIntegers: "positions for a network that gives [N, L, K], multilabel for one that gives [N, L]"
        }
    }
}

extension Dataset {
    /// The task as far as y and what was declared say it: the first of these rules that fits.
    ///
    /// Declared → that. Float y → numbers. Int [N] or [N, 1] with names of more than two classes or more than two values →
    /// classes; with two → classes or binary, as the network gives two logits or one. Int [N, H, W] → positions. Int
    /// [N, L] → positions or several labels, as the network gives [N, L, K] or [N, L].
    public var knownTask: KnownTask {
        guard let y else { return .unlabelled }
        if let task = target.task { return .settled(task) }
        if y.dtype.isFloating { return .settled(.numbers) }
        if y.rank <= 1 || (y.rank == 2 && y.shape[1] == 1) {
            return (classes?.count ?? 0) > 2 ? .settled(.classes) : .twoClasses
        }
        if y.rank > 2 || target.classDim != nil { return .settled(.positions) }
        return .severalIntegers
    }

    /// The task if it is known without a network.
    public var settledTask: LearningTask? { if case .settled(let task) = knownTask { task } else { nil } }

    /// Whether the targets are numbers to be met, not labels.
    public var holdsNumbers: Bool { knownTask == .settled(.numbers) }

    /// Whether the targets are met by squares: numbers, and grades of candidates.
    public var isMetBySquares: Bool { holdsNumbers || target.task == .ranking }

    /// How the targets and the outputs of a network fit together.
    ///
    /// - Parameters:
    ///   - outputs: the shape of the network's outputs for any number of examples.
    ///   - function: who asks, for messages.
    /// - Throws: ``DataError/shape(function:problem:help:)`` when they do not, with what would.
    public func layout(outputs: [Int], function: String) throws -> TaskLayout {
        try TaskLayout(self, outputs: outputs, function: function)
    }
}

/// How a dataset's targets and a network's outputs fit together: decided in one place, and asked by every term, metric and
/// plot.
///
/// Outputs become rows of logits, one for each example or position; the targets become one label, or one row, for each.
public struct TaskLayout: Sendable, Equatable {
    /// The task; nil without targets.
    public let task: LearningTask?
    /// Where the classes stand in the outputs; nil for outputs [N], which are one logit or number each.
    public let classDim: Int?
    /// How many classes, labels or numbers a row has.
    public let width: Int
    /// The class that stands for "no label".
    public let ignoreIndex: Int
    private let function: String

    /// Whether every output is a logit of its own: for one logit a softmax would be 1 whatever it is. Without targets that is
    /// what the dataset was declared for.
    public let isBernoulli: Bool

    /// Whether the data are tokens of texts, so that rows [N, D] are one vector a text, whatever D is.
    let isText: Bool

    /// The layout of outputs that are rows of logits [N, K] already, as functions of two tensors have them.
    public init(rows width: Int, task: LearningTask? = .classes, ignoreIndex: Int = TargetDeclaration.ignored) {
        self.task = task
        classDim = 1
        self.width = width
        self.ignoreIndex = ignoreIndex
        isBernoulli = task?.isBernoulli ?? (width == 1)
        isText = false
        function = ""
    }

    fileprivate init(_ dataset: Dataset, outputs: [Int], function: String) throws {
        self.function = function
        isText = dataset.tokens != nil
        ignoreIndex = dataset.target.ignoreIndex
        let dim = try Self.classDim(dataset.target.classDim, outputs, function)
        let size = dim.map { outputs[$0] } ?? 1
        let inner = outputs.indices.filter { $0 != 0 && $0 != dim }.map { outputs[$0] }
        (classDim, width) = (dim, size)
        task = try TaskFit(dataset, outputs: outputs, width: size, inner: inner, function: function).task()
        let declared = dataset.target.task?.isBernoulli ?? false
        isBernoulli = task?.isBernoulli ?? (size == 1 || declared && outputs.count == 2)
    }

    /// The dimension of the classes in outputs of this shape.
    private static func classDim(_ declared: Int?, _ outputs: [Int], _ function: String) throws -> Int? {
        if let declared {
            let dim = declared < 0 ? declared + outputs.count : declared
            guard dim > 0, dim < outputs.count else {
                throw DataError.shape(
                    function: function, problem: "class_dim=\(declared) for outputs \(text(outputs))",
                    help: "dimension 0 counts the examples; the others are 1 to \(max(1, outputs.count - 1))")
            }
            return dim
        }
        if outputs.count < 2 { return nil }
        return outputs.count > 3 ? 1 : outputs.count - 1
    }

    static func text(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }
}

/// The question which task fits, with all that an answer needs.
private struct TaskFit {
    let dataset: Dataset
    let outputs: [Int]
    let width: Int
    let inner: [Int]
    let function: String

    init(_ dataset: Dataset, outputs: [Int], width: Int, inner: [Int], function: String) {
        self.dataset = dataset
        self.outputs = outputs
        self.width = width
        self.inner = inner
        self.function = function
    }

    private var targets: String { dataset.targetName }
    private var gives: String { "the network gives " + text(outputs) }

    /// A shape with N for the examples.
    private func text(_ shape: [Int]) -> String {
        "[" + (["N"] + shape.dropFirst().map(String.init)).joined(separator: ", ") + "]"
    }

    private func fail(_ problem: String, _ help: String?) -> DataError {
        .shape(function: function, problem: problem, help: help)
    }

    func task() throws -> LearningTask? {
        guard let y = dataset.y else { return nil }
        let shape = y.shape.array
        switch dataset.knownTask {
        case .unlabelled: return nil
        case .twoClasses: return try twoClasses(shape)
        case .severalIntegers: return try severalIntegers(y, shape)
        case .settled(let task):
            try check(task, y, shape)
            return task
        }
    }

    /// One logit is binary, two are classes. A network of more logits may know classes that do not occur in these data;
    /// for whoever wrote it that is said rather than guessed when two classes were named.
    private func twoClasses(_ shape: [Int]) throws -> LearningTask {
        if inner.isEmpty, width == 1 { return .binary }
        if inner.isEmpty, width == 2 || dataset.classes?.count ?? 0 < 2 { return .classes }
        throw fail(
            "\(targets) holds two classes, and \(gives)",
            "two logits [N, 2] make it classes, one logit [N, 1] makes it binary; "
                + "TensorDataset(x, y, task=\"classes\") allows more logits than classes occur"
                + (inner.isEmpty ? "" : ", class_dim= says where the classes are"))
    }

    private func severalIntegers(_ y: Tensor, _ shape: [Int]) throws -> LearningTask {
        if outputs.count == 3, inner == Array(shape.dropFirst()) { return .positions }
        let areLabels = try dataset.holdsOneOfTwo(y)
        if outputs.count == 2, areLabels, Array(outputs.dropFirst()) == Array(shape.dropFirst()) { return .multilabel }
        if outputs.count == 3, outputs[2] == shape[1] {
            throw fail(
                "labels \(text(shape)) fit dimension 2 of the outputs, and \(gives) with the classes last",
                "TensorDataset(x, y, class_dim=1) puts the classes into dimension 1")
        }
        throw fail(
            "\(targets) is \(text(shape)), and \(gives)",
            outputs.count == 2
                ? "several labels are 0, 1 or −1 (unknown), one column for each logit; one class an example is y [N]"
                : "classes of positions need outputs [N, L, K] for y [N, L]")
    }

    private func check(_ task: LearningTask, _ y: Tensor, _ shape: [Int]) throws {
        let example = Array(shape.dropFirst())
        switch task {
        case .classes:
            guard y.count == shape[0], !y.dtype.isFloating else {
                throw fail(
                    "the task is classes, and y is \(y.dtype) \(text(shape))",
                    y.dtype.isFloating
                        ? "task=\"probabilities\" takes rows that sum to 1, task=\"numbers\" anything"
                        : "one class an example")
            }
            guard inner.isEmpty else {
                throw fail(
                    "one class an example, and \(gives)",
                    "pool over the positions, or give one label for each: y [N, L] or [N, H, W]")
            }
            guard width > 1 else {
                throw fail(
                    "y holds \(dataset.classes?.count ?? 2) classes, and \(gives): softmax is 1 whatever one logit is",
                    "one logit for each class")
            }
        case .probabilities:
            guard y.dtype.isFloating, outputs.dropFirst() == example[...] else { throw unequal(task, shape) }
            try checkProbabilities(y)
        case .binary:
            guard y.count == shape[0], inner.isEmpty, width == 1 else {
                throw fail(
                    "the task is binary, y is \(text(shape)) and \(gives)", "one logit an example, [N] or [N, 1]")
            }
        case .multilabel, .ranking:
            guard outputs.dropFirst() == example[...] else { throw unequal(task, shape) }
        case .positions:
            guard inner == example else {
                let others = outputs.indices.dropFirst().filter { dim in
                    outputs.indices.filter { $0 != 0 && $0 != dim }.map { outputs[$0] } == example
                }
                throw fail(
                    "labels \(text(shape)) do not fit the positions \(inner) of the outputs; \(gives)",
                    others.isEmpty
                        ? "labels [N, L] need outputs [N, L, K], labels [N, H, W] outputs [N, K, H, W]"
                        : "TensorDataset(x, y, class_dim=\(others[0])) puts the classes into dimension \(others[0])")
            }
        case .numbers:
            guard outputs.dropFirst().reduce(1, *) == example.reduce(1, *) else { throw unequal(task, shape) }
        }
    }

    private func unequal(_ task: LearningTask, _ shape: [Int]) -> DataError {
        fail(
            "\(targets) is \(text(shape)), and \(gives)",
            task == .numbers
                ? "as many outputs as targets; task=\"probabilities\" or task=\"multilabel\" makes float columns labels"
                : "the task \(task.rawValue) needs one output for each target")
    }

    private func checkProbabilities(_ y: Tensor) throws {
        let values = try y.doubles()
        for row in 0..<(values.count / max(1, width)) {
            let part = values[row * width..<(row + 1) * width]
            if part.contains(where: \.isNaN) { continue }
            guard part.allSatisfy({ $0 >= 0 }), abs(part.reduce(0, +) - 1) < 1e-4 else {
                throw DataError.argument(
                    function: function,
                    problem: "the task is probabilities, and row \(row) of y is no distribution: it sums to "
                        + short(part.reduce(0, +)),
                    help: "rows ≥ 0 that sum to 1; task=\"multilabel\" takes any of several")
            }
        }
    }
}
