/// Tokens as they are found.
struct TokenList {
    /// Their numbers.
    var ids: [Int32] = []
    /// The text of tokens that stand for something unknown, by place; nil where nobody asks.
    var spellings: [Int: [UInt8]]?

    /// Adds a token that the text is spelt otherwise than.
    mutating func append(_ id: Int32, spelt text: some Collection<UInt8>) {
        spellings?[ids.count] = Array(text)
        ids.append(id)
    }
}

/// What makes tokens of a word.
protocol TokenModel: AnyObject {
    /// Its tokens and their numbers.
    var vocabulary: Vocabulary { get }

    /// Appends the tokens of a word.
    ///
    /// - Throws: ``TokenizerError/noUnknownToken(_:)``.
    func append(_ word: Text, to tokens: inout TokenList) throws
}

/// The tokens of words that were seen: most of a text repeats.
struct WordCache {
    /// Words longer than this are seldom seen again.
    static let longest = 128
    private static let room = 1 << 16

    private var places = ByteTable(room: 1 << 10)
    private var spans: [Range<Int>] = []
    private var ids: [Int32] = []

    /// Appends the tokens of a word, if it was seen.
    @inline(__always) func append(_ word: Text, to tokens: inout [Int32]) -> Bool {
        guard let place = places.value(of: word) else { return false }
        for index in spans[Int(place)] { tokens.append(ids[index]) }
        return true
    }

    /// Keeps the tokens of a word, as long as there is room.
    mutating func keep(_ word: Text, _ tokens: ArraySlice<Int32>) {
        guard word.count <= Self.longest, spans.count < Self.room else { return }
        places.set(word, to: Int32(spans.count))
        spans.append(ids.count..<ids.count + tokens.count)
        ids.append(contentsOf: tokens)
    }
}
