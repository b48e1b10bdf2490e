/// The pieces whose scores have the largest sum (Kudo, 2018), found by Viterbi's algorithm.
final class Unigram: TokenModel {
    let vocabulary: Vocabulary
    private let scores: [Double]
    private let trie: ByteTrie
    private let unknown: Int32?
    private let unknownScore: Double
    private let byteTokens: [Int32?]
    private var cache = WordCache()
    private var path: [Step] = []

    /// The best way to the end of a piece.
    private struct Step {
        var score = 0.0
        var start: Int32 = -1
        var id: Int32 = 0
    }

    /// A model of pieces with scores, logarithms of probabilities. What is unknown scores 10 less than the least.
    init(_ pieces: [(token: String, score: Double)], unknown: Int32?, fallsBackToBytes: Bool) {
        vocabulary = Vocabulary(pieces.enumerated().map { ($1.token, Int32($0)) })
        scores = pieces.map(\.score)
        unknownScore = (scores.min() ?? .infinity) - 10
        self.unknown = unknown
        byteTokens = fallsBackToBytes ? vocabulary.byteTokens : []
        var trie = ByteTrie(room: 4 * pieces.count)
        for (index, piece) in pieces.enumerated() {
            Array(piece.token.utf8).read { if !$0.isEmpty { trie.insert($0, value: Int32(index)) } }
        }
        self.trie = trie
    }

    func append(_ word: Text, to tokens: inout TokenList) throws {
        guard tokens.spellings == nil else { return try find(word, &tokens) }
        if cache.append(word, to: &tokens.ids) { return }
        let before = tokens.ids.count
        try find(word, &tokens)
        cache.keep(word, tokens.ids[before...])
    }

    private func find(_ word: Text, _ tokens: inout TokenList) throws {
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: repeatElement(Step(), count: word.count + 1))
        var start = 0
        while start < word.count {
            var end = start
            _ = word.scalar(at: &end)
            let score = path[start].score
            var isSingle = false
            var node = ByteTrie.root, index = start
            while index < word.count, let next = trie.child(of: node, word[index]) {
                node = next
                index += 1
                guard let id = trie.value(at: node) else { continue }
                step(to: index, from: start, id, scores[Int(id)] + score)
                if index == end { isSingle = true }
            }
            if !isSingle {
                guard let unknown else { throw TokenizerError.noUnknownToken(nil) }
                step(to: end, from: start, unknown, unknownScore + score)
            }
            start = end
        }
        appendPath(of: word, to: &tokens)
    }

    @inline(__always) private func step(to end: Int, from start: Int, _ id: Int32, _ score: Double) {
        if path[end].start < 0 || score > path[end].score {
            path[end] = Step(score: score, start: Int32(start), id: id)
        }
    }

    private func appendPath(of word: Text, to tokens: inout TokenList) {
        // Unknown neighbours are one piece.
        var pieces: [(range: Range<Int>, isUnknown: Bool)] = []
        var end = word.count
        while end > 0 {
            let step = path[end]
            let isUnknown = step.id == unknown
            if isUnknown, let last = pieces.last, last.isUnknown {
                pieces[pieces.count - 1].range = Int(step.start)..<last.range.upperBound
            } else {
                pieces.append((Int(step.start)..<end, isUnknown))
            }
            end = Int(step.start)
        }
        for piece in pieces.reversed() {
            let text = word.part(piece.range)
            if let id = vocabulary.id(of: text) {
                tokens.ids.append(id)
                continue
            }
            if !byteTokens.isEmpty {
                let bytes = text.compactMap { byteTokens[Int($0)] }
                if bytes.count == text.count {
                    tokens.ids.append(contentsOf: bytes)
                    continue
                }
            }
            if let unknown { tokens.append(unknown, spelt: text) }
        }
    }
}
