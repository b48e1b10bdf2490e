import Data
import Diagnostics
import OrderedCollections
import Runtime
import Tensors

extension Dataset: LanguageObject {
    /// `dataset`.
    public static var languageName: String { "dataset" }
}

extension DatasetInput: ValueEncodable {
    /// A tensor, a dict of tensors, or texts.
    public static var languageType: LanguageType { .union([.tensor, .dict, .list(.string)]) }

    /// The tensor, or the dict of the named inputs.
    public func encode(in interpreter: Interpreter) -> Value {
        switch self {
        case .tensor(let x): .tensor(x)
        case .named(let inputs): inputs.encode(in: interpreter)
        case .texts(let texts): texts.encode(in: interpreter)
        }
    }
}

/// The batches that `for x, y in batches(…)` goes through.
final class BatchesObject: LanguageObject {
    static var languageName: String { "batches" }

    let batches: Batches

    init(_ batches: Batches) { self.batches = batches }
}

extension Library {
    /// What datasets and batches are to the language.
    func addDatasetTypes() {
        add(
            ObjectType(
                Dataset.self, "Examples x with labels y, and the names of the classes.",
                display: { dataset in Markup(try dataset.describe()) },
                length: { $0.count },
                element: { dataset, index, interpreter in try Self.element(of: dataset, at: index, in: interpreter) },
                iterate: { dataset, interpreter in
                    var row = 0
                    return {
                        guard row < dataset.count else { return nil }
                        defer { row += 1 }
                        return try Self.element(of: dataset, at: .int(row), in: interpreter)
                    }
                }))
        add(
            ObjectType(
                BatchesObject.self, "A dataset cut into batches.",
                display: { object in
                    let batches = object.batches
                    return Markup("\(batches.count) batches of \(batches.size) from \(batches.dataset.count) examples")
                },
                length: { $0.batches.count },
                iterate: { object, interpreter in
                    var iterator = object.batches.makeIterator()
                    return {
                        guard let batch = try iterator.next()?.get() else { return nil }
                        let classes = object.batches.dataset.classes?.count
                        let y = try batch.targets(classes: classes).map { Value.tensor($0) } ?? .none
                        return .list([batch.input.encode(in: interpreter), y])
                    }
                }))
        add(
            Attribute(
                "x", on: .object("dataset"),
                "The examples: a tensor whose first dimension counts them, a dict of such, or a list of strings.",
                examples: [Example(#"dataset("digits").x.shape"#, "[1797, 64]")]
            ) { (dataset: Dataset) in try dataset.input() })
        add(
            Attribute(
                "mask", on: .object("dataset"), "Which examples [N] or positions [N, L] count, or none for all.",
                examples: [
                    Example(
                        "TensorDataset({\"x\": zeros(1, 2), \"mask\": tensor([[true, false]])}).mask.tolist()",
                        "[[true, false]]")
                ]
            ) { (dataset: Dataset) -> Tensor? in dataset.mask })
        add(
            Attribute(
                "y", on: .object("dataset"), "The labels: int64 classes [N], or float targets.",
                examples: [Example(#"dataset("digits").y[:4]"#, "int64 [4]  min 0  mean 1.5000  max 3", "[0 1 2 3]")]
            ) { (dataset: Dataset) in dataset.y })
        add(
            Attribute(
                "classes", on: .object("dataset"), "The names of the classes; none for a regression.",
                examples: [Example(#"len(dataset("digits").classes)"#, "10")]
            ) { (dataset: Dataset) in dataset.classes })
        add(
            Attribute(
                "task", on: .object("dataset"),
                "What the targets are; none without targets, and while only a network can tell.",
                examples: [Example("TensorDataset(zeros(3, 2), arange(3)).task", "classes")]
            ) { (dataset: Dataset) -> String? in
                if case .settled(let task) = dataset.knownTask { task.rawValue } else { nil }
            })
        add(
            Attribute(
                "normalization", on: .object("dataset"),
                "What `normalize` subtracts and divides by: a dict with the lists mean and std, or none.",
                examples: [
                    Example(
                        "normalize(TensorDataset(tensor([[1.0], [3.0]]), arange(2))).normalization",
                        "{\"mean\": [2.0], \"std\": [1.0]}")
                ]
            ) { (dataset: Dataset) -> OrderedDictionary<String, [Double]>? in
                dataset.normalization.map { ["mean": $0.mean, "std": $0.std] }
            })
        let receiver = Parameter<Dataset>("self", "the dataset")
        add(
            Builtin(
                "describe", on: .object("dataset"), .data, "Prints size, shapes, ranges, classes and normalisation.",
                parameters: [receiver.description],
                examples: [
                    Example(
                        #"TensorDataset(zeros(4, 2), tensor([0, 1, 0, 1])).describe()"#,
                        "TensorDataset: 4 examples", "x: float32 [4, 2], 0 … 0", "y: int64 [4], 0 … 1",
                        "task: classes for a network that gives two logits, binary for one that gives one",
                        "2 classes: 0 (2), 1 (2)")
                ]
            ) { call in
                call.interpreter.output(Markup(try call[receiver].describe() + "\n"))
                return NoValue()
            })
    }

    private static func element(of dataset: Dataset, at index: Value, in interpreter: Interpreter) throws -> Value {
        switch index {
        case .int(let row):
            let example = try dataset.example(row)
            return .list([example.x.encode(in: interpreter), example.y.map { .tensor($0) } ?? .none])
        case .tensor(let index) where index.dtype == .int64 && index.rank == 1:
            return try dataset.rows(index.integers().map { $0 < 0 ? $0 &+ dataset.count : $0 }).encode(in: interpreter)
        case .list:
            guard let rows = [Int].decode(index, in: interpreter) else { break }
            return try dataset.rows(rows.map { $0 < 0 ? $0 &+ dataset.count : $0 }).encode(in: interpreter)
        default:
            if let slice = Slice.decode(index, in: interpreter) {
                return try dataset.rows(Array(slice.indices(count: dataset.count))).encode(in: interpreter)
            }
        }
        throw Failure(.type, "a dataset is indexed by an int, a slice or a list of ints, not \(index.typeName)")
    }
}
