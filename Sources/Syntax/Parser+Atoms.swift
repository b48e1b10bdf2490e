import Diagnostics

extension Parser {
    /// An atom with its calls, indices and attributes, which begin on the same line.
    mutating func postfix() throws(SyntaxFailure) -> Expression {
        let outer = chainHeight
        chainHeight = 0
        var result = try atom()
        var height = chainHeight
        while true {
            let kind: Expression.Kind
            chainHeight = 0
            switch self.kind {
            case .leftParenthesis: kind = .call(result, try arguments())
            case .leftBracket: kind = .index(result, try subscripts())
            case .dot:
                let dot = token
                advance()
                guard self.kind == .name || (self.kind != .lineEnd && token.kind.isKeyword) else {
                    throw fail(.expectedName, "expected a name behind `.`, found \(found)", dot.span)
                }
                kind = .attribute(result, Name(name(token), token.span))
                advance()
            default:
                chainHeight = max(outer, height)
                return result
            }
            height = max(height, chainHeight) + 1
            result = Expression(kind, SourceSpan(result.span.lower, lastEnd))
            if height > Self.longestChain {
                throw fail(
                    .chainTooLong,
                    "more than \(Self.longestChain) calls, indices and attributes follow one another",
                    tokens[index - 1].span)
            }
        }
    }

    private mutating func atom() throws(SyntaxFailure) -> Expression {
        let token = self.token
        switch kind {
        case .name: return nameAtom()
        case .integer: return literal(.integer(token.payload))
        case .integerLimit:
            report(
                .integerOverflow, "`\(text(token))` is larger than the largest int, 9223372036854775807", token.span,
                help: ["write a float, such as `1e19`"])
            return literal(.integer(0))
        case .float: return literal(.float(Double(bitPattern: UInt64(UInt(bitPattern: token.payload)))))
        case .string:
            let result = literal(.string(stream.strings[token.payload]))
            if kind == .string || kind == .formattedStart {
                report(.adjacentStrings, "two strings side by side", self.token.span, help: ["join them with `+`"])
                return try atom()
            }
            return result
        case .formattedStart: return try formatted()
        case .true: return literal(.bool(true))
        case .false: return literal(.bool(false))
        case .none: return literal(.none)
        case .invalid: return literal(.missing)
        case .leftParenthesis: return try parenthesized()
        case .leftBracket: return try list()
        case .leftBrace: return try dict()
        case .if, .try, .noGradient:
            throw fail(
                .needsParentheses, "`\(text(token))` as an operand stands in parentheses",
                help: ["write `(\(text(token)) … { … })`"])
        default: throw failExpression()
        }
    }

    private mutating func literal(_ kind: Expression.Kind) -> Expression {
        let span = token.span
        advance()
        return Expression(kind, span)
    }

    private mutating func nameAtom() -> Expression {
        let text = name(token)
        let constants: [String: Expression.Kind] = ["True": .bool(true), "False": .bool(false), "None": .none]
        guard let first = text.utf8.first, first == 0x54 || first == 0x46 || first == 0x4E,
            let constant = constants[text]
        else { return literal(.name(text)) }
        report(
            .pythonConstant, "`\(text)` is written `\(text.lowercased())`", token.span,
            help: ["write `\(text.lowercased())`"])
        return literal(constant)
    }

    // MARK: - Brackets

    private mutating func parenthesized() throws(SyntaxFailure) -> Expression {
        let start = token.span.lower
        let state = try open(isBlock: false)
        if kind == .rightParenthesis {
            close(state)
            report(.tuple, "`()` is no value", SourceSpan(start, lastEnd), help: ["the empty list is written `[]`"])
            return Expression(.list([]), SourceSpan(start, lastEnd))
        }
        let inner = try expression()
        if kind == .comma {
            var elements = [inner]
            var height = chainHeight
            while take(.comma), kind != .rightParenthesis {
                elements.append(try expression())
                height = max(height, chainHeight)
            }
            chainHeight = height
            guard kind == .rightParenthesis else { throw failSeparator(state.opener, closer: ")") }
            let last = elements.last?.span.upper ?? inner.span.upper
            close(state)
            report(
                .tuple, "there are no tuples", SourceSpan(start, lastEnd),
                help: ["a list is written `[\(shown(SourceSpan(inner.span.lower, last)))]`"])
            return Expression(.list(elements), SourceSpan(start, lastEnd))
        }
        if kind == .for {
            throw fail(.generator, "a comprehension stands in square brackets", help: ["[… for x in xs]"])
        }
        guard kind == .rightParenthesis else { throw failSeparator(state.opener, closer: ")") }
        close(state)
        return Expression(.parenthesized(inner), SourceSpan(start, lastEnd))
    }

    private mutating func list() throws(SyntaxFailure) -> Expression {
        let start = token.span.lower
        let state = try open(isBlock: false)
        var elements: [Expression] = []
        var height = 0
        while kind != .rightBracket {
            if kind == .star || kind == .doubleStar {
                throw fail(.misplacedSpread, "`*` spreads in calls only", help: ["lists are joined by `+`: `a + [1]`"])
            }
            let isFirst = elements.isEmpty
            let outer = context
            elements.append(try expression())
            height = max(height, chainHeight)
            if isFirst, kind == .for {
                let clauses = try clauses(&height)
                context = outer
                guard kind == .rightBracket else { throw failSeparator(state.opener, closer: "]") }
                chainHeight = height
                close(state)
                return Expression(
                    .listComprehension(element: elements[0], clauses: clauses), SourceSpan(start, lastEnd))
            }
            guard kind == .rightBracket || take(.comma) else { throw failSeparator(state.opener, closer: "]") }
        }
        chainHeight = height
        close(state)
        return Expression(.list(elements), SourceSpan(start, lastEnd))
    }

    private mutating func dict() throws(SyntaxFailure) -> Expression {
        let start = token.span.lower
        let state = try open(isBlock: false)
        var entries: [DictEntry] = []
        var height = 0
        while kind != .rightBrace {
            if kind == .star || kind == .doubleStar {
                throw fail(.misplacedSpread, "`**` spreads in calls only", help: ["copy a dict and assign its keys"])
            }
            let key = try expression()
            height = max(height, chainHeight)
            guard kind == .colon else {
                if kind == .comma || kind == .rightBrace {
                    throw fail(
                        .dictEntry, "a dict entry is `key: value`", key.span,
                        help: ["a list is written `[\(shown(key.span)), …]`; blocks stand behind headers and `=>` only"]
                    )
                }
                throw failSeparator(state.opener, closer: "}", wanted: "`:`")
            }
            advance()
            let entry = DictEntry(key: key, value: try expression())
            height = max(height, chainHeight)
            if entries.isEmpty, kind == .for {
                let clauses = try clauses(&height)
                guard kind == .rightBrace else { throw failSeparator(state.opener, closer: "}") }
                chainHeight = height
                close(state)
                return Expression(.dictComprehension(entry: entry, clauses: clauses), SourceSpan(start, lastEnd))
            }
            entries.append(entry)
            guard kind == .rightBrace || take(.comma) else { throw failSeparator(state.opener, closer: "}") }
        }
        chainHeight = height
        close(state)
        return Expression(.dict(entries), SourceSpan(start, lastEnd))
    }

    private mutating func clauses(_ height: inout Int) throws(SyntaxFailure) -> [ComprehensionClause] {
        var clauses: [ComprehensionClause] = []
        while true {
            if take(.for) {
                let pattern = try patterns(closer: .in)
                guard take(.in) else {
                    throw fail(.expectedToken, "expected `in` behind the variable of `for`, found \(found)")
                }
                clauses.append(.each(pattern, try operand()))
            } else if take(.if) {
                clauses.append(.only(try operand()))
            } else {
                return clauses
            }
            height = max(height, chainHeight)
        }
    }

    /// A value without lambda or `if`, which would swallow the `if` or `for` behind it.
    private mutating func operand() throws(SyntaxFailure) -> Expression {
        chainHeight = 0
        return try pipe()
    }

    // MARK: - Calls and indices

    private mutating func arguments() throws(SyntaxFailure) -> [Argument] {
        let state = try open(isBlock: false)
        var arguments: [Argument] = []
        var firstNamed: SourceSpan?
        var height = 0
        while kind != .rightParenthesis {
            let start = token.span.lower
            var argumentKind = Argument.Kind.positional
            if take(.star) {
                argumentKind = .spread
            } else if take(.doubleStar) {
                argumentKind = .spreadNamed
            } else if kind == .name, nextKind == .assign {
                argumentKind = .named(Name(name(token), token.span))
                advance()
                advance()
            }
            let value = try expression()
            height = max(height, chainHeight)
            let argument = Argument(argumentKind, value, SourceSpan(start, lastEnd))
            switch argumentKind {
            case .named, .spreadNamed: firstNamed = firstNamed ?? argument.span
            case .positional, .spread:
                if let named = firstNamed {
                    report(
                        .argumentOrder, "a positional argument stands behind a named one", argument.span,
                        related: [(named, "named here")], help: ["put it first, or name it"])
                }
            }
            arguments.append(argument)
            if kind == .for {
                throw fail(.generator, "a comprehension stands in square brackets", help: ["f([… for x in xs])"])
            }
            guard kind == .rightParenthesis || take(.comma) else { throw failSeparator(state.opener, closer: ")") }
        }
        chainHeight = height
        close(state)
        return arguments
    }

    private mutating func subscripts() throws(SyntaxFailure) -> [Subscript] {
        let start = token.span.lower
        let state = try open(isBlock: false)
        var subscripts: [Subscript] = []
        var height = 0
        while kind != .rightBracket {
            subscripts.append(try subscriptItem(&height))
            guard kind == .rightBracket || take(.comma) else { throw failSeparator(state.opener, closer: "]") }
        }
        close(state)
        if subscripts.isEmpty {
            report(
                .invalidSubscript, "an index is missing between the brackets", SourceSpan(start, lastEnd),
                help: ["`x[0]`, or `x[:]` for all"])
            subscripts.append(.index(Expression(.missing, SourceSpan(start, lastEnd))))
        }
        chainHeight = height
        return subscripts
    }

    private mutating func subscriptItem(_ height: inout Int) throws(SyntaxFailure) -> Subscript {
        let start = token.span.lower
        if take(.ellipsis) { return .ellipsis(SourceSpan(start, lastEnd)) }
        var bounds: [Expression?] = [nil, nil, nil]
        var place = 0
        while true {
            if kind == .colon {
                guard place < 2 else {
                    throw fail(.invalidSubscript, "a slice has at most three parts", help: ["start:stop:step"])
                }
                place += 1
                advance()
            } else if kind == .comma || kind == .rightBracket {
                break
            } else if bounds[place] == nil {
                bounds[place] = try expression()
                height = max(height, chainHeight)
            } else {
                break
            }
        }
        if place == 0 {
            guard let value = bounds[0] else { throw failExpression() }
            return .index(value)
        }
        return .slice(start: bounds[0], stop: bounds[1], step: bounds[2], SourceSpan(start, lastEnd))
    }

    // MARK: - f-strings

    private mutating func formatted() throws(SyntaxFailure) -> Expression {
        let start = token.span.lower
        let state = (index, linesEnd)
        openers.append(index)
        advance()
        linesEnd = false
        var parts: [FormattedPart] = []
        var height = 0
        while kind != .formattedEnd {
            if kind == .text {
                parts.append(.text(stream.strings[token.payload]))
                advance()
            } else if kind == .fieldStart {
                parts.append(try field())
                height = max(height, chainHeight)
            } else {
                // The lexer has reported why the string ends early.
                throw fail(.formattedField, "the string is broken")
            }
        }
        chainHeight = height
        openers.removeLast()
        linesEnd = state.1
        advance()
        return Expression(.formatted(parts), SourceSpan(start, lastEnd))
    }

    private mutating func field() throws(SyntaxFailure) -> FormattedPart {
        let state = try open(isBlock: false)
        if kind == .fieldEnd || kind == .format {
            throw fail(
                .formattedField, "a field without an expression",
                SourceSpan(tokens[state.opener].span.lower, token.span.upper),
                help: ["a literal brace is written `{{` or `}}`"])
        }
        let value = try expression()
        var format: FormatSpecification?
        if kind == .format {
            format = stream.formats[token.payload]
            advance()
        }
        guard kind == .fieldEnd else {
            if let failure = failHabit() { throw failure }
            throw fail(
                .formattedField, "expected `:` or `}` behind the value of the field, found \(found)",
                related: [(tokens[state.opener].span, "`{` opened here")])
        }
        close(state)
        return .field(value, format: format)
    }
}
