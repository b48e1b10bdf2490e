/// One line of a legend.
struct LegendEntry: Sendable {
    enum Sample: Sendable {
        case line(Stroke, Marker?)
        case band(Colour, Stroke)
        case patch(Colour)
        case marker(Marker, Colour)
        case upright(Stroke)
    }

    var label: String
    var sample: Sample
}

/// The legend's entries, shortened to fit, and their places relative to its corner.
struct LegendBox: Sendable {
    static let sampleWidth = 24.0
    var entries: [LegendEntry]
    var offsets: [Point]
    var width: Double
    var height: Double
    let font: Font
    private(set) var rows = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Entries one below another, in as many columns as `maxHeight` asks; those that find no room are counted at
    /// the end.
    init(
        _ entries: [LegendEntry], _ measurer: TextMeasurer, font: Font, maxWidth: Double, maxHeight: Double,
        inRows: Bool = false
    ) {
        self.font = font
        let row = (font.size * 1.5).rounded()
        let padding = 6.0
        let lead = Self.sampleWidth + 7
        let longest = max(20, min(maxWidth - 2 * padding - lead, inRows ? maxWidth : 320))
        var fitted = entries.map { entry in
            LegendEntry(
                label: measurer.fitted(TextMeasurer.oneLine(entry.label), font, within: longest), sample: entry.sample)
        }
        var widths = fitted.map { measurer.width($0.label, font) + lead + 14 }
        let perColumn = max(1, Int((maxHeight - 2 * padding + 1) / row))
        /// The width of each column when the entries are laid out in `count` of them.
        func columnWidths(_ count: Int) -> [Double] {
            let rows = max(1, (widths.count + count - 1) / count)
            return (0..<count).map { c in
                widths.indices.filter { (inRows ? $0 % count : $0 / rows) == c }.map { widths[$0] }.max() ?? 0
            }
        }
        func fits(_ count: Int) -> Bool { columnWidths(count).reduce(0, +) - 14 <= maxWidth - 2 * padding }
        var columns = 1
        if inRows {
            columns = (1...max(1, min(fitted.count, 12))).last { fits($0) } ?? 1
            // As many rows as that takes, but evenly filled.
            let rows = max(1, (fitted.count + columns - 1) / columns)
            columns = max(1, (fitted.count + rows - 1) / rows)
            if !fits(columns) { columns = 1 }
        } else {
            while columns * perColumn < fitted.count, columns < 12, fits(columns + 1) { columns += 1 }
        }
        let capacity = columns * perColumn
        if fitted.count > capacity {
            let hidden = fitted.count - capacity + 1
            fitted = Array(fitted.prefix(max(0, capacity - 1)))
            let text = measurer.fitted("… \(hidden) more", font, within: longest)
            fitted.append(LegendEntry(label: text, sample: .patch(Colour(0, alpha: 0))))
            widths = fitted.map { measurer.width($0.label, font) + lead + 14 }
        }
        self.entries = fitted
        let rows = max(1, (fitted.count + columns - 1) / columns)
        self.rows = rows
        let columnWidths = columnWidths(columns)
        offsets = fitted.indices.map { index in
            let (c, r) = inRows ? (index % columns, index / columns) : (index / rows, index % rows)
            let left = columnWidths.prefix(c).reduce(0, +)
            return Point(padding + left, padding + Double(r) * row + row / 2)
        }
        width = fitted.isEmpty ? 0 : 2 * padding + columnWidths.reduce(0, +) - 14
        height = fitted.isEmpty ? 0 : 2 * padding + Double(rows) * row
    }
}

extension Composition {
    /// Draws the legend with its top left corner at `corner`, on a backing when it stands inside the plot.
    mutating func legend(_ box: LegendBox, at corner: Point, backed: Bool) {
        if backed {
            let rect = Rect(x: corner.x, y: corner.y, width: box.width, height: box.height)
            fill(.rectangle(rect, radius: 3), theme.background.opacity(0.85))
            stroke(.rectangle(rect, radius: 3), Stroke(colour: theme.grid, width: 1, crisp: true))
        }
        for (entry, offset) in zip(box.entries, box.offsets) {
            let x = corner.x + offset.x
            let y = corner.y + offset.y
            let middle = x + LegendBox.sampleWidth / 2
            let patch = Rect(x: x + 5, y: y - 5, width: 14, height: 10)
            switch entry.sample {
            case .line(let stroke, let marker):
                line(Point(x, y), Point(x + LegendBox.sampleWidth, y), stroke)
                if let marker {
                    elements.append(
                        .markers([Point(middle, y)], marker, radius: 3, fill: stroke.colour, outline: nil))
                }
            case .band(let colour, let stroke):
                fill(.rectangle(Rect(x: x, y: y - 5, width: LegendBox.sampleWidth, height: 10)), colour)
                line(Point(x, y), Point(x + LegendBox.sampleWidth, y), stroke)
            case .patch(let colour): fill(.rectangle(patch, radius: 1.5), colour)
            case .marker(let marker, let colour):
                elements.append(.markers([Point(middle, y)], marker, radius: 4, fill: colour, outline: nil))
            case .upright(let stroke): line(Point(middle, y - 6), Point(middle, y + 6), stroke)
            }
            text(
                entry.label, at: Point(x + LegendBox.sampleWidth + 7, y), box.font, theme.text, .legend,
                vertical: .middle)
        }
    }
}
