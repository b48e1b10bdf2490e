import Base
import Tensors

extension FileContents {
    // MARK: Networks of ONNX

    /// Names, operators and sizes, from the fields of the protocol buffer; numbers are skipped.
    mutating func describeONNX(_ source: ByteSource) throws {
        kind = "ONNX network"
        let model = ProtobufFields(source, 0..<source.size)
        var operators: [String: Int] = [:]
        var entries: [Entry] = []
        var inputs: [String] = [], outputs: [String] = []
        var isGraphSeen = false
        try model.forEach { field, value in
            switch (field, value) {
            case (1, .number(let version)): facts["ir_version"] = String(version)
            case (2, .range(let range)):
                facts["producer"] = try model.text(in: range)
            case (3, .range(let range)):
                facts["producer"] = [facts["producer"], try model.text(in: range)].compactMap { $0 }.joined(
                    separator: " ")
            case (8, .range(let range)):
                var domain = "", version = 0
                try ProtobufFields(source, range).forEach { field, value in
                    if field == 1, case .range(let text) = value { domain = try model.text(in: text) ?? "" }
                    if field == 2, case .number(let number) = value { version = number }
                }
                facts["opset" + (domain.isEmpty ? "" : " of " + domain)] = String(version)
            case (7, .range(let graph)):
                isGraphSeen = true
                try ProtobufFields(source, graph).forEach { field, value in
                    guard case .range(let range) = value else { return }
                    switch field {
                    case 1: operators[try Self.operatorName(source, range), default: 0] += 1
                    case 5: entries.append(try Self.initializer(source, range))
                    case 11: inputs.append(try Self.valueInfo(source, range))
                    case 12: outputs.append(try Self.valueInfo(source, range))
                    default: break
                    }
                }
            default: break
            }
        }
        guard isGraphSeen else {
            throw DataError.byte(path: path, offset: 0, problem: "expected an ONNX model, found no graph")
        }
        let named = Set(entries.map(\.name))
        facts["inputs"] = inputs.filter { !named.contains(String($0.prefix { $0 != " " })) }.joined(separator: ", ")
        facts["outputs"] = outputs.joined(separator: ", ")
        let counts = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        facts["operators"] = counts.map { $0.value == 1 ? $0.key : "\($0.key) × \($0.value)" }.joined(separator: ", ")
        groups = [Group(name: "", entries: entries)]
    }

    private static func operatorName(_ source: ByteSource, _ range: Range<Int>) throws -> String {
        var name = "?"
        let fields = ProtobufFields(source, range)
        try fields.forEach { field, value in
            if field == 4, case .range(let text) = value { name = try fields.text(in: text) ?? name }
        }
        return name
    }

    /// Name, type and sizes of a TensorProto.
    private static func initializer(_ source: ByteSource, _ range: Range<Int>) throws -> Entry {
        var name = "", type = 0, shape: [Int] = [], bytes = 0
        let fields = ProtobufFields(source, range)
        try fields.forEach { field, value in
            switch (field, value) {
            case (1, .number(let size)): shape.append(size)
            case (1, .range(let packed)): shape += try fields.numbers(in: packed)
            case (2, .number(let number)): type = number
            case (4...7, .range(let data)), (9...11, .range(let data)): bytes += data.count
            case (8, .range(let text)): name = try fields.text(in: text) ?? ""
            default: break
            }
        }
        guard StoredTensor.isPossible(shape) else {
            throw DataError.byte(
                path: source.path, offset: range.lowerBound, problem: "\"\(name)\" has the impossible sizes \(shape)")
        }
        let names = [
            1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string",
            9: "bool",
            10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 16: "bfloat16",
        ]
        return Entry(name: name, element: names[type] ?? "type \(type)", shape: shape, byteCount: bytes)
    }

    /// `input [N, 3, 224, 224]` of a ValueInfoProto.
    private static func valueInfo(_ source: ByteSource, _ range: Range<Int>) throws -> String {
        var name = ""
        var sizes: [String] = []
        let fields = ProtobufFields(source, range)
        func inner(_ number: Int, _ range: Range<Int>, _ body: (Range<Int>) throws -> Void) throws {
            try ProtobufFields(source, range).forEach { field, value in
                if field == number, case .range(let range) = value { try body(range) }
            }
        }
        try fields.forEach { field, value in
            guard case .range(let range) = value else { return }
            if field == 1 { name = try fields.text(in: range) ?? "" }
            guard field == 2 else { return }
            // type.tensor_type.shape.dim
            try inner(1, range) { tensor in
                try inner(2, tensor) { shape in
                    try inner(1, shape) { dimension in
                        var size = "?"
                        try ProtobufFields(source, dimension).forEach { field, value in
                            if field == 1, case .number(let number) = value { size = String(number) }
                            if field == 2, case .range(let text) = value { size = try fields.text(in: text) ?? size }
                        }
                        sizes.append(size)
                    }
                }
            }
        }
        return name + (sizes.isEmpty ? "" : " [\(sizes.joined(separator: ", "))]")
    }

    // MARK: Texts and pictures

    private static func json(_ source: ByteSource) throws -> JSON {
        do {
            return try JSON(parsing: source.bytes(at: 0, count: source.size))
        } catch let error as JSON.SyntaxError {
            throw DataError.byte(path: source.path, offset: error.offset, problem: "no JSON: \(error.problem)")
        }
    }

    mutating func describeNotebook(_ source: ByteSource) throws {
        let notebook = try Self.json(source)
        guard let cells = notebook["cells"]?.array else {
            throw DataError.content(path: path, problem: "JSON without cells, so no notebook", help: nil)
        }
        kind = "Jupyter notebook"
        facts["kernel"] = notebook["metadata"]?["kernelspec"]?["display_name"]?.string
        facts["language"] = notebook["metadata"]?["language_info"]?["name"]?.string
        for type in ["code", "markdown", "raw"] {
            let count = cells.count { $0["cell_type"]?.string == type }
            if count > 0 { facts["\(type) cells"] = String(count) }
        }
        let outputs = cells.count { !($0["outputs"]?.array ?? []).isEmpty }
        facts["cells with outputs"] = String(outputs)
        let texts = cells.compactMap { $0["source"]?.array?.first?.string ?? $0["source"]?.string }
        if let title = texts.first(where: { $0.hasPrefix("#") }) {
            facts["title"] = Self.short(String(title.drop { $0 == "#" || $0 == " " }.prefix { $0 != "\n" }))
        }
    }

    mutating func describeRecord(_ source: ByteSource) throws {
        guard case .object(let members) = try Self.json(source) else {
            throw DataError.content(path: path, problem: "JSON that is no record of a run", help: nil)
        }
        kind = path.hasSuffix("record.json") ? "record of a run" : "JSON"
        for (name, value) in members {
            switch value {
            case .object(let inner):
                facts[name] = Self.short(
                    inner.prefix(8).map { "\($0.key) \(Self.text($0.value).prefix(24))" }.joined(separator: ", "))
            case .array(let elements): facts[name] = "\(elements.count) values"
            default: facts[name] = Self.short(Self.text(value))
            }
        }
    }

    mutating func describeTable(_ source: ByteSource) throws {
        kind = "table"
        let start = String(decoding: try source.prefix(1 << 16), as: UTF8.self)
        let header = String(start.prefix { $0 != "\n" && $0 != "\r\n" })
        let separator = [",", ";", "\t"].map { Character($0) }.max { a, b in
            header.count { $0 == a } < header.count { $0 == b }
        }
        let columns = header.split(separator: separator ?? ",", omittingEmptySubsequences: false)
        facts["columns"] = "\(columns.count): " + Self.short(columns.joined(separator: ", "))
        var lines = 0, position = 0, last: UInt8 = 0x0A
        while position < source.size {
            let bytes = try source.bytes(at: position, count: min(1 << 20, source.size - position))
            lines += bytes.count { $0 == 0x0A }
            last = bytes.last ?? last
            position += bytes.count
            try Interrupt.check()
        }
        facts["lines"] = String(lines + (last == 0x0A ? 0 : 1))
    }

    mutating func describeIDX(_ source: ByteSource) throws {
        var start = try source.prefix(1 << 16)
        if GzipMember.isGzip(start) {
            start = Array(try GzipMember(bytes: start, path: path).prefix(4 + 4 * 255))
        }
        let file = try IDXFile(header: start, path: path)
        kind = "IDX file"
        groups = [
            Group(
                name: "",
                entries: [
                    Entry(name: "", element: "\(file.type)", shape: file.shape, byteCount: file.elementBytes)
                ])
        ]
    }

    mutating func describeImage(_ source: ByteSource) throws {
        let image = try ImageHeader(source)
        kind = image.isJPEG ? "JPEG image" : "PNG image"
        facts["size"] = "\(image.width) × \(image.height) pixels"
        facts["channels"] = String(image.channels)
    }
}

extension StoredTensor {
    /// Whether some memory could hold a tensor of these sizes.
    static func isPossible(_ shape: [Int]) -> Bool {
        var product = 1
        for size in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { return false }
            product = next
        }
        return true
    }
}
