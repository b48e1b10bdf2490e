/// A type as users see it, in checks, help and messages.
public indirect enum LanguageType: Equatable, Sendable, CustomStringConvertible {
    case any, none, bool, int, float, string, dict, range, pair, function, tensor, module
    /// An int or a float.
    case number
    /// A list whose elements have a type.
    case list(LanguageType)
    /// An object of the library, by its name such as `run`.
    case object(String)
    /// One of these strings.
    case options([String])
    /// Any of these types.
    case union([LanguageType])

    /// The words for it: `int`, `list of int`, `int or float`, `"mean" or "sum"`.
    public var description: String {
        switch self {
        case .any: "any"
        case .none: "none"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .number: "number"
        case .string: "string"
        case .list(.any): "list"
        case .list(let element): "list of \(element)"
        case .dict: "dict"
        case .range: "range"
        case .pair: "pair"
        case .function: "function"
        case .tensor: "tensor"
        case .module: "module"
        case .object(let name): name
        case .options(let names): Self.join(names.map { "\"\($0)\"" })
        case .union(let types): Self.join(types.map(\.description))
        }
    }

    /// `a`, `a or b`, `a, b or c`.
    public static func join(_ words: [String], with conjunction: String = "or") -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
    }

    /// Whether a value is of this type; a list's elements are looked at too.
    public func contains(_ value: Value) -> Bool {
        switch (self, value) {
        case (.any, _), (.none, .none), (.bool, .bool), (.int, .int), (.float, .float), (.float, .int),
            (.number, .int), (.number, .float), (.string, .string), (.dict, .dict), (.range, .range), (.pair, .pair),
            (.function, .function), (.tensor, .tensor), (.module, .module):
            return true
        case (.list(let element), .list(let list)):
            return element == .any || list.elements.allSatisfy(element.contains)
        case (.list(let element), .range):
            return element == .any || element == .int || element == .number || element == .float
        case (.object(let name), .object(let object)): return object.type.name == name
        case (.options(let names), .string(let string)): return names.contains(string.text)
        case (.union(let types), _): return types.contains { $0.contains(value) }
        default: return false
        }
    }

    /// The type with `none` allowed.
    public var orNone: LanguageType {
        if case .union(let types) = self { return .union(types + [.none]) }
        return .union([self, .none])
    }
}
