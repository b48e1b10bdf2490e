/// SentencePiece's table of replacements, `precompiled_charsmap`: a double array of beginnings, then the texts that stand for
/// them, each ended by 0.
///
/// Whole grapheme clusters of at most five bytes are looked up first, then their scalars; a match of a beginning counts, as in
/// `tokenizers`.
struct CharacterMap: Normalizer {
    private let units: [UInt32]
    private let texts: [UInt8]

    /// The table in a file's bytes; nil if they are none.
    init?(_ bytes: [UInt8]) {
        func word(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count >= 8 else { return nil }
        let size = Int(word(0)) / 4
        guard size > 0, 4 + 4 * size <= bytes.count else { return nil }
        units = (1...size).map(word)
        texts = Array(bytes[(4 + 4 * size)...])
        guard String(validating: texts, as: UTF8.self) != nil else { return nil }
    }

    func normalize(_ text: inout [UInt8]) throws {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for cluster in text.text {
            let bytes = Array(String(cluster).utf8)
            if bytes.count < 6, try append(bytes, to: &result) { continue }
            for scalar in cluster.unicodeScalars {
                let bytes = [UInt8](scalar: scalar.value)
                if try !append(bytes, to: &result) { result.append(contentsOf: bytes) }
            }
        }
        text = result
    }

    /// Appends what stands for the shortest beginning of a text that the table has; false if it has none.
    private func append(_ key: [UInt8], to result: inout [UInt8]) throws -> Bool {
        guard let start = value(ofBeginningOf: key), start < texts.count else { return false }
        try result.swell(by: texts[start...].prefix { $0 != 0 })
        return true
    }

    private func value(ofBeginningOf key: [UInt8]) -> Int? {
        func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
        var position = offset(units[0])
        for byte in key {
            guard byte != 0 else { return nil }
            position ^= Int(byte)
            guard units.indices.contains(position) else { return nil }
            let unit = units[position]
            guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
            position ^= offset(unit)
            guard units.indices.contains(position) else { return nil }
            if unit >> 8 & 1 == 1 { return Int(units[position] & (1 << 31 - 1)) }
        }
        return nil
    }
}
