import CMachine
import Diagnostics
import Syntax

/// Texts, lists, dicts, comprehensions, attributes and elements.
extension Compiler {
    func formatted(_ parts: [FormattedPart], to target: Int, at span: SourceSpan) throws {
        try scoped {
            let first = top
            for _ in parts { _ = try temporary() }
            for (index, part) in parts.enumerated() {
                switch part {
                case .text(let text): load(.string(text), into: first + index, at: span)
                case .field(let expression, let format):
                    try scoped {
                        let register = try value(expression)
                        let number = format.map { machine.add(format: $0) } ?? -1
                        emit(.format, a: first + index, b: register, d: number, at: expression.span)
                    }
                }
            }
            emit(.join, a: target, b: first, c: parts.count, at: span)
        }
    }

    func list(_ elements: [Expression], to target: Int, at span: SourceSpan) throws {
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

    func dict(_ entries: [DictEntry], to target: Int, at span: SourceSpan) throws {
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

    func comprehension(
        _ clauses: [ComprehensionClause], to target: Int, at span: SourceSpan, isDict: Bool,
        element: @escaping (Int) throws -> Void
    ) throws {
        try scoped {
            let result = try temporary()
            emit(isDict ? .newDict : .newList, a: result, at: span)
            // What the first clause goes through belongs to the scope outside, as in Python.
            var outer: Int?
            if case .each(_, let sequence)? = clauses.first { outer = try value(sequence) }
            let scope = facts[span] ?? ScopeFacts()
            let before = assigned
            scopes.append([:])
            try declare(scope, at: span, fresh: true)
            assigned.subtract(scope.bound)
            if clauses.count > 1 {
                // A later clause may read a name too early, and finds it unbound instead of what stood here before.
                for name in scope.bound {
                    guard let local = scopes.last?[name], !local.isCell else { continue }
                    load(.unbound, into: local.register, at: span)
                }
            }
            let cells = scope.bound.filter(scope.shared.contains).compactMap { scopes.last?[$0]?.register }
            for cell in cells { emit(.newCell, a: cell, at: span) }
            let grows = !isDict && clauses.count == 1 ? result : nil
            try clause(clauses[...], cells: cells, over: outer, growing: grows, at: span) { try element(result) }
            scopes.removeLast()
            assigned = before
            emit(.move, a: target, b: result, at: span)
        }
    }

    func clause(
        _ clauses: ArraySlice<ComprehensionClause>, cells: [Int], over outer: Int? = nil, growing list: Int? = nil,
        at span: SourceSpan, element: () throws -> Void
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
                    let register = try outer ?? value(sequence)
                    emit(.iterate, a: state, b: register, c: list == nil ? 0 : 1, d: list ?? 0, at: sequence.span)
                }
                let register: Int
                if case .name(let name) = pattern, let local = scopes.last?[name.text], !local.isCell {
                    register = local.register
                } else {
                    register = try temporary()
                }
                let next = emit(.next, a: state, b: register, at: sequence.span)
                let start = code.count
                rebind(pattern)
                try bind(pattern, from: register)
                try clause(clauses.dropFirst(), cells: cells, at: span, element: element)
                emit(.nextRound, a: state, b: register, d: start - code.count, at: sequence.span)
                patch(next)
            }
        }
    }

    /// Gives the shared variables of a pattern new cells, so that each element has its own.
    func rebind(_ pattern: Pattern) {
        switch pattern {
        case .name(let name):
            if let local = scopes.last?[name.text], local.isCell { emit(.newCell, a: local.register, at: name.span) }
        case .list(let patterns, _): for pattern in patterns { rebind(pattern) }
        }
    }

    func attribute(_ owner: Expression, _ name: Name, to target: Int, at span: SourceSpan) throws {
        if let original = original(owner, name) {
            load(original, into: target, at: span)
            return
        }
        try scoped {
            let object = try value(owner)
            emit(
                .getAttribute, a: target, b: object, d: machine.constant(.string(name.text)), at: name.span,
                operands: [owner.span])
        }
    }

    /// `builtin.name`, unless `builtin` is a variable.
    func original(_ owner: Expression, _ name: Name) -> Value? {
        guard case .name("builtin") = owner.kind, case .global(let slot) = place(of: "builtin"),
            !machine.isBound(slot: slot)
        else { return nil }
        return machine.interpreter.library.value(named: name.text)
    }

    /// The object whose element is written. A part of a tensor is a tensor of its own, so that writing into it would be
    /// lost: that is an error, which says how to write it.
    func container(_ owner: Expression, writing place: Expression) throws -> Int {
        guard case .index(let whole, let subscripts) = owner.kind else { return try value(owner) }
        let target = try temporary()
        let outer = source.text(in: owner.span)
        let inner = source.text(in: SourceSpan(owner.span.upper, place.span.upper)).drop { $0 == " " }
        let way = machine.constant(.string("\(outer.dropLast()), \(inner.dropFirst())"))
        try index(whole, subscripts, to: target, at: owner.span, way: way)
        return target
    }

    func index(
        _ owner: Expression, _ subscripts: [Subscript], to target: Int, at span: SourceSpan, way: Int? = nil
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
}
