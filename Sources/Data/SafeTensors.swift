import Base
import OrderedCollections
import Tensors

/// Tensors by name in one file, with texts by name beside them: the `.safetensors` format of Hugging Face, which PyTorch
/// reads and writes.
///
/// A file is the header's length (8 bytes, little-endian), the header (JSON), and the bytes of the tensors one after
/// another. Half-precision and bfloat16 numbers become float32, small integers int64.
///
/// Source: https://github.com/huggingface/safetensors (format).
public struct SafeTensors {
    /// The tensors, in file order.
    public var tensors: OrderedDictionary<String, Tensor>
    /// Texts about them (`__metadata__`).
    public var metadata: OrderedDictionary<String, String>
    /// How numbers are to stand in the file where that is narrower than the dtype, by the tensor's name.
    public var elements: [String: StoredElement] = [:]

    /// Content to be written.
    public init(
        _ tensors: OrderedDictionary<String, Tensor>, metadata: OrderedDictionary<String, String> = [:],
        elements: [String: StoredElement] = [:]
    ) {
        self.tensors = tensors
        self.metadata = metadata
        self.elements = elements
    }

    /// Reads a file.
    ///
    /// - Throws: ``FileError``, ``DataError/byte(path:offset:problem:)`` for a file that is not
    ///   what its header says, a limit error when memory is short. Nothing is given of a file that is wrong somewhere.
    public init(reading path: String) throws { try self.init(parsing: FileBytes.read(path), path: path) }

    /// What the header of a file says: the texts, and names, types and shapes of the tensors.
    static func contents(
        _ source: ByteSource
    ) throws -> (metadata: OrderedDictionary<String, String>, entries: [FileContents.Entry]) {
        let start = try source.prefix(8)
        let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let known = start.count == 8 ? min(length, UInt64(source.size - 8)) : 0
        let header = try SafeTensorsHeader(source.prefix(8 + Int(known)), size: source.size, path: source.path)
        let entries = header.entries.map {
            FileContents.Entry(name: $0.name, element: $0.element.rawValue, shape: $0.shape, byteCount: $0.range.count)
        }
        return (header.metadata, entries)
    }

    /// Reads the bytes of a file; `path` is its name in messages.
    public init(parsing bytes: [UInt8], path: String) throws {
        let header = try SafeTensorsHeader(bytes, size: bytes.count, path: path)
        metadata = header.metadata
        tensors = [:]
        for entry in header.entries {
            let place = header.dataOffset + entry.range.lowerBound..<header.dataOffset + entry.range.upperBound
            do {
                tensors[entry.name] = try entry.element.tensor(bytes[place], shape: entry.shape)
            } catch let error as TensorError where error.kind == .shape {
                throw DataError.byte(path: path, offset: 8, problem: "\"\(entry.name)\": \(error.message)")
            }
        }
    }

    /// The file's bytes. Tensors stand in the order of the dictionary, each at a multiple of 8 bytes.
    public func bytes() throws -> [UInt8] {
        var members: [(key: String, value: JSON)] = []
        // transformers before 4.47.1 refuses a file that does not say whose tensors it holds.
        var texts = metadata
        texts["format"] = texts["format"] ?? "pt"
        members.append(("__metadata__", .object(texts.map { ($0.key, .string($0.value)) })))
        // Wide elements first keep every tensor aligned without holes, which the format forbids.
        let stored = tensors.map {
            (name: $0.key, tensor: $0.value, element: elements[$0.key] ?? .init($0.value.dtype))
        }
        let order = stored.sorted { $0.element.size > $1.element.size }
        var offset = 0
        for (name, tensor, element) in order {
            let end = offset + tensor.count * element.size
            members.append(
                (
                    name,
                    .object([
                        ("dtype", .string(SafeTensorsHeader.name(of: element))),
                        ("shape", .array(tensor.shape.map { .integer($0) })),
                        ("data_offsets", .array([.integer(offset), .integer(end)])),
                    ])
                ))
            offset = end
        }
        var header = Array(JSON.object(members).text.utf8)
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        bytes.reserveCapacity(8 + header.count + offset)
        bytes += header
        for (_, tensor, element) in order {
            if element == StoredElement(tensor.dtype) {
                tensor.withBytes { bytes.append(contentsOf: $0) }
            } else {
                bytes += try element.bytes(of: tensor)
            }
        }
        return bytes
    }

    /// Writes a file, whole or not at all.
    ///
    /// - Throws: ``FileError``.
    public func write(to path: String) throws { try WholeFile.write(bytes(), to: path) }
}

/// What the header of a file says, checked against the file: sizes fit dtypes and shapes, ranges lie in the file, one
/// behind the other without holes and overlaps.
private struct SafeTensorsHeader {
    struct Entry {
        let name: String
        let element: StoredElement
        let shape: [Int]
        let range: Range<Int>
    }

    private(set) var metadata: OrderedDictionary<String, String> = [:]
    private(set) var entries: [Entry] = []
    let dataOffset: Int
    private let path: String

    static let elements: [String: StoredElement] = [
        "F16": .float16, "BF16": .bfloat16, "F32": .float32, "F64": .float64, "I8": .int8, "I16": .int16,
        "I32": .int32, "I64": .int64, "U8": .uint8, "U16": .uint16, "U32": .uint32, "U64": .uint64, "BOOL": .bool,
    ]

    /// The name of an element in a header.
    static func name(of element: StoredElement) -> String {
        elements.first { $0.value == element }?.key ?? element.rawValue
    }

    /// Reads the header that `bytes` begin with; the file has `size` of them.
    init(_ bytes: [UInt8], size: Int, path: String) throws {
        self.path = path
        func failure(_ offset: Int, _ problem: String) -> DataError {
            .byte(path: path, offset: offset, problem: problem)
        }
        guard bytes.count >= 8 else {
            throw failure(bytes.count, "expected the 8 bytes of the header's length, found the end of the file")
        }
        let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(bytes.count - 8) else {
            throw failure(0, "the header would take \(length) bytes, the file has \(size - 8) after its length")
        }
        dataOffset = 8 + Int(length)
        let json: JSON
        do {
            json = try JSON(parsing: Array(bytes[8..<dataOffset]))
        } catch let error as JSON.SyntaxError {
            throw failure(8 + error.offset, "the header is no JSON: \(error.problem)")
        }
        guard case .object(let members) = json else { throw failure(8, "the header is no JSON object") }
        var names: Set<String> = []
        for (name, value) in members {
            guard names.insert(name).inserted else { throw failure(8, "the header names \"\(name)\" twice") }
            if name == "__metadata__" {
                guard case .object(let texts) = value, texts.allSatisfy({ $0.value.string != nil }) else {
                    throw failure(8, "__metadata__ must be an object of strings")
                }
                for (key, text) in texts { metadata[key] = text.string }
            } else {
                entries.append(try Self.entry(name, value, failure))
            }
        }
        try check(dataSize: size - dataOffset)
    }

    private static func entry(
        _ name: String, _ value: JSON, _ failure: (Int, String) -> DataError
    ) throws -> Entry {
        guard let dtype = value["dtype"]?.string, let sizes = value["shape"]?.array,
            let offsets = value["data_offsets"]?.array, offsets.count == 2
        else { throw failure(8, "\"\(name)\" needs dtype, shape and two data_offsets") }
        guard let element = elements[dtype] else {
            throw failure(8, "\"\(name)\" has the dtype \(dtype), which is not supported")
        }
        let shape = sizes.compactMap(\.integer)
        guard shape.count == sizes.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw failure(8, "\"\(name)\": shape must hold integers ≥ 0")
        }
        guard let begin = offsets[0].integer, let end = offsets[1].integer, begin >= 0, begin <= end else {
            throw failure(8, "\"\(name)\": data_offsets must be two integers, the first not above the second")
        }
        guard let size = element.byteCount(shape), size == end - begin else {
            throw failure(
                8, "\"\(name)\": \(dtype) \(shape) does not take the \(end - begin) bytes of its data_offsets")
        }
        return Entry(name: name, element: element, shape: shape, range: begin..<end)
    }

    private func check(dataSize: Int) throws {
        var end = 0
        for entry in entries.sorted(by: {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }) {
            // Offsets are compared before they are added: a lying header may name any number.
            guard entry.range.upperBound <= dataSize else {
                throw DataError.byte(
                    path: path, offset: dataOffset + dataSize,
                    problem:
                        "\"\(entry.name)\" ends \(entry.range.upperBound - dataSize) bytes behind the end of the file")
            }
            guard entry.range.lowerBound == end else {
                throw DataError.byte(
                    path: path, offset: dataOffset + entry.range.lowerBound,
                    problem: entry.range.lowerBound < end
                        ? "\"\(entry.name)\" overlaps the tensor before it"
                        : "\"\(entry.name)\" begins behind a hole of \(entry.range.lowerBound - end) bytes")
            }
            end = entry.range.upperBound
        }
        guard end == dataSize else {
            throw DataError.byte(
                path: path, offset: dataOffset + end, problem: "\(dataSize - end) bytes behind the last tensor")
        }
    }
}
