extension Graph {
    /// Arithmetic of two operands with broadcasting.
    public struct Arithmetic: Form {
        /// Which.
        public let op: ArithmeticOperator

        /// Arithmetic by its operator.
        public init(_ op: ArithmeticOperator) { self.op = op }

        package var name: String { op.rawValue }
        package var int8: Int8Form? { op == .add ? .sum : op == .maximum || op == .minimum ? .order : nil }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let dtype = try op.resultDType(try Argument.commonDType(inputs, name))
            return [Kind(try Argument.broadcast(inputs, name), dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try Tensor.arithmetic(op, try operand(inputs, 0), try operand(inputs, 1))]
        }
    }

    /// A comparison of two operands with broadcasting: a bool tensor.
    public struct Comparison: Form {
        /// Which.
        public let op: ComparisonOperator

        /// A comparison by its operator.
        public init(_ op: ComparisonOperator) { self.op = op }

        package var name: String { op.rawValue }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            [Kind(try Argument.broadcast(inputs, name), .bool)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try Tensor.compare(op, try operand(inputs, 0), try operand(inputs, 1))]
        }
    }

    /// Logic of truth values, bitwise for integers.
    public struct Logic: Form {
        /// Which function.
        public enum Function: String, Hashable, Sendable, CaseIterable {
            case and = "&"
            case or = "|"
            case exclusiveOr = "^"
            case not = "~"
        }

        /// Which.
        public let function: Function

        /// Logic by its function.
        public init(_ function: Function) { self.function = function }

        package var name: String { function.rawValue }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            if function == .not { return [try kind(inputs)] }
            let (a, b) = (try kind(inputs), try kind(inputs, 1))
            return [Kind(try Shape.broadcast(a.shape, b.shape, for: name), DType.promote(a.dtype, b.dtype))]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            switch function {
            case .and: return [try x.bitwiseAnd(try tensor(inputs, 1))]
            case .or: return [try x.bitwiseOr(try tensor(inputs, 1))]
            case .exclusiveOr: return [try x.bitwiseXor(try tensor(inputs, 1))]
            case .not: return [try x.bitwiseNot()]
            }
        }
    }

    /// A function of each element.
    public struct Pointwise: Form {
        /// Which.
        public let function: PointwiseFunction
        /// Its first number: a slope, a limit.
        public let p: Double
        /// Its second number.
        public let q: Double

        /// A function with its numbers.
        public init(_ function: PointwiseFunction, _ p: Double = 0, _ q: Double = 0) {
            (self.function, self.p, self.q) = (function, p, q)
        }

        package var name: String { function.name }
        package var int8: Int8Form? { function == .relu ? .order : nil }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            return [Kind(x.shape, x.dtype.isFloating || function.keepsIntegers ? x.dtype : .float32)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try tensor(inputs).apply(function, name, p, q)]
        }
    }

    /// What kind of number each element is: a bool tensor.
    public struct Classification: Form {
        /// Which kind.
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            case isnan
            case isinf
            case isfinite
        }

        /// Which.
        public let sort: Kind

        /// A classification.
        public init(_ sort: Kind) { self.sort = sort }

        package var name: String { sort.rawValue }

        package func results(_ inputs: [Argument?]) throws -> [Graph.Kind] {
            [Graph.Kind(try kind(inputs).shape, .bool)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            switch sort {
            case .isnan: return [try x.isnan()]
            case .isinf: return [try x.isinf()]
            case .isfinite: return [try x.isfinite()]
            }
        }
    }

    /// The same elements as another dtype.
    public struct Conversion: Form {
        /// Which.
        public let dtype: DType

        /// A conversion to a dtype.
        public init(_ dtype: DType) { self.dtype = dtype }

        package var name: String { "to" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [Kind(try kind(inputs).shape, dtype)] }
        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).to(dtype)] }
    }

    /// The same elements.
    public struct Identity: Form {
        /// The only one.
        public init() {}

        package var name: String { "identity" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }
        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).detach()] }
    }

    /// One or the other by a condition.
    public struct Choice: Form {
        /// The only one.
        public init() {}

        package var name: String { "where" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let condition = try kind(inputs), a = try kind(inputs, 1), b = try kind(inputs, 2)
            let both = try Shape.broadcast(a.shape, b.shape, for: name)
            return [Kind(try Shape.broadcast(condition.shape, both, for: name), DType.promote(a.dtype, b.dtype))]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try Tensor.where(try tensor(inputs), try operand(inputs, 1), try operand(inputs, 2))]
        }
    }

    /// 0 where true, -∞ where false: what is added to scores of attention.
    public struct AttentionBias: Form {
        /// The dtype of the scores.
        public let dtype: DType

        /// For scores of a dtype.
        public init(_ dtype: DType) { self.dtype = dtype }

        package var name: String { "attention_bias" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [Kind(try kind(inputs).shape, dtype)] }
        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).asAttentionBias(dtype)] }
    }
}

extension Graph.Argument {
    /// How the argument takes part in choosing a dtype.
    var standing: DType.Standing {
        switch self {
        case .tensor(let kind): kind.shape.rank > 0 ? .full(kind.dtype) : .zero(kind.dtype)
        case .scalar(let scalar): .number(scalar.dtype)
        }
    }

    private var shape: Shape {
        switch self {
        case .tensor(let kind): kind.shape
        case .scalar: .scalar
        }
    }

    private static func pair(_ inputs: [Self?], _ name: String) throws -> (Self, Self) {
        guard inputs.count == 2, let first = inputs[0], let second = inputs[1] else {
            throw TensorError.wrongValue(function: name, argument: "inputs", value: "\(inputs.count)", expected: "two")
        }
        return (first, second)
    }

    /// The dtype two operands are converted to.
    static func commonDType(_ inputs: [Self?], _ name: String) throws -> DType {
        let (first, second) = try pair(inputs, name)
        return DType.common(first.standing, second.standing)
    }

    /// The shape two operands are stretched to.
    static func broadcast(_ inputs: [Self?], _ name: String) throws -> Shape {
        let (first, second) = try pair(inputs, name)
        return try Shape.broadcast(first.shape, second.shape, for: name)
    }
}
