import OrderedCollections
import Tensors

/// What goes into a network for a dataset or a batch: one tensor, several by name, or texts that a tokenizer must make
/// numbers of first.
public enum DatasetInput {
    /// One tensor, [N, …].
    case tensor(Tensor)
    /// Several, each [N, …], which go to `forward` by name.
    case named(OrderedDictionary<String, Tensor>)
    /// Texts, one for each example.
    case texts([String])

    /// The number of examples.
    public var count: Int {
        switch self {
        case .tensor(let x): x.shape.first ?? 0
        case .named(let inputs): inputs.values.first?.shape.first ?? 0
        case .texts(let texts): texts.count
        }
    }

    /// The tensors.
    public var tensors: [Tensor] {
        switch self {
        case .tensor(let x): [x]
        case .named(let inputs): Array(inputs.values)
        case .texts: []
        }
    }

    /// The one tensor, if there is one.
    public var tensor: Tensor? {
        if case .tensor(let x) = self { x } else { nil }
    }

    /// The texts, if they are no numbers yet.
    public var texts: [String]? {
        if case .texts(let texts) = self { texts } else { nil }
    }

    /// The same input with every tensor replaced.
    public func mapped(_ transform: (Tensor) throws -> Tensor) rethrows -> DatasetInput {
        switch self {
        case .tensor(let x): .tensor(try transform(x))
        case .named(let inputs): .named(try inputs.mapValues(transform))
        case .texts: self
        }
    }
}

/// Examples with their targets: x [N, …], y int64 (classes) or float (regression) [N] or [N, D], or none at all.
///
/// A dataset never changes; `filter`, `take`, `normalize` and the others make new ones. Images may be held as bytes, or stay
/// in a file: they become numbers, are changed by the augmentation and are normalised when they are read, batch by batch.
public final class Dataset {
    /// Where x is.
    enum Stored {
        /// In memory; bytes for images that were read as such.
        case memory(DatasetInput)
        /// Records of a file, chosen by an int64 vector.
        case file(RecordFile, records: Tensor)
    }

    let stored: Stored
    /// The targets, unless there are none.
    public let y: Tensor?
    /// The names of the classes; nil for regression and unlabelled data.
    public let classes: [String]?
    /// Which positions count, [N] or [N, L] bool; nil means all.
    public let mask: Tensor?
    /// What is subtracted from x as it is stored and divided by, if the data is normalised.
    public let normalization: Normalization?
    /// What is done to the batches of each epoch anew.
    public let augmentation: Augmentation?
    /// The numbers from which the views of each pass follow, which come round again; nil draws one for every pass.
    public let viewCycle: [UInt64]?
    /// What was said of the targets: task, dimension of the classes, the label that does not count.
    public let target: TargetDeclaration
    /// How the table was read that the data came from.
    public let table: TableSchema?
    /// How texts became x, if they did.
    public let tokens: TextTokens?
    /// The names of the examples; what a teacher said elsewhere is found by them. Read or given, each is there once; examples
    /// that are taken several times keep theirs.
    public let ids: [String]?
    /// Where the data came from, for messages and descriptions.
    public let name: String

    /// A dataset from its parts.
    ///
    /// - Throws: ``DataError/shape(function:problem:help:)`` when x, y and mask disagree about the number of examples,
    ///   ``DataError/argument(function:problem:help:)`` for classes that do not cover y.
    public convenience init(
        input: DatasetInput, y: Tensor?, classes: [String]? = nil, mask: Tensor? = nil,
        normalization: Normalization? = nil, augmentation: Augmentation? = nil,
        target: TargetDeclaration = TargetDeclaration(), tokens: TextTokens? = nil, ids: [String]? = nil,
        name: String = "TensorDataset"
    ) throws {
        // Tensors of their own over the same memory: a write to the caller's copies first, so the dataset never changes.
        let input = try input.mapped { try $0.detach() }
        try self.init(
            stored: .memory(input), y: y.map { try $0.detach() }, classes: classes, mask: mask,
            normalization: normalization, augmentation: augmentation, target: target, tokens: tokens, ids: ids,
            name: name)
    }

    init(
        stored: Stored, y: Tensor?, classes: [String]?, mask: Tensor? = nil, normalization: Normalization? = nil,
        augmentation: Augmentation? = nil, target: TargetDeclaration = TargetDeclaration(), table: TableSchema? = nil,
        tokens: TextTokens? = nil, ids: [String]? = nil, viewCycle: [UInt64]? = nil, name: String
    ) throws {
        // Truth values are the classes 0 and 1.
        let y = try y.map { $0.dtype == .bool ? try $0.to(.int64) : $0 }
        let (inputs, count) =
            switch stored {
            case .memory(let input): (input.tensors, input.count)
            case .file(_, let records): ([records], records.count)
            }
        for tensor in inputs + [y, mask].compactMap({ $0 }) where tensor.shape.first != count {
            throw DataError.shape(
                function: name, problem: "expected \(count) examples everywhere, given a tensor \(tensor.shape)",
                help: "the first dimension counts the examples")
        }
        try Self.check(mask, inputs, y, name)
        if let ids, ids.count != count {
            throw DataError.shape(
                function: name, problem: "\(ids.count) ids for \(count) examples", help: "one id for each example")
        }
        self.stored = stored
        self.ids = ids
        self.viewCycle = viewCycle
        self.y = y
        self.mask = mask
        self.normalization = normalization
        self.augmentation = augmentation
        self.target = target
        self.table = table
        self.tokens = tokens
        self.name = name
        self.classes = try Self.checkedClasses(classes, y: y, target: target, name: name)
    }

    /// Refuses a mask that covers nothing: every dimension of it is one of the inputs or of the targets.
    private static func check(_ mask: Tensor?, _ inputs: [Tensor], _ y: Tensor?, _ name: String) throws {
        guard let mask, mask.rank > 1 else { return }
        let known = Set((inputs + [y].compactMap { $0 }).flatMap { $0.shape.array.dropFirst() })
        guard let other = mask.shape.array.dropFirst().first(where: { $0 != 1 && !known.contains($0) }) else { return }
        let shapes = inputs.map(\.shape.description) + (y.map { ["y " + $0.shape.description] } ?? [])
        throw DataError.shape(
            function: name,
            problem: "a mask \(mask.shape) beside inputs \(shapes.joined(separator: ", ")): none of them has \(other) "
                + "positions",
            help: "a mask is [N] for examples, or [N, L] for the positions of x [N, L, …]")
    }

    /// Makes sure that every name is there, and once.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` that says which is not.
    public static func checkNames(_ ids: [String]?, of function: String) throws {
        guard let ids else { return }
        if let row = ids.firstIndex(of: "") {
            throw DataError.argument(function: function, problem: "row \(row) has no id", help: nil)
        }
        guard Set(ids).count != ids.count else { return }
        let twice = Dictionary(grouping: ids) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
        let names = twice.prefix(5).joined(separator: ", ") + (twice.count > 5 ? ", …" : "")
        throw DataError.argument(
            function: function, problem: "the ids \(names) occur more than once", help: "an id names one row")
    }

    /// A dataset of tensors; int64 targets [N] are classes, named by their number up to the largest.
    ///
    /// - Throws: as ``init(input:y:classes:mask:normalization:augmentation:name:)``.
    public convenience init(
        x: Tensor, y: Tensor?, classes: [String]? = nil, target: TargetDeclaration = TargetDeclaration(),
        ids: [String]? = nil, name: String = "TensorDataset"
    ) throws {
        try self.init(input: .tensor(x), y: y, classes: classes, target: target, ids: ids, name: name)
    }

    private static func checkedClasses(
        _ classes: [String]?, y: Tensor?, target: TargetDeclaration, name: String
    ) throws -> [String]? {
        guard let y, y.dtype == .int64, y.count > 0, y.rank == 1 || (y.rank == 2 && y.shape[1] == 1),
            target.task.map({ $0 == .classes || $0 == .binary }) ?? true
        else { return classes }
        let labels = try y.integers().filter { $0 != target.ignoreIndex }
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
    public var count: Int {
        switch stored {
        case .memory(let input): input.count
        case .file(_, let records): records.count
        }
    }

    /// Whether x stays in its file and is read batch by batch.
    public var isStreamed: Bool {
        if case .file = stored { true } else { false }
    }

    /// The sizes of x, if it is one tensor: [N, …].
    public var inputShape: [Int]? {
        switch stored {
        case .memory(let input): input.tensor?.shape.array
        case .file(let file, let records): [records.count] + file.recordShape
        }
    }

    /// The same data with some parts replaced.
    func with(
        stored: Stored? = nil, y: Tensor?? = nil, classes: [String]?? = nil, mask: Tensor?? = nil,
        normalization: Normalization?? = nil, augmentation: Augmentation?? = nil, ids: [String]?? = nil,
        viewCycle: [UInt64]?? = nil, target: TargetDeclaration? = nil, tokens: TextTokens?? = nil
    ) throws -> Dataset {
        try Dataset(
            stored: stored ?? self.stored, y: y ?? self.y, classes: classes ?? self.classes, mask: mask ?? self.mask,
            normalization: normalization ?? self.normalization, augmentation: augmentation ?? self.augmentation,
            target: target ?? self.target, table: table, tokens: tokens ?? self.tokens, ids: ids ?? self.ids,
            viewCycle: viewCycle ?? self.viewCycle,
            name: name)
    }

    /// How many examples each class has; empty without classes.
    ///
    /// - Throws: a limit error when memory is short.
    public func classCounts() throws -> [Int] {
        guard let classes, let y, y.dtype == .int64 else { return [] }
        var counts = Array(repeating: 0, count: classes.count)
        if knownTask == .settled(.multilabel) {
            for (position, label) in try y.integers().enumerated() where label == 1 {
                counts[position % classes.count] += 1
            }
            return counts
        }
        for label in try y.integers() where label != target.ignoreIndex && label >= 0 && label < classes.count {
            counts[label] += 1
        }
        return counts
    }

    /// One factor a class, N / (K · count), so that every class weighs the same in a loss; 0 for a class without examples.
    ///
    /// The formula of scikit-learn's `class_weight="balanced"`. For a loss: `CrossEntropyLoss(weight=…)`.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` without classes.
    public func classWeights() throws -> Tensor {
        let counts = try classCounts()
        guard counts.contains(where: { $0 > 0 }) else {
            throw DataError.argument(function: "class_weights", problem: "the dataset has no classes", help: nil)
        }
        let total = Double(counts.reduce(0, +))
        return try Tensor(counts.map { $0 == 0 ? 0 : Float(total / (Double(counts.count) * Double($0))) })
    }
}
