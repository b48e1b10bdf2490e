/// Characters joined pair by pair in the order in which the pairs were learned (Sennrich et al., 2016).
final class BytePairEncoding: TokenModel {
    /// How characters become tokens, and what is done with unknown ones.
    struct Options {
        var unknownToken: String?
        var prefix = ""
        var suffix = ""
        var fusesUnknown = false
        var fallsBackToBytes = false
        var ignoresMerges = false
    }

    let vocabulary: Vocabulary
    private let options: Options
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let unknown: Int32?
    private let byteTokens: [Int32?]
    private let merges: MergeTable
    private var cache = WordCache()

    /// A model of pairs.
    init(_ vocabulary: Vocabulary, _ merges: MergeTable, _ options: Options) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.options = options
        prefix = Array(options.prefix.utf8)
        suffix = Array(options.suffix.utf8)
        unknown = options.unknownToken.flatMap { vocabulary.id(of: $0) }
        byteTokens = options.fallsBackToBytes ? vocabulary.byteTokens : []
    }

    func append(_ word: Text, to tokens: inout TokenList) throws {
        if cache.append(word, to: &tokens.ids) { return }
        let before = tokens.ids.count
        if options.ignoresMerges, let id = vocabulary.id(of: word) {
            tokens.ids.append(id)
        } else {
            var merging = Merging(try characters(of: word))
            merging.run(merges)
            merging.append(to: &tokens.ids)
        }
        cache.keep(word, tokens.ids[before...])
    }

    /// The tokens of the single characters.
    private func characters(of word: Text) throws -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(word.count)
        // What is unknown waits for what follows it, which may be unknown as well.
        var isWaiting = false
        var index = 0
        while index < word.count {
            let start = index
            _ = word.scalar(at: &index)
            let character = word.part(start..<index)
            if let id = id(of: character, isFirst: start == 0, isLast: index == word.count) {
                if isWaiting, let unknown { result.append(unknown) }
                isWaiting = false
                result.append(id)
                continue
            }
            if options.fallsBackToBytes {
                var spelt: [UInt8] = start == 0 ? [] : prefix
                spelt.append(contentsOf: character)
                if index == word.count { spelt.append(contentsOf: suffix) }
                let bytes = spelt.compactMap { byteTokens[Int($0)] }
                if bytes.count == spelt.count {
                    result.append(contentsOf: bytes)
                    continue
                }
            }
            guard let token = options.unknownToken else { continue }
            guard let unknown else { throw TokenizerError.noUnknownToken(token) }
            if isWaiting, !options.fusesUnknown { result.append(unknown) }
            isWaiting = true
        }
        if isWaiting, let unknown { result.append(unknown) }
        return result
    }

    private func id(of character: Text, isFirst: Bool, isLast: Bool) -> Int32? {
        let needsPrefix = !isFirst && !prefix.isEmpty, needsSuffix = isLast && !suffix.isEmpty
        guard needsPrefix || needsSuffix else { return vocabulary.id(of: character) }
        let spelt = (needsPrefix ? prefix : []) + character + (needsSuffix ? suffix : [])
        return spelt.read { vocabulary.id(of: $0) }
    }
}

/// What two tokens become, and how soon.
struct MergeTable {
    private struct Entry {
        var pair: UInt64 = .max
        var rank: Int32 = 0
        var result: Int32 = 0
    }

    private var entries: [Entry]

    /// A table with room for some pairs.
    init(room: Int) {
        var size = 32
        while size < 2 * room { size *= 2 }
        entries = Array(repeating: Entry(), count: size)
    }

    /// Adds a pair; the later of two counts.
    mutating func insert(_ left: Int32, _ right: Int32, rank: Int32, result: Int32) {
        let pair = Self.pair(left, right)
        entries[place(of: pair)] = Entry(pair: pair, rank: rank, result: result)
    }

    /// What a pair becomes, and its rank: the lower goes first.
    @inline(__always) func merge(_ left: Int32, _ right: Int32) -> (rank: Int32, result: Int32)? {
        let entry = entries[place(of: Self.pair(left, right))]
        return entry.pair == .max ? nil : (entry.rank, entry.result)
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always) private func place(of pair: UInt64) -> Int {
        let mask = entries.count - 1
        var place = Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
        while entries[place].pair != .max, entries[place].pair != pair { place = (place + 1) & mask }
        return place
    }
}

/// A word whose tokens are being joined: lowest rank first, of equals the leftmost.
private struct Merging {
    private struct Symbol {
        var id: Int32
        var previous: Int
        var next: Int
        var isGone = false
    }

    private struct Candidate {
        let rank: Int32
        let place: Int
        let result: Int32

        func isBefore(_ other: Candidate) -> Bool { (rank, place) < (other.rank, other.place) }
    }

    private var symbols: [Symbol]
    /// A heap, the next to be joined first.
    private var heap: [Candidate] = []

    init(_ ids: [Int32]) {
        symbols = ids.enumerated().map { Symbol(id: $1, previous: $0 - 1, next: $0 + 1 < ids.count ? $0 + 1 : -1) }
    }

    mutating func run(_ merges: MergeTable) {
        heap.reserveCapacity(symbols.count)
        for place in symbols.indices { propose(place, merges) }
        while let top = pop() {
            let left = symbols[top.place]
            // What was proposed may have been joined to others since.
            guard !left.isGone, left.next >= 0,
                merges.merge(left.id, symbols[left.next].id)?.result == top.result
            else { continue }
            let after = symbols[left.next].next
            symbols[left.next].isGone = true
            symbols[top.place].id = top.result
            symbols[top.place].next = after
            if after >= 0 { symbols[after].previous = top.place }
            if left.previous >= 0 { propose(left.previous, merges) }
            propose(top.place, merges)
        }
    }

    func append(to ids: inout [Int32]) { for symbol in symbols where !symbol.isGone { ids.append(symbol.id) } }

    private mutating func propose(_ place: Int, _ merges: MergeTable) {
        let symbol = symbols[place]
        guard symbol.next >= 0, let merge = merges.merge(symbol.id, symbols[symbol.next].id) else { return }
        heap.append(Candidate(rank: merge.rank, place: place, result: merge.result))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Candidate? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return top
    }
}
