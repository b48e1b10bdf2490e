import CMachine
import Diagnostics
import Syntax

/// Calls of functions and methods, pipes, spread arguments.
extension Compiler {
    func pipe(_ first: Expression, _ stages: [Expression], to target: Int) throws {
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

    func call(
        _ callee: Expression, _ arguments: [Argument], leading: (register: Int, span: SourceSpan)?, to target: Int,
        at span: SourceSpan
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
                try scoped { try value(owner, to: receiver) }
                operands.insert(owner.span, at: 0)
                loadFallback(name, into: window)
            } else if case .name(let name) = callee.kind, !spreads, kind != .top || leading == nil,
                case .global(let slot) = place(of: name)
            {
                let shape = try layOut(arguments, leading: leading, window: window)
                let site = machine.add(site: CallSite(shape: shape), result: target)
                guard site < Int(Int16.max) else {
                    emit(.loadGlobal, a: window, d: slot, at: callee.span)
                    emit(
                        .call, a: window, b: shape.operand, d: site, at: span, operands: operands, callee: callee.span,
                        argumentNames: names)
                    return
                }
                emit(
                    .callGlobal, a: window, b: shape.operand, c: site, d: slot, at: span, operands: operands,
                    callee: callee.span, argumentNames: names)
                return
            } else {
                try scoped { try value(callee, to: window) }
            }
            if spreads {
                try spread(
                    arguments, leading: leading, window: window, method: method, at: span, operands: operands,
                    callee: method?.span ?? callee.span)
                emit(.move, a: target, b: window, at: span)
            } else {
                var shape = try layOut(arguments, leading: leading, window: window)
                if method != nil { shape.positional += 1 }
                let site = machine.add(
                    site: CallSite(shape: shape, name: method?.text, fallbackSlot: method.flatMap(fallbackSlot)),
                    result: target)
                emit(
                    method == nil ? .call : .callMethod, a: window, b: shape.operand,
                    d: site, at: span, operands: operands, callee: method?.span ?? callee.span, argumentNames: names)
            }
        }
    }

    func layOut(_ arguments: [Argument], leading: (register: Int, span: SourceSpan)?, window: Int) throws -> CallShape {
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

    func spread(
        _ arguments: [Argument], leading: (register: Int, span: SourceSpan)?, window: Int, method: Name?,
        at span: SourceSpan,
        operands: [SourceSpan], callee: SourceSpan
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
            let site = machine.add(
                site: CallSite(
                    shape: CallShape(positional: 1), name: method.text, fallbackSlot: fallbackSlot(method)),
                result: window)
            emit(.callMethodSpread, a: window, d: site, at: span, operands: operands, callee: callee)
        } else {
            emit(.callSpread, a: window, at: span, operands: operands, callee: callee)
        }
    }

    /// A function declared inside another is found by method calls too; it is handed over in the callee's register.
    func loadFallback(_ name: Name, into window: Int) {
        switch place(of: name.text) {
        case .register(let register) where kind != .top || register >= 0:
            emit(.move, a: window, b: register, at: name.span)
        case .cell(let cell): emit(.loadCell, a: window, b: cell, c: 1, at: name.span)
        case .capture(let index): emit(.loadCapture, a: window, b: index, c: 1, at: name.span)
        default: load(.none, into: window, at: name.span)
        }
    }

    func fallbackSlot(_ name: Name) -> Int? {
        if case .global(let slot) = place(of: name.text) { slot } else { nil }
    }
}
