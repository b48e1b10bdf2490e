/// Where everything in a figure stands, in logical pixels: what a test or an interactive viewer asks.
public struct FigureLayout: Sendable {
    /// What a piece of text is there for.
    public enum Role: String, Sendable {
        /// The title of the figure or of a panel.
        case title
        /// The name of an axis.
        case axisLabel
        /// A number or category along the horizontal axis.
        case xTick
        /// A number or category along the vertical axis.
        case yTick
        /// A number along the second vertical axis or a colour bar.
        case secondTick
        /// A factor or offset that applies to an axis.
        case multiplier
        /// The name of a series.
        case legend
        /// A value written at its mark.
        case value
        /// Words under a picture.
        case caption
        /// A remark, such as that there is no data.
        case note
    }

    /// A piece of text and the rectangle it fills.
    public struct TextBox: Sendable {
        /// The text as drawn, after shortening.
        public let text: String
        /// The rectangle from the top of capitals to the bottom of descenders.
        public let box: Rect
        /// What the text is there for.
        public let role: Role
    }

    /// One plot area with its axes.
    public struct Plot: Sendable {
        /// The rectangle that the data is drawn in.
        public var area: Rect
        /// The horizontal axis, unless it has categories.
        public var x: Scale?
        /// The vertical axis, unless it has categories.
        public var y: Scale?
        /// The second vertical axis.
        public var second: Scale?
        /// The values marked along the horizontal axis.
        public var xTicks: [Double] = []
        /// The values marked along the vertical axis.
        public var yTicks: [Double] = []
        /// The rectangle of the legend, when there is one.
        public var legend: Rect?
        /// Whether the legend stands inside the plot area.
        public var legendInside = false
        /// The share of the legend's rectangle with data behind it, from 0 to 1.
        public var legendCover = 0.0
    }

    /// The width of the canvas.
    public var width: Double
    /// The height of the canvas.
    public var height: Double
    /// Every piece of text.
    public var texts: [TextBox] = []
    /// The plot areas, one for each panel.
    public var plots: [Plot] = []
}
