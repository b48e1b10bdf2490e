/// Words as GPT-2 divides them, then every byte as the letter that stands for it.
struct ByteLevel: PreTokenizer {
    let addsPrefixSpace: Bool
    let splits: Bool

    func divide(_ pieces: inout Pieces) {
        if addsPrefixSpace {
            pieces.rewrite { text, _, result in
                if text[0] != 0x20 { result.append(0x20) }
                result.append(contentsOf: text)
            }
        }
        if splits { pieces.divide(Self.divide) }
        pieces.rewrite { text, _, result in
            for byte in text { ByteAlphabet.append(byte, to: &result) }
        }
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` (Radford et al., 2019), by hand: it
    /// matches everywhere, so that the matches are the words.
    private static func divide(_ text: Text, _ keep: (Range<Int>) -> Void) {
        var start = 0
        while start < text.count {
            let end = contraction(text, start) ?? run(text, start)
            keep(start..<end)
            start = end
        }
    }

    /// The end of `'s` and its like.
    private static func contraction(_ text: Text, _ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < text.count else { return nil }
        switch text[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"):
            return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
        default: return nil
        }
    }

    private static let kinds: CharacterClass = [.letter, .number, .space]

    /// The end of a run of letters, numbers, others, each with a blank before it, or of white space.
    private static func run(_ text: Text, _ start: Int) -> Int {
        var index = start
        var kind = CharacterClass.of(text.scalar(at: &index)).intersection(kinds)
        if text[start] == 0x20, index < text.count {
            var next = index
            let following = CharacterClass.of(text.scalar(at: &next)).intersection(kinds)
            if !following.contains(.space) {
                kind = following
                index = next
            }
        }
        // The last blank belongs to the word behind it.
        var last = start
        while index < text.count {
            var next = index
            guard CharacterClass.of(text.scalar(at: &next)).intersection(kinds) == kind else {
                return kind.contains(.space) && last > start ? last : index
            }
            last = index
            index = next
        }
        return index
    }
}
