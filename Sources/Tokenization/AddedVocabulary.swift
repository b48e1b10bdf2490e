/// A token that is looked for in the text itself, before any model sees it.
struct AddedToken {
    var content: [UInt8]
    /// Whether it must stand by itself, no word character beside it.
    var isSingleWord = false
    /// Whether it takes the white space before it.
    var stripsLeft = false
    /// Whether it takes the white space behind it.
    var stripsRight = false
    /// Whether it is looked for in the normalised text, normalised itself.
    var isNormalized = true
    /// Whether decoding leaves it out.
    var isSpecial = false
}

/// The tokens beside those of the model.
struct AddedVocabulary {
    private var tokens: [Int32: AddedToken] = [:]
    private var ids: [[UInt8]: Int32] = [:]
    private var normalizedContents: [Int32: [UInt8]] = [:]
    private var specials: Set<[UInt8]> = []
    private var plain = ByteTrie()
    private var normalized = ByteTrie()
    private var hasPlain = false
    private var hasNormalized = false
    /// How many of them the model does not have.
    private(set) var extraCount = 0

    /// No tokens.
    init() {}

    /// Tokens in order: what the model knows keeps its number, the others get the next ones.
    ///
    /// - Throws: what the normaliser throws.
    init(_ list: [AddedToken], model: Vocabulary, normalizer: (any Normalizer)?) throws {
        var next = Int32(model.count)
        for token in list where !token.content.isEmpty {
            let known = ids[token.content] ?? token.content.read { model.id(of: $0) }
            let id = known ?? next
            if known == nil {
                next += 1
                extraCount += 1
            }
            normalizedContents[id] = nil
            if token.isNormalized, let normalizer {
                var content = token.content
                try normalizer.normalize(&content)
                if content != token.content { normalizedContents[id] = content }
            }
            ids[token.content] = id
            tokens[id] = token
            if token.isSpecial { specials.insert(token.content) }
        }
        for (id, token) in tokens.sorted(by: { $0.key < $1.key }) {
            if token.isNormalized {
                let content = normalizedContents[id] ?? token.content
                guard !content.isEmpty else { continue }
                content.read { normalized.insert($0, value: id) }
                hasNormalized = true
            } else {
                token.content.read { plain.insert($0, value: id) }
                hasPlain = true
            }
        }
    }

    /// The number of a token.
    func id(of content: String) -> Int32? { ids[Array(content.utf8)] }

    /// A token as decoders see it.
    func token(of id: Int32) -> [UInt8]? { normalizedContents[id] ?? tokens[id]?.content }

    /// Whether decoding leaves a token out.
    func isSpecial(_ token: [UInt8]) -> Bool { specials.contains(token) }

    /// The tokens in a text and what lies between them, in order: those that are normalised, or those that are not.
    func divide(_ text: Text, normalized isNormalized: Bool, _ body: (Int32?, Range<Int>) throws -> Void) rethrows {
        guard isNormalized ? hasNormalized : hasPlain else { return try body(nil, 0..<text.count) }
        let trie = isNormalized ? normalized : plain
        var end = 0
        var index = 0
        while index < text.count {
            guard let match = Self.longest(trie, text, index) else {
                index += 1
                continue
            }
            var start = index, stop = match.end
            index = match.end
            guard let token = tokens[match.id] else { continue }
            if token.isSingleWord, isWord(text, before: start) || isWord(text, at: stop) { continue }
            if token.stripsLeft {
                while start > end {
                    let last = text.scalar(before: start)
                    guard CharacterClass.of(last).contains(.space) else { break }
                    start -= [UInt8](scalar: last).count
                }
            }
            if token.stripsRight {
                var next = stop
                while next < text.count, CharacterClass.of(text.scalar(at: &next)).contains(.space) { stop = next }
            }
            if end < start { try body(nil, end..<start) }
            try body(match.id, start..<stop)
            end = stop
        }
        if end < text.count { try body(nil, end..<text.count) }
    }

    private static func longest(_ trie: ByteTrie, _ text: Text, _ start: Int) -> (end: Int, id: Int32)? {
        var node = ByteTrie.root, index = start
        var best: (end: Int, id: Int32)?
        while index < text.count, let next = trie.child(of: node, text[index]) {
            node = next
            index += 1
            if let id = trie.value(at: node) { best = (index, id) }
        }
        return best
    }

    private func isWord(_ text: Text, before place: Int) -> Bool {
        place > 0 && CharacterClass.of(text.scalar(before: place)).contains(.word)
    }

    private func isWord(_ text: Text, at place: Int) -> Bool {
        var next = place
        return place < text.count && CharacterClass.of(text.scalar(at: &next)).contains(.word)
    }
}
