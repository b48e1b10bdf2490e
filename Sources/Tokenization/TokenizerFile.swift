import Base
import Data

extension Tokenizer {
    /// Reads a tokenizer: a folder of the hub's, its `tokenizer.json`, or BERT's `vocab.txt`.
    ///
    /// - Throws: ``TokenizerError``, ``FileError``, ``DataError``.
    public convenience init(reading path: String) throws {
        let folder: String
        let file: String
        if let names = try? WholeFile.names(in: path) {
            folder = path
            guard let name = ["tokenizer.json", "vocab.txt"].first(where: names.contains) else {
                throw TokenizerError.missing(
                    path: path, problem: "the folder holds no tokenizer.json and no vocab.txt",
                    help: names.contains { $0.hasSuffix(".model") || $0 == "vocab.json" }
                        ? "in Python, AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes tokenizer.json"
                        : nil)
            }
            file = path.hasSuffix("/") ? path + name : path + "/" + name
        } else {
            file = path
            folder = WholeFile.folder(of: path)
        }
        let bytes = try FileBytes.read(file)
        let settings = try TokenizerSettings(folder: folder)
        let beginsAsObject = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
        if file.hasSuffix(".json") || beginsAsObject && !file.hasSuffix(".txt") {
            let json = try Self.json(bytes, file)
            try self.init(TokenizerReader(FilePart(json: json, path: file, place: "")), settings)
        } else {
            try self.init(pieces: Self.lines(bytes), settings)
        }
    }

    /// BERT's tokenizer for a list of pieces: their numbers are their places.
    ///
    /// - Throws: ``TokenizerError``.
    public convenience init(pieces: [String]) throws { try self.init(pieces: pieces, TokenizerSettings()) }

    private convenience init(_ reader: TokenizerReader, _ settings: TokenizerSettings) throws {
        let kind = try reader.modelKind()
        let model = try reader.model(kind)
        var parts = Parts(model: model)
        parts.normalizer = try reader.normalizer()
        parts.preTokenizer = try reader.preTokenizer()
        parts.postProcessor = try reader.postProcessor()
        parts.decoder = try reader.decoder()
        parts.added = try AddedVocabulary(
            try reader.addedTokens(), model: model.vocabulary, normalizer: parts.normalizer)
        parts.padding = try reader.padding() ?? settings.padding(parts)
        parts.longest = settings.longest
        parts.file = reader.root.json
        self.init(parts, kind: kind)
    }

    private convenience init(pieces: [String], _ settings: TokenizerSettings) throws {
        let vocabulary = Vocabulary(pieces.enumerated().map { ($1, Int32($0)) })
        var parts = Parts(model: WordPiece(vocabulary, unknownToken: "[UNK]", prefix: "##", longest: 100))
        parts.normalizer = BertNormalizer(
            cleansText: true, handlesChinese: settings.handlesChinese,
            stripsAccents: settings.stripsAccents ?? settings.lowercases, lowercases: settings.lowercases)
        parts.preTokenizer = BertPreTokenizer()
        if let first = vocabulary.id(of: "[CLS]"), let last = vocabulary.id(of: "[SEP]") {
            parts.postProcessor.steps = [
                [
                    .special(ids: [first], tokens: ["[CLS]"], type: 0), .text(type: 0),
                    .special(ids: [last], tokens: ["[SEP]"], type: 0),
                ]
            ]
        }
        parts.decoder = WordPieceDecoder(prefix: Array("##".utf8), cleans: true)
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter { vocabulary.id(of: $0) != nil }
        parts.added = try AddedVocabulary(
            special.map { AddedToken(content: Array($0.utf8), isNormalized: false, isSpecial: true) },
            model: vocabulary,
            normalizer: parts.normalizer)
        parts.padding = settings.padding(parts)
        parts.longest = settings.longest
        parts.file = Self.file(pieces, settings, special, vocabulary)
        self.init(parts, kind: "WordPiece")
    }

    /// A tokenizer whose tokens are the 256 bytes, each with its own number, as a byte-level BPE without merges.
    ///
    /// - Throws: ``TokenizerError``.
    public static func bytes() throws -> Tokenizer {
        func object(_ members: KeyValuePairs<String, JSON>) -> JSON { .object(members.map { ($0.key, $0.value) }) }
        let level = object([
            "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
            "use_regex": .bool(false),
        ])
        let file = object([
            "version": .string("1.0"), "truncation": .null, "padding": .null, "added_tokens": .array([]),
            "normalizer": .null, "pre_tokenizer": level, "post_processor": .null, "decoder": level,
            "model": object([
                "type": .string("BPE"), "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
                "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
                "vocab": .object((0..<256).map { (ByteAlphabet.letter(of: UInt8($0)), .integer($0)) }),
                "merges": .array([]),
            ]),
        ])
        return try Tokenizer(
            TokenizerReader(FilePart(json: file, path: "byte_tokenizer", place: "")), TokenizerSettings())
    }

    /// BERT's tokenizer as a `tokenizer.json`.
    private static func file(
        _ pieces: [String], _ settings: TokenizerSettings, _ special: [String], _ vocabulary: Vocabulary
    ) -> JSON {
        func object(_ members: KeyValuePairs<String, JSON>) -> JSON { .object(members.map { ($0.key, $0.value) }) }
        func number(_ token: String) -> JSON { .integer(Int(vocabulary.id(of: token) ?? 0)) }
        func part(_ token: String) -> JSON {
            object(["SpecialToken": object(["id": .string(token), "type_id": .integer(0)])])
        }
        func entry(_ token: String) -> (key: String, value: JSON) {
            (token, object(["id": .string(token), "ids": .array([number(token)]), "tokens": .array([.string(token)])]))
        }
        let a = object(["Sequence": object(["id": .string("A"), "type_id": .integer(0)])])
        let b = object(["Sequence": object(["id": .string("B"), "type_id": .integer(1)])])
        let isBounded = special.contains("[CLS]") && special.contains("[SEP]")
        let ends = isBounded ? [part("[CLS]"), part("[SEP]")] : []
        return object([
            "version": .string("1.0"), "truncation": .null, "padding": .null,
            "added_tokens": .array(
                special.map { token in
                    object([
                        "id": number(token), "content": .string(token), "single_word": .bool(false),
                        "lstrip": .bool(false),
                        "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(true),
                    ])
                }),
            "normalizer": object([
                "type": .string("BertNormalizer"), "clean_text": .bool(true),
                "handle_chinese_chars": .bool(settings.handlesChinese),
                "strip_accents": .bool(settings.stripsAccents ?? settings.lowercases),
                "lowercase": .bool(settings.lowercases),
            ]),
            "pre_tokenizer": object(["type": .string("BertPreTokenizer")]),
            "post_processor": isBounded
                ? object([
                    "type": .string("TemplateProcessing"), "single": .array([ends[0], a, ends[1]]),
                    "pair": .array([ends[0], a, ends[1], b, ends[1]]),
                    "special_tokens": .object(["[CLS]", "[SEP]"].map(entry)),
                ]) : .null,
            "decoder": object(["type": .string("WordPiece"), "prefix": .string("##"), "cleanup": .bool(true)]),
            "model": object([
                "type": .string("WordPiece"), "unk_token": .string("[UNK]"),
                "continuing_subword_prefix": .string("##"), "max_input_chars_per_word": .integer(100),
                "vocab": .object(pieces.enumerated().map { ($1, .integer($0)) }),
            ]),
        ])
    }

    /// The lines of a vocabulary, without white space at their ends.
    private static func lines(_ bytes: [UInt8]) -> [String] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            var line = String(decoding: line, as: UTF8.self).unicodeScalars[...]
            while let last = line.last, last.properties.isWhitespace { line.removeLast() }
            return String(line)
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// A file as JSON.
    static func json(_ bytes: [UInt8], _ path: String) throws -> JSON {
        do {
            return try JSON(parsing: bytes)
        } catch let error as JSON.SyntaxError {
            throw DataError.byte(path: path, offset: error.offset, problem: "no JSON: \(error.problem)")
        }
    }
}

/// What a folder says of its tokenizer beside the tokenizer's own file.
private struct TokenizerSettings {
    var lowercases = true
    var stripsAccents: Bool?
    var handlesChinese = true
    var longest: Int?
    private var paddingToken: String?
    private var padsLeft = false

    /// What is usual.
    init() {}

    /// What the files beside it say, where there are such.
    init(folder: String) throws {
        func part(_ name: String) throws -> FilePart? {
            let path = "\(folder)/\(name)"
            guard WholeFile.exists(path) else { return nil }
            return FilePart(json: try Tokenizer.json(FileBytes.read(path), path), path: path, place: "")
        }
        if let settings = try part("tokenizer_config.json") {
            lowercases = try settings.bool("do_lower_case", default: true)
            if settings.member("strip_accents") != nil {
                stripsAccents = try settings.bool("strip_accents", default: true)
            }
            handlesChinese = try settings.bool("tokenize_chinese_chars", default: true)
            // A token is its text, or an object that has it.
            let token = settings.member("pad_token")
            paddingToken = token?.json.string ?? token?.json["content"]?.string
            padsLeft = settings.member("padding_side")?.json.string == "left"
            // Where no length is known, an enormous one is written.
            longest = settings.member("model_max_length")?.json.integer.flatMap { $0 > 0 && $0 < 1 << 24 ? $0 : nil }
        }
        if let length = try part("sentence_bert_config.json")?.member("max_seq_length")?.integer(), length > 0 {
            longest = length
        }
    }

    /// The padding: the token that the folder names, else a usual one.
    func padding(_ parts: Tokenizer.Parts) -> Tokenizer.Padding? {
        let names = paddingToken.map { [$0] } ?? ["[PAD]", "<pad>", "<|pad|>"]
        return names.lazy.compactMap { parts.added.id(of: $0) ?? parts.model.vocabulary.id(of: $0) }.first
            .map { Tokenizer.Padding(id: $0, type: 0, isLeft: padsLeft) }
    }
}
