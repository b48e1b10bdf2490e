import Glibc

/// A table of numbers as colours, the numbers written in the cells and the best one framed.
public struct HeatmapChart: Chart {
    /// Which cell is framed.
    public enum Best: String, Sendable, CaseIterable {
        /// The largest value.
        case highest
        /// The smallest value.
        case lowest
        /// None.
        case none
    }

    /// The values by row and column; not finite ones are left grey.
    public let values: [[Double]]
    /// One name a row.
    public let rows: [String]
    /// One name a column.
    public let columns: [String]
    /// Which cell is framed.
    public let best: Best
    /// The colours.
    public let map: ColourMap
    /// What the values are, for the words beside the framed cell: `val_accuracy`.
    public let valueName: String

    /// A heat map.
    ///
    /// - Throws: ``DrawingError`` of kind `shape` when the names do not fit the table.
    public init(
        _ values: [[Double]], rows: [String], columns: [String], best: Best = .highest,
        map: ColourMap = .sequential, valueName: String = ""
    ) throws {
        guard values.count == rows.count, values.allSatisfy({ $0.count == columns.count }) else {
            let widths = Set(values.map(\.count)).sorted().map(String.init).joined(separator: " or ")
            throw DrawingError(
                .shape,
                "plot_heatmap: \(values.count) × \(widths.isEmpty ? "0" : widths) values for \(rows.count) row and \(columns.count) column names"
            )
        }
        self.values = values
        self.rows = rows
        self.columns = columns
        self.best = best
        self.map = map
        self.valueName = valueName
    }

    /// Room for every cell.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) {
        let width = Double(columns.count) * (columns.count > 25 ? 20 : 62) + 190
        let height = Double(rows.count) * (rows.count > 25 ? 16 : 44) + 130
        return (min(max(width, 420), 1200), min(max(height, 300), 1000))
    }

    private var bestCell: (row: Int, column: Int, value: Double)? {
        guard best != .none else { return nil }
        var result: (row: Int, column: Int, value: Double)?
        for (r, row) in values.enumerated() {
            for (c, value) in row.enumerated() where value.isFinite {
                let better = result.map { best == .highest ? value > $0.value : value < $0.value } ?? true
                if better { result = (r, c, value) }
            }
        }
        return result
    }

    /// Size, range and best cell.
    public func altText(_ options: FigureOptions) -> String {
        let finite = values.joined().filter(\.isFinite)
        var text = "Heat map of \(rows.count) rows and \(columns.count) columns"
        if let low = finite.min(), let high = finite.max() {
            text += ", values from \(NumberText.significant(low, digits: 4))"
            text += " to \(NumberText.significant(high, digits: 4))"
        }
        if let cell = bestCell {
            let x = options.xlabel.map { "\($0) = " } ?? "column "
            let y = options.ylabel.map { "\($0) = " } ?? "row "
            text += "; best \(NumberText.significant(cell.value, digits: 4))"
            text += " at \(x)\(columns[cell.column]), \(y)\(rows[cell.row])"
        }
        return text + "."
    }

    /// Draws the table.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let finite = values.joined().filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        if map == .diverging {
            let reach = max(abs(low), abs(high))
            (low, high) = (-reach, reach)
        }
        if low >= high {
            let room = max(abs(low) * 0.05, 1e-300)
            (low, high) = (low - room, high + room)
        }
        (low, high) = (max(low, -1e305), min(high, 1e305))
        var specification = FrameSpecification(
            x: AxisSpecification(
                domain: Domain(exact: -0.5, Double(columns.count) - 0.5), marks: .categories(columns), grid: false),
            y: AxisSpecification(
                domain: Domain(exact: -0.5, Double(rows.count) - 0.5), marks: .categories(rows), grid: false,
                reversed: true),
            options: options)
        let showsBar = area.width >= 300
        specification.rightReserve = showsBar ? composition.colourBarReserve(low, high, in: area) : 0
        specification.topReserve = bestCell == nil || area.height < 200 ? 0 : 18
        specification.bare = true
        let frame = composition.frame(specification, in: area) { _ in nil }
        guard !rows.isEmpty, !columns.isEmpty else {
            return composition.note("no data", in: frame.plot, frame.fonts)
        }
        let span = high - low
        let texts = cellTexts(finite)
        let theme = composition.theme
        composition.cells(values, texts: texts, best: bestCell.map { ($0.row, $0.column) }, frame) { value in
            map.colour((value - low) / span, theme: theme)
        }
        if let cell = bestCell, specification.topReserve > 0 {
            let x = options.xlabel.flatMap { $0.isEmpty ? nil : "\($0) = " } ?? ""
            let y = options.ylabel.flatMap { $0.isEmpty ? nil : "\($0) = " } ?? ""
            let what = valueName.isEmpty ? "best" : "best \(valueName)"
            let words =
                "\(what) \(texts[cell.row][cell.column]) at \(x)\(columns[cell.column]), \(y)\(rows[cell.row])"
            let fitted = composition.measurer.fitted(words, frame.fonts.legend, within: frame.plot.width - 16)
            let place = Point(frame.plot.minX, frame.plot.minY - 7)
            composition.stroke(
                .rectangle(Rect(x: place.x + 1, y: place.y - 9, width: 10, height: 10)),
                Stroke(colour: composition.theme.text, width: 2))
            composition.text(
                fitted, at: Point(place.x + 17, place.y), frame.fonts.legend, composition.theme.mutedText, .note)
        }
        if showsBar { composition.colourBar(map, low, high, of: frame) }
    }

    private func cellTexts(_ finite: [Double]) -> [[String]] {
        let largest = finite.map(abs).max() ?? 0
        let span = (finite.max() ?? 0) - (finite.min() ?? 0)
        let whole = finite.allSatisfy { $0 == $0.rounded() } && largest < 1e6
        var places = 0
        if !whole, largest > 0, largest < 1e6 {
            let resolution = max(span, largest * 1e-3)
            places = min(max(2 - Int(log10(resolution).rounded(.down)), 0), 4)
        }
        let fixed = largest < 1e6 && (largest >= 1e-2 || largest == 0)
        return values.map { row in
            row.map { value in
                guard value.isFinite else { return "–" }
                return fixed
                    ? NumberText.decimal(value, places: places) : NumberText.significant(value, digits: 3)
            }
        }
    }
}
