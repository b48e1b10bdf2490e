import Data
import OrderedCollections
import Runtime
import Tensors

/// The values of a PyTorch file as values of the language: lists, tuples and sets are lists, modules their weights by name,
/// raw bytes a uint8 tensor.
final class StoredValues {
    private let file: TorchFile
    private let interpreter: Interpreter
    /// What a container became; shared ones stay shared.
    private var made: [Int: Value] = [:]
    private var depth = 0

    /// More levels than anybody saves, fewer than the stack has.
    private static let mostLevels = 200

    init(_ file: TorchFile, in interpreter: Interpreter) {
        self.file = file
        self.interpreter = interpreter
    }

    /// The value of the language.
    ///
    /// - Throws: `DataError` for a damaged file, a limit error when memory is short.
    func value(_ stored: PickleValue) throws -> Value {
        if case .node(let index) = stored, let made = made[index] { return made }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostLevels else {
            throw DataError.content(
                path: file.path, problem: "its values are nested more than \(Self.mostLevels) levels deep", help: nil)
        }
        switch try file.content(of: stored) {
        case .none: return .none
        case .bool(let bool): return .bool(bool)
        case .int(let int): return .int(int)
        case .float(let float): return .float(float)
        case .string(let text): return .string(text)
        case .bytes(let bytes): return .tensor(try Tensor(bytes))
        case .tensor(let tensor): return keep(.tensor(try file.tensor(tensor)), for: stored)
        case .list(let elements):
            // Kept before it is filled: a list may hold itself.
            let list = ListObject([])
            keep(.list(list), for: stored)
            list.elements = try elements.map(value)
            return .list(list)
        case .dict(let entries):
            let dict = DictObject()
            keep(.dict(dict), for: stored)
            for (key, stored) in entries {
                let name = try value(key)
                dict.entries[DictKey(name) ?? .string(Display.repr(name, in: interpreter))] = try value(stored)
            }
            return .dict(dict)
        case .record(let record):
            if let state = try file.state(of: stored) {
                let dict = DictObject()
                for (name, tensor) in state { dict[name] = .tensor(try file.tensor(tensor)) }
                return keep(.dict(dict), for: stored)
            }
            let opaque = OpaqueRecord(record.name)
            let object = keep(opaque.encode(in: interpreter), for: stored)
            opaque.attributes = try record.attributes.map { ($0.key, try value($0.value)) }
            return object
        }
    }

    @discardableResult
    private func keep(_ value: Value, for stored: PickleValue) -> Value {
        if case .node(let index) = stored { made[index] = value }
        return value
    }
}

/// Values of the language as `torch.save` writes them: what a `.pt` file can hold.
struct StorableValue {
    private var writer = TorchWriter()

    /// The file's bytes; `path` gives the archive its name.
    ///
    /// - Throws: a `Failure` for a value that Python has no plain form of.
    static func bytes(_ value: Value, path: String) throws -> [UInt8] {
        var storable = StorableValue()
        try storable.put(value, depth: 0)
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return try storable.writer.bytes(named: name.split(separator: ".").first.map(String.init) ?? name)
    }

    private mutating func put(_ value: Value, depth: Int) throws {
        guard depth < 100 else { throw Failure(.value, "save: the value is nested more than 100 levels deep") }
        switch value {
        case .none: writer.none()
        case .bool(let bool): writer.bool(bool)
        case .int(let int): writer.int(int)
        case .float(let float): writer.float(float)
        case .string(let text): writer.string(text.text)
        case .tensor(let tensor): writer.tensor(tensor)
        case .module(let net):
            writer.beginDict()
            for (name, tensor) in try net.storedState() {
                writer.string(name)
                writer.tensor(tensor)
            }
            writer.endDict()
        case .list(let list):
            writer.beginList()
            for element in list.elements { try put(element, depth: depth + 1) }
            writer.endList()
        case .dict(let dict):
            writer.beginDict()
            for (key, value) in dict.entries {
                try put(key.value, depth: depth + 1)
                try put(value, depth: depth + 1)
            }
            writer.endDict()
        default:
            throw Failure(
                .type, "save: a .pt file holds tensors, numbers, text, lists and dicts, not a \(value.typeName)",
                help: ["leave it out, or turn it into one of these"])
        }
    }
}
