/// Several figures as panels of one.
///
/// Each panel keeps its chart and labels; size, resolution and theme are those of the whole.
public struct FigureGrid: Chart {
    /// The panels, row by row; rows may differ in length.
    public let rows: [[Figure]]

    /// A grid of figures.
    ///
    /// - Throws: ``DrawingError`` of kind `value` when there is no figure.
    public init(_ rows: [[Figure]]) throws {
        guard rows.contains(where: { !$0.isEmpty }) else {
            throw DrawingError(.value, "grid: there is no figure", help: "grid([[fig1, fig2], [fig3, fig4]])")
        }
        self.rows = rows.filter { !$0.isEmpty }
    }

    private static let gap = 10.0

    /// The widths of a row's panels, in proportion to what they would choose, together `width`.
    private func widths(_ row: [Figure], _ width: Double) -> [Double] {
        let room = width - Self.gap * Double(row.count - 1)
        let natural = row.map(\.size.width)
        let sum = natural.reduce(0, +)
        return natural.map { max(1, $0 / sum * room) }
    }

    /// The height of a row: what its panels would choose at their width.
    private func height(_ row: [Figure], _ width: Double) -> Double {
        zip(row, widths(row, width)).map { figure, width in figure.size.height * width / figure.size.width }.max() ?? 1
    }

    /// 520 logical pixels for each panel of the longest row.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) {
        let longest = rows.map(\.count).max() ?? 1
        let width = options.width ?? min(max(Double(longest) * 520, 640), 2400)
        let heights = rows.map { height($0, width - 8) }.reduce(0, +) + Self.gap * Double(rows.count - 1)
        return (width, min(max(heights + ((options.title ?? "").isEmpty ? 8 : 44), 100), 6000))
    }

    /// The panels' words, one after another.
    public func altText(_ options: FigureOptions) -> String {
        let panels = rows.joined().map(\.altText)
        let numbered = panels.enumerated().map { "(\($0 + 1)) \($1)" }.joined(separator: " ")
        return "\(panels.count) panels. \(numbered)"
    }

    /// The panels' warnings.
    public func warnings(_ options: FigureOptions) -> [String] { rows.joined().flatMap(\.warnings) }

    /// Draws the panels.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        var inside = area.inset(by: 4)
        if let title = options.title, !title.isEmpty {
            let fonts = Fonts(area)
            let font = Font(size: fonts.title.size * 1.1, bold: true)
            let line = composition.measurer.fitted(TextMeasurer.oneLine(title), font, within: inside.width - 16)
            composition.text(
                line, at: Point(area.midX, inside.minY + 8), font, composition.theme.text, .title, horizontal: .middle,
                vertical: .top)
            inside = inside.inset(top: font.size + 20)
        }
        let natural = rows.map { height($0, inside.width) }
        let room = max(1, inside.height - Self.gap * Double(rows.count - 1))
        let factor = room / natural.reduce(0, +)
        var y = inside.minY
        for (row, height) in zip(rows, natural) {
            var x = inside.minX
            for (figure, width) in zip(row, widths(row, inside.width)) {
                let panel = Rect(x: x, y: y, width: width, height: height * factor)
                figure.chart.compose(into: &composition, in: panel, options: figure.options)
                x += width + Self.gap
            }
            y += height * factor + Self.gap
        }
    }
}
