extension Markup {
    /// Rows of cells as lines: the first `left` columns to the left, the others to the right; no line ends in blanks.
    public init(table rows: [[Markup]], left: Int = 1) {
        self.init()
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { $0.indices.contains(column) ? DisplayWidth.of($0[column].plain) : 0 }.max() ?? 0
        }
        for (index, row) in rows.enumerated() {
            if index > 0 { append("\n") }
            // Blanks wait until something follows them.
            var blanks = 0
            for (column, cell) in row.enumerated() {
                let space = max(0, widths[column] - DisplayWidth.of(cell.plain))
                blanks += (column == 0 ? 0 : 2) + (column < left ? 0 : space)
                if !cell.isEmpty {
                    append(String(repeating: " ", count: blanks))
                    append(cell)
                    blanks = 0
                }
                if column < left { blanks += space }
            }
        }
    }
}
