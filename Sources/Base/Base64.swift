/// Bytes as text, for pictures inside terminals and pages, and tables inside JSON.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The bytes in base 64 with padding (RFC 4648).
    package static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let second = index + 1 < bytes.count ? bytes[index + 1] : 0
            let third = index + 2 < bytes.count ? bytes[index + 2] : 0
            result.append(alphabet[Int(bytes[index] >> 2)])
            result.append(alphabet[Int(bytes[index] & 3) << 4 | Int(second >> 4)])
            result.append(index + 1 < bytes.count ? alphabet[Int(second & 15) << 2 | Int(third >> 6)] : 61)
            result.append(index + 2 < bytes.count ? alphabet[Int(third & 63)] : 61)
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The bytes that a text in base 64 stands for; nil for what is none.
    package static func bytes(of text: String) -> [UInt8]? {
        let text = Array(text.utf8)
        let padding = text.reversed().prefix { $0 == 61 }.count
        guard text.count % 4 == 0, padding <= 2 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        for (index, character) in text.dropLast(padding).enumerated() {
            let value = values[Int(character)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            if index % 4 == 3 {
                for shift in [16, 8, 0] { result.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
                bits = 0
            }
        }
        if padding == 1 {
            result.append(UInt8(truncatingIfNeeded: bits >> 10))
            result.append(UInt8(truncatingIfNeeded: bits >> 2))
        } else if padding == 2 {
            result.append(UInt8(truncatingIfNeeded: bits >> 4))
        }
        return result
    }

    /// The value of each character; 255 for those that have none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
