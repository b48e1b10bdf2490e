/// What a Unicode scalar is to a tokenizer.
///
/// Vocabularies were made with the `tokenizers` library, whose parts know Unicode in several versions: what came later is to
/// them no mark and no punctuation. The ids must be those that a network was trained with, so the versions are kept here.
struct CharacterClass: OptionSet, Sendable {
    let rawValue: UInt16

    /// Letters: `\p{L}` of Unicode 16.
    static let letter = CharacterClass(rawValue: 1 << 0)
    /// Numbers: `\p{N}` of Unicode 16.
    static let number = CharacterClass(rawValue: 1 << 1)
    /// White space.
    static let space = CharacterClass(rawValue: 1 << 2)
    /// What `\w` is: alphabetic, marks, digits, connectors, joiners.
    static let word = CharacterClass(rawValue: 1 << 3)
    /// Punctuation and the symbols of ASCII, Unicode 8.
    static let punctuation = CharacterClass(rawValue: 1 << 4)
    /// Controls, formats, private use: what BERT's cleaning drops; Unicode 8.
    static let other = CharacterClass(rawValue: 1 << 5)
    /// Nonspacing marks of Unicode 8: what BERT calls accents.
    static let accent = CharacterClass(rawValue: 1 << 6)
    /// All marks of Unicode 9: what `StripAccents` drops.
    static let mark = CharacterClass(rawValue: 1 << 7)
    /// Scalars after Unicode 9, which no normal form changes.
    static let inert = CharacterClass(rawValue: 1 << 8)
    /// Scalars whose lower case is another text.
    static let cased = CharacterClass(rawValue: 1 << 9)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The class of a scalar.
    @inline(__always) static func of(_ scalar: UInt32) -> CharacterClass {
        scalar < 0x10000 ? plane[Int(scalar)] : CharacterClass(of: scalar)
    }

    /// The classes of the first 65,536 scalars.
    private static let plane: [CharacterClass] = (0..<0x10000).map { CharacterClass(of: $0) }

    private init(of value: UInt32) {
        guard let scalar = Unicode.Scalar(value) else {
            self = []
            return
        }
        let properties = scalar.properties
        var result: CharacterClass = []
        let age = properties.age.map { $0.major * 10 + $0.minor } ?? .max
        if age <= 160 {
            switch properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
                result = [.letter, .word]
            case .decimalNumber: result = [.number, .word]
            case .letterNumber, .otherNumber: result = .number
            case .nonspacingMark:
                result = .word
                if age <= 90 { result.insert(.mark) }
                if age <= 80 { result.insert(.accent) }
            case .spacingMark, .enclosingMark:
                result = .word
                if age <= 90 { result.insert(.mark) }
            case .connectorPunctuation:
                result = .word
                if age <= 80 { result.insert(.punctuation) }
            case .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
                .otherPunctuation:
                if age <= 80 { result = .punctuation }
            case .control, .format, .privateUse: if age <= 80 { result = .other }
            default: break
            }
            if properties.isAlphabetic || value == 0x200C || value == 0x200D { result.insert(.word) }
        }
        if properties.isWhitespace { result.insert(.space) }
        if Self.isPrintableSymbol(value) { result.insert(.punctuation) }
        if age > 90 { result.insert(.inert) }
        if properties.lowercaseMapping != String(Character(scalar)) { result.insert(.cased) }
        Self.correct(&result, value)
        self = result
    }

    private static func isPrintableSymbol(_ value: UInt32) -> Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }

    /// Scalars whose category was another in the version of Unicode that counts.
    private static func correct(_ result: inout CharacterClass, _ value: UInt32) {
        switch value {
        case 0x166D: result.insert(.punctuation)
        case 0x111C9:
            result.insert(.punctuation)
            result.subtract([.mark, .accent])
        case 0x1CF2, 0x1CF3: result.insert(.mark)
        case 0x1734, 0x1171E: result.insert(.accent)
        case 0x1885, 0x1886, 0xA9BD: result.remove(.accent)
        default: break
        }
    }

    /// The Chinese characters of BERT's normaliser.
    static func isChinese(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
