import Diagnostics

/// Says what each part of a text is, for reports and the prompt; broken text is coloured as far as it goes.
public enum SyntaxHighlighter {
    /// The stretches that are not plain, in order and without overlap.
    public static func highlights(_ source: SourceText) -> [(span: SourceSpan, style: Markup.Style)] {
        let stream = Lexer.tokens(of: source)
        var result: [(span: SourceSpan, style: Markup.Style)] = []
        var comments = stream.comments[...]
        for (place, token) in stream.tokens.enumerated() {
            while let comment = comments.first, comment.span.lower < token.span.lower {
                result.append((comment.span, comment.isMarker ? .heading : .comment))
                comments = comments.dropFirst()
            }
            guard token.span.lower < token.span.upper else { continue }
            if let style = style(of: token, at: place, in: stream.tokens, source) {
                result.append((token.span, style))
            }
        }
        result += comments.map { ($0.span, $0.isMarker ? .heading : .comment) }
        return result
    }

    /// The text with its parts styled.
    public static func markup(_ source: SourceText) -> Markup {
        var output = Markup()
        var end = 0
        for (span, style) in highlights(source) where span.lower >= end {
            output.append(source.text(in: SourceSpan(end, span.lower)))
            output.append(source.text(in: span), style)
            end = span.upper
        }
        output.append(source.text(in: SourceSpan(end, source.utf8.count)))
        return output
    }

    private static func style(
        of token: Token, at place: Int, in tokens: [Token], _ source: SourceText
    ) -> Markup.Style? {
        if token.kind.isKeyword { return .keyword }
        switch token.kind {
        case .integer, .float, .integerLimit: return .number
        case .string, .formattedStart, .formattedEnd, .text: return .string
        case .format: return .number
        case .fieldStart, .fieldEnd: return .keyword
        case .invalid: return .bad
        case .name: return nameStyle(at: place, in: tokens, source)
        default: return nil
        }
    }

    private static func nameStyle(at place: Int, in tokens: [Token], _ source: SourceText) -> Markup.Style? {
        let next = place + 1 < tokens.count ? tokens[place + 1] : tokens[place]
        let isOnSameLine = !next.isFirstOfLine
        switch source.text(in: tokens[place].span) {
        case "module" where next.kind == .name && isOnSameLine, "param" where next.kind == .name && isOnSameLine,
            "import" where next.kind == .string && isOnSameLine:
            return .keyword
        case "as" where place > 0 && tokens[place - 1].kind == .string: return .keyword
        default: break
        }
        if next.kind == .leftParenthesis, isOnSameLine { return .function }
        // The name of an argument: `dim=1` inside brackets has no blanks around its sign.
        if next.kind == .assign, next.span.lower == tokens[place].span.upper { return .name }
        return nil
    }
}
