import Diagnostics
import Learning
import Tensors

extension Interpreter {
    /// Calls a function, module or callable object.
    ///
    /// - Throws: whatever the function throws, a ``Failure`` as a rule.
    public func call(
        _ function: Value, _ arguments: [Value], named: [(name: String, value: Value)] = []
    ) throws -> Value {
        let shape = CallShape(positional: arguments.count, names: named.map(\.name))
        switch function {
        case .function(let builtin as BuiltinFunction):
            return try call(builtin, shape, arguments + named.map(\.value))
        case .function(let closure as Closure):
            return try call(closure, shape, arguments + named.map(\.value))
        case .function(let method as BoundMethod):
            return try call(.function(method.method), [method.receiver] + arguments, named: named)
        case .function(let declaration as ModuleDeclaration):
            return try instantiate(declaration, shape, arguments + named.map(\.value))
        case .module(let module):
            return try call(module, function, arguments, named)
        case .object(let object):
            guard let call = object.type.call else { break }
            return try call(object.payload, arguments, named, self)
        default: break
        }
        var help: [String] = []
        if case .string = function { help.append("a string is no function") }
        throw Failure(
            .type, "a value of type \(Display.typeWithDetail(function)) cannot be called", code: .notCallable,
            help: help)
    }

    /// Calls a library function with arguments laid out as the shape says.
    func call(_ function: BuiltinFunction, _ shape: CallShape, _ arguments: [Value]) throws -> Value {
        let (builtin, plan) = try function.choose(shape, arguments)
        let values = builtin.arrange(plan, shape, arguments)
        do {
            return try builtin.body(values.span, self)
        } catch {
            guard !(error is Diagnostic) else { throw error }
            var failure = Failure(error)
            // Memory is asked for deep inside; what the script called is what can be changed.
            if let error = error as? TensorError { failure.message = error.message(in: builtin.name) }
            // Operands are numbered by parameter; the source knows them by argument.
            var operands: [Int: String] = [:]
            for (parameter, text) in failure.operands {
                if plan.indices.contains(parameter), case .argument(let argument) = plan[parameter] {
                    operands[argument] = text
                }
            }
            failure.operands = operands
            throw failure
        }
    }

    /// Runs a Dist function on Swift's stack.
    func call(_ closure: Closure, _ shape: CallShape, _ arguments: [Value]) throws -> Value {
        let prototype = closure.prototype
        let plan = try Binding.plan(
            prototype.parameters, shape, function: closure.name, signature: closure.signature,
            hiddenLeading: prototype.isMethod ? 1 : 0)
        let base = stackTop + 1
        let limit = base + prototype.registerCount
        reserve(limit + 1)
        registers[base - 1] = .function(closure)
        for (index, source) in plan.enumerated() {
            switch source {
            case .argument(let argument): registers[base + index] = arguments[argument]
            case .defaultValue: registers[base + index] = .unbound
            case .rest(let from, let count): registers[base + index] = .list(Array(arguments[from..<from + count]))
            case .options(let indices):
                let dict = DictObject()
                for argument in indices { dict[shape.names[argument - shape.positional]] = arguments[argument] }
                registers[base + index] = .dict(dict)
            }
        }
        for index in base + plan.count..<max(base + plan.count, limit) { registers[index] = .unbound }
        let top = stackTop
        let before = shift
        defer {
            stackTop = top + shift - before
            for index in (base - 1)..<limit { registers[index + shift - before] = .unbound }
        }
        return try enter(prototype.entry, base: base, limit: limit)
    }

    /// `net(x)`: a layer whose class declares a method `forward` runs that, for it takes or gives several values; else one
    /// tensor goes through the module's own entry, so that observers see it.
    private func call(
        _ module: Module, _ value: Value, _ arguments: [Value], _ named: [(name: String, value: Value)]
    ) throws -> Value {
        if let forward = library.forward(of: module) {
            return try Trace.within(module) { try call(.function(forward), [value] + arguments, named: named) }
        }
        if named.isEmpty, arguments.count == 1, case .tensor(let x) = arguments[0] {
            do {
                return .tensor(try module(x))
            } catch let error as any DescribedError where error.kind == .shape && error.operands.isEmpty {
                var failure = Failure(error)
                failure.operands = [0: "\(x.shape)"]
                throw failure
            }
        }
        if let scripted = module as? ScriptedModule, let forward = scripted.method("forward") {
            let result = try Trace.within(module) {
                try call(.function(forward), [value] + arguments, named: named)
            }
            if case .tensor(let output) = result {
                var input: Tensor?
                if case .tensor(let x)? = arguments.first { input = x }
                module.notify(input: input, output: output)
            }
            return result
        }
        throw Failure(
            .type,
            "\(module.typeName) takes one tensor, not \(LanguageType.join(arguments.map(Display.typeWithDetail), with: "and"))",
            operands: [0: arguments.first?.typeName ?? ""])
    }
}
