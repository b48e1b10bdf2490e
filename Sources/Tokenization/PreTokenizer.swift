/// What divides a text into the words that a model sees.
protocol PreTokenizer {
    /// Divides the parts of a text.
    ///
    /// - Throws: ``TokenizerError``.
    func divide(_ pieces: inout Pieces) throws
    /// Whether it must know what of a part was made of the first character of the whole text.
    var needsHead: Bool { get }
}

extension PreTokenizer {
    var needsHead: Bool { false }
}

/// What becomes of the delimiters between parts.
enum DelimiterBehavior: String, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// The ranges that are kept of matches and what lies between them.
    func ranges(_ matches: [Match]) -> [Range<Int>] {
        switch self {
        case .removed: return matches.lazy.filter { !$0.isMatch }.map(\.range)
        case .isolated: return matches.map(\.range)
        case .contiguous:
            return Self.joined(matches) { $0 == $1 }
        case .mergedWithPrevious:
            return Self.joined(matches) { isMatch, wasMatch in isMatch && !wasMatch }
        case .mergedWithNext:
            var result: [Range<Int>] = []
            var wasMatch = false
            for match in matches.reversed() {
                if match.isMatch, !wasMatch, let last = result.last {
                    result[result.count - 1] = match.range.lowerBound..<last.upperBound
                } else {
                    result.append(match.range)
                }
                wasMatch = match.isMatch
            }
            return result.reversed()
        }
    }

    /// Each range joined to the one before where `belongs` says so; before the first there is no match.
    private static func joined(_ matches: [Match], _ belongs: (Bool, Bool) -> Bool) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var wasMatch = false
        for match in matches {
            if belongs(match.isMatch, wasMatch), let last = result.last {
                result[result.count - 1] = last.lowerBound..<match.range.upperBound
            } else {
                result.append(match.range)
            }
            wasMatch = match.isMatch
        }
        return result
    }
}

/// Pre-tokenizers one after another.
struct PreTokenizerSequence: PreTokenizer {
    let steps: [any PreTokenizer]

    var needsHead: Bool { steps.contains(where: \.needsHead) }

    func divide(_ pieces: inout Pieces) throws {
        for step in steps { try step.divide(&pieces) }
    }
}

/// Words between white space, punctuation by itself.
struct BertPreTokenizer: PreTokenizer {
    func divide(_ pieces: inout Pieces) {
        pieces.divide { text, keep in
            var start = 0, index = 0
            while index < text.count {
                let place = index
                let kind = CharacterClass.of(text.scalar(at: &index))
                guard !kind.isDisjoint(with: [.space, .punctuation]) else { continue }
                keep(start..<place)
                if !kind.contains(.space) { keep(place..<index) }
                start = index
            }
            keep(start..<text.count)
        }
    }
}

/// Runs of word characters and runs of others: `\w+|[^\w\s]+`.
struct WordRuns: PreTokenizer {
    func divide(_ pieces: inout Pieces) {
        pieces.divide { text, keep in
            var start = 0, index = 0
            var current = CharacterClass.space
            while index < text.count {
                let place = index
                let kind = CharacterClass.of(text.scalar(at: &index))
                let next: CharacterClass = kind.contains(.word) ? .word : kind.contains(.space) ? .space : []
                guard next != current else { continue }
                if current != .space { keep(start..<place) }
                start = place
                current = next
            }
            if current != .space { keep(start..<text.count) }
        }
    }
}

/// Divides where scalars are of a class.
struct ClassSplit: PreTokenizer {
    let kind: CharacterClass
    let behavior: DelimiterBehavior

    func divide(_ pieces: inout Pieces) {
        pieces.divide { text, keep in
            var matches: [Match] = []
            var start = 0, index = 0
            while index < text.count {
                let place = index
                guard !CharacterClass.of(text.scalar(at: &index)).isDisjoint(with: kind) else { continue }
                if start < place { matches.append(Match(range: start..<place, isMatch: false)) }
                matches.append(Match(range: place..<index, isMatch: true))
                start = index
            }
            if start < text.count { matches.append(Match(range: start..<text.count, isMatch: false)) }
            behavior.ranges(matches).forEach(keep)
        }
    }
}

/// Divides where a pattern matches, or where it does not.
struct PatternSplit: PreTokenizer {
    let pattern: Pattern
    let behavior: DelimiterBehavior
    let isInverted: Bool

    func divide(_ pieces: inout Pieces) throws {
        try pieces.divide { text, keep in
            var matches = try pattern.matches(in: text)
            if isInverted { for index in matches.indices { matches[index].isMatch.toggle() } }
            behavior.ranges(matches).forEach(keep)
        }
    }
}

/// Pieces of a number of scalars.
struct FixedLength: PreTokenizer {
    let length: Int

    func divide(_ pieces: inout Pieces) {
        pieces.divide { text, keep in
            var start = 0, index = 0, count = 0
            while index < text.count {
                _ = text.scalar(at: &index)
                count += 1
                guard count == length else { continue }
                keep(start..<index)
                (start, count) = (index, 0)
            }
            keep(start..<text.count)
        }
    }
}

/// A letter for every blank, and words that begin with it.
struct Metaspace: PreTokenizer {
    /// Before which parts the letter is put, unless they begin with it.
    enum Scheme: String, CaseIterable { case first, never, always }

    let letter: [UInt8]
    let scheme: Scheme
    let splits: Bool

    var needsHead: Bool { scheme == .first }

    func divide(_ pieces: inout Pieces) {
        pieces.rewrite { text, isFirst, result in
            let begins =
                text[0] == 0x20 || text.count >= letter.count && letter.indices.allSatisfy { text[$0] == letter[$0] }
            if !begins, scheme == .always || scheme == .first && isFirst { result.append(contentsOf: letter) }
            for byte in text { if byte == 0x20 { result.append(contentsOf: letter) } else { result.append(byte) } }
        }
        guard splits, let first = letter.first else { return }
        pieces.divide { text, keep in
            var start = 0, index = 0
            while index + letter.count <= text.count {
                guard text[index] == first, letter.indices.allSatisfy({ text[index + $0] == letter[$0] }) else {
                    index += 1
                    continue
                }
                keep(start..<index)
                start = index
                index += letter.count
            }
            keep(start..<text.count)
        }
    }
}
