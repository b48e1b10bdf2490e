import CZlib
import Tensors

/// A file in the IDX format of the MNIST database: a magic number, big-endian sizes, then the numbers row by row.
///
/// Two zero bytes, a byte for the type (8 uint8, 9 int8, 11 int16, 12 int32, 13 float32, 14 float64), a byte for the number
/// of dimensions, a 32-bit size for each, then the elements. The file may be compressed with gzip; what is in it decides.
struct IDXFile {
    let path: String
    let type: ElementType
    let shape: [Int]
    /// How many bytes stand before the first element.
    let headerBytes: Int

    enum ElementType: UInt8 {
        case uint8 = 8
        case int8 = 9
        case int16 = 11
        case int32 = 12
        case float32 = 13
        case float64 = 14

        var size: Int {
            switch self {
            case .uint8, .int8: 1
            case .int16: 2
            case .int32, .float32: 4
            case .float64: 8
            }
        }
    }

    /// The number of bytes that the elements take up.
    let elementBytes: Int

    /// Reads the header that `bytes` begin with.
    init(header bytes: some Collection<UInt8>, path: String) throws {
        let bytes = Array(bytes.prefix(4 + 4 * 255))
        func fail(_ offset: Int, _ problem: String) -> DataError { .byte(path: path, offset: offset, problem: problem) }
        guard bytes.count >= 4 else { throw fail(bytes.count, "the file ends in the middle of the IDX magic number") }
        guard bytes[0] == 0, bytes[1] == 0 else {
            let found = bytes.prefix(4).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count < 2 ? "0" + digits : digits
            }
            throw fail(0, "expected an IDX file, which begins with 00 00, found \(found.joined(separator: " "))")
        }
        guard let type = ElementType(rawValue: bytes[2]) else {
            throw fail(2, "expected an element type of IDX (8, 9, 11, 12, 13 or 14), found \(bytes[2])")
        }
        let rank = Int(bytes[3])
        guard (1...8).contains(rank) else { throw fail(3, "expected 1 to 8 dimensions, found \(rank)") }
        guard bytes.count >= 4 + 4 * rank else {
            throw fail(bytes.count, "the file ends in the middle of its \(rank) sizes")
        }
        var count = type.size
        shape = try (0..<rank).map { dimension in
            let start = 4 + 4 * dimension
            let size = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product < 1 << 48 else { throw fail(start, "the sizes are larger than any memory") }
            count = product
            return size
        }
        self.path = path
        self.type = type
        headerBytes = 4 + 4 * rank
        elementBytes = count
    }

    private var sizes: String { shape.map(String.init).joined(separator: " × ") }

    /// The file ends too early or too late.
    func wrongSize(_ found: Int, at offset: Int) -> DataError {
        .byte(
            path: path, offset: offset,
            problem: "expected \(elementBytes) bytes for \(sizes) elements as the header says, found \(found)")
    }

    /// The elements as a tensor: uint8 stays, other whole numbers become int64.
    func tensor(_ bytes: ArraySlice<UInt8>) throws -> Tensor {
        func integers<Source: FixedWidthInteger>(_ type: Source.Type) throws -> Tensor {
            try Tensor(Self.elements(bytes, as: type).map { Int($0) }, shape: shape)
        }
        switch type {
        case .uint8: return try bytes.withUnsafeBytes { try Tensor(bytes: $0, shape: shape, dtype: .uint8) }
        case .int8: return try integers(Int8.self)
        case .int16: return try integers(Int16.self)
        case .int32: return try integers(Int32.self)
        case .float32:
            return try Tensor(Self.elements(bytes, as: UInt32.self).map { Float(bitPattern: $0) }, shape: shape)
        case .float64:
            return try Tensor(Self.elements(bytes, as: UInt64.self).map { Double(bitPattern: $0) }, shape: shape)
        }
    }

    private static func elements<Element: FixedWidthInteger>(
        _ bytes: ArraySlice<UInt8>, as type: Element.Type
    ) -> [Element] {
        let size = Element.bitWidth / 8
        return (0..<bytes.count / size).map { index in
            let start = bytes.startIndex + index * size
            return bytes[start..<start + size].reduce(0) { $0 << 8 | Element(truncatingIfNeeded: $1) }
        }
    }
}

/// Reads a file in the IDX format, plain or compressed with gzip.
///
/// - Returns: uint8 as it is, other whole numbers as int64, floats as they are.
/// - Throws: ``DataError`` naming file and byte offset. Sizes that the file cannot hold are refused before memory is taken.
public func readIDX(_ path: String) throws -> Tensor {
    let bytes = try FileBytes.read(path)
    if GzipMember.isGzip(bytes) {
        let member = GzipMember(bytes: bytes, path: path)
        let file = try IDXFile(header: member.prefix(4 + 4 * 8), path: path)
        let content = try member.content(count: file.headerBytes + file.elementBytes) { found in
            // The last four bytes state the size of what is compressed.
            file.wrongSize(max(0, found - file.headerBytes), at: max(0, bytes.count - 4))
        }
        return try file.tensor(content[file.headerBytes...])
    }
    let file = try IDXFile(header: bytes, path: path)
    let found = bytes.count - file.headerBytes
    guard found == file.elementBytes else {
        throw file.wrongSize(found, at: min(bytes.count, file.headerBytes + file.elementBytes))
    }
    return try file.tensor(bytes[file.headerBytes...])
}

/// A dataset of images and labels in two IDX files: x [N, 1, H, W] (or as the file has it), y int64 [N].
///
/// Bytes that take up more than a quarter of the memory that is left, in a file that is not compressed, stay in the file and
/// are read batch by batch.
///
/// - Parameter streams: Whether they do; nil lets the size decide.
/// - Throws: ``DataError`` naming file and byte offset.
public func readIDX(
    _ path: String, labels: String, classes: [String]? = nil, streams: Bool? = nil, name: String? = nil
) throws -> Dataset {
    let name = name ?? path
    let y = try readIDX(labels)
    guard y.shape.count == 1 else {
        throw DataError.content(path: labels, problem: "expected one label an example, found \(y.shape)", help: nil)
    }
    let targets = y.dtype.isFloating ? y : try y.to(.int64)
    if let classes, !targets.dtype.isFloating, let largest = try targets.integers().max(), largest >= classes.count {
        throw DataError.content(
            path: labels, problem: "label \(largest) among \(classes.count) classes", help: nil)
    }
    let stored = try storedIDX(path, streams: streams)
    let count: Int
    switch stored {
    case .memory(let input): count = input.count
    case .file(_, let records): count = records.count
    }
    guard count == targets.count else {
        throw DataError.content(
            path: labels, problem: "\(targets.count) labels for the \(count) examples of \(path)", help: nil)
    }
    return try Dataset(stored: stored, y: targets, classes: classes, name: name)
}

private func storedIDX(_ path: String, streams: Bool?) throws -> Dataset.Stored {
    let size = try FileBytes.size(path)
    let head = try FileBytes.read(path, offset: 0, count: 4 + 4 * 8)
    if !GzipMember.isGzip(head), streams ?? (size > Tensor.availableMemory / 4) {
        let file = try IDXFile(header: head, path: path)
        guard size - file.headerBytes == file.elementBytes else {
            throw file.wrongSize(size - file.headerBytes, at: min(size, file.headerBytes + file.elementBytes))
        }
        if file.type == .uint8, file.shape.count > 1 {
            let shape = file.shape.count == 3 ? [1] + file.shape.dropFirst() : Array(file.shape.dropFirst())
            return .file(
                try RecordFile(path, offset: file.headerBytes, dtype: .uint8, recordShape: shape),
                records: try .indices(file.shape[0]))
        }
    }
    let x = try readIDX(path)
    // Images get their one channel.
    return .memory(.tensor(x.shape.count == 3 ? try x.reshape([x.shape[0], 1, x.shape[1], x.shape[2]]) : x))
}
