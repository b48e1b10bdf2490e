import Diagnostics
import Syntax

/// What a function, lambda, module or comprehension binds, and what inner functions take from it.
struct ScopeFacts {
    /// The names bound in it, in order of appearance.
    var bound: [String] = []
    /// The bound names that inner functions read.
    var shared: Set<String> = []
    /// The names it and its inner scopes read or write without binding them.
    var free: Set<String> = []
}

/// Finds for every scope of a text which names it binds and which of them closures share.
///
/// A name bound anywhere in a function is local throughout, so this has to be known before code is made.
struct Resolver {
    /// The facts by the place of the scope: a block, a lambda or a comprehension.
    private(set) var facts: [SourceSpan: ScopeFacts] = [:]

    private struct Open {
        var bound: [String] = []
        var boundSet: Set<String> = []
        var used: Set<String> = []
        /// Names that inner functions (not comprehensions, which run in the same frame) leave free.
        var innerFree: Set<String> = []
        var isComprehension = false
        var isModule = false

        mutating func bind(_ name: String) {
            if boundSet.insert(name).inserted { bound.append(name) }
        }
    }
    private var scopes: [Open] = []

    static func resolve(_ program: Program) -> (facts: [SourceSpan: ScopeFacts], top: ScopeFacts) {
        var resolver = Resolver()
        resolver.scopes = [Open()]
        resolver.visit(program.statements)
        let top = resolver.close()
        return (resolver.facts, top)
    }

    private mutating func close() -> ScopeFacts {
        let scope = scopes.removeLast()
        var facts = ScopeFacts()
        facts.bound = scope.bound
        facts.shared = scope.innerFree.intersection(scope.boundSet)
        // Closures inside a method reach its fields through `self`.
        if scope.boundSet.contains("self"), !scope.innerFree.isEmpty { facts.shared.insert("self") }
        facts.free = scope.used.union(scope.innerFree).subtracting(scope.boundSet)
        if let outer = scopes.indices.last {
            if scope.isComprehension {
                scopes[outer].used.formUnion(scope.used.subtracting(scope.boundSet))
                scopes[outer].innerFree.formUnion(scope.innerFree.subtracting(scope.boundSet))
            } else {
                scopes[outer].innerFree.formUnion(facts.free)
            }
        }
        return facts
    }

    private mutating func bind(_ name: String) { scopes[scopes.count - 1].bind(name) }
    private mutating func use(_ name: String) { scopes[scopes.count - 1].used.insert(name) }

    // MARK: Statements

    private mutating func visit(_ statements: [Statement]) { for statement in statements { visit(statement) } }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .expression(let value): visit(value)
        case .assign(let targets, let value):
            visit(value)
            for target in targets { visit(target) }
        case .augment(let place, _, _, let value):
            visit(place)
            if case .name(let name) = place.kind { bind(name) }
            visit(value)
        case .function(let declaration):
            bind(declaration.name.text)
            let isMethod = scopes.last?.isModule == true
            visitFunction(declaration.parameters, at: declaration.body.span, hasSelf: isMethod) {
                $0.visit(declaration.body.statements)
            }
        case .module(let declaration):
            bind(declaration.name.text)
            visitFunction(declaration.parameters, at: declaration.body.span, hasSelf: true, isModule: true) {
                $0.visit(declaration.body.statements)
            }
        case .parameter(let name, let value):
            visit(value)
            bind(name.text)
        case .importFile(_, _, let name): bind(name.text)
        case .forEach(let pattern, let sequence, let body):
            visit(sequence)
            visit(pattern)
            visit(body.statements)
        case .whileLoop(let condition, let body):
            visit(condition)
            visit(body.statements)
        case .breakLoop, .continueLoop, .missing: break
        case .returnValue(let value): if let value { visit(value) }
        case .raise(let value): visit(value)
        case .assert(let condition, let message):
            visit(condition)
            if let message { visit(message) }
        }
    }

    private mutating func visit(_ target: Target) {
        switch target {
        case .place(let place):
            if case .name(let name) = place.kind { bind(name) } else { visit(place) }
        case .list(let targets, _): for target in targets { visit(target) }
        }
    }

    private mutating func visit(_ pattern: Pattern) {
        switch pattern {
        case .name(let name): bind(name.text)
        case .list(let patterns, _): for pattern in patterns { visit(pattern) }
        }
    }

    private mutating func visitFunction(
        _ parameters: [ParameterSyntax], at span: SourceSpan, hasSelf: Bool, isModule: Bool = false,
        body: (inout Resolver) -> Void
    ) {
        scopes.append(Open())
        scopes[scopes.count - 1].isModule = isModule
        if hasSelf { bind("self") }
        for parameter in parameters { bind(parameter.name.text) }
        for parameter in parameters {
            if case .single(let defaultValue?) = parameter.kind { visit(defaultValue) }
        }
        body(&self)
        facts[span] = close()
    }

    // MARK: Expressions

    private mutating func visit(_ expressions: [Expression]) { for expression in expressions { visit(expression) } }

    private mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .none, .bool, .integer, .float, .string, .missing: break
        case .formatted(let parts):
            for case .field(let value, _) in parts { visit(value) }
        case .name(let name): use(name)
        case .list(let elements): visit(elements)
        case .dict(let entries):
            for entry in entries {
                visit(entry.key)
                visit(entry.value)
            }
        case .listComprehension(let element, let clauses):
            visitComprehension(clauses, at: expression.span) { $0.visit(element) }
        case .dictComprehension(let entry, let clauses):
            visitComprehension(clauses, at: expression.span) {
                $0.visit(entry.key)
                $0.visit(entry.value)
            }
        case .parenthesized(let inner), .unary(_, _, let inner), .not(let inner), .attribute(let inner, _): visit(inner)
        case .chain(let first, let links):
            visit(first)
            for link in links { visit(link.operand) }
        case .power(let operands), .and(let operands), .or(let operands): visit(operands)
        case .comparison(let first, let links):
            visit(first)
            for link in links { visit(link.operand) }
        case .pair(let left, let right):
            visit(left)
            visit(right)
        case .pipe(let value, let stages):
            visit(value)
            visit(stages)
        case .call(let callee, let arguments):
            visit(callee)
            if case .attribute(_, let name) = callee.kind { use(name.text) }
            for argument in arguments { visit(argument.value) }
        case .index(let value, let subscripts):
            visit(value)
            for case let part in subscripts {
                switch part {
                case .index(let index): visit(index)
                case .slice(let start, let stop, let step, _):
                    for case let bound? in [start, stop, step] { visit(bound) }
                case .ellipsis: break
                }
            }
        case .lambda(let lambda):
            visitFunction(lambda.parameters, at: expression.span, hasSelf: false) { resolver in
                switch lambda.body {
                case .expression(let value): resolver.visit(value)
                case .block(let block): resolver.visit(block.statements)
                }
            }
        case .choice(let choice):
            for branch in choice.branches {
                visit(branch.condition)
                visit(branch.block.statements)
            }
            if let otherwise = choice.otherwise { visit(otherwise.statements) }
        case .noGradient(let block): visit(block.statements)
        case .attempt(let attempt):
            visit(attempt.body.statements)
            bind(attempt.error.text)
            visit(attempt.handler.statements)
        }
    }

    private mutating func visitComprehension(
        _ clauses: [ComprehensionClause], at span: SourceSpan, body: (inout Resolver) -> Void
    ) {
        // What the first clause goes through belongs to the scope outside.
        if case .each(_, let sequence)? = clauses.first { visit(sequence) }
        scopes.append(Open())
        scopes[scopes.count - 1].isComprehension = true
        for (index, clause) in clauses.enumerated() {
            switch clause {
            case .each(let pattern, let sequence):
                if index > 0 { visit(sequence) }
                visit(pattern)
            case .only(let condition): visit(condition)
            }
        }
        body(&self)
        facts[span] = close()
    }
}
