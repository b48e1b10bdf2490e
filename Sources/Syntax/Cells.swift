import Diagnostics

/// A part of a notebook: code, or text in Markdown.
public struct Cell: Equatable, Sendable {
    /// What a cell holds.
    public enum Kind: Equatable, Sendable {
        case code, markdown
    }

    /// What it holds.
    public var kind: Kind
    /// What stands behind `# %%`, possibly nothing.
    public var title: String
    /// The marker line, none for what stands before the first marker.
    public var marker: SourceSpan?
    /// What stands behind the marker line up to the next marker.
    public var span: SourceSpan
    /// The code as written, or the Markdown without its comment signs.
    public var text: String
}

/// Cuts a text at its `# %%` lines (the percent format of Jupytext, VS Code and Spyder).
public enum Cells {
    /// The cells of a text, at least one; markers inside strings and brackets are ordinary text.
    public static func split(_ source: SourceText) -> [Cell] {
        let stream = Lexer.tokens(of: source)
        let markers = stream.comments.filter(\.isMarker)
        var cells: [Cell] = []
        let firstEnd = markers.first?.span.lower ?? source.utf8.count
        let isBlank = source.utf8[..<firstEnd].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }
        if markers.isEmpty || !isBlank {
            let span = SourceSpan(0, firstEnd)
            cells.append(Cell(kind: .code, title: "", marker: nil, span: span, text: source.text(in: span)))
        }
        for (place, marker) in markers.enumerated() {
            let end = place + 1 < markers.count ? markers[place + 1].span.lower : source.utf8.count
            let span = SourceSpan(min(marker.span.upper + 1, end), end)
            let (kind, title) = header(source.text(in: marker.span))
            let text = kind == .code ? source.text(in: span) : markdown(source.text(in: span))
            cells.append(Cell(kind: kind, title: title, marker: marker.span, span: span, text: text))
        }
        return cells
    }

    /// Kind and title of a marker line.
    private static func header(_ line: String) -> (Cell.Kind, String) {
        var words = line.dropFirst(4).split { $0 == " " || $0 == "\t" }
        guard let place = words.firstIndex(where: { $0 == "[markdown]" || $0 == "[md]" }) else {
            return (.code, words.joined(separator: " "))
        }
        words.remove(at: place)
        return (.markdown, words.joined(separator: " "))
    }

    /// A line of Markdown as it stands in a comment: one that would read as a marker, or as an escaped one, gets a
    /// backslash, which ``split(_:)`` takes back.
    public static func escaped(markdown line: String) -> String { isMarkerLike(line[...]) ? "\\" + line : line }

    private static func unescaped(_ line: Substring) -> Substring {
        line.hasPrefix("\\") && isMarkerLike(line) ? line.dropFirst() : line
    }

    /// Whether a line is `%%` with a title or without, behind any number of backslashes.
    private static func isMarkerLike(_ line: Substring) -> Bool {
        let line = line.drop { $0 == "\\" }
        return line == "%%" || line.hasPrefix("%% ") || line.hasPrefix("%%\t")
    }

    /// The comment lines of a text without their signs; blank lines stay, other lines are left out.
    private static func markdown(_ text: String) -> String {
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("# ") {
                lines.append(unescaped(line.dropFirst(2)))
            } else if line.hasPrefix("#") {
                lines.append(line.dropFirst())
            } else if line.allSatisfy({ $0 == " " || $0 == "\t" }) {
                lines.append("")
            }
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        return lines.joined(separator: "\n")
    }
}
