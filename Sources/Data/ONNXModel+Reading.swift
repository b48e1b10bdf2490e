import Base
import Tensors

extension ONNXModel {
    /// Reads a model, its external data beside it too. Numbers of half precision become float32, small integers int64.
    ///
    /// - Throws: ``FileError``, ``DataError`` for a file that is no model, is damaged, or holds tensors of kinds that are not
    ///   read; a limit error when memory is short.
    public init(reading path: String) throws {
        try self.init(ByteSource(reading: path))
    }

    /// Reads the bytes of a file; `path` is its name in messages.
    public init(parsing bytes: [UInt8], path: String) throws { try self.init(ByteSource(bytes, path: path)) }

    private init(_ source: ByteSource) throws {
        self.init()
        path = source.path
        operatorSet = 1
        let reader = ONNXReader(source: source)
        var graph: Range<Int>?
        try ProtobufFields(source, 0..<source.size).forEach { field, value in
            guard case .range(let range) = value else { return }
            switch field {
            case 7: graph = range
            case 8:
                var domain = "", version = 1
                try ProtobufFields(source, range).forEach { field, value in
                    if field == 1, case .range(let text) = value { domain = try reader.text(text) }
                    if field == 2, case .number(let number) = value { version = number }
                }
                if domain.isEmpty || domain == "ai.onnx" { operatorSet = version } else { domains[domain] = version }
            case 14:
                var entry = (key: "", value: "")
                try ProtobufFields(source, range).forEach { field, value in
                    guard case .range(let text) = value else { return }
                    if field == 1 { entry.key = try reader.text(text) }
                    if field == 2 { entry.value = try reader.text(text) }
                }
                metadata.append(entry)
            default: break
            }
        }
        guard let graph else {
            throw DataError.byte(path: path, offset: 0, problem: "expected an ONNX model, found no graph")
        }
        try ProtobufFields(source, graph).forEach { field, value in
            guard case .range(let range) = value else { return }
            switch field {
            case 1: nodes.append(try reader.node(range))
            case 5:
                let (name, tensor, element) = try reader.tensor(range)
                initializers.append((name, tensor))
                elements[name] = element
            case 11: inputs.append(try reader.port(range))
            case 12: outputs.append(try reader.port(range))
            case 15:
                throw DataError.content(path: path, problem: "sparse initialisers are not read", help: nil)
            default: break
            }
            try Interrupt.check()
        }
    }
}

/// Parts of a model's file.
private struct ONNXReader {
    let source: ByteSource

    func text(_ range: Range<Int>) throws -> String {
        guard range.count <= 1 << 24 else { throw failure(range, "a text takes \(range.count) bytes") }
        return String(decoding: try source.bytes(at: range.lowerBound, count: range.count), as: UTF8.self)
    }

    private func failure(_ range: Range<Int>, _ problem: String) -> DataError {
        .byte(path: source.path, offset: range.lowerBound, problem: problem)
    }

    func node(_ range: Range<Int>) throws -> ONNXModel.Node {
        var node = ONNXModel.Node("", [], [])
        try ProtobufFields(source, range).forEach { field, value in
            guard case .range(let range) = value else { return }
            switch field {
            case 1: node.inputs.append(try text(range))
            case 2: node.outputs.append(try text(range))
            case 3: node.name = try text(range)
            case 4: node.operation = try text(range)
            case 5: try attribute(range, of: &node)
            case 7: node.domain = try text(range)
            default: break
            }
        }
        if node.domain == "ai.onnx" { node.domain = "" }
        return node
    }

    /// Subgraphs and types are left out: no operator that is read has them.
    private func attribute(_ range: Range<Int>, of node: inout ONNXModel.Node) throws {
        var name = "", single: ONNXModel.Attribute?, ints: [Int] = [], floats: [Double] = [], texts: [String] = []
        var type = 0
        try ProtobufFields(source, range).forEach { field, value in
            switch (field, value) {
            case (1, .range(let range)): name = try text(range)
            case (2, .bits(let bits)): single = .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
            case (3, .number(let number)): single = .int(number)
            case (4, .range(let range)): single = .string(try text(range))
            case (5, .range(let range)):
                let (_, tensor, element) = try tensor(range)
                node.tensors[name] = ONNXModel.StoredConstant(tensor: tensor, element: element)
            case (7, .bits(let bits)): floats.append(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
            case (7, .range(let range)): floats += try self.floats(range)
            case (8, .number(let number)): ints.append(number)
            case (8, .range(let range)): ints += try ProtobufFields(source, range).numbers(in: range)
            case (9, .range(let range)): texts.append(try text(range))
            case (20, .number(let number)): type = number
            default: break
            }
        }
        // Fields of a message come in any order, so that a tensor may stand before its name.
        if let early = node.tensors.removeValue(forKey: ""), !name.isEmpty { node.tensors[name] = early }
        // A field that holds the type's usual value, 0, may be missing.
        let value: ONNXModel.Attribute? =
            switch type {
            case 1: single ?? .float(0)
            case 2: single ?? .int(0)
            case 3: single ?? .string("")
            case 6: .floats(floats)
            case 7: .ints(ints)
            case 8: .strings(texts)
            case 0: single ?? (ints.isEmpty ? floats.isEmpty ? nil : .floats(floats) : .ints(ints))
            default: nil
            }
        if let value { node.attributes.append((name, value)) }
    }

    private func floats(_ range: Range<Int>) throws -> [Double] {
        guard range.count % 4 == 0 else { throw failure(range, "floats take \(range.count) bytes") }
        return try StoredElement.float32.tensor(
            source.bytes(at: range.lowerBound, count: range.count)[...], shape: [range.count / 4]
        ).doubles()
    }

    /// A tensor with its name, and how its numbers stand in the file.
    func tensor(_ range: Range<Int>) throws -> (name: String, tensor: Tensor, element: StoredElement) {
        var name = "", shape: [Int] = [], type = 0, numbers: [Int] = [], raw: Range<Int>?
        var floats: [Double] = [], packed: Range<Int>?
        var isExternal = false, places: [String: String] = [:]
        try ProtobufFields(source, range).forEach { field, value in
            switch (field, value) {
            case (1, .number(let size)): shape.append(size)
            case (1, .range(let range)): shape += try ProtobufFields(source, range).numbers(in: range)
            case (2, .number(let number)): type = number
            case (4, .range(let range)), (10, .range(let range)): packed = range
            case (4, .bits(let bits)): floats.append(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
            case (10, .bits(let bits)): floats.append(Double(bitPattern: bits))
            case (5, .number(let number)), (7, .number(let number)), (11, .number(let number)): numbers.append(number)
            case (5, .range(let range)), (7, .range(let range)), (11, .range(let range)):
                numbers += try ProtobufFields(source, range).numbers(in: range)
            case (8, .range(let range)): name = try text(range)
            case (9, .range(let range)): raw = range
            case (13, .range(let range)):
                var key = "", content = ""
                try ProtobufFields(source, range).forEach { field, value in
                    guard case .range(let range) = value else { return }
                    if field == 1 { key = try text(range) }
                    if field == 2 { content = try text(range) }
                }
                places[key] = content
            case (14, .number(let number)): isExternal = number == 1
            default: break
            }
        }
        guard let element = ONNXModel.element(type) else {
            throw DataError.content(
                path: source.path,
                problem:
                    "the tensor \"\(name)\" has elements of type \(type) (text, complex, 8 or 4 bits), which are not read",
                help: nil)
        }
        guard StoredTensor.isPossible(shape), let count = element.byteCount(shape) else {
            throw failure(range, "\"\(name)\" has the impossible sizes \(shape)")
        }
        let bytes: [UInt8]
        if isExternal {
            bytes = try external(places, count, name, range)
        } else if let place = raw ?? packed {
            bytes = try source.bytes(at: place.lowerBound, count: place.count)
        } else if !floats.isEmpty {
            bytes = floats.flatMap { number in
                element == .float64
                    ? Self.bytes(number.bitPattern, 8) : Self.bytes(UInt64(Float(number).bitPattern), 4)
            }
        } else {
            bytes = numbers.flatMap { Self.bytes(UInt64(bitPattern: Int64($0)), element.size) }
        }
        guard bytes.count == count else {
            throw failure(range, "\"\(name)\" \(shape) takes \(count) bytes, found \(bytes.count)")
        }
        return (name, try element.tensor(bytes[...], shape: shape), element)
    }

    private static func bytes(_ bits: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
    }

    /// Bytes of a file beside the model, never outside its folder.
    private func external(
        _ places: [String: String], _ count: Int, _ name: String, _ range: Range<Int>
    ) throws -> [UInt8] {
        let location = places["location"] ?? ""
        let parts = location.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.isEmpty, !parts.contains(""), !parts.contains(".."), !parts.contains(".") else {
            throw failure(range, "\"\(name)\" lies in the file \"\(location)\", which is not beside the model")
        }
        let file = try ByteSource(reading: WholeFile.folder(of: source.path) + "/" + location)
        guard let offset = Int(places["offset"] ?? "0"), offset >= 0 else {
            throw failure(range, "\"\(name)\" has no offset in \(location)")
        }
        return try file.bytes(at: offset, count: count)
    }

    /// A name with its type and sizes.
    func port(_ range: Range<Int>) throws -> ONNXModel.Port {
        var port = ONNXModel.Port("", .float32, [])
        try ProtobufFields(source, range).forEach { field, value in
            guard case .range(let range) = value else { return }
            if field == 1 { port.name = try text(range) }
            guard field == 2 else { return }
            try ProtobufFields(source, range).forEach { field, value in
                guard field == 1, case .range(let range) = value else { return }
                try ProtobufFields(source, range).forEach { field, value in
                    switch (field, value) {
                    case (1, .number(let type)):
                        port.element = ONNXModel.element(type)
                        port.dtype = port.element?.dtype ?? .float32
                    case (2, .range(let range)): port.shape = try sizes(range)
                    default: break
                    }
                }
            }
        }
        return port
    }

    private func sizes(_ range: Range<Int>) throws -> [ONNXModel.Size] {
        var sizes: [ONNXModel.Size] = []
        try ProtobufFields(source, range).forEach { field, value in
            guard field == 1, case .range(let range) = value else { return }
            var size = ONNXModel.Size.named("")
            try ProtobufFields(source, range).forEach { field, value in
                switch (field, value) {
                case (1, .number(let number)): size = .fixed(number)
                case (2, .range(let range)): size = .named(try text(range))
                default: break
                }
            }
            sizes.append(size)
        }
        return sizes
    }
}
