import CZlib
import Tensors

/// What stands for the content of tensors where two experiments are told apart.
public enum Checksum {
    /// Eight hexadecimal digits for some tensors: their dtypes, shapes and bytes.
    public static func text(of tensors: [Tensor]) -> String {
        var state: UInt32 = 0
        for tensor in tensors {
            let head = Array("\(tensor.dtype) \(tensor.shape) \(state)".utf8)
            state = crc(head) &* 31 &+ crc(tensor.storedBytes())
        }
        return digits(state)
    }

    /// Eight hexadecimal digits for some bytes.
    public static func text(of bytes: [UInt8]) -> String { digits(crc(bytes)) }

    private static func digits(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

private func crc(_ bytes: [UInt8]) -> UInt32 { czlib_crc32(bytes, bytes.count) }

extension Dataset {
    /// What tells this dataset from another: its name, its size, and a checksum of its first thousand examples and of all
    /// targets.
    ///
    /// - Throws: a limit error when memory is short.
    public func fingerprint() throws -> String {
        let first = try rows(0..<1000)
        let sum = Checksum.text(of: try first.input().tensors + [y, first.mask].compactMap { $0 })
        return "\(name), \(count) examples, \(sum)"
    }
}
