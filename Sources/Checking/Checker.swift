import Diagnostics
import Runtime
import Syntax

/// Walks a program as it would run, knowing names and what they hold where that can be told, and collects what is wrong.
///
/// It never guesses: what depends on values that only running gives passes.
struct Checker {
    let source: SourceText
    let imports: CheckedImports
    /// What imports are relative to.
    let path: String
    var library: Library { imports.library }
    /// What was found, in the order of the places.
    private(set) var findings: [Diagnostic] = []

    /// Names and how far the walk has come in a function, module, comprehension or the file.
    struct Scope {
        enum Kind { case top, function, module, comprehension }
        let kind: Kind
        var bindings: Bindings
        /// The names that may have a value here.
        var reached: Set<String> = []
        /// What names bound once hold.
        var known: [String: Known] = [:]
    }
    var scopes: [Scope] = []
    /// Names that methods and fields of something in the program or the library have.
    let members: Set<String>
    private var reported: Set<String> = []
    private var seen: Set<String> = []

    init(source: SourceText, program: Program, imports: CheckedImports, path: String) {
        self.source = source
        self.imports = imports
        self.path = path
        // What a file holds may be a network of any of the library's own modules.
        let loads = source.text.contains("load(")
        members = Members.all(in: program, of: imports.library, andSources: loads)
    }

    mutating func checkProgram(_ program: Program) {
        scopes = [Scope(kind: .top, bindings: Bindings(program.statements))]
        visit(program.statements)
        findings = Self.sorted(findings, of: source)
    }

    /// Errors of imported files first, then in the order of their places.
    private static func sorted(_ findings: [Diagnostic], of source: SourceText) -> [Diagnostic] {
        findings.sorted { place($0, source) < place($1, source) }
    }

    private static func place(_ diagnostic: Diagnostic, _ source: SourceText) -> (Int, Int) {
        guard let label = diagnostic.labels.first(where: \.isPrimary) else { return (0, 0) }
        return (label.source === source ? 1 : 0, label.span.lower)
    }

    // MARK: Findings

    mutating func report(_ diagnostic: Diagnostic) {
        // A network inside another one is looked at twice.
        let lead = diagnostic.labels.first
        guard seen.insert("\(lead?.span.lower ?? 0) \(lead?.source.name ?? "") \(diagnostic.message)").inserted else {
            return
        }
        findings.append(diagnostic)
    }

    mutating func report(_ failure: Failure, at span: SourceSpan, _ related: [Diagnostic.Label] = []) {
        report(
            Diagnostic(
                failure.kind, failure.message, code: failure.code?.rawValue,
                labels: [Diagnostic.Label(source, span)] + related, notes: failure.notes, help: failure.help))
    }

    // MARK: Scopes

    mutating func inScope(_ kind: Scope.Kind, _ bindings: Bindings, reached: [String], _ body: (inout Checker) -> Void)
    {
        scopes.append(Scope(kind: kind, bindings: bindings, reached: Set(reached)))
        body(&self)
        scopes.removeLast()
    }

    mutating func bind(_ name: String, _ known: Known = .unknown) {
        let last = scopes.count - 1
        scopes[last].reached.insert(name)
        guard scopes[last].bindings.only(name) != nil else { return }
        // A method may give a field another value, `self.head = …`.
        if scopes[last].kind == .module {
            guard case .declared = known else { return }
        }
        scopes[last].known[name] = known
    }

    mutating func bind(_ pattern: Pattern) {
        switch pattern {
        case .name(let name):
            if name.text == "self", scopes.last?.kind == .module { report(.fieldCalledSelf, at: name.span) }
            bind(name.text)
        case .list(let patterns, _): for pattern in patterns { bind(pattern) }
        }
    }

    /// The scope that binds a name, as a function here would find it.
    func owner(of name: String) -> Int? { scopes.indices.last { scopes[$0].bindings.binds(name) } }

    /// A name that is read: what it holds, or an error.
    mutating func read(_ name: String, at span: SourceSpan) -> Known {
        guard let index = owner(of: name) else {
            if let function = library.functions[name] { return .builtin(function) }
            if library.constants[name] != nil { return .unknown }
            unknownName(name, at: span)
            return .unknown
        }
        let scope = scopes[index]
        // Comprehensions run where they stand; a function may run later, when the name has its value.
        let isHere = scopes[(index + 1)...].allSatisfy { $0.kind == .comprehension }
        if isHere, !scope.reached.contains(name), !(scope.kind == .top && library.value(named: name) != nil) {
            unboundName(name, at: span, in: index)
            return .unknown
        }
        guard let known = scope.known[name] else { return isHere ? .unknown : later(name, in: scope) }
        return known
    }

    /// What a function can know of an outer name that gets its value further down.
    private func later(_ name: String, in scope: Scope) -> Known {
        switch scope.bindings.only(name)?.value {
        case .function(let declaration)?:
            .declared(Known.Declared(declaration: declaration, isModule: false, source: source))
        case .module(let declaration)?:
            .declared(Known.Declared(declaration: declaration, isModule: true, source: source))
        default: .unknown
        }
    }

    private mutating func unknownName(_ name: String, at span: SourceSpan) {
        guard name != "builtin", reported.insert(name).inserted else { return }
        var help: [String] = []
        let candidates = scopes.reversed().flatMap(\.bindings.names) + library.names
        if let near = Nearest.match(name, in: candidates) { help.append("did you mean \(near)?") }
        if let hint = Interpreter.pythonNames[name] { help = [hint] }
        report(Failure(.name, "\(name) is not defined", code: .unknownName, help: help), at: span)
    }

    private mutating func unboundName(_ name: String, at span: SourceSpan, in index: Int) {
        guard reported.insert(name + " \(scopes.count)").inserted else { return }
        let sites = scopes[index].bindings.sites[name] ?? []
        let isOuter = scopes[..<index].contains { $0.bindings.binds(name) }
        if scopes[index].kind != .top, isOuter {
            report(Interpreter.rebinding(name), at: span, outer(name, below: index))
            return
        }
        var related: [Diagnostic.Label] = []
        if let first = sites.first(where: { $0.span != span }) {
            related = [Diagnostic.Label(source, first.span, "bound here", isPrimary: false)]
        }
        report(
            Failure(
                .name, "\(name) is read before it is bound", code: .unboundName, help: ["assign it before this line"]),
            at: span, related)
    }

    private func outer(_ name: String, below index: Int) -> [Diagnostic.Label] {
        let site = scopes[..<index].reversed().lazy.compactMap { $0.bindings.sites[name]?.first }.first
        return site.map { [Diagnostic.Label(source, $0.span, "the outer \(name)", isPrimary: false)] } ?? []
    }

    // MARK: Statements

    mutating func visit(_ statements: [Statement]) { for statement in statements { visit(statement) } }

    private mutating func visit(_ statement: Statement) {
        switch statement.kind {
        case .assign(let targets, let value):
            let known = visit(value)
            for target in targets { write(target, known, isOnly: targets.count == 1) }
        case .augment(let place, _, _, let value):
            // The place is read first, then the value.
            if case .name(let name) = place.kind { _ = read(name, at: place.span) } else { visit(place) }
            visit(value)
        case .function(let declaration):
            bind(
                declaration.name.text,
                .declared(Known.Declared(declaration: declaration, isModule: false, source: source)))
            visitBody(declaration, isMethod: scopes.last?.kind == .module)
        case .module(let declaration):
            bind(
                declaration.name.text,
                .declared(Known.Declared(declaration: declaration, isModule: true, source: source)))
            visitModule(declaration)
        case .parameter(let name, let value):
            visit(value)
            bind(name.text)
        case .importFile(let path, let span, let name): visitImport(path, span, name)
        case .forEach(let pattern, let sequence, let body):
            visit(sequence)
            bind(pattern)
            visitLoop(body)
        case .whileLoop(let condition, let body):
            // What the body binds has no value when the condition is first asked.
            visit(condition)
            visitLoop(body)
        default: for expression in statement.operands { visit(expression) }
        }
    }

    /// A name bound in a loop has a value in the next round.
    private mutating func visitLoop(_ body: Block) {
        for name in Bindings(body.statements).names { scopes[scopes.count - 1].reached.insert(name) }
        visit(body.statements)
    }

    private mutating func write(_ target: Target, _ known: Known, isOnly: Bool) {
        switch target {
        case .place(let place):
            if case .name(let name) = place.kind {
                bind(name, isOnly ? known : .unknown)
            } else {
                for operand in place.operands { visit(operand) }
            }
        case .list(let targets, _): for target in targets { write(target, .unknown, isOnly: false) }
        }
    }

    private mutating func visitImport(_ path: String, _ span: SourceSpan, _ name: Name) {
        var failure: Failure?
        let (file, problems) = imports.file(path, from: self.path, failure: &failure)
        for problem in problems { report(problem) }
        if let failure { report(failure, at: span) }
        bind(name.text, file.map { .file($0) } ?? .unknown)
    }

    // MARK: Functions and modules

    private mutating func visitBody(_ declaration: FunctionDeclaration, isMethod: Bool) {
        visitFunction(declaration.parameters, declaration.body.statements, hasSelf: isMethod) {
            $0.visit(declaration.body.statements)
        }
    }

    private mutating func visitFunction(
        _ parameters: [ParameterSyntax], _ statements: [Statement], hasSelf: Bool, _ body: (inout Checker) -> Void
    ) {
        var bindings = Bindings()
        for parameter in parameters { bindings.add(parameter.name) }
        var reached: [String] = []
        if hasSelf { reached.append("self") }
        if hasSelf { bindings.add(Name("self", SourceSpan(0, 0))) }
        bindings.visit(statements)
        inScope(.function, bindings, reached: reached) { checker in
            for parameter in parameters {
                if case .single(let value?) = parameter.kind { checker.visit(value) }
                checker.bind(parameter.name.text)
            }
            body(&checker)
        }
    }

    private mutating func visitModule(_ declaration: FunctionDeclaration) {
        var bindings = Bindings()
        bindings.add(Name("self", SourceSpan(0, 0)))
        for parameter in declaration.parameters { bindings.add(parameter.name) }
        bindings.visit(declaration.body.statements)
        inScope(.module, bindings, reached: ["self"]) { checker in
            for parameter in declaration.parameters {
                if case .single(let value?) = parameter.kind { checker.visit(value) }
                checker.bind(parameter.name.text)
            }
            checker.visit(declaration.body.statements)
        }
    }

    // MARK: Expressions

    @discardableResult
    mutating func visit(_ expression: Expression) -> Known {
        switch expression.kind {
        case .none: return .literal(.none)
        case .bool(let bool): return .literal(.bool(bool))
        case .integer(let int): return .literal(.int(int))
        case .float(let float): return .literal(.float(float))
        case .string(let text): return .literal(.string(text))
        case .name(let name): return read(name, at: expression.span)
        case .parenthesized(let inner): return visit(inner)
        case .list(let elements): return list(elements.map { visit($0) })
        case .unary(.negative, _, let inner): return negated(visit(inner))
        case .chain(let first, let links): return chain(visit(first), links)
        case .power(let operands):
            let values = operands.map { visit($0) }
            guard values.count == 2, let base = values[0].int, let exponent = values[1].int, 0...62 ~= exponent else {
                return .unknown
            }
            let result = (0..<exponent).reduce(into: (1, false)) { result, _ in
                let product = result.0.multipliedReportingOverflow(by: base)
                result = (product.partialValue, result.1 || product.overflow)
            }
            return result.1 ? .unknown : .literal(.int(result.0))
        case .formatted(let parts):
            for case .field(let value, _) in parts { visit(value) }
            return .type(.string)
        case .dict(let entries):
            for entry in entries {
                visit(entry.key)
                visit(entry.value)
            }
            return .type(.dict)
        case .comparison(let first, let links):
            visit(first)
            for link in links { visit(link.operand) }
            return .unknown
        case .pair(let left, let right):
            visit(left)
            visit(right)
            return .type(.pair)
        case .lambda(let lambda):
            visitLambda(lambda)
            return .lambda(Known.Declared(lambda, at: expression.span, source: source))
        case .listComprehension(let element, let clauses):
            visitComprehension(clauses) { $0.visit(element) }
            return .type(.list(.any))
        case .dictComprehension(let entry, let clauses):
            visitComprehension(clauses) {
                $0.visit(entry.key)
                $0.visit(entry.value)
            }
            return .type(.dict)
        case .choice(let choice):
            for branch in choice.branches {
                visit(branch.condition)
                visit(branch.block.statements)
            }
            if let otherwise = choice.otherwise { visit(otherwise.statements) }
            return .unknown
        case .noGradient(let block):
            visit(block.statements)
            return .unknown
        case .attempt(let attempt):
            visit(attempt.body.statements)
            bind(attempt.error.text)
            visit(attempt.handler.statements)
            return .unknown
        case .call(let callee, let arguments): return call(callee, arguments, at: expression.span)
        case .pipe(let value, let stages): return pipe(visit(value), value.span, stages)
        case .attribute(let owner, let name): return attribute(owner, name)
        default:
            for operand in expression.operands { visit(operand) }
            return .unknown
        }
    }

    private func list(_ values: [Known]) -> Known {
        let literals = values.compactMap { if case .literal(let value) = $0 { value } else { nil } }
        return literals.count == values.count ? .literal(.list(literals)) : .elements(values)
    }

    private func negated(_ value: Known) -> Known {
        switch value {
        case .literal(.int(let int)): .literal(.int(0 &- int))
        case .literal(.float(let float)): .literal(.float(-float))
        default: .unknown
        }
    }

    private mutating func chain(_ first: Known, _ links: [Link]) -> Known {
        var result = first.int
        for link in links {
            guard let right = visit(link.operand).int, let left = result else {
                result = nil
                continue
            }
            switch link.operation {
            case .add: result = checked(left.addingReportingOverflow(right))
            case .subtract: result = checked(left.subtractingReportingOverflow(right))
            case .multiply: result = checked(left.multipliedReportingOverflow(by: right))
            case .floorDivide: result = left >= 0 && right > 0 ? left / right : nil
            default: result = nil
            }
        }
        return result.map { .literal(.int($0)) } ?? .unknown
    }

    private func checked(_ result: (partialValue: Int, overflow: Bool)) -> Int? {
        result.overflow ? nil : result.partialValue
    }

    private mutating func visitLambda(_ lambda: Lambda) {
        switch lambda.body {
        case .expression(let value): visitFunction(lambda.parameters, [], hasSelf: false) { $0.visit(value) }
        case .block(let block):
            visitFunction(lambda.parameters, block.statements, hasSelf: false) { $0.visit(block.statements) }
        }
    }

    private mutating func visitComprehension(_ clauses: [ComprehensionClause], _ body: (inout Checker) -> Void) {
        var bindings = Bindings()
        for case .each(let pattern, _) in clauses { bindings.visit(pattern) }
        // The first sequence is evaluated outside, where the names of the comprehension do not exist.
        inScope(.comprehension, bindings, reached: []) { checker in
            for clause in clauses {
                switch clause {
                case .each(let pattern, let sequence):
                    checker.visit(sequence)
                    checker.bind(pattern)
                case .only(let condition): checker.visit(condition)
                }
            }
            body(&checker)
        }
    }
}
