import Glibc
import Syntax

/// Python's format mini-language.
public enum Formatting {
    /// The parts of an f-string in one text; none when one is neither text nor an int, or when there is very much.
    static func joined(_ parts: borrowing Span<Value>) -> String? {
        var capacity = 0
        for index in parts.indices {
            switch parts[index] {
            case .string(let part): capacity += part.text.utf8.count
            case .int(let int): capacity += width(of: int)
            default: return nil
            }
        }
        guard capacity < 16 << 20 else { return nil }
        return String(unsafeUninitializedCapacity: capacity) { buffer in
            var end = 0
            for index in parts.indices {
                switch parts[index] {
                case .string(let part): end = append(part.text, to: buffer, at: end)
                case .int(let int): end = append(int, to: buffer, at: end)
                default: break
                }
            }
            return end
        }
    }

    private static func append(_ text: String, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        let count = text.utf8.count
        let target = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + count])
        if text.utf8.withContiguousStorageIfAvailable({ _ = target.update(fromContentsOf: $0) }) == nil {
            for (offset, byte) in text.utf8.enumerated() { target[offset] = byte }
        }
        return start + count
    }

    /// The characters that an int takes. A text of exactly the right size may need no memory of its own.
    private static func width(of int: Int) -> Int {
        var width = int < 0 ? 2 : 1
        var rest = int.magnitude
        while rest >= 10 {
            rest /= 10
            width += 1
        }
        return width
    }

    private static func append(_ int: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        var end = start
        if int < 0 {
            buffer[end] = UInt8(ascii: "-")
            end += 1
        }
        let first = end
        var rest = int.magnitude
        repeat {
            buffer[end] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            end += 1
        } while rest > 0
        var digits = UnsafeMutableBufferPointer(rebasing: buffer[first..<end])
        digits.reverse()
        return end
    }

    /// A value in a format.
    public static func format(_ value: Value, _ format: FormatSpecification, in interpreter: Interpreter) throws
        -> String
    {
        var value = value
        if case .tensor(let tensor) = value, tensor.count == 1, format.presentation != .string {
            switch try tensor.item() {
            case .int(let int): value = .int(int)
            case .float(let float): value = .float(float)
            case .bool(let bool): value = .bool(bool)
            }
        }
        guard format.width <= 100_000, (format.precision ?? 0) <= 1000 else {
            throw Failure(.limit, "a format's width is at most 100000 and its precision at most 1000")
        }
        var body: String
        var isNumber = true
        switch (value, format.presentation) {
        case (.int(let int), nil), (.int(let int), .decimal):
            guard format.precision == nil else { throw Failure(.value, "an int has no precision", help: ["write .2f"]) }
            body = grouped(String(int.magnitude), format)
            body = sign(int < 0, format) + body
        case (.int(let int), .hexadecimal):
            body = sign(int < 0, format) + String(int.magnitude, radix: 16)
        case (.int, _) where format.presentation != .string, (.float, _) where format.presentation != .string:
            guard let number = value.number else { return "" }
            guard format.presentation != .decimal, format.presentation != .hexadecimal else {
                throw Failure(
                    .value, "a float cannot be shown as \(format.presentation?.rawValue ?? "d")",
                    help: ["write .0f, or int(x)"])
            }
            body = float(number, format)
        default:
            guard format.presentation == nil || format.presentation == .string else {
                throw Failure(
                    .type,
                    "a value of type \(Display.typeWithDetail(value)) cannot be shown as a number (\(format.presentation?.rawValue ?? " "))"
                )
            }
            isNumber = value.number != nil
            body = Display.text(value, in: interpreter)
            if let precision = format.precision {
                body = String(String.UnicodeScalarView(body.unicodeScalars.prefix(precision)))
            }
        }
        return pad(body, format, isNumber: isNumber)
    }

    private static func sign(_ isNegative: Bool, _ format: FormatSpecification) -> String {
        if isNegative { return "-" }
        switch format.sign {
        case .always: return "+"
        case .space: return " "
        case .negative: return ""
        }
    }

    private static func grouped(_ digits: String, _ format: FormatSpecification) -> String {
        guard format.grouped else { return digits }
        var result = ""
        let count = digits.utf8.count
        for (index, digit) in digits.enumerated() {
            if index > 0, (count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }

    private static func float(_ value: Double, _ format: FormatSpecification) -> String {
        let prefix = sign(value.sign == .minus && !value.isNaN, format)
        guard value.isFinite else {
            return prefix + (value.isNaN ? "nan" : "inf") + (format.presentation == .percent ? "%" : "")
        }
        let magnitude = value.magnitude
        var text: String
        switch format.presentation {
        case .fixed: text = fixed(magnitude, format.precision ?? 6)
        case .percent: text = fixed(magnitude * 100, format.precision ?? 6)
        case .exponent: text = exponent(magnitude, format.precision ?? 6)
        case .general: text = general(magnitude, format.precision ?? 6)
        default: text = format.precision.map { general(magnitude, $0) } ?? NumberFormat.repr(magnitude)
        }
        if format.grouped {
            let parts = text.split(separator: ".", maxSplits: 1)
            text = grouped(String(parts.first ?? ""), format) + (parts.count > 1 ? "." + parts[1] : "")
        }
        return prefix + text + (format.presentation == .percent ? "%" : "")
    }

    /// `%.*f`
    public static func fixed(_ value: Double, _ digits: Int) -> String { printed("%.*f", digits, value) }
    /// `%.*e`
    public static func exponent(_ value: Double, _ digits: Int) -> String { printed("%.*e", digits, value) }
    /// `%.*g`
    static func general(_ value: Double, _ digits: Int) -> String { printed("%.*g", max(1, digits), value) }

    private static func printed(_ format: String, _ digits: Int, _ value: Double) -> String {
        var buffer = [CChar](repeating: 0, count: 1400)
        let count = withVaList([Int32(clamping: min(digits, 1000)), value]) { arguments in
            vsnprintf(&buffer, buffer.count, format, arguments)
        }
        return String(
            decoding: buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) },
            as: UTF8.self)
    }

    private static func pad(_ text: String, _ format: FormatSpecification, isNumber: Bool) -> String {
        let count = text.unicodeScalars.count
        guard count < format.width else { return text }
        let missing = format.width - count
        func fill(_ number: Int) -> String { String(repeating: String(format.fill), count: number) }
        switch format.alignment ?? (isNumber ? .right : .left) {
        case .left: return text + fill(missing)
        case .right: return fill(missing) + text
        case .center: return fill(missing / 2) + text + fill(missing - missing / 2)
        case .afterSign:
            if let first = text.first, "+- ".contains(first) { return String(first) + fill(missing) + text.dropFirst() }
            return fill(missing) + text
        }
    }
}
