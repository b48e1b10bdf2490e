import Base

/// The fields of a protocol buffer's message: numbers as they are, everything longer as its place in the file.
struct ProtobufFields {
    enum Field {
        case number(Int)
        case range(Range<Int>)
        /// Four or eight bytes that are no length: a float, a double.
        case bits(UInt64)
    }

    private let source: ByteSource
    private let range: Range<Int>

    init(_ source: ByteSource, _ range: Range<Int>) {
        self.source = source
        self.range = range
    }

    /// Calls `body` with the number and value of each field.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` at a field that does not lie within the message.
    func forEach(_ body: (Int, Field) throws -> Void) throws {
        var position = range.lowerBound
        while position < range.upperBound {
            let start = position
            let tag = try varint(&position)
            let field = tag >> 3
            switch tag & 7 {
            case 0: try body(field, .number(try varint(&position)))
            case 1: try body(field, .bits(try fixed(&position, 8)))
            case 2:
                let length = try varint(&position)
                guard length >= 0, length <= range.upperBound - position else {
                    throw failure(start, "a field of \(length) bytes does not fit into its message")
                }
                let content = position..<position + length
                position += length
                try body(field, .range(content))
            case 5: try body(field, .bits(try fixed(&position, 4)))
            default: throw failure(start, "a field of the unknown wire type \(tag & 7)")
            }
            guard position <= range.upperBound, field > 0 else { throw failure(start, "a field is cut short") }
        }
    }

    private func fixed(_ position: inout Int, _ count: Int) throws -> UInt64 {
        guard count <= range.upperBound - position else { throw failure(position, "a field is cut short") }
        let bytes = try source.bytes(at: position, count: count)
        position += count
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func varint(_ position: inout Int) throws -> Int {
        let bytes = try source.bytes(at: position, count: min(10, range.upperBound - position))
        var value: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            value |= UInt64(byte & 0x7F) << UInt64(7 * index)
            if byte & 0x80 == 0 {
                position += index + 1
                return Int(truncatingIfNeeded: value)
            }
        }
        throw failure(position, "a number without end")
    }

    private func failure(_ offset: Int, _ problem: String) -> DataError {
        .byte(path: source.path, offset: offset, problem: "the protocol buffer has " + problem)
    }

    /// The text in a place.
    func text(in range: Range<Int>) throws -> String? {
        String(decoding: try source.bytes(at: range.lowerBound, count: min(range.count, 4096)), as: UTF8.self)
    }

    /// Packed numbers.
    func numbers(in packed: Range<Int>) throws -> [Int] {
        var numbers: [Int] = []
        let fields = ProtobufFields(source, packed)
        var position = packed.lowerBound
        while position < packed.upperBound { numbers.append(try fields.varint(&position)) }
        return numbers
    }
}
