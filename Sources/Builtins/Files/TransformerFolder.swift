import Base
import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

/// A folder of a transformer encoder, as transformers and sentence-transformers have it: `config.json` beside the weights,
/// and what makes one vector of a text in `modules.json`.
struct TransformerFolder {
    private let folder: WeightFolder
    private let configuration: JSON
    private let kind: String
    private var pooling = "none"
    private var isNormalized = false

    /// The kinds of networks that `std/transformers.dist` has.
    private static let kinds: Set<String> = ["bert", "roberta", "xlm-roberta", "distilbert", "gpt2"]

    /// The network of a folder; nil if it holds another kind, or none.
    ///
    /// - Throws: ``DataError`` for files that are no JSON, a `Failure` for a way to make one vector that is not read.
    init?(_ path: String, function: String, argument: Int) throws {
        guard WholeFile.namesIfAny(in: path).contains("modules.json") else {
            guard let folder = try WeightFolder(path, function: function, argument: argument) else { return nil }
            self.init(folder)
            return
        }
        var inner = path
        var pooling = "none", isNormalized = false
        for module in try Self.json(path + "/modules.json").array ?? [] {
            let place = module["path"]?.string ?? ""
            // The words before the last were others in older versions.
            switch module["type"]?.string?.split(separator: ".").last {
            case "Transformer": if !place.isEmpty { inner = "\(path)/\(place)" }
            case "Pooling": pooling = try Self.pooling("\(path)/\(place)/config.json")
            case "Normalize": isNormalized = true
            case let other:
                throw Failure(
                    .io,
                    "\(function): \(path)/modules.json: the module \"\(other.map(String.init) ?? "")\" is not read",
                    operands: [argument: ""])
            }
        }
        guard let folder = try WeightFolder(inner, function: function, argument: argument) else { return nil }
        self.init(folder)
        self.pooling = pooling
        self.isNormalized = isNormalized
    }

    private init?(_ folder: WeightFolder) {
        guard let configuration = folder.configuration, let kind = configuration["model_type"]?.string,
            Self.kinds.contains(kind)
        else { return nil }
        self.folder = folder
        self.configuration = configuration
        self.kind = kind
    }

    private static func json(_ path: String) throws -> JSON {
        do {
            return try JSON(parsing: FileBytes.read(path))
        } catch let error as JSON.SyntaxError {
            throw DataError.byte(path: path, offset: error.offset, problem: "no JSON: \(error.problem)")
        }
    }

    /// What a `1_Pooling/config.json` says: a name, or in older files a flag for each.
    private static func pooling(_ path: String) throws -> String {
        let json = try json(path)
        let flags = [
            "cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens", "mean_sqrt_len": "mean_sqrt_len_tokens",
            "weightedmean": "weightedmean_tokens", "lasttoken": "lasttoken",
        ]
        var names = flags.filter { json["pooling_mode_\($0.value)"] == .bool(true) }.keys.sorted()
        if let name = json["pooling_mode"]?.string { names = [name == "mean_sqrt_len_tokens" ? "mean_sqrt_len" : name] }
        guard names.count == 1, let name = names.first, ["cls", "mean", "max", "mean_sqrt_len"].contains(name) else {
            throw Failure(
                .io, "load: \(path): the pooling \(names.map { "\"\($0)\"" }.joined(separator: " with ")) is not read",
                help: ["\"cls\", \"mean\", \"max\" and \"mean_sqrt_len\" are, one of them"])
        }
        return name
    }

    /// The network with its weights, in evaluation mode.
    ///
    /// - Throws: a `Failure` for weights that do not fit what `config.json` says.
    func network(in interpreter: Interpreter) throws -> Module {
        let search = try TensorFile.weights(
            folder.files, named: folder.path, key: nil, function: "load", argument: 0)
        guard let found = try search.candidates.first?.read() else { throw folder.refusal }
        var tensors = Self.current(found)
        if kind == "gpt2" { tensors = Self.languageModel(tensors) }
        // A network with a head has the encoder under its own name.
        let beginning = kind == "xlm-roberta" ? "roberta." : kind + "."
        let head = head(of: tensors)
        if head == nil, kind != "gpt2", tensors.keys.contains(where: { $0.hasPrefix(beginning) }) {
            tensors = tensors.reduce(into: [:]) { result, entry in
                let isInside = entry.key.hasPrefix(beginning)
                result[isInside ? String(entry.key.dropFirst(beginning.count)) : entry.key] = entry.value
            }
        }
        let library = try interpreter.importFile("std/transformers.dist")
        guard let build = library.value(of: "from_config", in: interpreter) else { throw folder.refusal }
        let made = try interpreter.call(
            build, [Self.value(configuration)],
            named: [
                (
                    name: "pooler",
                    value: .bool(
                        tensors.keys.contains { $0.hasSuffix("pooler.dense.weight") }
                            || kind == "bert" && head?.name == "sequence")
                ),
                (name: "head", value: .string(head?.name ?? "none")),
                (name: "num_labels", value: .int(max(1, head?.labels ?? 1))),
                (name: "initialize", value: .bool(false)),
                (name: "pooling", value: .string(head == nil ? pooling : "none")),
                (name: "normalized", value: .bool(isNormalized)),
            ])
        guard case .module(let net) = made else { throw folder.refusal }
        let own = net.namedState()
        let names = Set(own.map(\.name))
        // Another network's weights: what can be done with them is said.
        guard tensors.keys.contains(where: names.contains) else { throw folder.refusal }
        let others = tensors.keys.filter { !names.contains($0) }
        tensors.removeAll { !names.contains($0.key) }
        do {
            try net.loadStoredState(tensors, strict: true)
        } catch let error as ModuleError {
            throw Failure(
                error.kind, "load: \(folder.path) does not hold what its config.json says: \(error.problem)",
                notes: WeightMismatch(network: own, file: found.mapValues { $0.shape.array }).notes, operands: [0: ""])
        }
        net.eval()
        if let labels = head?.labels, labels > 0, let classes = classes(labels) {
            net.record = net.record ?? TrainingRecord()
            net.record?.classes = classes
        }
        say(Array(others), head?.name, in: interpreter)
        return net
    }

    /// GPT-2's tensors under the names of the whole network, without the masks that files of before hold, and without the
    /// output table, which is that of the embeddings.
    private static func languageModel(_ tensors: OrderedDictionary<String, Tensor>) -> OrderedDictionary<String, Tensor>
    {
        let isWhole = tensors.keys.contains { $0.hasPrefix("transformer.") }
        return tensors.reduce(into: [:]) { result, entry in
            let name = entry.key
            guard name != "lm_head.weight", !name.hasSuffix(".attn.bias"), !name.hasSuffix(".attn.masked_bias") else {
                return
            }
            result[isWhole ? name : "transformer." + name] = entry.value
        }
    }

    /// Tensors under the names of today: scales and shifts had others, and positions were stored.
    static func current(_ tensors: OrderedDictionary<String, Tensor>) -> OrderedDictionary<String, Tensor> {
        tensors.reduce(into: [:]) { result, entry in
            var name = entry.key
            if name.hasSuffix(".position_ids") { return }
            if name.hasSuffix(".gamma") { name = name.dropLast(5) + "weight" }
            if name.hasSuffix(".beta") { name = name.dropLast(4) + "bias" }
            result[name] = entry.value
        }
    }

    /// The head that the weights hold beside the encoder, and how many classes it has; nil for an encoder alone, and for heads
    /// that are not read.
    private func head(of tensors: OrderedDictionary<String, Tensor>) -> (name: String, labels: Int)? {
        let architecture = configuration["architectures"]?.array?.first?.string ?? ""
        let rows = (tensors["classifier.out_proj.weight"] ?? tensors["classifier.weight"])?.shape.first
        if architecture.hasSuffix("ForSequenceClassification"), let rows { return ("sequence", rows) }
        if architecture.hasSuffix("ForTokenClassification"), let rows { return ("tokens", rows) }
        let isLanguageModel = ["cls.predictions.bias", "lm_head.bias", "vocab_projector.bias"].contains {
            tensors[$0] != nil
        }
        return architecture.hasSuffix("ForMaskedLM") && isLanguageModel ? ("masked_lm", 0) : nil
    }

    /// The names of the classes, where there is one for each; what transformers writes where it knows none are no names.
    private func classes(_ count: Int) -> [String]? {
        let names = (0..<count).map { configuration["id2label"]?["\($0)"]?.string }
        guard count > 1, names.allSatisfy({ $0 != nil }), names[0] != "LABEL_0" else { return nil }
        return names.compactMap { $0 }
    }

    private func say(_ others: [String], _ head: String?, in interpreter: Interpreter) {
        let gives =
            switch head {
            case "sequence": "logits of a text"
            case "tokens": "logits of every token"
            case "masked_lm": "what tokens were masked"
            case nil where kind == "gpt2": "logits of the token behind each"
            default: pooling == "none" ? "hidden states" : "one vector a text"
            }
        var said = ["\(kind) gives \(gives)"]
        if head == nil, pooling != "none" {
            said.append(
                (pooling == "cls"
                    ? "that of the first token" : "the \(pooling == "max" ? "largest" : "mean") of its tokens")
                    + (isNormalized ? ", of length 1" : ""))
        }
        if let first = others.first {
            said.append(
                others.count == 1
                    ? "\"\(first)\" is no part of it"
                    : "\"\(first)\" and \(others.count - 1) other tensors are no part of it")
        }
        interpreter.output(Markup("load: \(folder.path): " + said.joined(separator: "; ") + "\n"))
    }

    /// JSON as a value of the language.
    private static func value(_ json: JSON) -> Value {
        switch json {
        case .null: return .none
        case .bool(let truth): return .bool(truth)
        case .integer(let number): return .int(number)
        case .number(let number): return .float(number)
        case .string(let text): return .string(text)
        case .array(let elements): return .list(elements.map(value))
        case .object(let members):
            let dict = DictObject()
            for (key, member) in members { dict[key] = value(member) }
            return .dict(dict)
        }
    }
}
