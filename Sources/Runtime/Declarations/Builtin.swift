import Diagnostics

/// A function or method of the library, declared once: argument checks, help, completion, `check`, the manual and the
/// test that runs every example all follow from this value.
public struct Builtin {
    /// A chapter of the manual.
    public struct Group: Hashable, Sendable {
        /// The chapter's title.
        public let title: String
        /// Whether its functions compute a result from their arguments and do nothing else, random numbers apart.
        public let computes: Bool

        /// A chapter.
        public init(_ title: String, computes: Bool = false) { (self.title, self.computes) = (title, computes) }

        /// Printing, lists, strings, numbers.
        public static let core = Group("Core")
    }

    /// How it relates to PyTorch.
    public enum PyTorch: Sendable {
        /// Nothing of the kind there.
        case none
        /// Same name, arguments, defaults and numbers: `torch.softmax`.
        case same(String)
        /// A counterpart there, and what differs.
        case differs(String, String)
    }

    /// What the method belongs to; none for a function.
    public enum Receiver: Hashable, Sendable {
        case string, list, dict, range, pair, function, tensor, module
        /// A library object by the name of its type.
        case object(String)
        /// Modules of one class by the name of their module type.
        case moduleType(String)
    }

    /// The name in the language.
    public let name: String
    /// What the method belongs to; none for a function.
    public let receiver: Receiver?
    /// The chapter of the manual.
    public let group: Group
    /// One sentence.
    public let summary: String
    /// The definition in mathematical notation.
    public let formula: String?
    /// The parameters, a method's receiver not among them.
    public let parameters: [ParameterDescription]
    /// The parameters of the body: the receiver of a method leads.
    let bodyParameters: [ParameterDescription]
    /// The result's type.
    public let resultType: LanguageType
    /// What the result is, in words, with its shape.
    public let result: String
    /// Further facts worth knowing.
    public let notes: [String]
    /// How it relates to PyTorch.
    public let pytorch: PyTorch
    /// Related names.
    public let seeAlso: [String]
    /// Sources that a test runs.
    public let examples: [Example]
    /// Whether it was declared to compute and do nothing else.
    private var isComputation = false
    /// Whether it could come to call Dist code, and so must run outside the instruction loop.
    public private(set) var mayCallBack: Bool
    /// Decodes the arguments (receiver first, defaults filled in), runs, and encodes the result.
    public let body: Body

    /// A builtin after decoding was compiled in: all arguments in the order of the parameters.
    public typealias Body = (_ arguments: Span<Value>, _ interpreter: Interpreter) throws -> Value

    /// The signature as help shows it: `softmax(x, dim=-1)`.
    public var signature: String {
        "\(name)(\(parameters.map(\.signature).joined(separator: ", ")))"
    }

    /// Whether it computes a result from its arguments and does nothing else, random numbers and writes into tensors apart: a
    /// network that calls nothing else can be planned.
    var computes: Bool { isComputation || group.computes }

    /// The number of arguments the body takes, a receiver included.
    public var argumentCount: Int { bodyParameters.count }

    /// The body when the instruction loop may call it with its arguments as they stand.
    var quickBody: Body? {
        mayCallBack || bodyParameters.contains { $0.kind != .single } ? nil : body
    }

    /// The builtin with the promise that it never calls a function, a module or an object, whatever its parameters'
    /// types allow: it then runs inside the instruction loop.
    public func withoutCallbacks() -> Builtin {
        var copy = self
        copy.mayCallBack = false
        return copy
    }

    /// The builtin with the promise that it computes a result from its arguments and does nothing else, which the other
    /// functions of its chapter do not give.
    public func computingOnly() -> Builtin {
        var copy = self
        copy.isComputation = true
        return copy
    }

    @usableFromInline
    init(
        name: String, receiver: Receiver?, group: Group, summary: String, formula: String?,
        parameters: [ParameterDescription], resultType: LanguageType, result: String, notes: [String],
        pytorch: PyTorch, seeAlso: [String], examples: [Example], mayCallBack: Bool, body: @escaping Body
    ) {
        self.name = name
        self.receiver = receiver
        self.group = group
        self.summary = summary
        self.formula = formula
        bodyParameters = parameters
        self.parameters = receiver == nil ? parameters : Array(parameters.dropFirst())
        self.resultType = resultType
        self.result = result
        self.notes = notes
        self.pytorch = pytorch
        self.seeAlso = seeAlso
        self.examples = examples
        self.mayCallBack = mayCallBack
        self.body = body
    }
}

/// A piece of Dist that shows how something is used, with the lines it displays; a test runs it.
public struct Example: Sendable {
    /// The source.
    public let source: String
    /// The lines that running it as a cell displays; none when they are not to be compared (measured times).
    public let output: [String]?

    /// A source with the lines it displays.
    public init(_ source: String, _ output: String...) {
        self.source = source
        self.output = output
    }

    /// A source that runs without error but whose output may vary.
    public init(running source: String) {
        self.source = source
        output = nil
    }
}

/// The arguments of a builtin of the record form.
public struct Call {
    /// What runs the call.
    public let interpreter: Interpreter
    /// All arguments in the order of the parameters, defaults filled in.
    public let arguments: [Value]
    let parameters: [ParameterDescription]
    let function: String

    @usableFromInline
    init(function: String, interpreter: Interpreter, arguments: [Value], parameters: [ParameterDescription]) {
        self.function = function
        self.interpreter = interpreter
        self.arguments = arguments
        self.parameters = parameters
    }

    /// The argument of a parameter, which must be one of those the builtin was declared with.
    public subscript<T: ValueDecodable>(parameter: Parameter<T>) -> T {
        get throws {
            guard let index = parameters.firstIndex(where: { $0.name == parameter.description.name }) else {
                throw Failure(.internal, "\(parameter.description.name) is no parameter of this function")
            }
            return try parameter.decode(arguments[index], at: index, in: interpreter, for: function)
        }
    }
}
