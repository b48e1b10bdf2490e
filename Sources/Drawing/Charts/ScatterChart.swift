import Glibc

/// Points in the plane, coloured and shaped by class: projections of features, any x against y.
public struct ScatterChart: Chart {
    /// The points of one class.
    public struct Group: Sendable {
        /// The name in the legend.
        public var name: String
        /// Horizontal positions.
        public let x: [Double]
        /// Vertical positions.
        public let y: [Double]

        /// The points of the class `name`.
        ///
        /// - Throws: ``DrawingError`` of kind `shape` when the lengths differ.
        public init(_ name: String, x: [Double], y: [Double]) throws {
            guard x.count == y.count else {
                throw DrawingError(
                    .shape, "plot_scatter: \(x.count) x and \(y.count) y",
                    operands: [0: "[\(x.count)]", 1: "[\(y.count)]"])
            }
            self.name = name
            self.x = x
            self.y = y
        }
    }

    /// The classes, in the order of the legend.
    public let groups: [Group]
    /// Whether one unit is as long upwards as across, as distances in projections ask.
    public let equalAspect: Bool

    /// A scatter plot.
    public init(_ groups: [Group], equalAspect: Bool = false) {
        self.groups = groups
        self.equalAspect = equalAspect
    }

    /// 800 × 500 logical pixels; where units are equal, the width that the points ask for.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) {
        guard equalAspect, let aspect = aspect(options) else { return (800, 500) }
        let legend = groups.count > 1 ? 40.0 : 0
        return (min(max(430 * aspect + 100 + legend, 360), 900), 520)
    }

    /// Width over height of the plot where units are equal.
    private func aspect(_ options: FigureOptions) -> Double? {
        guard !options.logx, !options.logy else { return nil }
        var (x, y) = (domain(\.x, false), domain(\.y, false))
        x.limit(options.xlim)
        y.limit(options.ylim)
        return min(max((x.upper - x.lower) / (y.upper - y.lower), 0.4), 2.5)
    }

    /// Number of points and classes.
    public func altText(_ options: FigureOptions) -> String {
        let count = groups.reduce(0) { $0 + $1.x.count }
        var text = "Scatter plot of \(count) \(count == 1 ? "point" : "points")"
        if groups.count > 1 {
            let names = groups.prefix(12).map { "\($0.name) (\($0.x.count))" }.joined(separator: ", ")
            text += " in \(groups.count) classes: \(names)"
            if groups.count > 12 { text += ", …" }
        }
        return text + "."
    }

    /// Points that have no place.
    public func warnings(_ options: FigureOptions) -> [String] {
        var (missing, negative) = (0, 0)
        for group in groups {
            for (x, y) in zip(group.x, group.y) {
                if !x.isFinite || !y.isFinite {
                    missing += 1
                } else if (options.logx && x <= 0) || (options.logy && y <= 0) {
                    negative += 1
                }
            }
        }
        var result: [String] = []
        if missing > 0 { result.append("\(missing) points are not finite and not drawn") }
        if negative > 0 { result.append("log axis: \(negative) points are zero or negative and not drawn") }
        return result
    }

    /// Draws the points.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        var x = domain(\.x, options.logx)
        var y = domain(\.y, options.logy)
        let isEmpty = x.isEmpty || y.isEmpty
        x.limit(options.xlim)
        y.limit(options.ylim)
        let style = style(area)
        let theme = composition.theme
        var specification = FrameSpecification(
            x: AxisSpecification(domain: x), y: AxisSpecification(domain: y), options: options)
        if groups.count > 1 || groups.first?.name.isEmpty == false {
            specification.legend = groups.enumerated().map {
                LegendEntry(label: $1.name, sample: .marker(marker($0), theme.series($0)))
            }
            if groups.count == 1 { specification.legend = [] }
        }
        if equalAspect { specification.aspect = aspect(options) }
        let frame = composition.frame(specification, in: area) { frame in
            var occupancy = Occupancy(frame.plot)
            for group in groups {
                for (x, y) in zip(group.x, group.y) { occupancy.add(frame.place(x, y)) }
            }
            return occupancy
        }
        composition.clipped(to: frame.plot) { composition in
            if style.count > 20_000 {
                density(frame, &composition)
            } else {
                points(frame, style.radius, &composition)
            }
        }
        if isEmpty { composition.note("no data", in: frame.plot, frame.fonts) }
        composition.legend(of: frame)
    }

    private func domain(_ values: KeyPath<Group, [Double]>, _ logarithmic: Bool) -> Domain {
        Domain(
            { visit in for group in groups { for value in group[keyPath: values] { visit(value) } } },
            logarithmic: logarithmic, padding: 0.05)
    }

    private func style(_ area: Rect) -> (count: Int, radius: Double) {
        let count = groups.reduce(0) { $0 + $1.x.count }
        let radius = count <= 150 ? 4.5 : count <= 1500 ? 3.4 : count <= 6000 ? 2.4 : 1.7
        return (count, area.width < 300 ? radius * 0.7 : radius)
    }

    /// Another shape for every round through the palette, and up to ten classes have shapes in turn, too.
    private func marker(_ index: Int) -> Marker { Marker.series(groups.count <= 10 ? index % 5 : index / 10) }

    private func points(_ frame: Frame, _ radius: Double, _ composition: inout Composition) {
        let theme = composition.theme
        // One after another from each class in turn, so that the last class does not cover the others.
        let rounds = groups.map(\.x.count).max() ?? 0
        let strips = min(16, max(1, rounds))
        for strip in 0..<strips {
            for (index, group) in groups.enumerated() {
                let from = group.x.count * strip / strips
                let to = group.x.count * (strip + 1) / strips
                guard from < to else { continue }
                let places = (from..<to).map { frame.place(group.x[$0], group.y[$0]) }
                    .filter { $0.isFinite && abs($0.x) < 16_384 && abs($0.y) < 16_384 }
                composition.elements.append(
                    .markers(
                        places, marker(index), radius: radius, fill: theme.series(index).opacity(0.85),
                        outline: radius > 3 ? theme.background : nil))
            }
        }
    }

    /// Tens of thousands of points become pixels: each has the mean colour of its points, stronger where they are many.
    private func density(_ frame: Frame, _ composition: inout Composition) {
        let plot = frame.plot
        let (width, height) = (Int(plot.width.rounded(.down)), Int(plot.height.rounded(.down)))
        guard width > 0, height > 0 else { return }
        var red = [Float](repeating: 0, count: width * height)
        var green = red
        var blue = red
        var weight = red
        for (index, group) in groups.enumerated() {
            let colour = composition.theme.series(index)
            let (r, g, b) = (Float(colour.red), Float(colour.green), Float(colour.blue))
            for (x, y) in zip(group.x, group.y) {
                let point = frame.place(x, y)
                guard point.isFinite else { continue }
                let column = (point.x - plot.minX) / plot.width * Double(width)
                let row = (point.y - plot.minY) / plot.height * Double(height)
                guard column >= 0, row >= 0, column < Double(width), row < Double(height) else { continue }
                let cell = Int(row) * width + Int(column)
                red[cell] += r
                green[cell] += g
                blue[cell] += b
                weight[cell] += 1
            }
        }
        let filled = weight.lazy.filter { $0 > 0 }
        let largest = filled.max() ?? 1
        var pixels = [UInt8](repeating: 0, count: width * height * 4)
        for cell in weight.indices where weight[cell] > 0 {
            let w = weight[cell]
            // Logarithmic, so that single points remain visible beside crowded places.
            let strength = largest > 1 ? 0.45 + 0.55 * log(w) / log(largest) : 1
            pixels[4 * cell] = UInt8(min(255, 255 * red[cell] / w))
            pixels[4 * cell + 1] = UInt8(min(255, 255 * green[cell] / w))
            pixels[4 * cell + 2] = UInt8(min(255, 255 * blue[cell] / w))
            pixels[4 * cell + 3] = UInt8(min(255, 255 * strength))
        }
        if let image = try? RasterImage(width: width, height: height, channels: 4, pixels: pixels) {
            composition.elements.append(.image(image, plot))
        }
    }
}
