import CMachine

/// Anything that can be called with round brackets and is no module: a `fn`, a lambda, a `module` declaration, a
/// library function, or a method with its receiver.
public class Function {
    /// The name, `λ` for a lambda.
    public let name: String

    /// The text of the docstring or the library's summary, when there is one.
    public var documentation: String? { nil }

    /// The signature as help and messages show it, `kd(s, t, T=4)`.
    public var signature: String { name + "(…)" }

    /// What the machine needs to call it without looking further.
    let layout: CallLayout

    /// The body of a library function that the instruction loop may call, with the number of its arguments.
    let quickBody: Builtin.Body?
    let quickCount: Int

    init(name: String, layout: CallLayout = .none, quick: Builtin? = nil) {
        self.name = name
        self.layout = layout
        quickBody = quick?.quickBody
        quickCount = quick?.argumentCount ?? -1
    }

    /// Hands over what it holds, for freeing without recursion.
    func release(into pending: inout [Value]) {}
}

extension CallLayout {
    /// What has no code in the language.
    static let none = CallLayout(
        entry: -1, required: 0, parameterCount: 0, localCount: 0, registerCount: 0, isCapturing: false)
}

/// A function or method of the library.
public final class BuiltinFunction: Function {
    /// The declarations under this name, tried in order.
    public let overloads: [Builtin]

    /// A function with its signatures, at least one.
    public init(_ overloads: [Builtin]) {
        self.overloads = overloads
        super.init(name: overloads.first?.name ?? "", quick: overloads.count == 1 ? overloads.first : nil)
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
