/// How a figure is labelled, scaled and sized.
public struct FigureOptions: Sendable, Equatable {
    /// Where the legend goes.
    public enum Legend: String, Sendable, CaseIterable {
        /// Inside where it hides nothing, else beside or below the plot.
        case auto
        /// Beside or below the plot.
        case outside
        /// Nowhere.
        case none
    }

    /// The ends of an axis; an end that is `nil` follows the data.
    public struct Limits: Sendable, Equatable {
        /// The smallest value shown.
        public var lower: Double?
        /// The largest value shown.
        public var upper: Double?

        /// Limits from their ends.
        public init(_ lower: Double?, _ upper: Double?) {
            self.lower = lower
            self.upper = upper
        }
    }

    /// The title above the figure.
    public var title: String?
    /// The name of the horizontal axis; the chart's own when `nil`, none when empty.
    public var xlabel: String?
    /// The name of the vertical axis; the chart's own when `nil`, none when empty.
    public var ylabel: String?
    /// Whether the horizontal axis is logarithmic.
    public var logx = false
    /// Whether the vertical axis is logarithmic.
    public var logy = false
    /// The ends of the horizontal axis.
    public var xlim: Limits?
    /// The ends of the vertical axis.
    public var ylim: Limits?
    /// Where the legend goes.
    public var legend: Legend = .auto
    /// The width in logical pixels (1/96 inch); the chart's own choice when `nil`.
    public var width: Double?
    /// The height in logical pixels (1/96 inch); the chart's own choice when `nil`.
    public var height: Double?
    /// Pixels per inch of the PNG: 192 is twice the density of a plain screen.
    public var dpi = 192.0
    /// The colours.
    public var theme: Theme = .light

    /// Options with the given values, the usual ones for the rest.
    public init(
        title: String? = nil, xlabel: String? = nil, ylabel: String? = nil, logx: Bool = false, logy: Bool = false,
        xlim: Limits? = nil, ylim: Limits? = nil, legend: Legend = .auto, width: Double? = nil,
        height: Double? = nil, dpi: Double = 192, theme: Theme = .light
    ) {
        self.title = title
        self.xlabel = xlabel
        self.ylabel = ylabel
        self.logx = logx
        self.logy = logy
        self.xlim = xlim
        self.ylim = ylim
        self.legend = legend
        self.width = width
        self.height = height
        self.dpi = dpi
        self.theme = theme
    }

    func validate() throws {
        for (name, side) in [("width", width), ("height", height)] {
            guard let side else { continue }
            guard side.isFinite, side >= 32, side <= 10_000 else {
                throw DrawingError(
                    .value, "plot: \(name) = \(NumberText.plain(side)); a figure measures 32 to 10000 logical pixels",
                    help: "\(name)=800 makes 1600 pixels at the usual dpi=192")
            }
        }
        guard dpi.isFinite, dpi >= 24, dpi <= 2400 else {
            throw DrawingError(.value, "plot: dpi = \(NumberText.plain(dpi)); the resolution is 24 to 2400")
        }
        for (name, limits, logarithmic) in [("xlim", xlim, logx), ("ylim", ylim, logy)] {
            guard let limits else { continue }
            let ends = [limits.lower, limits.upper].compactMap { $0 }
            let range = "[\(ends.map(NumberText.plain).joined(separator: ", "))]"
            guard ends.allSatisfy(\.isFinite), ends.allSatisfy({ abs($0) <= 1e305 }) else {
                throw DrawingError(.value, "plot: \(name) = \(range); the ends of an axis are finite numbers")
            }
            if let lower = limits.lower, let upper = limits.upper, lower >= upper {
                throw DrawingError(.value, "plot: \(name) = \(range); the first end must be below the second")
            }
            if logarithmic, let end = ends.first(where: { $0 <= 0 }) {
                throw DrawingError(
                    .value, "plot: \(name) reaches \(NumberText.plain(end)), which a logarithmic axis cannot show")
            }
        }
    }
}
