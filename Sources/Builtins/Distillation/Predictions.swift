import Base
import Data
import Diagnostics
import Distillation
import Drawing
import Learning
import OrderedCollections
import Runtime
import Tensors
import Tokenization

extension StoredPredictions: LanguageObject {
    /// `predictions`.
    public static var languageName: String { "predictions" }
}

/// What stored numbers are.
enum PredictionKindOption: String, StringOption {
    case logits, log_probabilities, probabilities, counts

    var kind: StoredPredictions.Kind { StoredPredictions.Kind(rawValue: rawValue) ?? .logits }
}

/// What becomes of the mass that is not stored.
enum RestOption: String, StringOption {
    case bucket, renormalize, uniform, truncate

    var rest: StoredPredictions.Rest { StoredPredictions.Rest(rawValue: rawValue) ?? .bucket }
}

/// How values stand in a file.
enum PrecisionOption: String, StringOption {
    case f16, int8

    var precision: StoredPrecision { self == .int8 ? .int8 : .f16 }
}

/// Names of rows: strings or whole numbers, in a list or a tensor.
struct RowNames: ValueDecodable {
    let names: [String]

    static var languageType: LanguageType { .union([.list(.union([.string, .int])), .tensor]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> RowNames? {
        if case .tensor(let x) = value, !x.dtype.isFloating, x.rank == 1, let numbers = try? x.to(.int64).integers() {
            return RowNames(names: numbers.map { String($0) })
        }
        guard case .list(let list) = value else { return nil }
        var names: [String] = []
        for element in list.elements {
            switch element {
            case .string(let text): names.append(text.text)
            case .int(let number): names.append(String(number))
            default: return nil
            }
        }
        return RowNames(names: names)
    }
}

/// Where stored predictions are: a file, a tensor, or a dict of tensors.
struct PredictionSource: ValueDecodable {
    private let value: Value
    private let interpreter: Interpreter

    static var languageType: LanguageType { .union([.string, .tensor, .dict]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> PredictionSource? {
        switch value {
        case .string, .tensor, .dict: PredictionSource(value: value, interpreter: interpreter)
        default: nil
        }
    }

    /// The predictions, with what a call says of them.
    func predictions(_ options: PredictionOptions) throws -> StoredPredictions {
        switch value {
        case .tensor(let x): return try StoredPredictions(PredictionParts(["logits": x]), options, name: "predictions")
        case .dict(let dict): return try StoredPredictions(parts(of: dict), options, name: "predictions")
        default:
            guard let path = ReadPath.decode(value, in: interpreter) else { break }
            return try StoredPredictions(parts(ofFile: path.found()), options, name: path.given)
        }
        throw Failure(.type, "predictions: a \(value.typeName) holds none")
    }

    private func parts(ofFile path: String) throws -> PredictionParts {
        switch path.split(separator: ".").last?.lowercased() {
        case "csv", "tsv": return try Self.table(path)
        case "json", "jsonl", "ndjson": return try TokenPredictions(json: FileBytes.read(path), path: path).parts()
        default: break
        }
        switch try TensorFile(
            path, function: "predictions", what: "what a teacher said",
            allowed: [.npy, .npz, .safetensors, .pt], argument: 0)
        {
        case .npy: return PredictionParts(["logits": try NPY.read(path)])
        case .npz:
            var parts = PredictionParts([:])
            for (name, array) in try NPZ.contents(path) {
                switch array {
                case .tensor(let x): parts.tensors[name] = x
                case .texts(let texts) where ["ids", "row_id"].contains(name): parts.ids = texts
                case .texts(let texts) where name == "classes": parts.classes = texts
                case .texts: continue
                }
            }
            return parts
        case .pt where try FileKind(of: path) != .safetensors:
            let torch = try TorchFile(reading: path)
            switch try StoredValues(torch, in: interpreter).value(torch.root) {
            case .tensor(let x): return PredictionParts(["logits": x])
            case .dict(let dict):
                if let items = Self.items(dict, in: interpreter) {
                    return try TokenPredictions(items: items, path: path).parts()
                }
                return try parts(of: dict)
            case let other:
                throw Failure(.value, "predictions: \(path) holds a \(other.typeName), not a tensor or a dict of them")
            }
        default:
            let file = try SafeTensors(reading: path)
            return PredictionParts(file.tensors, metadata: file.metadata)
        }
    }

    /// What is said of the tokens behind prompts, as `.pt` files of language models hold it; nil for anything else.
    private static func items(
        _ dict: DictObject, in interpreter: Interpreter
    ) -> [(count: Int, prompt: Int, indices: Tensor, values: Tensor)]? {
        func member(_ dict: DictObject, _ name: String) -> Value? {
            dict.entries.first { Display.text($0.key.value, in: interpreter) == name }?.value
        }
        guard let list = member(dict, "items"), let items = [Value].decode(list, in: interpreter) else { return nil }
        var found: [(count: Int, prompt: Int, indices: Tensor, values: Tensor)] = []
        for item in items {
            guard case .dict(let item) = item, case .int(let prompt)? = member(item, "prompt_len"),
                case .tensor(let indices)? = member(item, "indices"),
                case .tensor(let values)? = member(item, "values"),
                let ids = member(item, "full_ids")
            else { return nil }
            if case .tensor(let tokens) = ids {
                found.append((tokens.count, prompt, indices, values))
            } else if let tokens = [Int].decode(ids, in: interpreter) {
                found.append((tokens.count, prompt, indices, values))
            } else {
                return nil
            }
        }
        return found
    }

    /// A table with a column for each class, and one called `id` for the rows if there is one.
    private static func table(_ path: String) throws -> PredictionParts {
        var options = CSVOptions()
        options.id = try CSVTable(path: path).names.first { ["id", "ids", "row_id"].contains($0) }.map(CSVLabel.name)
        let data = try readCSV(path, options: options)
        let features = data.table?.features ?? []
        if let text = features.first(where: { $0.categories != nil }) {
            throw Failure(
                .value, "predictions: column \"\(text.name)\" of \(path) holds texts, and a column is a class",
                help: ["take it out of the file; the names of the rows are a column called id"])
        }
        let columns = features.map(\.name)
        // As `p_cat`: the probability of the class.
        let areNamed = !columns.isEmpty && columns.allSatisfy { $0.hasPrefix("p_") && $0.count > 2 }
        return PredictionParts(
            ["logits": try data.x().to(.float32)], ids: data.ids,
            classes: areNamed ? columns.map { String($0.dropFirst(2)) } : nil)
    }

    private func parts(of dict: DictObject) throws -> PredictionParts {
        var parts = PredictionParts([:])
        for (key, value) in dict.entries {
            let name = Display.text(key.value, in: interpreter)
            if case .tensor(let x) = value {
                parts.tensors[name] = x
            } else if ["ids", "row_id"].contains(name), let names = RowNames.decode(value, in: interpreter) {
                parts.ids = names.names
            } else if name == "classes", let names = [String].decode(value, in: interpreter) {
                parts.classes = names
            } else {
                throw Failure(
                    .value, "predictions: \"\(name)\" is a \(value.typeName), expected a tensor",
                    help: ["ids are a list of strings or numbers, classes one of strings"])
            }
        }
        return parts
    }
}

extension Library {
    /// What teachers said elsewhere: reading, making and writing it, and what it costs to store less than all.
    func addPredictions() {
        addPredictionsType()
        addReadPredictions()
        addMakePredictions()
        addSavePredictions()
        addPrice()
    }

    private func addPredictionsType() {
        add(
            ObjectType(
                StoredPredictions.self, "What a teacher said about the rows of a dataset, stored.",
                display: { Markup($0.description) }, length: { $0.count }))
        let start = #"p = predictions({"logits": zeros(2, 3), "ids": ["a", "b"]})"#
        add(
            Attribute(
                "ids", on: .object("predictions"), "The names of the rows, or none.",
                examples: [Example("\(start); p.ids", #"["a", "b"]"#)]
            ) { (predictions: StoredPredictions) in predictions.ids })
        add(
            Attribute(
                "classes", on: .object("predictions"), "The names of the classes, or none.",
                examples: [Example("\(start); print(p.classes)", "none")]
            ) { (predictions: StoredPredictions) in predictions.classes })
        add(
            Attribute(
                "mask", on: .object("predictions"),
                "1 for each position of which something is stored, [N, L], as the mask of a dataset; none for all.",
                examples: [Example("\(start); print(p.mask)", "none")]
            ) { (predictions: StoredPredictions) in predictions.mask })
        let datasetStart = "ds = TensorDataset(zeros(2, 3), ids=[\"a\", \"b\"])"
        add(
            Attribute(
                "ids", on: .object("dataset"), "The names of the examples, or none.",
                examples: [Example("\(datasetStart); ds.ids", #"["a", "b"]"#)]
            ) { (dataset: Dataset) in dataset.ids })
    }

    private func addReadPredictions() {
        let source = Parameter<OneOrMore<PredictionSource>>(
            "x",
            "a file .npy .npz .csv .safetensors .pt .jsonl, a tensor [N, K], a dict of tensors, or a list of such: several teachers"
        )
        let kind = Parameter<PredictionKindOption?>.optional(
            "kind", "what the numbers are", defaultText: "what the file or the key says, else logits")
        let temperature = Parameter<Double?>.optional(
            "values_T", "the temperature of probabilities, log-probabilities and counts, which nothing else says")
        let rest = Parameter<RestOption?>.optional(
            "rest", "what becomes of the mass that is not stored, in rows of some classes",
            defaultText: "\"bucket\"; \"renormalize\" for logits without their tail")
        let ids = Parameter<RowNames?>.optional("ids", "the names of the rows", defaultText: "those of the file")
        let classes = Parameter<[String]?>.optional(
            "classes", "the names of the classes, in order", defaultText: "those of the file")
        let tokenizer = Parameter<Tokenizer?>.optional(
            "tokenizer", "what made tokens of the texts that the teacher saw",
            defaultText: "that of the file, if it says")
        add(
            Builtin(
                "predictions", .distillation,
                "What a teacher said elsewhere, as teacher: `distill(predictions(\"top.npz\", …) -> student, train)`.",
                formula:
                    "bucket Σ_S p log(p/q) + (1 − P)·log((1 − P)/(1 − Q)); renormalize p/P; uniform (1 − P)/(K − k) elsewhere; truncate Σ_S p log(p/q)",
                parameters: [
                    source.description, kind.description, temperature.description, rest.description, ids.description,
                    classes.description, tokenizer.description,
                ],
                returns: "predictions, or a list of them for a list",
                notes: [
                    "Keys: logits, log_probabilities or probabilities [N, K]; or indices and values [N, k], tail [N], for the most probable classes; counts for classes drawn from the teacher; ids, classes. Positions of texts are [N, L, k]; an index of −1 is none.",
                    "mask [N, L] says of which positions something is stored; p.mask is the mask for the dataset. A .jsonl or .json of what a language model says of its tokens has a text a row: [null, [{\"token\": \"token_id:12\", \"logprob\": -0.1}], …] as vLLM writes it, whose token i stands at position i − 1, or [{\"12\": 0.9}, …], probabilities by token; a .pt has {items: [{full_ids, prompt_len, indices, values}]}.",
                    "S are the stored classes of a row, P and Q the teacher's and the student's mass on them. \"bucket\" takes all other classes as one; \"truncate\" may be below 0.",
                    "Rows are matched by ids when predictions and dataset have them, else by position; a row that is missing is named.",
                    "What was said of tokens [N, L, …] is refused for tokens of another tokenizer; what was said of whole texts is not.",
                    "At another temperature than values_T, p becomes p^(values_T/T), renormalised over what is stored. From logits any temperature is exact.",
                    "Terms that need all classes take rest=\"renormalize\" and \"uniform\", or refuse by name. counts are an unbiased sample of the teacher at their own temperature (arXiv:2503.16870); the most probable classes alone are biased.",
                    "In Python: lp = logits.log_softmax(-1); v, i = lp.topk(32); numpy.savez(\"top.npz\", indices=i.numpy(), values=v.numpy(), tail=(1 - v.exp().sum(-1)).clamp(min=0).numpy(), ids=numpy.arange(len(i))) is read with kind=\"log_probabilities\", values_T=1.",
                ],
                seeAlso: ["distill", "soft", "price", "save"],
                examples: [
                    Example(
                        """
                        x = randn(4, 3)
                        top = predictions({"indices": tensor([[0], [1], [1], [2]]), "values": tensor([[0.9], [0.7], [0.8], [0.6]])}, kind="probabilities", values_T=1)
                        distill(top -> Linear(3, 4), TensorDataset(x), loss=soft(T=1), epochs=2).epochs
                        """, "2")
                ]
            ) { call in
                var options = PredictionOptions()
                options.kind = try call[kind]?.kind
                options.temperature = try call[temperature]
                options.rest = try call[rest]?.rest
                options.ids = try call[ids]?.names
                options.classes = try call[classes]
                options.tokenizer = try call[tokenizer]?.mark
                let all = try call[source]
                let made = try all.elements.map { try $0.predictions(options) }
                return all.isList
                    ? Value.list(made.map { $0.encode(in: call.interpreter) }) : made[0].encode(in: call.interpreter)
            })
    }

    private func addMakePredictions() {
        let top = Parameter<Int?>.optional("top", "how many classes of each row, the most probable", defaultText: "all")
        let temperature = Parameter<Double>("T", "the temperature of the stored probabilities", default: 1)
        let rest = Parameter<RestOption>("rest", "what becomes of the mass that is not stored", default: .bucket)
        add(
            Builtin(
                "predictions", .distillation, "What a teacher says about a dataset, to be stored with save.",
                Parameter<Module>("teacher", "the network"), Parameter<Dataset>("data", "what it is asked about"), top,
                temperature, rest,
                returns: "predictions: logits of all classes, or log-probabilities of the most probable",
                notes: [
                    "The rows have the dataset's ids, or their numbers; a mark of the inputs tells when they meet others.",
                    "`distill teacher TEACHER DATA -o top.safetensors --top 32` writes the file.",
                ],
                seeAlso: ["price", "save", "distill"],
                examples: [Example(#"len(predictions(Linear(64, 10), take(dataset("digits"), 20), top=3))"#, "20")]
            ) { (teacher: Module, data: Dataset, top: Int?, temperature: Double, rest: RestOption) in
                try StoredPredictions(of: teacher, on: data, top: top, temperature: temperature, rest: rest.rest)
            })
    }

    private func addSavePredictions() {
        let path = Parameter<String>("path", "the file, .safetensors")
        add(
            Builtin(
                "save", .files, "Writes what a teacher said: ids, values, tail and entropy of each row.",
                Parameter<StoredPredictions>("predictions", "predictions"), path,
                Parameter<PrecisionOption>(
                    "values", "how values stand in the file: two bytes, or one and a scale for each row", default: .f16),
                notes: [
                    "Tensors: ids (u16 or u32) and values [N, k], tail, entropy, row_id [N]; texts beside them: kind, T, rest, classes, data. In Python: safetensors.torch.load_file(path)."
                ],
                seeAlso: ["predictions", "price"],
                examples: [
                    Example(
                        """
                        p = predictions(Linear(64, 10), take(dataset("digits"), 20), top=3)
                        save(p, "/tmp/distill-example-top.safetensors")
                        load("/tmp/distill-example-top.safetensors").keys()
                        """, #"["row_id", "ids", "tail", "values", "entropy"]"#)
                ]
            ) { (predictions: StoredPredictions, path: String, values: PrecisionOption) in
                _ = try TensorFile(
                    path, function: "save", what: "what a teacher said", allowed: [.safetensors], argument: 1)
                try predictions.file(values.precision).write(to: path)
                return NoValue()
            })
    }
}
