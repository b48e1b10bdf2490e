import OrderedCollections
import Tensors

/// What a file holds, told from its headers: names, shapes and short values, without the numbers.
public struct FileContents {
    /// One tensor, unread.
    public struct Entry: Sendable {
        /// Its name.
        public let name: String
        /// The type of its numbers as the file has it.
        public let element: String
        /// The sizes of its dimensions.
        public let shape: [Int]
        /// What it takes in the file.
        public let byteCount: Int

        /// How many numbers there are.
        public var count: Int { shape.reduce(1, *) }
    }

    /// Tensors that belong together.
    public struct Group: Sendable {
        /// Where in the file they are; nothing when they are all that it holds.
        public let name: String
        /// The tensors in file order.
        public let entries: [Entry]
    }

    /// The file.
    public let path: String
    /// What kind of file it is.
    public internal(set) var kind: String
    /// Its size in bytes.
    public let byteCount: Int
    /// Short facts by name.
    public internal(set) var facts: OrderedDictionary<String, String> = [:]
    /// The tensors.
    public internal(set) var groups: [Group] = []

    /// Reads the headers of a file.
    ///
    /// - Throws: ``DataError`` for a file that cannot be opened, is damaged, or is of no kind that is known.
    public init(of path: String) throws {
        self.path = path
        let source = try ByteSource(reading: path)
        byteCount = source.size
        kind = ""
        let suffix = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
        switch try FileKind(of: path) {
        case .safetensors: try describeSafeTensors(source)
        case .torch: try describe(TorchFile(source))
        case .npz: try describeArrays(source)
        case .npy:
            kind = "NumPy array"
            groups = [
                Group(name: "", entries: [try NPY.entry("", source.prefix(1 << 16), size: source.size, path: path)])
            ]
        case .png, .jpeg: try describeImage(source)
        case .unknown:
            switch suffix {
            case "onnx": try describeONNX(source)
            case "ipynb": try describeNotebook(source)
            case "json": try describeRecord(source)
            case "csv", "tsv": try describeTable(source)
            case "gz", "idx", "ubyte": try describeIDX(source)
            default: throw stranger(source)
            }
        }
    }

    private func stranger(_ source: ByteSource) -> DataError {
        do {
            _ = try TorchFile(source)
        } catch let error as DataError {
            if ["pt", "pth", "bin", "ckpt"].contains(where: path.hasSuffix) { return error }
        } catch {}
        return .content(
            path: path, problem: "a file of no kind that is known here",
            help:
                ".pth .pt .bin .ckpt .safetensors .distill .npz .npy .onnx .ipynb .csv .png .jpg, IDX files and record.json are"
        )
    }

    // MARK: Tensors

    private mutating func describeSafeTensors(_ source: ByteSource) throws {
        let (metadata, entries) = try SafeTensors.contents(source)
        kind = metadata["distill.format"] == nil ? "safetensors" : "network of distill"
        for (name, text) in metadata where !name.hasPrefix("distill.") { facts[name] = Self.short(text) }
        if let record = metadata["distill.record"].flatMap({ try? JSON(parsing: Array($0.utf8)) }),
            case .object(let members) = record
        {
            for (name, value) in members where value != .null {
                if name == "input" { describeInput(value) } else { facts[name] = Self.short(Self.text(value)) }
            }
        }
        groups = [Group(name: "", entries: entries)]
    }

    /// What a network takes: sizes, and the columns of a table with their categories.
    private mutating func describeInput(_ input: JSON) {
        func list(_ texts: [String]) -> String { Self.short(texts.joined(separator: ", ")) }
        if let shape = input["shape"] { facts["input"] = Self.short(Self.text(shape)) }
        facts["columns"] = list(
            (input["columns"]?.array ?? []).compactMap { column in
                guard let name = column["name"]?.string else { return nil }
                guard let categories = column["categories"]?.array?.compactMap(\.string) else { return name }
                return "\(name) (\(categories.joined(separator: " ")))"
            })
        facts["text"] = input["text"]?.string.map { Self.short($0) }
        facts["label"] = list(input["labels"]?.array?.compactMap(\.string) ?? [])
        facts["id"] = input["id"]?.string.map { Self.short($0) }
    }

    private mutating func describeArrays(_ source: ByteSource) throws {
        kind = "NumPy archive"
        let archive = try ZipArchive(source)
        let entries = try archive.entries.map { entry in
            let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
            return try NPY.entry(
                name, archive.prefix(1 << 14, of: entry), size: entry.size, path: "\(path): \(entry.name)")
        }
        groups = [Group(name: "", entries: entries)]
    }

    private mutating func describe(_ file: TorchFile) throws {
        kind = file.container.rawValue
        if let state = try file.state(of: file.root) {
            groups = [Group(name: "", entries: state.map { Self.entry($0.key, $0.value) })]
            return
        }
        if case .tensor(let tensor) = try file.content(of: file.root) {
            groups = [Group(name: "", entries: [Self.entry("", tensor)])]
            return
        }
        var members = try file.members(of: file.root)
        if case .list(let elements) = try file.content(of: file.root) {
            members = elements.prefix(1000).enumerated().map { (String($0), $1) }
        }
        var loose: [Entry] = []
        for (name, value) in members {
            if let state = try file.state(of: value) {
                groups.append(Group(name: name, entries: state.map { Self.entry($0.key, $0.value) }))
                continue
            }
            if case .tensor(let tensor) = try file.content(of: value) {
                loose.append(Self.entry(name, tensor))
                continue
            }
            for (inner, value) in try file.members(of: value) {
                guard let state = try file.state(of: value) else { continue }
                groups.append(Group(name: name + "." + inner, entries: state.map { Self.entry($0.key, $0.value) }))
            }
            facts[name] = try Self.short(file.text(of: value))
        }
        if !loose.isEmpty { groups.insert(Group(name: "", entries: loose), at: 0) }
    }

    private static func entry(_ name: String, _ tensor: StoredTensor) -> Entry {
        Entry(
            name: name, element: tensor.element.rawValue, shape: tensor.shape,
            byteCount: tensor.count * tensor.element.size)
    }

    static func short(_ text: String) -> String {
        text.count > 100 ? text.prefix(97) + "…" : text
    }

    /// A JSON value without quotes around text.
    static func text(_ value: JSON) -> String { value.string ?? value.text }
}

extension TorchFile {
    /// A value in one line, short: what it is where it is large.
    func text(of value: PickleValue, depth: Int = 0) throws -> String {
        switch try content(of: value) {
        case .none: return "none"
        case .bool(let bool): return String(bool)
        case .int(let int): return String(int)
        case .float(let float): return "\(float)"
        case .string(let text): return depth == 0 ? text : "\"\(text.prefix(40))\""
        case .bytes(let bytes): return "\(bytes.count) bytes"
        case .tensor(let tensor): return "\(tensor.element.rawValue) \(tensor.shape)"
        case .record(let record): return "<\(record.name)>"
        case .list(let elements):
            guard depth < 2, elements.count <= 6 else { return "[\(elements.count) values]" }
            return "[" + (try elements.map { try text(of: $0, depth: depth + 1) }).joined(separator: ", ") + "]"
        case .dict(let entries):
            guard depth < 2, entries.count <= 6 else { return "{\(entries.count) entries}" }
            let texts = try entries.map { try text(of: $0, depth: depth + 1) + ": " + text(of: $1, depth: depth + 1) }
            return "{" + texts.joined(separator: ", ") + "}"
        }
    }
}
