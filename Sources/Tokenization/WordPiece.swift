/// The longest piece that the vocabulary has, then the longest that continues it, and so on (Schuster and Nakajima, 2012).
final class WordPiece: TokenModel {
    let vocabulary: Vocabulary
    private let trie: ByteTrie
    /// Where pieces that continue a word begin; nil if there are none.
    private let continuation: Int?
    private let unknown: Int32?
    private let unknownToken: String
    private let longest: Int

    /// A model of pieces.
    ///
    /// - Parameters:
    ///   - unknownToken: the token of a word that cannot be put together.
    ///   - prefix: what the pieces that continue a word begin with.
    ///   - longest: how many scalars a word may have; longer ones are unknown.
    init(_ vocabulary: Vocabulary, unknownToken: String, prefix: String, longest: Int) {
        self.vocabulary = vocabulary
        self.longest = longest
        self.unknownToken = unknownToken
        unknown = vocabulary.id(of: unknownToken)
        var trie = ByteTrie(room: 4 * vocabulary.count)
        for (id, token) in vocabulary.entries { token.read { trie.insert($0, value: id) } }
        self.trie = trie
        continuation = Array(prefix.utf8).read { trie.node(of: $0) }
    }

    func append(_ word: Text, to tokens: inout TokenList) throws {
        let before = tokens.ids.count
        if word.count <= longest || word.scalarCount <= longest {
            var start = 0
            while start < word.count {
                guard var node = start == 0 ? ByteTrie.root : continuation else { break }
                var best: (end: Int, id: Int32)?
                var index = start
                while index < word.count, let next = trie.child(of: node, word[index]) {
                    node = next
                    index += 1
                    if let id = trie.value(at: node) { best = (index, id) }
                }
                guard let best else { break }
                tokens.ids.append(best.id)
                start = best.end
            }
            if start == word.count { return }
        }
        tokens.ids.removeLast(tokens.ids.count - before)
        guard let unknown else { throw TokenizerError.noUnknownToken(unknownToken) }
        tokens.ids.append(unknown)
    }
}
