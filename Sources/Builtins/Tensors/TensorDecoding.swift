import Runtime
import Tensors

extension Builtin.Group {
    /// Making tensors, and the random numbers in them.
    static let creation = Builtin.Group("Making tensors", computes: true)
    /// What a tensor knows about itself, and conversions.
    static let tensorProperties = Builtin.Group("Tensor properties", computes: true)
    /// Rearranging elements.
    static let shaping = Builtin.Group("Shapes", computes: true)
    /// Picking and placing elements.
    static let selection = Builtin.Group("Selecting elements", computes: true)
    /// Functions of every element.
    static let pointwise = Builtin.Group("Pointwise functions", computes: true)
    /// Many elements become one.
    static let reductions = Builtin.Group("Reductions", computes: true)
    /// Matrices.
    static let linearAlgebra = Builtin.Group("Linear algebra", computes: true)
    /// What layers compute.
    static let networkFunctions = Builtin.Group("Network functions", computes: true)
    /// How far a prediction is off.
    static let losses = Builtin.Group("Losses", computes: true)
    /// Derivatives.
    static let autograd = Builtin.Group("Gradients")
}

extension Scalar: ValueDecodable, LiteralEncodable {
    /// A number or a bool.
    public static var languageType: LanguageType { .union([.number, .bool]) }
    /// Numbers call nothing.
    public static var mayCallBack: Bool { false }
    /// Takes an int, a float or a bool.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> Scalar? {
        switch value {
        case .int(let int): .int(int)
        case .float(let float): .float(float)
        case .bool(let bool): .bool(bool)
        default: nil
        }
    }
    /// The number's literal.
    public var literal: Literal {
        switch self {
        case .int(let int): .int(int)
        case .float(let float): .float(float)
        case .bool(let bool): .bool(bool)
        }
    }
}

extension DType: ValueDecodable, LiteralEncodable {
    /// The dtypes' names.
    public static var languageType: LanguageType { .options(allCases.map(\.description)) }
    /// Names call nothing.
    public static var mayCallBack: Bool { false }
    /// Takes a dtype's name.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> DType? {
        value.text.flatMap(DType.init(name:))
    }
    /// Lists the dtypes, and says what to use for those that other libraries have.
    public static func mismatch(_ value: Value) -> Mismatch {
        let counterparts = [
            "float": "float32", "double": "float64", "long": "int64", "int": "int64", "int32": "int64",
            "byte": "uint8", "int8": "int64", "int16": "int64", "half": "float32", "float16": "float32",
            "bfloat16": "float32",
        ]
        let near = value.text.flatMap { counterparts[$0] }
        return Mismatch(
            expected: "one of " + allCases.map { "\"\($0)\"" }.joined(separator: ", "),
            help: near.map { ["write \"\($0)\""] } ?? [], isValueError: value.text != nil)
    }
    /// The name as a literal.
    public var literal: Literal { .string(description) }
}

/// One part of a shape that is written as a list or as separate integers.
enum SizePart: ValueDecodable {
    case size(Int)
    case list([Int])
    /// Anything else, kept until the function that knows its name refuses it.
    case other(Value)

    static var languageType: LanguageType { .union([.int, .list(.int)]) }
    static var mayCallBack: Bool { false }

    static func decode(_ value: Value, in interpreter: Interpreter) -> SizePart? {
        if case .int(let size) = value { return .size(size) }
        return [Int].decode(value, in: interpreter).map { .list($0) } ?? .other(value)
    }
}

extension [SizePart] {
    /// The integers, whether they were written as one list or separately.
    /// - Throws: a type error for anything else.
    func sizes(for function: String, _ argument: String = "size") throws -> [Int] {
        if case .list(let sizes)? = first, count == 1 { return sizes }
        return try map { part in
            switch part {
            case .size(let size): return size
            case .list(let sizes):
                throw Failure(
                    .type, "\(function): \(argument) must be integers or one list of integers, not \(count) lists",
                    help: ["join them: \(sizes) + …"])
            case .other(let value):
                throw Failure(
                    .type,
                    "\(function): \(argument) must be integers or a list of integers, not \(Display.typeWithDetail(value))"
                )
            }
        }
    }
}

/// One integer, or a list of integers.
struct Integers: ValueDecodable, LiteralEncodable {
    let values: [Int]
    let isList: Bool

    static var languageType: LanguageType { .union([.int, .list(.int)]) }
    static var mayCallBack: Bool { false }

    static func decode(_ value: Value, in interpreter: Interpreter) -> Integers? {
        if case .int(let one) = value { return Integers(values: [one], isList: false) }
        return [Int].decode(value, in: interpreter).map { Integers(values: $0, isList: true) }
    }

    var literal: Literal { isList ? .list(values.map { .int($0) }) : .int(values.first ?? 0) }
}

/// A tensor or a number: what most pointwise functions take.
typealias TensorOrNumber = Either<Tensor, Double>

/// A tensor, or a number that keeps its kind.
typealias TensorOrScalar = Either<Tensor, Scalar>

/// A tensor, or a list of tensors when there are several results.
typealias OneOrMoreTensors = Either<Tensor, [Tensor]>

extension Either where First == Tensor, Second == Scalar {
    /// The operand of elementwise arithmetic.
    var operand: Operand {
        switch self {
        case .first(let tensor): .tensor(tensor)
        case .second(let scalar): .scalar(scalar)
        }
    }
}

/// How the losses of single elements become the result.
enum ReductionOption: String, StringOption {
    case mean, sum
    case none
}
