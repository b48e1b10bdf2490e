import Diagnostics

extension Lexer {
    /// A number, or what was meant to be one: letters and digits that stand together are one mistake.
    mutating func lexNumber() {
        let start = index
        if peek() == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x") {
            lexHexadecimal()
            return
        }
        var isFloat = false
        var hasBarePoint = false
        skipDigits()
        if peek() == UInt8(ascii: ".") {
            let next = peek(1)
            if Self.isDigit(next) {
                isFloat = true
                index += 1
                skipDigits()
            } else if next | 0x20 == UInt8(ascii: "e"), isExponent(1) {
                isFloat = true
                hasBarePoint = true
                index += 1
            } else if !Self.isWordByte(next), next < 0x80, next != UInt8(ascii: ".") {
                isFloat = true
                index += 1
            }
        }
        if peek() | 0x20 == UInt8(ascii: "e"), isExponent(0) {
            isFloat = true
            index += peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 2 : 1
            skipDigits()
        }
        if index < end, Self.isWordByte(bytes[index]) || bytes[index] >= 0x80 {
            lexBrokenNumber(from: start)
            return
        }
        let span = SourceSpan(start, index)
        let digits = bytes[start..<index].filter { $0 != UInt8(ascii: "_") }
        if let right = Self.rightSpelling(of: bytes[start..<index], hasBarePoint: hasBarePoint) {
            reportNumber(span, right: right)
        }
        if isFloat {
            let value = Double(String(decoding: digits, as: UTF8.self)) ?? 0
            append(.float, span, payload: Int(bitPattern: UInt(value.bitPattern)))
        } else {
            appendInteger(digits, radix: 10, span)
        }
    }

    private mutating func skipDigits() {
        while index < end, Self.isDigit(bytes[index]) || bytes[index] == UInt8(ascii: "_") { index += 1 }
    }

    /// Whether an exponent with at least one digit begins `offset` bytes ahead.
    private func isExponent(_ offset: Int) -> Bool {
        let sign = peek(offset + 1)
        let first = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") ? peek(offset + 2) : sign
        return Self.isDigit(first)
    }

    private mutating func lexHexadecimal() {
        let start = index
        index += 2
        while index < end, Self.isWordByte(bytes[index]) { index += 1 }
        let body = bytes[start + 2..<index]
        let digits = body.filter { $0 != UInt8(ascii: "_") }
        let isHex = !digits.isEmpty && digits.allSatisfy { Self.hexDigit($0) != nil }
        let span = SourceSpan(start, index)
        if !isHex {
            report(
                .malformedNumber, "malformed number `\(shown(span))`", span,
                help: ["hexadecimal digits are 0-9 and a-f: `0xff`"])
            append(.integer, span, payload: 0)
            return
        }
        if bytes[start + 1] == UInt8(ascii: "X") || !Self.underscoresSeparate(body) {
            reportNumber(span, right: "0x" + String(decoding: digits, as: UTF8.self))
        }
        appendInteger(digits, radix: 16, span)
    }

    private mutating func appendInteger(_ digits: [UInt8], radix: Int, _ span: SourceSpan) {
        var value: UInt = 0
        var isTooLarge = false
        for digit in digits {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: UInt(radix))
            let (sum, tooLargeSum) = product.addingReportingOverflow(UInt(Self.hexDigit(digit) ?? 0))
            if tooLarge || tooLargeSum {
                isTooLarge = true
                break
            }
            value = sum
        }
        if !isTooLarge, value == UInt(Int.max) + 1, radix == 10 {
            append(.integerLimit, span, payload: 0)
        } else if isTooLarge || value > UInt(Int.max) {
            reportOverflow(span)
            append(.integer, span, payload: 0)
        } else {
            append(.integer, span, payload: Int(value))
        }
    }

    private mutating func reportOverflow(_ span: SourceSpan) {
        report(
            .integerOverflow, "`\(shown(span))` is larger than the largest int, 9223372036854775807", span,
            help: ["write a float, such as `1e19`"])
    }

    private mutating func reportNumber(_ span: SourceSpan, right: String) {
        report(.malformedNumber, "malformed number `\(shown(span))`", span, help: ["write `\(right)`"])
    }

    private func shown(_ span: SourceSpan) -> String {
        let text = source.text(in: SourceSpan(span.lower, min(span.upper, span.lower + 32)))
        return span.upper - span.lower > 32 ? text + "…" : text
    }

    /// A number with letters behind it: `10L`, `1j`, `0b101`, `2x`, `1e`.
    private mutating func lexBrokenNumber(from start: Int) {
        while index < end {
            if Self.isWordByte(bytes[index]) {
                index += 1
            } else if bytes[index] >= 0x80, let (scalar, width) = decode(at: index), scalar.properties.isXIDContinue {
                index += width
            } else {
                break
            }
        }
        if index == start || !Self.isWordByte(bytes[index - 1]) && bytes[index - 1] < 0x80 {
            index = max(index, start + 1)
        }
        let span = SourceSpan(start, index)
        let text = shown(span)
        let lower = text.lowercased()
        var help: [String]
        if lower.hasPrefix("0b") || lower.hasPrefix("0o") {
            let radix = lower.hasPrefix("0b") ? 2 : 8
            let value = Int(lower.dropFirst(2).filter { $0 != "_" }, radix: radix)
            help = value.map { ["write `\($0)` or `0x\(String($0, radix: 16))`"] } ?? []
        } else {
            let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let rest = text.dropFirst(number.count)
            switch rest {
            case "l", "L", "f", "F", "u", "U": help = ["write `\(number)`; numbers have no suffix"]
            case "j", "J": help = ["there are no complex numbers"]
            case "e", "E": help = ["an exponent has digits: `\(number)e-3`"]
            default: help = ["names do not begin with a digit; a product is written `\(number) * \(rest)`"]
            }
        }
        report(.malformedNumber, "malformed number `\(text)`", span, help: help)
        append(.integer, span, payload: 0)
    }

    static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte) - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte) - 0x41 + 10
        default: nil
        }
    }

    private static func underscoresSeparate(_ digits: ArraySlice<UInt8>) -> Bool {
        let underscore = UInt8(ascii: "_")
        guard digits.first != underscore, digits.last != underscore else { return false }
        return !zip(digits, digits.dropFirst()).contains { $0 == underscore && $1 == underscore }
    }

    /// How a decimal number should be written, none when it is right as it is.
    private static func rightSpelling(of number: ArraySlice<UInt8>, hasBarePoint: Bool) -> String? {
        guard let first = number.first, let last = number.last else { return nil }
        let startsWell = isDigit(first) && (first != UInt8(ascii: "0") || number.count == 1)
        if startsWell, !hasBarePoint, isDigit(last), !number.contains(UInt8(ascii: "_")) { return nil }
        let text = String(decoding: number, as: UTF8.self)
        let mantissaEnd = text.firstIndex { $0 == "e" || $0 == "E" } ?? text.endIndex
        let mantissa = text[..<mantissaEnd]
        let point = mantissa.firstIndex(of: ".")
        var whole = String(mantissa[..<(point ?? mantissa.endIndex)])
        var fraction = point.map { String(mantissa[mantissa.index(after: $0)...]) }
        var exponent = String(text[mantissaEnd...])
        var isRight = true
        func clean(_ part: String) -> String {
            if underscoresSeparate(Array(part.utf8)[...]) { return part }
            isRight = false
            return String(part.filter { $0 != "_" })
        }
        whole = clean(whole)
        fraction = fraction.map(clean)
        if exponent.contains("_") {
            isRight = false
            exponent = String(exponent.filter { $0 != "_" })
        }
        if whole.isEmpty || (whole.count > 1 && whole.first == "0") {
            let stripped = whole.drop { $0 == "0" || $0 == "_" }
            whole = stripped.isEmpty ? "0" : String(stripped)
            isRight = false
        }
        if fraction?.isEmpty == true {
            fraction = "0"
            isRight = false
        }
        return isRight ? nil : whole + (fraction.map { "." + $0 } ?? "") + exponent
    }
}
