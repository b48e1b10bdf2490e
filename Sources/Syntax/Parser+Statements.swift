import Diagnostics

extension Parser {
    mutating func statement() throws(SyntaxFailure) -> Statement {
        let start = token.span.lower
        let kind: Statement.Kind
        switch self.kind {
        case .fn:
            advance()
            kind = .function(try declaration(isModule: false))
        case .for: kind = try loop()
        case .while:
            advance()
            let condition = try condition()
            kind = .whileLoop(condition, try loopBody())
        case .break, .continue: kind = loopControl()
        case .return: kind = try returnStatement()
        case .raise:
            advance()
            kind = .raise(try expression())
        case .assert:
            advance()
            let condition = try expression()
            kind = .assert(condition, message: take(.comma) ? try expression() : nil)
        case .else, .catch: kind = try misplacedBranch()
        case .name: kind = try contextualStatement()
        default: kind = try simpleStatement()
        }
        return Statement(kind, SourceSpan(start, max(start, lastEnd)))
    }

    // MARK: - Assignments and expressions

    /// `a`, `a, b`, `a, [b, c] = exprs` or `place += expr`.
    mutating func simpleStatement() throws(SyntaxFailure) -> Statement.Kind {
        if let failure = foreignStatementSign() { throw failure }
        let left = try expressions()
        if kind == .assign || kind == .colonAssign {
            if kind == .colonAssign {
                report(.foreignOperator, "`:=` is not an operator", token.span, help: ["write `=`"])
            }
            let targets = try targets(of: left)
            advance()
            let value = try expressions()
            if kind == .assign {
                throw fail(
                    .chainedAssignment, "a statement assigns once", help: ["write two statements"])
            }
            return .assign(targets, value)
        }
        if let operation = kind.augmentedOperator {
            let span = token.span
            guard isPlace(left) else {
                throw fail(
                    .invalidTarget,
                    "`\(text(token))` changes a variable, an attribute or an element, not \(noun(left))",
                    left.span)
            }
            advance()
            return .augment(left, operation, operatorSpan: span, try expression())
        }
        return .expression(left)
    }

    /// One expression, or several separated by commas as a list without brackets.
    mutating func expressions() throws(SyntaxFailure) -> Expression {
        let first = try expression()
        guard kind == .comma else { return first }
        var elements = [first]
        var height = chainHeight
        while kind == .comma {
            let comma = token
            advance()
            guard kind.beginsExpression || kind == .endOfText || isForeignOperand else {
                throw fail(
                    .expectedExpression, "expected an expression behind `,`, found \(found)", comma.span,
                    help: elements.count == 1 ? ["a list of one element is written `[\(shown(first.span))]`"] : [])
            }
            elements.append(try expression())
            height = max(height, chainHeight)
        }
        chainHeight = height
        return Expression(.list(elements), SourceSpan(first.span.lower, lastEnd))
    }

    private func isPlace(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .name, .attribute, .index, .missing: true
        default: false
        }
    }

    /// Whether a list expression is written with brackets.
    func isBracketed(_ list: [Expression], _ span: SourceSpan) -> Bool {
        guard let first = list.first else { return true }
        return span.lower < first.span.lower
    }

    private mutating func targets(of left: Expression) throws(SyntaxFailure) -> [Target] {
        if case .list(let elements) = left.kind, !isBracketed(elements, left.span) {
            var targets: [Target] = []
            for element in elements { targets.append(try target(element)) }
            return targets
        }
        return [try target(left)]
    }

    private mutating func target(_ expression: Expression) throws(SyntaxFailure) -> Target {
        if isPlace(expression) { return .place(expression) }
        if case .list(let elements) = expression.kind, !elements.isEmpty {
            var targets: [Target] = []
            for element in elements { targets.append(try target(element)) }
            return .list(targets, expression.span)
        }
        var help: [String] = []
        switch expression.kind {
        case .comparison, .chain, .call, .and, .or: help = ["to compare, write `==`"]
        case .parenthesized(let inner) where isPlace(inner): help = ["leave the parentheses out"]
        default: break
        }
        throw fail(.invalidTarget, "cannot assign to \(noun(expression))", expression.span, help: help)
    }

    /// What an expression is, with its article.
    func noun(_ expression: Expression) -> String {
        switch expression.kind {
        case .none: "`none`"
        case .bool(let value): "`\(value)`"
        case .integer, .float: "a number"
        case .string, .formatted: "a string"
        case .list(let elements): elements.isEmpty ? "an empty list" : "a list"
        case .dict: "a dict"
        case .listComprehension, .dictComprehension: "a comprehension"
        case .parenthesized: "an expression in parentheses"
        case .call: "a call"
        case .lambda: "a function"
        case .choice: "an `if`"
        case .comparison: "a comparison"
        default: "an operation"
        }
    }

    /// The text of a place, cut when long.
    func shown(_ span: SourceSpan) -> String {
        let text = source.text(in: SourceSpan(span.lower, min(span.upper, span.lower + 60)))
        let line = text.split(separator: "\n", maxSplits: 1).first.map { String($0) } ?? ""
        return line.utf8.count < span.upper - span.lower ? line + "…" : line
    }

    // MARK: - Loops and jumps

    private mutating func loop() throws(SyntaxFailure) -> Statement.Kind {
        advance()
        let pattern = try patterns(closer: .in)
        guard take(.in) else {
            throw fail(
                .expectedToken, "expected `in` behind the variable of `for`, found \(found)",
                help: ["for x in xs { … }"])
        }
        let values = try expression()
        if kind == .comma {
            throw fail(.expectedBlock, "`for` takes one value to loop over", help: ["put a list in brackets: `[a, b]`"])
        }
        return .forEach(pattern, values, try loopBody())
    }

    private mutating func loopBody() throws(SyntaxFailure) -> Block {
        let outer = context
        context.isLoop = true
        let body = try block()
        context = outer
        return body
    }

    private mutating func loopControl() -> Statement.Kind {
        let word = text(token)
        if !context.isLoop {
            report(
                .loopControlOutsideLoop, "`\(word)` outside a loop", token.span,
                help: context.isFunction ? ["a function is left by `return`"] : [])
        }
        let isBreak = token.kind == .break
        advance()
        return isBreak ? .breakLoop : .continueLoop
    }

    private mutating func returnStatement() throws(SyntaxFailure) -> Statement.Kind {
        if !context.isFunction {
            report(
                .returnOutsideFunction, "`return` outside a function", token.span,
                help: ["the value of the last expression is shown without it"])
        }
        advance()
        switch kind {
        case .lineEnd, .endOfText, .semicolon, .rightBrace: return .returnValue(nil)
        default: return .returnValue(try expressions())
        }
    }

    /// The condition of `if` and `while`; an `=` in it is a comparison that lacks its second sign.
    mutating func condition() throws(SyntaxFailure) -> Expression {
        let condition = try expression()
        if kind == .assign {
            report(
                .assignmentInExpression, "`=` assigns; a condition compares with `==`", token.span,
                help: ["write `==`"])
            advance()
            _ = try expression()
        }
        return condition
    }

    // MARK: - Patterns

    /// The names that `for` binds.
    mutating func patterns(closer: Token.Kind) throws(SyntaxFailure) -> Pattern {
        let start = token.span.lower
        var items: [Pattern] = []
        repeat {
            if !items.isEmpty, kind == closer { break }
            items.append(try patternItem())
        } while take(.comma)
        if items.count == 1 { return items[0] }
        return .list(items, SourceSpan(start, lastEnd))
    }

    private mutating func patternItem() throws(SyntaxFailure) -> Pattern {
        switch kind {
        case .name:
            let name = Name(name(token), token.span)
            advance()
            return .name(name)
        case .leftBracket:
            let start = token.span.lower
            let state = try open(isBlock: false)
            var items: [Pattern] = []
            repeat {
                if !items.isEmpty, kind == .rightBracket { break }
                items.append(try patternItem())
            } while take(.comma)
            guard kind == .rightBracket else { throw failSeparator(state.opener, closer: "]") }
            close(state)
            return .list(items, SourceSpan(start, lastEnd))
        case .leftParenthesis:
            throw fail(
                .tuple, "a pattern in parentheses", help: ["write `for a, b in …`, or `[a, b]` inside another pattern"])
        default:
            throw fail(.expectedName, "expected a name to bind, found \(found)")
        }
    }

    // MARK: - Blocks

    /// Statements in braces.
    mutating func block(after word: String = "") throws(SyntaxFailure) -> Block {
        guard kind == .leftBrace else { throw failBlock() }
        let start = token.span.lower
        let state = try open(isBlock: true)
        let outer = context
        context.isTopLevel = false
        let statements = statements(isBlock: true)
        context = outer
        guard token.kind == .rightBrace, token.payload == state.opener else { throw failUnclosed(state.opener) }
        close(state)
        return Block(statements, SourceSpan(start, lastEnd))
    }

    // MARK: - Declarations

    /// The part of `fn` and `module` behind the keyword.
    mutating func declaration(isModule: Bool) throws(SyntaxFailure) -> FunctionDeclaration {
        let word = isModule ? "module" : "fn"
        guard kind == .name else {
            if kind == .leftParenthesis {
                throw fail(
                    .expectedName, "expected a name behind `\(word)`",
                    help: ["a function without a name is written `(x) => { … }`"])
            }
            throw fail(.expectedName, "expected a name behind `\(word)`, found \(found)")
        }
        let name = Name(name(token), token.span)
        advance()
        guard kind == .leftParenthesis else {
            throw fail(
                .expectedToken, "expected `(` behind the name `\(name.text)`, found \(found)",
                help: ["without parameters it is `\(word) \(name.text)() { … }`"])
        }
        let parameters = try parameterList()
        if kind == .arrow {
            report(.typeAnnotation, "functions have no declared result type", token.span, help: ["leave it out"])
            advance()
            _ = try expression()
        }
        let outer = context
        context = Context(isTopLevel: false, isFunction: !isModule, isLoop: false)
        var body = try block()
        context = outer
        var documentation: String?
        if body.statements.count > 1, case .expression(let first) = body.statements[0].kind,
            case .string(let text) = first.kind
        {
            documentation = text
            body.statements.removeFirst()
        }
        return FunctionDeclaration(name: name, parameters: parameters, documentation: documentation, body: body)
    }

    /// `(a, b=1, *rest, **options)`.
    mutating func parameterList() throws(SyntaxFailure) -> [ParameterSyntax] {
        let state = try open(isBlock: false)
        let outer = context
        context = Context(isTopLevel: false, isFunction: false, isLoop: false)
        var parameters: [ParameterSyntax] = []
        var names: [String: SourceSpan] = [:]
        while kind != .rightParenthesis {
            let stars = kind
            if stars == .star || stars == .doubleStar { advance() }
            guard kind == .name else {
                if kind == .endOfText { throw failUnclosed(state.opener) }
                throw fail(.expectedName, "expected the name of a parameter, found \(found)")
            }
            let name = Name(name(token), token.span)
            advance()
            if let first = names.updateValue(name.span, forKey: name.text) {
                report(
                    .doubledParameter, "two parameters are called `\(name.text)`", name.span,
                    related: [(first, "first here")])
            }
            if kind == .colon {
                report(.typeAnnotation, "parameters have no declared types", token.span, help: ["leave the type out"])
                advance()
                _ = try expression()
            }
            let parameter: ParameterSyntax
            switch stars {
            case .star: parameter = ParameterSyntax(name, .rest)
            case .doubleStar: parameter = ParameterSyntax(name, .options)
            default:
                let value = take(.assign) ? try expression() : nil
                parameter = ParameterSyntax(name, .single(defaultValue: value))
            }
            checkOrder(of: parameter, behind: parameters)
            parameters.append(parameter)
            guard kind == .rightParenthesis || take(.comma) else { throw failSeparator(state.opener, closer: ")") }
        }
        context = outer
        close(state)
        return parameters
    }

    private mutating func checkOrder(of parameter: ParameterSyntax, behind others: [ParameterSyntax]) {
        func complain(_ message: String) { report(.parameterOrder, message, parameter.name.span) }
        let hasRest = others.contains { $0.kind == .rest }
        if let last = others.last, last.kind == .options {
            complain("`**\(last.name.text)` is the last parameter")
        } else if hasRest, parameter.kind == .rest {
            complain("a second `*` parameter")
        } else if !hasRest, case .single(defaultValue: nil) = parameter.kind, let last = others.last,
            case .single(.some) = last.kind
        {
            complain("`\(parameter.name.text)` has no default but stands behind `\(last.name.text)`, which has one")
        }
    }

    /// `param`, `import` and `module` mean something only in front of a name or string; else they are names.
    mutating func contextualStatement() throws(SyntaxFailure) -> Statement.Kind {
        let next = nextKind
        switch text(token) {
        case "module" where next == .name:
            advance()
            return .module(try declaration(isModule: true))
        case "param" where next == .name: return try paramStatement()
        case "import" where next == .string: return try importStatement()
        default:
            if let kind = try foreignStatement(next: next) { return kind }
            return try simpleStatement()
        }
    }

    private mutating func paramStatement() throws(SyntaxFailure) -> Statement.Kind {
        checkTopLevel("param")
        advance()
        let name = Name(name(token), token.span)
        advance()
        if let first = parameters[name.text] {
            report(
                .doubledParam, "`param \(name.text)` is declared twice", name.span, related: [(first, "first here")])
        }
        parameters[name.text] = name.span
        guard take(.assign) else {
            throw fail(
                .expectedToken, "`param \(name.text)` has no value", help: ["param \(name.text) = 4"])
        }
        return .parameter(name, try expression())
    }

    private mutating func importStatement() throws(SyntaxFailure) -> Statement.Kind {
        checkTopLevel("import")
        advance()
        let path = stream.strings[token.payload]
        let pathSpan = token.span
        advance()
        guard kind == .name, text(token) == "as" else {
            throw fail(
                .expectedToken, "expected `as` and a name behind the path, found \(found)",
                help: ["import \(shown(pathSpan)) as nets"])
        }
        advance()
        guard kind == .name else {
            throw fail(.expectedName, "expected a name behind `as`, found \(found)")
        }
        let name = Name(name(token), token.span)
        advance()
        return .importFile(path: path, pathSpan: pathSpan, name: name)
    }

    private mutating func checkTopLevel(_ word: String) {
        guard !context.isTopLevel else { return }
        report(
            .notAtTopLevel, "`\(word)` stands at top level only", token.span,
            help: ["move it out of the block"])
    }
}
