import Diagnostics

extension Lexer {
    mutating func lexOperator(_ byte: UInt8) {
        let next = peek(1)
        let equals = UInt8(ascii: "=")
        switch byte {
        case UInt8(ascii: "("): openBracket(.leftParenthesis)
        case UInt8(ascii: "["): openBracket(.leftBracket)
        case UInt8(ascii: "{"): openBracket(.leftBrace)
        case UInt8(ascii: ")"): closeBracket(.rightParenthesis, .leftParenthesis)
        case UInt8(ascii: "]"): closeBracket(.rightBracket, .leftBracket)
        case UInt8(ascii: "}"):
            if brackets.innermost == .fieldStart {
                closeField()
            } else {
                closeBracket(.rightBrace, .leftBrace)
            }
        case UInt8(ascii: ","): append(.comma, length: 1)
        case UInt8(ascii: ";"): append(.semicolon, length: 1)
        case UInt8(ascii: "~"): append(.tilde, length: 1)
        case UInt8(ascii: "?"): append(.question, length: 1)
        case UInt8(ascii: ":"):
            if brackets.innermost == .fieldStart {
                lexFormat()
            } else if next == equals {
                append(.colonAssign, length: 2)
            } else {
                append(.colon, length: 1)
            }
        case UInt8(ascii: "+"): next == equals ? append(.plusAssign, length: 2) : append(.plus, length: 1)
        case UInt8(ascii: "%"): next == equals ? append(.percentAssign, length: 2) : append(.percent, length: 1)
        case UInt8(ascii: "@"): next == equals ? append(.atAssign, length: 2) : append(.at, length: 1)
        case UInt8(ascii: "-"):
            if next == equals {
                append(.minusAssign, length: 2)
            } else if next == UInt8(ascii: ">") {
                append(.arrow, length: 2)
            } else {
                append(.minus, length: 1)
            }
        case UInt8(ascii: "*"): lexDoubled(byte, .star, .starAssign, .doubleStar, .doubleStarAssign)
        case UInt8(ascii: "/"): lexDoubled(byte, .slash, .slashAssign, .doubleSlash, .doubleSlashAssign)
        case UInt8(ascii: "="):
            if next == equals {
                peek(2) == equals ? append(.tripleEqual, length: 3) : append(.equal, length: 2)
            } else if next == UInt8(ascii: ">") {
                append(.doubleArrow, length: 2)
            } else {
                lexEqualsSign()
            }
        case UInt8(ascii: "!"):
            if next == equals {
                peek(2) == equals ? append(.notTripleEqual, length: 3) : append(.notEqual, length: 2)
            } else {
                lexExclamation()
            }
        case UInt8(ascii: "<"): next == equals ? append(.lessOrEqual, length: 2) : append(.less, length: 1)
        case UInt8(ascii: ">"): next == equals ? append(.greaterOrEqual, length: 2) : append(.greater, length: 1)
        case UInt8(ascii: "&"): next == byte ? append(.doubleAmpersand, length: 2) : append(.ampersand, length: 1)
        case UInt8(ascii: "|"):
            if next == UInt8(ascii: ">") {
                append(.pipe, length: 2)
            } else {
                next == byte ? append(.doubleBar, length: 2) : append(.bar, length: 1)
            }
        default: lexForeignByte(byte)
        }
    }

    private mutating func lexDoubled(
        _ byte: UInt8, _ single: Token.Kind, _ assign: Token.Kind, _ double: Token.Kind, _ doubleAssign: Token.Kind
    ) {
        let equals = UInt8(ascii: "=")
        if peek(1) == byte {
            peek(2) == equals ? append(doubleAssign, length: 3) : append(double, length: 2)
        } else {
            peek(1) == equals ? append(assign, length: 2) : append(single, length: 1)
        }
    }

    private mutating func openBracket(_ kind: Token.Kind) {
        brackets.open(kind, token: stream.tokens.count)
        append(kind, length: 1)
    }

    private mutating func closeBracket(_ kind: Token.Kind, _ opener: Token.Kind) {
        if let token = brackets.close(opener) {
            stream.tokens[token].payload = stream.tokens.count
            append(kind, SourceSpan(index, index + 1), payload: token)
        } else {
            append(kind, SourceSpan(index, index + 1))
        }
        index += 1
    }

    /// `=` is an operator, except that `{x=}` in an f-string is Python's debugging form.
    private mutating func lexEqualsSign() {
        if brackets.innermost == .fieldStart, peek(1) == UInt8(ascii: "}") || peek(1) == UInt8(ascii: ":") {
            report(
                .formattedField, "`=` at the end of a field shows the expression in Python only",
                SourceSpan(index, index + 1), help: ["write the name in front of the field: `x={x}`"])
            index += 1
        } else {
            append(.assign, length: 1)
        }
    }

    private mutating func lexExclamation() {
        let letters: [UInt8] = [UInt8(ascii: "r"), UInt8(ascii: "s"), UInt8(ascii: "a")]
        let isEnd = peek(2) == UInt8(ascii: "}") || peek(2) == UInt8(ascii: ":")
        if brackets.innermost == .fieldStart, letters.contains(peek(1)), isEnd {
            let span = SourceSpan(index, index + 2)
            report(
                .formattedField, "a field has no conversion such as `\(source.text(in: span))`", span,
                help: ["leave it out; strings inside lists are shown in quotes"])
            index += 2
        } else {
            append(.exclamation, length: 1)
        }
    }

    private mutating func lexForeignByte(_ byte: UInt8) {
        let span = SourceSpan(index, index + 1)
        switch byte {
        case UInt8(ascii: "\\") where index + 1 >= end || peek(1) == 0x0A:
            report(
                .lineContinuation, "a backslash does not continue a line", span,
                help: ["end the line in an operator or a comma, or put the expression in parentheses"])
            // The line goes on, as was meant.
            index += min(2, end - index)
            return
        case 0x0D:
            report(
                .unexpectedCharacter, "a carriage return without a line feed", span,
                help: ["save the file with line ends LF or CRLF"])
            index += 1
            return
        case 0..<0x20, 0x7F:
            report(.unexpectedCharacter, "control character U+\(Self.hex(UInt32(byte)))", span)
            index += 1
            return
        default:
            let shown = String(UnicodeScalar(byte))
            report(.unexpectedCharacter, "unexpected character `\(shown)`", span)
            append(.invalid, length: 1)
        }
    }

    // MARK: - Characters that look like others

    mutating func lexForeignCharacter(_ scalar: Unicode.Scalar, _ length: Int) {
        let span = SourceSpan(index, index + length)
        if Self.quotes.contains(scalar) {
            lexCurlyQuotes(scalar, length)
        } else if let plain = Self.lookalikes[scalar] ?? Self.fullWidth(scalar) {
            report(
                .lookalike, "`\(scalar)` (U+\(Self.hex(scalar.value))) is not `\(plain)`", span,
                help: ["write `\(plain)`"])
            append(.invalid, length: length)
        } else if scalar.properties.isWhitespace || scalar.properties.generalCategory == .format
            || scalar.properties.generalCategory == .control
        {
            let name = scalar.value == 0xFEFF ? "byte order mark" : "invisible character"
            report(
                .unexpectedCharacter, "\(name) U+\(Self.hex(scalar.value))", span,
                help: [
                    scalar.value == 0xFEFF
                        ? "save the file as UTF-8 without a byte order mark" : "replace it by an ordinary space"
                ])
            index += length
        } else {
            // A run of such characters, an emoji with its modifiers for example, is one mistake.
            let start = index
            index += length
            while index < end, bytes[index] >= 0x80, let (next, width) = decode(at: index),
                !next.properties.isXIDStart, !next.properties.isWhitespace, !Self.quotes.contains(next)
            {
                index += width
            }
            let run = SourceSpan(start, index)
            let name = run == span ? " (U+\(Self.hex(scalar.value)))" : ""
            let shown = source.text(in: SourceSpan(run.lower, min(run.upper, run.lower + 64)))
            report(
                .unexpectedCharacter, "unexpected character `\(shown)`\(name)", run,
                help: ["names consist of letters, digits and underscores; other characters stand in strings"])
            append(.invalid, run)
        }
    }

    private mutating func lexCurlyQuotes(_ scalar: Unicode.Scalar, _ length: Int) {
        let start = index
        let isDouble = Self.doubleQuotes.contains(scalar)
        let plain = isDouble ? "\"" : "'"
        var place = start + length
        while place < end, bytes[place] != 0x0A {
            guard let (next, width) = decode(at: place) else {
                place += 1
                continue
            }
            place += width
            let closes =
                isDouble ? Self.doubleQuotes.contains(next) || next == "\"" : Self.quotes.contains(next) || next == "'"
            guard closes else { continue }
            let span = SourceSpan(start, place)
            let text = source.text(in: SourceSpan(start + length, place - width))
            let shown = text.utf8.count <= 40 ? "write `\(plain)\(text)\(plain)`" : "write `\(plain)…\(plain)`"
            report(.lookalike, "curly quotes do not begin a string", span, help: [shown])
            index = place
            append(string: text, .string, span)
            return
        }
        report(
            .lookalike, "`\(scalar)` (U+\(Self.hex(scalar.value))) is not `\(plain)`",
            SourceSpan(start, start + length),
            help: ["write `\(plain)`"])
        append(.invalid, length: length)
    }

    static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static let doubleQuotes: Set<Unicode.Scalar> = ["“", "”", "„", "‟", "«", "»", "″"]
    private static let quotes: Set<Unicode.Scalar> = doubleQuotes.union(["‘", "’", "‚", "‛", "′"])
    private static let lookalikes: [Unicode.Scalar: String] = [
        "−": "-", "–": "-", "—": "-", "×": "*", "÷": "/", "·": "*", "≤": "<=", "≥": ">=", "≠": "!=", "→": "->",
        "⇒": "=>", "…": "...", "∧": "and", "∨": "or", "¬": "not", "∈": "in", "、": ",", "。": ".",
    ]

    private static func fullWidth(_ scalar: Unicode.Scalar) -> String? {
        guard (0xFF01...0xFF5E).contains(scalar.value) else { return nil }
        return Unicode.Scalar(scalar.value - 0xFEE0).map { String($0) }
    }

    // MARK: - Encoding

    /// Reports bytes that are not UTF-8, and NUL bytes, wherever they stand.
    mutating func checkEncoding() {
        var place = index
        while place < end {
            let byte = bytes[place]
            if byte < 0x80 {
                if byte == 0 {
                    report(
                        .unexpectedCharacter, "NUL byte", SourceSpan(place, place + 1),
                        help: ["is this a text file? Binary data is loaded by `load`"])
                    while place < end, bytes[place] == 0 { place += 1 }
                } else {
                    place += 1
                }
            } else if let (_, width) = decode(at: place) {
                place += width
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                report(
                    .invalidUTF8, "byte \(digits) is not UTF-8", SourceSpan(place, place + 1),
                    help: ["save the file as UTF-8"])
                place += 1
                while place < end, bytes[place] >= 0x80, decode(at: place) == nil { place += 1 }
            }
            if stream.diagnostics.count >= Self.mostDiagnostics { return }
        }
    }
}
