import Data

/// Text to numbers and back, as the `tokenizers` library does it: a text is normalised, divided into words, each of which a
/// model makes tokens of; then special tokens are put around them.
///
/// Not for several threads at once: models remember words.
public final class Tokenizer {
    /// What fills up short texts.
    public struct Padding: Equatable, Sendable {
        /// The token's number and type.
        public let id, type: Int32
        /// Whether it stands before the text rather than behind it.
        public let isLeft: Bool
    }

    /// The parts, as a file has them.
    struct Parts {
        var model: any TokenModel
        var normalizer: (any Normalizer)?
        var preTokenizer: (any PreTokenizer)?
        var postProcessor = PostProcessor()
        var decoder: (any Decoder)?
        var added = AddedVocabulary()
        var padding: Padding?
        /// The longest text that the network it belongs to takes, with special tokens.
        var longest: Int?
        /// What a `tokenizer.json` says of it.
        var file = JSON.null
    }

    private let parts: Parts
    /// The model's kind: `WordPiece`, `BPE`, `Unigram`, `WordLevel`.
    public let kind: String

    init(_ parts: Parts, kind: String) {
        self.parts = parts
        self.kind = kind
    }

    /// How many tokens there are, added ones among them.
    public var count: Int { parts.model.vocabulary.count + parts.added.extraCount }
    /// The most tokens that its folder's network takes, if the folder says so.
    public var longest: Int? { parts.longest }
    /// It as a `tokenizer.json`.
    public var file: JSON { parts.file }
    /// What fills up short texts, if there is such a token.
    public var padding: Padding? { parts.padding }
    /// How many special tokens are put around a text.
    public var specialCount: Int { parts.postProcessor.count }

    /// What tells it from other tokenizers: its kind, the number of its tokens, and a mark of their spellings and of what
    /// becomes of a text with words, numbers, accents and signs.
    public var mark: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        for (id, token) in parts.model.vocabulary.entries.sorted(by: { $0.key < $1.key }) {
            withUnsafeBytes(of: id.littleEndian) { add($0) }
            add(token)
        }
        let probe = "Don't cut 3.14 tokens: naïve ΩMEGA, 你好! \t(unbelievably)"
        for id in (try? encode(probe).ids) ?? [] { withUnsafeBytes(of: id.littleEndian) { add($0) } }
        let digits = String(hash, radix: 16)
        return "\(kind), \(count) tokens, " + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The number of a token.
    public func id(of token: String) -> Int? {
        (parts.added.id(of: token) ?? parts.model.vocabulary.id(of: token)).map(Int.init)
    }

    // MARK: Text to tokens

    /// A text as tokens.
    ///
    /// - Parameters:
    ///   - special: whether special tokens are put around them.
    ///   - limit: the most tokens, special ones included; what is left over at the end goes.
    /// - Throws: ``TokenizerError``.
    public func encode(_ text: String, special: Bool = true, atMost limit: Int? = nil) throws -> Encoding {
        try encode(text, special: special, atMost: limit, spelt: false)
    }

    /// The tokens of a text as they are spelt.
    ///
    /// - Throws: ``TokenizerError``.
    public func tokens(of text: String, special: Bool = true) throws -> [String] {
        let encoding = try encode(text, special: special, atMost: nil, spelt: true)
        return encoding.ids.enumerated().map { index, id in
            encoding.spellings[index] ?? (parts.model.vocabulary.token(of: id) ?? []).text
        }
    }

    private func encode(_ text: String, special: Bool, atMost limit: Int?, spelt: Bool) throws -> Encoding {
        var room = Int.max
        if let limit {
            room = limit - (special ? specialCount : 0)
            guard room >= 0 else { throw TokenizerError.length(limit, special: specialCount) }
        }
        var tokens = TokenList(spellings: spelt ? [:] : nil)
        let pieces = try pieces(of: text)
        try pieces.bytes.read { bytes in
            for piece in pieces.pieces {
                guard tokens.ids.count < room else { break }
                if let token = piece.token {
                    tokens.append(token, spelt: bytes[piece.range])
                } else {
                    try parts.model.append(bytes.part(piece.range), to: &tokens)
                }
            }
        }
        var encoding = Encoding()
        encoding.ids = tokens.ids.count > room ? Array(tokens.ids[..<room]) : tokens.ids
        encoding.types = Array(repeating: 0, count: encoding.ids.count)
        encoding.spellings = (tokens.spellings ?? [:]).mapValues(\.text)
        parts.postProcessor.apply(to: &encoding, special: special, spelt: spelt)
        return encoding
    }

    /// The words of a text, normalised, and the added tokens between them.
    private func pieces(of text: String) throws -> Pieces {
        var pieces = Pieces()
        let bytes = Array(text.utf8)
        try bytes.read { text in
            try parts.added.divide(text, normalized: false) { id, range in
                if let id { return pieces.append(token: id, text: text[range]) }
                var section = Array(text[range])
                try parts.normalizer?.normalize(&section)
                let head = range.lowerBound == 0 ? try head(of: text) : 0
                section.read { section in
                    parts.added.divide(section, normalized: true) { id, part in
                        if let id {
                            pieces.append(token: id, text: section[part])
                        } else {
                            pieces.append(text: section[part], head: max(0, head - part.lowerBound))
                        }
                    }
                }
            }
        }
        try parts.preTokenizer?.divide(&pieces)
        return pieces
    }

    /// How many bytes of the normalised text are made of the first character; 0 where nobody asks.
    private func head(of text: Text) throws -> Int {
        guard parts.preTokenizer?.needsHead == true, !text.isEmpty else { return 0 }
        var end = 0
        _ = text.scalar(at: &end)
        var first = Array(text[..<end])
        try parts.normalizer?.normalize(&first)
        return first.count
    }

    // MARK: Tokens to text

    /// The text of tokens.
    ///
    /// - Parameter special: whether special tokens are part of it.
    /// - Throws: ``TokenizerError/noToken(id:count:)``.
    public func decode(_ ids: [Int], special: Bool = false) throws -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            guard let number = Int32(exactly: id),
                let token = parts.added.token(of: number) ?? parts.model.vocabulary.token(of: number)
            else { throw TokenizerError.noToken(id: id, count: count) }
            if special || !parts.added.isSpecial(token) { tokens.append(token) }
        }
        guard let decoder = parts.decoder else { return tokens.map(\.text).joined(separator: " ") }
        try decoder.decode(&tokens)
        return tokens.map(\.text).joined()
    }
}
