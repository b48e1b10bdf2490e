import Diagnostics

extension Parser {
    /// Whether the token at hand begins a value in another language, so that its own message is the better one.
    var isForeignOperand: Bool { kind == .exclamation || kind == .plus || kind == .star }

    // MARK: - Operators

    /// Reads `&&`, `||`, `is`, `is not` and `not in` as what they mean, after a report.
    mutating func takeForeignOperator() {
        switch kind {
        case .doubleAmpersand:
            report(.foreignOperator, "`&&` is written `and`", token.span, help: ["write `and`"])
        case .doubleBar:
            report(.foreignOperator, "`||` is written `or`", token.span, help: ["write `or`"])
        default: break
        }
    }

    /// `x++` and `x--`, which would otherwise wait for an operand in the next line.
    mutating func failIncrement(_ sign: Token) -> SyntaxFailure? {
        guard sign.kind == .plus || sign.kind == .minus, token.kind == sign.kind,
            token.span.lower == sign.span.upper
        else { return nil }
        let next = tokens[min(index + 1, tokens.count - 1)]
        let isLast = next.isFirstOfLine || next.kind == .endOfText || next.kind == .semicolon || next.kind.closes
        guard sign.kind == .plus || isLast else { return nil }
        let word = text(sign)
        report(
            .increment, "there is no `\(word)\(word)`", SourceSpan(sign.span.lower, token.span.upper),
            help: ["write `x \(word)= 1`"])
        advance()
        return SyntaxFailure()
    }

    // MARK: - What cannot stand here

    mutating func failExpression() -> SyntaxFailure {
        switch kind {
        case .ellipsis:
            return fail(.invalidSubscript, "`...` stands between the brackets of an index only")
        case .star where isBehindSeparator, .doubleStar where isBehindSeparator:
            return fail(.misplacedSpread, "`\(text(token))` spreads arguments in a call only")
        case .else, .catch:
            return fail(.misplacedBranch, "`\(text(token))` without what it belongs to")
        case .rightParenthesis, .rightBracket, .rightBrace:
            if token.payload < 0 {
                return fail(.unmatchedBracket, "\(found) closes nothing", related: openerLabel)
            }
            if let last = openers.last, tokens[last].payload < 0 { return failUnclosed(last) }
        case .endOfText:
            if let last = openers.last, index > 0, !tokens[index - 1].kind.continuesLine || linesEnd == false {
                return failUnclosed(last)
            }
        default: break
        }
        let isKeyword = token.kind.isKeyword && kind != .lineEnd
        let before = index > 0 && tokens[index - 1].span.upper <= token.span.lower ? text(tokens[index - 1]) : ""
        let place = index > 0 && tokens[index - 1].kind.continuesLine ? " behind `\(before)`" : ""
        return fail(
            .expectedExpression, "expected an expression\(place), found \(found)",
            help: isKeyword ? ["`\(text(token))` is a keyword and no name"] : [])
    }

    /// Whether a value would begin a list item or the right of an assignment here.
    private var isBehindSeparator: Bool {
        guard index > 0 else { return true }
        let last = tokens[index - 1].kind
        return last == .comma || last == .assign || last.opens
    }

    private var openerLabel: [(SourceSpan, String)] {
        guard let last = openers.last else { return [] }
        return [(tokens[last].span, "`\(text(tokens[last]))` opened here")]
    }

    /// Something stands in brackets where a comma or the closing bracket belongs.
    mutating func failSeparator(_ opener: Int, closer: String, wanted: String? = nil) -> SyntaxFailure {
        if let failure = failHabit() { return failure }
        let isUnclosed = tokens[opener].payload < 0
        if token.kind == .endOfText || (isUnclosed && (token.isFirstOfLine || token.payload >= 0 && token.kind.closes))
        {
            return failUnclosed(opener)
        }
        let label = [(tokens[opener].span, "`\(text(tokens[opener]))` opened here")]
        if token.kind.closes, token.payload < 0 {
            return fail(
                .unmatchedBracket, "\(found) does not close `\(text(tokens[opener]))`", related: label,
                help: ["write `\(closer)`"])
        }
        return fail(
            .expectedSeparator, "expected \(wanted ?? "`,`") or `\(closer)`, found \(found)", related: label)
    }

    /// Something stands behind a finished statement on the same line.
    mutating func failEndOfStatement(_ statement: Statement) -> SyntaxFailure {
        if let failure = failHabit() { return failure }
        if token.kind.closes {
            if token.payload >= 0, let last = openers.last { return failUnclosed(last) }
            return fail(.unmatchedBracket, "\(found) closes nothing", help: ["remove it"])
        }
        if case .expression(let expression) = statement.kind, case .name(let word) = expression.kind {
            if let near = Nearest.match(word, in: Keywords.reserved + ["module", "param", "import"]),
                near.utf8.count > 2 || (near == "fn" && token.kind == .name)
            {
                return fail(
                    .expectedEndOfStatement, "expected the end of the statement, found \(found)",
                    related: [(expression.span, "no keyword")], help: ["did you mean `\(near)`?"])
            }
            if token.kind == .string || token.kind == .formattedStart, expression.span.upper == token.span.lower {
                return fail(
                    .expectedEndOfStatement, "`\(word)` is no prefix of a string", expression.span,
                    help: ["the prefixes are `r` (raw) and `f` (with fields)"])
            }
        }
        let help: String
        switch kind {
        case .leftBrace: help = "a block stands behind `if`, `for`, `while`, `fn`, `=>` and their like only"
        case .name, .integer, .float, .string: help = "a second statement stands on its own line or behind `;`"
        default: help = "a statement ends with its line or `;`"
        }
        return fail(.expectedEndOfStatement, "expected the end of the statement, found \(found)", help: [help])
    }

    /// Forms of other languages that show behind a complete expression.
    mutating func failHabit() -> SyntaxFailure? {
        switch kind {
        case .if: return failConditional()
        case .not where nextKind == .in:
            return fail(
                .pythonComparison, "`x not in xs` is written `not x in xs`",
                SourceSpan(token.span.lower, tokens[index + 1].span.upper), help: ["write `not x in xs`"])
        case .name where text(token) == "is":
            let isNegated = nextKind == .not
            let sign = isNegated ? "!=" : "=="
            return fail(
                .pythonComparison, "`\(isNegated ? "is not" : "is")` is written `\(sign)`", help: ["write `\(sign)`"])
        case .string, .formattedStart:
            guard index > 0, tokens[index - 1].kind == .string || tokens[index - 1].kind == .formattedEnd else {
                return nil
            }
            return fail(.adjacentStrings, "two strings side by side", help: ["join them with `+`"])
        case .question:
            return fail(
                .foreignOperator, "`? :` is written `if c { a } else { b }`", help: ["x = if c { a } else { b }"])
        case .colonAssign: return fail(.foreignOperator, "`:=` is not an operator", help: ["assign in a statement"])
        case .assign:
            return fail(
                .assignmentInExpression, "`=` is no operator inside an expression",
                help: ["assign in a statement of its own, or compare with `==`"])
        case .doubleArrow:
            return fail(
                .expectedEndOfStatement, "in front of `=>` stand the parameters of a function",
                help: ["x => …, or (x, y) => …; as an operand the function stands in parentheses"])
        case .colon where index > 0 && tokens[index - 1].kind == .name && openers.isEmpty:
            return fail(.typeAnnotation, "variables have no declared types", help: ["leave the type out"])
        case .colon where openers.isEmpty: return failBlock()
        case .comma where index > 0 && !openers.isEmpty && tokens[openers[openers.count - 1]].kind == .fieldStart:
            return fail(.tuple, "a field shows one value", help: ["put several in a list: `{[a, b]}`"])
        default: return nil
        }
    }

    /// `a if c else b`.
    private mutating func failConditional() -> SyntaxFailure {
        let start = token
        var place = index + 1
        var depth = 0
        var otherwise: Int?
        while place < tokens.count, place < index + 200 {
            let token = tokens[place]
            if token.kind == .endOfText || (token.startsLine && linesEnd) || (depth == 0 && token.kind.closes) { break }
            if token.kind.opens { depth += 1 }
            if token.kind.closes { depth -= 1 }
            if depth == 0, token.kind == .else { otherwise = place }
            if depth == 0, otherwise != nil, token.kind == .for || token.kind == .comma || token.kind == .semicolon {
                break
            }
            place += 1
        }
        var help = "if c { a } else { b }"
        if let otherwise, otherwise > index + 1, place > otherwise + 1, let value = operandBefore(index) {
            let condition = shown(SourceSpan(tokens[index + 1].span.lower, tokens[otherwise - 1].span.upper))
            let other = shown(SourceSpan(tokens[otherwise + 1].span.lower, tokens[place - 1].span.upper))
            help = "if \(condition) { \(value) } else { \(other) }"
        }
        return fail(
            .conditionalExpression, "the condition comes first: `if c { a } else { b }`", start.span,
            help: ["write `\(help)`"])
    }

    /// The value that ends in front of a token, as written, when it is short enough to show.
    private func operandBefore(_ place: Int) -> String? {
        var first = place - 1
        while first >= 0 {
            let token = tokens[first]
            if token.kind.closes, token.payload >= 0 {
                first = token.payload - 1
                continue
            }
            if token.kind.opens || token.kind == .assign || token.kind == .comma || token.kind == .return
                || token.kind == .doubleArrow || token.kind == .colon || token.kind == .semicolon
            {
                first += 1
                break
            }
            if token.startsLine { break }
            first -= 1
        }
        first = max(0, first)
        guard first < place else { return nil }
        return shown(SourceSpan(tokens[first].span.lower, tokens[place - 1].span.upper))
    }

    // MARK: - Blocks by indentation

    /// A block was expected.
    mutating func failBlock() -> SyntaxFailure {
        if kind == .colon {
            report(
                .colonBlock, "a block stands in braces, not behind `:`", token.span, help: ["write `{` … `}`"])
            skipIndentedBlock()
            return SyntaxFailure()
        }
        if kind == .assign {
            return fail(
                .assignmentInExpression, "`=` assigns; a condition compares with `==`", help: ["write `==`"])
        }
        if let failure = failHabit() { return failure }
        let next = tokens[index]
        if kind == .lineEnd, next.kind == .leftBrace {
            // The block is read so that what is wrong inside shows too, and its brace closes something.
            let failure = fail(
                .expectedBlock, "the `{` of a block stands on the line of its header", next.span,
                help: ["move it to the end of the line before"])
            acceptedLine = index
            _ = try? block()
            return failure
        }
        return fail(.expectedBlock, "expected `{` and a block, found \(found)")
    }

    /// Skips what is indented deeper than the line at hand, with the `else:` and its like behind it.
    mutating func skipIndentedBlock() {
        let header = indentation(at: token.span.lower)
        advance()
        let enclosing = openers.last ?? -1
        while token.kind != .endOfText {
            if token.kind.closes, token.payload >= 0, token.payload <= enclosing { return }
            if token.isFirstOfLine, token.startsLine {
                let own = indentation(at: token.span.lower)
                let word = text(token)
                let goesOn = own == header && ["else", "elif", "except", "finally"].contains(word)
                if own <= header, !goesOn { return }
            }
            advance()
        }
    }

    // MARK: - Statements of other languages

    /// A sign that begins no statement.
    mutating func foreignStatementSign() -> SyntaxFailure? {
        switch kind {
        case .doubleSlash:
            return fail(.foreignComment, "comments begin with `#`", help: ["write `#`"])
        case .slash where nextKind == .star || nextKind == .doubleStar:
            return fail(.foreignComment, "comments begin with `#`", help: ["write `#` in front of each line"])
        case .at:
            return fail(.pythonStatement, "there are no decorators", help: ["call the function: `f = decorate(f)`"])
        case .percent,
            .exclamation where nextKind == .name && context.isTopLevel && token.kind == .percent:
            return fail(
                .pythonStatement, "there are no `%` commands", help: ["the REPL's commands begin with `:`, see `:help`"]
            )
        case .star, .doubleStar:
            return fail(.misplacedSpread, "`\(text(token))` spreads arguments in a call only")
        default: return nil
        }
    }

    /// A statement that begins with a word of another language; none when the word is an ordinary name.
    mutating func foreignStatement(next: Token.Kind) throws(SyntaxFailure) -> Statement.Kind? {
        let word = text(token)
        guard word.utf8.count <= 10 else { return nil }
        let span = token.span
        let isFollowed = Self.beginsOperand(next)
        switch word {
        case "pass" where next == .lineEnd || next == .endOfText || next == .semicolon || next == .rightBrace:
            report(.pythonStatement, "there is no `pass`", span, help: ["an empty block is written `{ }`"])
            advance()
            return .missing
        case "def" where next == .name, "function" where next == .name, "func" where next == .name,
            "fun" where next == .name:
            report(
                .foreignDefinition, "functions are defined with `fn`", span,
                help: ["fn \(text(tokens[index + 1]))(…) { … }"])
            advance()
            return try foreignFunction()
        case "class" where next == .name, "struct" where next == .name:
            report(
                .foreignDefinition, "a network is defined with `module`", span,
                help: ["module \(text(tokens[index + 1]))(…) { … fn forward(x) { … } }"])
            throw skipForeignStatement()
        case "elif", "elsif", "elseif":
            guard isFollowed else { return nil }
            report(.elseIf, "`\(word)` is written `else if`", span, help: ["put it behind the brace: `} else if … {`"])
            throw skipForeignStatement()
        case "from" where next == .name:
            report(.pythonImport, "`from` is not a statement", span, help: Self.importHelp)
            throw skipForeignStatement()
        case "import" where next == .name:
            report(.pythonImport, "`import` takes the path of a Dist file", span, help: Self.importHelp)
            throw skipForeignStatement()
        case "print" where isFollowed:
            report(.printStatement, "`print` is called with parentheses", span, help: ["print(…)"])
            advance()
            return .expression(try expressions())
        case "with" where isFollowed:
            let isNoGrad = source.text(in: SourceSpan(span.lower, min(span.lower + 40, source.utf8.count))).contains(
                "no_grad")
            report(
                .pythonStatement, "there is no `with`", span,
                help: [isNoGrad ? "no_grad { … }" : "files are closed by themselves"])
            throw skipForeignStatement()
        case "del" where isFollowed, "global" where isFollowed, "nonlocal" where isFollowed, "yield" where isFollowed,
            "async" where isFollowed, "await" where isFollowed:
            let helps = [
                "del": "values are freed when nothing refers to them",
                "global": "functions read outer variables but cannot rebind them: return the new value",
                "nonlocal": "functions read outer variables but cannot rebind them: return the new value",
                "yield": "collect the values in a list", "async": "everything runs in order",
                "await": "everything runs in order",
            ]
            report(.pythonStatement, "there is no `\(word)`", span, help: helps[word].map { [$0] } ?? [])
            throw skipForeignStatement()
        case "let" where next == .name, "var" where next == .name, "const" where next == .name:
            report(
                .foreignDeclaration, "variables are not declared", span,
                help: ["\(text(tokens[index + 1])) = …"])
            advance()
            return try simpleStatement()
        case "throw" where isFollowed:
            report(.foreignDeclaration, "`throw` is written `raise`", span, help: ["raise \"message\""])
            throw skipForeignStatement()
        case "except" where isFollowed || next == .colon, "finally" where next == .colon || next == .leftBrace:
            report(.misplacedBranch, "`\(word)` without a `try`", span, help: ["try { … } catch e { … }"])
            throw skipForeignStatement()
        default: return nil
        }
    }

    private static let importHelp = [
        "layers, losses and tensor functions are there without an import", "a Dist file: import \"file.dist\" as name",
    ]

    /// Whether a token behind a name on the same line cannot go on with it.
    private static func beginsOperand(_ kind: Token.Kind) -> Bool {
        switch kind {
        case .name, .integer, .float, .string, .formattedStart, .not, .true, .false, .none, .fn, .noGradient, .if,
            .for, .tilde:
            true
        default: false
        }
    }

    /// `def f(x): …` or `function f(x) { … }`, read as the function it means.
    private mutating func foreignFunction() throws(SyntaxFailure) -> Statement.Kind? {
        guard kind(at: index + 1) == .leftParenthesis else { throw skipForeignStatement() }
        let partner = tokens[index + 1].payload
        if partner > index, kind(at: partner + 1) == .leftBrace {
            return .function(try declaration(isModule: false))
        }
        throw skipForeignStatement()
    }

    /// Skips a statement and, when its line ends in a colon, the indented block behind it.
    private mutating func skipForeignStatement() -> SyntaxFailure {
        let start = index
        var place = index
        while place < tokens.count {
            let token = tokens[place]
            if token.kind == .endOfText || (place > start && token.startsLine) { break }
            if token.kind == .colon {
                let next = tokens[min(place + 1, tokens.count - 1)]
                if next.startsLine || next.kind == .endOfText {
                    index = place
                    skipIndentedBlock()
                    return SyntaxFailure()
                }
            }
            if token.kind.closes, token.payload >= 0, token.payload < start { break }
            place = token.kind.opens && token.payload > place ? token.payload + 1 : place + 1
        }
        index = min(max(place, start), tokens.count - 1)
        return SyntaxFailure()
    }
}
