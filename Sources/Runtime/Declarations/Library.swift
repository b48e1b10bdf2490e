import Learning
import OrderedCollections

/// Everything the language can call, by name: what argument checks, help, completion, `check` and the manual read.
///
/// Built once when a session starts, and not changed afterwards.
public final class Library {
    /// The functions by name, in the order they were declared.
    public private(set) var functions: OrderedDictionary<String, BuiltinFunction> = [:]
    /// The methods by receiver and name.
    public private(set) var methods: OrderedDictionary<Builtin.Receiver, OrderedDictionary<String, BuiltinFunction>> =
        [:]
    /// The attributes by receiver and name.
    public private(set) var attributes: OrderedDictionary<Builtin.Receiver, OrderedDictionary<String, Attribute>> = [:]
    /// The constants by name.
    public private(set) var constants: OrderedDictionary<String, Constant> = [:]
    /// The object types by name.
    public private(set) var objectTypes: OrderedDictionary<String, ObjectType> = [:]
    /// The classes of modules, the most general first.
    public private(set) var moduleTypes: [ModuleType] = []
    /// Dist sources that `import "std/…"` reads, by path.
    public private(set) var sources: OrderedDictionary<String, String> = [:]

    private var moduleTypeNames: [ObjectIdentifier: [String]] = [:]
    private var moduleForwards: [ObjectIdentifier: BuiltinFunction?] = [:]

    /// An empty library.
    public init() {
        add(
            ObjectType(Slice.self, "The bounds `a:b:c` of an index expression.") { slice in
                .init("\(slice.start.map(String.init) ?? ""):\(slice.stop.map(String.init) ?? "")")
            })
        add(
            ObjectType(ErrorObject.self, "An error that `catch` took: its kind, message and help.") { error in
                .init("\(error.diagnostic.kind.rawValue) error: \(error.diagnostic.message)")
            })
        add(
            ObjectType(ImportedFile.self, "An imported file; its names are its attributes.") { file in
                .init("<import \(file.path)>")
            })
        let example = "try { raise \"too deep\" } catch e { e.kind }"
        add(
            Attribute("kind", on: .object("error"), "The sort of mistake.", examples: [Example(example, "raised")]) {
                (error: ErrorObject) in error.diagnostic.kind.rawValue
            })
        add(
            Attribute(
                "message", on: .object("error"), "What went wrong.",
                examples: [Example("try { 1 / 0 } catch e { e.message }", "division by zero")]
            ) { (error: ErrorObject) in error.diagnostic.message })
        add(
            Attribute(
                "help", on: .object("error"), "The ways out, a list of strings.",
                examples: [Example("try { raise \"x\" } catch e { e.help }", "[]")]
            ) { (error: ErrorObject) in error.diagnostic.help })
        add(
            Attribute(
                "code", on: .object("error"), "The stable code that `distill explain` takes, or none.",
                examples: [Example("try { 1 / 0 } catch e { e.code }", "E0701")]
            ) { (error: ErrorObject) in error.diagnostic.code })
    }

    /// Adds a function or method; a second one of a name becomes a further signature.
    public func add(_ builtin: Builtin) {
        if let receiver = builtin.receiver {
            let earlier = methods[receiver]?[builtin.name]?.overloads ?? []
            methods[receiver, default: [:]][builtin.name] = BuiltinFunction(earlier + [builtin])
            moduleForwards = [:]
        } else {
            let earlier = functions[builtin.name]?.overloads ?? []
            functions[builtin.name] = BuiltinFunction(earlier + [builtin])
        }
    }

    /// Adds an attribute.
    public func add(_ attribute: Attribute) {
        attributes[attribute.receiver, default: [:]][attribute.name] = attribute
    }

    /// Adds a constant.
    public func add(_ constant: Constant) { constants[constant.name] = constant }

    /// Adds an object type.
    public func add(_ type: ObjectType) { objectTypes[type.name] = type }

    /// Adds a class of modules.
    public func add(_ type: ModuleType) {
        moduleTypes.append(type)
        moduleTypeNames = [:]
        moduleForwards = [:]
    }

    /// Adds a Dist source under the path that `import` takes, `std/models.dist`.
    public func add(source: String, path: String) { sources[path] = source }

    /// The object type of a name.
    public func objectType(named name: String) -> ObjectType {
        if let type = objectTypes[name] { return type }
        let type = ObjectType(undeclared: name)
        objectTypes[name] = type
        return type
    }

    /// The value of a library name: a function or a constant.
    public func value(named name: String) -> Value? {
        if let function = functions[name] { return .function(function) }
        return constants[name]?.value.value
    }

    /// All names that can be read without being declared.
    public var names: [String] { Array(functions.keys) + Array(constants.keys) }

    /// Where the methods and attributes of a value are found, the most special first.
    public func receivers(of value: Value) -> [Builtin.Receiver] {
        switch value {
        case .string: [.string]
        case .list: [.list]
        case .dict: [.dict]
        case .range: [.range]
        case .pair: [.pair]
        case .function: [.function]
        case .tensor: [.tensor]
        case .module(let module): moduleTypeNames(of: module).map { .moduleType($0) } + [.module]
        case .object(let object): [.object(object.type.name)]
        case .none, .bool, .int, .float, .unbound, .cell: []
        }
    }

    /// The method of a value.
    public func method(_ name: String, of value: Value) -> BuiltinFunction? {
        for receiver in receivers(of: value) {
            if let method = methods[receiver]?[name] { return method }
        }
        return nil
    }

    /// The method `forward` that the class of a module declares: what a call of the module runs.
    func forward(of module: Module) -> BuiltinFunction? {
        let key = ObjectIdentifier(Swift.type(of: module))
        if let known = moduleForwards[key] { return known }
        let found = method("forward", of: .module(module))
        moduleForwards[key] = .some(found)
        return found
    }

    /// The attribute of a value.
    public func attribute(_ name: String, of value: Value) -> Attribute? {
        for receiver in receivers(of: value) {
            if let attribute = attributes[receiver]?[name] { return attribute }
        }
        return nil
    }

    /// The names of all methods and attributes of a value.
    public func members(of value: Value) -> [String] {
        receivers(of: value).flatMap { receiver in
            Array(methods[receiver]?.keys ?? []) + Array(attributes[receiver]?.keys ?? [])
        }
    }

    /// The class of modules of a name, which is also that of the function that makes one.
    public func moduleType(named name: String) -> ModuleType? { moduleTypes.last { $0.name == name } }

    private func moduleTypeNames(of module: Module) -> [String] {
        let key = ObjectIdentifier(Swift.type(of: module))
        if let names = moduleTypeNames[key] { return names }
        let names = moduleTypes.reversed().filter { $0.matches(module) }.map(\.name)
        moduleTypeNames[key] = names
        return names
    }
}
