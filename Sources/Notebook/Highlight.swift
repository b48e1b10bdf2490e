import Diagnostics
import Syntax

/// Source text with its colours.
package enum Highlight {
    /// The text, every character kept, its words marked with what they are. Broken text is marked as far as it goes.
    package static func source(_ text: String) -> Markup { SyntaxHighlighter.markup(SourceText(name: "", text: text)) }
}
