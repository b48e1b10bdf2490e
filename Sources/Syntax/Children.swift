/// The direct parts of nodes, for walks that treat most kinds alike.
extension Expression {
    /// The expressions directly inside, in the order in which they are evaluated; those of a lambda's body and of its
    /// defaults are not among them, nor those of a comprehension, which are scopes of their own.
    public var operands: [Expression] {
        switch kind {
        case .none, .bool, .integer, .float, .string, .name, .missing, .listComprehension, .dictComprehension, .lambda,
            .noGradient, .attempt:
            []
        case .formatted(let parts):
            parts.compactMap { if case .field(let value, _) = $0 { value } else { nil } }
        case .list(let elements): elements
        case .dict(let entries): entries.flatMap { [$0.key, $0.value] }
        case .parenthesized(let inner), .unary(_, _, let inner), .not(let inner), .attribute(let inner, _): [inner]
        case .chain(let first, let links): [first] + links.map(\.operand)
        case .comparison(let first, let links): [first] + links.map(\.operand)
        case .power(let operands), .and(let operands), .or(let operands): operands
        case .pair(let left, let right): [left, right]
        case .pipe(let value, let stages): [value] + stages
        case .call(let callee, let arguments): [callee] + arguments.map(\.value)
        case .index(let value, let subscripts): [value] + subscripts.flatMap(\.operands)
        case .choice(let choice): choice.branches.map(\.condition)
        }
    }

    /// The blocks directly inside that belong to the same scope.
    public var blocks: [Block] {
        switch kind {
        case .choice(let choice): choice.branches.map(\.block) + (choice.otherwise.map { [$0] } ?? [])
        case .noGradient(let block): [block]
        case .attempt(let attempt): [attempt.body, attempt.handler]
        default: []
        }
    }
}

extension Subscript {
    /// The expressions inside.
    public var operands: [Expression] {
        switch self {
        case .index(let index): [index]
        case .slice(let start, let stop, let step, _): [start, stop, step].compactMap { $0 }
        case .ellipsis: []
        }
    }
}

extension Statement {
    /// The expressions directly inside, in the order in which they are evaluated, the places that are written last; those
    /// in the bodies of declarations are not among them.
    public var operands: [Expression] {
        switch kind {
        case .expression(let value), .raise(let value), .parameter(_, let value): [value]
        case .assign(let targets, let value): [value] + targets.flatMap(\.places)
        case .augment(let place, _, _, let value): [place, value]
        case .forEach(_, let sequence, _): [sequence]
        case .whileLoop(let condition, _): [condition]
        case .returnValue(let value): value.map { [$0] } ?? []
        case .assert(let condition, let message): [condition] + (message.map { [$0] } ?? [])
        case .function, .module, .importFile, .breakLoop, .continueLoop, .missing: []
        }
    }

    /// The blocks directly inside that belong to the same scope.
    public var blocks: [Block] {
        switch kind {
        case .forEach(_, _, let body), .whileLoop(_, let body): [body]
        default: []
        }
    }
}

extension Target {
    /// The places inside, in order.
    public var places: [Expression] {
        switch self {
        case .place(let place): [place]
        case .list(let targets, _): targets.flatMap(\.places)
        }
    }
}
