import Base
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
            return try machine.run(closure, shape, arguments + named.map(\.value))
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
