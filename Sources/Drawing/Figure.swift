/// A chart with its labels and size: a value that is drawn on demand.
///
/// ```swift
/// let loss = try CurveSeries("train", y: losses)
/// let figure = try Figure(CurveChart([loss], smoothing: .weight(0.9)), FigureOptions(title: "Loss", logy: true))
/// try figure.write(to: "loss.png")
/// ```
public struct Figure: Sendable {
    /// What is shown.
    public let chart: any Chart
    /// How it is labelled, scaled and sized.
    public let options: FigureOptions

    /// A figure from a chart.
    ///
    /// - Throws: ``DrawingError`` of kind `value` for a size, resolution or axis range that cannot be drawn.
    public init(_ chart: any Chart, _ options: FigureOptions = FigureOptions()) throws {
        try options.validate()
        self.chart = chart
        self.options = options
    }

    /// The size in logical pixels (1/96 inch).
    public var size: (width: Double, height: Double) {
        let natural = chart.naturalSize(options)
        return (options.width ?? natural.width, options.height ?? natural.height)
    }

    /// What the figure shows, for readers who cannot see it: made from the title and the data.
    public var altText: String {
        let title = (options.title ?? "").split(separator: "\n").joined(separator: " ")
        let text = chart.altText(options)
        if title.isEmpty { return text }
        return title.last.map { ".?!…:".contains($0) } == true ? "\(title) \(text)" : "\(title). \(text)"
    }

    /// What a reader of the picture could be misled by.
    public var warnings: [String] { chart.warnings(options) }

    /// Where everything stands, without drawing it.
    public func layout() -> FigureLayout { composed().layout }

    /// The figure in characters for a terminal without pictures; the alternative text for charts without such a form.
    public func sketch(columns: Int = 80, rows: Int = 20) -> String {
        chart.sketch(columns: max(8, columns), rows: max(3, rows), options: options) ?? altText
    }

    func composed() -> Composition {
        let (width, height) = size
        var composition = Composition(
            width: width, height: height, theme: options.theme, measurer: TextMeasurer())
        chart.compose(
            into: &composition, in: Rect(x: 0, y: 0, width: width, height: height), options: options)
        return composition
    }
}
