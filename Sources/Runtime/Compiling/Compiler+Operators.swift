import CMachine
import Diagnostics
import Syntax

/// Arithmetic, comparisons, conditions.
extension Compiler {
    func chain(_ first: Expression, _ links: [Link], to target: Int) throws {
        try scoped {
            var left = try operand(first, before: links[0].operand)
            var leftSpan = first.span
            let accumulator = links.count > 1 ? try temporary() : target
            for (index, link) in links.enumerated() {
                let result = index == links.count - 1 ? target : accumulator
                try scoped {
                    if case .integer(let number) = link.operand.kind,
                        link.operation == .add || link.operation == .subtract,
                        let small = Int32(exactly: number), small != .min
                    {
                        let isSubtraction = link.operation == .subtract
                        emit(
                            .addImmediate, a: result, b: left, c: isSubtraction ? 1 : 0,
                            d: Int(isSubtraction ? -small : small), at: link.operatorSpan,
                            operands: [leftSpan, link.operand.span])
                    } else if let (operation, number) = constantForm(link.operation, link.operand) {
                        emit(
                            operation, a: result, b: left, d: machine.constant(number), at: link.operatorSpan,
                            operands: [leftSpan, link.operand.span])
                    } else {
                        let right = try value(link.operand)
                        emit(
                            Opcode(link.operation), a: result, b: left, c: right, at: link.operatorSpan,
                            operands: [leftSpan, link.operand.span])
                    }
                }
                left = result
                leftSpan = leftSpan.joined(with: link.operand.span)
            }
        }
    }

    /// The instruction for an operator whose right operand is a number in the source, with the number.
    func constantForm(_ operation: BinaryOperator, _ operand: Expression) -> (Opcode, Value)? {
        let number: Value
        switch operand.kind {
        case .integer(let int): number = .int(int)
        case .float(let float): number = .float(float)
        default: return nil
        }
        switch operation {
        case .add: return (.addConstant, number)
        case .subtract: return (.subtractConstant, number)
        case .multiply: return (.multiplyConstant, number)
        case .divide: return (.divideConstant, number)
        case .floorDivide: return (.floorDivideConstant, number)
        case .remainder: return (.remainderConstant, number)
        case .power, .matmul, .bitAnd, .bitOr: return nil
        }
    }

    /// Right-associative: the operands are computed left to right, then combined from the right.
    func power(_ operands: [Expression], to target: Int, at span: SourceSpan) throws {
        try scoped {
            var registers: [Int] = []
            for (index, operand) in operands.enumerated() {
                registers.append(
                    index + 1 < operands.count
                        ? try self.operand(operand, before: operands[index + 1]) : try value(operand))
            }
            guard var right = registers.popLast() else { return }
            let accumulator = try temporary()
            var index = operands.count - 2
            while let left = registers.popLast() {
                let result = registers.isEmpty ? target : accumulator
                emit(
                    .power, a: result, b: left, c: right, at: span,
                    operands: [operands[index].span, operands[index + 1].span])
                right = result
                index -= 1
            }
        }
    }

    func comparison(_ first: Expression, _ links: [ComparisonLink], to target: Int) throws {
        try scoped {
            var left = try operand(first, before: links[0].operand)
            var leftSpan = first.span
            var exits: [Int] = []
            let result = links.count > 1 ? try temporary() : target
            for (index, link) in links.enumerated() {
                let right =
                    index + 1 < links.count
                    ? try operand(link.operand, before: links[index + 1].operand) : try value(link.operand)
                emit(
                    Opcode(link.operation), a: result, b: left, c: right, at: link.operatorSpan,
                    operands: [leftSpan, link.operand.span])
                if index + 1 < links.count { exits.append(emit(.jumpIfFalse, a: result, at: link.operatorSpan)) }
                left = right
                leftSpan = link.operand.span
            }
            patch(exits)
            if result != target { emit(.move, a: target, b: result, at: first.span) }
        }
    }

    func shortCircuit(_ operands: [Expression], to target: Int, jump: Opcode) throws {
        try scoped {
            let result = try temporary()
            var exits: [Int] = []
            let before = assigned
            for (index, operand) in operands.enumerated() {
                try scoped {
                    let register = try value(operand)
                    emit(.toBool, a: result, b: register, at: operand.span)
                }
                if index + 1 < operands.count { exits.append(emit(jump, a: result, at: operand.span)) }
            }
            assigned = before
            patch(exits)
            emit(.move, a: target, b: result, at: operands[0].span)
        }
    }

    /// Jumps away unless the condition holds; gives the jumps to patch.
    func jump(unless condition: Expression) throws -> [Int] {
        switch condition.kind {
        case .parenthesized(let inner): return try jump(unless: inner)
        case .and(let operands): return try operands.flatMap { operand in try scoped { try jump(unless: operand) } }
        case .comparison(let left, let links) where links.count == 1 && links[0].operation != .in:
            if case .integer(let number) = links[0].operand.kind, Int16(exactly: number) != nil {
                let operation: Opcode =
                    switch links[0].operation {
                    case .equal: .jumpUnlessEqualImmediate
                    case .unequal: .jumpUnlessUnequalImmediate
                    case .less: .jumpUnlessLessImmediate
                    case .lessOrEqual: .jumpUnlessLessOrEqualImmediate
                    case .greater: .jumpUnlessGreaterImmediate
                    case .greaterOrEqual, .in: .jumpUnlessGreaterOrEqualImmediate
                    }
                let first = try value(left)
                return [
                    emit(
                        operation, a: first, c: number, at: links[0].operatorSpan,
                        operands: [left.span, links[0].operand.span])
                ]
            }
            let operation: Opcode =
                switch links[0].operation {
                case .equal: .jumpUnlessEqual
                case .unequal: .jumpUnlessUnequal
                case .less: .jumpUnlessLess
                case .lessOrEqual: .jumpUnlessLessOrEqual
                case .greater: .jumpUnlessGreater
                case .greaterOrEqual, .in: .jumpUnlessGreaterOrEqual
                }
            let first = try operand(left, before: links[0].operand)
            let second = try value(links[0].operand)
            return [
                emit(
                    operation, a: first, b: second, at: links[0].operatorSpan,
                    operands: [left.span, links[0].operand.span])
            ]
        default:
            let register = try value(condition)
            return [emit(.jumpIfFalse, a: register, at: condition.span)]
        }
    }
}
