import Glibc

/// How values are distributed, for one or several groups over common bins.
public struct HistogramChart: Chart {
    /// The values of one colour.
    public struct Group: Sendable {
        /// The name in the legend.
        public var name: String
        /// The values; not finite ones are left out.
        public let values: [Double]

        /// The values of `name`.
        public init(_ name: String, _ values: [Double]) {
            self.name = name
            self.values = values
        }
    }

    /// The groups, in the order of the legend.
    public let groups: [Group]
    /// The number of bins; by the rule of Freedman and Diaconis (1981) when `nil`.
    public let bins: Int?
    /// Whether bars show densities (area 1) rather than counts.
    public let density: Bool

    /// A histogram.
    ///
    /// - Throws: ``DrawingError`` of kind `value` for less than one or more than 10000 bins.
    public init(_ groups: [Group], bins: Int? = nil, density: Bool = false) throws {
        if let bins, !(1...10_000).contains(bins) {
            throw DrawingError(.value, "plot_histogram: bins = \(bins); there are 1 to 10000")
        }
        self.groups = groups
        self.bins = bins
        self.density = density
    }

    /// Count, range and mean of each group.
    public func altText(_ options: FigureOptions) -> String {
        var text = "Histogram."
        for group in groups.prefix(8) {
            let finite = group.values.filter(\.isFinite)
            let name = group.name.isEmpty ? "Values" : group.name
            guard let low = finite.min(), let high = finite.max() else {
                text += " \(name): no finite values."
                continue
            }
            func number(_ value: Double) -> String { NumberText.significant(value, digits: 3) }
            let n = Double(finite.count)
            let mean = finite.reduce(0) { $0 + $1 / n }
            text += " \(name): \(finite.count) values from \(number(low)) to \(number(high)), mean \(number(mean))."
        }
        return text
    }

    /// Values that are left out.
    public func warnings(_ options: FigureOptions) -> [String] {
        var result: [String] = []
        let all = groups.lazy.flatMap(\.values)
        let missing = all.count { !$0.isFinite }
        if missing > 0 { result.append("\(missing) values are not finite and not counted") }
        if options.logx {
            let negative = all.count { $0.isFinite && $0 <= 0 }
            if negative > 0 { result.append("logx: \(negative) values are zero or negative and not counted") }
        }
        return result
    }

    /// Draws the bars.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let edges = edges(options)
        let heights = groups.map { Self.counts($0.values, edges, density: density) }
        let tallest = heights.joined().max() ?? 0
        var x = Domain(
            low: edges.first ?? .infinity, high: edges.last ?? -.infinity, logarithmic: options.logx, padding: 0.015)
        x.limit(options.xlim)
        var y: Domain
        if options.logy {
            let smallest = heights.joined().filter { $0 > 0 }.min() ?? 1
            y = Domain(low: smallest / 1.6, high: max(tallest, smallest), logarithmic: true, padding: 0.04)
        } else {
            y = Domain(low: 0, high: max(tallest, density ? 1e-300 : 1), logarithmic: false, padding: 0.06)
            y.lower = 0
        }
        y.limit(options.ylim)
        let theme = composition.theme
        var specification = FrameSpecification(
            x: AxisSpecification(domain: x, grid: false),
            y: AxisSpecification(
                domain: y, label: density ? "density" : "count", marks: .numbers(integer: !density && !options.logy)),
            options: options)
        if groups.count > 1 {
            specification.legend = groups.enumerated().map {
                LegendEntry(label: $1.name, sample: .patch(theme.series($0).opacity(0.75)))
            }
        }
        let frame = composition.frame(specification, in: area) { frame in
            var occupancy = Occupancy(frame.plot)
            for counts in heights {
                for rect in bars(counts, edges, frame) { occupancy.add(rect) }
            }
            return occupancy
        }
        let alone = groups.count == 1
        composition.clipped(to: frame.plot) { composition in
            for (index, counts) in heights.enumerated() {
                let rects = bars(counts, edges, frame)
                let colour = theme.series(index)
                let gap = alone && (rects.first?.width ?? 0) > 5 ? 0.5 : 0
                composition.fill(
                    .rectangles(rects.map { $0.inset(left: gap, right: gap) }), colour.opacity(alone ? 1 : 0.38))
            }
            for (index, counts) in heights.enumerated() where !alone {
                let stroke = Stroke(colour: theme.series(index), width: 1.8, dash: Dash.series(index))
                composition.stroke(.polyline(outline(counts, edges, frame)), stroke)
            }
        }
        if edges.isEmpty { composition.note("no data", in: frame.plot, frame.fonts) }
        composition.legend(of: frame)
    }

    // MARK: Bins

    private func edges(_ options: FigureOptions) -> [Double] {
        var values = groups.flatMap(\.values).filter { $0.isFinite && abs($0) < 1e300 && (!options.logx || $0 > 0) }
        guard !values.isEmpty else { return [] }
        if options.logx { values = values.map { log10($0) } }
        values.sort()
        let (low, high) = (values[0], values[values.count - 1])
        var result: [Double]
        if bins == nil, !options.logx, high - low <= 60, values.allSatisfy({ $0 == $0.rounded() }) {
            // Whole numbers get a bar each, centred on the number.
            result = (0...Int(high - low) + 1).map { low - 0.5 + Double($0) }
        } else if high - low <= abs(high) * 1e-12 {
            let room = max(abs(high) * 0.05, 0.5)
            result = [low - room, low + room]
        } else {
            let count = bins ?? Self.automaticBins(values)
            let step = (high - low) / Double(count)
            result = (0...count).map { $0 == count ? high : low + Double($0) * step }
        }
        return options.logx ? result.map { pow(10, $0) } : result
    }

    /// Freedman and Diaconis: width 2·IQR / ∛n; Sturges' rule where half of the values are equal.
    private static func automaticBins(_ sorted: [Double]) -> Int {
        let n = Double(sorted.count)
        let range = sorted[sorted.count - 1] - sorted[0]
        let spread = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
        let width = 2 * spread / cbrt(n)
        let sturges = log2(n) + 1
        let bins = width > 0 ? range / width : sturges
        return Int(min(max(bins, sturges), 120).rounded(.up))
    }

    /// Counts or densities of the values between the edges; a bin holds its left edge, the last one both.
    package static func counts(_ values: [Double], _ edges: [Double], density: Bool) -> [Double] {
        guard edges.count >= 2 else { return [] }
        var counts = [Double](repeating: 0, count: edges.count - 1)
        for value in values where value >= edges[0] && value <= edges[edges.count - 1] {
            var (low, high) = (0, edges.count - 1)
            while high - low > 1 {
                let middle = (low + high) / 2
                if value >= edges[middle] { low = middle } else { high = middle }
            }
            counts[low] += 1
        }
        guard density else { return counts }
        let total = counts.reduce(0, +)
        guard total > 0 else { return counts }
        return counts.indices.map { counts[$0] / total / (edges[$0 + 1] - edges[$0]) }
    }

    private func bars(_ counts: [Double], _ edges: [Double], _ frame: Frame) -> [Rect] {
        let base = frame.plot.maxY
        return counts.indices.compactMap { index in
            guard counts[index] > 0 else { return nil }
            let (left, right) = (frame.x.position(edges[index]), frame.x.position(edges[index + 1]))
            let top = max(frame.y.position(counts[index]), frame.plot.minY)
            guard left.isFinite, right.isFinite, top.isFinite, top < base else { return nil }
            return Rect(x: left, y: top, width: right - left, height: base - top)
        }
    }

    private func outline(_ counts: [Double], _ edges: [Double], _ frame: Frame) -> [Point] {
        var points: [Point] = []
        for (index, count) in counts.enumerated() {
            var y = frame.y.position(count)
            if !y.isFinite { y = frame.plot.maxY }
            y = min(y, frame.plot.maxY)
            if index == 0 { points.append(Point(frame.x.position(edges[0]), frame.plot.maxY)) }
            points.append(Point(frame.x.position(edges[index]), y))
            points.append(Point(frame.x.position(edges[index + 1]), y))
        }
        if let last = points.last { points.append(Point(last.x, frame.plot.maxY)) }
        return points
    }
}
