import Data
import Learning
import OrderedCollections
import Tensors

/// How a network is built, as JSON: what a model file holds besides the weights.
///
/// A layer of the library stands as the call that makes it, `Linear(64, 32, bias=false)`; a container with its children;
/// a module written in Dist with the source of its declaration, the arguments it was made with and the values of its
/// fields. A module that occurs twice is written once and then named by its number.
public enum Architecture {
    /// The architecture of `net`, and tensors beside those of its state that it needs.
    ///
    /// - Throws: a ``Failure`` that names what a model file cannot hold.
    public static func json(
        of net: Module, in interpreter: Interpreter
    ) throws -> (json: JSON, tensors: OrderedDictionary<String, Tensor>) {
        var writer = ArchitectureWriter(interpreter, net)
        let root = try writer.node(net)
        return (.object([("net", root), ("sources", .array(writer.sources))]), writer.tensors)
    }
}

private struct ArchitectureWriter {
    private unowned let interpreter: Interpreter
    private var numbers: [ObjectIdentifier: Int] = [:]
    private let stateNames: [ObjectIdentifier: String]
    private let parameters: Set<ObjectIdentifier>
    private var prototypes: [ObjectIdentifier: Int] = [:]
    /// The lists and dicts that are being written.
    private var open: Set<ObjectIdentifier> = []
    private(set) var sources: [JSON] = []
    private(set) var tensors: OrderedDictionary<String, Tensor> = [:]

    init(_ interpreter: Interpreter, _ net: Module) {
        self.interpreter = interpreter
        var names: [ObjectIdentifier: String] = [:]
        for (name, tensor) in net.namedState() where names[ObjectIdentifier(tensor)] == nil {
            names[ObjectIdentifier(tensor)] = name
        }
        stateNames = names
        parameters = Set(net.parameters().map { ObjectIdentifier($0) })
    }

    mutating func node(_ module: Module) throws -> JSON {
        if let number = numbers[ObjectIdentifier(module)] { return .object([("same", .integer(number))]) }
        let number = numbers.count
        numbers[ObjectIdentifier(module)] = number
        switch module {
        case let module as ScriptedModule: return try scripted(module, number)
        case let module as ONNXNetwork: return try imported(module, number)
        case is Sequential, is ModuleList, is ModuleDict:
            let children = try module.children.map { ($0.key, try node($0.value)) }
            return .object([
                ("number", .integer(number)), ("layer", .string(module.typeName)), ("children", .object(children)),
            ])
        default:
            guard interpreter.library.moduleType(named: module.typeName)?.isBuiltByCall == true else {
                throw Failure(
                    .type, "save: a \(module.typeName) cannot be written into a model file",
                    help: ["save(net, \"net.safetensors\") writes the weights alone"])
            }
            return .object([
                ("number", .integer(number)), ("layer", .string("\(module.typeName)(\(module.options))")),
            ])
        }
    }

    /// A network of an ONNX file: its graph, and which of the state are the graph's weights.
    private mutating func imported(_ module: ONNXNetwork, _ number: Int) throws -> JSON {
        let (graph, weights) = try module.stored()
        let place = "distill.constant.\(tensors.count)"
        tensors[place] = try Tensor(graph)
        let names = weights.map { source, tensor in
            JSON.array([.string(source), .string(stateNames[ObjectIdentifier(tensor)] ?? "")])
        }
        return .object([
            ("number", .integer(number)), ("onnx", .string(place)), ("weights", .array(names)),
            ("outputs", .array(module.outputNames.map { .string($0) })),
        ])
    }

    private mutating func scripted(_ module: ScriptedModule, _ number: Int) throws -> JSON {
        let prototype = ObjectIdentifier(module.declaration.body.prototype)
        if prototypes[prototype] == nil {
            let source = try ModuleSource(of: module.declaration, in: interpreter)
            let index = sources.count
            sources.append(.null)
            for identity in source.modules where prototypes[identity] == nil { prototypes[identity] = index }
            let constants = try source.constants.map { ($0.name, try value($0.value, "the variable \($0.name)")) }
            sources[index] = .object([("text", .string(source.text)), ("constants", .object(constants))])
        }
        let owner = module.typeName
        let construction = module.construction
        let arguments = try construction.arguments.map { try value($0, "an argument of \(owner)") }
        // Fields are bound again in this order, which gives children and parameters theirs.
        let order = Array(module.children.keys) + module.ownParameters.keys + module.ownBuffers.keys
        let ordered = module.fields.enumerated().sorted { left, right in
            let places = [left, right].map { order.firstIndex(of: $0.element.name) ?? -1 }
            return (places[0], left.offset) < (places[1], right.offset)
        }
        let fields = try ordered.map(\.element).map { name, field in
            (name, try dataOrRebuilt(field, "the field \(name) of \(owner)"))
        }
        return .object([
            ("number", .integer(number)), ("module", .string(owner)), ("source", .integer(prototypes[prototype] ?? 0)),
            ("positional", .integer(construction.shape.positional)),
            ("names", .array(construction.shape.names.map { .string($0) })), ("arguments", .array(arguments)),
            ("fields", .object(fields.filter { $0.1 != .null })),
        ])
    }

    /// Functions in fields are made again by the module's body; they have no entry.
    private mutating func dataOrRebuilt(_ field: Value, _ place: String) throws -> JSON {
        if case .function(let function) = field, !(function is BuiltinFunction) { return .null }
        if case .none = field { return .object([("none", .bool(true))]) }
        return try value(field, place)
    }

    private mutating func value(_ value: Value, _ place: String) throws -> JSON {
        switch value {
        case .none, .unbound, .cell: return .null
        case .bool(let bool): return .bool(bool)
        case .int(let int): return .integer(int)
        case .float(let float):
            return .object([
                ("float", .string(float.isFinite ? "\(float)" : float.isNaN ? "nan" : float > 0 ? "inf" : "-inf"))
            ])
        case .string(let text): return .string(text.text)
        case .list(let list):
            try enter(list, place)
            defer { open.remove(ObjectIdentifier(list)) }
            return .array(try list.elements.map { try self.value($0, place) })
        case .dict(let dict):
            try enter(dict, place)
            defer { open.remove(ObjectIdentifier(dict)) }
            let entries = try dict.entries.map { key, entry in
                JSON.array([try self.value(key.value, place), try self.value(entry, place)])
            }
            return .object([("dict", .array(entries))])
        case .range(let range):
            return .object([("range", .array([range.start, range.stop, range.step].map { .integer($0) }))])
        case .pair(let pair):
            return .object([("pair", .array([try self.value(pair.left, place), try self.value(pair.right, place)]))])
        case .tensor(let tensor): return tensorNode(tensor)
        case .module(let module): return .object([("net", try node(module))])
        case .function(let function):
            if let builtin = function as? BuiltinFunction, interpreter.library.functions[builtin.name] === builtin {
                return .object([("function", .string(builtin.name))])
            }
            throw Failure(
                .value, "save: \(place) is a function (\(function.name)), which a model file cannot hold",
                help: ["pass a name or a layer such as ReLU() instead, or declare the function beside the module"])
        case .object(let object):
            throw Failure(.value, "save: \(place) is a \(object.type.name), which a model file cannot hold")
        }
    }

    /// A container that contains itself would never end.
    private mutating func enter(_ container: AnyObject, _ place: String) throws {
        guard open.insert(ObjectIdentifier(container)).inserted else {
            throw Failure(.value, "save: \(place) holds a container that contains itself")
        }
    }

    private mutating func tensorNode(_ tensor: Tensor) -> JSON {
        var name = stateNames[ObjectIdentifier(tensor)]
        if name == nil {
            let extra = tensors.first { $0.value === tensor }?.key ?? "distill.constant.\(tensors.count)"
            tensors[extra] = tensor
            name = extra
        }
        return .object([
            ("tensor", .string(name ?? "")), ("parameter", .bool(parameters.contains(ObjectIdentifier(tensor)))),
        ])
    }
}
