/// Anything that can be called with round brackets and is no module: a `fn`, a lambda, a `module` declaration, a
/// library function, or a method with its receiver.
public class Function {
    /// The name, `λ` for a lambda.
    public let name: String

    /// The text of the docstring or the library's summary, when there is one.
    public var documentation: String? { nil }

    /// The signature as help and messages show it, `kd(s, t, T=4)`.
    public var signature: String { name + "(…)" }

    init(name: String) { self.name = name }

    /// Hands over what it holds, for freeing without recursion.
    func release(into pending: inout [Value]) {}
}

/// A function or method of the library.
public final class BuiltinFunction: Function {
    /// The declarations under this name, tried in order.
    public let overloads: [Builtin]

    /// A function with its signatures, at least one.
    public init(_ overloads: [Builtin]) {
        self.overloads = overloads
        super.init(name: overloads.first?.name ?? "")
    }

    /// The summary of the first signature.
    public override var documentation: String? { overloads.first?.summary }

    /// All signatures, one a line.
    public override var signature: String { overloads.map(\.signature).joined(separator: "\n") }
}

/// A method read without being called, `f = xs.append`.
public final class BoundMethod: Function {
    /// What the method belongs to.
    public private(set) var receiver: Value
    /// The method.
    public let method: Function

    /// A method of a receiver.
    public init(_ receiver: Value, _ method: Function) {
        self.receiver = receiver
        self.method = method
        super.init(name: method.name)
    }

    /// The method's documentation.
    public override var documentation: String? { method.documentation }

    /// The method's signature.
    public override var signature: String { method.signature }

    override func release(into pending: inout [Value]) {
        pending.append(receiver)
        receiver = .none
    }
}
