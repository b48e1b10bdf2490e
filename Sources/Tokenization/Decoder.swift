/// What makes text of tokens: texts in order, of which it makes others.
protocol Decoder {
    /// Changes the texts of the tokens.
    ///
    /// - Throws: ``TokenizerError``.
    func decode(_ tokens: inout [[UInt8]]) throws
}

/// Decoders one after another.
struct DecoderSequence: Decoder {
    let steps: [any Decoder]

    func decode(_ tokens: inout [[UInt8]]) throws { for step in steps { try step.decode(&tokens) } }
}

/// Pieces that continue a word joined to it, blanks between words.
struct WordPieceDecoder: Decoder {
    let prefix: [UInt8]
    let cleans: Bool

    private static let corrections: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    func decode(_ tokens: inout [[UInt8]]) {
        for index in tokens.indices {
            if index > 0 {
                if tokens[index].starts(with: prefix) {
                    tokens[index].removeFirst(prefix.count)
                } else {
                    tokens[index].insert(0x20, at: 0)
                }
            }
            guard cleans else { continue }
            for correction in Self.corrections where tokens[index].count >= correction.from.count {
                tokens[index] = tokens[index].replaced(correction.from, by: correction.to)
            }
        }
    }
}

/// Letters back to the bytes that they stand for; what is no text then is replaced by U+FFFD.
struct ByteLevelDecoder: Decoder {
    func decode(_ tokens: inout [[UInt8]]) {
        let bytes = tokens.flatMap { ByteAlphabet.bytes(of: $0) }
        tokens = [Array(String(decoding: bytes, as: UTF8.self).utf8)]
    }
}

/// The letter of Metaspace back to blanks; the one before the first word goes.
struct MetaspaceDecoder: Decoder {
    let letter: [UInt8]
    let scheme: Metaspace.Scheme

    func decode(_ tokens: inout [[UInt8]]) {
        for index in tokens.indices {
            tokens[index] = tokens[index].replaced(letter, by: index == 0 && scheme != .never ? [] : [0x20])
        }
    }
}

/// The suffix that ends a word becomes a blank, behind the last word nothing.
struct SuffixDecoder: Decoder {
    let suffix: [UInt8]

    func decode(_ tokens: inout [[UInt8]]) {
        for index in tokens.indices {
            tokens[index] = tokens[index].replaced(suffix, by: index == tokens.count - 1 ? [] : [0x20])
        }
    }
}

/// `<0x41>` and its like back to bytes; where they are no text, U+FFFD for each.
struct ByteFallbackDecoder: Decoder {
    func decode(_ tokens: inout [[UInt8]]) {
        var result: [[UInt8]] = []
        var bytes: [UInt8] = []
        func end() {
            if String(validating: bytes, as: UTF8.self) != nil {
                if !bytes.isEmpty { result.append(bytes) }
            } else {
                result += Array(repeating: [0xEF, 0xBF, 0xBD], count: bytes.count)
            }
            bytes = []
        }
        for token in tokens {
            if let byte = Self.byte(token) {
                bytes.append(byte)
            } else {
                end()
                result.append(token)
            }
        }
        end()
        tokens = result
    }

    private static func byte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(token[3...4].text, radix: 16)
    }
}

/// All texts as one.
struct FuseDecoder: Decoder {
    func decode(_ tokens: inout [[UInt8]]) { tokens = [Array(tokens.joined())] }
}

/// Every match of a pattern replaced by a text.
struct ReplaceDecoder: Decoder {
    let replacement: Replace

    func decode(_ tokens: inout [[UInt8]]) throws {
        for index in tokens.indices { try replacement.normalize(&tokens[index]) }
    }
}

/// A character off either end of each text, up to a number of times.
struct StripDecoder: Decoder {
    let letter: [UInt8]
    let start: Int
    let stop: Int

    func decode(_ tokens: inout [[UInt8]]) {
        for index in tokens.indices {
            let token = tokens[index]
            var first = 0, last = token.count
            for _ in 0..<start where token[first...].starts(with: letter) { first += letter.count }
            for _ in 0..<stop
            where last - letter.count >= first && token[..<last].suffix(letter.count).elementsEqual(letter) {
                last -= letter.count
            }
            tokens[index] = Array(token[first..<last])
        }
    }
}

/// What a speech network gives: repeated tokens are one, padding goes, a token divides words.
struct CTCDecoder: Decoder {
    let padding: [UInt8]
    let delimiter: [UInt8]
    let cleans: Bool

    func decode(_ tokens: inout [[UInt8]]) {
        var result: [[UInt8]] = []
        var last: [UInt8]?
        for token in tokens where token != last {
            last = token
            var texts = [token.replaced(padding, by: [])]
            if cleans {
                WordPieceDecoder(prefix: [], cleans: true).decode(&texts)
                texts[0] = texts[0].replaced(delimiter, by: [0x20])
            }
            if !texts[0].isEmpty { result.append(texts[0]) }
        }
        tokens = result
    }
}

extension ArraySlice<UInt8> {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension [UInt8] {
    /// Every occurrence of a text replaced by another.
    func replaced(_ old: [UInt8], by new: [UInt8]) -> [UInt8] {
        guard let first = old.first else { return self }
        var result: [UInt8] = []
        var index = 0
        while index < count {
            if self[index] == first, index + old.count <= count, self[index..<index + old.count].elementsEqual(old) {
                result += new
                index += old.count
            } else {
                result.append(self[index])
                index += 1
            }
        }
        return result
    }
}
