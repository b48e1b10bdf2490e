/// UTF-8 text at hand, which is valid: it comes from a `String`.
typealias Text = UnsafeBufferPointer<UInt8>

extension UnsafeBufferPointer<UInt8> {
    /// The scalar at a byte; the byte moves behind it.
    @inline(__always) func scalar(at index: inout Int) -> UInt32 {
        let first = UInt32(self[index])
        if first < 0x80 {
            index += 1
            return first
        }
        func tail(_ offset: Int) -> UInt32 { UInt32(self[index + offset]) & 0x3F }
        if first < 0xE0 {
            let value = (first & 0x1F) << 6 | tail(1)
            index += 2
            return value
        }
        if first < 0xF0 {
            let value = (first & 0x0F) << 12 | tail(1) << 6 | tail(2)
            index += 3
            return value
        }
        let value = (first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3)
        index += 4
        return value
    }

    /// The scalar that ends before a byte.
    func scalar(before index: Int) -> UInt32 {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(at: &start)
    }

    /// Part of a text.
    @inline(__always) func part(_ range: Range<Int>) -> Text { Text(rebasing: self[range]) }

    /// Whether all of it is ASCII.
    var isASCII: Bool { allSatisfy { $0 < 0x80 } }

    /// How many scalars it holds.
    var scalarCount: Int { reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
}

extension [UInt8] {
    /// Appends a scalar as UTF-8.
    @inline(__always) mutating func append(scalar value: UInt32) {
        switch value {
        case 0..<0x80: append(UInt8(truncatingIfNeeded: value))
        case 0x80..<0x800:
            append(UInt8(truncatingIfNeeded: 0xC0 | value >> 6))
            append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
        case 0x800..<0x10000:
            append(UInt8(truncatingIfNeeded: 0xE0 | value >> 12))
            append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
        default:
            append(UInt8(truncatingIfNeeded: 0xF0 | value >> 18))
            append(UInt8(truncatingIfNeeded: 0x80 | value >> 12 & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3F))
            append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3F))
        }
    }

    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// The bytes in view.
    func read<Result>(_ body: (Text) throws -> Result) rethrows -> Result {
        try withUnsafeBufferPointer { try body($0) }
    }

    /// Every scalar replaced by what `body` appends for it.
    mutating func mapScalars(_ body: (UInt32, inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(count + 8)
        read { text in
            var index = 0
            while index < text.count { body(text.scalar(at: &index), &result) }
        }
        self = result
    }
}
