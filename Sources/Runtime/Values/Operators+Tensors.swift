import CMachine
import Tensors

/// Operators with a tensor on either side.
extension Interpreter {
    private func operand(_ value: Value) -> Operand? {
        switch value {
        case .tensor(let tensor): .tensor(tensor)
        case .int(let int): .scalar(.int(int))
        case .float(let float): .scalar(.float(float))
        default: nil
        }
    }

    func tensorArithmetic(_ operation: Opcode, _ left: Value, _ right: Value, inPlace: Bool) throws -> Value? {
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

    static func arithmeticOperator(_ operation: Opcode) -> ArithmeticOperator? {
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

    func tensorComparison(_ operation: Opcode, _ left: Value, _ right: Value) throws -> Value? {
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
}
