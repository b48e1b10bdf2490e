/// A number or truth value as an operand; it never widens the dtype of a tensor of its kind.
public enum Scalar: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, CustomStringConvertible
{
    /// A 64-bit integer.
    case int(Int)
    /// A 64-bit float.
    case float(Double)
    /// A truth value.
    case bool(Bool)

    /// An integer literal.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A float literal.
    public init(floatLiteral value: Double) { self = .float(value) }
    /// A truth value literal.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A float.
    public init(_ value: Double) { self = .float(value) }
    /// An integer.
    public init(_ value: Int) { self = .int(value) }

    /// The value as a float.
    public var double: Double {
        switch self {
        case .int(let value): Double(value)
        case .float(let value): value
        case .bool(let value): value ? 1 : 0
        }
    }

    /// The value as an integer, truncated; out of range and NaN give the smallest integer, as the dtype conversions do.
    public var integer: Int {
        switch self {
        case .int(let value): value
        case .float(let value): value >= -0x1p63 && value < 0x1p63 ? Int(value) : Int.min
        case .bool(let value): value ? 1 : 0
        }
    }

    /// The dtype that the scalar brings into promotion.
    public var dtype: DType {
        switch self {
        case .int: .int64
        case .float: .float32
        case .bool: .bool
        }
    }

    /// The value as the language prints it.
    public var description: String {
        switch self {
        case .int(let value): "\(value)"
        case .float(let value): "\(value)"
        case .bool(let value): "\(value)"
        }
    }
}
