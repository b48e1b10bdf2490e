import Data
import Glibc
import Tensors

/// The outputs of a network for some examples with their targets, as plain numbers: what metrics are computed from.
///
/// Positions are rows of their own; rows that the mask leaves out, and those without a label, are gone.
public struct Predictions {
    /// What the targets are.
    public let task: LearningTask
    /// Row-major [rows, width]: logits, or the numbers predicted.
    public let logits: [Double]
    /// The number of rows that count.
    public let rows: Int
    /// K classes, L labels or D numbers.
    public let width: Int
    /// The class of each row, where classes exclude each other; of a distribution the most probable.
    public let labels: [Int]
    /// The targets row-major [rows, width] of every other task, and distributions; nan where unknown.
    public let targets: [Double]
    /// The example that each row belongs to, for positions.
    public let examples: [Int]
    /// The names of the classes, if they have any.
    public let classes: [String]?
    /// Where the classes stand in the outputs.
    public let classDim: Int?
    /// The outputs and targets as they came.
    public let source: (outputs: Tensor, y: Tensor)?

    /// What a network gave for a dataset.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` without targets, ``Data/DataError`` when outputs and targets do
    ///   not fit or a label is no class.
    public init(_ outputs: Tensor, for dataset: Dataset, function: String) throws {
        guard let y = dataset.y else {
            throw TrainingError.data(
                function: function, problem: "the data has no y",
                help: "TensorDataset(x, y), or label= of read_csv, give labels")
        }
        guard outputs.shape.first == y.shape.first else {
            throw TrainingError.data(
                function: function, problem: "outputs \(outputs.shape) for targets \(y.shape)",
                help: "one row for each example")
        }
        let layout = try dataset.layout(outputs: outputs.shape.array, function: function)
        try self.init(outputs, y, layout, mask: dataset.mask, classes: dataset.classes, name: dataset.name, function)
    }

    /// Outputs [N, …] with targets: classes [N] for logits [N, K], whatever their number.
    ///
    /// - Parameter task: what the targets are; nil is inferred from them.
    /// - Throws: ``Data/DataError`` when the shapes do not fit or a label is no class.
    public init(
        logits: Tensor, y: Tensor, mask: Tensor? = nil, task: LearningTask? = nil, function: String = "evaluate"
    ) throws {
        guard logits.shape.first == y.shape.first else {
            throw TrainingError.data(
                function: function, problem: "logits \(logits.shape) for targets \(y.shape)",
                help: "one row for each example")
        }
        var target = TargetDeclaration(task: task)
        if task == nil, !y.dtype.isFloating, logits.rank == 2, logits.shape[1] > 1, y.count == y.shape.first {
            target.task = .classes
        }
        let dataset = try Dataset(input: .tensor(logits), y: y, mask: mask, target: target, name: "y")
        try self.init(logits, for: dataset, function: function)
    }

    /// Rows of logits without targets that count for anything: what two networks are compared by.
    public init(unlabelled logits: Tensor, _ layout: TaskLayout, mask: Tensor?, function: String) throws {
        let rows = try TargetRows(layout, mask: mask, outputs: logits.shape.array, function: function)
        let values = try rows.logits(logits)
        task = layout.task ?? (layout.isBernoulli ? .multilabel : .classes)
        self.logits = try values.doubles()
        width = max(1, layout.width)
        self.rows = values.shape[0]
        (labels, targets, examples, classes, source) = ([], [], [], nil, nil)
        classDim = layout.classDim
    }

    private init(
        _ outputs: Tensor, _ y: Tensor, _ layout: TaskLayout, mask: Tensor?, classes: [String]?, name: String,
        _ function: String
    ) throws {
        guard let task = layout.task else {
            throw TrainingError.data(function: function, problem: "the data has no y", help: nil)
        }
        try layout.check(labels: y, of: name, mask: mask, function: function)
        let rows = try TargetRows(layout, mask: mask, outputs: outputs.shape.array, function: function)
        let logits = try rows.logits(outputs)
        let targets = try rows.targets(y)
        let width = logits.shape.count > 1 ? logits.shape[1] : 1
        self.task = task
        self.width = width
        self.classes = classes
        source = (outputs, y)
        classDim = layout.classDim
        var examples: [Int] = []
        if task == .positions {
            let perExample = max(1, y.count / max(1, y.shape[0]))
            examples = try rows.positions(.arange(.int(y.count))).integers().map { $0 / perExample }
        }
        if task.hasClasses, !targets.dtype.isFloating {
            let all = try targets.integers()
            (self.logits, labels, self.examples) = try Self.kept(
                logits.doubles(), all, examples, width: width, where: { all[$0] != TargetDeclaration.ignored })
            self.targets = []
            self.rows = labels.count
            return
        }
        let wanted = try targets.doubles()
        guard task == .probabilities else {
            self.logits = try logits.doubles()
            self.targets = wanted
            (labels, self.examples) = ([], [])
            self.rows = logits.shape[0]
            return
        }
        let count = logits.shape[0]
        let known = (0..<count).filter { !wanted[$0 * width..<($0 + 1) * width].contains(where: \.isNaN) }
        let all = try logits.doubles()
        self.logits = known.flatMap { all[$0 * width..<($0 + 1) * width] }
        self.targets = known.flatMap { wanted[$0 * width..<($0 + 1) * width] }
        labels = known.map { row in
            (0..<width).max { wanted[row * width + $0] < wanted[row * width + $1] } ?? 0
        }
        self.examples = []
        self.rows = known.count
    }

    /// The rows for which a condition holds; the same arrays when it holds for all.
    private static func kept(
        _ logits: [Double], _ labels: [Int], _ examples: [Int], width: Int, where counts: (Int) -> Bool
    ) throws -> ([Double], [Int], [Int]) {
        let rows = labels.indices.filter(counts)
        if rows.count == labels.count { return (logits, labels, examples) }
        return (
            rows.flatMap { logits[$0 * width..<($0 + 1) * width] }, rows.map { labels[$0] },
            examples.isEmpty ? [] : rows.map { examples[$0] }
        )
    }

    /// The logits of one row.
    public func row(_ index: Int) -> ArraySlice<Double> { logits[index * width..<(index + 1) * width] }

    /// The class with the largest logit in each row, the first of equals; for one logit whether it is above 0.
    public var choices: [Int] {
        if task == .binary { return logits.map { $0 > 0 ? 1 : 0 } }
        return (0..<rows).map { index in
            let start = index * width
            var best = start
            for position in start..<start + width where logits[position] > logits[best] { best = position }
            return best - start
        }
    }

    /// The softmax of each row, row-major; for logits of their own the sigmoid of each.
    public var probabilities: [Double] {
        if task.isBernoulli { return logits.map { $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0)) } }
        var result = logits
        for index in 0..<rows {
            let range = index * width..<(index + 1) * width
            let top = logits[range].max() ?? 0
            var sum = 0.0
            for position in range {
                result[position] = exp(logits[position] - top)
                sum += result[position]
            }
            for position in range { result[position] /= sum }
        }
        return result
    }

    /// Outputs as probabilities: the softmax over the classes, or the sigmoid of logits of their own.
    ///
    /// - Throws: a limit error when memory is short.
    public func asProbabilities(_ outputs: Tensor) throws -> Tensor {
        task.isBernoulli ? try outputs.sigmoid() : try outputs.softmax(dim: classDim ?? -1)
    }

    /// For the logits of their own of one column: which are known, and whether they are true.
    public func known(_ column: Int) -> [(row: Int, isTrue: Bool)] {
        (0..<rows).compactMap { row in
            let value = targets[row * width + column]
            return value.isNaN ? nil : (row, value > 0.5)
        }
    }

    /// The predictions of one class against all others, or of one label: scores with what is true of them.
    public func scores(_ column: Int) -> (scores: [Double], isTrue: [Bool]) {
        if task.isBernoulli {
            let known = known(column)
            return (known.map { logits[$0.row * width + column] }, known.map(\.isTrue))
        }
        let probabilities = probabilities
        return ((0..<rows).map { probabilities[$0 * width + column] }, labels.map { $0 == column })
    }
}
