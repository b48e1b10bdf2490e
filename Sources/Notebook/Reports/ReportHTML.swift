import Base
import CMark
import Diagnostics
import Glibc

/// Writes a report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere.
package enum ReportHTML {
    /// The page.
    package static func page(_ report: Report) -> String {
        let title = Markup.escapeHTML(report.title)
        var sections: [String] = []
        var contents: [(identifier: String, title: String)] = []
        for (index, cell) in report.cells.enumerated() {
            let identifier = "cell-\(index + 1)"
            // The page's own title is no entry of its contents.
            let isTitle = index == 0 && startsWithTitle(report) && cell.isMarkdown
            if !isTitle, let heading = heading(of: cell) { contents.append((identifier, heading)) }
            sections.append("<section id=\"\(identifier)\">\n\(section(cell))</section>\n")
        }
        if contents.count > 1 {
            let items = contents.map { "<li><a href=\"#\($0.identifier)\">\(Markup.escapeHTML($0.title))</a></li>\n" }
            let navigation = "<nav aria-label=\"Contents\"><ol>\n\(items.joined())</ol></nav>\n"
            // Behind the words that introduce the page, when it begins with such.
            let introduces = report.cells.first?.isMarkdown == true && startsWithTitle(report)
            sections.insert(navigation, at: introduces ? 1 : 0)
        }
        let body = sections.joined()
        let icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="generator" content="distill \(Version.text)">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <link rel="icon" href="\(icon)">
            <style>
            \(style)</style>
            </head>
            <body>
            <main>
            \(startsWithTitle(report) ? "" : "<h1>\(title)</h1>\n")\(body)\(provenance(report))</main>
            </body>
            </html>

            """
    }

    // MARK: Cells

    private static func section(_ cell: Report.Cell) -> String {
        if cell.isMarkdown { return markdown(cell.source) }
        var html = ""
        if let title = cell.title { html += "<h2>\(Markup.escapeHTML(title))</h2>\n" }
        let source = trimmed(cell.source)
        if !source.isEmpty { html += "<pre class=\"code\"><code>\(Highlight.source(source).html)</code></pre>\n" }
        for output in cell.outputs { html += element(output) }
        if let seconds = cell.seconds {
            html += "<p class=\"time\" data-measured>\(Duration.text(seconds))</p>\n"
        } else if cell.wasSkipped {
            html += "<p class=\"time\">not run</p>\n"
        }
        return html
    }

    private static func element(_ output: Report.Output) -> String {
        switch output {
        case .text(let text): return "<pre class=\"printed\">\(text.html)</pre>\n"
        case .value(let text): return "<pre class=\"value\">\(text.html)</pre>\n"
        case .markdown(let text): return markdown(text)
        case .warning(let text):
            return
                "<p class=\"remark\" role=\"note\"><span class=\"warning\">warning</span>: \(Markup.escapeHTML(text))</p>\n"
        case .failure(let diagnostic):
            return "<pre class=\"failure\" role=\"alert\">\(DiagnosticRenderer.render(diagnostic).html)</pre>\n"
        case .assertion(let text, let holds):
            let sign = holds ? "✓ passed" : "✗ failed"
            return "<p class=\"\(holds ? "good" : "bad")\">\(sign): <code>\(Highlight.source(text).html)</code></p>\n"
        case .picture(let picture): return figure(picture)
        case .table(let rows): return table(rows)
        }
    }

    /// A table; the first cell of a row names it.
    package static func table(_ rows: [[Markup]]) -> String {
        guard let header = rows.first else { return "" }
        var html = "<div class=\"table\"><table class=\"numbers\">\n<thead><tr>"
        html += header.map { $0.isEmpty ? "<td></td>" : "<th scope=\"col\">\($0.html)</th>" }.joined()
        html += "</tr></thead>\n<tbody>\n"
        for row in rows.dropFirst() {
            html += "<tr>"
            for (index, cell) in row.enumerated() {
                html += index == 0 ? "<th scope=\"row\">\(cell.html)</th>" : "<td>\(cell.html)</td>"
            }
            html += "</tr>\n"
        }
        return html + "</tbody></table></div>\n"
    }

    /// A picture inside the page, in the reader's choice of light or dark; print is always light.
    private static func figure(_ picture: Report.Picture) -> String {
        func source(_ png: [UInt8]) -> String { "data:image/png;base64,\(Base64.encode(png))" }
        let size = picture.size.map { " width=\"\($0.width)\" height=\"\($0.height)\"" } ?? ""
        let image = "<img alt=\"\(Markup.escapeHTML(picture.altText))\"\(size) src=\"\(source(picture.png))\">"
        guard let dark = picture.dark else { return "<figure>\(image)</figure>\n" }
        let choice = "<source media=\"screen and (prefers-color-scheme: dark)\" srcset=\"\(source(dark))\">"
        return "<figure><picture>\(choice)\(image)</picture></figure>\n"
    }

    /// Markdown as HTML, with GitHub's tables, task lists and struck out text. HTML inside it is left out: a report shows what was written, it does not run it.
    package static func markdown(_ text: String) -> String {
        let plain = "<p>\(Markup.escapeHTML(text))</p>\n"
        let options = CMARK_OPT_DEFAULT | CMARK_OPT_SMART
        cmark_gfm_core_extensions_ensure_registered()
        guard let parser = cmark_parser_new(options) else { return plain }
        defer { cmark_parser_free(parser) }
        for name in ["table", "strikethrough", "autolink", "tasklist"] {
            if let known = cmark_find_syntax_extension(name) { cmark_parser_attach_syntax_extension(parser, known) }
        }
        cmark_parser_feed(parser, text, text.utf8.count)
        guard let document = cmark_parser_finish(parser) else { return plain }
        defer { cmark_node_free(document) }
        guard let html = cmark_render_html(document, options, cmark_parser_get_syntax_extensions(parser)) else {
            return plain
        }
        defer { free(html) }
        return String(cString: html)
    }

    private static func heading(of cell: Report.Cell) -> String? {
        guard cell.isMarkdown else { return cell.title }
        for line in cell.source.split(separator: "\n") where line.hasPrefix("#") {
            return String(line.drop { $0 == "#" || $0 == " " })
        }
        return nil
    }

    private static func startsWithTitle(_ report: Report) -> Bool {
        report.cells.contains { cell in
            cell.isMarkdown && cell.source.split(separator: "\n").contains { $0.hasPrefix("# ") }
        }
    }

    static func trimmed(_ source: String) -> String {
        var lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        while lines.first?.allSatisfy(\.isWhitespace) == true { lines.removeFirst() }
        return lines.joined(separator: "\n")
    }

    // MARK: Provenance

    private static func provenance(_ report: Report) -> String {
        let rows = report.provenance.facts.map {
            "<tr><th scope=\"row\">\(Markup.escapeHTML($0.name))</th><td>\(Markup.escapeHTML($0.value))</td></tr>\n"
        }
        return """
            <section id="provenance">
            <h2>Where this comes from</h2>
            <div class="table"><table><tbody>
            \(rows.joined())<tr data-measured><th scope="row">time</th><td>\(Duration.text(report.seconds))</td></tr>
            </tbody></table></div>
            <p>Again: <code>\(Markup.escapeHTML(report.provenance.command))</code></p>
            <script type="application/json" id="provenance-data" data-measured>
            \(report.provenance.json(cells: report.cells))
            </script>
            </section>

            """
    }

    private static let style = """
        :root { --text: #1d2329; --soft: #57606a; --paper: #fff; --panel: #f5f6f8; --line: #d8dde3; --accent: #0b5cad;
          --bad: #b3261e; --good: #1a6e35; --keyword: #8a2f8f; --number: #955800; --string: #1a6e35; --function: #0b5cad; }
        @media screen and (prefers-color-scheme: dark) { :root { --text: #e3e7eb; --soft: #9aa5b1; --paper: #14181c; --panel: #1d2329;
          --line: #39424c; --accent: #7db8f5; --bad: #ff8f85; --good: #7fd396; --keyword: #dd9be0; --number: #e8b468;
          --string: #8fd3a3; --function: #7db8f5; } }
        body { margin: 0; background: var(--paper); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
        main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1, h2, h3 { line-height: 1.25; } h1 { font-size: 1.9rem; } h2 { font-size: 1.3rem; margin-top: 2rem; }
        a { color: var(--accent); }
        nav { border-left: 3px solid var(--line); padding-left: .25rem; margin: 1.5rem 0; }
        pre, code { font: .875rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
        pre { overflow-x: auto; margin: .6rem 0; padding: .7rem .9rem; border-radius: 6px; }
        pre.code { background: var(--panel); } pre.printed, pre.value { padding-top: .2rem; padding-bottom: .2rem; }
        pre.value { border-left: 3px solid var(--accent); border-radius: 0; }
        pre.failure { border-left: 3px solid var(--bad); border-radius: 0; background: var(--panel); }
        figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; border-radius: 4px; }
        .table { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        table.numbers td, table.numbers th[scope=col] { text-align: right; padding: .3rem 0 .3rem 1.5rem; white-space: nowrap; }
        th { font-weight: 600; } .remark { font-size: .9rem; margin: .4rem 0; }
        th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        #provenance td { overflow-wrap: anywhere; }
        .time { color: var(--soft); font-size: .8rem; text-align: right; margin: .3rem 0 0; }
        .dim, .comment, .gutter { color: var(--soft); } .strong, .heading { font-weight: 600; }
        .error, .bad, .primary, .result { color: var(--bad); } .error { font-weight: 600; } .good, .help { color: var(--good); }
        .keyword { color: var(--keyword); } .number, .warning { color: var(--number); } .string { color: var(--string); }
        .function, .name, .note, .secondary { color: var(--function); }
        @media print { main { max-width: none; padding: 0; } pre { white-space: pre-wrap; } pre, code { font-size: .75rem; }
          h1, h2, h3 { break-after: avoid; } figure, table { break-inside: avoid; }
          figure img { max-height: 11cm; object-fit: contain; object-position: left; } }

        """
}
