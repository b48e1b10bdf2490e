import Data
import Glibc
import OrderedCollections
import Tensors

/// Arrays by name with texts beside them: what a file or a dict of predictions holds.
public struct PredictionParts {
    /// The arrays.
    public var tensors: OrderedDictionary<String, Tensor>
    /// What the project's own layout says beside them.
    public var metadata: OrderedDictionary<String, String>
    /// Names of rows that are texts.
    public var ids: [String]?
    /// The names of the classes.
    public var classes: [String]?

    /// Parts to be read.
    public init(
        _ tensors: OrderedDictionary<String, Tensor>, metadata: OrderedDictionary<String, String> = [:],
        ids: [String]? = nil, classes: [String]? = nil
    ) {
        self.tensors = tensors
        self.metadata = metadata
        self.ids = ids
        self.classes = classes
    }
}

/// What a call says about stored numbers, beside what the file says.
public struct PredictionOptions {
    /// What the numbers are.
    public var kind: StoredPredictions.Kind?
    /// The temperature of what is no logit.
    public var temperature: Double?
    /// What becomes of the mass that is not stored.
    public var rest: StoredPredictions.Rest?
    /// The names of the rows.
    public var ids: [String]?
    /// The names of the classes.
    public var classes: [String]?
    /// What made tokens of the texts that the teacher saw.
    public var tokenizer: String?

    /// What the file says.
    public init() {}
}

extension StoredPredictions {
    /// Predictions from what a file or a dict holds: `logits`, `log_probabilities` or `probabilities`, or `indices` with
    /// `values` (or `counts`), beside them `tail`, `ids` and `classes`; or the project's own layout.
    ///
    /// - Throws: ``DistillationError/predictions(name:problem:help:)`` for what is missing, does not fit or must be said.
    public convenience init(_ parts: PredictionParts, _ options: PredictionOptions, name: String) throws {
        func failure(_ problem: String, help: String? = nil) -> DistillationError {
            .predictions(name: name, problem: problem, help: help)
        }
        func texts(_ key: String) -> [String]? {
            guard let text = parts.metadata[key], let list = try? JSON(parsing: Array(text.utf8)).array else {
                return nil
            }
            return list.compactMap(\.string)
        }
        let isOwn = parts.metadata["format"] == Self.format
        // In the project's own layout `ids` are those of the classes.
        let rowNames = parts.tensors["row_id"] ?? (isOwn ? nil : parts.tensors["ids"])
        let numbers = rowNames.flatMap { $0.rank == 1 ? try? $0.to(.int64).integers() : nil }
        let ids = options.ids ?? parts.ids ?? texts("row_id") ?? numbers?.map { String($0) }
        let classes = options.classes ?? parts.classes ?? texts("classes")
        let said = options.kind ?? parts.metadata["kind"].flatMap(Kind.init)
        let temperature = options.temperature ?? parts.metadata["T"].flatMap(Double.init)
        func scale(of kind: Kind) throws -> Double {
            if kind == .logits { return temperature ?? 1 }
            guard let temperature else {
                throw failure(
                    "\(kind.rawValue) are those of one temperature, and nothing says which",
                    help: "values_T=1 for a plain softmax; an API's may carry its sampling temperature")
            }
            return temperature
        }
        let dataMark = parts.metadata["data"]
        func mask(for values: Tensor) throws -> Tensor? {
            guard let mask = parts.tensors["mask"] else { return nil }
            guard mask.shape.array == Array(values.shape.array.dropLast()) else {
                throw failure(
                    "a mask \(mask.shape) for values \(values.shape)", help: "1 for each position that is known")
            }
            return try mask.ne(.float(0)).to(.int64)
        }
        if let indices = parts.tensors["indices"] ?? (isOwn ? parts.tensors["ids"] : nil) {
            guard var values = parts.tensors["values"] ?? parts.tensors["counts"] else {
                throw failure("indices without values", help: Self.keysHelp)
            }
            guard let kind = said ?? (parts.tensors["values"] == nil ? .counts : nil) else {
                throw failure(
                    "nothing says what the values are",
                    help: "kind=\"logits\", \"log_probabilities\", \"probabilities\" or \"counts\"")
            }
            guard !indices.dtype.isFloating else {
                throw failure("indices are the numbers of classes, given \(indices.dtype)")
            }
            if let scale = parts.tensors["scale"] {
                values = try StoredPrecision.restored(values, scale: scale, kind: kind)
            }
            var places = try indices.to(.int64)
            if let none = parts.metadata["no_class"].flatMap({ Int($0) }) {
                places = try places.maskedFill(places.eq(.int(none)), .int(-1))
            }
            var tail = kind == .counts ? nil : parts.tensors["tail"]
            let mask = try mask(for: places)
            if let mask {
                // What stands at a position of which nothing is said is never looked at: class 0, for sure.
                let none = try mask.eq(.int(0)).unsqueeze(dim: -1).expand(places.shape.array)
                let first = try Tensor.arange(.int(places.shape.last ?? 1)).eq(.int(0)).expand(places.shape.array)
                let sure: Double = kind == .probabilities || kind == .counts ? 1 : 0
                places = try places.maskedFill(none, .int(-1)).maskedFill(none * first, .int(0))
                values = try values.maskedFill(none, .float(sure))
                tail = try tail?.maskedFill(mask.eq(.int(0)), .float(0))
            }
            try self.init(
                indices: places, values: values, kind: kind, temperature: scale(of: kind), tail: tail,
                rest: options.rest ?? parts.metadata["rest"].flatMap(Rest.init), ids: ids, classes: classes,
                width: parts.metadata["width"].flatMap { Int($0) }, dataMark: dataMark, name: name)
            self.mask = mask
            tokenizer = options.tokenizer ?? parts.metadata["tokenizer"]
            return
        }
        let named = Kind.allCases.first { parts.tensors[$0.rawValue] != nil }
        let only = parts.tensors.filter { !["ids", "row_id", "entropy", "tail", "scale", "mask"].contains($0.key) }
        guard var values = named.flatMap({ parts.tensors[$0.rawValue] }) ?? (only.count == 1 ? only.values.first : nil)
        else {
            throw failure(
                "holds \(parts.tensors.isEmpty ? "nothing" : Self.list(Array(parts.tensors.keys)))", help: Self.keysHelp
            )
        }
        if let scale = parts.tensors["scale"], isOwn {
            values = try StoredPrecision.restored(values, scale: scale, kind: said ?? named)
        }
        if let rest = options.rest {
            throw failure(
                "rest=\"\(rest.rawValue)\" is for rows of some classes, and all are stored", help: "leave rest= out")
        }
        if said == nil, named ?? .logits == .logits, try Logits.areProbabilities(values) {
            throw failure(
                "every row sums to 1, as probabilities do",
                help: "kind=\"probabilities\", values_T=1, or kind=\"logits\"")
        }
        let kind = said ?? named ?? .logits
        let mask = try mask(for: values)
        if let mask {
            // What stands at a position of which nothing is said is never looked at: any distribution will do.
            let share = 1 / Double(values.shape.last ?? 1)
            let isLogarithm = kind == .logits || kind == .logProbabilities
            values = try values.maskedFill(
                mask.eq(.int(0)).unsqueeze(dim: -1), .float(isLogarithm ? log(share) : share))
        }
        try self.init(
            values, kind: kind, temperature: scale(of: kind), ids: ids, classes: classes, dataMark: dataMark, name: name
        )
        self.mask = mask
        tokenizer = options.tokenizer ?? parts.metadata["tokenizer"]
    }

    private static let keysHelp =
        "keys: logits, log_probabilities or probabilities [N, K]; or indices and values [N, k] with tail [N], mask [N, L]; ids, classes"
}
