import CMachine
import Diagnostics
import Syntax

/// Programs, and blocks whose value counts: `if`, `no_grad`, `try`.
extension Compiler {
    /// The statements of a file or cell; the last expression's value is the cell's.
    func program(_ program: Program) throws {
        for statement in program.statements.dropLast() { try self.statement(statement) }
        let register = try temporary()
        if let last = program.statements.last, case .expression(let expression) = last.kind, !last.isSilenced {
            try value(expression, to: register)
            emit(.halt, a: register, at: program.span)
        } else {
            if let last = program.statements.last { try statement(last) }
            load(.none, into: register, at: program.span)
            emit(.halt, a: register, at: program.span)
        }
    }

    func block(_ block: Block, to target: Int?) throws {
        guard let target else { return try self.block(block) }
        guard let last = block.statements.last, case .expression(let expression) = last.kind else {
            try self.block(block)
            load(.none, into: target, at: block.span)
            return
        }
        for statement in block.statements.dropLast() { try self.statement(statement) }
        try scoped { try value(expression, to: target) }
    }

    func choice(_ choice: Choice, to target: Int?, at span: SourceSpan) throws {
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

    func noGradient(_ block: Block, to target: Int?, at span: SourceSpan) throws {
        try scoped {
            let mode = try temporary()
            emit(.disableGradients, a: mode, at: span)
            openScopes.append(.gradients(mode))
            try self.block(block, to: target)
            openScopes.removeLast()
            emit(.restoreGradients, a: mode, at: span)
        }
    }

    func attempt(_ attempt: Attempt, to target: Int?, at span: SourceSpan) throws {
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
