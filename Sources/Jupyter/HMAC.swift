import Notebook

/// Keyed hashes (RFC 2104) on SHA-256: what messages are signed with.
enum HMAC {
    /// The code of a message of several parts, as 64 hexadecimal digits.
    static func hex(of parts: [[UInt8]], key: [UInt8]) -> String {
        let block = 64
        var secret = key.count > block ? SHA256.digest(of: key) : key
        secret += [UInt8](repeating: 0, count: block - secret.count)
        let inner = SHA256.digest(of: secret.map { $0 ^ 0x36 } + parts.joined())
        return SHA256.hex(of: secret.map { $0 ^ 0x5c } + inner)
    }

    /// Whether two codes are equal, in a time that does not tell where they differ.
    static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        left.count == right.count && zip(left, right).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
