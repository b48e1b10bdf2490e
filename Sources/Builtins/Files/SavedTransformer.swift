import Base
import Data
import Learning
import OrderedCollections
import Runtime
import Tensors
import Tokenization

/// A network of `std/transformers.dist` as a folder that transformers loads, and sentence-transformers where the network makes
/// one vector of a text.
enum SavedTransformer {
    /// Writes the folder; every file of it is whole before it has its name.
    ///
    /// - Returns: whether the network was written: not if the path has an extension, or the network no `settings` that say
    ///   what a `config.json` does.
    /// - Throws: ``FileError``, and what asking the network throws.
    static func write(
        _ net: Module, to path: String, tokenizer: Tokenizer?, in interpreter: Interpreter
    ) throws -> Bool {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        guard !name.isEmpty, !name.dropFirst().contains("."),
            let method = (net as? ScriptedModule)?.member("settings"),
            case .dict(let settings) = try interpreter.call(method, []),
            case .dict(let config)? = member("config", of: settings, in: interpreter)
        else {
            guard tokenizer == nil else {
                throw Failure(
                    .value, "save: tokenizer= is for a folder, and \(path) is none",
                    help: ["save(net, \"folder\", tokenizer=t) with a network of std/transformers.dist"])
            }
            return false
        }
        try WholeFile.makeFolder(path)
        try SafeTensors(net.storedState(), metadata: ["format": "pt"]).write(to: path + "/model.safetensors")
        try write(named(json(config, in: interpreter), net.record?.classes), to: path + "/config.json")
        if let tokenizer { try write(tokenizer, to: path) }
        guard case .string(let pooling)? = member("pooling", of: settings, in: interpreter), pooling.text != "none"
        else {
            return true
        }
        var isNormalized = false
        if case .bool(let truth)? = member("normalized", of: settings, in: interpreter) { isNormalized = truth }
        try writePooling(
            pooling.text, width: width(of: config, in: interpreter), isNormalized, longest: tokenizer?.longest, to: path
        )
        return true
    }

    /// A configuration with the names of the classes that the network knows.
    private static func named(_ config: JSON, _ classes: [String]?) -> JSON {
        guard case .object(var members) = config, let classes,
            case .object(let labels)? = config["id2label"], labels.count == classes.count
        else { return config }
        for index in members.indices {
            if members[index].key == "id2label" {
                members[index].value = .object(classes.enumerated().map { ("\($0)", .string($1)) })
            } else if members[index].key == "label2id" {
                members[index].value = .object(classes.enumerated().map { ($1, .integer($0)) })
            }
        }
        return .object(members)
    }

    private static func member(_ name: String, of dict: DictObject, in interpreter: Interpreter) -> Value? {
        dict.entries.first { Display.text($0.key.value, in: interpreter) == name }?.value
    }

    private static func width(of config: DictObject, in interpreter: Interpreter) -> Int {
        for name in ["hidden_size", "dim"] {
            if case .int(let width)? = member(name, of: config, in: interpreter) { return width }
        }
        return 0
    }

    private static func write(_ json: JSON, to path: String) throws {
        try WholeFile.write(Array((json.text + "\n").utf8), to: path)
    }

    /// A dict of numbers, texts and lists as JSON.
    private static func json(_ dict: DictObject, in interpreter: Interpreter) -> JSON {
        .object(dict.entries.map { (Display.text($0.key.value, in: interpreter), json($0.value, in: interpreter)) })
    }

    private static func json(_ value: Value, in interpreter: Interpreter) -> JSON {
        switch value {
        case .bool(let truth): .bool(truth)
        case .int(let number): .integer(number)
        case .float(let number): .number(number)
        case .string(let text): .string(text.text)
        case .list(let list): .array(list.elements.map { json($0, in: interpreter) })
        case .dict(let dict): json(dict, in: interpreter)
        default: .null
        }
    }

    /// `tokenizer.json`, and what transformers wants to know beside it.
    private static func write(_ tokenizer: Tokenizer, to path: String) throws {
        try write(tokenizer.file, to: path + "/tokenizer.json")
        var members: [(key: String, value: JSON)] = [("tokenizer_class", .string("PreTrainedTokenizerFast"))]
        if let longest = tokenizer.longest { members.append(("model_max_length", .integer(longest))) }
        for (name, spellings) in [
            ("unk_token", ["[UNK]", "<unk>"]), ("cls_token", ["[CLS]", "<s>"]), ("sep_token", ["[SEP]", "</s>"]),
            ("pad_token", ["[PAD]", "<pad>"]), ("mask_token", ["[MASK]", "<mask>"]),
        ] {
            if let token = spellings.first(where: { tokenizer.id(of: $0) != nil }) {
                members.append((name, .string(token)))
            }
        }
        if tokenizer.padding?.isLeft == true { members.append(("padding_side", .string("left"))) }
        try write(.object(members), to: path + "/tokenizer_config.json")
    }

    /// What sentence-transformers reads of a network that makes one vector of a text.
    private static func writePooling(
        _ pooling: String, width: Int, _ isNormalized: Bool, longest: Int?, to path: String
    ) throws {
        func module(_ index: Int, _ place: String, _ type: String) -> JSON {
            .object([
                ("idx", .integer(index)), ("name", .string("\(index)")), ("path", .string(place)),
                ("type", .string("sentence_transformers.models.\(type)")),
            ])
        }
        var modules = [module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")]
        if isNormalized { modules.append(module(2, "2_Normalize", "Normalize")) }
        try write(.array(modules), to: path + "/modules.json")
        try WholeFile.makeFolder(path + "/1_Pooling")
        let flags = [
            ("cls", "cls_token"), ("mean", "mean_tokens"), ("max", "max_tokens"),
            ("mean_sqrt_len", "mean_sqrt_len_tokens"),
        ]
        try write(
            .object(
                [("word_embedding_dimension", .integer(width))]
                    + flags.map { ("pooling_mode_" + $0.1, .bool($0.0 == pooling)) }),
            to: path + "/1_Pooling/config.json")
        if isNormalized { try WholeFile.makeFolder(path + "/2_Normalize") }
        try write(
            .object([
                ("max_seq_length", longest.map { .integer($0) } ?? .null), ("do_lower_case", .bool(false)),
            ]), to: path + "/sentence_bert_config.json")
    }
}
