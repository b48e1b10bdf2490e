import Base

/// Makes the parts of a tokenizer of a `tokenizer.json`.
struct TokenizerReader {
    let root: FilePart

    /// A reader of a file's value.
    init(_ root: FilePart) { self.root = root }

    // MARK: Normalisers

    func normalizer() throws -> (any Normalizer)? { try root.member("normalizer").map(normalizer) }

    private func normalizer(_ part: FilePart) throws -> any Normalizer {
        let kind = try part.required("type").string()
        switch kind {
        case "BertNormalizer", "Bert":
            let lowercases = try part.bool("lowercase", default: true)
            return BertNormalizer(
                cleansText: try part.bool("clean_text", default: true),
                handlesChinese: try part.bool("handle_chinese_chars", default: true),
                stripsAccents: try part.bool("strip_accents", default: lowercases), lowercases: lowercases)
        case "NFC", "NFD", "NFKC", "NFKD": return try part.option("type", default: NormalForm.canonicalComposition)
        case "Lowercase": return Lowercase()
        case "StripAccents": return StripAccents()
        case "Strip":
            return StripSpaces(
                left: try part.bool("strip_left", default: true), right: try part.bool("strip_right", default: true))
        case "Nmt": return NMTNormalizer()
        case "Replace": return try replacement(part)
        case "Prepend": return Prepend(prefix: Array(try part.required("prepend").string().utf8))
        case "ByteLevel": return ByteLevelNormalizer()
        case "Precompiled":
            let map = try part.required("precompiled_charsmap")
            guard let bytes = Base64.bytes(of: try map.string()), let table = CharacterMap(bytes) else {
                throw map.malformed("expected SentencePiece's table in base64")
            }
            return table
        case "Sequence":
            return NormalizerSequence(steps: try part.required("normalizers").elements().map(normalizer))
        default: throw unknown(part, "normalizer", kind)
        }
    }

    private func replacement(_ part: FilePart) throws -> Replace {
        Replace(pattern: try part.pattern("pattern"), content: Array(try part.required("content").string().utf8))
    }

    private func unknown(_ part: FilePart, _ what: String, _ kind: String) -> TokenizerError {
        .unknownPart(path: part.path, place: part.place, what: what, name: kind)
    }

    // MARK: Pre-tokenizers

    func preTokenizer() throws -> (any PreTokenizer)? { try root.member("pre_tokenizer").map(preTokenizer) }

    private func preTokenizer(_ part: FilePart) throws -> any PreTokenizer {
        let kind = try part.required("type").string()
        switch kind {
        case "BertPreTokenizer": return BertPreTokenizer()
        case "Whitespace": return WordRuns()
        case "WhitespaceSplit": return ClassSplit(kind: .space, behavior: .removed)
        case "Punctuation":
            return ClassSplit(kind: .punctuation, behavior: try part.option("behavior", default: .isolated))
        case "Digits":
            let isSingle = try part.bool("individual_digits", default: false)
            return ClassSplit(kind: .number, behavior: isSingle ? .isolated : .contiguous)
        case "ByteLevel":
            return ByteLevel(
                addsPrefixSpace: try part.bool("add_prefix_space", default: true),
                splits: try part.bool("use_regex", default: true))
        case "Metaspace":
            return Metaspace(
                letter: try part.letter("replacement"), scheme: try scheme(part),
                splits: try part.bool("split", default: true))
        case "Split":
            return PatternSplit(
                pattern: try part.pattern("pattern"), behavior: try part.option("behavior", default: .removed),
                isInverted: try part.bool("invert", default: false))
        case "CharDelimiterSplit", "Delimiter":
            return PatternSplit(
                pattern: Pattern(text: try part.required("delimiter").string()), behavior: .removed, isInverted: false)
        case "FixedLength":
            let length = try part.member("length")?.integer() ?? 5
            guard length > 0 else { throw part.malformed("a length must be at least 1") }
            return FixedLength(length: length)
        case "Sequence":
            return PreTokenizerSequence(steps: try part.required("pretokenizers").elements().map(preTokenizer))
        default: throw unknown(part, "pre-tokenizer", kind)
        }
    }

    /// Older files say `add_prefix_space` and no scheme.
    private func scheme(_ part: FilePart) throws -> Metaspace.Scheme {
        let adds = try part.bool("add_prefix_space", default: true)
        return adds ? try part.option("prepend_scheme", default: .always) : .never
    }

    // MARK: Post-processors

    func postProcessor() throws -> PostProcessor {
        PostProcessor(steps: try root.member("post_processor").map(steps) ?? [])
    }

    private func steps(_ part: FilePart) throws -> [[PostProcessor.Part]] {
        let kind = try part.required("type").string()
        switch kind {
        case "ByteLevel": return []
        case "BertProcessing", "RobertaProcessing":
            return [[try special(part, "cls"), .text(type: 0), try special(part, "sep")]]
        case "TemplateProcessing": return [try template(part)]
        case "Sequence": return try part.required("processors").elements().flatMap(steps)
        default: throw unknown(part, "post-processor", kind)
        }
    }

    /// `["[SEP]", 102]`.
    private func special(_ part: FilePart, _ key: String) throws -> PostProcessor.Part {
        let pair = try part.required(key).elements()
        guard pair.count == 2 else { throw try part.required(key).malformed("expected a token and its number") }
        return .special(ids: [try pair[1].id()], tokens: [try pair[0].string()], type: 0)
    }

    private func template(_ part: FilePart) throws -> [PostProcessor.Part] {
        let known = try part.required("special_tokens")
        return try part.required("single").elements().map { piece in
            if let text = piece.member("Sequence") {
                guard text.json["id"]?.string == "A" else { throw text.malformed("a single text is \"A\"") }
                return .text(type: try text.required("type_id").id())
            }
            let token = try piece.required("SpecialToken")
            let entry = try known.required(try token.required("id").string())
            let ids = try entry.required("ids").elements().map { try $0.id() }
            let tokens = try entry.required("tokens").elements().map { try $0.string() }
            guard ids.count == tokens.count else { throw entry.malformed("every token needs a number") }
            return .special(ids: ids, tokens: tokens, type: try token.required("type_id").id())
        }
    }

    // MARK: Decoders

    func decoder() throws -> (any Decoder)? { try root.member("decoder").map(decoder) }

    private func decoder(_ part: FilePart) throws -> any Decoder {
        let kind = try part.required("type").string()
        switch kind {
        case "WordPiece":
            return WordPieceDecoder(
                prefix: Array(try part.string("prefix", default: "##").utf8),
                cleans: try part.bool("cleanup", default: true))
        case "ByteLevel": return ByteLevelDecoder()
        case "Metaspace": return MetaspaceDecoder(letter: try part.letter("replacement"), scheme: try scheme(part))
        case "BPEDecoder": return SuffixDecoder(suffix: Array(try part.string("suffix", default: "</w>").utf8))
        case "ByteFallback": return ByteFallbackDecoder()
        case "Fuse": return FuseDecoder()
        case "Replace": return ReplaceDecoder(replacement: try replacement(part))
        case "Strip":
            return StripDecoder(
                letter: try part.letter("content"), start: max(0, try part.required("start").integer()),
                stop: max(0, try part.required("stop").integer()))
        case "CTC":
            return CTCDecoder(
                padding: Array(try part.string("pad_token", default: "<pad>").utf8),
                delimiter: Array(try part.string("word_delimiter_token", default: "|").utf8),
                cleans: try part.bool("cleanup", default: true))
        case "Sequence": return DecoderSequence(steps: try part.required("decoders").elements().map(decoder))
        default: throw unknown(part, "decoder", kind)
        }
    }

    // MARK: Tokens beside the model's

    func addedTokens() throws -> [AddedToken] {
        try root.member("added_tokens")?.elements().map { part in
            let isSpecial = try part.bool("special", default: false)
            return AddedToken(
                content: Array(try part.required("content").string().utf8),
                isSingleWord: try part.bool("single_word", default: false),
                stripsLeft: try part.bool("lstrip", default: false),
                stripsRight: try part.bool("rstrip", default: false),
                isNormalized: try part.bool("normalized", default: !isSpecial), isSpecial: isSpecial)
        } ?? []
    }

    func padding() throws -> Tokenizer.Padding? {
        guard let part = root.member("padding") else { return nil }
        return Tokenizer.Padding(
            id: try part.required("pad_id").id(), type: try part.member("pad_type_id")?.id() ?? 0,
            isLeft: part.member("direction")?.json.string == "Left")
    }
}
