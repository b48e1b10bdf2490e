/// How a line is drawn.
struct Stroke: Sendable, Equatable {
    var colour: Colour
    var width: Double
    var dash: [Double] = []
    /// Whether the line is moved onto whole device pixels, for axis-parallel lines.
    var crisp = false
}

/// The shapes that figures consist of.
enum Shape: Sendable {
    /// Joined points; a point that is not finite interrupts the line.
    case polyline([Point])
    case polygon([Point])
    case rectangle(Rect, radius: Double = 0)
    case rectangles([Rect])
    case segments([(Point, Point)])
    case circle(Point, radius: Double)
}

/// The outline of one data point.
enum Marker: Int, Sendable, CaseIterable {
    case circle, square, triangle, diamond, triangleDown, cross, plus

    static func series(_ index: Int) -> Marker { Marker(rawValue: max(0, index) % allCases.count) ?? .circle }
}

/// A piece of text with its place: the anchor is the start of its baseline before rotation.
struct TextElement: Sendable {
    var text: String
    var origin: Point
    var font: Font
    var colour: Colour
    /// Whether the text reads upwards.
    var upwards = false
}

/// One step of drawing. A figure is a list of these, so that every output format and every test sees the same.
enum Element: Sendable {
    case fill(Shape, Colour)
    case stroke(Shape, Stroke)
    case markers([Point], Marker, radius: Double, fill: Colour, outline: Colour?)
    case text(TextElement)
    case image(RasterImage, Rect)
    case pushClip(Rect)
    case popClip
}
