extension JSON {
    /// Why bytes are no JSON, and where.
    public struct SyntaxError: Error, Equatable {
        /// The byte at which the value stops being JSON.
        public let offset: Int
        /// What was expected there.
        public let problem: String
    }

    /// Parses `bytes`, which must hold one value and nothing else but blanks.
    ///
    /// - Throws: ``SyntaxError``. Values nested deeper than 200 are refused.
    public init(parsing bytes: [UInt8]) throws {
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    func failure(_ problem: String) -> JSON.SyntaxError { JSON.SyntaxError(offset: position, problem: problem) }

    mutating func document() throws -> JSON {
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw failure("expected the end of the JSON text") }
        return value
    }

    mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    mutating func value(depth: Int) throws -> JSON {
        guard depth < 200 else { throw failure("expected at most 200 levels of nesting") }
        skipBlanks()
        guard position < bytes.count else { throw failure("expected a JSON value, found the end") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    mutating func word(_ word: String, _ value: JSON) throws -> JSON {
        guard bytes[position...].starts(with: word.utf8) else { throw failure("expected a JSON value") }
        position += word.utf8.count
        return value
    }

    mutating func object(depth: Int) throws -> JSON {
        position += 1
        var members: [(key: String, value: JSON)] = []
        if take("}") { return .object(members) }
        repeat {
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw failure("expected a key in quotes")
            }
            let key = try string()
            guard take(":") else { throw failure("expected ':'") }
            members.append((key, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw failure("expected ',' or '}'") }
        return .object(members)
    }

    mutating func array(depth: Int) throws -> JSON {
        position += 1
        var elements: [JSON] = []
        if take("]") { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw failure("expected ',' or ']'") }
        return .array(elements)
    }

    mutating func number() throws -> JSON {
        let start = position
        scan: while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
            default: break scan
            }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let value = Int(text) { return .integer(value) }
        guard let value = Double(text) else {
            position = start
            throw failure("expected a JSON value")
        }
        return .number(value)
    }

    mutating func string() throws -> String {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw failure("expected UTF-8 text") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("expected an escape instead of a control character")
            default: text.append(byte)
            }
        }
        throw failure("expected a closing quote")
    }

    mutating func escape(into text: inout [UInt8]) throws {
        guard position < bytes.count else { throw failure("expected an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == UInt8(ascii: "u")
                else {
                    throw failure("expected the second half of a surrogate pair")
                }
                position += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("expected a low surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("expected a Unicode scalar") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw failure("expected one of the escapes of JSON")
        }
    }

    mutating func hexadecimal() throws -> UInt32 {
        guard position + 4 <= bytes.count,
            let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("expected four hexadecimal digits") }
        position += 4
        return code
    }
}
