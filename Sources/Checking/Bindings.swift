import Diagnostics
import Syntax

/// What the statements of one scope bind, found without running them.
struct Bindings {
    /// One place that gives a name a value.
    struct Site {
        /// What the name gets there.
        enum Value {
            case expression(Expression)
            case function(FunctionDeclaration)
            case module(FunctionDeclaration)
            case file(path: String)
            /// `name += x`, which needs an earlier value.
            case augmented
            /// A loop variable, a parameter, a part of a list, a caught error.
            case unknown
        }
        let value: Value
        let span: SourceSpan
    }

    /// The places by name.
    private(set) var sites: [String: [Site]] = [:]
    /// The names in the order of their first place.
    private(set) var names: [String] = []
    /// Names of which a part is written, as in `net.head = x` or `d["k"] = v`.
    private(set) var changed: Set<String> = []

    init() {}

    init(_ statements: [Statement]) { visit(statements) }

    /// Adds a name that the scope begins with, such as a parameter.
    mutating func add(_ name: Name, _ value: Site.Value = .unknown) {
        if sites[name.text] == nil { names.append(name.text) }
        sites[name.text, default: []].append(Site(value: value, span: name.span))
    }

    func binds(_ name: String) -> Bool { sites[name] != nil }

    /// The only place that binds a name and its value never changes afterwards.
    func only(_ name: String) -> Site? {
        guard let places = sites[name], places.count == 1, !changed.contains(name) else { return nil }
        return places[0]
    }

    mutating func visit(_ statements: [Statement]) { for statement in statements { visit(statement) } }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .assign(let targets, let value):
            visit(value)
            if targets.count == 1, case .place(let place) = targets[0], case .name(let name) = place.kind {
                add(Name(name, place.span), .expression(value))
            } else {
                for target in targets { visit(target) }
            }
        case .augment(let place, _, _, let value):
            visit(value)
            if case .name(let name) = place.kind { add(Name(name, place.span), .augmented) } else { change(place) }
        case .function(let declaration):
            add(declaration.name, .function(declaration))
            noteChanges(in: declaration.body)
        case .module(let declaration):
            add(declaration.name, .module(declaration))
            noteChanges(in: declaration.body)
        case .parameter(let name, let value):
            visit(value)
            add(name)
        case .importFile(let path, _, let name): add(name, .file(path: path))
        case .forEach(let pattern, let sequence, let body):
            visit(sequence)
            visit(pattern)
            visit(body.statements)
        default:
            for expression in statement.operands { visit(expression) }
            for block in statement.blocks { visit(block.statements) }
        }
    }

    private mutating func visit(_ target: Target) {
        switch target {
        case .place(let place):
            if case .name(let name) = place.kind { add(Name(name, place.span)) } else { change(place) }
        case .list(let targets, _): for target in targets { visit(target) }
        }
    }

    mutating func visit(_ pattern: Pattern) {
        switch pattern {
        case .name(let name): add(name)
        case .list(let patterns, _): for pattern in patterns { visit(pattern) }
        }
    }

    /// A function binds names of its own, but may write parts of what outer names hold.
    private mutating func noteChanges(in block: Block) { changed.formUnion(Bindings(block.statements).changed) }

    /// Notes the name at the root of a place that is written.
    private mutating func change(_ place: Expression) {
        switch place.kind {
        case .name(let name): changed.insert(name)
        case .attribute(let inner, _), .index(let inner, _), .call(let inner, _), .parenthesized(let inner):
            change(inner)
        default: break
        }
    }

    /// Blocks inside expressions belong to the scope; functions and comprehensions are scopes of their own.
    private mutating func visit(_ expression: Expression) {
        switch expression.kind {
        case .listComprehension, .dictComprehension: return
        case .lambda(let lambda): if case .block(let block) = lambda.body { noteChanges(in: block) }
        case .attempt(let attempt):
            visit(attempt.body.statements)
            add(attempt.error)
            visit(attempt.handler.statements)
        default:
            for operand in expression.operands { visit(operand) }
            for block in expression.blocks { visit(block.statements) }
        }
    }
}
