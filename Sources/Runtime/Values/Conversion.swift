import Learning
import OrderedCollections
import Tensors

/// A Swift type that a language value can become: the type of a builtin's parameter.
public protocol ValueDecodable {
    /// The type as users see it.
    static var languageType: LanguageType { get }

    /// The value in Swift, or nil when it is of another type.
    static func decode(_ value: Value, in interpreter: Interpreter) -> Self?

    /// What to say about a value that `decode` refused; the default says which type was expected.
    static func mismatch(_ value: Value) -> Mismatch

    /// Whether a builtin that holds such a value could come to call Dist code: true unless known otherwise.
    ///
    /// Builtins whose parameters all say false run without leaving the instruction loop.
    static var mayCallBack: Bool { get }
}

/// A Swift type that can become a language value: the type of a builtin's result.
public protocol ValueEncodable {
    /// The type as users see it.
    static var languageType: LanguageType { get }

    /// The value.
    func encode(in interpreter: Interpreter) -> Value
}

/// Why a value does not fit a parameter.
public struct Mismatch {
    /// What was expected, `int or float`, or a whole sentence.
    public var expected: String
    /// Ways out.
    public var help: [String]
    /// Whether the value has the right type but not the right content.
    public var isValueError: Bool

    /// A mismatch.
    public init(expected: String, help: [String] = [], isValueError: Bool = false) {
        self.expected = expected
        self.help = help
        self.isValueError = isValueError
    }
}

extension ValueDecodable {
    /// Names the expected type.
    public static func mismatch(_ value: Value) -> Mismatch { Mismatch(expected: languageType.description) }

    /// True unless a type says otherwise.
    @inlinable public static var mayCallBack: Bool { true }
}

extension Int: ValueDecodable, LiteralEncodable {
    /// `int`.
    public static var languageType: LanguageType { .int }
    /// Numbers call nothing.
    @inlinable public static var mayCallBack: Bool { false }
    /// Takes an int.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Int? {
        if case .int(let int) = value { int } else { nil }
    }
    /// An int literal.
    public var literal: Literal { .int(self) }
    /// An int.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { .int(self) }
}

extension Double: ValueDecodable, LiteralEncodable {
    /// `float`; an int fits too.
    public static var languageType: LanguageType { .float }
    /// Numbers call nothing.
    @inlinable public static var mayCallBack: Bool { false }
    /// Takes a float or an int.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Double? { value.number }
    /// A float literal.
    public var literal: Literal { .float(self) }
    /// A float.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { .float(self) }
}

extension Bool: ValueDecodable, LiteralEncodable {
    /// `bool`.
    public static var languageType: LanguageType { .bool }
    /// Bools call nothing.
    @inlinable public static var mayCallBack: Bool { false }
    /// Takes a bool.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Bool? {
        if case .bool(let bool) = value { bool } else { nil }
    }
    /// A bool literal.
    public var literal: Literal { .bool(self) }
    /// A bool.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { .bool(self) }
}

extension String: ValueDecodable, LiteralEncodable {
    /// `string`.
    public static var languageType: LanguageType { .string }
    /// Strings call nothing.
    @inlinable public static var mayCallBack: Bool { false }
    /// Takes a string.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> String? { value.text }
    /// A string literal.
    public var literal: Literal { .string(self) }
    /// A string.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { .string(self) }
}

extension Tensor: ValueDecodable, ValueEncodable {
    /// `tensor`.
    public static var languageType: LanguageType { .tensor }
    /// Tensor functions call nothing.
    @inlinable public static var mayCallBack: Bool { false }
    /// Takes a tensor.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Tensor? {
        if case .tensor(let tensor) = value { tensor } else { nil }
    }
    /// A tensor.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { .tensor(self) }
}

extension Value: ValueDecodable, ValueEncodable {
    /// Anything.
    public static var languageType: LanguageType { .any }
    /// The value itself.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Value? { value }
    /// The value itself.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { self }
}

/// The result of a builtin that gives `none`.
public struct NoValue: ValueEncodable {
    /// The one value.
    @inlinable public init() {}
    /// `none`.
    public static var languageType: LanguageType { .none }
    /// `none`.
    @inlinable public func encode(in interpreter: Interpreter) -> Value { .none }
}

extension Optional: ValueDecodable where Wrapped: ValueDecodable {
    /// The wrapped type or `none`.
    public static var languageType: LanguageType { Wrapped.languageType.orNone }
    /// As the wrapped type.
    @inlinable public static var mayCallBack: Bool { Wrapped.mayCallBack }
    /// `none` gives nil inside, another type nil outside.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Wrapped?? {
        if case .none = value { return .some(nil) }
        guard let wrapped = Wrapped.decode(value, in: interpreter) else { return nil }
        return .some(wrapped)
    }
    /// As the wrapped type.
    public static func mismatch(_ value: Value) -> Mismatch {
        var mismatch = Wrapped.mismatch(value)
        if !mismatch.isValueError { mismatch.expected = languageType.description }
        return mismatch
    }
}

extension Optional: ValueEncodable where Wrapped: ValueEncodable {
    /// The wrapped type or `none`.
    public static var languageType: LanguageType { Wrapped.languageType.orNone }
    /// `none` or the wrapped value.
    @inlinable public func encode(in interpreter: Interpreter) -> Value {
        if let wrapped = self { wrapped.encode(in: interpreter) } else { .none }
    }
}

extension Optional: LiteralEncodable where Wrapped: LiteralEncodable {
    /// `none` or the wrapped literal.
    public var literal: Literal { self?.literal ?? .none }
}

extension Array: ValueDecodable where Element: ValueDecodable {
    /// A list of the element type.
    public static var languageType: LanguageType { .list(Element.languageType) }
    /// As the element.
    @inlinable public static var mayCallBack: Bool { Element.mayCallBack }
    /// Takes a list, or a range when the elements are numbers.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> [Element]? {
        var result: [Element] = []
        switch value {
        case .list(let list):
            result.reserveCapacity(list.elements.count)
            for element in list.elements {
                guard let decoded = Element.decode(element, in: interpreter) else { return nil }
                result.append(decoded)
            }
        case .range(let range) where range.count <= 10_000_000:
            for index in 0..<range.count {
                guard let decoded = Element.decode(.int(range[index]), in: interpreter) else { return nil }
                result.append(decoded)
            }
        default: return nil
        }
        return result
    }
}

extension Array: ValueEncodable where Element: ValueEncodable {
    /// A list of the element type.
    public static var languageType: LanguageType { .list(Element.languageType) }
    /// A list.
    public func encode(in interpreter: Interpreter) -> Value { .list(map { $0.encode(in: interpreter) }) }
}

extension Array: LiteralEncodable where Element: LiteralEncodable {
    /// A list literal.
    public var literal: Literal { .list(map(\.literal)) }
}

extension OrderedDictionary: ValueDecodable where Key == String, Value: ValueDecodable {
    /// `dict`.
    public static var languageType: LanguageType { .dict }
    /// Takes a dict with string keys.
    public static func decode(_ value: Runtime.Value, in interpreter: Interpreter) -> OrderedDictionary<Key, Value>? {
        guard case .dict(let dict) = value else { return nil }
        var result = OrderedDictionary<Key, Value>()
        for (key, entry) in dict.entries {
            guard case .string(let name) = key, let decoded = Value.decode(entry, in: interpreter) else { return nil }
            result[name] = decoded
        }
        return result
    }
}

extension OrderedDictionary: ValueEncodable where Key == String, Value: ValueEncodable {
    /// `dict`.
    public static var languageType: LanguageType { .dict }
    /// A dict.
    public func encode(in interpreter: Interpreter) -> Runtime.Value {
        var entries = DictEntries()
        for (name, value) in self { entries[.string(name)] = value.encode(in: interpreter) }
        return .dict(DictObject(entries))
    }
}

/// A value of one of two types; the first that fits is taken.
public enum Either<First: ValueDecodable, Second: ValueDecodable>: ValueDecodable {
    case first(First)
    case second(Second)

    /// Both types.
    public static var languageType: LanguageType {
        var types: [LanguageType] = []
        for type in [First.languageType, Second.languageType] {
            if case .union(let parts) = type { types += parts } else { types.append(type) }
        }
        return .union(types)
    }
    /// Whether either may.
    @inlinable public static var mayCallBack: Bool { First.mayCallBack || Second.mayCallBack }
    /// Tries the first type, then the second.
    @inlinable public static func decode(_ value: Value, in interpreter: Interpreter) -> Either? {
        if let first = First.decode(value, in: interpreter) { return .first(first) }
        if let second = Second.decode(value, in: interpreter) { return .second(second) }
        return nil
    }
}

extension Either: ValueEncodable where First: ValueEncodable, Second: ValueEncodable {
    /// The value of the side there is.
    public func encode(in interpreter: Interpreter) -> Value {
        switch self {
        case .first(let first): first.encode(in: interpreter)
        case .second(let second): second.encode(in: interpreter)
        }
    }
}

/// `left -> right` with typed sides.
public struct PairOf<Left: ValueDecodable, Right: ValueDecodable>: ValueDecodable {
    /// The left side.
    public let left: Left
    /// The right side.
    public let right: Right

    /// `pair`.
    public static var languageType: LanguageType { .pair }
    /// Takes a pair whose sides fit.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> PairOf? {
        guard case .pair(let pair) = value, let left = Left.decode(pair.left, in: interpreter),
            let right = Right.decode(pair.right, in: interpreter)
        else { return nil }
        return PairOf(left: left, right: right)
    }
    /// Names the sides: what they should be, and what they are.
    public static func mismatch(_ value: Value) -> Mismatch {
        guard case .pair(let pair) = value else { return Mismatch(expected: languageType.description) }
        return Mismatch(
            expected: "pair a -> b, a \(Left.languageType.description), b \(Right.languageType.description)",
            help: ["this one is \(pair.left.typeName) -> \(pair.right.typeName)"] + Left.mismatch(pair.left).help)
    }
}

/// A function value, or anything else that can be called, together with the interpreter that calls it.
public struct Callable: ValueDecodable, ValueEncodable {
    /// The function.
    public let function: Value
    /// What runs it.
    public let interpreter: Interpreter

    /// `function`.
    public static var languageType: LanguageType { .function }
    /// Takes a function or a module.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> Callable? {
        switch value {
        case .function, .module: return Callable(function: value, interpreter: interpreter)
        case .object(let object) where object.type.call != nil:
            return Callable(function: value, interpreter: interpreter)
        default: return nil
        }
    }
    /// Calls it with positional arguments.
    @discardableResult
    public func callAsFunction(_ arguments: any ValueEncodable...) throws -> Value {
        try interpreter.call(function, arguments.map { $0.encode(in: interpreter) })
    }
    /// Calls it with arguments that are values already.
    public func call(_ arguments: [Value], named: [(name: String, value: Value)] = []) throws -> Value {
        try interpreter.call(function, arguments, named: named)
    }
    /// The function itself.
    public func encode(in interpreter: Interpreter) -> Value { function }
}
