import Diagnostics
import Syntax

/// Source text with its colours.
package enum Highlight {
    /// The text, every character kept, its words marked with what they are. Broken text is marked as far as it goes.
    package static func source(_ text: String) -> Markup {
        let source = SourceText(name: "", text: text)
        let stream = Lexer.tokens(of: source)
        var parts = stream.tokens.map { ($0.span, style(of: $0.kind)) }
        for (index, token) in stream.tokens.enumerated() where token.kind == .name {
            let next = stream.tokens.index(after: index)
            if next < stream.tokens.endIndex, stream.tokens[next].kind == .leftParenthesis {
                parts[index].1 = .function
            }
        }
        parts += stream.comments.map { ($0.span, .comment) }
        parts.sort { $0.0.lower < $1.0.lower }
        var markup = Markup()
        var position = 0
        for (span, style) in parts where span.lower >= position && span.upper > span.lower {
            markup.append(source.text(in: Span(position, span.lower)))
            markup.append(source.text(in: span), style)
            position = span.upper
        }
        markup.append(source.text(in: Span(position, source.utf8.count)))
        return markup
    }

    private static func style(of kind: Token.Kind) -> Markup.Style {
        switch kind {
        case .integer, .float, .integerLimit: .number
        case .string, .formattedStart, .formattedEnd, .text, .format: .string
        default: kind.isKeyword ? .keyword : .plain
        }
    }
}
