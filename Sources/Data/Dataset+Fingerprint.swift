import Tensors

extension Dataset {
    /// A mark of the inputs as they are stored, whatever they are normalised with, as text; nil for data in a file.
    package var contentMark: String? {
        guard case .memory(let input) = stored else { return nil }
        // Texts are the same whatever made tokens of them.
        if let tokens { return String(Self.mark(of: tokens.texts, 1), radix: 16) }
        let mark =
            switch input {
            case .tensor(let x): x.fingerprint(1)
            case .named(let inputs): inputs.values.reduce(UInt64(1)) { $1.fingerprint($0) }
            case .texts(let texts): Self.mark(of: texts, 1)
            }
        return String(mark, radix: 16)
    }

    /// A mark of the inputs: it differs, almost surely, for datasets whose x differs. nil for data that stays in a file,
    /// which may change.
    package func inputFingerprint() -> UInt64? {
        guard case .memory(let input) = stored else { return nil }
        var mark: UInt64 = 1
        for number in (normalization?.mean ?? []) + (normalization?.std ?? []) {
            mark = (mark ^ number.bitPattern) &* 0x100_0000_01B3
        }
        switch input {
        case .tensor(let x): return x.fingerprint(mark)
        case .named(let inputs):
            return inputs.reduce(mark) { mark, entry in
                entry.value.fingerprint(entry.key.utf8.reduce(mark) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
            }
        case .texts(let texts): return Self.mark(of: texts, mark)
        }
    }

    private static func mark(of texts: [String], _ mark: UInt64) -> UInt64 {
        texts.reduce(mark) { mark, text in
            // The length parts a text from the next.
            text.utf8.reduce(mark ^ UInt64(text.utf8.count)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
    }
}
