import Glibc

extension BarChart {
    /// One bar on the canvas.
    struct Bar {
        var group: Int
        var category: Int
        var rect: Rect
        /// Where the bar, with its error bar, ends: the place for the value.
        var end: Double
        var error: (Double, Double)?
        var negative: Bool
    }

    func bars(_ frame: Frame, _ horizontal: Bool) -> [Bar] {
        let scale = horizontal ? frame.x : frame.y
        let slots = horizontal ? frame.y : frame.x
        let slot = abs(slots.position(1) - slots.position(0))
        let width = slot * 0.74 / Double(max(1, groups.count))
        let inner = min(width * 0.92, 64)
        let base = scale.logarithmic ? scale.lower : min(max(0, scale.lower), scale.upper)
        let from = scale.position(base)
        var bars: [Bar] = []
        for (g, group) in groups.enumerated() {
            for (c, value) in group.values.enumerated() where value.isFinite && (!scale.logarithmic || value > 0) {
                func clamped(_ value: Double) -> Double {
                    let value = min(max(value, scale.lower), scale.upper)
                    return scale.position(value)
                }
                let to = clamped(value)
                let step = groups.count == 1 ? 0 : min(width, inner + 3)
                let offset = (Double(g) - Double(groups.count - 1) / 2) * step
                let centre = slots.position(Double(c)) + offset
                let error = group.errors.isEmpty ? 0 : group.errors[c]
                let hasError = error.isFinite && error > 0
                let ends = hasError ? (clamped(value - error), clamped(value + error)) : nil
                let negative = value < base
                let end = ends.map { negative ? $0.0 : $0.1 } ?? to
                let rect =
                    horizontal
                    ? Rect(x: min(from, to), y: centre - inner / 2, width: abs(to - from), height: inner)
                    : Rect(x: centre - inner / 2, y: min(from, to), width: inner, height: abs(to - from))
                bars.append(
                    Bar(group: g, category: c, rect: rect, end: end, error: ends, negative: negative))
            }
        }
        return bars
    }

    /// The values as text, all with the same decimals unless they differ by orders of magnitude.
    func valueLabels() -> [[String]] {
        let finite = groups.flatMap(\.values).filter { $0.isFinite && $0 != 0 }.map(abs)
        guard let low = finite.min(), let high = finite.max() else {
            return groups.map { $0.values.map { NumberText.significant($0, digits: 3) } }
        }
        let whole = groups.allSatisfy { $0.values.allSatisfy { !$0.isFinite || $0 == $0.rounded() } }
        if high / low < 1000, high < 1e6, low >= 1e-3 {
            let digits = low < high * 0.05 ? 2 : 3
            let places = whole ? 0 : max(0, digits - 1 - Int(log10(high).rounded(.down)))
            return groups.map { $0.values.map { NumberText.decimal($0, places: places) } }
        }
        return groups.map { $0.values.map { NumberText.significant($0, digits: 3) } }
    }

    func draw(
        _ bars: [Bar], _ labels: [[String]], _ frame: Frame, _ horizontal: Bool, _ composition: inout Composition
    ) {
        let (theme, plot) = (composition.theme, frame.plot)
        for bar in bars {
            composition.fill(.rectangle(bar.rect, radius: 1.5), theme.series(bar.group))
        }
        let scale = horizontal ? frame.x : frame.y
        if !scale.logarithmic, scale.lower < 0, scale.upper > 0 {
            let zero = scale.position(0)
            let stroke = Stroke(colour: theme.axis, width: 1, crisp: true)
            horizontal
                ? composition.line(Point(zero, plot.minY), Point(zero, plot.maxY), stroke)
                : composition.line(Point(plot.minX, zero), Point(plot.maxX, zero), stroke)
        }
        for bar in bars {
            guard let (low, high) = bar.error else { continue }
            let stroke = Stroke(colour: theme.text, width: 1.4)
            let cap = min(5, (horizontal ? bar.rect.height : bar.rect.width) * 0.25)
            let middle = horizontal ? bar.rect.midY : bar.rect.midX
            func point(_ along: Double, _ across: Double) -> Point {
                horizontal ? Point(along, across) : Point(across, along)
            }
            composition.stroke(
                .segments([
                    (point(low, middle), point(high, middle)), (point(low, middle - cap), point(low, middle + cap)),
                    (point(high, middle - cap), point(high, middle + cap)),
                ]), stroke)
        }
        let dashes: [[Double]] = [[8, 4], [2, 3], [8, 3, 2, 3]]
        for (index, reference) in references.enumerated() {
            let place = scale.position(reference.value)
            guard place.isFinite, reference.value >= scale.lower, reference.value <= scale.upper else { continue }
            let stroke = Stroke(colour: theme.text, width: 1.5, dash: dashes[index % dashes.count])
            horizontal
                ? composition.line(Point(place, plot.minY), Point(place, plot.maxY), stroke)
                : composition.line(Point(plot.minX, place), Point(plot.maxX, place), stroke)
        }
        write(labels, bars, frame, horizontal, &composition)
    }

    /// Writes values where they fit; when some do not, none, because a half-labelled chart misleads.
    private func write(
        _ labels: [[String]], _ bars: [Bar], _ frame: Frame, _ horizontal: Bool, _ composition: inout Composition
    ) {
        let font = frame.fonts.value
        let slots = horizontal ? frame.y : frame.x
        let slot = abs(slots.position(1) - slots.position(0)) * (groups.count == 1 ? 0.95 : 0.74)
        let room = slot / Double(max(1, groups.count))
        let widest = labels.joined().map { composition.measurer.width($0, font) }.max() ?? 0
        guard horizontal ? room >= font.size * 1.05 : room >= widest + 3 else { return }
        if horizontal {
            let base =
                frame.x.logarithmic ? frame.plot.minX : frame.x.position(min(max(0, frame.x.lower), frame.x.upper))
            let places = bars.map { bar in
                place(bar, composition.measurer.width(labels[bar.group][bar.category], font), base, frame.plot)
            }
            guard places.allSatisfy({ $0 != nil }) else { return }
            for (bar, place) in zip(bars, places) {
                guard let (x, inside) = place else { continue }
                let text = labels[bar.group][bar.category]
                let width = composition.measurer.width(text, font)
                let box = Rect(x: x, y: bar.rect.midY - font.size * 0.6, width: width, height: font.size * 1.2)
                plate(box, !inside, &composition)
                composition.text(
                    text, at: Point(x, bar.rect.midY), font,
                    inside ? composition.theme.background : composition.theme.text, .value, vertical: .middle)
            }
            return
        }
        for bar in bars {
            let text = labels[bar.group][bar.category]
            let width = composition.measurer.width(text, font)
            let y = bar.end - (bar.negative ? -5 : 5)
            let top = bar.negative ? y : y - font.size
            plate(
                Rect(x: bar.rect.midX - width / 2, y: top, width: width, height: font.size), true, &composition)
            composition.text(
                text, at: Point(bar.rect.midX, y), font, composition.theme.text, .value, horizontal: .middle,
                vertical: bar.negative ? .top : .baseline)
        }
    }

    /// Where the value of a horizontal bar starts: beyond its end, else inside the bar, else across the base line.
    private func place(_ bar: Bar, _ width: Double, _ base: Double, _ plot: Rect) -> (x: Double, inside: Bool)? {
        let beyond = bar.negative ? bar.end - 6 - width : bar.end + 6
        if beyond >= plot.minX + 2, beyond + width <= plot.maxX + 4 { return (beyond, false) }
        if bar.rect.width > width + 12 {
            return (bar.negative ? bar.rect.minX + 6 : bar.rect.maxX - 6 - width, true)
        }
        let across = bar.negative ? base + 6 : base - 6 - width
        if across >= plot.minX + 2, across + width <= plot.maxX + 4 { return (across, false) }
        return nil
    }

    /// Keeps reference lines from striking through a value.
    private func plate(_ rect: Rect, _ needed: Bool, _ composition: inout Composition) {
        guard needed, !references.isEmpty else { return }
        composition.fill(.rectangle(rect.inset(by: -1.5), radius: 2), composition.theme.background)
    }
}
