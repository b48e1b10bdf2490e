import CMachine
import Diagnostics
import Glibc

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
            return .float(floored(x, y).quotient)
        case .remainder:
            guard y != 0 else { throw zero }
            return .float(floored(x, y).rest)
        case .power:
            guard x != 0 || y >= 0 else { throw zero }
            return .float(pow(x, y))
        default:
            throw Failure(
                .type, "\(operation.symbol) is not defined for floats", code: .badOperands,
                operands: [0: "float", 1: "float"])
        }
    }

    /// The floor of the exact quotient, which x / y would round up across an integer (1.0 // 0.1 is 9), and the remainder,
    /// which has y's sign even where it is 0: as in Python.
    private static func floored(_ x: Double, _ y: Double) -> (quotient: Double, rest: Double) {
        var rest = fmod(x, y), quotient = (x - rest) / y
        if rest != 0 {
            if (rest < 0) != (y < 0) {
                rest += y
                quotient -= 1
            }
        } else {
            rest = copysign(0, y)
        }
        if quotient == 0 { return (copysign(0, x / y), rest) }
        let floor = quotient.rounded(.down)
        return (quotient - floor > 0.5 ? floor + 1 : floor, rest)
    }
}
