import Syntax

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
