import OrderedCollections
import Tensors

/// What goes into a network for a dataset or a batch: one tensor, or several by name.
public enum DatasetInput {
    /// One tensor, [N, …].
    case tensor(Tensor)
    /// Several, each [N, …], which go to `forward` by name.
    case named(OrderedDictionary<String, Tensor>)

    /// The number of examples.
    public var count: Int {
        switch self {
        case .tensor(let x): x.shape.first ?? 0
        case .named(let inputs): inputs.values.first?.shape.first ?? 0
        }
    }

    /// The tensors.
    public var tensors: [Tensor] {
        switch self {
        case .tensor(let x): [x]
        case .named(let inputs): Array(inputs.values)
        }
    }

    /// The one tensor, if there is one.
    public var tensor: Tensor? {
        if case .tensor(let x) = self { x } else { nil }
    }

    /// The same input with every tensor replaced.
    public func mapped(_ transform: (Tensor) throws -> Tensor) rethrows -> DatasetInput {
        switch self {
        case .tensor(let x): .tensor(try transform(x))
        case .named(let inputs): .named(try inputs.mapValues(transform))
        }
    }
}

/// Examples with their targets: x [N, …], y int64 (classes) or float (regression) [N] or [N, D], or none at all.
///
/// A dataset never changes; `filter`, `take`, `normalize` and the others make new ones. Images may be held as bytes, which
/// become numbers in 0…1 when they are read, batch by batch.
public final class Dataset {
    /// x as it is stored: bytes for images that were read as such.
    public let storedInput: DatasetInput
    /// The targets, unless there are none.
    public let y: Tensor?
    /// The names of the classes; nil for regression and unlabelled data.
    public let classes: [String]?
    /// Which positions count, [N] or [N, L] bool; nil means all.
    public let mask: Tensor?
    /// What was subtracted and divided by, if the data was normalised.
    public let normalization: Normalization?
    /// What is done to the batches of each epoch anew.
    public let augmentation: Augmentation?
    /// Where the data came from, for messages and descriptions.
    public let name: String

    /// A dataset from its parts.
    ///
    /// - Throws: ``DataError/shape(function:problem:help:)`` when x, y and mask disagree about the number of examples,
    ///   ``DataError/argument(function:problem:help:)`` for classes that do not cover y.
    public init(
        input: DatasetInput, y: Tensor?, classes: [String]? = nil, mask: Tensor? = nil,
        normalization: Normalization? = nil,
        augmentation: Augmentation? = nil, name: String = "TensorDataset"
    ) throws {
        let count = input.count
        for tensor in input.tensors + [y, mask].compactMap({ $0 }) where tensor.shape.first != count {
            throw DataError.shape(
                function: name, problem: "expected \(count) examples everywhere, given a tensor \(tensor.shape)",
                help: "the first dimension counts the examples")
        }
        storedInput = try input.mapped { $0.requiresGradient ? try $0.detach() : $0 }
        self.y = y
        self.mask = mask
        self.normalization = normalization
        self.augmentation = augmentation
        self.name = name
        self.classes = try Self.checkedClasses(classes, y: y, name: name)
    }

    /// A dataset of tensors; int64 targets [N] are classes, named by their number up to the largest.
    ///
    /// - Throws: as ``init(input:y:classes:mask:normalization:augmentation:name:)``.
    public convenience init(x: Tensor, y: Tensor?, classes: [String]? = nil, name: String = "TensorDataset") throws {
        try self.init(input: .tensor(x), y: y, classes: classes, name: name)
    }

    private static func checkedClasses(_ classes: [String]?, y: Tensor?, name: String) throws -> [String]? {
        guard let y, y.dtype == .int64, y.shape.count == 1, y.count > 0 else { return classes }
        let labels = try y.integers()
        let smallest = labels.min() ?? 0
        let largest = labels.max() ?? 0
        // Padding and "no label" are negative by convention (-100): they are no classes of their own.
        guard let classes else {
            guard smallest >= -100, largest < 1_000_000 else { return nil }
            return largest < 0 ? nil : (0...largest).map { String($0) }
        }
        guard largest < classes.count else {
            throw DataError.argument(
                function: name, problem: "label \(largest) has no name among the \(classes.count) classes", help: nil)
        }
        return classes
    }

    /// The number of examples.
    public var count: Int { storedInput.count }

    /// x as numbers: stored bytes become float32 in 0…1.
    ///
    /// - Throws: a limit error when memory is short.
    public func input() throws -> DatasetInput { try storedInput.mapped(Self.numbers) }

    /// x as one tensor.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for inputs by name.
    public func x() throws -> Tensor {
        guard let x = try input().tensor else {
            throw DataError.argument(
                function: name, problem: "x is a dict of tensors here", help: "x[\"name\"] is one of them")
        }
        return x
    }

    static func numbers(_ stored: Tensor) throws -> Tensor {
        stored.dtype == .uint8 ? try stored.to(.float32).scaled(by: 1.0 / 255) : stored
    }

    /// The same data with some parts replaced.
    func with(
        input: DatasetInput? = nil, y: Tensor?? = nil, mask: Tensor?? = nil, normalization: Normalization?? = nil,
        augmentation: Augmentation?? = nil
    ) throws -> Dataset {
        try Dataset(
            input: input ?? storedInput, y: y ?? self.y, classes: classes, mask: mask ?? self.mask,
            normalization: normalization ?? self.normalization, augmentation: augmentation ?? self.augmentation,
            name: name)
    }

    /// The examples at `rows`, in that order.
    ///
    /// - Throws: ``DataError/index(function:index:count:)``.
    public func rows(_ rows: [Int]) throws -> Dataset {
        for row in rows where row < 0 || row >= count {
            throw DataError.index(function: name, index: row, count: count)
        }
        let index = try Tensor(rows, shape: [rows.count])
        return try with(
            input: storedInput.mapped { try $0.rows(at: index) }, y: .some(y?.rows(at: index)),
            mask: .some(mask?.rows(at: index)))
    }

    /// The examples of a range, clamped to those there are.
    public func rows(_ range: Range<Int>) throws -> Dataset {
        let range = range.clamped(to: 0..<count)
        return try with(
            input: storedInput.mapped { try $0.rows(range) }, y: .some(y?.rows(range)), mask: .some(mask?.rows(range)))
    }

    /// One example: x without its batch dimension, and y. Negative indices count from the end.
    ///
    /// - Throws: ``DataError/index(function:index:count:)``.
    public func example(_ index: Int) throws -> (x: DatasetInput, y: Tensor?) {
        let row = index < 0 ? index + count : index
        guard row >= 0, row < count else { throw DataError.index(function: name, index: index, count: count) }
        func single(_ tensor: Tensor) throws -> Tensor {
            try tensor.rows(row..<row + 1).reshape(Array(tensor.shape.dropFirst()))
        }
        return (try storedInput.mapped { try single(Self.numbers($0)) }, try y.map(single))
    }

    /// How many examples each class has; empty without classes.
    ///
    /// - Throws: a limit error when memory is short.
    public func classCounts() throws -> [Int] {
        guard let classes, let y, y.dtype == .int64, y.shape.count == 1 else { return [] }
        var counts = Array(repeating: 0, count: classes.count)
        for label in try y.integers() where label >= 0 && label < classes.count { counts[label] += 1 }
        return counts
    }

    /// A few lines about the data: sizes, dtypes, the range of x, the classes with their counts.
    public func describe() throws -> String {
        var lines = ["\(name): \(count) examples"]
        func line(_ title: String, _ tensor: Tensor) throws -> String {
            let values = tensor.dtype.isFloating || tensor.dtype == .int64 ? try tensor.doubles() : []
            let low = values.min() ?? 0
            let high = values.max() ?? 0
            let range = values.isEmpty ? "" : ", \(short(low)) … \(short(high))"
            return "\(title): \(tensor.dtype) \(tensor.shape)\(range)"
        }
        switch try input() {
        case .tensor(let x): lines.append(try line("x", x))
        case .named(let inputs): for (key, x) in inputs { lines.append(try line("x[\"\(key)\"]", x)) }
        }
        if let y { lines.append(try line("y", y)) }
        if let classes {
            let counts = zip(classes, try classCounts()).map { "\($0) (\($1))" }
            lines.append("\(classes.count) classes: " + counts.prefix(20).joined(separator: ", "))
        }
        if let normalization { lines.append("normalised with \(normalization)") }
        return lines.joined(separator: "\n")
    }
}

func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : "\((value * 1e4).rounded() / 1e4)"
}
