extension CurveChart {
    /// A curve with everything computed that does not depend on the canvas.
    struct Prepared {
        var name: String
        var colour: Colour
        var dash: [Double]
        var marker: Marker?
        var xs: [[Double]]
        var ys: [[Double]]
        var smooth: [[Double]]
        var band: CurveBand?

        /// The values that the vertical axis must reach.
        var extent: [[Double]] { band.map { [$0.low, $0.high] } ?? ys }
    }

    func prepared(_ theme: Theme, _ area: Rect) -> [Prepared] {
        let weight = weight
        let dashes = series.contains { $0.role != .training }
        return series.enumerated().map { index, series in
            let colour = series.role == .reference ? theme.mutedText : theme.series(series.colour ?? index)
            let dash = dashes ? (series.role == .training ? Dash.solid : Dash.validation) : Dash.series(index)
            let longest = series.ys.map(\.count).max() ?? 0
            let marked = longest <= 30 && Double(longest) * 14 <= area.width && series.role != .reference
            var result = Prepared(
                name: series.name, colour: colour, dash: dash, marker: marked ? Marker.series(index % 5) : nil,
                xs: series.xs, ys: series.ys, smooth: [])
            if series.ys.count >= 3 {
                result.band = CurveBand(xs: series.xs, ys: series.ys, kind: band)
                result.marker = nil
            } else {
                result.smooth = courses(of: series, weight: weight)
                if !result.smooth.isEmpty { result.marker = nil }
            }
            return result
        }
    }

    private static let width = 2.0

    func entries(_ curves: [Prepared], _ theme: Theme) -> [LegendEntry] {
        var entries: [LegendEntry] = []
        for curve in curves {
            let stroke = Stroke(colour: curve.colour, width: Self.width, dash: curve.dash)
            if let band = curve.band {
                let name = curve.name.isEmpty ? "n = \(band.runs)" : "\(curve.name) (n = \(band.runs))"
                entries.append(
                    LegendEntry(label: name, sample: .band(curve.colour.opacity(0.2), stroke)))
            } else if curve.ys.count > 1 {
                let name = curve.name.isEmpty ? "\(curve.ys.count) runs" : "\(curve.name) (\(curve.ys.count) runs)"
                entries.append(LegendEntry(label: name, sample: .line(stroke, curve.marker)))
            } else if !curve.name.isEmpty {
                entries.append(LegendEntry(label: curve.name, sample: .line(stroke, curve.marker)))
            }
        }
        // A single curve needs no name beside it unless something else is explained.
        let explains =
            weight != nil || best != nil || secondary != nil || !references.isEmpty
            || curves.contains { $0.band != nil || $0.ys.count > 1 }
        if curves.count <= 1, !explains, series.first?.role != .validation { entries = [] }
        if curves.contains(where: { $0.band != nil }) {
            let grey = theme.mutedText
            entries.append(
                LegendEntry(label: band.words, sample: .band(grey.opacity(0.2), Stroke(colour: grey, width: 1.5))))
        }
        if let weight, curves.contains(where: { !$0.smooth.isEmpty }) {
            let raw = Stroke(colour: theme.mutedText.mixed(with: theme.background, 0.6), width: 1.2)
            let text = "raw, behind EMA \(NumberText.significant(weight, digits: 3))"
            entries.append(LegendEntry(label: text, sample: .line(raw, nil)))
        }
        if let secondary {
            let stroke = Stroke(colour: theme.mutedText.mixed(with: theme.background, 0.35), width: 1.4)
            entries.append(LegendEntry(label: "\(secondary.name) (right)", sample: .line(stroke, nil)))
        }
        for (index, reference) in references.enumerated() {
            entries.append(LegendEntry(label: reference.name, sample: .line(referenceStroke(index, theme), nil)))
        }
        if let best {
            let label = best.label ?? "best: \(NumberText.plain(best.x))"
            entries.append(LegendEntry(label: label, sample: .upright(bestStroke(theme))))
        }
        let missing = curves.filter { $0.band == nil }.flatMap(\.ys).joined().count { !$0.isFinite }
        if missing > 0 {
            entries.append(
                LegendEntry(label: "not finite (\(missing))", sample: .marker(.cross, theme.mutedText)))
        }
        return entries
    }

    private func bestStroke(_ theme: Theme) -> Stroke {
        Stroke(colour: theme.mutedText, width: 1.5, dash: [1.5, 2.5])
    }

    private func referenceStroke(_ index: Int, _ theme: Theme) -> Stroke {
        Stroke(colour: theme.mutedText, width: 1.4, dash: index % 2 == 0 ? [8, 4] : [8, 3, 2, 3])
    }

    func occupancy(_ curves: [Prepared], _ frame: Frame) -> Occupancy {
        var occupancy = Occupancy(frame.plot)
        for curve in curves {
            if let band = curve.band {
                for (index, x) in band.x.enumerated() {
                    let (a, b) = (frame.place(x, band.low[index]), frame.place(x, band.high[index]))
                    guard a.isFinite, b.isFinite else { continue }
                    occupancy.add(Rect(x: a.x - 2, y: b.y, width: 4, height: a.y - b.y))
                }
                for values in [band.low, band.mean, band.high] {
                    occupancy.add(line: Simplification.polyline(band.x, values, frame.x, frame.y))
                }
            } else {
                for (x, y) in zip(curve.xs, curve.ys) {
                    occupancy.add(line: Simplification.polyline(x, y, frame.x, frame.y))
                }
            }
        }
        if let secondary, let scale = frame.second {
            for (x, y) in zip(secondary.xs, secondary.ys) {
                occupancy.add(line: Simplification.polyline(x, y, frame.x, scale))
            }
        }
        if let best {
            let x = frame.x.position(best.x)
            if x.isFinite { occupancy.add(line: [Point(x, frame.plot.minY), Point(x, frame.plot.maxY)]) }
        }
        for reference in references {
            let y = frame.y.position(reference.value)
            if y.isFinite { occupancy.add(line: [Point(frame.plot.minX, y), Point(frame.plot.maxX, y)]) }
        }
        return occupancy
    }

    func draw(_ curves: [Prepared], _ frame: Frame, _ composition: inout Composition) {
        let (theme, plot) = (composition.theme, frame.plot)
        for curve in curves { drawGaps(curve, frame, &composition) }
        if let secondary, let scale = frame.second {
            let stroke = Stroke(colour: theme.mutedText.mixed(with: theme.background, 0.35), width: 1.4)
            for (x, y) in zip(secondary.xs, secondary.ys) {
                composition.stroke(.polyline(Simplification.polyline(x, y, frame.x, scale)), stroke)
            }
        }
        for (index, reference) in references.enumerated() {
            let y = frame.y.position(reference.value)
            guard y.isFinite else { continue }
            composition.line(Point(plot.minX, y), Point(plot.maxX, y), referenceStroke(index, theme))
        }
        if let best {
            let x = frame.x.position(best.x)
            if x.isFinite {
                composition.line(Point(x, plot.minY), Point(x, plot.maxY), bestStroke(theme))
            }
        }
        for curve in curves {
            if let band = curve.band {
                drawBand(band, curve.colour, frame, &composition)
            }
            // Mixed with the background rather than translucent: crossings stay even and the stroker can work in pieces.
            let faint = Stroke(colour: curve.colour.mixed(with: theme.background, 0.68), width: 1.1)
            for (x, y) in zip(curve.xs, curve.ys) where !curve.smooth.isEmpty {
                composition.stroke(.polyline(Simplification.polyline(x, y, frame.x, frame.y)), faint)
            }
        }
        for curve in curves {
            let stroke = Stroke(colour: curve.colour, width: Self.width, dash: curve.dash)
            if let band = curve.band {
                let points = Simplification.polyline(band.x, band.mean, frame.x, frame.y)
                composition.stroke(.polyline(points), stroke)
                continue
            }
            let values = curve.smooth.isEmpty ? curve.ys : curve.smooth
            for (x, y) in zip(curve.xs, values) {
                let points = Simplification.polyline(x, y, frame.x, frame.y)
                composition.stroke(.polyline(points), stroke)
                if let marker = curve.marker {
                    composition.elements.append(
                        .markers(
                            points, marker, radius: 3, fill: curve.colour,
                            outline: composition.theme.background))
                }
            }
        }
    }

    private func drawBand(_ band: CurveBand, _ colour: Colour, _ frame: Frame, _ composition: inout Composition) {
        let floor = frame.y.logarithmic ? frame.y.lower : -Double.infinity
        let upper = Simplification.polyline(band.x, band.high, frame.x, frame.y).filter(\.isFinite)
        // Where mean − std is not positive, the band on a logarithmic axis reaches down to the edge.
        let low = band.low.map { max($0, floor) }
        let lower = Simplification.polyline(band.x, low, frame.x, frame.y).filter(\.isFinite)
        guard upper.count > 1 else { return }
        composition.fill(.polygon(upper + lower.reversed()), colour.opacity(0.18))
    }

    /// Shades stretches without finite values and marks them at the bottom, at most one mark in six pixels.
    private func drawGaps(_ curve: Prepared, _ frame: Frame, _ composition: inout Composition) {
        guard curve.band == nil, curve.ys.contains(where: { $0.contains(where: \.isFinite) }) else { return }
        let plot = frame.plot
        for (xs, ys) in zip(curve.xs, curve.ys) {
            var marks: [Point] = []
            var index = 0
            while index < ys.count {
                guard !ys[index].isFinite else {
                    index += 1
                    continue
                }
                let start = index
                while index < ys.count, !ys[index].isFinite { index += 1 }
                let left = frame.x.position(xs[start])
                let right = frame.x.position(xs[index - 1])
                guard left.isFinite, right.isFinite else { continue }
                if right - left > 1 {
                    composition.fill(
                        .rectangle(Rect(x: left, y: plot.minY, width: right - left, height: plot.height)),
                        curve.colour.opacity(0.08))
                }
                let middle = Point((left + right) / 2, plot.maxY - 8)
                if middle.x - (marks.last?.x ?? -.infinity) >= 6 { marks.append(middle) }
            }
            composition.elements.append(
                .markers(marks, .cross, radius: 4, fill: curve.colour, outline: nil))
        }
    }
}
