/// The type of a tensor's elements.
public enum DType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// IEEE single precision, the default.
    case float32 = 0
    /// IEEE double precision.
    case float64
    /// 64-bit integers; arithmetic wraps.
    case int64
    /// Bytes; arithmetic wraps.
    case uint8
    /// Truth values, one byte each.
    case bool

    /// The dtype called `name` in the language, if there is one.
    public init?(name: String) {
        guard let found = DType.allCases.first(where: { $0.description == name }) else { return nil }
        self = found
    }

    /// The name in the language: `float32`, `float64`, `int64`, `uint8` or `bool`.
    public var description: String {
        switch self {
        case .float32: "float32"
        case .float64: "float64"
        case .int64: "int64"
        case .uint8: "uint8"
        case .bool: "bool"
        }
    }

    /// Bytes per element.
    public var itemSize: Int {
        switch self {
        case .float32: 4
        case .float64, .int64: 8
        case .uint8, .bool: 1
        }
    }

    /// Whether gradients can flow through tensors of this dtype.
    public var isFloating: Bool { self == .float32 || self == .float64 }

    /// Whether a number can be an element, as PyTorch has it: a byte holds -255 … 255 (negative integers wrap) and floats
    /// from 0 to 255, float32 nothing finite above its largest number, a truth value anything.
    func holds(_ value: Scalar) -> Bool {
        switch (self, value) {
        case (.int64, .float(let number)): number >= -0x1p63 && number < 0x1p63
        case (.uint8, .int(let number)): number >= -255 && number <= 255
        case (.uint8, .float(let number)): number >= 0 && number <= 255
        case (.float32, .float(let number)):
            !number.isFinite || Swift.abs(number) <= Double(Float.greatestFiniteMagnitude)
        default: true
        }
    }

    /// - Throws: `TensorError.wrongValue` for a number that cannot be an element.
    package func check(holds value: Scalar, for name: String, argument: String) throws {
        guard !holds(value) else { return }
        throw TensorError.wrongValue(
            function: name, argument: argument, value: "\(value)",
            expected: self == .uint8 ? "in 0 … 255 for uint8" : "a number that fits \(self)")
    }

    /// The smallest dtype that holds the values of both, as `torch.promote_types`.
    public static func promote(_ left: DType, _ right: DType) -> DType {
        if left == right { return left }
        if left.isFloating || right.isFloating {
            return left == .float64 || right == .float64 ? .float64 : .float32
        }
        if left == .bool { return right }
        if right == .bool { return left }
        return .int64
    }

    /// How much an operand counts when a common dtype is chosen.
    enum Standing {
        case full(DType), zero(DType), number(DType)
    }

    /// The dtype two operands are converted to, by PyTorch's promotion.
    static func common(_ left: Standing, _ right: Standing) -> DType {
        switch (left, right) {
        case (.full(let a), .full(let b)), (.zero(let a), .zero(let b)), (.number(let a), .number(let b)):
            promote(a, b)
        case (.full(let higher), .zero(let lower)), (.full(let higher), .number(let lower)),
            (.zero(let higher), .number(let lower)), (.zero(let lower), .full(let higher)),
            (.number(let lower), .full(let higher)), (.number(let lower), .zero(let higher)):
            combine(higher, lower)
        }
    }

    /// PyTorch's rule for operands of unequal standing: a lower one (0-d tensor, number) raises the kind, never the width.
    private static func combine(_ higher: DType, _ lower: DType) -> DType {
        if higher.isFloating { return higher }
        if higher == .bool || lower.isFloating { return promote(higher, lower) }
        return higher
    }
}
