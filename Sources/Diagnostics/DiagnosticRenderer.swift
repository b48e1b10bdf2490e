/// Lays a diagnostic out: header, source lines with underlines, frames, notes and help.
public enum DiagnosticRenderer {
    /// The diagnostic as text of several lines, without a final line end.
    public static func render(_ diagnostic: Diagnostic) -> Markup {
        var output = Markup()
        output.append("error[\(diagnostic.kind.rawValue)]", .error)
        output.append(": \(diagnostic.message)", .strong)
        let groups = groupBySource(diagnostic.labels)
        let widest = diagnostic.labels.map { $0.source.line(at: $0.span.lower) + 1 }.max() ?? 1
        let width = String(widest).count
        let indent = String(repeating: " ", count: width)
        for (index, group) in groups.enumerated() {
            let lead = group.first { $0.isPrimary } ?? group[0]
            let place = lead.source.position(at: lead.span.lower)
            output.append("\n\(indent)\(index == 0 ? "┌─" : "├─") ", .gutter)
            output.append("\(lead.source.name):\(place.line):\(place.column)")
            if index == 0, let code = diagnostic.code { output.append("  \(code)", .gutter) }
            output.append("\n\(indent)│", .gutter)
            appendLines(of: group, width: width, to: &output)
        }
        for frame in diagnostic.frames {
            output.append("\n\(indent)= ", .gutter)
            output.append("in ", .note)
            output.append("\(frame.function), called at \(frame.caller)")
        }
        for note in diagnostic.notes { append("note", note, indent: indent, to: &output) }
        for help in diagnostic.help { append("help", help, indent: indent, to: &output) }
        return output
    }

    private static func append(_ title: String, _ text: String, indent: String, to output: inout Markup) {
        output.append("\n\(indent)= ", .gutter)
        output.append("\(title): ", title == "help" ? .help : .note)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let continuation = "\n" + indent + String(repeating: " ", count: title.count + 4)
        output.append(lines.joined(separator: continuation))
    }

    /// Labels of one source stand together, the source of the first primary label leading.
    private static func groupBySource(_ labels: [Diagnostic.Label]) -> [[Diagnostic.Label]] {
        var groups: [[Diagnostic.Label]] = []
        for label in labels.filter(\.isPrimary) + labels.filter({ !$0.isPrimary }) {
            if let index = groups.firstIndex(where: { $0[0].source === label.source }) {
                groups[index].append(label)
            } else {
                groups.append([label])
            }
        }
        return groups
    }

    private static func appendLines(of labels: [Diagnostic.Label], width: Int, to output: inout Markup) {
        guard let source = labels.first?.source else { return }
        let byLine = Dictionary(grouping: labels) { source.line(at: $0.span.lower) }
        var previous: Int?
        for line in byLine.keys.sorted() {
            if let previous, line > previous + 1 {
                output.append("\n\(String(repeating: " ", count: width))⋮", .gutter)
            }
            previous = line
            let number = String(line + 1)
            let gutter = String(repeating: " ", count: width - number.count) + number
            let row = Row(source: source, line: line, labels: byLine[line] ?? [])
            output.append("\n\(gutter)│ ", .gutter)
            output.append(row.text)
            appendUnderlines(byLine[line] ?? [], row: row, width: width, to: &output)
        }
    }

    private static func appendUnderlines(
        _ labels: [Diagnostic.Label], row: Row, width: Int, to output: inout Markup
    ) {
        let sorted = labels.sorted { ($0.span.lower, $0.span.upper) < ($1.span.lower, $1.span.upper) }
        let gutter = "\n\(String(repeating: " ", count: width))│ "
        output.append(gutter, .gutter)
        var column = 0
        for label in sorted {
            let (start, end) = row.columns(of: label.span)
            guard end > column else { continue }
            let from = max(start, column)
            output.append(String(repeating: " ", count: from - column))
            let mark = label.isPrimary ? "^" : "-"
            output.append(
                String(repeating: mark, count: max(1, end - from)), label.isPrimary ? .primary : .secondary)
            column = max(from + 1, end)
        }
        var rest = sorted.filter { !$0.text.isEmpty }
        if let last = rest.last, last == sorted.last {
            output.append(" \(last.text)", last.isPrimary ? .primary : .secondary)
            rest.removeLast()
        }
        for label in rest.reversed() {
            output.append(gutter, .gutter)
            output.append(String(repeating: " ", count: row.columns(of: label.span).start))
            output.append(label.text, label.isPrimary ? .primary : .secondary)
        }
    }

    /// One source line as shown: tabs widened, invisible characters made visible, of very long lines the part around
    /// the first label.
    private struct Row {
        let text: String
        private let lower: Int
        private let columnOfByte: [Int]
        private static let longest = 160
        /// What stays in front of the first label when the beginning of the line is cut.
        private static let lead = 60

        init(source: SourceText, line: Int, labels: [Diagnostic.Label]) {
            let span = source.span(ofLine: line)
            let first = labels.map(\.span.lower).min() ?? span.lower
            var start = span.lower
            if first - start > Self.longest - Self.lead / 2 {
                start = first - Self.lead
                while start > span.lower, source.utf8[start] & 0xC0 == 0x80 { start -= 1 }
            }
            let isCutInFront = start > span.lower
            var text = isCutInFront ? "…" : ""
            var columns: [Int] = []
            var column = isCutInFront ? 1 : 0
            let bytes = SourceSpan(start, min(span.upper, start + 4 * Self.longest))
            var isCut = bytes.upper < span.upper
            for scalar in source.text(in: bytes).unicodeScalars {
                let shown = Self.shown(scalar)
                let width = DisplayWidth.of(shown)
                if column + width > Self.longest { isCut = true }
                let size = source.width(at: start + columns.count, of: scalar)
                for _ in 0..<size { columns.append(column) }
                guard !isCut || column + width <= Self.longest else { continue }
                column += width
                text += shown
            }
            columns.append(column)
            lower = start
            columnOfByte = columns
            self.text = isCut ? text + "…" : text
        }

        /// A character that would disturb the layout in a visible form.
        private static func shown(_ scalar: Unicode.Scalar) -> String {
            switch scalar {
            case "\t": "    "
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): "�"
            case _ where scalar.properties.generalCategory == .format && scalar != "\u{200D}": "�"
            default: String(scalar)
            }
        }

        func columns(of span: SourceSpan) -> (start: Int, end: Int) {
            let last = columnOfByte.count - 1
            let start = columnOfByte[min(max(0, span.lower - lower), last)]
            let end = columnOfByte[min(max(0, span.upper - lower), last)]
            return (start, max(start + 1, end))
        }
    }
}

extension SourceText {
    /// How many bytes the scalar decoded at a place takes; U+FFFD may stand for a single broken byte.
    fileprivate func width(at place: Int, of scalar: Unicode.Scalar) -> Int {
        guard scalar == "\u{FFFD}", place < utf8.count else { return UTF8.width(scalar) }
        let isWritten = utf8[place...].starts(with: [0xEF, 0xBF, 0xBD])
        guard !isWritten else { return 3 }
        // The decoder replaces the longest beginning of a scalar at once.
        var size = 1
        while place + size < utf8.count, size < 3 {
            let decoded = String(decoding: utf8[place...place + size], as: UTF8.self)
            guard decoded.unicodeScalars.count == 1 else { break }
            size += 1
        }
        return size
    }
}

/// How many terminal cells a character takes.
public enum DisplayWidth {
    /// 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
    public static func of(_ scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default:
            return 1
        }
    }

    /// The width of a text.
    public static func of(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + of($1) }
    }
}
