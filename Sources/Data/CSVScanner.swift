extension CSVTable {
    /// Splits bytes into rows of fields without copying them.
    struct Scanner {
        /// Where a field's bytes are, without its quotes.
        struct Field {
            var start: Int
            var end: Int
            /// Quoted, so that `""` inside stands for one quote.
            var quoted: Bool
        }

        static let quote = UInt8(ascii: "\"")
        static let newline = UInt8(ascii: "\n")
        private static let carriageReturn = UInt8(ascii: "\r")

        let bytes: [UInt8]
        let separator: UInt8
        private let decimal: UInt8
        private let thousands: UInt8?
        private let missing: Set<String>?
        let path: String
        private var position = 0
        private var line = 1
        /// The line on which the last row began.
        private(set) var rowLine = 1

        init(bytes: [UInt8], options: CSVOptions, path: String) {
            self.bytes = bytes
            separator = options.separator?.asciiValue ?? UInt8(ascii: ",")
            decimal = options.decimal.asciiValue ?? UInt8(ascii: ".")
            thousands = options.thousands?.asciiValue
            missing = options.missing.map(Set.init)
            self.path = path
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        }

        /// Reads the next row that is not empty; false at the end.
        mutating func nextRow(into row: inout [Field]) throws -> Bool {
            row.removeAll(keepingCapacity: true)
            skipEmptyLines()
            guard position < bytes.count else { return false }
            rowLine = line
            while true {
                row.append(try nextField())
                guard position < bytes.count else { return true }
                let byte = bytes[position]
                position += 1
                if byte == separator { continue }
                if byte == Self.carriageReturn, position < bytes.count, bytes[position] == Self.newline {
                    position += 1
                }
                line += 1
                return true
            }
        }

        private mutating func skipEmptyLines() {
            while position < bytes.count {
                if bytes[position] == Self.newline {
                    line += 1
                } else if bytes[position] != Self.carriageReturn {
                    return
                }
                position += 1
            }
        }

        private mutating func nextField() throws -> Field {
            var start = position
            if position < bytes.count, bytes[position] == Self.quote { return try quotedField() }
            while position < bytes.count {
                let byte = bytes[position]
                if byte == separator || byte == Self.newline || byte == Self.carriageReturn { break }
                position += 1
            }
            var end = position
            while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
            while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
            return Field(start: start, end: end, quoted: false)
        }

        private mutating func quotedField() throws -> Field {
            let opened = line
            position += 1
            let start = position
            while position < bytes.count {
                let byte = bytes[position]
                if byte == Self.newline { line += 1 }
                if byte == Self.quote {
                    guard position + 1 < bytes.count, bytes[position + 1] == Self.quote else { break }
                    position += 1
                }
                position += 1
            }
            guard position < bytes.count else {
                throw DataError.line(
                    path: path, line: opened, problem: "expected a closing quote before the end of the file")
            }
            let field = Field(start: start, end: position, quoted: true)
            position += 1
            if position < bytes.count {
                let byte = bytes[position]
                guard byte == separator || byte == Self.newline || byte == Self.carriageReturn else {
                    throw DataError.line(
                        path: path, line: line, problem: "expected a separator after the closing quote")
                }
            }
            return field
        }

        /// The field as text.
        func text(_ field: Field, line: Int) throws -> String {
            guard let text = String(validating: bytes[field.start..<field.end], as: UTF8.self) else {
                throw DataError.line(path: path, line: line, problem: "expected UTF-8 text")
            }
            return field.quoted ? Self.unescaped(text) : text
        }

        private static func unescaped(_ text: String) -> String {
            var result = ""
            var afterQuote = false
            for character in text {
                if character == "\"", afterQuote {
                    afterQuote = false
                    continue
                }
                afterQuote = character == "\""
                result.append(character)
            }
            return result
        }

        func isMissing(_ field: Field) -> Bool {
            let count = field.end - field.start
            if let missing {
                return missing.contains(String(decoding: bytes[field.start..<field.end], as: UTF8.self))
            }
            if count == 0 { return true }
            // Every field is asked: only those that begin like "na" are looked at as text.
            if count > 4 || field.quoted || bytes[field.start] | 0x20 != UInt8(ascii: "n") { return false }
            switch String(decoding: bytes[field.start..<field.end], as: UTF8.self).lowercased() {
            case "na", "nan", "null", "n/a": return true
            default: return false
            }
        }

        /// The field as a number, or nil.
        func number(_ field: Field) -> Double? {
            var position = field.start
            guard position < field.end else { return nil }
            let negative = bytes[position] == UInt8(ascii: "-")
            if negative || bytes[position] == UInt8(ascii: "+") { position += 1 }
            var mantissa: Int64 = 0
            var digits = 0
            var decimals = 0
            var seenPoint = false
            while position < field.end {
                let byte = bytes[position]
                if byte >= 0x30, byte <= 0x39, digits < 15 {
                    mantissa = mantissa * 10 + Int64(byte &- 0x30)
                    digits += 1
                    if seenPoint { decimals += 1 }
                } else if byte == decimal, !seenPoint {
                    seenPoint = true
                } else if byte == thousands, !seenPoint, digits > 0 {
                    // Groups have three digits, or it is no number.
                    guard field.end - position > 3, bytes[position + 1..<position + 4].allSatisfy(Self.isDigit) else {
                        return nil
                    }
                } else {
                    // Exponents, long mantissas, "inf": rare enough for the general parser.
                    return general(field)
                }
                position += 1
            }
            guard digits > 0 else { return nil }
            // At most 15 digits and 10¹⁵: both exact in a double, so their quotient is correctly rounded.
            let value = decimals == 0 ? Double(mantissa) : Double(mantissa) / Self.powersOfTen[decimals]
            return negative ? -value : value
        }

        private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

        /// Any number, read as a whole.
        private func general(_ field: Field) -> Double? {
            var text = bytes[field.start..<field.end].filter { $0 != thousands }
            if decimal != UInt8(ascii: ".") {
                guard !text.contains(UInt8(ascii: ".")) else { return nil }
                text = text.map { $0 == decimal ? UInt8(ascii: ".") : $0 }
            }
            return Double(String(decoding: text, as: UTF8.self))
        }

        private static let powersOfTen: [Double] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        ]
    }
}
