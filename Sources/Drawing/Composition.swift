/// A figure while it is being put together: what is drawn so far, and where.
///
/// Charts receive one to add to; its content is the business of this module.
public struct Composition {
    var elements: [Element] = []
    var layout: FigureLayout
    let theme: Theme
    let measurer: TextMeasurer

    init(width: Double, height: Double, theme: Theme, measurer: TextMeasurer) {
        layout = FigureLayout(width: width, height: height)
        self.theme = theme
        self.measurer = measurer
    }

    enum Horizontal { case start, middle, end }
    enum Vertical { case top, middle, baseline, bottom }

    mutating func fill(_ shape: Shape, _ colour: Colour) { elements.append(.fill(shape, colour)) }

    mutating func stroke(_ shape: Shape, _ stroke: Stroke) { elements.append(.stroke(shape, stroke)) }

    mutating func line(_ from: Point, _ to: Point, _ stroke: Stroke) { self.stroke(.segments([(from, to)]), stroke) }

    /// Everything that `body` adds is cut off at the edges of `area`.
    mutating func clipped(to area: Rect, _ body: (inout Composition) -> Void) {
        elements.append(.pushClip(area))
        body(&self)
        elements.append(.popClip)
    }

    /// Adds one line of text and its box; `anchor` is the point that `horizontal` and `vertical` speak of.
    mutating func text(
        _ text: String, at anchor: Point, _ font: Font, _ colour: Colour, _ role: FigureLayout.Role,
        horizontal: Horizontal = .start, vertical: Vertical = .baseline, upwards: Bool = false
    ) {
        let text = measurer.drawable(TextMeasurer.oneLine(text))
        guard !text.isEmpty, anchor.isFinite else { return }
        let width = measurer.width(text, font)
        let along =
            switch horizontal {
            case .start: 0.0
            case .middle: -width / 2
            case .end: -width
            }
        let across =
            switch vertical {
            case .top: font.ascent
            case .middle: font.size * 0.36
            case .baseline: 0.0
            case .bottom: -font.descent
            }
        let origin: Point
        let box: Rect
        if upwards {
            origin = Point(anchor.x + across, anchor.y - along)
            box = Rect(
                x: origin.x - font.ascent, y: origin.y - width, width: font.ascent + font.descent, height: width)
        } else {
            origin = Point(anchor.x + along, anchor.y + across)
            box = Rect(x: origin.x, y: origin.y - font.ascent, width: width, height: font.ascent + font.descent)
        }
        elements.append(
            .text(TextElement(text: text, origin: origin, font: font, colour: colour, upwards: upwards)))
        layout.texts.append(FigureLayout.TextBox(text: text, box: box, role: role))
    }
}
