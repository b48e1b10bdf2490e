import Glibc

/// Numbers as a reader of a figure wants them: no more digits than matter, powers of ten as such.
package enum NumberText {
    /// `value` with exactly `places` decimals and a real minus sign.
    package static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite else { return nonFinite(value) }
        let places = min(max(places, 0), 15)
        let scaled = (abs(value) * pow(10, Double(places))).rounded()
        guard scaled < 9e17 else { return scientific(value, digits: 3) }
        var digits = String(Int64(scaled))
        while digits.count <= places { digits = "0" + digits }
        let split = digits.index(digits.endIndex, offsetBy: -places)
        let text = places == 0 ? digits : digits[..<split] + "." + digits[split...]
        return value < 0 && scaled > 0 ? "−" + text : String(text)
    }

    /// `value` rounded to `digits` significant digits: `0.0213`, `98.3`, `1.25×10⁻⁷`.
    package static func significant(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return nonFinite(value) }
        guard value != 0 else { return "0" }
        let exponent = exponent(of: value, digits: digits)
        if exponent < -4 || exponent > 6 { return scientific(value, digits: digits) }
        return trimmed(decimal(value, places: max(0, digits - 1 - exponent)))
    }

    /// `m×10ⁿ`, the mantissa with at most `digits` significant digits; `10ⁿ` when the mantissa is 1.
    package static func scientific(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return nonFinite(value) }
        guard value != 0 else { return "0" }
        let exponent = exponent(of: value, digits: digits)
        // Two factors, because 10³²⁰ is not a number while 10³⁰⁸ · 10¹² reaches it.
        let half = exponent / 2
        let mantissa = value / pow(10, Double(half)) / pow(10, Double(exponent - half))
        let text = trimmed(decimal(mantissa, places: max(0, digits - 1)))
        if text == "1" { return power(exponent) }
        if text == "−1" { return "−" + power(exponent) }
        return text + "×" + power(exponent)
    }

    /// `10ⁿ`.
    static func power(_ exponent: Int) -> String { "10" + superscript(exponent) }

    /// Integers up to 2⁵³ in full, anything else with six significant digits.
    static func plain(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e7 { return decimal(value, places: 0) }
        return significant(value, digits: 6)
    }

    static func superscript(_ number: Int) -> String {
        let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
        let body = String(abs(number)).compactMap(\.wholeNumberValue).map { digits[$0] }
        return (number < 0 ? "⁻" : "") + String(body)
    }

    /// The exponent of the value once rounded to `digits` significant digits (9.996 at three digits is 10.0).
    private static func exponent(of value: Double, digits: Int) -> Int {
        let raw = Int(log10(abs(value)).rounded(.down))
        let half = raw / 2
        let mantissa = abs(value) / pow(10, Double(half)) / pow(10, Double(raw - half))
        let unit = pow(10, Double(max(0, digits - 1)))
        let rounded = (mantissa * unit).rounded() / unit
        return rounded >= 10 ? raw + 1 : rounded < 1 ? raw - 1 : raw
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var end = text.endIndex
        while end > text.startIndex, text[text.index(before: end)] == "0" { end = text.index(before: end) }
        if end > text.startIndex, text[text.index(before: end)] == "." { end = text.index(before: end) }
        return String(text[..<end])
    }

    private static func nonFinite(_ value: Double) -> String { value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
}
