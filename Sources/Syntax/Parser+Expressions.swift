import Diagnostics

extension Parser {
    /// An expression of any kind.
    mutating func expression() throws(SyntaxFailure) -> Expression {
        chainHeight = 0
        switch kind {
        case .if, .try, .noGradient:
            let result = try choice()
            if isOperator(kind) {
                throw fail(
                    .needsParentheses, "an expression that ends in a block goes on only in parentheses",
                    help: [
                        "write `(\(shown(SourceSpan(result.span.lower, result.span.lower + 3)))… }) \(text(token)) …`"
                    ])
            }
            return result
        case .name where nextKind == .doubleArrow: return try lambda()
        case .leftParenthesis where isLambda: return try lambda()
        case .name where isPythonLambda:
            throw fail(
                .foreignDefinition, "a function without a name is written with `=>`",
                help: ["x => x + 1, or (x, y) => x + y"])
        default: return try pipe()
        }
    }

    /// Whether the parenthesis at hand holds the parameters of a lambda.
    private var isLambda: Bool {
        let partner = token.payload
        return partner > index && kind(at: partner + 1) == .doubleArrow
    }

    private var isPythonLambda: Bool {
        guard text(token) == "lambda" else { return false }
        return nextKind == .name || nextKind == .colon || nextKind == .star
    }

    private func isOperator(_ kind: Token.Kind) -> Bool {
        BinaryLevel(kind) != nil || kind == .pipe || kind == .arrow || kind == .dot || kind == .doubleStar
    }

    // MARK: - Lambdas

    private mutating func lambda() throws(SyntaxFailure) -> Expression {
        let start = token.span.lower
        guard lambdaNesting < Self.deepestNesting else {
            throw fail(.nestingTooDeep, "functions nest more than \(Self.deepestNesting) deep")
        }
        lambdaNesting += 1
        let parameters: [ParameterSyntax]
        if kind == .name {
            parameters = [ParameterSyntax(Name(name(token), token.span), .single(defaultValue: nil))]
            advance()
        } else {
            parameters = try parameterList()
        }
        advance()
        let outer = context
        context = Context(isTopLevel: false, isFunction: true, isLoop: false)
        let body: Lambda.Body
        if kind == .leftBrace {
            body = .block(try block())
            chainHeight = 0
        } else {
            // The expression is no place for statements, but a block inside it belongs to this function.
            body = .expression(try expression())
        }
        context = outer
        lambdaNesting -= 1
        return Expression(.lambda(Lambda(parameters: parameters, body: body)), SourceSpan(start, lastEnd))
    }

    // MARK: - Expressions that end in blocks

    private mutating func choice() throws(SyntaxFailure) -> Expression {
        let start = token.span.lower
        let result: Expression.Kind
        switch kind {
        case .noGradient:
            advance()
            if kind == .leftParenthesis, nextKind == .rightParenthesis {
                report(.pythonStatement, "`no_grad` takes no parentheses", token.span, help: ["no_grad { … }"])
                advance()
                advance()
            }
            result = .noGradient(try block())
        case .try: result = .attempt(try attempt())
        default: result = .choice(try branches())
        }
        chainHeight = 0
        return Expression(result, SourceSpan(start, lastEnd))
    }

    private mutating func branches() throws(SyntaxFailure) -> Choice {
        advance()
        var branches: [Choice.Branch] = []
        let condition = try condition()
        branches.append(Choice.Branch(condition: condition, block: try block()))
        while true {
            if kind == .name, ["elif", "elsif", "elseif"].contains(text(token)) {
                report(
                    .elseIf, "`\(text(token))` is written `else if`", token.span, help: ["write `else if`"])
            } else if take(.else) {
                guard kind == .if else {
                    return Choice(branches: branches, otherwise: try block())
                }
            } else {
                return Choice(branches: branches, otherwise: nil)
            }
            advance()
            let condition = try self.condition()
            branches.append(Choice.Branch(condition: condition, block: try block()))
        }
    }

    private mutating func attempt() throws(SyntaxFailure) -> Attempt {
        advance()
        let body = try block()
        if kind == .name, text(token) == "except" {
            report(.misplacedBranch, "`except` is written `catch`", token.span, help: ["} catch e { … }"])
        } else if kind != .catch {
            // One in the next line is reported where it stands.
            if token.kind == .catch { throw SyntaxFailure() }
            throw fail(
                .tryWithoutCatch, "`try` needs a `catch` on the line of its `}`, found \(found)",
                help: ["try { … } catch e { … }"])
        }
        advance()
        guard kind == .name else {
            throw fail(
                .expectedName, "expected a name for the error behind `catch`, found \(found)",
                help: ["catch e { … }"])
        }
        let error = Name(name(token), token.span)
        advance()
        return Attempt(body: body, error: error, handler: try block())
    }

    /// `else` or `catch` where no `if` or `try` has just ended; what follows is read so that it adds no errors.
    mutating func misplacedBranch() throws(SyntaxFailure) -> Statement.Kind {
        let word = text(token)
        let opener = word == "else" ? "if" : "try"
        let isBehindBlock = index > 0 && tokens[index - 1].kind == .rightBrace
        let span = token.span
        report(
            .misplacedBranch,
            isBehindBlock
                ? "`\(word)` stands on a line of its own" : "`\(word)` without the `\(opener)` it belongs to", span,
            help: [isBehindBlock ? "put it behind the brace: `} \(word)\(word == "else" ? "" : " e") {`" : "remove it"])
        advance()
        if kind == .colon { throw failBlock() }
        if word == "catch", kind == .name { advance() }
        if kind == .if {
            _ = try expression()
        } else {
            _ = try block()
        }
        return .missing
    }

    // MARK: - Pipes, pairs and binary operators

    mutating func pipe() throws(SyntaxFailure) -> Expression {
        let first = try pair()
        guard kind == .pipe else { return first }
        var stages: [Expression] = []
        var height = chainHeight
        while take(.pipe) {
            stages.append(try pair())
            height = max(height, chainHeight)
            if kind == .doubleArrow {
                throw fail(
                    .needsParentheses, "a function behind `|>` stands in parentheses", help: ["x |> (y => y + 1)"])
            }
        }
        chainHeight = height
        return Expression(.pipe(first, stages), SourceSpan(first.span.lower, lastEnd))
    }

    private mutating func pair() throws(SyntaxFailure) -> Expression {
        let left = try binary(.or)
        guard kind == .arrow else { return left }
        let height = chainHeight
        advance()
        let right = try binary(.or)
        chainHeight = max(height, chainHeight)
        if kind == .arrow {
            throw fail(.chainedPair, "`->` makes a pair of two and does not chain", help: ["put a pair in parentheses"])
        }
        return Expression(.pair(left, right), SourceSpan(left.span.lower, lastEnd))
    }

    /// The operators from `or` down to `* / // % @`; those of one level are one flat node.
    mutating func binary(_ lowest: BinaryLevel) throws(SyntaxFailure) -> Expression {
        var left = try prefix(lowest)
        var height = chainHeight
        while true {
            takeForeignOperator()
            guard let level = BinaryLevel(kind), level.rawValue >= lowest.rawValue else { break }
            left = try chain(left, level)
            height = max(height, chainHeight)
        }
        chainHeight = height
        return left
    }

    /// The operators of one level behind their first operand.
    private mutating func chain(_ first: Expression, _ level: BinaryLevel) throws(SyntaxFailure) -> Expression {
        var height = 0
        var operands = [first]
        var links: [Link] = []
        var comparisons: [ComparisonLink] = []
        while true {
            takeForeignOperator()
            guard BinaryLevel(kind) == level else { break }
            let sign = token
            advance()
            if let failure = failIncrement(sign) { throw failure }
            let operand = try binary(level.tighter)
            height = max(height, chainHeight)
            switch level {
            case .or, .and: operands.append(operand)
            case .comparison:
                comparisons.append(ComparisonLink(Self.comparison(sign.kind), sign.span, operand))
                if sign.kind == .tripleEqual || sign.kind == .notTripleEqual {
                    let right = sign.kind == .tripleEqual ? "==" : "!="
                    report(
                        .foreignOperator, "`\(text(sign))` is written `\(right)`", sign.span,
                        help: ["write `\(right)`"])
                }
            default: links.append(Link(Self.operation(sign.kind), sign.span, operand))
            }
        }
        chainHeight = height
        let span = SourceSpan(first.span.lower, lastEnd)
        switch level {
        case .or: return Expression(.or(operands), span)
        case .and: return Expression(.and(operands), span)
        case .comparison: return Expression(.comparison(first, comparisons), span)
        default: return Expression(.chain(first, links), span)
        }
    }

    /// `not`, or an operand of the tighter operators.
    private mutating func prefix(_ lowest: BinaryLevel) throws(SyntaxFailure) -> Expression {
        let isForeign = kind == .exclamation
        guard kind == .not || isForeign else { return try unary() }
        if isForeign {
            report(.foreignOperator, "`!` is written `not`", token.span, help: ["write `not`"])
        } else if lowest.rawValue > BinaryLevel.notOperand.rawValue {
            throw fail(
                .needsParentheses, "`not` binds looser than the operator before it", help: ["write `(not …)`"])
        }
        let start = token.span.lower
        try enter()
        advance()
        let operand = isForeign ? try unary() : try binary(.notOperand)
        nesting -= 1
        return Expression(.not(operand), SourceSpan(start, lastEnd))
    }

    private mutating func unary() throws(SyntaxFailure) -> Expression {
        let sign = token
        switch kind {
        case .minus where nextKind == .integerLimit && kind(at: index + 2) != .doubleStar:
            advance()
            advance()
            return Expression(.integer(Int.min), SourceSpan(sign.span.lower, lastEnd))
        case .minus, .tilde:
            try enter()
            advance()
            if let failure = failIncrement(sign) { throw failure }
            let operand = try unary()
            nesting -= 1
            let operation: UnaryOperator = sign.kind == .minus ? .negative : .complement
            return Expression(
                .unary(operation, operatorSpan: sign.span, operand), SourceSpan(sign.span.lower, lastEnd))
        case .plus:
            advance()
            if let failure = failIncrement(sign) { throw failure }
            index -= 1
            throw fail(.expectedExpression, "there is no `+` in front of a value", help: ["leave it out"])
        default:
            return try power()
        }
    }

    private mutating func power() throws(SyntaxFailure) -> Expression {
        let base = try postfix()
        guard kind == .doubleStar else { return base }
        var operands = [base]
        var height = chainHeight
        while take(.doubleStar) {
            if kind == .not {
                throw fail(.needsParentheses, "`not` binds looser than `**`", help: ["write `(not …)`"])
            }
            let isSigned = kind == .minus || kind == .tilde || kind == .plus
            operands.append(isSigned ? try unary() : try postfix())
            height = max(height, chainHeight)
            // The sign's operand has taken the rest of the chain.
            if isSigned { break }
        }
        chainHeight = height
        return Expression(.power(operands), SourceSpan(base.span.lower, lastEnd))
    }

    private static func operation(_ kind: Token.Kind) -> BinaryOperator {
        switch kind {
        case .plus: .add
        case .minus: .subtract
        case .star: .multiply
        case .slash: .divide
        case .doubleSlash: .floorDivide
        case .percent: .remainder
        case .at: .matmul
        case .ampersand: .bitAnd
        default: .bitOr
        }
    }

    private static func comparison(_ kind: Token.Kind) -> ComparisonOperator {
        switch kind {
        case .notEqual, .notTripleEqual: .unequal
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .in: .in
        default: .equal
        }
    }
}

/// How tightly a binary operator binds.
enum BinaryLevel: Int {
    case or, and, notOperand, comparison, union, meet, sum, product, operand

    init?(_ kind: Token.Kind) {
        switch kind {
        case .or, .doubleBar: self = .or
        case .and, .doubleAmpersand: self = .and
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .in, .tripleEqual, .notTripleEqual:
            self = .comparison
        case .bar: self = .union
        case .ampersand: self = .meet
        case .plus, .minus: self = .sum
        case .star, .slash, .doubleSlash, .percent, .at: self = .product
        default: return nil
        }
    }

    /// The level of an operand.
    var tighter: BinaryLevel { BinaryLevel(rawValue: rawValue + 1) ?? .operand }
}
