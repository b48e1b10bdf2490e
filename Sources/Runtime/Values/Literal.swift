/// A value that can stand in a declaration: the default of a parameter.
public indirect enum Literal: Sendable, Equatable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case list([Literal])

    /// The value; a list is made anew each time.
    public var value: Value {
        switch self {
        case .none: .none
        case .bool(let bool): .bool(bool)
        case .int(let int): .int(int)
        case .float(let float): .float(float)
        case .string(let text): .string(text)
        case .list(let elements): .list(elements.map(\.value))
        }
    }

    /// The literal as a script writes it.
    public var source: String {
        switch self {
        case .none: "none"
        case .bool(let bool): bool ? "true" : "false"
        case .int(let int): String(int)
        case .float(let float): NumberFormat.repr(float)
        case .string(let text): NumberFormat.quote(text)
        case .list(let elements): "[" + elements.map(\.source).joined(separator: ", ") + "]"
        }
    }
}

/// A Swift type whose values can be a parameter's default.
public protocol LiteralEncodable: ValueEncodable {
    /// The value as a literal.
    var literal: Literal { get }
}

extension LiteralEncodable {
    /// The literal's value.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { literal.value }
}
