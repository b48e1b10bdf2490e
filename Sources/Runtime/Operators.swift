import Glibc
import OrderedCollections
import Tensors

/// The operators on values of every kind; the instruction loop does those of plain numbers itself.
extension Interpreter {
    /// The longest string or list that repeating or joining may make.
    static let longest = 500_000_000

    func binary(_ operation: Opcode, _ left: Value, _ right: Value, inPlace: Bool) throws -> Value {
        switch (left, right) {
        case (.int(let x), .int(let y)): return try Arithmetic.int(operation, x, y)
        case (.float, .float), (.int, .float), (.float, .int):
            if let x = left.number, let y = right.number { return try Arithmetic.float(operation, x, y) }
        case (.tensor, _), (_, .tensor):
            if let result = try tensorArithmetic(operation, left, right, inPlace: inPlace) { return result }
        case (.string(let x), .string(let y)) where operation == .add:
            guard x.text.utf8.count + y.text.utf8.count < Self.longest else { throw tooLong("+") }
            return .string(x.text + y.text)
        case (.list(let x), .list(let y)) where operation == .add:
            guard x.elements.count + y.elements.count < Self.longest / 16 else { throw tooLong("+") }
            return .list(x.elements + y.elements)
        case (.string(let text), .int(let count)) where operation == .multiply,
            (.int(let count), .string(let text)) where operation == .multiply:
            guard count <= 0 || text.text.utf8.count <= Self.longest / count else { throw tooLong("*") }
            return .string(text.text.isEmpty ? "" : String(repeating: text.text, count: max(0, count)))
        case (.list(let list), .int(let count)) where operation == .multiply,
            (.int(let count), .list(let list)) where operation == .multiply:
            guard count <= 0 || list.elements.count <= Self.longest / 16 / count else { throw tooLong("*") }
            var result: [Value] = []
            guard !list.elements.isEmpty else { return .list(result) }
            result.reserveCapacity(list.elements.count * max(0, count))
            for _ in 0..<max(0, count) { result += list.elements }
            return .list(result)
        case (.bool(let x), .bool(let y)) where operation == .bitAnd: return .bool(x && y)
        case (.bool(let x), .bool(let y)) where operation == .bitOr: return .bool(x || y)
        default: break
        }
        if let kind = Self.objectOperator(operation) {
            for case .object(let object) in [left, right] {
                if let result = try object.type.operate?(kind, left, right, self) { return result }
            }
        }
        throw badOperands(operation, left, right)
    }

    private func tooLong(_ symbol: String) -> Failure {
        Failure(.limit, "\(symbol): the result would be longer than \(Self.longest / 1_000_000) MB")
    }

    private func badOperands(_ operation: Opcode, _ left: Value, _ right: Value) -> Failure {
        let symbol = operation.symbol
        var help: [String] = []
        switch (operation, left, right) {
        case (.add, .string, _): help.append("write str(x) or an f-string to put a value into text")
        case (.add, _, .string): help.append("write str(x) or an f-string to put a value into text")
        case (.bitAnd, .bool, _), (.bitOr, .bool, _): help.append("write and, or for conditions")
        case (_, .bool, _), (_, _, .bool): help.append("a bool is no number: write int(x)")
        case (_, .tensor, .list), (_, .list, .tensor): help.append("write tensor([…]) to make a tensor of a list")
        case (_, .none, _), (_, _, .none): help.append("one side is none: a function without a return gives none")
        default: break
        }
        return Failure(
            .type, "\(symbol) is not defined for \(Display.typeWithDetail(left)) and \(Display.typeWithDetail(right))",
            code: .badOperands, help: help, operands: [0: left.typeName, 1: right.typeName])
    }

    private static func objectOperator(_ operation: Opcode) -> ObjectOperator? {
        switch operation {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        default: nil
        }
    }

    func unary(_ operation: Opcode, _ value: Value) throws -> Value {
        switch (operation, value) {
        case (.negate, .int(let int)):
            guard int != .min else { throw Arithmetic.overflow }
            return .int(-int)
        case (.negate, .float(let float)): return .float(-float)
        case (.negate, .tensor(let tensor)): return .tensor(try -tensor)
        case (.negate, .object(let object)):
            if let result = try object.type.operate?(.negate, value, .none, self) { return result }
        case (.complement, .tensor(let tensor)): return .tensor(try tensor.bitwiseNot())
        case (.complement, .bool(let bool)): return .bool(!bool)
        default: break
        }
        let symbol = operation == .negate ? "-" : "~"
        throw Failure(
            .type, "\(symbol) is not defined for \(Display.typeWithDetail(value))", code: .badOperands,
            operands: [0: value.typeName])
    }

    private func operand(_ value: Value) -> Operand? {
        switch value {
        case .tensor(let tensor): .tensor(tensor)
        case .int(let int): .scalar(.int(int))
        case .float(let float): .scalar(.float(float))
        default: nil
        }
    }

    private func tensorArithmetic(_ operation: Opcode, _ left: Value, _ right: Value, inPlace: Bool) throws -> Value? {
        if case .tensor(let x) = left, case .tensor(let y) = right {
            switch operation {
            case .matmul: return .tensor(try x.matmul(y))
            case .bitAnd: return .tensor(try x.bitwiseAnd(y))
            case .bitOr: return .tensor(try x.bitwiseOr(y))
            default: break
            }
        }
        guard let arithmetic = Self.arithmeticOperator(operation), let x = operand(left), let y = operand(right) else {
            return nil
        }
        if inPlace, case .tensor(let tensor) = left, tensor.isLeaf {
            // Without gradient history `a += b` writes in place; beside an operand with history it is `a = a + b`.
            let records: Bool = if case .tensor(let other) = right { other.requiresGradient } else { false }
            if !Gradients.isEnabled || tensor.requiresGradient || !records {
                return .tensor(try tensor.arithmetic_(arithmetic, y))
            }
        }
        return .tensor(try Tensor.arithmetic(arithmetic, x, y))
    }

    private static func arithmeticOperator(_ operation: Opcode) -> ArithmeticOperator? {
        switch operation {
        case .add: .add
        case .subtract: .subtract
        case .multiply: .multiply
        case .divide: .divide
        case .floorDivide: .floorDivide
        case .remainder: .remainder
        case .power: .power
        default: nil
        }
    }

    // MARK: Conditions

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

    private func tensorComparison(_ operation: Opcode, _ left: Value, _ right: Value) throws -> Value? {
        switch (left, right) {
        case (.tensor, _), (_, .tensor): break
        default: return nil
        }
        guard let x = operand(left), let y = operand(right) else { return nil }
        let comparison: Tensors.ComparisonOperator =
            switch operation {
            case .equal: .equal
            case .unequal: .notEqual
            case .less: .less
            case .lessOrEqual: .lessEqual
            case .greater: .greater
            default: .greaterEqual
            }
        return .tensor(try Tensor.compare(comparison, x, y))
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

/// Arithmetic of plain numbers with the language's errors.
public enum Arithmetic {
    static let overflow = Failure(
        .math, "the result does not fit into 64 bits", help: ["write float(x) to go on with floats"])
    static let zero = Failure(.math, "division by zero", operands: [1: ""])

    static func int(_ operation: Opcode, _ x: Int, _ y: Int) throws -> Value {
        func checked(_ result: (partialValue: Int, overflow: Bool)) throws -> Value {
            guard !result.overflow else { throw overflow }
            return .int(result.partialValue)
        }
        switch operation {
        case .add: return try checked(x.addingReportingOverflow(y))
        case .subtract: return try checked(x.subtractingReportingOverflow(y))
        case .multiply: return try checked(x.multipliedReportingOverflow(by: y))
        case .divide:
            guard y != 0 else { throw zero }
            return .float(Double(x) / Double(y))
        case .floorDivide:
            guard y != 0 else { throw zero }
            let quotient = x.dividedReportingOverflow(by: y)
            guard !quotient.overflow else { throw overflow }
            let exact = quotient.partialValue &* y == x
            return .int(quotient.partialValue - (!exact && (x < 0) != (y < 0) ? 1 : 0))
        case .remainder:
            guard y != 0 else { throw zero }
            let rest = x.remainderReportingOverflow(dividingBy: y).partialValue
            return .int(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest)
        case .power: return try power(x, y)
        default:
            throw Failure(
                .type, "\(operation.symbol) is not defined for int and int", code: .badOperands,
                operands: [0: "int", 1: "int"])
        }
    }

    private static func power(_ base: Int, _ exponent: Int) throws -> Value {
        guard exponent >= 0 else {
            guard base != 0 else { throw zero }
            return .float(pow(Double(base), Double(exponent)))
        }
        var result = 1
        var factor = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 {
                let (product, overflow) = result.multipliedReportingOverflow(by: factor)
                guard !overflow else { throw Self.overflow }
                result = product
            }
            rest >>= 1
            if rest > 0 {
                let (square, overflow) = factor.multipliedReportingOverflow(by: factor)
                guard !overflow else { throw Self.overflow }
                factor = square
            }
        }
        return .int(result)
    }

    static func float(_ operation: Opcode, _ x: Double, _ y: Double) throws -> Value {
        switch operation {
        case .add: return .float(x + y)
        case .subtract: return .float(x - y)
        case .multiply: return .float(x * y)
        case .divide:
            guard y != 0 else { throw zero }
            return .float(x / y)
        case .floorDivide:
            guard y != 0 else { throw zero }
            return .float((x / y).rounded(.down))
        case .remainder:
            guard y != 0 else { throw zero }
            let rest = fmod(x, y)
            return .float(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest)
        case .power:
            guard x != 0 || y >= 0 else { throw zero }
            return .float(pow(x, y))
        default:
            throw Failure(
                .type, "\(operation.symbol) is not defined for floats", code: .badOperands,
                operands: [0: "float", 1: "float"])
        }
    }
}

/// Equality by content; it never fails, and ends on values that contain themselves.
public enum Equality {
    /// Whether two values are equal, tensors compared as a whole.
    public static func areEqual(_ left: Value, _ right: Value) -> Bool {
        var open: [(ObjectIdentifier, ObjectIdentifier)] = []
        return areEqual(left, right, &open)
    }

    private static func areEqual(
        _ left: Value, _ right: Value, _ open: inout [(ObjectIdentifier, ObjectIdentifier)]
    ) -> Bool {
        switch (left, right) {
        case (.none, .none): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.float(let a), .float(let b)): return a == b
        case (.int(let a), .float(let b)), (.float(let b), .int(let a)): return Int(exactly: b) == a
        case (.string(let a), .string(let b)): return StringObject.haveSameScalars(a.text, b.text)
        case (.list(let a), .list(let b)):
            guard a !== b else { return true }
            guard a.elements.count == b.elements.count else { return false }
            return inside(a, b, &open) { open in
                zip(a.elements, b.elements).allSatisfy { areEqual($0, $1, &open) }
            }
        case (.dict(let a), .dict(let b)):
            guard a !== b else { return true }
            guard a.entries.count == b.entries.count else { return false }
            return inside(a, b, &open) { open in
                a.entries.allSatisfy { key, value in b.entries[key].map { areEqual(value, $0, &open) } ?? false }
            }
        case (.pair(let a), .pair(let b)):
            return inside(a, b, &open) { open in
                areEqual(a.left, b.left, &open) && areEqual(a.right, b.right, &open)
            }
        case (.range(let a), .range(let b)):
            return a.count == b.count
                && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
        case (.function(let a as BoundMethod), .function(let b as BoundMethod)):
            return a.method === b.method && areEqual(a.receiver, b.receiver, &open)
        case (.function(let a), .function(let b)): return a === b
        case (.module(let a), .module(let b)): return a === b
        case (.object(let a), .object(let b)): return a.payload === b.payload
        case (.tensor(let a), .tensor(let b)):
            return a === b || (a.shape == b.shape && (try? a.equals(b)) == true)
        default: return false
        }
    }

    /// Below `Display.deepest` levels, and for a pair of containers that is being compared already, equality is taken
    /// for granted.
    private static func inside(
        _ left: AnyObject, _ right: AnyObject, _ open: inout [(ObjectIdentifier, ObjectIdentifier)],
        _ body: (inout [(ObjectIdentifier, ObjectIdentifier)]) -> Bool
    ) -> Bool {
        let pair = (ObjectIdentifier(left), ObjectIdentifier(right))
        guard open.count < 500, !open.contains(where: { $0 == pair }) else { return true }
        open.append(pair)
        defer { open.removeLast() }
        return body(&open)
    }
}

/// Searching text by Unicode scalars.
public enum TextSearch {
    /// The scalar offset of the first place where `part` occurs in `text`.
    public static func find(_ part: String, in text: String) -> Int? {
        let needle = Array(part.utf8)
        let hay = Array(text.utf8)
        guard !needle.isEmpty else { return 0 }
        guard hay.count >= needle.count else { return nil }
        for start in 0...(hay.count - needle.count) where hay[start] == needle[0] {
            if hay[start..<start + needle.count].elementsEqual(needle) {
                return hay[..<start].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            }
        }
        return nil
    }
}

extension Opcode {
    /// The operator as it is written.
    var symbol: String {
        switch self {
        case .add, .addImmediate: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .floorDivide: "//"
        case .remainder: "%"
        case .power: "**"
        case .matmul: "@"
        case .bitAnd: "&"
        case .bitOr: "|"
        case .equal: "=="
        case .unequal: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .contains: "in"
        default: "\(self)"
        }
    }
}
