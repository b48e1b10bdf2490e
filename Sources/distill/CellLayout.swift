import Diagnostics

/// A cell as it stands on the screen: its text behind the prompts, broken into rows, and where the cursor is.
struct CellLayout {
    /// The rows, with colours when asked for.
    private(set) var rows: [String] = [""]
    /// The cursor's row, from 0.
    private(set) var cursorRow = 0
    /// The cursor's column, from 0.
    private(set) var cursorColumn = 0

    private let columns: Int
    private let usesColor: Bool
    private var column = 0

    /// Lays out `text` (of which `point` bytes stand before the cursor) behind `prompt`, and its further lines behind
    /// `continuation`; `hint` stands dim behind the end.
    init(
        prompt: Markup, continuation: Markup, text: Markup, point: Int, hint: String = "", columns: Int, usesColor: Bool
    ) {
        self.columns = max(2, columns)
        self.usesColor = usesColor
        put(prompt)
        var offset = 0
        for run in text.runs {
            var stretch = ""
            for scalar in run.text.unicodeScalars {
                if offset == point {
                    flush(&stretch, run.style)
                    markCursor()
                }
                offset += UTF8.width(scalar)
                if scalar == "\n" {
                    flush(&stretch, run.style)
                    breakRow()
                    put(continuation)
                    continue
                }
                let (shown, width) = Self.shown(scalar)
                if column + width > self.columns {
                    flush(&stretch, run.style)
                    breakRow()
                }
                stretch += shown
                column += width
            }
            flush(&stretch, run.style)
        }
        if offset <= point { markCursor() }
        if !hint.isEmpty, column + DisplayWidth.of(hint) < self.columns { put(Markup(hint, .dim)) }
    }

    /// Control characters stand as `^A`, as in readline.
    private static func shown(_ scalar: Unicode.Scalar) -> (String, Int) {
        if scalar == "\t" { return ("    ", 4) }
        if scalar.value < 0x20, let letter = Unicode.Scalar(scalar.value + 0x40) { return ("^\(letter)", 2) }
        if scalar.value == 0x7F { return ("^?", 2) }
        return (String(scalar), DisplayWidth.of(scalar))
    }

    private mutating func put(_ markup: Markup) {
        rows[rows.count - 1] += usesColor ? markup.ansi : markup.plain
        column += DisplayWidth.of(markup.plain)
    }

    private mutating func flush(_ stretch: inout String, _ style: Markup.Style) {
        guard !stretch.isEmpty else { return }
        rows[rows.count - 1] += usesColor ? Markup(stretch, style).ansi : stretch
        stretch = ""
    }

    private mutating func breakRow() {
        rows.append("")
        column = 0
    }

    private mutating func markCursor() {
        // Behind a full row the cursor stands at the beginning of the next one.
        if column >= columns { breakRow() }
        (cursorRow, cursorColumn) = (rows.count - 1, column)
    }
}
