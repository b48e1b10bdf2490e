import Data
import OrderedCollections
import Runtime
import Tensors

/// A dict of tensors as a parameter.
struct OrderedTensors: ValueDecodable {
    var tensors: OrderedDictionary<String, Tensor>

    static var languageType: LanguageType { .dict }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OrderedTensors? {
        OrderedDictionary<String, Tensor>.decode(value, in: interpreter).map { OrderedTensors(tensors: $0) }
    }
}

/// A column of a table: its name or its position.
struct ColumnName: ValueDecodable {
    let label: CSVLabel

    static var languageType: LanguageType { .union([.string, .int]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> ColumnName? {
        switch value {
        case .string(let name): ColumnName(label: .name(name.text))
        case .int(let index): ColumnName(label: .index(index))
        default: nil
        }
    }
}

/// A list, range or string, or a dict for its keys: what Python's functions of an iterable take.
struct Elements: ValueDecodable {
    let value: Value
    let interpreter: Interpreter

    static var languageType: LanguageType { .union([.list(.any), .range, .dict, .string]) }
    static var mayCallBack: Bool { false }

    static func decode(_ value: Value, in interpreter: Interpreter) -> Elements? {
        switch value {
        case .list, .range, .dict, .string: Elements(value: value, interpreter: interpreter)
        default: nil
        }
    }

    /// All of them, for the function `name`; a limit error when there are too many.
    func values(for name: String) throws -> [Value] { try interpreter.elements(of: value, for: name) }

    /// The range when it is one that holds something: sums and extremes of ranges need no elements.
    var range: RangeObject? { if case .range(let range) = value, range.count > 0 { range } else { nil } }
}

/// One value or a list of values of a type, as a list.
struct OneOrMore<Element: ValueDecodable>: ValueDecodable {
    let elements: [Element]
    /// Whether they came in a list.
    var isList = false

    static var languageType: LanguageType { .union([Element.languageType, .list(Element.languageType)]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OneOrMore? {
        if let one = Element.decode(value, in: interpreter) { return OneOrMore(elements: [one]) }
        return [Element].decode(value, in: interpreter).map { OneOrMore(elements: $0, isList: true) }
    }

    static func mismatch(_ value: Value) -> Mismatch {
        if case .list = value { return Mismatch(expected: languageType.description) }
        return Mismatch(expected: languageType.description, help: Element.mismatch(value).help)
    }
}

extension Value {
    /// The row of a table that the index names, counted from the end if it is negative; nil unless it is an int.
    ///
    /// - Throws: an `index` failure outside of the table.
    func row(of count: Int) throws -> Int? {
        guard case .int(let number) = self else { return nil }
        let row = number < 0 ? number + count : number
        guard (0..<count).contains(row) else {
            throw Failure(.index, "row \(number) of a table with \(count) rows")
        }
        return row
    }
}
