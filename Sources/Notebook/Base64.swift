/// Bytes as text, for pictures inside terminals and pages.
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
}
