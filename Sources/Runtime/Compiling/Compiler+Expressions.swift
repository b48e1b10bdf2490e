import CMachine
import Diagnostics
import Syntax

extension Compiler {
    /// Computes an expression for what it does.
    func effect(_ expression: Expression) throws {
        switch expression.kind {
        case .choice(let choice): try self.choice(choice, to: nil, at: expression.span)
        case .noGradient(let block): try noGradient(block, to: nil, at: expression.span)
        case .attempt(let attempt): try self.attempt(attempt, to: nil, at: expression.span)
        default: try scoped { _ = try value(expression) }
        }
    }

    /// Computes an expression; the register is a new temporary or that of a variable.
    func value(_ expression: Expression) throws -> Int {
        switch expression.kind {
        case .name(let name): return try read(name, at: expression.span)
        case .parenthesized(let inner): return try value(inner)
        default:
            let register = try temporary()
            try value(expression, to: register)
            return register
        }
    }

    /// Computes the left of two operands; a variable is copied when the right one could rebind it.
    func operand(_ left: Expression, before right: Expression) throws -> Int {
        let register = try value(left)
        guard case .name = left.kind, right.canBind else { return register }
        let copy = try temporary()
        emit(.move, a: copy, b: register, at: left.span)
        return copy
    }

    /// Computes an expression into a register.
    func value(_ expression: Expression, to target: Int) throws {
        let span = expression.span
        switch expression.kind {
        case .none: load(.none, into: target, at: span)
        case .bool(let bool): load(.bool(bool), into: target, at: span)
        case .integer(let int): load(.int(int), into: target, at: span)
        case .float(let float): load(.float(float), into: target, at: span)
        case .string(let text): load(.string(text), into: target, at: span)
        case .name(let name): _ = try read(name, at: span, to: target)
        case .parenthesized(let inner): try value(inner, to: target)
        case .formatted(let parts): try formatted(parts, to: target, at: span)
        case .list(let elements): try list(elements, to: target, at: span)
        case .dict(let entries): try dict(entries, to: target, at: span)
        case .listComprehension(let element, let clauses):
            try comprehension(clauses, to: target, at: span, isDict: false) { result in
                let register = try self.value(element)
                self.emit(.append, a: result, b: register, at: element.span)
            }
        case .dictComprehension(let entry, let clauses):
            try comprehension(clauses, to: target, at: span, isDict: true) { result in
                let key = try self.operand(entry.key, before: entry.value)
                let value = try self.value(entry.value)
                self.emit(.setEntry, a: result, b: key, c: value, at: entry.key.span)
            }
        case .unary(let operation, let operatorSpan, let inner):
            if operation == .negative, case .integer(let int) = inner.kind {
                load(.int(0 &- int), into: target, at: span)
            } else if operation == .negative, case .float(let float) = inner.kind {
                load(.float(-float), into: target, at: span)
            } else {
                try scoped {
                    let register = try value(inner)
                    emit(
                        operation == .negative ? .negate : .complement, a: target, b: register, at: operatorSpan,
                        operands: [inner.span])
                }
            }
        case .not(let inner):
            try scoped {
                let register = try value(inner)
                emit(.not, a: target, b: register, at: inner.span)
            }
        case .chain(let first, let links): try chain(first, links, to: target)
        case .power(let operands): try power(operands, to: target, at: span)
        case .comparison(let first, let links): try comparison(first, links, to: target)
        case .and(let operands): try shortCircuit(operands, to: target, jump: .jumpIfFalse)
        case .or(let operands): try shortCircuit(operands, to: target, jump: .jumpIfTrue)
        case .pair(let left, let right):
            try scoped {
                let first = try operand(left, before: right)
                let second = try value(right)
                emit(.makePair, a: target, b: first, c: second, at: span)
            }
        case .pipe(let first, let stages): try pipe(first, stages, to: target)
        case .call(let callee, let arguments): try call(callee, arguments, leading: nil, to: target, at: span)
        case .attribute(let owner, let name): try attribute(owner, name, to: target, at: span)
        case .index(let owner, let subscripts): try index(owner, subscripts, to: target, at: span)
        case .lambda(let lambda):
            let prototype = try compileFunction(
                name: "λ", parameters: lambda.parameters, documentation: nil, scope: span, span: span, kind: .function
            ) { inner in
                switch lambda.body {
                case .expression(let value):
                    let register = try inner.value(value)
                    inner.emit(.return, a: register, at: value.span)
                case .block(let block): try inner.body(block.statements, at: block.span)
                }
            }
            emit(.closure, a: target, d: machine.index(of: prototype), at: span)
        case .choice(let choice): try self.choice(choice, to: target, at: span)
        case .noGradient(let block): try noGradient(block, to: target, at: span)
        case .attempt(let attempt): try self.attempt(attempt, to: target, at: span)
        case .missing: throw Failure(.internal, "an expression that could not be read was run")
        }
    }
}
