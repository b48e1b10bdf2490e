import Diagnostics
import Runtime
import Syntax

/// What `distill explain CODE` says.
package enum Explanations {
    /// The page of a code; none when there is no such code.
    package static func text(for code: String) -> Markup? {
        if let syntax = SyntaxCode(code) { return text(of: syntax) }
        return ErrorCode(code).map(text)
    }

    private static func text(of code: some ExplainedCode) -> Markup {
        let page = code.page
        var text = Markup(code.code, .error)
        text.append(": \(page.title)\n", .strong)
        text.append("\n\(page.explanation)\n")
        append("Wrong", page.wrong, to: &text)
        append("Right", page.right, to: &text)
        return text.droppingFinalNewline
    }

    /// A hint at the codes that exist.
    package static func nearest(_ code: String) -> String {
        Nearest.match(code.uppercased(), in: codes).map { "did you mean \($0)?" }
            ?? "an error shows its code when it has one"
    }

    /// All codes.
    package static var codes: [String] { SyntaxCode.allCases.map(\.code) + ErrorCode.allCases.map(\.code) }

    private static func append(_ title: String, _ source: String, to page: inout Markup) {
        guard !source.isEmpty else { return }
        page.append("\n\(title)\n", .heading)
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
            page.append("    \(line)\n")
        }
    }
}
