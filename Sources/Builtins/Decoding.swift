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

/// One value or a list of values of a type, as a list.
struct OneOrMore<Element: ValueDecodable>: ValueDecodable {
    let elements: [Element]

    static var languageType: LanguageType { .union([Element.languageType, .list(Element.languageType)]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OneOrMore? {
        if let one = Element.decode(value, in: interpreter) { return OneOrMore(elements: [one]) }
        return [Element].decode(value, in: interpreter).map { OneOrMore(elements: $0) }
    }
}
