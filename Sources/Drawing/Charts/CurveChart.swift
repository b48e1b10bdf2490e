/// Curves over a common axis: losses and metrics over epochs or steps, or any y over x.
///
/// Raw values of smoothed curves are faint behind their exponential moving average; curves of held-out data are
/// dashed; several runs of one curve become mean and band; stretches without finite values are marked.
public struct CurveChart: Chart {
    /// The best epoch, shown as a dotted upright line.
    public struct Best: Sendable, Equatable {
        /// The position on the horizontal axis.
        public var x: Double
        /// The words in the legend; `best: x` when `nil`.
        public var label: String?

        /// A best epoch at `x`.
        public init(x: Double, label: String? = nil) {
            self.x = x
            self.label = label
        }
    }

    /// A level to compare with, shown as a dashed line across.
    public struct Reference: Sendable, Equatable {
        /// The words in the legend.
        public var name: String
        /// The level on the vertical axis.
        public var value: Double

        /// A level named `name` at `value`.
        public init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// The curves, in the order of the legend.
    public let series: [CurveSeries]
    /// How single curves are smoothed.
    public let smoothing: Smoothing
    /// What the band of several runs shows.
    public let band: BandKind
    /// The best epoch.
    public let best: Best?
    /// Levels to compare with.
    public let references: [Reference]
    /// A curve on an axis of its own at the right, such as the learning rate.
    public let secondary: CurveSeries?
    /// Whether the axis at the right is logarithmic.
    public let secondaryLog: Bool

    /// A chart from its curves.
    ///
    /// - Throws: ``DrawingError`` of kind `value` for a smoothing weight outside 0 ..< 1.
    public init(
        _ series: [CurveSeries], smoothing: Smoothing = .none, band: BandKind = .standardDeviation,
        best: Best? = nil, references: [Reference] = [], secondary: CurveSeries? = nil, secondaryLog: Bool = false
    ) throws {
        if case .weight(let weight) = smoothing, !(weight >= 0 && weight < 1) {
            throw DrawingError(
                .value, "plot: smooth = \(NumberText.plain(weight)); the weight lies between 0 and 1",
                help: "smooth=0.9 averages over about ten points")
        }
        self.series = series
        self.smoothing = smoothing
        self.band = band
        self.best = best
        self.references = references
        self.secondary = secondary
        self.secondaryLog = secondaryLog
    }

    /// The weight of the moving average, the same for every curve, or `nil`.
    var weight: Double? {
        let curves = series.filter { $0.ys.count < 3 }.flatMap(\.ys)
        if smoothing == .auto, !curves.contains(where: Smoothing.isRough) { return nil }
        return smoothing.weight(count: curves.map(\.count).max() ?? 0)
    }

    /// The courses of a series that is smoothed; none for bands, and for what is steady where smoothing is automatic.
    func courses(of series: CurveSeries, weight: Double?) -> [[Double]] {
        guard series.ys.count < 3, let weight else { return [] }
        if smoothing == .auto, !series.ys.contains(where: Smoothing.isRough) { return [] }
        return series.ys.map { Smoothing.exponentialMovingAverage($0, weight: weight) }
    }

    // MARK: Chart

    /// Names, ranges and extremes of the curves.
    public func altText(_ options: FigureOptions) -> String {
        let kind = series.count == 1 ? "Line chart with one curve" : "Line chart with \(series.count) curves"
        let axes = [options.ylabel, options.xlabel].compactMap { $0?.isEmpty == false ? $0 : nil }
        var text = kind + (axes.isEmpty ? "" : " (\(axes.joined(separator: " over ")))") + "."
        for series in series.prefix(12) {
            let points = zip(series.xs.joined(), series.ys.joined()).filter { $0.isFinite && $1.isFinite }
            let name = series.name.isEmpty ? "The curve" : series.name
            guard let first = points.first, let last = points.last, let low = points.min(by: { $0.1 < $1.1 }),
                let high = points.max(by: { $0.1 < $1.1 })
            else {
                text += " \(name): no finite values."
                continue
            }
            func number(_ value: Double) -> String { NumberText.significant(value, digits: 4) }
            let runs = series.ys.count > 1 ? " (\(series.ys.count) runs)" : ""
            text += " \(name)\(runs): from \(number(first.1)) to \(number(last.1)),"
            text += " lowest \(number(low.1)) at \(NumberText.plain(low.0)),"
            text += " highest \(number(high.1)) at \(NumberText.plain(high.0))."
        }
        if series.count > 12 { text += " And \(series.count - 12) more." }
        return text
    }

    /// Values that a logarithmic axis cannot show.
    public func warnings(_ options: FigureOptions) -> [String] {
        var result: [String] = []
        func count(_ name: String, _ values: some Sequence<Double>) {
            var (all, bad) = (0, 0)
            for value in values where value.isFinite {
                all += 1
                if value <= 0 { bad += 1 }
            }
            if bad > 0 {
                let verb = bad == 1 ? "is" : "are"
                result.append("\(name): \(bad) of \(all) values \(verb) zero or negative and not drawn")
            }
        }
        if options.logx { count("logx", series.lazy.flatMap { $0.xs.joined() }) }
        if options.logy { count("logy", series.lazy.flatMap { $0.ys.joined() }) }
        if secondaryLog, let secondary { count("second axis", secondary.ys.joined()) }
        return result
    }

    /// Draws the curves with axes and legend.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let curves = prepared(composition.theme, area)
        let xDomain = domain(of: curves.flatMap(\.xs), options.logx, options.xlim, padding: 0.02, extra: best?.x)
        var yDomain = domain(of: curves.flatMap(\.extent), options.logy, options.ylim, padding: 0.05, extra: nil)
        let drawable = !xDomain.isEmpty && !yDomain.isEmpty
        for reference in references where options.ylim == nil && reference.value.isFinite {
            guard !options.logy || reference.value > 0 else { continue }
            yDomain = yDomain.extended(to: reference.value)
        }
        let whole = curves.allSatisfy { $0.xs.allSatisfy { $0.allSatisfy { $0 == $0.rounded() } } }
        var specification = FrameSpecification(
            x: AxisSpecification(domain: xDomain, marks: .numbers(integer: whole && !options.logx)),
            y: AxisSpecification(domain: yDomain), options: options)
        if let secondary {
            let range = domain(of: secondary.ys, secondaryLog, nil, padding: 0.05, extra: nil)
            specification.second = AxisSpecification(domain: range, label: secondary.name, grid: false)
        }
        specification.legend = entries(curves, composition.theme)
        let frame = composition.frame(specification, in: area) { occupancy(curves, $0) }
        composition.clipped(to: frame.plot.inset(by: -1)) { composition in
            draw(curves, frame, &composition)
        }
        if !drawable {
            let positive = options.logy && series.contains { $0.ys.contains { $0.contains(where: \.isFinite) } }
            composition.note(positive ? "no positive values" : "no data", in: frame.plot, frame.fonts)
        }
        composition.legend(of: frame)
    }

    private func domain(
        of values: [[Double]], _ logarithmic: Bool, _ limits: FigureOptions.Limits?, padding: Double, extra: Double?
    ) -> Domain {
        var domain = Domain(
            { visit in for list in values { for value in list { visit(value) } } }, logarithmic: logarithmic,
            padding: padding, include: extra.map { [$0] } ?? [])
        domain.limit(limits)
        return domain
    }
}
