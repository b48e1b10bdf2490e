import CMachine
import OrderedCollections
import Tensors

/// The operators on values of every kind; the instruction loop does those of plain numbers itself.
extension Interpreter {
    func binary(_ operation: Opcode, _ left: Value, _ right: Value, inPlace: Bool) throws -> Value {
        switch (left, right) {
        case (.int(let x), .int(let y)): return try Arithmetic.int(operation, x, y)
        case (.float, .float), (.int, .float), (.float, .int):
            if let x = left.number, let y = right.number { return try Arithmetic.float(operation, x, y) }
        case (.tensor, _), (_, .tensor):
            if let result = try tensorArithmetic(operation, left, right, inPlace: inPlace) { return result }
        case (.string(let x), .string(let y)) where operation == .add:
            try Self.claim(x.text.utf8.count + y.text.utf8.count, of: 1, for: "+")
            return .string(x.text + y.text)
        case (.list(let x), .list(let y)) where operation == .add:
            try Self.claim(x.elements.count + y.elements.count, for: "+")
            return .list(x.elements + y.elements)
        case (.string(let text), .int(let count)) where operation == .multiply,
            (.int(let count), .string(let text)) where operation == .multiply:
            try Self.claim(max(0, count), of: text.text.utf8.count, for: "*")
            return .string(repeated(text.text, max(0, count)))
        case (.list(let list), .int(let count)) where operation == .multiply,
            (.int(let count), .list(let list)) where operation == .multiply:
            return .list(try repeated(list.elements, max(0, count)))
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

    private func repeated(_ text: String, _ count: Int) -> String {
        let size = text.utf8.count
        return String(unsafeUninitializedCapacity: size * count) { buffer in
            var filled = min(size * count, buffer.initialize(fromContentsOf: text.utf8.prefix(size * count)))
            // What is there is copied behind itself, twice as much every time.
            while filled > 0, filled < size * count {
                let more = min(filled, size * count - filled)
                let source = UnsafeMutableBufferPointer(rebasing: buffer[..<more])
                _ = UnsafeMutableBufferPointer(rebasing: buffer[filled..<filled + more]).initialize(
                    fromContentsOf: source)
                filled += more
            }
            return filled
        }
    }

    private func repeated(_ elements: [Value], _ count: Int) throws -> [Value] {
        guard let first = elements.first else { return [] }
        let (size, overflow) = elements.count.multipliedReportingOverflow(by: count)
        try Self.claim(overflow ? .max : size, for: "*")
        guard elements.count > 1 else { return ListObject.elements(repeating: first, count: count) }
        var result: [Value] = []
        result.reserveCapacity(size)
        for round in 0..<count {
            if round & 0xFFFF == 0xFFFF { try checkInterrupt() }
            result += elements
        }
        return result
    }

    func badOperands(_ operation: Opcode, _ left: Value, _ right: Value) -> Failure {
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
}
