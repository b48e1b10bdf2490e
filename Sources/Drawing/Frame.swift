/// What an axis shows and how it is marked.
struct AxisSpecification {
    enum Marks {
        /// Round numbers; whole ones only when `integer`.
        case numbers(integer: Bool)
        /// One name for each of the values 0, 1, 2 …
        case categories([String])
        /// Nothing.
        case none
    }

    var domain: Domain
    var label = ""
    var marks: Marks = .numbers(integer: false)
    var grid = true
    /// Whether the first value stands at the top (rows of a table) rather than at the bottom.
    var reversed = false
}

/// What surrounds a plot: titles, axes, legend.
struct FrameSpecification {
    var title = ""
    var x: AxisSpecification
    var y: AxisSpecification
    var second: AxisSpecification?
    var legend: [LegendEntry] = []
    var legendPlace: FigureOptions.Legend = .auto
    /// Width divided by height that the plot area keeps.
    var aspect: Double?
    /// Space kept free right of the plot, for a colour bar.
    var rightReserve = 0.0
    /// Space kept free above the plot.
    var topReserve = 0.0
    /// Whether a line closes the plot on all four sides.
    var boxed = false
    /// Whether the plot has no axis lines.
    var bare = false

    init(x: AxisSpecification, y: AxisSpecification, options: FigureOptions) {
        self.x = x
        self.y = y
        title = options.title ?? ""
        if let label = options.xlabel { self.x.label = label }
        if let label = options.ylabel { self.y.label = label }
        legendPlace = options.legend
    }
}

/// The plot area once everything around it has its place.
struct Frame {
    var plot: Rect
    var x: Scale
    var y: Scale
    var second: Scale?
    var legend: LegendBox?
    var legendCorner = Point(0, 0)
    var legendInside = false
    var fonts: Fonts

    /// Where a data point stands.
    func place(_ xValue: Double, _ yValue: Double) -> Point { Point(x.position(xValue), y.position(yValue)) }
}

/// The sizes of text, a little smaller in small figures.
struct Fonts {
    var title: Font
    var label: Font
    var tick: Font
    var legend: Font
    var value: Font

    init(_ area: Rect) {
        let scale = min(max(min(area.width / 480, area.height / 300), 0.75), 1)
        title = Font(size: 15.5 * scale, bold: true)
        label = Font(size: 12.5 * scale)
        tick = Font(size: 11.5 * scale)
        legend = Font(size: 11.5 * scale)
        value = Font(size: 11 * scale)
    }
}

/// The marks of one axis as text, with the room that they take.
struct AxisText {
    var ticks = Ticks()
    /// The lines of each label; no lines where a label was left out.
    var lines: [[String]] = []
    var upwards = false
    /// The longest extent across the axis.
    var depth = 0.0
}

extension Composition {
    /// Lays out and draws title, grid, axes and labels inside `area` and finds the legend's place.
    ///
    /// - Parameter occupied: where a plot area of a given frame has data; the legend keeps off it.
    mutating func frame(
        _ specification: FrameSpecification, in area: Rect, occupied: (Frame) -> Occupancy?
    ) -> Frame {
        let fonts = Fonts(area)
        var plan = FramePlan(specification, area, fonts, measurer)
        plan.solve()
        let entries = specification.legendPlace == .none ? [] : specification.legend
        guard !entries.isEmpty, area.width >= 160, area.height >= 110 else { return draw(plan) }

        if specification.legendPlace == .auto {
            var frame = plan.frame
            let box = LegendBox(
                entries, measurer, font: fonts.legend, maxWidth: frame.plot.width * 0.6,
                maxHeight: frame.plot.height * 0.7)
            if box.width <= frame.plot.width - 16, box.height <= frame.plot.height - 16 {
                var occupancy = occupied(frame)
                occupancy?.seal()
                let (corner, cover) = bestCorner(box, frame.plot, occupancy)
                if cover == 0 {
                    frame.legend = box
                    frame.legendCorner = corner
                    frame.legendInside = true
                    return draw(plan, placed: frame, cover: cover)
                }
            }
        }
        let beside = LegendBox(
            entries, measurer, font: fonts.legend, maxWidth: max(area.width * 0.34, 60),
            maxHeight: plan.frame.plot.height)
        let below = LegendBox(
            entries, measurer, font: fonts.legend, maxWidth: plan.frame.plot.width,
            maxHeight: area.height * 0.25, inRows: true)
        // A figure this small has no room to spare: better a plot without a legend than the reverse.
        guard area.width >= 280, area.height >= 190 else { return draw(plan) }
        let narrow = area.width < 420 || beside.width > area.width * 0.3
        let cheaper = below.height * area.width < beside.width * area.height && below.rows <= 2
        if narrow || cheaper {
            plan.bottomReserve = max(0, below.height - 4)
            plan.solve()
            var frame = plan.frame
            frame.legend = below
            frame.legendCorner = Point(
                min(frame.plot.minX, area.maxX - below.width - 4), area.maxY - below.height - 6)
            return draw(plan, placed: frame)
        }
        plan.rightReserve += beside.width + 6
        plan.solve()
        var frame = plan.frame
        frame.legend = beside
        frame.legendCorner = Point(area.maxX - beside.width - 8, frame.plot.minY - 4)
        return draw(plan, placed: frame)
    }

    /// The place inside the plot where the legend hides least: corners first, then edges, then the middle.
    private func bestCorner(_ box: LegendBox, _ plot: Rect, _ occupancy: Occupancy?) -> (Point, Double) {
        let margin = 8.0
        let left = plot.minX + margin
        let right = plot.maxX - margin - box.width
        let top = plot.minY + margin
        let bottom = plot.maxY - margin - box.height
        let (centre, middle) = ((left + right) / 2, (top + bottom) / 2)
        let quarters = [0.25, 0.75].map { left + (right - left) * $0 }
        let candidates =
            [
                Point(right, top), Point(left, top), Point(right, bottom), Point(left, bottom), Point(right, middle),
                Point(centre, top), Point(centre, bottom), Point(left, middle),
            ] + quarters.flatMap { [Point($0, top), Point($0, bottom), Point($0, middle)] }
        guard let occupancy else { return (candidates[0], 0) }
        var best = (candidates[0], Double.infinity)
        for corner in candidates {
            let rect = Rect(x: corner.x, y: corner.y, width: box.width, height: box.height).inset(by: -3)
            let cover = occupancy.cover(rect)
            if cover < best.1 { best = (corner, cover) }
            if cover == 0 { break }
        }
        return best
    }

    private mutating func draw(_ plan: FramePlan, placed: Frame? = nil, cover: Double = 0) -> Frame {
        let frame = placed ?? plan.frame
        var entry = FigureLayout.Plot(area: frame.plot)
        if case .numbers = plan.specification.x.marks { entry.x = frame.x }
        if case .numbers = plan.specification.y.marks { entry.y = frame.y }
        entry.second = frame.second
        entry.xTicks = plan.x.ticks.values
        entry.yTicks = plan.y.ticks.values
        if let legend = frame.legend, !legend.isEmpty {
            entry.legend = Rect(
                x: frame.legendCorner.x, y: frame.legendCorner.y, width: legend.width, height: legend.height)
            entry.legendInside = frame.legendInside
            entry.legendCover = cover
        }
        layout.plots.append(entry)
        draw(axes: plan, frame)
        return frame
    }

    /// Draws the legend that `frame` found a place for; called after the data, so that it stands in front.
    mutating func legend(of frame: Frame) {
        guard let box = frame.legend, !box.isEmpty else { return }
        legend(box, at: frame.legendCorner, backed: frame.legendInside)
    }
}
