import Learning
import Tensors

/// What a Dist expression evaluates to: a word of data, or one reference to something on the heap.
///
/// Every heap payload is a single class reference, so that a value is two words and copying one costs a reference
/// count at most; numbers and bools cost nothing. Lists, dicts, tensors, modules and library objects are references:
/// binding and passing never copy them.
///
/// The instruction loop knows the cases by their number: their order is that of the list in `machine.h`.
public enum Value {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(StringObject)
    case list(ListObject)
    case dict(DictObject)
    case range(RangeObject)
    case pair(PairObject)
    case function(Function)
    case tensor(Tensor)
    case module(Module)
    case object(Object)
    /// The state of a variable before it is bound. No builtin ever sees it.
    case unbound
    /// A variable shared with a closure, as it stands in a register. No builtin ever sees it.
    case cell(Cell)
}

extension Value {
    /// A string value.
    public static func string(_ text: String) -> Value { .string(StringObject(text)) }

    /// A list value.
    public static func list(_ elements: [Value]) -> Value { .list(ListObject(elements)) }

    /// A pair value, `left -> right`.
    public static func pair(_ left: Value, _ right: Value) -> Value { .pair(PairObject(left, right)) }

    /// What sort of value it is, named as in the language.
    public var type: LanguageType {
        switch self {
        case .none, .unbound, .cell: .none
        case .bool: .bool
        case .int: .int
        case .float: .float
        case .string: .string
        case .list: .list(.any)
        case .dict: .dict
        case .range: .range
        case .pair: .pair
        case .function: .function
        case .tensor: .tensor
        case .module: .module
        case .object(let object): .object(object.type.name)
        }
    }

    /// The type's name as `type(x)` gives it and messages show it.
    public var typeName: String { type.description }

    /// The number as a float when it is an int or a float.
    @inlinable public var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    /// The text when it is a string.
    @inlinable public var text: String? {
        if case .string(let string) = self { string.text } else { nil }
    }
}
