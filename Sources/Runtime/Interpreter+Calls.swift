extension Interpreter {
    /// Calls a function, module or callable object.
    ///
    /// - Throws: whatever the function throws, a ``Failure`` as a rule.
    public func call(_ function: Value, _ arguments: [Value], named: [(name: String, value: Value)] = []) throws
        -> Value
    {
        switch function {
        case .function(let builtin as BuiltinFunction):
            let shape = CallShape(positional: arguments.count, names: named.map(\.name))
            return try call(builtin, shape, arguments + named.map(\.value))
        case .function(let method as BoundMethod):
            return try call(.function(method.method), [method.receiver] + arguments, named: named)
        case .object(let object):
            guard let call = object.type.call else { break }
            return try call(object.payload, arguments, named, self)
        default: break
        }
        throw Failure(
            .type, "a value of type \(function.typeName) cannot be called", code: .notCallable)
    }

    /// Calls a library function with arguments laid out as the shape says.
    func call(_ function: BuiltinFunction, _ shape: CallShape, _ arguments: [Value]) throws -> Value {
        let (builtin, plan) = try function.choose(shape, arguments)
        let values = builtin.arrange(plan, shape, arguments)
        return try builtin.body(values.span, self)
    }
}
