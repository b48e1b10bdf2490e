import CMachine
import Diagnostics
import Tensors

/// Conditions, comparisons and `in`.
extension Interpreter {
    /// Whether a condition holds: a bool, or a bool tensor of one element.
    func truth(_ value: Value) throws -> Bool {
        switch value {
        case .bool(let bool): return bool
        case .tensor(let tensor) where tensor.dtype == .bool && tensor.count == 1:
            return try tensor.item().integer != 0
        default: break
        }
        let help: String =
            switch value {
            case .none: "write x != none"
            case .int, .float: "write x != 0"
            case .string, .list, .dict, .range: "write len(x) > 0"
            case .tensor(let tensor):
                tensor.count == 1 ? "write x != 0" : "write all(x) or any(x): a condition is one truth value"
            default: "write a comparison"
            }
        throw Failure(
            .type, "a condition must be a bool, not \(Display.typeWithDetail(value))", code: .notACondition,
            help: [help])
    }

    // MARK: Comparisons

    func compare(_ operation: Opcode, _ left: Value, _ right: Value) throws -> Value {
        switch operation {
        case .contains: return .bool(try contains(right, left))
        case .equal, .unequal:
            if let result = try tensorComparison(operation, left, right) { return result }
            let equal = Equality.areEqual(left, right)
            return .bool(operation == .equal ? equal : !equal)
        default:
            if let x = left.number, let y = right.number {
                if case .int(let a) = left, case .int(let b) = right { return .bool(Self.holds(operation, a, b)) }
                return .bool(Self.holds(operation, x, y))
            }
            if case .string(let x) = left, case .string(let y) = right {
                return .bool(Self.holds(operation, Array(x.text.utf8), Array(y.text.utf8)))
            }
            if let result = try tensorComparison(operation, left, right) { return result }
            throw badOperands(operation, left, right)
        }
    }

    private static func holds<T: Comparable>(_ operation: Opcode, _ x: T, _ y: T) -> Bool {
        switch operation {
        case .less: x < y
        case .lessOrEqual: x <= y
        case .greater: x > y
        default: x >= y
        }
    }

    private static func holds(_ operation: Opcode, _ x: [UInt8], _ y: [UInt8]) -> Bool {
        switch operation {
        case .less: x.lexicographicallyPrecedes(y)
        case .lessOrEqual: !y.lexicographicallyPrecedes(x)
        case .greater: y.lexicographicallyPrecedes(x)
        default: !x.lexicographicallyPrecedes(y)
        }
    }

    /// `element in container`
    func contains(_ container: Value, _ element: Value) throws -> Bool {
        switch container {
        case .list(let list): return list.elements.contains { Equality.areEqual($0, element) }
        case .range(let range):
            switch element {
            case .int(let int): return range.contains(int)
            case .float(let float): return Int(exactly: float).map(range.contains) ?? false
            default: return false
            }
        case .dict(let dict):
            guard let key = DictKey(element) else { return false }
            return dict.entries[key] != nil
        case .string(let string):
            guard case .string(let part) = element else {
                throw Failure(
                    .type, "in: a string contains strings, not \(Display.typeWithDetail(element))", code: .badOperands)
            }
            return TextSearch.find(part.text, in: string.text) != nil
        case .tensor:
            guard let same = try tensorComparison(.equal, container, element), case .tensor(let tensor) = same else {
                return false
            }
            return try tensor.booleans().contains(true)
        default:
            throw Failure(
                .type,
                "in needs a list, range, dict, string or tensor on its right, not \(Display.typeWithDetail(container))",
                code: .badOperands, operands: [1: container.typeName])
        }
    }
}
