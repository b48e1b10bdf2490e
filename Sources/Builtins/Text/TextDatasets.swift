import Base
import Data
import Diagnostics
import OrderedCollections
import Runtime
import Tensors
import Tokenization

/// The labels of texts: a tensor, class numbers, numbers, or the names of classes.
struct TextLabels: ValueDecodable {
    private enum Form {
        case tensor(Tensor)
        case names([String])
    }
    private let form: Form

    static var languageType: LanguageType { .union([.tensor, .list(.union([.int, .float, .string, .bool]))]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> TextLabels? {
        if case .tensor(let tensor) = value { return TextLabels(form: .tensor(tensor)) }
        if let names = [String].decode(value, in: interpreter) { return TextLabels(form: .names(names)) }
        if let numbers = [Int].decode(value, in: interpreter) {
            return (try? Tensor(numbers, shape: [numbers.count])).map { TextLabels(form: .tensor($0)) }
        }
        if let truths = [Bool].decode(value, in: interpreter) {
            return (try? Tensor(truths.map { $0 ? 1 : 0 }, shape: [truths.count])).map { TextLabels(form: .tensor($0)) }
        }
        guard let numbers = [Double].decode(value, in: interpreter) else { return nil }
        return (try? Tensor(numbers.map(Float.init), shape: [numbers.count])).map { TextLabels(form: .tensor($0)) }
    }

    /// The targets, with the names of the classes if they are names.
    ///
    /// - Throws: a `value` failure for a name that is not among the classes.
    func targets(_ classes: [String]?) throws -> (y: Tensor, classes: [String]?) {
        switch form {
        case .tensor(let tensor): return (tensor, classes)
        case .names(let names):
            let classes = classes ?? Set(names).sorted()
            let numbers = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            let labels = try names.enumerated().map { row, name in
                guard let number = numbers[name] else {
                    throw Failure(
                        .value,
                        "text_dataset: row \(row): the class \"\(name)\" is not among \(classes.prefix(10).joined(separator: ", "))"
                    )
                }
                return number
            }
            return (try Tensor(labels, shape: [labels.count]), classes)
        }
    }
}

extension Tokenizer {
    /// The texts of a dataset as tokens.
    ///
    /// - Parameters:
    ///   - limit: the most tokens of a text; nil is what the network of the tokenizer's folder takes.
    ///   - width: how many positions every batch has at least; nil lets a batch end with its longest text.
    /// - Returns: the dataset, and what is to be said of texts that were cut.
    /// - Throws: ``TokenizerError``; a `value` failure for a dataset without texts.
    func tokenized(
        _ dataset: Dataset, atMost limit: Int?, width: Int?, isBucketed: Bool, function: String
    ) throws -> (dataset: Dataset, note: String?) {
        guard let texts = dataset.texts ?? dataset.tokens?.texts else {
            throw Failure(
                .value, "\(function): the dataset holds no texts",
                help: ["read_csv(path, text=\"column\", label=…) or text_dataset(texts, y) make one"])
        }
        let limit = limit ?? longest
        var uncut = 0
        let encodings = try texts.map { text in
            if Interrupt.isRequested { throw Failure(.interrupt, "interrupted") }
            guard let limit else { return try encode(text) }
            // One token more than the limit tells that there were more.
            let encoding = try encode(text, atMost: limit + 1)
            guard encoding.ids.count > limit else { return encoding }
            uncut += 1
            return try encode(text, atMost: limit)
        }
        let lengths = encodings.map(\.ids.count)
        let longest = max(1, lengths.max() ?? 0, width ?? 0)
        let (count, overflows) = texts.count.multipliedReportingOverflow(by: longest)
        try Interpreter.claim(overflows ? .max : count, of: 7 * MemoryLayout<Int>.size, for: function)
        // Without a token for it, padding is the first token: the mask says that it counts for nothing.
        let filler = (id: Int(padding?.id ?? 0), type: Int(padding?.type ?? 0), isLeft: padding?.isLeft ?? false)
        var ids: [Int] = [], types: [Int] = [], mask: [Int] = []
        for encoding in encodings {
            let missing = longest - encoding.ids.count
            func add(_ values: [Int], _ fill: Int, to list: inout [Int]) {
                if filler.isLeft { list += repeatElement(fill, count: missing) }
                list += values
                if !filler.isLeft { list += repeatElement(fill, count: missing) }
            }
            add(encoding.ids.map(Int.init), filler.id, to: &ids)
            add(encoding.types.map(Int.init), filler.type, to: &types)
            add(Array(repeating: 1, count: encoding.ids.count), 0, to: &mask)
        }
        let shape = [texts.count, longest]
        let isToken = try Tensor(mask, shape: shape)
        let tokens = TextTokens(
            tokenizer: mark, lengths: lengths, cutCount: uncut, limit: limit, isBucketed: isBucketed && width == nil,
            isTrimmed: width == nil, isLeftPadded: filler.isLeft,
            fills: ["input_ids": filler.id, "attention_mask": 0, "token_type_ids": filler.type], texts: texts)
        let made = try dataset.tokenized(
            [
                "input_ids": Tensor(ids, shape: shape), "attention_mask": isToken,
                "token_type_ids": Tensor(types, shape: shape),
            ], mask: isToken.ne(.int(0)), tokens: tokens)
        guard uncut > 0, let limit else { return (made, nil) }
        return (
            made,
            "\(uncut) of \(texts.count) texts have more than \(limit) tokens and lose their end; max_length= says otherwise"
        )
    }
}

extension Library {
    /// Datasets of texts.
    func addTextDatasets() {
        let limit = Parameter<Int?>.optional(
            "max_length", "the most tokens of a text, special ones included",
            defaultText: "what the network of the tokenizer's folder takes")
        let bucket = Parameter<Bool>(
            "bucket", "whether the texts of a batch are of like length when an order is drawn", default: true)
        let padding = Parameter<Int?>.optional(
            "padding", "how many positions every batch has at least",
            defaultText: "a batch ends with its longest text, rounded up to 8")
        addTokenize(limit, bucket, padding)
        addTextDataset(limit, bucket, padding)
        add(
            Builtin(
                "read_lines", .text, "The lines of a text file as a dataset of texts without labels.",
                Parameter<ReadPath>("path", "the file, UTF-8"),
                Parameter<Bool>("skip_empty", "whether lines without a character are passed over", default: true),
                returns: "a dataset; .x is the list of strings", seeAlso: ["tokenize", "text_dataset", "read_text"],
                examples: [
                    Example(
                        #"write_text("/tmp/distill-example.txt", "one line\n\nanother\n"); read_lines("/tmp/distill-example.txt").x"#,
                        #"["one line", "another"]"#)
                ]
            ) { (path: ReadPath, skipsEmpty: Bool) in
                let file = try path.found()
                let lines = try FileBytes.read(file).split(separator: 0x0A, omittingEmptySubsequences: false)
                    .map { $0.last == 0x0D ? $0.dropLast() : $0 }
                // What stands behind the last line end is no line.
                let whole = lines.last?.isEmpty == true ? lines.dropLast() : lines[...]
                let texts = whole.map { String(decoding: $0, as: UTF8.self) }
                return try Dataset(texts: skipsEmpty ? texts.filter { !$0.isEmpty } : texts, y: nil, name: file)
            })
    }

    /// Refuses numbers of tokens that no text can have.
    private static func check(_ limit: Int?, _ width: Int?, _ function: String) throws {
        for (name, value) in [("max_length", limit), ("padding", width)] {
            if let value, value < 1 || value > 1 << 24 {
                throw Failure(.value, "\(function): \(name) must be 1 to \(1 << 24), not \(value)")
            }
        }
    }

    private func addTokenize(_ limit: Parameter<Int?>, _ bucket: Parameter<Bool>, _ padding: Parameter<Int?>) {
        let dataset = Parameter<Dataset>("ds", "a dataset of texts, or one that was tokenised")
        let tokenizer = Parameter<Tokenizer>("tokenizer", "what makes numbers of them")
        add(
            Builtin(
                "tokenize", .text, "A dataset of texts as tokens: what a network takes.",
                parameters: [
                    dataset.description, tokenizer.description, limit.description, bucket.description,
                    padding.description,
                ],
                returns:
                    "a dataset whose x is {input_ids, attention_mask, token_type_ids}, int64 [N, L], whose mask says which positions are tokens",
                notes: [
                    "Every term and metric heeds the mask. A batch is as wide as its longest text; where the network's answer depends on the padding all the same, one line says so, and padding= gives every batch one width.",
                    "bucket=true: of each 50 batches in the drawn order the texts are sorted by length, then the batches are drawn. Evaluation gives its numbers in the order of the dataset.",
                ],
                seeAlso: ["text_dataset", "tokenizer", "read_csv"],
                examples: [
                    Example(
                        "\(Self.smallTokenizer)\ntokenize(text_dataset([\"dogs\", \"walking dogs\"], [0, 1]), t).x[\"input_ids\"].tolist()",
                        "[[2, 6, 3, 0, 0], [2, 4, 5, 6, 3]]")
                ]
            ) { call in
                let (limit, width) = (try call[limit], try call[padding])
                try Self.check(limit, width, "tokenize")
                let made = try call[tokenizer].tokenized(
                    call[dataset], atMost: limit, width: width, isBucketed: call[bucket], function: "tokenize")
                if let note = made.note { call.interpreter.warn("tokenize: \(note)") }
                return made.dataset
            })
    }

    private func addTextDataset(_ limit: Parameter<Int?>, _ bucket: Parameter<Bool>, _ padding: Parameter<Int?>) {
        let texts = Parameter<[String]>("texts", "the texts")
        let labels = Parameter<TextLabels?>.optional(
            "y", "class numbers, names of classes or numbers, one for each text; or a tensor")
        let tokenizer = Parameter<Tokenizer?>.optional(
            "tokenizer", "what makes numbers of them", defaultText: "x stays a list of strings")
        let classes = Parameter<[String]?>.optional(
            "classes", "the names of the classes, in order", defaultText: "those that occur, sorted")
        let like = Parameter<Dataset?>.optional("like", "a dataset whose classes and task this one has")
        let task = Parameter<TaskName?>.optional("task", "what the targets are", defaultText: "as for TensorDataset")
        let ids = Parameter<RowNames?>.optional("ids", "the names of the texts")
        add(
            Builtin(
                "text_dataset", .text, "A dataset of texts, as tokens if a tokenizer is given.",
                parameters: [
                    texts.description, labels.description, tokenizer.description, limit.description,
                    bucket.description, padding.description, classes.description, like.description, task.description,
                    ids.description,
                ],
                returns: "the dataset; without a tokenizer its x is the list of strings", pytorch: .none,
                seeAlso: ["tokenize", "read_csv", "read_lines", "TensorDataset"],
                examples: [
                    Example(
                        "text_dataset([\"good\", \"bad\", \"fine\"], [\"yes\", \"no\", \"yes\"]).classes",
                        "[\"no\", \"yes\"]"),
                    Example(
                        "\(Self.smallTokenizer); text_dataset([\"dogs\"], tokenizer=t).mask.tolist()",
                        "[[true, true, true]]"),
                ]
            ) { call in
                let (limit, width) = (try call[limit], try call[padding])
                try Self.check(limit, width, "text_dataset")
                let like = try call[like]
                var target = like?.target ?? TargetDeclaration()
                if let task = try call[task] { target.task = task.task }
                let names = try call[classes] ?? like?.classes
                let targets = try call[labels]?.targets(names)
                let rows = try call[ids]?.names
                try Dataset.checkNames(rows, of: "text_dataset")
                let plain = try Dataset(
                    texts: call[texts], y: targets?.y, classes: targets.map { $0.classes } ?? names, target: target,
                    ids: rows)
                guard let tokenizer = try call[tokenizer] else { return plain }
                let made = try tokenizer.tokenized(
                    plain, atMost: limit, width: width, isBucketed: call[bucket], function: "text_dataset")
                if let note = made.note { call.interpreter.warn("text_dataset: \(note)") }
                return made.dataset
            })
    }
}
