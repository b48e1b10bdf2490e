/// Bars for categories, side by side for several groups, with values written and lines to compare with.
public struct BarChart: Chart {
    /// The bars of one colour: one value for each category.
    public struct Group: Sendable {
        /// The name in the legend.
        public var name: String
        /// One value a category; not finite ones have no bar.
        public var values: [Double]
        /// The half length of each error bar; empty when there are none.
        public var errors: [Double]

        /// A group named `name`.
        public init(_ name: String, _ values: [Double], errors: [Double] = []) {
            self.name = name
            self.values = values
            self.errors = errors
        }
    }

    /// Which way the bars grow.
    public enum Direction: String, Sendable, CaseIterable {
        /// Upwards while the names fit below, else to the right.
        case auto
        /// Upwards.
        case vertical
        /// To the right.
        case horizontal
    }

    /// The names along the axis.
    public let categories: [String]
    /// The groups, in the order of the legend.
    public let groups: [Group]
    /// Levels to compare with, such as the teacher and the student from scratch.
    public let references: [CurveChart.Reference]
    /// What the error bars show, for the legend: `± std, n = 5`.
    public let errorLabel: String
    /// Which way the bars grow.
    public let direction: Direction

    /// A bar chart.
    ///
    /// - Throws: ``DrawingError`` of kind `shape` when a group has not one value (and one error) for each category.
    public init(
        _ categories: [String], _ groups: [Group], references: [CurveChart.Reference] = [],
        errorLabel: String = "± std", direction: Direction = .auto
    ) throws {
        for group in groups {
            guard group.values.count == categories.count else {
                throw DrawingError(
                    .shape, "plot_bars: \(categories.count) names and \(group.values.count) values",
                    operands: [0: "[\(categories.count)]", 1: "[\(group.values.count)]"])
            }
            guard group.errors.isEmpty || group.errors.count == categories.count else {
                throw DrawingError(
                    .shape, "plot_bars: \(categories.count) values and \(group.errors.count) errors")
            }
        }
        self.categories = categories
        self.groups = groups
        self.references = references
        self.errorLabel = errorLabel
        self.direction = direction
    }

    private var hasErrors: Bool { groups.contains { $0.errors.contains { $0.isFinite && $0 > 0 } } }

    /// Estimated from characters, so that the natural size needs no font.
    private func isHorizontal(width: Double) -> Bool {
        switch direction {
        case .vertical: return false
        case .horizontal: return true
        case .auto:
            let slot = width * 0.86 / Double(max(1, categories.count))
            let words = categories.flatMap { $0.split(separator: " ").map(\.count) }
            let longest = Double(categories.map(\.count).max() ?? 0)
            // A name fits when each word fits and it takes at most two lines.
            return Double(words.max() ?? 0) * 7 > slot - 8 || longest * 7 > 2 * (slot - 8)
        }
    }

    /// Higher when many bars lie below each other.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) {
        let width = options.width ?? 800
        guard isHorizontal(width: width) else { return (800, 500) }
        let slots = Double(categories.count) * (Double(max(1, groups.count)) * 16 + 10)
        return (800, min(max(280, slots + 130), 3600))
    }

    /// The values by category.
    public func altText(_ options: FigureOptions) -> String {
        let names = references.map { "\($0.name) at \(NumberText.significant($0.value, digits: 4))" }
        var parts: [String] = []
        for (index, category) in categories.prefix(12).enumerated() {
            let values = groups.map { group in
                (group.name.isEmpty || groups.count == 1 ? "" : group.name + " ")
                    + NumberText.significant(group.values[index], digits: 4)
            }
            parts.append("\(category) \(values.joined(separator: ", "))")
        }
        if categories.count > 12 { parts.append("and \(categories.count - 12) more") }
        let lines = names.isEmpty ? "" : " Reference lines: \(names.joined(separator: ", "))."
        return "Bar chart. \(parts.joined(separator: "; ")).\(lines)"
    }

    /// Bars that a logarithmic axis cannot show.
    public func warnings(_ options: FigureOptions) -> [String] {
        guard options.logy else { return [] }
        let bad = groups.flatMap(\.values).count { $0.isFinite && $0 <= 0 }
        guard bad > 0 else { return [] }
        return ["logy: \(bad) \(bad == 1 ? "value is" : "values are") zero or negative and not drawn"]
    }

    /// Draws the bars.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let horizontal = isHorizontal(width: area.width)
        let values = domain(options, horizontal)
        let slots = Domain(exact: -0.5, Double(categories.count) - 0.5)
        let names = AxisSpecification(
            domain: slots, marks: .categories(categories), grid: false, reversed: horizontal)
        let numbers = AxisSpecification(domain: values)
        var specification = FrameSpecification(
            x: horizontal ? numbers : names, y: horizontal ? names : numbers, options: options)
        if horizontal {
            // The options name the axes as they are asked for: ylabel belongs to the values.
            specification.x.label = options.ylabel ?? ""
            specification.y.label = options.xlabel ?? ""
        }
        specification.legend = entries(composition.theme)
        let labels = valueLabels()
        let frame = composition.frame(specification, in: area) { frame in
            var occupancy = Occupancy(frame.plot)
            for bar in bars(frame, horizontal) {
                // The value written at the end of the bar belongs to it.
                occupancy.add(
                    horizontal
                        ? Rect(
                            x: bar.rect.minX, y: bar.rect.minY, width: bar.end - bar.rect.minX + 60,
                            height: bar.rect.height)
                        : Rect(
                            x: bar.rect.minX, y: min(bar.end, bar.rect.minY) - 18, width: bar.rect.width,
                            height: frame.plot.maxY - min(bar.end, bar.rect.minY) + 18))
            }
            for reference in references {
                let scale = horizontal ? frame.x : frame.y
                let place = scale.position(reference.value)
                guard place.isFinite else { continue }
                occupancy.add(
                    line: horizontal
                        ? [Point(place, frame.plot.minY), Point(place, frame.plot.maxY)]
                        : [Point(frame.plot.minX, place), Point(frame.plot.maxX, place)])
            }
            return occupancy
        }
        draw(bars(frame, horizontal), labels, frame, horizontal, &composition)
        if values.isEmpty { composition.note("no data", in: frame.plot, frame.fonts) }
        composition.legend(of: frame)
    }

    private func domain(_ options: FigureOptions, _ horizontal: Bool) -> Domain {
        var ends: [Double] = []
        for group in groups {
            for (index, value) in group.values.enumerated() where value.isFinite {
                let error = group.errors.isEmpty || !group.errors[index].isFinite ? 0 : group.errors[index]
                ends += [value - error, value + error]
            }
        }
        let finite = ends.filter { $0.isFinite && (!options.logy || $0 > 0) }
        var low = finite.min() ?? .infinity
        var high = finite.max() ?? -.infinity
        for reference in references where reference.value.isFinite && (!options.logy || reference.value > 0) {
            low = min(low, reference.value)
            high = max(high, reference.value)
        }
        if !options.logy, low <= high {
            low = min(low, 0)
            high = max(high, 0)
        }
        var domain = Domain(low: low, high: high, logarithmic: options.logy, padding: horizontal ? 0.13 : 0.09)
        if !options.logy, !domain.isEmpty, low < high {
            // Bars stand on zero, not a little above the edge.
            if low == 0 { domain.lower = 0 }
            if high == 0 { domain.upper = 0 }
        }
        domain.limit(options.ylim)
        return domain
    }

    private func entries(_ theme: Theme) -> [LegendEntry] {
        var entries: [LegendEntry] = []
        if groups.count > 1 {
            entries = groups.enumerated().map {
                LegendEntry(label: $1.name, sample: .patch(theme.series($0)))
            }
        }
        for (index, reference) in references.enumerated() {
            let label = "\(reference.name) \(NumberText.significant(reference.value, digits: 4))"
            entries.append(LegendEntry(label: label, sample: .line(stroke(index, theme), nil)))
        }
        if hasErrors {
            entries.append(
                LegendEntry(label: errorLabel, sample: .upright(Stroke(colour: theme.text, width: 1.4))))
        }
        return entries
    }

    private func stroke(_ index: Int, _ theme: Theme) -> Stroke {
        let dashes: [[Double]] = [[8, 4], [2, 3], [8, 3, 2, 3]]
        return Stroke(colour: theme.text, width: 1.5, dash: dashes[index % dashes.count])
    }
}
