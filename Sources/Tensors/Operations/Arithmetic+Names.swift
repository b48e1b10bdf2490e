// The arithmetic of `Arithmetic.swift` under PyTorch's names and as operators.
extension Tensor {
    /// x + y
    public func add(_ other: Tensor) throws -> Tensor { try Tensor.arithmetic(.add, .tensor(self), .tensor(other)) }
    /// x + y
    public func add(_ other: Scalar) throws -> Tensor { try Tensor.arithmetic(.add, .tensor(self), .scalar(other)) }
    /// x - y
    public func sub(_ other: Tensor) throws -> Tensor {
        try Tensor.arithmetic(.subtract, .tensor(self), .tensor(other))
    }
    /// x - y
    public func sub(_ other: Scalar) throws -> Tensor {
        try Tensor.arithmetic(.subtract, .tensor(self), .scalar(other))
    }
    /// x · y
    public func mul(_ other: Tensor) throws -> Tensor {
        try Tensor.arithmetic(.multiply, .tensor(self), .tensor(other))
    }
    /// x · y
    public func mul(_ other: Scalar) throws -> Tensor {
        try Tensor.arithmetic(.multiply, .tensor(self), .scalar(other))
    }
    /// x / y
    public func div(_ other: Tensor) throws -> Tensor { try Tensor.arithmetic(.divide, .tensor(self), .tensor(other)) }
    /// x / y
    public func div(_ other: Scalar) throws -> Tensor { try Tensor.arithmetic(.divide, .tensor(self), .scalar(other)) }
    /// ⌊x / y⌋
    public func floorDivide(_ other: Tensor) throws -> Tensor {
        try Tensor.arithmetic(.floorDivide, .tensor(self), .tensor(other))
    }
    /// ⌊x / y⌋
    public func floorDivide(_ other: Scalar) throws -> Tensor {
        try Tensor.arithmetic(.floorDivide, .tensor(self), .scalar(other))
    }
    /// x - ⌊x / y⌋ y, with the sign of y
    public func remainder(_ other: Tensor) throws -> Tensor {
        try Tensor.arithmetic(.remainder, .tensor(self), .tensor(other))
    }
    /// x - ⌊x / y⌋ y, with the sign of y
    public func remainder(_ other: Scalar) throws -> Tensor {
        try Tensor.arithmetic(.remainder, .tensor(self), .scalar(other))
    }
    /// x to the power of y
    public func pow(_ other: Tensor) throws -> Tensor { try Tensor.arithmetic(.power, .tensor(self), .tensor(other)) }
    /// x to the power of y
    public func pow(_ other: Scalar) throws -> Tensor { try Tensor.arithmetic(.power, .tensor(self), .scalar(other)) }
    /// The larger of two, elementwise.
    public func maximum(_ other: Tensor) throws -> Tensor {
        try Tensor.arithmetic(.maximum, .tensor(self), .tensor(other))
    }
    /// The smaller of two, elementwise.
    public func minimum(_ other: Tensor) throws -> Tensor {
        try Tensor.arithmetic(.minimum, .tensor(self), .tensor(other))
    }

    /// Elementwise sum.
    public static func + (left: Tensor, right: Tensor) throws -> Tensor { try left.add(right) }
    /// Elementwise sum.
    public static func + (left: Tensor, right: Scalar) throws -> Tensor { try left.add(right) }
    /// Elementwise sum.
    public static func + (left: Scalar, right: Tensor) throws -> Tensor { try right.add(left) }
    /// Elementwise difference.
    public static func - (left: Tensor, right: Tensor) throws -> Tensor { try left.sub(right) }
    /// Elementwise difference.
    public static func - (left: Tensor, right: Scalar) throws -> Tensor { try left.sub(right) }
    /// Elementwise difference.
    public static func - (left: Scalar, right: Tensor) throws -> Tensor {
        try arithmetic(.subtract, .scalar(left), .tensor(right))
    }
    /// Elementwise product.
    public static func * (left: Tensor, right: Tensor) throws -> Tensor { try left.mul(right) }
    /// Elementwise product.
    public static func * (left: Tensor, right: Scalar) throws -> Tensor { try left.mul(right) }
    /// Elementwise product.
    public static func * (left: Scalar, right: Tensor) throws -> Tensor { try right.mul(left) }
    /// Elementwise quotient.
    public static func / (left: Tensor, right: Tensor) throws -> Tensor { try left.div(right) }
    /// Elementwise quotient.
    public static func / (left: Tensor, right: Scalar) throws -> Tensor { try left.div(right) }
    /// Elementwise quotient.
    public static func / (left: Scalar, right: Tensor) throws -> Tensor {
        try arithmetic(.divide, .scalar(left), .tensor(right))
    }
    /// Elementwise negation.
    public static prefix func - (x: Tensor) throws -> Tensor { try x.neg() }
}
