import Base
import Data
import Diagnostics
import Syntax

/// Converts between Dist notebooks and Jupyter's files (nbformat 4.5).
package enum JupyterNotebook {
    /// Why a file is no notebook that can be read.
    package struct Failure: Error {
        /// One sentence.
        package let message: String
        /// Ways out.
        package let help: [String]

        init(_ message: String, help: [String] = []) {
            self.message = message
            self.help = help
        }
    }

    /// A Dist notebook as a Jupyter file.
    ///
    /// - Parameters:
    ///   - source: the notebook.
    ///   - cells: its cells after a run, whose outputs the file takes; none for a file without outputs.
    package static func write(_ source: SourceText, ran cells: [Report.Cell]? = nil) -> String {
        var count = 0
        let written = Cells.split(source).enumerated().map { index, cell -> JSON in
            var metadata: [(key: String, value: JSON)] = []
            if !cell.title.isEmpty { metadata.append(("title", .string(cell.title))) }
            // The first cell of a script may stand without a marker line; Jupyter knows no such thing.
            if cell.marker == nil { metadata.append(("distill", .object([("marker", .bool(false))]))) }
            var members: [(key: String, value: JSON)] = [
                ("cell_type", .string(cell.kind == .markdown ? "markdown" : "code")),
                ("id", .string("cell-\(index + 1)")), ("metadata", .object(metadata)),
                ("source", lines(trimmed(cell.text))),
            ]
            guard cell.kind == .code else { return .object(members) }
            let ran = cells.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            let hasRun = ran?.seconds != nil
            if hasRun { count += 1 }
            members.insert(("execution_count", hasRun ? .integer(count) : .null), at: 1)
            members.append(("outputs", .array((ran?.outputs ?? []).map { output($0, count) })))
            return .object(members)
        }
        let document = JSON.object([
            ("cells", .array(written)),
            (
                "metadata",
                .object([
                    (
                        "kernelspec",
                        .object([
                            ("display_name", .string("Distill (Dist)")), ("language", .string("dist")),
                            ("name", .string("distill")),
                        ])
                    ),
                    (
                        "language_info",
                        .object([
                            ("file_extension", .string(".dist")), ("mimetype", .string("text/x-dist")),
                            ("name", .string("dist")), ("pygments_lexer", .string("python")),
                            ("version", .string(Version.text)),
                        ])
                    ),
                ])
            ), ("nbformat", .integer(4)), ("nbformat_minor", .integer(5)),
        ])
        return document.indented + "\n"
    }

    /// Without the empty lines around it.
    private static func trimmed(_ text: String) -> String { ReportHTML.trimmed(text) }

    /// A text as nbformat keeps it: one string a line, each but the last with its line end.
    private static func lines(_ text: String) -> JSON {
        guard !text.isEmpty else { return .array([]) }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) + "\n" }
        // Behind the last line end there is no line.
        let last = lines.removeLast().dropLast()
        if !last.isEmpty { lines.append(String(last)) }
        return .array(lines.map { .string($0) })
    }

    private static func output(_ output: Report.Output, _ count: Int) -> JSON {
        func display(_ data: [(key: String, value: JSON)]) -> JSON {
            .object([("data", .object(data)), ("metadata", .object([])), ("output_type", .string("display_data"))])
        }
        func stream(_ text: String, _ name: String = "stdout") -> JSON {
            .object([("name", .string(name)), ("output_type", .string("stream")), ("text", lines(text))])
        }
        switch output {
        case .text(let text): return stream(text.plain)
        case .warning(let text): return stream("warning: \(text)\n", "stderr")
        case .assertion(let text, let holds): return stream("\(holds ? "✓ passed" : "✗ failed"): \(text)\n")
        case .value(let text): return display([("text/plain", lines(text.plain))])
        case .markdown(let text): return display([("text/markdown", lines(text))])
        case .table(let rows):
            return display([
                ("text/html", lines(ReportHTML.table(rows))), ("text/plain", lines(ReportMarkdown.table(rows))),
            ])
        case .picture(let picture):
            return display([
                ("image/png", .string(Base64.encode(picture.png))), ("text/plain", lines(picture.altText)),
            ])
        case .failure(let diagnostic):
            return .object([
                ("ename", .string(diagnostic.kind.rawValue)), ("evalue", .string(diagnostic.message)),
                ("output_type", .string("error")),
                (
                    "traceback",
                    .array(
                        DiagnosticRenderer.render(diagnostic).ansi.split(separator: "\n").map { .string(String($0)) })
                ),
            ])
        }
    }
}
