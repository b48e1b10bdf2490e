import Base
import Data
import Diagnostics
import Notebook

/// A value in the forms that a notebook can show, by media type.
struct Display {
    let data: JSON
    let metadata: JSON

    /// The longest text of one display; what is beyond it is left out, and said.
    private static let longest = 4 << 20

    init(_ value: Presentation) {
        var forms: [(key: String, value: JSON)] = []
        var details: [(key: String, value: JSON)] = []
        if let figure = value.figure, let png = try? figure.png() {
            forms.append(("image/png", .string(Base64.encode(png))))
            let size = figure.size
            details.append(
                (
                    "image/png",
                    .object([
                        ("width", .integer(Int(size.width.rounded()))),
                        ("height", .integer(Int(size.height.rounded()))),
                    ])
                ))
            if let svg = try? figure.svg(), svg.count < Self.longest {
                forms.append(("image/svg+xml", .string(String(decoding: svg, as: UTF8.self))))
            }
        }
        if let table = value.table {
            let notes = value.notes.map { "<p>\(Markup.escapeHTML($0))</p>" }.joined()
            forms.append(("text/html", .string(Self.bounded(ReportHTML.table(table) + notes))))
        }
        forms.append(("text/plain", .string(Self.bounded(value.text.plain))))
        data = .object(forms)
        metadata = .object(details)
    }

    /// Markdown, rendered by the client.
    init(markdown text: String) {
        data = .object([("text/markdown", .string(Self.bounded(text))), ("text/plain", .string(Self.bounded(text)))])
        metadata = .object([])
    }

    private static func bounded(_ text: String) -> String {
        let count = text.utf8.count
        guard count > longest else { return text }
        return String(decoding: text.utf8.prefix(longest), as: UTF8.self)
            + "\n… \((count - longest) / 1_000_000 + 1) MB more are not shown"
    }
}
