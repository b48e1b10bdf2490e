import CZlib
import Tensors

/// A file compressed with gzip (RFC 1952), of which the uncompressed size is known before it is taken apart: a bomb is
/// noticed before memory is taken for it.
struct GzipMember {
    let bytes: [UInt8]
    let path: String

    static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B }

    /// The first bytes of the content: as many as asked for, or all there are.
    func prefix(_ count: Int) throws -> ArraySlice<UInt8> {
        var content = [UInt8](repeating: 0, count: count)
        let (status, written, taken) = inflate(into: &content)
        guard status != .damaged else { throw damaged(at: taken) }
        return content[..<written]
    }

    /// The content, which must have `count` bytes.
    ///
    /// - Parameter wrongSize: What to say about a content of another size.
    func content(count: Int, wrongSize: (_ found: Int) -> any Error) throws -> [UInt8] {
        // Deflate gives at most 1,032 bytes for one.
        guard count / 1032 <= bytes.count else { throw wrongSize(statedSize ?? 0) }
        if let statedSize, count < 1 << 32, statedSize != count { throw wrongSize(statedSize) }
        guard count < 32 << 20 || count <= Tensor.availableMemory else {
            throw DataError.byte(
                path: path, offset: 0, problem: "its content of \(count >> 20) MiB is more than the memory that is left"
            )
        }
        var content = [UInt8](repeating: 0, count: count + 1)
        let (status, written, taken) = inflate(into: &content)
        switch status {
        case .damaged: throw damaged(at: taken)
        case .more: throw wrongSize(count + 1)
        case .whole:
            guard written == count else { throw wrongSize(written) }
            guard taken == bytes.count else {
                throw DataError.byte(path: path, offset: taken, problem: "expected the end of the gzip file")
            }
        }
        content.removeLast()
        return content
    }

    /// The size of the content that stands at the end of the file.
    private var statedSize: Int? {
        guard bytes.count >= 18 else { return nil }
        return bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private enum Status { case whole, more, damaged }

    private func inflate(into content: inout [UInt8]) -> (Status, written: Int, taken: Int) {
        var written = 0
        var taken = 0
        let status = czlib_gunzip(bytes, bytes.count, &content, content.count, &written, &taken)
        return (status == 0 ? .whole : status == 1 ? .more : .damaged, written, taken)
    }

    private func damaged(at offset: Int) -> DataError {
        .byte(
            path: path, offset: offset,
            problem: offset == bytes.count ? "the gzip file ends early" : "the gzip file is damaged here")
    }
}
