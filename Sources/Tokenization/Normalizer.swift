import CText
import Glibc

/// What is done to a text before it is divided.
protocol Normalizer {
    /// Changes UTF-8 text.
    ///
    /// - Throws: ``TokenizerError``.
    func normalize(_ text: inout [UInt8]) throws
}

/// Normalisers one after another.
struct NormalizerSequence: Normalizer {
    let steps: [any Normalizer]

    func normalize(_ text: inout [UInt8]) throws {
        for step in steps { try step.normalize(&text) }
    }
}

/// The lower case of every scalar by itself.
struct Lowercase: Normalizer {
    func normalize(_ text: inout [UInt8]) { Self.apply(to: &text) }

    static func apply(to text: inout [UInt8]) {
        if text.read(\.isASCII) {
            for index in text.indices where 0x41...0x5A ~= text[index] { text[index] += 0x20 }
            return
        }
        text.mapScalars { scalar, result in
            if scalar < 0x80 {
                result.append(UInt8(scalar) + (0x41...0x5A ~= scalar ? 0x20 : 0))
            } else if CharacterClass.of(scalar).contains(.cased), let scalar = Unicode.Scalar(scalar) {
                result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            } else {
                result.append(scalar: scalar)
            }
        }
    }
}

/// Drops all marks.
struct StripAccents: Normalizer {
    func normalize(_ text: inout [UInt8]) { Self.drop(.mark, from: &text) }

    /// Drops scalars of a class, which has none of ASCII.
    static func drop(_ kind: CharacterClass, from text: inout [UInt8]) {
        guard !text.read(\.isASCII) else { return }
        text.mapScalars { scalar, result in
            if !CharacterClass.of(scalar).contains(kind) { result.append(scalar: scalar) }
        }
    }
}

/// BERT's: controls go, white space becomes blanks, Chinese characters get blanks around them, accents go, letters become
/// small.
struct BertNormalizer: Normalizer {
    let cleansText: Bool
    let handlesChinese: Bool
    let stripsAccents: Bool
    let lowercases: Bool

    func normalize(_ text: inout [UInt8]) throws {
        let isASCII = text.read(\.isASCII)
        if cleansText { clean(&text) }
        if handlesChinese, !isASCII {
            text.mapScalars { scalar, result in
                guard CharacterClass.isChinese(scalar) else { return result.append(scalar: scalar) }
                result.append(0x20)
                result.append(scalar: scalar)
                result.append(0x20)
            }
        }
        if stripsAccents, !isASCII {
            try NormalForm.canonicalDecomposition.normalize(&text)
            StripAccents.drop(.accent, from: &text)
        }
        if lowercases { Lowercase.apply(to: &text) }
    }

    private func clean(_ text: inout [UInt8]) {
        // Text without controls needs no copy.
        guard text.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return }
        text.mapScalars { scalar, result in
            switch scalar {
            case 0x09, 0x0A, 0x0D: result.append(0x20)
            case 0x20..<0x7F: result.append(UInt8(scalar))
            case 0, 0xFFFD: break
            default:
                let kind = CharacterClass.of(scalar)
                if kind.contains(.other) { return }
                if kind.contains(.space) { result.append(0x20) } else { result.append(scalar: scalar) }
            }
        }
    }
}

/// One of Unicode's normal forms, by utf8proc.
enum NormalForm: String, CaseIterable, Normalizer {
    case canonicalComposition = "NFC"
    case canonicalDecomposition = "NFD"
    case compatibilityComposition = "NFKC"
    case compatibilityDecomposition = "NFKD"

    private var form: text_form {
        switch self {
        case .canonicalComposition: TEXT_NFC
        case .canonicalDecomposition: TEXT_NFD
        case .compatibilityComposition: TEXT_NFKC
        case .compatibilityDecomposition: TEXT_NFKD
        }
    }

    func normalize(_ text: inout [UInt8]) throws {
        guard !text.read(\.isASCII) else { return }
        guard text_forms_are_available() else {
            throw TokenizerError.library(
                name: "libutf8proc", package: "libutf8proc2", purpose: "the normal form \(rawValue)")
        }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2)
        try text.read { text in
            // What came after Unicode 9 was no letter with a mark then: it stays, and nothing joins it.
            var start = 0, index = 0
            while index < text.count {
                let place = index
                guard CharacterClass.of(text.scalar(at: &index)).contains(.inert) else { continue }
                try append(text.part(start..<place), to: &result)
                result.append(contentsOf: text.part(place..<index))
                start = index
            }
            try append(text.part(start..<text.count), to: &result)
        }
        text = result
    }

    private func append(_ text: Text, to result: inout [UInt8]) throws {
        guard !text.isEmpty else { return }
        var count = 0
        guard let bytes = text_normalized(text.baseAddress, text.count, form, &count) else {
            throw TokenizerError.library(
                name: "libutf8proc", package: "libutf8proc2", purpose: "the normal form \(rawValue)")
        }
        result.append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
        free(bytes)
    }
}

/// What SentencePiece's `nmt` rules do: controls go, other spaces become blanks.
struct NMTNormalizer: Normalizer {
    func normalize(_ text: inout [UInt8]) {
        text.mapScalars { scalar, result in
            switch scalar {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
                result.append(0x20)
            default: result.append(scalar: scalar)
            }
        }
    }
}

/// A text before every text that is not empty.
struct Prepend: Normalizer {
    let prefix: [UInt8]

    func normalize(_ text: inout [UInt8]) { if !text.isEmpty { text = prefix + text } }
}

/// White space off either end.
struct StripSpaces: Normalizer {
    let left: Bool
    let right: Bool

    func normalize(_ text: inout [UInt8]) {
        let kept = text.read { text in
            var start = 0, end = text.count
            while left, start < end {
                var next = start
                guard CharacterClass.of(text.scalar(at: &next)).contains(.space) else { break }
                start = next
            }
            while right, start < end {
                let last = text.scalar(before: end)
                guard CharacterClass.of(last).contains(.space) else { break }
                end -= [UInt8](scalar: last).count
            }
            return start..<end
        }
        if kept.count < text.count { text = Array(text[kept]) }
    }
}

/// Every match of a pattern replaced by a text.
struct Replace: Normalizer {
    let pattern: Pattern
    let content: [UInt8]

    func normalize(_ text: inout [UInt8]) throws {
        guard !text.isEmpty else { return }
        var result: [UInt8] = []
        try text.read { text in
            for match in try pattern.matches(in: text) {
                if match.isMatch {
                    try result.swell(by: content)
                } else {
                    result.append(contentsOf: text.part(match.range))
                }
            }
        }
        text = result
    }
}

/// Every byte as the letter that stands for it.
struct ByteLevelNormalizer: Normalizer {
    func normalize(_ text: inout [UInt8]) {
        var result: [UInt8] = []
        result.reserveCapacity(2 * text.count)
        for byte in text { ByteAlphabet.append(byte, to: &result) }
        text = result
    }
}

extension [UInt8] {
    /// The most bytes of a text that replacements leave.
    private static let longest = 1 << 28

    /// Appends what replaces a part of a text.
    ///
    /// - Throws: ``TokenizerError/swelling(atMost:)`` where a file's replacements would fill the memory.
    mutating func swell(by content: some Collection<UInt8>) throws {
        guard count + content.count <= Self.longest else { throw TokenizerError.swelling(atMost: Self.longest) }
        append(contentsOf: content)
    }

    /// A scalar as UTF-8.
    init(scalar: UInt32) {
        self = []
        append(scalar: scalar)
    }
}
