import Diagnostics
import Learning
import OrderedCollections
import Syntax

/// The source of a module written in Dist with everything it names: what a fresh process needs to declare it again.
///
/// Which globals a function reads stands in its instructions, so that a local variable is never taken for a global.
struct ModuleSource {
    /// The declarations, in an order in which each stands after those it needs to be declared.
    private(set) var declarations: [String] = []
    /// Variables that the declarations read and that are no functions, with their values.
    private(set) var constants: [(name: String, value: Value)] = []
    /// Library files that are imported, by name.
    private(set) var imports: [(name: String, path: String)] = []
    /// The modules that are declared here.
    private(set) var modules: [ObjectIdentifier] = []

    private var owners: [String: ObjectIdentifier] = [:]
    private unowned let interpreter: Interpreter

    /// The source of a module.
    ///
    /// - Throws: a ``Failure`` that names what cannot be written down.
    init(of declaration: ModuleDeclaration, in interpreter: Interpreter) throws {
        self.interpreter = interpreter
        try declare(declaration.name, declaration)
    }

    private mutating func declare(_ name: String, _ function: Function) throws {
        let closure: Closure
        switch function {
        case let declaration as ModuleDeclaration: closure = declaration.body
        case let function as Closure: closure = function
        default: throw Failure(.type, "save: \(name) is a method of an object, which a model file cannot hold")
        }
        let identity = ObjectIdentifier(closure.prototype)
        if let owner = owners[name] {
            guard owner == identity else {
                throw Failure(
                    .value, "save: the network uses two different functions called \(name)",
                    help: ["rename one of them"])
            }
            return
        }
        guard closure.cells.isEmpty else {
            throw Failure(
                .value, "save: \(name) uses variables of the function that declared it, which a model file cannot hold",
                help: ["declare it at the top level, and hand over what it needs as arguments"])
        }
        owners[name] = identity
        if function is ModuleDeclaration { modules.append(identity) }
        try collect(closure.prototype)
        let text = closure.source
        if closure.prototype.isDeclared {
            if closure.name == name {
                declarations.append(text)
            } else {
                try declare(closure.name, function)
                declarations.append("\(name) = \(closure.name)")
            }
        } else {
            declarations.append("\(name) = \(text)")
        }
    }

    /// Declares what the instructions of a function, and of the functions inside it, read.
    private mutating func collect(_ prototype: Prototype) throws {
        for instruction in interpreter.machine.code[prototype.entry..<prototype.end] {
            switch instruction.operation {
            case .loadGlobal, .callGlobal: try take(Int(instruction.d), isRead: true)
            case .callMethod, .callMethodSpread:
                let site = interpreter.machine.sites[Int(instruction.d)]
                // A method's name is also a function's when there is no such method; what is unbound is neither.
                if let slot = site.fallbackSlot { try take(slot, isRead: false) }
            case .closure, .moduleDeclaration: try collect(interpreter.machine.prototypes[Int(instruction.d)])
            default: break
            }
        }
    }

    private mutating func take(_ slot: Int, isRead: Bool) throws {
        let name = interpreter.machine.slotNames[slot]
        switch interpreter.machine[global: slot] {
        case .unbound: break
        case .function(let function as BuiltinFunction) where interpreter.library.functions[name] === function: break
        case .function(let function as BuiltinFunction):
            try keep(name, .function(function))
        case .function(let function): try declare(name, function)
        case .object(let object):
            guard let file = object.payload as? ImportedFile else {
                guard isRead else { return }
                throw Failure(
                    .value, "save: the network uses \(name), a \(object.type.name), which a model file cannot hold",
                    help: ["make what it needs a field or an argument of the module"])
            }
            guard !imports.contains(where: { $0.name == name }) else { return }
            guard file.path.hasPrefix("std/") else {
                throw Failure(
                    .value,
                    "save: the network calls functions of the file \(file.path), which a model file cannot hold",
                    help: ["declare them in the file that declares the module"])
            }
            imports.append((name, file.path))
        case let value:
            // A call such as x.mean() may fall back to a global of that name, which is no function here.
            if isRead { try keep(name, value) }
        }
    }

    private mutating func keep(_ name: String, _ value: Value) throws {
        if interpreter.library.constants[name] != nil, owners[name] == nil { return }
        guard !constants.contains(where: { $0.name == name }) else { return }
        constants.append((name, value))
    }

    /// The declarations and imports as one text.
    var text: String {
        (imports.map { "import \"\($0.path)\" as \($0.name)" } + declarations).joined(separator: "\n\n") + "\n"
    }
}

extension Interpreter {
    /// Declares what a model file's source declares, in a scope of its own.
    ///
    /// - Throws: a ``Failure`` of kind `io` for a text that does anything but declare.
    func declare(source text: String, constants: [(name: String, value: Value)], path: String) throws -> FileScope {
        let source = SourceText(name: path, text: text)
        let result = Parser.parse(source)
        if let first = result.diagnostics.first {
            throw Failure(.io, "\(path): the source of its modules has an error: \(first.message)")
        }
        for statement in result.program.statements {
            switch statement.kind {
            case .function, .module: continue
            case .importFile(let path, _, _) where path.hasPrefix("std/"): continue
            case .assign(let targets, let value):
                if targets.count == 1, case .place(let place) = targets[0], case .name = place.kind {
                    switch value.kind {
                    case .lambda, .name: continue
                    default: break
                    }
                }
                fallthrough
            default:
                throw Failure(.io, "\(path): the source of its modules does something besides declaring them")
            }
        }
        let scope = FileScope(path: path)
        for (name, value) in constants {
            scope.declare(name)
            let slot = machine.slot(of: name, in: scope)
            machine[global: slot] = value
        }
        _ = try run(result.program, of: source, in: scope)
        return scope
    }
}
