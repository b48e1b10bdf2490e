import Diagnostics
import Runtime

/// What a person asks instead of running it: `?name`, `name?`, `??name`, `?`.
package struct HelpQuestion {
    /// The name that is asked about; empty for help on helping oneself.
    package let name: String
    /// Whether the source is wanted too.
    package let wantsSource: Bool

    /// The question that a text is; none for code.
    package init?(_ text: String) {
        let text = Self.trimmed(text)
        guard !text.contains("\n") else { return nil }
        let isLeading = text.hasPrefix("?")
        guard isLeading || text.hasSuffix("?") else { return nil }
        let marks = isLeading ? text.prefix { $0 == "?" }.count : text.reversed().prefix { $0 == "?" }.count
        name = Self.trimmed(isLeading ? String(text.dropFirst(marks)) : String(text.dropLast(marks)))
        wantsSource = marks > 1
        // `f("really?")?` and the like are code with a slip, which the parser explains.
        guard
            name.unicodeScalars.allSatisfy({
                $0.properties.isAlphabetic || "_.0123456789 ".unicodeScalars.contains($0)
            })
        else { return nil }
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
    }
}

extension Session {
    /// What is known about the name that a question asks about: its page, names that resemble it, or that there is none.
    package func answer(_ question: HelpQuestion) -> Markup {
        let help = Help(library: interpreter.library)
        guard !question.name.isEmpty else { return Topic.named("repl")?.text ?? Markup() }
        if let page = describe(question.name, withSource: question.wantsSource) ?? help.page(for: question.name) {
            return page
        }
        let found = help.search(question.name)
        guard found.isEmpty else {
            var list = Markup()
            for (index, entry) in found.enumerated() {
                if index > 0 { list.append("\n") }
                list.append(entry.name, .name)
                list.append("  \(entry.summary)")
            }
            return list
        }
        let near = help.nearest(to: question.name).map { "; did you mean \($0)?" } ?? ""
        return Markup("nothing is called \(question.name)\(near)")
    }
}
