import Diagnostics
import Runtime
import Syntax

/// What `distill explain CODE` says.
package enum Explanations {
    /// The page of a code; none when there is no such code.
    package static func text(for code: String) -> Markup? {
        let code = code.uppercased()
        if let syntax = SyntaxCode(code) {
            return page(code, syntax.title, syntax.explanation, wrong: syntax.wrong, right: syntax.right)
        }
        guard let runtime = ErrorCode(rawValue: code) else { return nil }
        return page(code, runtime.title, runtime.explanation, wrong: runtime.wrong, right: runtime.right)
    }

    private static func page(_ code: String, _ title: String, _ explanation: String, wrong: String, right: String)
        -> Markup
    {
        var page = Markup(code, .error)
        page.append(": \(title)\n", .strong)
        page.append("\n\(explanation)\n")
        append("Wrong", wrong, to: &page)
        append("Right", right, to: &page)
        return page.droppingFinalNewline
    }

    /// A hint at the codes that exist.
    package static func nearest(_ code: String) -> String {
        Nearest.match(code.uppercased(), in: codes).map { "did you mean \($0)?" }
            ?? "an error shows its code when it has one"
    }

    /// All codes.
    package static var codes: [String] { SyntaxCode.allCases.map(\.code) + ErrorCode.allCases.map(\.rawValue) }

    private static func append(_ title: String, _ source: String, to page: inout Markup) {
        guard !source.isEmpty else { return }
        page.append("\n\(title)\n", .heading)
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
            page.append("    \(line)\n")
        }
    }
}
