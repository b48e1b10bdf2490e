import Diagnostics

extension Formatter {
    mutating func expression(_ expression: Expression) -> Layout {
        let span = expression.span
        switch expression.kind {
        case .integer(Int.min): return .text("\(Int.min)")
        case .none, .bool, .integer, .float, .string, .formatted, .name, .missing: return written(span)
        case .list(let elements):
            if let first = elements.first, first.span.lower == span.lower { return bareList(elements) }
            return bracket("[", "]", elements.map(\.span), span) { $0.expression(elements[$1]) }
        case .dict(let entries):
            let spans = entries.map { $0.key.span.joined(with: $0.value.span) }
            return bracket("{", "}", spans, span) { $0.entry(entries[$1]) }
        case .listComprehension(let element, let clauses):
            return comprehension("[", "]", clauses, element.span, span) { $0.expression(element) }
        case .dictComprehension(let entry, let clauses):
            return comprehension("{", "}", clauses, entry.key.span.joined(with: entry.value.span), span) {
                $0.entry(entry)
            }
        case .parenthesized(let inner):
            return bracket("(", ")", [inner.span], span, separator: "") { formatter, _ in formatter.expression(inner) }
        case .unary(let operation, _, let operand):
            let isDoubled = operation == .negative && Self.beginsWithMinus(operand)
            return .sequence([.text(operation.rawValue + (isDoubled ? " " : "")), self.expression(operand)])
        case .not(let operand): return .sequence([.text("not "), self.expression(operand)])
        case .chain(let first, let links):
            return chain(first, links.map { ($0.operation.rawValue, $0.operand) })
        case .comparison(let first, let links):
            return chain(first, links.map { ($0.operation.rawValue, $0.operand) })
        case .power(let operands): return chain(operands[0], operands.dropFirst().map { ("**", $0) })
        case .and(let operands): return chain(operands[0], operands.dropFirst().map { ("and", $0) })
        case .or(let operands): return chain(operands[0], operands.dropFirst().map { ("or", $0) })
        case .pair(let left, let right): return chain(left, [("->", right)])
        case .pipe(let first, let stages): return chain(first, stages.map { ("|>", $0) }, keepsLines: true)
        case .call, .attribute, .index: return postfix(expression)
        case .lambda(let lambda): return self.lambda(lambda, span)
        case .choice(let choice): return self.choice(choice)
        case .noGradient(let block): return .group(.sequence([.text("no_grad "), blocks([block])[0]]))
        case .attempt(let attempt):
            let isOnOneLine = isFlat(attempt.body) && isFlat(attempt.handler)
            let body = block(attempt.body, isOnOneLine: isOnOneLine)
            let handler = block(attempt.handler, isOnOneLine: isOnOneLine)
            return .group(
                .sequence([
                    .text("try "), body, .text(" catch "), written(attempt.error.span), .text(" "), handler,
                ]))
        }
    }

    private static func beginsWithMinus(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .unary(.negative, _, _), .integer(Int.min): true
        default: false
        }
    }

    // MARK: - Operators

    /// Operands with operators between them; a line may end behind each operator.
    private mutating func chain(
        _ first: Expression, _ links: [(String, Expression)], keepsLines: Bool = false
    ) -> Layout {
        let head = expression(first)
        var parts: [Layout] = []
        let isKept = keepsLines && links.first.map { hasLineEnd(first.span.upper, $0.1.span.lower) } ?? false
        for (sign, operand) in links {
            parts += [.text(" " + sign), isKept ? .hardLine : .line, expression(operand)]
        }
        return .group(.sequence([head, .nest(.sequence(parts))]))
    }

    /// `a, b` without brackets.
    private mutating func bareList(_ elements: [Expression]) -> Layout {
        var parts: [Layout] = []
        for (place, element) in elements.enumerated() {
            if place > 0 { parts += [.text(","), .line] }
            parts.append(expression(element))
        }
        return .group(.nest(.sequence(parts)))
    }

    // MARK: - Calls, attributes and indices

    /// A chain of calls, attributes and indices, without recursion over its length.
    private mutating func postfix(_ expression: Expression) -> Layout {
        var steps: [Expression] = []
        var base = expression
        while true {
            switch base.kind {
            case .call(let inner, _), .attribute(let inner, _), .index(let inner, _):
                steps.append(base)
                base = inner
                continue
            default: break
            }
            break
        }
        var parts = [self.expression(base)]
        var end = base.span.upper
        for step in steps.reversed() {
            let span = SourceSpan(end, step.span.upper)
            switch step.kind {
            case .call(_, let arguments): parts.append(self.arguments(arguments, span))
            case .attribute(_, let name):
                let text = source.text(in: name.span)
                var isExponent = false
                if case .integer = base.kind, end == base.span.upper, text.hasPrefix("e") || text.hasPrefix("E") {
                    isExponent = true
                }
                parts.append(.text((isExponent ? " ." : ".") + text))
            case .index(_, let items):
                let opener = SourceSpan(bracketStart(span), span.upper)
                parts.append(
                    bracket("[", "]", items.map { self.span($0) }, opener) { $0.item(items[$1]) })
            default: break
            }
            end = step.span.upper
        }
        return .sequence(parts)
    }

    /// The opening bracket behind a postfix base.
    private func bracketStart(_ span: SourceSpan) -> Int { tokens[tokenIndex(at: span.lower)].span.lower }

    private mutating func arguments(_ arguments: [Argument], _ place: SourceSpan) -> Layout {
        let span = SourceSpan(bracketStart(place), place.upper)
        hoisted += takeComments(before: span.lower)
        let hasComments = nextComment < comments.count && comments[nextComment].span.lower < span.upper
        if let last = arguments.last, !hasComments || isBlockLambda(last.value), isHuggable(arguments, in: span) {
            var hugged: [Layout] = [.text("(")]
            var apart: [Layout] = [.softLine]
            for (place, argument) in arguments.enumerated() {
                let layout = self.argument(argument)
                let isLast = place + 1 == arguments.count
                hugged += [layout, .text(isLast ? ")" : ", ")]
                apart += isLast ? [layout, .choose(broken: ",", flat: "")] : [layout, .text(","), .line]
            }
            guard isBlockLambda(last.value) else { return .sequence(hugged) }
            // Arguments that need lines of their own take the function with them: a text that is laid out like this has a
            // line end before the block, and is then no different.
            return .either(
                .sequence(hugged),
                .group(.sequence([.text("("), .nest(.sequence(apart)), .softLine, .text(")")])))
        }
        return bracket("(", ")", arguments.map(\.span), span) { $0.argument(arguments[$1]) }
    }

    private func isBlockLambda(_ value: Expression) -> Bool {
        guard case .lambda(let lambda) = value.kind, case .block(let block) = lambda.body else { return false }
        return !isFlat(block)
    }

    /// Whether the last argument may stand directly in the brackets of the call: a function with a block of several lines
    /// behind short arguments, or a list or dict that is the only argument.
    private func isHuggable(_ arguments: [Argument], in span: SourceSpan) -> Bool {
        guard let last = arguments.last else { return false }
        if arguments.count == 1, last.kind == .positional {
            switch last.value.kind {
            case .list, .dict, .listComprehension, .dictComprehension:
                return !hasComment(from: span.lower, to: last.span.lower)
                    && !hasComment(from: last.span.upper, to: span.upper)
            default: break
            }
        }
        guard case .lambda(let lambda) = last.value.kind, case .block(let block) = lambda.body, !isFlat(block) else {
            return false
        }
        return !hasComment(from: span.lower, to: block.span.lower)
            && !hasComment(from: block.span.upper, to: span.upper)
            && !hasLineEnd(span.lower, block.span.lower)
    }

    private func hasComment(from lower: Int, to upper: Int) -> Bool {
        var place = nextComment
        while place < comments.count, comments[place].span.lower < upper {
            if comments[place].span.lower >= lower { return true }
            place += 1
        }
        return false
    }

    private mutating func argument(_ argument: Argument) -> Layout {
        let value = expression(argument.value)
        switch argument.kind {
        case .positional: return value
        case .named(let name): return .sequence([written(name.span), .text("="), value])
        case .spread: return .sequence([.text("*"), value])
        case .spreadNamed: return .sequence([.text("**"), value])
        }
    }

    private func span(_ item: Subscript) -> SourceSpan {
        switch item {
        case .index(let value): value.span
        case .slice(_, _, _, let span), .ellipsis(let span): span
        }
    }

    private mutating func item(_ item: Subscript) -> Layout {
        switch item {
        case .index(let value): return expression(value)
        case .ellipsis: return .text("...")
        case .slice(let start, let stop, let step, _):
            var parts: [Layout] = []
            if let start { parts.append(expression(start)) }
            parts.append(.text(":"))
            if let stop { parts.append(expression(stop)) }
            if let step { parts += [.text(":"), expression(step)] }
            return .sequence(parts)
        }
    }

    private mutating func entry(_ entry: DictEntry) -> Layout {
        let key = expression(entry.key)
        return .sequence([key, .text(": "), expression(entry.value)])
    }

    // MARK: - Brackets

    /// Items in brackets, with the comments between them.
    private mutating func bracket(
        _ open: String, _ close: String, _ items: [SourceSpan], _ span: SourceSpan, separator: String = ",",
        isSeparatedByBlanks: Bool = false, _ layout: (inout Formatter, Int) -> Layout
    ) -> Layout {
        hoisted += takeComments(before: span.lower)
        let outer = (hoisted, isTopLevel)
        isTopLevel = false
        defer { isTopLevel = outer.1 }
        let first = items.first?.lower ?? span.upper
        var mustBreak = breaksBehind(span.lower + 1) && (!items.isEmpty || hasComment(from: span.lower, to: span.upper))
        var parts: [Layout] = []
        for (place, item) in items.enumerated() {
            var leading = takeComments(before: item.lower)
            hoisted = []
            let body = layout(&self, place)
            leading += hoisted + takeComments(before: item.upper)
            for comment in leading { parts += [.text(text(comment)), .hardLine] }
            parts.append(body)
            let isLast = place + 1 == items.count
            parts.append(isLast ? .choose(broken: separator, flat: "") : .text(separator))
            let limit = isLast ? span.upper : items[place + 1].lower
            let trailing = takeTrailingComment(after: item.upper, before: limit)
            if let trailing { parts.append(.text("  " + text(trailing))) }
            if !leading.isEmpty || trailing != nil { mustBreak = true }
            if !isLast { parts.append(.line) }
        }
        for comment in takeComments(before: span.upper) {
            if !parts.isEmpty { parts.append(.hardLine) }
            parts.append(.text(text(comment)))
            mustBreak = true
        }
        hoisted = outer.0
        guard !parts.isEmpty else { return .text(open + close) }
        _ = first
        let edge: Layout = mustBreak ? .hardLine : .softLine
        return .group(.sequence([.text(open), .nest(.sequence([edge] + parts)), edge, .text(close)]))
    }

    private mutating func comprehension(
        _ open: String, _ close: String, _ clauses: [ComprehensionClause], _ element: SourceSpan, _ span: SourceSpan,
        _ layout: (inout Formatter) -> Layout
    ) -> Layout {
        let spans =
            [element]
            + clauses.map { clause in
                switch clause {
                case .each(let pattern, let values): pattern.span.joined(with: values.span)
                case .only(let condition): condition.span
                }
            }
        return bracket(open, close, spans, span, separator: "") { formatter, place in
            guard place > 0 else { return layout(&formatter) }
            switch clauses[place - 1] {
            case .each(let pattern, let values):
                let text = formatter.pattern(pattern)
                return .sequence([.text("for \(text) in "), formatter.expression(values)])
            case .only(let condition): return .sequence([.text("if "), formatter.expression(condition)])
            }
        }
    }

    // MARK: - Functions and choices

    mutating func parameterList(_ parameters: [ParameterSyntax], opener: Int) -> Layout {
        let closer = tokens[tokenIndex(at: opener)].payload
        let end = closer >= 0 && closer < tokens.count ? tokens[closer].span.upper : opener + 1
        let spans = parameters.map { parameter in
            switch parameter.kind {
            case .single(.some(let value)): parameter.name.span.joined(with: value.span)
            default: parameter.name.span
            }
        }
        return bracket("(", ")", spans, SourceSpan(opener, end)) { formatter, place in
            let parameter = parameters[place]
            let name = formatter.written(parameter.name.span)
            switch parameter.kind {
            case .single(.none): return name
            case .single(.some(let value)): return .sequence([name, .text("="), formatter.expression(value)])
            case .rest: return .sequence([.text("*"), name])
            case .options: return .sequence([.text("**"), name])
            }
        }
    }

    private mutating func lambda(_ lambda: Lambda, _ span: SourceSpan) -> Layout {
        let head: Layout
        if source.utf8[span.lower] == UInt8(ascii: "(") {
            head = parameterList(lambda.parameters, opener: span.lower)
        } else {
            head = .text(lambda.parameters.first.map { source.text(in: $0.name.span) } ?? "()")
        }
        switch lambda.body {
        case .expression(let value): return .sequence([head, .text(" => "), expression(value)])
        case .block(let block): return .sequence([head, .text(" => "), .group(blocks([block])[0])])
        }
    }

    private mutating func choice(_ choice: Choice) -> Layout {
        let all = choice.branches.map(\.block) + (choice.otherwise.map { [$0] } ?? [])
        let isOnOneLine = all.allSatisfy { isFlat($0) }
        var parts: [Layout] = []
        for (place, branch) in choice.branches.enumerated() {
            parts.append(.text(place == 0 ? "if " : " else if "))
            parts += [expression(branch.condition), .text(" "), block(branch.block, isOnOneLine: isOnOneLine)]
        }
        if let otherwise = choice.otherwise {
            parts += [.text(" else "), block(otherwise, isOnOneLine: isOnOneLine)]
        }
        return .group(.sequence(parts))
    }
}
