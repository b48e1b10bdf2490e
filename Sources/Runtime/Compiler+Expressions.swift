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
    private func operand(_ left: Expression, before right: Expression) throws -> Int {
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
            emit(.closure, a: target, d: interpreter.index(of: prototype), at: span)
        case .choice(let choice): try self.choice(choice, to: target, at: span)
        case .noGradient(let block): try noGradient(block, to: target, at: span)
        case .attempt(let attempt): try self.attempt(attempt, to: target, at: span)
        case .missing: throw Failure(.internal, "an expression that could not be read was run")
        }
    }

    // MARK: Operators

    private func chain(_ first: Expression, _ links: [Link], to target: Int) throws {
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

    /// Right-associative: the operands are computed left to right, then combined from the right.
    private func power(_ operands: [Expression], to target: Int, at span: Span) throws {
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

    private func comparison(_ first: Expression, _ links: [ComparisonLink], to target: Int) throws {
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

    private func shortCircuit(_ operands: [Expression], to target: Int, jump: Opcode) throws {
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

    // MARK: Containers and text

    private func formatted(_ parts: [FormattedPart], to target: Int, at span: Span) throws {
        try scoped {
            let first = top
            for _ in parts { _ = try temporary() }
            for (index, part) in parts.enumerated() {
                switch part {
                case .text(let text): load(.string(text), into: first + index, at: span)
                case .field(let expression, let format):
                    try scoped {
                        let register = try value(expression)
                        let number = format.map { interpreter.add(format: $0) } ?? -1
                        emit(.format, a: first + index, b: register, d: number, at: expression.span)
                    }
                }
            }
            emit(.join, a: target, b: first, c: parts.count, at: span)
        }
    }

    private func list(_ elements: [Expression], to target: Int, at span: Span) throws {
        try scoped {
            guard elements.count <= 64 else {
                let result = try temporary()
                emit(.newList, a: result, at: span)
                for element in elements {
                    try scoped {
                        let register = try value(element)
                        emit(.append, a: result, b: register, at: element.span)
                    }
                }
                emit(.move, a: target, b: result, at: span)
                return
            }
            let first = top
            for _ in elements { _ = try temporary() }
            for (index, element) in elements.enumerated() { try scoped { try value(element, to: first + index) } }
            emit(.newList, a: target, b: first, c: elements.count, at: span)
        }
    }

    private func dict(_ entries: [DictEntry], to target: Int, at span: Span) throws {
        try scoped {
            let result = try temporary()
            emit(.newDict, a: result, at: span)
            for entry in entries {
                try scoped {
                    let key = try operand(entry.key, before: entry.value)
                    let value = try value(entry.value)
                    emit(.setEntry, a: result, b: key, c: value, at: entry.key.span)
                }
            }
            emit(.move, a: target, b: result, at: span)
        }
    }

    private func comprehension(
        _ clauses: [ComprehensionClause], to target: Int, at span: Span, isDict: Bool,
        element: @escaping (Int) throws -> Void
    ) throws {
        try scoped {
            let result = try temporary()
            emit(isDict ? .newDict : .newList, a: result, at: span)
            let scope = facts[span] ?? ScopeFacts()
            let before = assigned
            scopes.append([:])
            try declare(scope, at: span, fresh: true)
            assigned.subtract(scope.bound)
            let cells = scope.bound.filter(scope.shared.contains).compactMap { scopes.last?[$0]?.register }
            for cell in cells { emit(.newCell, a: cell, at: span) }
            try clause(clauses[...], cells: cells, at: span) { try element(result) }
            scopes.removeLast()
            assigned = before
            emit(.move, a: target, b: result, at: span)
        }
    }

    private func clause(
        _ clauses: ArraySlice<ComprehensionClause>, cells: [Int], at span: Span, element: () throws -> Void
    ) throws {
        guard let first = clauses.first else { return try scoped(element) }
        switch first {
        case .only(let condition):
            let exits = try scoped { try jump(unless: condition) }
            try clause(clauses.dropFirst(), cells: cells, at: span, element: element)
            patch(exits)
        case .each(let pattern, let sequence):
            try scoped {
                let state = try temporary()
                _ = try temporary()
                _ = try temporary()
                try scoped {
                    let register = try value(sequence)
                    emit(.iterate, a: state, b: register, at: sequence.span)
                }
                let start = code.count
                let register = try temporary()
                let next = emit(.next, a: state, b: register, at: sequence.span)
                rebind(pattern)
                try bind(pattern, from: register)
                try clause(clauses.dropFirst(), cells: cells, at: span, element: element)
                jumpBack(to: start, at: span)
                patch(next)
            }
        }
    }

    /// Gives the shared variables of a pattern new cells, so that each element has its own.
    private func rebind(_ pattern: Pattern) {
        switch pattern {
        case .name(let name):
            if let local = scopes.last?[name.text], local.isCell { emit(.newCell, a: local.register, at: name.span) }
        case .list(let patterns, _): for pattern in patterns { rebind(pattern) }
        }
    }

    private func attribute(_ owner: Expression, _ name: Name, to target: Int, at span: Span) throws {
        if let original = original(owner, name) {
            load(original, into: target, at: span)
            return
        }
        try scoped {
            let object = try value(owner)
            emit(
                .getAttribute, a: target, b: object, d: interpreter.constant(.string(name.text)), at: name.span,
                operands: [owner.span])
        }
    }

    /// `builtin.name`, unless `builtin` is a variable.
    private func original(_ owner: Expression, _ name: Name) -> Value? {
        guard case .name("builtin") = owner.kind, case .global(let slot) = place(of: "builtin"),
            !interpreter.isBound(slot: slot)
        else { return nil }
        return interpreter.library.value(named: name.text)
    }

    /// The object whose element is written. A part of a tensor is a tensor of its own, so that writing into it would be
    /// lost: that is an error, which says how to write it.
    func container(_ owner: Expression, writing place: Expression) throws -> Int {
        guard case .index(let whole, let subscripts) = owner.kind else { return try value(owner) }
        let target = try temporary()
        let outer = source.text(in: owner.span)
        let inner = source.text(in: Span(owner.span.upper, place.span.upper)).drop { $0 == " " }
        let way = interpreter.constant(.string("\(outer.dropLast()), \(inner.dropFirst())"))
        try index(whole, subscripts, to: target, at: owner.span, way: way)
        return target
    }

    private func index(
        _ owner: Expression, _ subscripts: [Subscript], to target: Int, at span: Span, way: Int? = nil
    ) throws {
        try scoped {
            if subscripts.count == 1, case .index(let index) = subscripts[0] {
                let object = try operand(owner, before: index)
                if let way { emit(.refusePart, a: object, d: way, at: span, operands: [owner.span]) }
                let key = try value(index)
                emit(.getIndex, a: target, b: object, c: key, at: span, operands: [owner.span, index.span])
            } else {
                let object = try value(owner)
                if let way { emit(.refusePart, a: object, d: way, at: span, operands: [owner.span]) }
                let first = try self.subscripts(subscripts)
                emit(
                    .getItems, a: target, b: object, c: first, d: subscripts.count, at: span, operands: [owner.span])
            }
        }
    }

    // MARK: Calls

    private func pipe(_ first: Expression, _ stages: [Expression], to target: Int) throws {
        try scoped {
            let carried = try temporary()
            try value(first, to: carried)
            for (index, stage) in stages.enumerated() {
                let result = index == stages.count - 1 ? target : carried
                if case .call(let callee, let arguments) = stage.kind {
                    try call(callee, arguments, leading: (carried, first.span), to: result, at: stage.span)
                } else {
                    try call(stage, [], leading: (carried, first.span), to: result, at: stage.span)
                }
            }
        }
    }

    private func call(
        _ callee: Expression, _ arguments: [Argument], leading: (register: Int, span: Span)?, to target: Int,
        at span: Span
    ) throws {
        try scoped {
            let window = try temporary()
            let count = (leading == nil ? 0 : 1) + arguments.count
            let spreads = count > 250 || arguments.contains { $0.kind == .spread || $0.kind == .spreadNamed }
            var operands = leading.map { [$0.span] } ?? []
            operands += arguments.map(\.value.span)
            let names = arguments.compactMap { if case .named(let name) = $0.kind { name.span } else { nil } }
            var method: Name?
            if case .attribute(let owner, let name) = callee.kind, original(owner, name) == nil {
                method = name
                let receiver = try temporary()
                try value(owner, to: receiver)
                operands.insert(owner.span, at: 0)
                loadFallback(name, into: window)
            } else if case .name(let name) = callee.kind, !spreads, kind != .top || leading == nil,
                case .global(let slot) = place(of: name)
            {
                let shape = try layOut(arguments, leading: leading, window: window)
                let site = interpreter.add(site: CallSite(shape: shape))
                guard site < Int(Int16.max), shape.count < 255 else {
                    emit(.loadGlobal, a: window, d: slot, at: callee.span)
                    emit(
                        .call, a: window, b: shape.positional, d: site, at: span, operands: operands,
                        callee: callee.span, argumentNames: names)
                    emit(.move, a: target, b: window, at: span)
                    return
                }
                emit(
                    .callGlobal, a: window, b: shape.names.isEmpty ? shape.positional : -1, c: site, d: slot, at: span,
                    operands: operands, callee: callee.span, argumentNames: names)
                emit(.move, a: target, b: window, at: span)
                return
            } else {
                try value(callee, to: window)
            }
            if spreads {
                try spread(
                    arguments, leading: leading, window: window, method: method, at: span, operands: operands,
                    callee: method?.span ?? callee.span)
            } else {
                var shape = try layOut(arguments, leading: leading, window: window)
                if method != nil { shape.positional += 1 }
                let site = interpreter.add(
                    site: CallSite(shape: shape, name: method?.text, fallbackSlot: method.flatMap(fallbackSlot)))
                emit(
                    method == nil ? .call : .callMethod, a: window, b: shape.names.isEmpty ? shape.positional : -1,
                    d: site, at: span, operands: operands, callee: method?.span ?? callee.span, argumentNames: names)
            }
            emit(.move, a: target, b: window, at: span)
        }
    }

    private func layOut(_ arguments: [Argument], leading: (register: Int, span: Span)?, window: Int) throws -> CallShape
    {
        var shape = CallShape(positional: 0)
        if let leading {
            let register = try temporary()
            emit(.move, a: register, b: leading.register, at: leading.span)
            shape.positional += 1
        }
        for argument in arguments {
            let register = try temporary()
            try scoped { try value(argument.value, to: register) }
            if case .named(let name) = argument.kind {
                shape.names.append(name.text)
            } else {
                shape.positional += 1
            }
        }
        return shape
    }

    private func spread(
        _ arguments: [Argument], leading: (register: Int, span: Span)?, window: Int, method: Name?, at span: Span,
        operands: [Span], callee: Span
    ) throws {
        let list = try temporary()
        let dict = try temporary()
        emit(.newList, a: list, at: span)
        emit(.newDict, a: dict, at: span)
        if let leading { emit(.append, a: list, b: leading.register, at: leading.span) }
        for argument in arguments {
            try scoped {
                let register = try value(argument.value)
                switch argument.kind {
                case .positional: emit(.append, a: list, b: register, at: argument.span)
                case .spread: emit(.extendList, a: list, b: register, at: argument.value.span)
                case .spreadNamed: emit(.extendDict, a: dict, b: register, at: argument.value.span)
                case .named(let name):
                    let key = try temporary()
                    load(.string(name.text), into: key, at: name.span)
                    emit(.setEntry, a: dict, b: key, c: register, d: 1, at: argument.span)
                }
            }
        }
        if let method {
            let site = interpreter.add(
                site: CallSite(
                    shape: CallShape(positional: 1), name: method.text, fallbackSlot: fallbackSlot(method)))
            emit(.callMethodSpread, a: window, d: site, at: span, operands: operands, callee: callee)
        } else {
            emit(.callSpread, a: window, at: span, operands: operands, callee: callee)
        }
    }

    /// A function declared inside another is found by method calls too; it is handed over in the callee's register.
    private func loadFallback(_ name: Name, into window: Int) {
        switch place(of: name.text) {
        case .register(let register) where kind != .top || register >= 0:
            emit(.move, a: window, b: register, at: name.span)
        case .cell(let cell): emit(.loadCell, a: window, b: cell, c: 1, at: name.span)
        case .capture(let index): emit(.loadCapture, a: window, b: index, c: 1, at: name.span)
        default: load(.none, into: window, at: name.span)
        }
    }

    private func fallbackSlot(_ name: Name) -> Int? {
        if case .global(let slot) = place(of: name.text) { slot } else { nil }
    }

    // MARK: Blocks as values

    private func block(_ block: Block, to target: Int?) throws {
        guard let target else { return try self.block(block) }
        guard let last = block.statements.last, case .expression(let expression) = last.kind else {
            try self.block(block)
            load(.none, into: target, at: block.span)
            return
        }
        for statement in block.statements.dropLast() { try self.statement(statement) }
        try scoped { try value(expression, to: target) }
    }

    private func choice(_ choice: Choice, to target: Int?, at span: Span) throws {
        var exits: [Int] = []
        let before = assigned
        var common: Set<String>?
        func merge() {
            common = common.map { $0.intersection(assigned) } ?? assigned
            assigned = before
        }
        for branch in choice.branches {
            let skips = try scoped { try jump(unless: branch.condition) }
            try block(branch.block, to: target)
            merge()
            exits.append(emit(.jump, at: branch.block.span))
            patch(skips)
        }
        if let otherwise = choice.otherwise {
            try block(otherwise, to: target)
        } else if let target {
            load(.none, into: target, at: span)
        }
        merge()
        patch(exits)
        assigned = common ?? before
    }

    private func noGradient(_ block: Block, to target: Int?, at span: Span) throws {
        try scoped {
            let mode = try temporary()
            emit(.disableGradients, a: mode, at: span)
            openScopes.append(.gradients(mode))
            try self.block(block, to: target)
            openScopes.removeLast()
            emit(.restoreGradients, a: mode, at: span)
        }
    }

    private func attempt(_ attempt: Attempt, to target: Int?, at span: Span) throws {
        try scoped {
            let error = try temporary()
            let before = assigned
            let push = emit(.pushHandler, a: error, at: span)
            openScopes.append(.handler)
            let result = try target.map { _ in try temporary() }
            try block(attempt.body, to: result)
            openScopes.removeLast()
            emit(.popHandler, at: span)
            let exit = emit(.jump, at: span)
            patch(push)
            assigned = before
            try write(attempt.error.text, from: error, at: attempt.error.span)
            try block(attempt.handler, to: result)
            patch(exit)
            assigned = before
            if let target, let result { emit(.move, a: target, b: result, at: span) }
        }
    }
}

extension Expression {
    /// Whether computing it could assign a variable of the same function: only blocks can.
    var canBind: Bool {
        switch kind {
        case .none, .bool, .integer, .float, .string, .name, .missing, .lambda: false
        case .choice, .noGradient, .attempt: true
        case .formatted(let parts):
            parts.contains { if case .field(let value, _) = $0 { value.canBind } else { false } }
        case .list(let elements): elements.contains(where: \.canBind)
        case .dict(let entries): entries.contains { $0.key.canBind || $0.value.canBind }
        case .listComprehension, .dictComprehension: true
        case .parenthesized(let inner), .unary(_, _, let inner), .not(let inner), .attribute(let inner, _):
            inner.canBind
        case .chain(let first, let links): first.canBind || links.contains { $0.operand.canBind }
        case .power(let operands), .and(let operands), .or(let operands): operands.contains(where: \.canBind)
        case .comparison(let first, let links): first.canBind || links.contains { $0.operand.canBind }
        case .pair(let left, let right): left.canBind || right.canBind
        case .pipe(let value, let stages): value.canBind || stages.contains(where: \.canBind)
        case .call(let callee, let arguments): callee.canBind || arguments.contains { $0.value.canBind }
        case .index(let owner, let subscripts):
            owner.canBind
                || subscripts.contains {
                    switch $0 {
                    case .index(let index): index.canBind
                    case .slice(let start, let stop, let step, _):
                        [start, stop, step].contains { $0?.canBind == true }
                    case .ellipsis: false
                    }
                }
        }
    }
}
