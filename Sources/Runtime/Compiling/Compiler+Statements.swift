import CMachine
import Diagnostics
import Syntax

extension Compiler {
    func block(_ block: Block) throws { for statement in block.statements { try self.statement(statement) } }

    func statement(_ statement: Statement) throws {
        let before = top
        defer { top = before }
        switch statement.kind {
        case .expression(let expression): try effect(expression)
        case .assign(let targets, let expression): try assign(targets, expression, at: statement.span)
        case .augment(let place, let operation, let operatorSpan, let expression):
            try augment(place, operation, operatorSpan, expression, at: statement.span)
        case .function(let declaration):
            let register = try temporary()
            let method = kind == .module
            let prototype = try compileFunction(
                name: declaration.name.text, parameters: declaration.parameters,
                documentation: declaration.documentation, scope: declaration.body.span, span: statement.span,
                kind: method ? .method : .function
            ) { try $0.body(declaration.body.statements, at: declaration.body.span) }
            emit(.closure, a: register, d: machine.index(of: prototype), at: declaration.name.span)
            try write(declaration.name.text, from: register, at: declaration.name.span)
        case .module(let declaration): try module(declaration, at: statement.span)
        case .parameter(let name, let expression):
            let register = try temporary()
            try value(expression, to: register)
            emit(.parameter, a: register, d: machine.constant(.string(name.text)), at: expression.span)
            try write(name.text, from: register, at: name.span)
        case .importFile(let path, let pathSpan, let name):
            let register = try temporary()
            emit(.importFile, a: register, d: machine.constant(.string(path)), at: pathSpan)
            try write(name.text, from: register, at: name.span)
        case .forEach(let pattern, let sequence, let body): try forEach(pattern, sequence, body, at: statement.span)
        case .whileLoop(let condition, let body): try whileLoop(condition, body, at: statement.span)
        case .breakLoop:
            guard let loop = loops.indices.last else { return }
            closeScopes(downTo: loops[loop].openScopes, at: statement.span)
            loops[loop].breaks.append(emit(.jump, at: statement.span))
        case .continueLoop:
            guard let loop = loops.indices.last else { return }
            closeScopes(downTo: loops[loop].openScopes, at: statement.span)
            loops[loop].continues.append(emit(.jump, at: statement.span))
        case .returnValue(let expression):
            let register: Int
            if let expression {
                register = try value(expression)
            } else {
                register = try temporary()
                load(.none, into: register, at: statement.span)
            }
            closeScopes(downTo: 0, at: statement.span)
            emit(.return, a: register, at: statement.span)
        case .raise(let expression):
            let register = try value(expression)
            emit(.raise, a: register, at: statement.span, operands: [expression.span])
        case .assert(let condition, let message): try assert(condition, message, at: statement.span)
        case .missing: throw Failure(.internal, "a statement that could not be read was run")
        }
    }

    private func assign(_ targets: [Target], _ expression: Expression, at span: SourceSpan) throws {
        guard targets.count == 1, let target = targets.first else {
            let register = try value(expression)
            try unpack(targets, from: register, at: expression.span, whole: span)
            return
        }
        if case .place(let place) = target, case .name(let name) = place.kind, isDirect(expression),
            let register = directRegister(name)
        {
            try value(expression, to: register)
            assigned.insert(name)
            return
        }
        let register = try value(expression)
        try write(target, from: register)
    }

    /// Whether computing the expression writes its result once, at the end.
    private func isDirect(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .none, .bool, .integer, .float, .string, .name, .unary, .index, .attribute, .formatted: true
        case .chain, .power, .call: true
        case .parenthesized(let inner): isDirect(inner)
        default: false
        }
    }

    func write(_ target: Target, from register: Int) throws {
        switch target {
        case .place(let place):
            switch place.kind {
            case .name(let name): try write(name, from: register, at: place.span)
            case .attribute(let owner, let name):
                try scoped {
                    let object = try value(owner)
                    emit(
                        .setAttribute, a: object, b: register, d: machine.constant(.string(name.text)),
                        at: place.span, operands: [owner.span])
                }
            case .index(let owner, let subscripts):
                try scoped {
                    let object = try container(owner, writing: place)
                    try store(register, in: object, owner, subscripts, at: place.span)
                }
            case .parenthesized(let inner): try write(.place(inner), from: register)
            default: throw Failure(.internal, "this cannot be assigned")
            }
        case .list(let targets, let span): try unpack(targets, from: register, at: span, whole: span)
        }
    }

    private func store(
        _ register: Int, in object: Int, _ owner: Expression, _ subscripts: [Subscript], at span: SourceSpan
    ) throws {
        if subscripts.count == 1, case .index(let index) = subscripts[0] {
            let key = try value(index)
            emit(.setIndex, a: object, b: key, c: register, at: span, operands: [owner.span, index.span])
        } else {
            let first = try self.subscripts(subscripts)
            emit(.setItems, a: object, b: first, c: subscripts.count, d: register, at: span, operands: [owner.span])
        }
    }

    /// The subscripts in consecutive registers.
    func subscripts(_ subscripts: [Subscript]) throws -> Int {
        let first = top
        for _ in subscripts { _ = try temporary() }
        for (index, part) in subscripts.enumerated() {
            try scoped {
                switch part {
                case .index(let expression): try value(expression, to: first + index)
                case .slice(let start, let stop, let step, let span):
                    let bounds = top
                    for _ in 0..<3 { _ = try temporary() }
                    for (offset, bound) in [start, stop, step].enumerated() {
                        if let bound {
                            try value(bound, to: bounds + offset)
                        } else {
                            load(.none, into: bounds + offset, at: span)
                        }
                    }
                    emit(.slice, a: first + index, b: bounds, at: span)
                case .ellipsis(let span):
                    load(.object(Object(Ellipsis.only(), Ellipsis.type())), into: first + index, at: span)
                }
            }
        }
        return first
    }

    private func unpack(_ targets: [Target], from register: Int, at span: SourceSpan, whole: SourceSpan) throws {
        let first = top
        for _ in targets { _ = try temporary() }
        emit(.unpack, a: first, b: register, c: targets.count, at: span)
        for (index, target) in targets.enumerated() { try write(target, from: first + index) }
    }

    func bind(_ pattern: Pattern, from register: Int) throws {
        switch pattern {
        case .name(let name): try write(name.text, from: register, at: name.span)
        case .list(let patterns, let span):
            try scoped {
                let first = top
                for _ in patterns { _ = try temporary() }
                emit(.unpack, a: first, b: register, c: patterns.count, at: span)
                for (index, pattern) in patterns.enumerated() { try bind(pattern, from: first + index) }
            }
        }
    }

    private func augment(
        _ place: Expression, _ operation: BinaryOperator, _ operatorSpan: SourceSpan, _ expression: Expression,
        at span: SourceSpan
    ) throws {
        func combine(_ old: Int, into target: Int) throws {
            if case .integer(let number) = expression.kind, operation == .add || operation == .subtract,
                let small = Int32(exactly: number), small != .min
            {
                let isSubtraction = operation == .subtract
                emit(
                    .addImmediate, a: target, b: old, c: isSubtraction ? 3 : 2, d: Int(isSubtraction ? -small : small),
                    at: operatorSpan, operands: [place.span, expression.span])
                return
            }
            if let (opcode, number) = constantForm(operation, expression) {
                emit(
                    opcode, a: target, b: old, c: 1, d: machine.constant(number), at: operatorSpan,
                    operands: [place.span, expression.span])
                return
            }
            let right = try value(expression)
            emit(
                Opcode(operation), a: target, b: old, c: right, d: 1, at: operatorSpan,
                operands: [place.span, expression.span])
        }
        switch place.kind {
        case .name(let name):
            let old = try read(name, at: place.span)
            if let direct = directRegister(name), direct == old {
                try combine(old, into: direct)
            } else {
                let result = try temporary()
                try combine(old, into: result)
                try write(name, from: result, at: place.span)
            }
        case .attribute(let owner, let name):
            let object = try value(owner)
            let constant = machine.constant(.string(name.text))
            let old = try temporary()
            emit(.getAttribute, a: old, b: object, d: constant, at: place.span, operands: [owner.span])
            try combine(old, into: old)
            emit(.setAttribute, a: object, b: old, c: 1, d: constant, at: place.span, operands: [owner.span])
        case .index(let owner, let subscripts):
            let object = try container(owner, writing: place)
            let old = try temporary()
            if subscripts.count == 1, case .index(let index) = subscripts[0] {
                let key = try value(index)
                emit(.getIndex, a: old, b: object, c: key, at: place.span, operands: [owner.span, index.span])
                try combine(old, into: old)
                emit(.setIndex, a: object, b: key, c: old, at: place.span, operands: [owner.span, index.span])
            } else {
                let first = try self.subscripts(subscripts)
                emit(
                    .getItems, a: old, b: object, c: first, d: subscripts.count, at: place.span,
                    operands: [owner.span])
                try combine(old, into: old)
                emit(
                    .setItems, a: object, b: first, c: subscripts.count, d: old, at: place.span,
                    operands: [owner.span])
            }
        case .parenthesized(let inner): try augment(inner, operation, operatorSpan, expression, at: span)
        default: throw Failure(.internal, "this cannot be assigned")
        }
    }

    private func forEach(_ pattern: Pattern, _ sequence: Expression, _ body: Block, at span: SourceSpan) throws {
        let state = try temporary()
        _ = try temporary()
        _ = try temporary()
        try scoped {
            let register = try value(sequence)
            emit(.iterate, a: state, b: register, at: sequence.span)
        }
        let before = assigned
        let element: Int
        if case .name(let name) = pattern, let direct = directRegister(name.text) {
            element = direct
        } else {
            element = try temporary()
        }
        let next = emit(.next, a: state, b: element, at: sequence.span)
        let start = code.count
        try bind(pattern, from: element)
        loops.append(Loop(openScopes: openScopes.count))
        try block(body)
        let loop = loops.removeLast()
        patch(loop.continues)
        emit(.nextRound, a: state, b: element, d: start - code.count, at: sequence.span)
        patch(next)
        patch(loop.breaks)
        assigned = before
    }

    private func whileLoop(_ condition: Expression, _ body: Block, at span: SourceSpan) throws {
        let before = assigned
        let start = code.count
        let exits = try scoped { try jump(unless: condition) }
        loops.append(Loop(openScopes: openScopes.count))
        try block(body)
        let loop = loops.removeLast()
        patch(loop.continues)
        jumpBack(to: start, at: span)
        patch(exits)
        patch(loop.breaks)
        assigned = before
    }

    /// The message of a failed assertion shows the values on both sides of a comparison.
    private func assert(_ condition: Expression, _ message: Expression?, at span: SourceSpan) throws {
        var inner = condition
        while case .parenthesized(let content) = inner.kind { inner = content }
        var passed: [Int] = []
        let first = try temporary()
        let second = try temporary()
        var operands = [condition.span]
        var compared = 0
        if case .comparison(let left, let links) = inner.kind, links.count == 1 {
            try value(left, to: first)
            try value(links[0].operand, to: second)
            operands += [left.span, links[0].operand.span]
            compared = 1
            let result = try temporary()
            emit(
                Opcode(links[0].operation), a: result, b: first, c: second, at: links[0].operatorSpan,
                operands: [left.span, links[0].operand.span])
            passed.append(emit(.jumpIfTrue, a: result, at: inner.span))
        } else {
            let result = try value(condition)
            passed.append(emit(.jumpIfTrue, a: result, at: condition.span))
        }
        let text = try temporary()
        if let message {
            try value(message, to: text)
        } else {
            load(.none, into: text, at: span)
        }
        emit(.failAssert, a: text, b: first, c: compared, at: span, operands: operands)
        patch(passed)
    }

    private func module(_ declaration: FunctionDeclaration, at span: SourceSpan) throws {
        var fields = ModuleFields(names: [])
        let prototype = try compileFunction(
            name: declaration.name.text, parameters: declaration.parameters, documentation: declaration.documentation,
            scope: declaration.body.span, span: span, kind: .module
        ) { inner in
            for statement in declaration.body.statements { try inner.statement(statement) }
            try inner.returnNone(at: declaration.body.span)
            fields = ModuleFields(
                names: inner.fieldNames, parameters: declaration.parameters.count, bound: inner.boundFields,
                readInside: inner.fieldsReadInside)
        }
        let register = try temporary()
        machine.fields[ObjectIdentifier(prototype)] = fields
        emit(.moduleDeclaration, a: register, d: machine.index(of: prototype), at: declaration.name.span)
        try write(declaration.name.text, from: register, at: declaration.name.span)
    }
}

/// `...` between the brackets of an index expression.
final class Ellipsis: LanguageObject {
    static var languageName: String { "ellipsis" }
    static func only() -> Ellipsis { Ellipsis() }
    static func type() -> ObjectType {
        ObjectType(Ellipsis.self, "All dimensions that no other index names.") { _ in "..." }
    }
}

extension Opcode {
    init(_ operation: BinaryOperator) {
        switch operation {
        case .add: self = .add
        case .subtract: self = .subtract
        case .multiply: self = .multiply
        case .divide: self = .divide
        case .floorDivide: self = .floorDivide
        case .remainder: self = .remainder
        case .power: self = .power
        case .matmul: self = .matmul
        case .bitAnd: self = .bitAnd
        case .bitOr: self = .bitOr
        }
    }

    init(_ operation: ComparisonOperator) {
        switch operation {
        case .equal: self = .equal
        case .unequal: self = .unequal
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        case .in: self = .contains
        }
    }
}
