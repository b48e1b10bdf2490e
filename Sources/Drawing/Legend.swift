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
        let widths = fitted.map { measurer.width($0.label, font) + lead + 14 }
        let column = widths.max() ?? 0
        let perColumn = max(1, Int((maxHeight - 2 * padding + 1) / row))
        let fittingColumns = max(1, Int((maxWidth - 2 * padding + 14) / max(column, 1)))
        let columns: Int
        if inRows {
            columns = max(1, min(fitted.count, fittingColumns))
        } else {
            columns = max(1, min(fittingColumns, (fitted.count + perColumn - 1) / perColumn))
        }
        let capacity = columns * perColumn
        if fitted.count > capacity {
            let hidden = fitted.count - capacity + 1
            fitted = Array(fitted.prefix(max(0, capacity - 1)))
            let text = measurer.fitted("… \(hidden) more", font, within: longest)
            fitted.append(LegendEntry(label: text, sample: .patch(Colour(0, alpha: 0))))
        }
        self.entries = fitted
        let rows = max(1, (fitted.count + columns - 1) / columns)
        offsets = fitted.indices.map { index in
            let (c, r) = inRows ? (index % columns, index / columns) : (index / rows, index % rows)
            return Point(padding + Double(c) * column, padding + Double(r) * row + row / 2)
        }
        width = fitted.isEmpty ? 0 : 2 * padding + Double(columns) * column - 14
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
