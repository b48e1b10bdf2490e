import Tensors

extension KnownTask {
    /// What it may turn out to be; nil where there are no targets. Classes and their probabilities are one thing: soft labels
    /// are validated on hard ones.
    private var candidates: Set<LearningTask>? {
        switch self {
        case .unlabelled: nil
        case .settled(.classes), .settled(.probabilities): [.classes, .probabilities]
        case .settled(let task): [task]
        case .twoClasses: [.classes, .probabilities, .binary]
        case .severalIntegers: [.positions, .multilabel]
        }
    }

    /// Whether both can be the same task.
    public func agrees(with other: KnownTask) -> Bool {
        guard let own = candidates, let others = other.candidates else { return true }
        return !own.isDisjoint(with: others)
    }

    /// What the targets are, for messages.
    fileprivate var targets: String {
        switch self {
        case .unlabelled: "no targets"
        case .settled(let task): task.summary
        case .twoClasses: "two classes"
        case .severalIntegers: "whole numbers [N, L]"
        }
    }
}

extension Dataset {
    /// Where the targets come from, for messages: `column "kind" of pets.csv`, or `y of pictures`.
    public var targetName: String {
        let columns = table?.labels ?? []
        if columns.isEmpty { return name == "TensorDataset" ? "y" : "y of \(name)" }
        let names = columns.prefix(5).map { "\"\($0)\"" }.joined(separator: ", ") + (columns.count > 5 ? ", …" : "")
        return "column\(columns.count == 1 ? "" : "s") \(names) of \(name)"
    }

    /// The same data with the task that others have, where these leave two open: two classes may be some of three.
    public func withTask(_ task: LearningTask?) throws -> Dataset {
        guard target.task == nil, let given = task else { return self }
        let task = given == .probabilities ? .classes : given
        switch knownTask {
        case .twoClasses where task == .classes, .severalIntegers where task == .positions || task == .multilabel:
            var target = target
            target.task = task
            return try with(target: target)
        default: return self
        }
    }

    /// Makes sure that the targets of two datasets are of one kind.
    ///
    /// - Parameters:
    ///   - owner: what the other dataset is, such as "the training data".
    ///   - what: what these are, such as "the validation data".
    ///   - areJoined: whether one tensor is to hold both targets, so that classes and probabilities are two things.
    /// - Throws: ``DataError/argument(function:problem:help:)`` with both columns and the way out.
    public func requireTask(
        of other: Dataset, _ owner: String, _ what: String, areJoined: Bool = false, function: String
    ) throws {
        let (own, others) = (knownTask, other.knownTask)
        var areAlike = own.agrees(with: others)
        if areJoined, let y, let y2 = other.y {
            areAlike = areAlike && y.dtype.isFloating == y2.dtype.isFloating && y.rank == y2.rank
        }
        guard !areAlike else { return }
        let isTable = table != nil && other.table != nil
        throw DataError.argument(
            function: function,
            problem: "\(what) hold \(own.targets) (\(targetName)), and \(owner) \(others.targets) "
                + "(\(other.targetName))",
            help: isTable
                ? "read_csv(…, like=train) reads a table as the training table was read"
                : "task= of TensorDataset says what y is: "
                    + LearningTask.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
    }
}
