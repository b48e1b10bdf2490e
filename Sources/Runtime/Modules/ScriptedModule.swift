import Learning
import OrderedCollections
import Tensors

/// The fields of a `module` declaration: the constructor's parameters, and what the body binds.
struct ModuleFields {
    /// The names, constructor parameters first.
    let names: [String]
    /// How many of them are constructor parameters.
    var parameters = 0
    /// The names that the body binds: the state, under these names alone.
    var bound: Set<String> = []
    /// The names that methods and other functions inside read.
    var readInside: Set<String> = []

    /// Whether what a field holds belongs to the module: a constructor parameter is an argument until the body binds it.
    func isState(_ index: Int) -> Bool { index >= parameters || bound.contains(names[index]) }
}

/// A `module` declaration: calling it builds an instance.
public final class ModuleDeclaration: Function {
    let body: Closure
    let fieldLayout: ModuleFields
    var fields: [String] { fieldLayout.names }

    init(_ body: Closure, fields: ModuleFields) {
        self.body = body
        fieldLayout = fields
        super.init(name: body.name)
    }

    /// The docstring.
    public override var documentation: String? { body.documentation }
    /// `BasicBlock(cin, cout, stride=1)`.
    public override var signature: String { body.signature }

    override func release(into pending: inout [Value]) { body.release(into: &pending) }
}

/// A network written in Dist: the fields that its declaration's body bound, and its methods.
public final class ScriptedModule: Module {
    /// What it is an instance of.
    public let declaration: ModuleDeclaration
    /// What runs its methods.
    unowned let interpreter: Interpreter
    private var values: [Value]
    /// The arguments of the call that made it, which can make it again.
    let construction: (shape: CallShape, arguments: [Value])

    init(_ declaration: ModuleDeclaration, _ interpreter: Interpreter, _ shape: CallShape, _ arguments: [Value]) {
        self.declaration = declaration
        self.interpreter = interpreter
        construction = (shape, arguments)
        values = Array(repeating: .unbound, count: declaration.fields.count)
        super.init()
    }

    deinit { Teardown.run(&values) }

    /// The declaration's name.
    public override var typeName: String { declaration.name }
    /// The arguments it was built with.
    public override var options: String {
        let (shape, arguments) = construction
        let named = zip(shape.names, arguments.dropFirst(shape.positional)).map { "\($0)=\(Display.brief($1))" }
        return (arguments.prefix(shape.positional).map(Display.brief) + named).joined(separator: ", ")
    }

    /// The file that declares it, as an import or a command wrote it.
    public var sourceName: String { declaration.body.prototype.source.name }
    /// The values of all fields, unbound ones among them.
    var fieldValues: [Value] { values }
    /// The names of its fields.
    public var fieldNames: [String] { declaration.fields }

    /// The constructor parameters that are no state.
    var argumentNames: [String] {
        let layout = declaration.fieldLayout
        return layout.names.prefix(layout.parameters).enumerated().filter { !layout.isState($0.offset) }.map(\.element)
    }

    /// The fields that are bound, with their values.
    var fields: [(name: String, value: Value)] {
        zip(declaration.fields, values).filter { if case .unbound = $0.1 { false } else { true } }
            .map { (name: $0, value: $1) }
    }

    /// Binds a field anew, as a model file says.
    func replace(_ name: String, by value: Value) throws {
        guard let index = declaration.fields.firstIndex(of: name) else { return }
        // A parameter takes the new tensor itself and not its numbers, so that one shared by two modules stays shared.
        values[index] = .unbound
        try setField(index, value)
    }

    func field(_ index: Int, _ name: String) throws -> Value {
        let value = values[index]
        if case .unbound = value {
            throw Failure(
                .name, "\(name) is read before it is bound", code: .unboundName,
                help: ["the fields of a module are bound in the order of its body"])
        }
        return bound(value)
    }

    /// The field or method of a name, if there is one.
    package func member(_ name: String) -> Value? { value(of: name) }

    /// The value of a field, methods bound to this instance.
    func value(of name: String) -> Value? {
        guard let index = declaration.fields.firstIndex(of: name) else { return nil }
        let value = values[index]
        if case .unbound = value { return nil }
        return bound(value)
    }

    private func bound(_ value: Value) -> Value {
        if case .function(let function) = value, let closure = function as? Closure, closure.prototype.isMethod {
            return .function(BoundMethod(.module(self), closure))
        }
        return value
    }

    /// A method by name.
    func method(_ name: String) -> Closure? {
        guard let index = declaration.fields.firstIndex(of: name), case .function(let function) = values[index],
            let closure = function as? Closure, closure.prototype.isMethod
        else { return nil }
        return closure
    }

    /// Binds a field; modules, lists of modules and tensors become children, parameters and buffers. The argument of a
    /// constructor parameter that the body does not bind becomes nothing: a tensor is a constant.
    func setField(_ index: Int, _ value: Value) throws {
        let name = declaration.fields[index]
        if case .tensor(let old) = values[index], case .tensor(let new) = value, old.requiresGradient, old !== new,
            old.isLeaf, old.shape == new.shape
        {
            try Gradients.disabled { _ = try old.copy_(new) }
            return
        }
        values[index] = value
        guard declaration.fieldLayout.isState(index) else { return }
        unregister(name)
        switch value {
        case .module(let module): register(module, as: name)
        case .tensor(let tensor):
            if tensor.requiresGradient && tensor.isLeaf {
                register(parameter: tensor, as: name)
            } else if tensor.isLeaf {
                register(buffer: tensor, as: name)
            }
        case .list(let list) where !list.elements.isEmpty:
            let modules = list.elements.compactMap { if case .module(let module) = $0 { module } else { nil } }
            if modules.count == list.elements.count { register(ModuleList(modules), as: name) }
        default: break
        }
    }

    /// Refuses an argument that methods use and no field holds: its weights would neither be saved nor be trained.
    func checkArguments() throws {
        let layout = declaration.fieldLayout
        let used = layout.names.prefix(layout.parameters).enumerated().filter { index, name in
            !layout.isState(index) && layout.readInside.contains(name)
        }
        guard !used.isEmpty else { return }
        let held = Set(namedModules().map { ObjectIdentifier($0.module) })
        for (index, name) in used {
            let modules: [Module]
            switch values[index] {
            case .module(let module): modules = [module]
            case .list(let list):
                modules = list.elements.compactMap { if case .module(let module) = $0 { module } else { nil } }
            default: continue
            }
            guard modules.contains(where: { !held.contains(ObjectIdentifier($0)) }) else { continue }
            let field = layout.names.contains("inner") ? name + "_" : "inner"
            throw Failure(
                .value,
                "\(typeName): a method uses the parameter \(name), a module that no field holds, so that its weights would "
                    + "not be saved or trained",
                help: ["write \(field) = \(name) in the module's body, and \(field) in its methods"])
        }
    }

    /// The parameters of `forward`, without the module itself.
    public override var inputNames: [String]? {
        method("forward").map { Array($0.prototype.parameters.map(\.name).dropFirst()) }
    }

    /// Runs the method `forward`.
    public override func forward(_ x: Tensor) throws -> Tensor { try runForward([.tensor(x)], named: []) }

    /// Runs the method `forward` with arguments by name; a single input goes to its first parameter.
    public override func forward(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        guard inputs.count > 1 else { return try super.forward(named: inputs) }
        return try runForward([], named: inputs.map { (name: $0.key, value: .tensor($0.value)) })
    }

    private func runForward(_ arguments: [Value], named: [(name: String, value: Value)]) throws -> Tensor {
        guard let forward = method("forward") else {
            throw Failure(
                .type, "\(typeName) has no method forward", help: ["write fn forward(x) { … } in the module's body"])
        }
        let result = try interpreter.call(.function(forward), [.module(self)] + arguments, named: named)
        guard case .tensor(let output) = result else {
            throw Failure(.type, "forward of \(typeName) gave \(Display.typeWithDetail(result)), not a tensor")
        }
        return output
    }

    /// A copy whose fields are copies of this one's.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        func duplicate(_ value: Value) throws -> Value {
            switch value {
            case .module(let module): .module(try copies.module(module))
            case .tensor(let tensor): .tensor(try copies.tensor(tensor))
            case .list(let list):
                try copies.once(list, named: "a list in \(typeName)") { .list(try list.elements.map(duplicate)) }
            default: value
            }
        }
        let copy = ScriptedModule(
            declaration, interpreter, construction.shape, try construction.arguments.map(duplicate))
        for index in values.indices {
            if case .unbound = values[index] { continue }
            try copy.setField(index, try duplicate(values[index]))
        }
        return copy
    }
}

extension Interpreter {
    /// Builds an instance: runs the declaration's body with the arguments.
    func instantiate(_ declaration: ModuleDeclaration, _ shape: CallShape, _ arguments: [Value]) throws -> Value {
        let module = ScriptedModule(declaration, self, shape, arguments)
        var inner = shape
        inner.positional += 1
        _ = try machine.run(declaration.body, inner, [.module(module)] + arguments)
        try module.checkArguments()
        return .module(module)
    }
}
