import Diagnostics

/// Cuts a text into tokens.
///
/// Line ends are no tokens: every token knows whether the line before it is finished, and the parser, which knows the
/// innermost open bracket, decides whether that matters. An f-string is a flat sequence of tokens, however deep its
/// fields nest, so that nothing here recurses.
public struct Lexer {
    let source: SourceText
    let bytes: [UInt8]
    let end: Int
    var index: Int
    var stream = TokenStream()
    var brackets = OpenBrackets()
    var frames: [StringFrame] = []
    private var sawLineEnd = true
    private var sawMarker = true

    /// More errors than this help nobody.
    static let mostDiagnostics = 20

    private init(_ source: SourceText, _ range: SourceSpan) {
        self.source = source
        bytes = source.utf8
        end = min(max(0, range.upper), bytes.count)
        index = min(max(0, range.lower), end)
    }

    /// The tokens of a text or of a part of it.
    public static func tokens(of source: SourceText, in range: SourceSpan? = nil) -> TokenStream {
        var lexer = Lexer(source, range ?? SourceSpan(0, source.utf8.count))
        lexer.checkEncoding()
        lexer.run()
        return lexer.stream
    }

    private mutating func run() {
        while true {
            skipBlanks()
            if index < end {
                lexToken()
            } else if frames.isEmpty {
                break
            } else {
                abandonFrames(at: index)
            }
        }
        append(.endOfText, SourceSpan(end, end))
    }

    /// The byte `offset` places ahead, 0 behind the end.
    func peek(_ offset: Int = 0) -> UInt8 {
        let place = index + offset
        return place < end ? bytes[place] : 0
    }

    mutating func append(_ kind: Token.Kind, _ span: SourceSpan, payload: Int = -1) {
        var startsLine = false
        if sawLineEnd {
            startsLine = sawMarker || !(stream.tokens.last?.kind.continuesLine ?? false)
        }
        stream.tokens.append(
            Token(
                kind: kind, span: span, isFirstOfLine: sawLineEnd, startsLine: startsLine, beginsCell: sawMarker,
                payload: payload))
        sawLineEnd = false
        sawMarker = false
    }

    mutating func append(_ kind: Token.Kind, length: Int) {
        append(kind, SourceSpan(index, index + length))
        index += length
    }

    mutating func append(string: String, _ kind: Token.Kind, _ span: SourceSpan) {
        stream.strings.append(string)
        append(kind, span, payload: stream.strings.count - 1)
    }

    mutating func report(
        _ code: SyntaxCode, _ message: String, _ span: SourceSpan, label: String = "",
        related: [(SourceSpan, String)] = [],
        help: [String] = []
    ) {
        guard stream.diagnostics.count < Self.mostDiagnostics else { return }
        var labels = [Diagnostic.Label(source, span, label)]
        labels += related.map { Diagnostic.Label(source, $0.0, $0.1, isPrimary: false) }
        stream.diagnostics.append(
            Diagnostic(.syntax, message, code: code.code, labels: labels, help: help))
    }

    // MARK: - Blanks and comments

    private mutating func skipBlanks() {
        while index < end {
            switch bytes[index] {
            case 0x20, 0x09, 0x00: index += 1
            case 0x0A:
                if !frames.isEmpty {
                    abandonFrames(at: index)
                } else {
                    sawLineEnd = true
                    index += 1
                }
            case UInt8(ascii: "#"):
                if !frames.isEmpty { abandonFrames(at: index) } else { lexComment() }
            default: return
            }
        }
    }

    private mutating func lexComment() {
        let start = index
        while index < end, bytes[index] != 0x0A { index += 1 }
        let isAlone = sawLineEnd
        var isMarker = isAlone && brackets.isEmpty && (start == 0 || bytes[start - 1] == 0x0A)
        if isMarker {
            let prefix: [UInt8] = Array("# %%".utf8)
            isMarker = index - start >= prefix.count && bytes[start..<start + prefix.count].elementsEqual(prefix)
            if isMarker, index - start > prefix.count {
                let next = bytes[start + prefix.count]
                isMarker = next == 0x20 || next == 0x09
            }
        }
        if isMarker { sawMarker = true }
        stream.comments.append(Comment(span: SourceSpan(start, index), isAlone: isAlone, isMarker: isMarker))
    }

    // MARK: - Tokens

    private mutating func lexToken() {
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            lexWord()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): lexNumber()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): lexString(prefix: 0, isRaw: false, isFormatted: false)
        case 0x80...: lexUnicode()
        case UInt8(ascii: "."):
            if Self.isDigit(peek(1)), !followsValue {
                lexNumber()
            } else if peek(1) == byte, peek(2) == byte {
                append(.ellipsis, length: 3)
            } else {
                append(.dot, length: 1)
            }
        default:
            lexOperator(byte)
        }
    }

    /// Whether the last token stands directly in front, so that `.5` behind it is no number.
    private var followsValue: Bool {
        guard let last = stream.tokens.last, last.span.upper == index else { return false }
        switch last.kind {
        case .name, .rightParenthesis, .rightBracket, .rightBrace, .string, .formattedEnd: return true
        default: return false
        }
    }

    private mutating func lexWord() {
        let start = index
        var isPlain = true
        while index < end {
            let byte = bytes[index]
            if Self.isWordByte(byte) {
                index += 1
            } else if byte >= 0x80, let (scalar, length) = decode(at: index), scalar.properties.isXIDContinue {
                isPlain = false
                index += length
            } else {
                break
            }
        }
        let length = index - start
        if isPlain, length <= 2, index < end, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'") {
            let word = bytes[start..<index]
            let isRaw = word.contains(UInt8(ascii: "r"))
            let isFormatted = word.contains(UInt8(ascii: "f"))
            if (isRaw ? 1 : 0) + (isFormatted ? 1 : 0) == length {
                index = start
                lexString(prefix: length, isRaw: isRaw, isFormatted: isFormatted)
                return
            }
        }
        var kind = Token.Kind.name
        if isPlain, length >= 2, length <= 8, stream.tokens.last?.kind != .dot {
            kind = keyword(SourceSpan(start, index)) ?? .name
        }
        append(kind, SourceSpan(start, index))
    }

    private func keyword(_ span: SourceSpan) -> Token.Kind? {
        let length = span.upper - span.lower
        for entry in Token.Kind.keywords where entry.text.utf8CodeUnitCount == length {
            let matches = entry.text.withUTF8Buffer { text in
                (0..<length).allSatisfy { text[$0] == bytes[span.lower + $0] }
            }
            if matches { return entry.kind }
        }
        return nil
    }

    private mutating func lexUnicode() {
        guard let (scalar, length) = decode(at: index) else {
            // Invalid UTF-8 is reported once, by the check at the beginning.
            append(.invalid, length: 1)
            return
        }
        if scalar.properties.isXIDStart {
            lexWord()
        } else {
            lexForeignCharacter(scalar, length)
        }
    }

    /// The scalar at a place, none when the bytes are not UTF-8.
    func decode(at place: Int) -> (Unicode.Scalar, Int)? {
        var iterator = bytes[place..<min(place + 4, end)].makeIterator()
        var decoder = UTF8()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return (scalar, UTF8.width(scalar))
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    static func isWordByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
            || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")) || byte == UInt8(ascii: "_")
    }
}

/// The brackets open at a place.
struct OpenBrackets {
    /// Token index and kind of each, innermost last.
    private var stack: [(token: Int, kind: Token.Kind)] = []
    /// How many of each kind are open inside the innermost f-string field.
    private var counts = [0, 0, 0]
    private var savedCounts: [[Int]] = []

    var isEmpty: Bool { stack.isEmpty }
    var innermost: Token.Kind? { stack.last?.kind }

    mutating func open(_ kind: Token.Kind, token: Int) {
        stack.append((token, kind))
        if kind == .fieldStart {
            savedCounts.append(counts)
            counts = [0, 0, 0]
        } else {
            counts[Self.slot(kind)] += 1
        }
    }

    /// The opener that `closer` closes; those inside it that nothing closes are given up. None for a stray closer.
    mutating func close(_ opener: Token.Kind) -> Int? {
        guard counts[Self.slot(opener)] > 0 else { return nil }
        while let last = stack.popLast() {
            counts[Self.slot(last.kind)] -= 1
            if last.kind == opener { return last.token }
        }
        return nil
    }

    /// Closes the innermost field, giving up what is open inside it.
    mutating func closeField() -> Int? {
        while let last = stack.popLast() {
            if last.kind == .fieldStart {
                counts = savedCounts.popLast() ?? [0, 0, 0]
                return last.token
            }
        }
        return nil
    }

    private static func slot(_ kind: Token.Kind) -> Int {
        switch kind {
        case .leftParenthesis: 0
        case .leftBracket: 1
        default: 2
        }
    }
}
