import Data
import OrderedCollections

/// The value of an option of a run, as its configuration, records and comparisons hold it.
public enum OptionValue: Sendable, Equatable, CustomStringConvertible {
    /// A whole number.
    case integer(Int)
    /// Any number.
    case number(Double)
    /// Yes or no.
    case flag(Bool)
    /// A name, a formula.
    case text(String)
    /// Several values.
    case list([OptionValue])

    /// The value as it is written.
    public var description: String {
        switch self {
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .flag(let value): String(value)
        case .text(let value): value
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        }
    }

    /// The value as JSON.
    public var json: JSON {
        switch self {
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .flag(let value): .bool(value)
        case .text(let value): .string(value)
        case .list(let values): .array(values.map(\.json))
        }
    }

    /// The value that JSON holds; nil for objects and null.
    public init?(_ json: JSON) {
        switch json {
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .bool(let value): self = .flag(value)
        case .string(let value): self = .text(value)
        case .array(let values): self = .list(values.compactMap(OptionValue.init))
        case .object, .null: return nil
        }
    }
}

extension UpdateRule {
    /// Every option with its value.
    public var settings: OrderedDictionary<String, OptionValue> {
        var settings: OrderedDictionary<String, OptionValue> = [:]
        for option in Self.options { settings[option.name] = option.value(of: self) }
        if maximize { settings["maximize"] = .flag(true) }
        return settings
    }

    /// The options whose values are not those that the rule has unless told otherwise.
    public var changedSettings: OrderedDictionary<String, OptionValue> {
        let usual = Self().settings
        return settings.filter { usual[$0.key] != $0.value }
    }
}
