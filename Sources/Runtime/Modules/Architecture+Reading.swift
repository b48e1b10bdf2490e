import Data
import Diagnostics
import Learning
import OrderedCollections
import Syntax
import Tensors

extension Architecture {
    /// Builds a network from its architecture; its parameters are to be filled afterwards.
    ///
    /// Loading draws nothing from the generator's streams: they stand afterwards where they stood before.
    ///
    /// - Parameters:
    ///   - json: what ``json(of:in:)`` gave.
    ///   - tensors: all tensors of the file.
    ///   - path: the file, for messages.
    /// - Throws: a ``Failure`` of kind `io` for an architecture that is none, and what building layers throws.
    public static func network(
        _ json: JSON, tensors: OrderedDictionary<String, Tensor>, path: String, in interpreter: Interpreter
    ) throws -> Module {
        let state = Randomness.state
        defer { Randomness.state = state }
        guard let net = json["net"], let sources = json["sources"]?.array else {
            throw Failure(.io, "\(path): the architecture is incomplete")
        }
        var reader = ArchitectureReader(interpreter, tensors: tensors, sources: sources, path: path)
        return try reader.module(net, depth: 0)
    }
}

private struct ArchitectureReader {
    private unowned let interpreter: Interpreter
    private let tensors: OrderedDictionary<String, Tensor>
    private let sources: [JSON]
    private let path: String
    private var modules: [Int: Module] = [:]
    private var scopes: [Int: FileScope] = [:]
    private var shared: [String: Tensor] = [:]

    init(_ interpreter: Interpreter, tensors: OrderedDictionary<String, Tensor>, sources: [JSON], path: String) {
        self.interpreter = interpreter
        self.tensors = tensors
        self.sources = sources
        self.path = path
    }

    private func failure(_ problem: String) -> Failure { Failure(.io, "\(path): the architecture \(problem)") }

    mutating func module(_ json: JSON, depth: Int) throws -> Module {
        guard depth < 100 else { throw failure("nests deeper than 100 levels") }
        if let number = json["same"]?.integer {
            guard let module = modules[number] else { throw failure("names a layer \(number) that it has not") }
            return module
        }
        guard let number = json["number"]?.integer else { throw failure("has a layer without a number") }
        let made: Module
        if let layer = json["layer"]?.string {
            if case .object(let members)? = json["children"] {
                made = try container(layer, members, depth)
            } else {
                made = try self.layer(layer)
            }
        } else if let graph = json["onnx"]?.string {
            made = try imported(graph, json)
        } else if let name = json["module"]?.string {
            made = try scripted(name, json, depth)
        } else {
            throw failure("has neither layer nor module at \(number)")
        }
        modules[number] = made
        return made
    }

    /// A network of a graph; its weights come with the rest of the state.
    private func imported(_ place: String, _ json: JSON) throws -> Module {
        guard let graph = tensors[place], graph.dtype == .uint8, let pairs = json["weights"]?.array,
            let outputs = json["outputs"]?.array?.compactMap(\.string), !outputs.isEmpty
        else { throw failure("lacks the graph \(place)") }
        let weights = try pairs.map { pair -> (source: String, tensor: Tensor) in
            guard let names = pair.array?.compactMap(\.string), names.count == 2, let tensor = tensors[names[1]] else {
                throw failure("lacks a weight of the graph \(place)")
            }
            return (names[0], tensor)
        }
        return try ONNXNetwork(stored: graph.storedBytes(), weights: weights, outputs: outputs, path: path)
    }

    private mutating func container(_ name: String, _ members: [(key: String, value: JSON)], _ depth: Int) throws
        -> Module
    {
        var children: OrderedDictionary<String, Module> = [:]
        for (name, child) in members { children[name] = try module(child, depth: depth + 1) }
        switch name {
        case "Sequential": return Sequential(named: children)
        case "ModuleList": return ModuleList(Array(children.values))
        case "ModuleDict": return try ModuleDict(children)
        default: throw failure("has an unknown container \(name)")
        }
    }

    /// A layer from the call that makes it: a name of the library with literals as arguments, and nothing else.
    private func layer(_ text: String) throws -> Module {
        let result = Parser.parse(SourceText(name: path, text: text))
        guard result.diagnostics.isEmpty, result.program.statements.count == 1,
            case .expression(let expression) = result.program.statements[0].kind,
            case .call(let callee, let arguments) = expression.kind, case .name(let name) = callee.kind,
            interpreter.library.moduleType(named: name)?.isBuiltByCall == true,
            let function = interpreter.library.functions[name]
        else { throw failure("has an unknown layer \(text)") }
        var values: [Value] = []
        var named: [(name: String, value: Value)] = []
        for argument in arguments {
            guard let value = Interpreter.literal(argument.value) else { throw failure("has an unknown layer \(text)") }
            switch argument.kind {
            case .positional: values.append(value)
            case .named(let name): named.append((name.text, value))
            default: throw failure("has an unknown layer \(text)")
            }
        }
        guard case .module(let module) = try interpreter.call(.function(function), values, named: named) else {
            throw failure("has an unknown layer \(text)")
        }
        return module
    }

    private mutating func scope(_ index: Int, _ depth: Int) throws -> FileScope {
        if let scope = scopes[index] { return scope }
        guard sources.indices.contains(index), let text = sources[index]["text"]?.string,
            case .object(let members)? = sources[index]["constants"]
        else { throw failure("lacks the source of a module") }
        let constants = try members.map { (name: $0.key, value: try value($0.value, depth + 1)) }
        let scope = try interpreter.declare(source: text, constants: constants, path: path)
        scopes[index] = scope
        return scope
    }

    private mutating func scripted(_ name: String, _ json: JSON, _ depth: Int) throws -> Module {
        guard let index = json["source"]?.integer, let positional = json["positional"]?.integer,
            let names = json["names"]?.array?.compactMap(\.string), let arguments = json["arguments"]?.array,
            positional >= 0, positional + names.count == arguments.count, case .object(let fields)? = json["fields"]
        else { throw failure("lacks parts of the module \(name)") }
        let scope = try scope(index, depth)
        guard let slot = scope.slots[name],
            case .function(let function) = interpreter.machine[global: slot],
            let declaration = function as? ModuleDeclaration
        else { throw failure("names a module \(name) that its source does not declare") }
        // Arguments and fields are written in this order, which decides where a module stands that occurs in both.
        let values = try arguments.map { try value($0, depth + 1) }
        let data = try fields.map { (name: $0.key, value: try value($0.value, depth + 1)) }
        let made = try interpreter.call(
            .function(declaration), Array(values.prefix(positional)),
            named: zip(names, values.dropFirst(positional)).map { (name: $0, value: $1) })
        guard case .module(let module) = made, let scripted = module as? ScriptedModule else {
            throw failure("names a module \(name) that is none")
        }
        for (name, value) in data { try scripted.replace(name, by: value) }
        return scripted
    }

    private mutating func value(_ json: JSON, _ depth: Int) throws -> Value {
        guard depth < 100 else { throw failure("nests deeper than 100 levels") }
        switch json {
        case .null: return .none
        case .bool(let bool): return .bool(bool)
        case .integer(let int): return .int(int)
        case .number(let number): return .float(number)
        case .string(let text): return .string(text)
        case .array(let elements): return .list(try elements.map { try value($0, depth + 1) })
        case .object(let members):
            guard let (key, content) = members.first else { throw failure("has an empty value") }
            switch key {
            case "none": return .none
            case "float":
                guard let number = content.string.flatMap({ Double($0) }) else { break }
                return .float(number)
            case "dict":
                let dict = DictObject()
                for entry in content.array ?? [] {
                    guard let parts = entry.array, parts.count == 2, let key = DictKey(try value(parts[0], depth + 1))
                    else { throw failure("has a dict that is none") }
                    dict.entries[key] = try value(parts[1], depth + 1)
                }
                return .dict(dict)
            case "range":
                let parts = content.array?.compactMap(\.integer) ?? []
                guard parts.count == 3, parts[2] != 0, parts.allSatisfy({ (-1 << 60...1 << 60).contains($0) }) else {
                    break
                }
                return .range(RangeObject(start: parts[0], stop: parts[1], step: parts[2]))
            case "pair":
                guard let parts = content.array, parts.count == 2 else { break }
                return .pair(try value(parts[0], depth + 1), try value(parts[1], depth + 1))
            case "net": return .module(try module(content, depth: depth + 1))
            case "function":
                guard let function = content.string.flatMap({ interpreter.library.functions[$0] }) else { break }
                return .function(function)
            case "tensor":
                guard let name = content.string, case .bool(let isParameter)? = json["parameter"] else { break }
                return .tensor(try tensor(name, isParameter))
            default: break
            }
            throw failure("has a value it cannot hold: \(key)")
        }
    }

    private mutating func tensor(_ name: String, _ isParameter: Bool) throws -> Tensor {
        if let tensor = shared[name] { return tensor }
        guard let stored = tensors[name] else { throw failure("names a tensor \"\(name)\" that the file has not") }
        let tensor = try stored.clone()
        if isParameter { try tensor.requireGradient() }
        shared[name] = tensor
        return tensor
    }
}
