import Diagnostics

/// An f-string that is being cut into tokens.
struct StringFrame {
    var quote: UInt8
    var isTriple: Bool
    var isRaw: Bool
    /// The index of its first token.
    var token: Int
    /// Its prefix and opening quotes.
    var opener: SourceSpan
}

extension Lexer {
    /// A string that begins here, its prefix letters first.
    mutating func lexString(prefix: Int, isRaw: Bool, isFormatted: Bool) {
        let start = index
        index += prefix
        let quote = bytes[index]
        let isTriple = peek(1) == quote && peek(2) == quote
        index += isTriple ? 3 : 1
        let opener = SourceSpan(start, index)
        if isFormatted {
            let frame = StringFrame(
                quote: quote, isTriple: isTriple, isRaw: isRaw, token: stream.tokens.count, opener: opener)
            frames.append(frame)
            append(.formattedStart, opener)
            lexFormattedText()
            return
        }
        let bodyStart = index
        var hasEscapes = false
        while index < end {
            let byte = bytes[index]
            if byte == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
                let body = SourceSpan(bodyStart, index)
                index += isTriple ? 3 : 1
                let text = hasEscapes && !isRaw ? unescape(body) : source.text(in: body)
                append(string: text, .string, SourceSpan(start, index))
                return
            }
            if byte == 0x0A, !isTriple { break }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                if index + 1 < end, isTriple || bytes[index + 1] != 0x0A { index += 1 }
            }
            index += 1
        }
        reportUnterminated(opener, isTriple: isTriple, quote: quote)
        append(.invalid, SourceSpan(start, index))
    }

    private mutating func reportUnterminated(_ opener: SourceSpan, isTriple: Bool, quote: UInt8) {
        // Inside a field the quote belongs to the f-string whose field lacks its brace; that is reported instead.
        guard brackets.innermost == nil || frames.isEmpty || frames.last?.opener == opener else { return }
        let mark = String(repeating: String(UnicodeScalar(quote)), count: isTriple ? 3 : 1)
        if isTriple {
            if stream.openString == nil { stream.openString = opener }
            report(
                .unterminatedString, "the string is never closed", opener, label: "opened here",
                help: ["close it with `\(mark)`"])
        } else {
            report(
                .unterminatedString, "the string is not closed on its line", SourceSpan(opener.lower, index),
                help: ["close it with `\(mark)`; text of several lines stands in `\"\"\"`"])
        }
    }

    // MARK: - Escapes

    /// The text of a stretch with its escapes resolved; wrong ones are reported and kept as written.
    private mutating func unescape(_ body: SourceSpan) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(body.upper - body.lower)
        var place = body.lower
        while place < body.upper {
            if bytes[place] == UInt8(ascii: "\\") {
                place = unescape(at: place, limit: body.upper, into: &output)
            } else {
                output.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Resolves one escape and gives the place behind it.
    private mutating func unescape(at place: Int, limit: Int, into output: inout [UInt8]) -> Int {
        let letter = place + 1 < limit ? bytes[place + 1] : 0
        switch letter {
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): output.append(letter)
        case UInt8(ascii: "0") where place + 2 >= limit || !Self.isDigit(bytes[place + 2]): output.append(0)
        case UInt8(ascii: "u") where place + 2 < limit && bytes[place + 2] == UInt8(ascii: "{"):
            return unescapeScalar(at: place, limit: limit, into: &output)
        default:
            reportEscape(at: place, limit: limit)
            output.append(bytes[place])
            return place + 1
        }
        return place + 2
    }

    private mutating func unescapeScalar(at place: Int, limit: Int, into output: inout [UInt8]) -> Int {
        var value: UInt32 = 0
        var next = place + 3
        while next < limit, next < place + 10, let digit = Self.hexDigit(bytes[next]) {
            value = value << 4 | UInt32(digit)
            next += 1
        }
        let count = next - place - 3
        guard count >= 1, count <= 6, next < limit, bytes[next] == UInt8(ascii: "}"),
            let scalar = Unicode.Scalar(value)
        else {
            let isClosed = next < limit && bytes[next] == UInt8(ascii: "}")
            let span = SourceSpan(place, isClosed ? next + 1 : next)
            report(
                .invalidEscape, "`\(source.text(in: span))` is no character", span,
                help: ["1 to 6 hexadecimal digits of a Unicode scalar: `\\u{1F9EA}`"])
            output.append(contentsOf: bytes[place..<next])
            return next
        }
        output.append(contentsOf: String(scalar).utf8)
        return next + 1
    }

    private mutating func reportEscape(at place: Int, limit: Int) {
        guard place + 1 < limit else { return }
        let width = decode(at: place + 1)?.1 ?? 1
        let letter = bytes[place + 1]
        var span = SourceSpan(place, place + 1 + width)
        var help = "the escapes are `\\n \\t \\r \\0 \\\" \\' \\\\ \\u{…}`; a backslash itself is `\\\\` or in `r\"…\"`"
        if letter == UInt8(ascii: "x") || letter == UInt8(ascii: "u") || letter == UInt8(ascii: "U") {
            var next = place + 2
            let most = letter == UInt8(ascii: "x") ? 2 : letter == UInt8(ascii: "u") ? 4 : 8
            while next < limit, next < place + 2 + most, Self.hexDigit(bytes[next]) != nil { next += 1 }
            if next > place + 2 {
                let digits = source.text(in: SourceSpan(place + 2, next)).drop { $0 == "0" }
                span = SourceSpan(place, next)
                help = "write `\\u{\(digits.isEmpty ? "0" : String(digits))}`"
            }
        } else if letter == 0x0A {
            span = SourceSpan(place, place + 1)
            help = "a backslash does not join lines; leave it out or double it"
        }
        if letter == UInt8(ascii: "0") {
            let digits = bytes[place + 1..<limit].prefix(3).prefix {
                $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "7")
            }
            let value = digits.reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) }
            span = SourceSpan(place, place + 1 + digits.count)
            help = "write `\\u{\(String(value, radix: 16))}`"
        }
        let shown = letter == 0x0A ? "\\" : source.text(in: span)
        report(.invalidEscape, "invalid escape `\(shown)`", span, help: [help])
    }

    // MARK: - f-strings

    /// Literal text of the innermost f-string, up to a field or its end.
    mutating func lexFormattedText() {
        guard let frame = frames.last else { return }
        let start = index
        var output: [UInt8] = []
        let braceOpen = UInt8(ascii: "{")
        let braceClose = UInt8(ascii: "}")
        while index < end {
            let byte = bytes[index]
            switch byte {
            case frame.quote where !frame.isTriple || (peek(1) == byte && peek(2) == byte):
                flush(&output, from: start)
                closeFormatted(length: frame.isTriple ? 3 : 1)
                return
            case 0x0A where !frame.isTriple:
                flush(&output, from: start)
                reportUnterminated(frame.opener, isTriple: false, quote: frame.quote)
                closeFormatted(length: 0, isBroken: true)
                return
            case braceOpen where peek(1) == braceOpen, braceClose where peek(1) == braceClose:
                output.append(byte)
                index += 2
            case braceOpen:
                flush(&output, from: start)
                brackets.open(.fieldStart, token: stream.tokens.count)
                append(.fieldStart, length: 1)
                return
            case braceClose:
                report(
                    .formattedField, "a single `}` in an f-string", SourceSpan(index, index + 1),
                    help: ["write `}}` for a literal brace"])
                index += 1
            case UInt8(ascii: "\\"):
                if index + 1 < end, bytes[index + 1] == 0x0A, !frame.isTriple {
                    output.append(byte)
                    index += 1
                } else if frame.isRaw {
                    output.append(byte)
                    index += 1
                    if index < end, bytes[index] == frame.quote || bytes[index] == byte {
                        output.append(bytes[index])
                        index += 1
                    }
                } else {
                    index = unescape(at: index, limit: end, into: &output)
                }
            default:
                output.append(byte)
                index += 1
            }
        }
        flush(&output, from: start)
        reportUnterminated(frame.opener, isTriple: frame.isTriple, quote: frame.quote)
        closeFormatted(length: 0, isBroken: true)
    }

    private mutating func flush(_ output: inout [UInt8], from start: Int) {
        guard !output.isEmpty else { return }
        append(string: String(decoding: output, as: UTF8.self), .text, SourceSpan(start, index))
        output = []
    }

    /// Ends the innermost f-string; `isBroken` when its end is missing.
    private mutating func closeFormatted(length: Int, isBroken: Bool = false) {
        guard let frame = frames.popLast() else { return }
        if isBroken { append(.invalid, SourceSpan(index, index)) }
        stream.tokens[frame.token].payload = stream.tokens.count
        append(.formattedEnd, SourceSpan(index, index + length), payload: frame.token)
        index += length
    }

    /// The `}` that ends a field.
    mutating func closeField() {
        appendFieldEnd(length: 1)
        lexFormattedText()
    }

    private mutating func appendFieldEnd(length: Int) {
        if let token = brackets.closeField() {
            stream.tokens[token].payload = stream.tokens.count
            append(.fieldEnd, SourceSpan(index, index + length), payload: token)
        } else {
            append(.fieldEnd, SourceSpan(index, index + length))
        }
        index += length
    }

    /// A line end, a comment or the end of the text inside a field: gives up every open f-string, goes on behind them.
    mutating func abandonFrames(at place: Int) {
        guard let outermost = frames.first, let innermost = frames.last else { return }
        let field = stream.tokens.last { $0.kind == .fieldStart }?.span ?? innermost.opener
        let isComment = place < end && bytes[place] == UInt8(ascii: "#")
        let isWithinLine = !isComment
        report(
            .formattedField,
            isComment ? "a field of an f-string holds no comment" : "the field is not closed on its line",
            isComment ? SourceSpan(place, place + 1) : field, label: isWithinLine ? "opened here" : "",
            related: isComment ? [(field, "`{` opened here")] : [],
            help: isComment ? [] : ["close it with `}`; a literal brace is `{{`"])
        while !frames.isEmpty {
            append(.invalid, SourceSpan(index, index))
            appendFieldEnd(length: 0)
            closeFormatted(length: 0)
        }
        if outermost.isTriple {
            while index < end {
                if bytes[index] == outermost.quote, peek(1) == outermost.quote, peek(2) == outermost.quote {
                    index += 3
                    return
                }
                index += 1
            }
        } else {
            while index < end, bytes[index] != 0x0A { index += 1 }
        }
    }

    // MARK: - Formats

    /// Python's format behind the colon of a field.
    mutating func lexFormat() {
        let colon = index
        index += 1
        let start = index
        while index < end, bytes[index] != UInt8(ascii: "}"), bytes[index] != 0x0A {
            if bytes[index] == UInt8(ascii: "{") || bytes[index] == frames.last?.quote { break }
            index += 1
        }
        let span = SourceSpan(start, index)
        let format = parseFormat(span)
        stream.formats.append(format)
        append(.format, SourceSpan(colon, index), payload: stream.formats.count - 1)
        if index < end, bytes[index] == UInt8(ascii: "{") {
            report(
                .formatSpecification, "a format holds no fields", SourceSpan(index, index + 1),
                help: ["write the width and the precision as numbers"])
            var depth = 0
            while index < end, bytes[index] != 0x0A {
                if bytes[index] == UInt8(ascii: "{") { depth += 1 }
                if bytes[index] == UInt8(ascii: "}") {
                    if depth == 0 { break }
                    depth -= 1
                }
                index += 1
            }
        } else if index < end, bytes[index] == frames.last?.quote {
            abandonFrames(at: index)
        }
    }

    private mutating func parseFormat(_ span: SourceSpan) -> FormatSpecification {
        var format = FormatSpecification(span: span)
        let text = Array(source.text(in: span))
        var rest = text[...]
        typealias Alignment = FormatSpecification.Alignment
        var hasFill = false
        if rest.count >= 2, let alignment = Alignment(rawValue: rest[rest.startIndex + 1]) {
            format.fill = rest[rest.startIndex]
            hasFill = true
            format.alignment = alignment
            rest = rest.dropFirst(2)
        } else if let first = rest.first, let alignment = Alignment(rawValue: first) {
            format.alignment = alignment
            rest = rest.dropFirst()
        }
        if let first = rest.first, let sign = FormatSpecification.Sign(rawValue: first) {
            format.sign = sign
            rest = rest.dropFirst()
        }
        if rest.first == "0" {
            if !hasFill { format.fill = "0" }
            if format.alignment == nil { format.alignment = .afterSign }
            rest = rest.dropFirst()
        }
        format.width = takeNumber(&rest, span) ?? 0
        if rest.first == "," {
            format.grouped = true
            rest = rest.dropFirst()
        }
        if rest.first == "." {
            rest = rest.dropFirst()
            format.precision = takeNumber(&rest, span)
            if format.precision == nil {
                report(.formatSpecification, "a point without digits behind it", span, help: ["`.2f` for two digits"])
                return format
            }
        }
        if let first = rest.first, let presentation = FormatSpecification.Presentation(rawValue: first) {
            format.presentation = presentation
            rest = rest.dropFirst()
        }
        if !rest.isEmpty {
            report(
                .formatSpecification, "`\(String(rest.prefix(24)))` is no part of a format", span,
                help: ["[[fill]align][sign][0][width][,][.precision][type] with a type of `d e f g s x %`"])
        }
        return format
    }

    /// A number of a format; text a million characters wide is nobody's wish.
    private mutating func takeNumber(_ rest: inout ArraySlice<Character>, _ span: SourceSpan) -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let value = Int(String(digits)) ?? Int.max
        if value > 1_000_000 {
            report(.formatSpecification, "width and precision are at most 1,000,000", span)
            return 1_000_000
        }
        return value
    }
}
