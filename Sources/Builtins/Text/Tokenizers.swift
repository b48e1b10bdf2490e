import Base
import Diagnostics
import OrderedCollections
import Runtime
import Tensors
import Tokenization

extension Builtin.Group {
    /// Tokenizers and texts.
    static let text = Builtin.Group("Text")
}

extension Library {
    /// Tokenizers.
    func addTokenizers() {
        add(
            ObjectType(
                Tokenizer.self, "What makes numbers of text, and text of numbers.",
                display: { Markup("tokenizer: \($0.kind), \($0.count) tokens") },
                length: { $0.count },
                call: { tokenizer, arguments, named, interpreter in
                    let receiver = tokenizer.encode(in: interpreter)
                    guard let encode = interpreter.library.method("encode", of: receiver) else {
                        throw Failure(.internal, "a tokenizer has no method encode")
                    }
                    return try interpreter.call(.function(encode), [receiver] + arguments, named: named)
                }))
        add(
            Builtin(
                "tokenizer", .text,
                "Reads a tokenizer as Hugging Face's hub has it: t(text) gives the numbers of its tokens.",
                Parameter<TokenizerSource>(
                    "source",
                    "a folder, its tokenizer.json, or BERT's vocab.txt; or the pieces themselves, as vocab.txt has them"
                ),
                returns: "a tokenizer t: t(texts), t.decode(ids), t.tokens(text), t.id(token), len(t)",
                notes: [
                    "The numbers are those of the library tokenizers, special tokens included. A text is neither cut nor filled up unless one asks for it, whatever the file says.",
                    "Models: WordPiece, BPE, Unigram, WordLevel. What is not read of a file is an error with its name and place.",
                    "Normal forms (NFC …) and accents are libutf8proc's, regular expressions PCRE2's: both are loaded when a text needs them.",
                ],
                seeAlso: ["encode", "decode", "tokens", "tokenize"],
                examples: [
                    Example("\(Self.smallTokenizer); t", "tokenizer: WordPiece, 7 tokens"),
                    Example("\(Self.smallTokenizer); t(\"Walking dogs\")", "[2, 4, 5, 6, 3]"),
                ]
            ) { (source: TokenizerSource) in
                switch source {
                case .first(let path): try Tokenizer(reading: path.found())
                case .second(let pieces): try Tokenizer(pieces: pieces)
                }
            })
        addEncoding()
        addDecoding()
        addTokenizerFacts()
        addTextDatasets()
        addTokenizerSaving()
        addLanguageModels()
    }

    /// A tokenizer for examples.
    static let smallTokenizer =
        "t = tokenizer([\"[PAD]\", \"[UNK]\", \"[CLS]\", \"[SEP]\", \"walk\", \"##ing\", \"dogs\"])"

    private func addTokenizerSaving() {
        add(
            Builtin(
                "save", .files, "Writes a tokenizer as tokenizer.json.",
                Parameter<Tokenizer>("tokenizer", "the tokenizer"), Parameter<String>("path", "the file, .json"),
                returns: "nothing", seeAlso: ["tokenizer"],
                examples: [
                    Example(
                        "\(Self.smallTokenizer); save(t, \"/tmp/distill-example-tokenizer.json\"); tokenizer(\"/tmp/distill-example-tokenizer.json\")(\"dogs\")",
                        "[2, 6, 3]")
                ]
            ) { (tokenizer: Tokenizer, path: String) in
                guard path.hasSuffix(".json") else {
                    throw Failure(
                        .value, "save: a tokenizer is written as .json, not as \(path)",
                        help: ["save(t, \"tokenizer.json\")"], operands: [1: ""])
                }
                try WholeFile.write(Array((tokenizer.file.text + "\n").utf8), to: path)
                return NoValue()
            })
    }

    private func addEncoding() {
        let tokenizer = Parameter<Tokenizer>("self", "the tokenizer")
        let texts = Parameter<OneOrMore<String>>("texts", "a text, or a list of texts")
        let limit = Parameter<Int?>.optional(
            "max_length", "the most tokens of a text, special ones included; what is left over at its end goes")
        let padding = Parameter<PaddingChoice?>.optional(
            "padding", "whether texts are filled up to the longest, or to which length at least",
            defaultText: "true for a list")
        let special = Parameter<Bool>(
            "special", "whether special tokens such as [CLS] and [SEP] are put around a text", default: true)
        add(
            Builtin(
                "encode", on: .object("tokenizer"), .text,
                "The numbers of the tokens of texts; calling the tokenizer does the same.",
                parameters: [
                    tokenizer.description, texts.description, limit.description, padding.description,
                    special.description,
                ],
                returns:
                    "for one text a list of numbers; for a list a dict of int64 tensors [N, L]: input_ids, attention_mask (1 for tokens, 0 for padding), token_type_ids",
                pytorch: .none, seeAlso: ["tokenizer", "decode"],
                examples: [
                    Example("\(Self.smallTokenizer); t.encode(\"dogs\", special=false)", "[6]"),
                    Example(
                        "\(Self.smallTokenizer); t([\"dogs\", \"walking dogs\"])[\"attention_mask\"].tolist()",
                        "[[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]"),
                    Example("\(Self.smallTokenizer); t(\"walking dogs\", max_length=4)", "[2, 4, 5, 3]"),
                ]
            ) { call in
                let tokenizer = try call[tokenizer], texts = try call[texts]
                let special = try call[special], limit = try call[limit]
                if let limit, limit < 0 {
                    throw Failure(.value, "encode: max_length must be at least 0, not \(limit)", operands: [2: ""])
                }
                if texts.isList {
                    let choice = try call[padding] ?? PaddingChoice(isWanted: true, length: 0)
                    return try tokenizer.batch(texts.elements, special: special, atMost: limit, padding: choice)
                        .encode(in: call.interpreter)
                }
                var ids = try texts.elements.flatMap {
                    try tokenizer.encode($0, special: special, atMost: limit).ids.map(Int.init)
                }
                if let length = try call[padding]?.length, length > ids.count {
                    guard let padding = tokenizer.padding else { throw TokenizerError.noPaddingToken }
                    try Interpreter.claim(length, for: "encode")
                    let filling = Array(repeating: Int(padding.id), count: length - ids.count)
                    ids = padding.isLeft ? filling + ids : ids + filling
                }
                return ids.encode(in: call.interpreter)
            })
        add(
            Builtin(
                "tokens", on: .object("tokenizer"), .text, "The tokens of a text as they are spelt.", tokenizer,
                Parameter<String>("text", "the text"), special, returns: "a list of strings", seeAlso: ["encode"],
                examples: [
                    Example(
                        "\(Self.smallTokenizer); t.tokens(\"Walking\")", "[\"[CLS]\", \"walk\", \"##ing\", \"[SEP]\"]")
                ]
            ) { (tokenizer: Tokenizer, text: String, special: Bool) in
                try tokenizer.tokens(of: text, special: special)
            })
    }

    private func addDecoding() {
        add(
            Builtin(
                "decode", on: .object("tokenizer"), .text, "The text of tokens.",
                Parameter<Tokenizer>("self", "the tokenizer"),
                Parameter<TokenNumbers>(
                    "ids", "the numbers of the tokens of a text, or of several: a list or a tensor [L] or [N, L]"),
                Parameter<Bool>("special", "whether special tokens are part of the text", default: false),
                returns: "a string, or a list of strings", seeAlso: ["encode", "tokens"],
                examples: [
                    Example("\(Self.smallTokenizer); t.decode(t(\"Walking dogs\"))", "walking dogs"),
                    Example("\(Self.smallTokenizer); t.decode([2, 6, 3], special=true)", "[CLS] dogs [SEP]"),
                ]
            ) { (tokenizer: Tokenizer, ids: TokenNumbers, special: Bool) -> Either<String, [String]> in
                let texts = try ids.texts.map { try tokenizer.decode($0, special: special) }
                return ids.isOne ? .first(texts.first ?? "") : .second(texts)
            })
    }

    private func addTokenizerFacts() {
        add(
            Builtin(
                "id", on: .object("tokenizer"), .text, "The number of a token, or none.",
                Parameter<Tokenizer>("self", "the tokenizer"), Parameter<String>("token", "the token as it is spelt"),
                returns: "an int, or none", seeAlso: ["tokens"],
                examples: [Example("\(Self.smallTokenizer); t.id(\"[SEP]\")", "3")]
            ) { (tokenizer: Tokenizer, token: String) in tokenizer.id(of: token) })
        add(
            Attribute(
                "max_length", on: .object("tokenizer"),
                "The most tokens that the network of its folder takes, or none where the folder does not say.",
                examples: [Example("\(Self.smallTokenizer); print(t.max_length)", "none")]
            ) { (tokenizer: Tokenizer) in tokenizer.longest })
    }
}
