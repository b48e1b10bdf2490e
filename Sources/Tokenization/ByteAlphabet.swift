/// The 256 letters that stand for bytes in byte-level vocabularies (Radford et al., 2019): printable bytes stand for
/// themselves, the others for U+0100 and on.
enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 256
        return (0..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
            default:
                next += 1
                return next - 1
            }
        }
    }()

    /// The byte of each scalar below U+0144; nil for those that stand for none.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt8(byte) }
        return bytes
    }()

    /// The letter of a byte.
    static func letter(of byte: UInt8) -> String {
        var bytes: [UInt8] = []
        append(byte, to: &bytes)
        return bytes.text
    }

    /// Appends the letter of a byte.
    @inline(__always) static func append(_ byte: UInt8, to result: inout [UInt8]) {
        result.append(scalar: scalars[Int(byte)])
    }

    /// The bytes that a token's letters stand for; its own bytes if one of them stands for none.
    static func bytes(of token: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        let isAll = token.read { text in
            var index = 0
            while index < text.count {
                let scalar = Int(text.scalar(at: &index))
                guard scalar < bytes.count, let byte = bytes[scalar] else { return false }
                result.append(byte)
            }
            return true
        }
        return isAll ? result : token
    }
}
