/// What a figure shows. Each kind of chart is a plain value that holds its data.
public protocol Chart: Sendable {
    /// What the chart shows, in a sentence or two, for readers who cannot see it.
    func altText(_ options: FigureOptions) -> String

    /// What a reader of the picture could be misled by, such as values that a logarithmic axis leaves out.
    func warnings(_ options: FigureOptions) -> [String]

    /// The size in logical pixels when the options name none.
    func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double)

    /// Adds the chart to a figure, inside `area`.
    func compose(into composition: inout Composition, in area: Rect, options: FigureOptions)

    /// The chart in characters, at most `columns` wide and `rows` high; `nil` for charts that have no such form.
    func sketch(columns: Int, rows: Int, options: FigureOptions) -> String?
}

extension Chart {
    /// No warnings.
    public func warnings(_ options: FigureOptions) -> [String] { [] }

    /// 800 × 500 logical pixels.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) { (800, 500) }

    /// No form in characters.
    public func sketch(columns: Int, rows: Int, options: FigureOptions) -> String? { nil }
}
