/// A property of a type, `x.shape`, declared once like a builtin.
public struct Attribute {
    /// The name in the language.
    public let name: String
    /// The type it belongs to.
    public let receiver: Builtin.Receiver
    /// One sentence.
    public let summary: String
    /// The type of what it gives.
    public let type: LanguageType
    /// Sources that a test runs.
    public let examples: [Example]
    /// Reads it.
    public let get: (Value, Interpreter) throws -> Value
    /// Writes it; none when it is read-only.
    public let set: ((Value, Value, Interpreter) throws -> Void)?

    /// Declares a read-only attribute.
    public init<Owner: ValueDecodable, Result: ValueEncodable>(
        _ name: String, on receiver: Builtin.Receiver, _ summary: String, examples: [Example],
        get: @escaping (Owner) throws -> Result
    ) {
        self.name = name
        self.receiver = receiver
        self.summary = summary
        self.examples = examples
        type = Result.languageType
        self.get = { try get(Self.owner($0, $1)).encode(in: $1) }
        set = nil
    }

    /// Declares an attribute that can be assigned.
    public init<Owner: ValueDecodable, Content: ValueEncodable & ValueDecodable>(
        _ name: String, on receiver: Builtin.Receiver, _ summary: String, examples: [Example],
        get: @escaping (Owner) throws -> Content, set: @escaping (Owner, Content) throws -> Void
    ) {
        self.name = name
        self.receiver = receiver
        self.summary = summary
        self.examples = examples
        type = (Content.self as any ValueEncodable.Type).languageType
        self.get = { try get(Self.owner($0, $1)).encode(in: $1) }
        self.set = { owner, value, interpreter in
            guard let content = Content.decode(value, in: interpreter) else {
                let expected = Content.mismatch(value).expected
                throw Failure(.type, "\(name) must be \(expected), not \(value.typeName)")
            }
            try set(Self.owner(owner, interpreter), content)
        }
    }

    private static func owner<Owner: ValueDecodable>(_ value: Value, _ interpreter: Interpreter) throws -> Owner {
        guard let owner = Owner.decode(value, in: interpreter) else {
            throw Failure(.type, "expected \(Owner.languageType), not \(value.typeName)")
        }
        return owner
    }
}

/// A named constant of the library, such as `pi`.
public struct Constant {
    /// The name in the language.
    public let name: String
    /// One sentence.
    public let summary: String
    /// What it is.
    public let value: Literal

    /// A constant.
    public init(_ name: String, _ summary: String, _ value: Literal) {
        self.name = name
        self.summary = summary
        self.value = value
    }
}
