import Diagnostics

/// Writes a report as Markdown with its pictures as files beside it, as code hosts show it.
package enum ReportMarkdown {
    /// The text, and the pictures with the names it refers to (`stem-1.png`, …).
    package static func page(_ report: Report, stem: String) -> (text: String, pictures: [(name: String, png: [UInt8])])
    {
        var text = ""
        var pictures: [(name: String, png: [UInt8])] = []
        if !report.cells.contains(where: { $0.isMarkdown && $0.source.hasPrefix("# ") }) {
            text += "# \(report.title)\n\n"
        }
        for cell in report.cells {
            if cell.isMarkdown {
                text += cell.source + "\n\n"
                continue
            }
            if let title = cell.title { text += "## \(title)\n\n" }
            let source = ReportHTML.trimmed(cell.source)
            if !source.isEmpty { text += fenced(source, "python") }
            if cell.wasSkipped { text += "*not run*\n\n" }
            for output in cell.outputs {
                switch output {
                case .text(let printed), .value(let printed): text += fenced(printed.plain, "text")
                case .markdown(let added): text += added + "\n\n"
                case .warning(let remark): text += "> warning: \(remark)\n\n"
                case .failure(let diagnostic): text += fenced(DiagnosticRenderer.render(diagnostic).plain, "text")
                case .assertion(let assertion, let holds):
                    text += "\(holds ? "✓ passed" : "✗ failed"): `\(assertion)`\n\n"
                case .table(let rows): text += table(rows)
                case .picture(let picture):
                    let name = "\(stem)-\(pictures.count + 1).png"
                    pictures.append((name, picture.png))
                    let alternative = picture.altText.filter { !"[]\n".contains($0) }
                    text += "![\(alternative)](<\(name)>)\n\n"
                }
            }
        }
        text += "## Where this comes from\n\n| | |\n|---|---|\n"
        for fact in report.provenance.facts { text += "| \(fact.name) | \(bar(fact.value)) |\n" }
        text += "| time (measured) | \(Duration.text(report.seconds)) |\n\nAgain: `\(report.provenance.command)`\n"
        return (text, pictures)
    }

    /// A code block whose fence is longer than any inside.
    private static func fenced(_ code: String, _ language: String) -> String {
        var longest = 2
        var run = 0
        for character in code {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        let body = code.hasSuffix("\n") ? code : code + "\n"
        return "\(fence)\(language)\n\(body)\(fence)\n\n"
    }

    /// A table as Markdown writes it.
    static func table(_ cells: [[Markup]]) -> String {
        let rows = cells.map { $0.map(\.plain) }
        guard let header = rows.first else { return "" }
        var lines = ["| " + header.map(bar).joined(separator: " | ") + " |"]
        lines.append("|" + header.map { _ in "---|" }.joined())
        for row in rows.dropFirst() { lines.append("| " + row.map(bar).joined(separator: " | ") + " |") }
        return lines.joined(separator: "\n") + "\n\n"
    }

    private static func bar(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
