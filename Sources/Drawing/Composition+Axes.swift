extension Composition {
    /// Draws what a plan found: grid, axis lines, tick labels, axis names and title.
    mutating func draw(axes plan: FramePlan, _ frame: Frame) {
        let plot = frame.plot
        let specification = plan.specification
        let gridStroke = Stroke(colour: theme.grid, width: 1, crisp: true)
        let faint = Stroke(colour: theme.grid.mixed(with: theme.background, 0.45), width: 1, crisp: true)
        if specification.x.grid {
            grid(plan.x.ticks.minor.map(frame.x.position), faint, vertical: true, plot)
            grid(plan.x.ticks.values.map(frame.x.position), gridStroke, vertical: true, plot)
        }
        if specification.y.grid {
            grid(plan.y.ticks.minor.map(frame.y.position), faint, vertical: false, plot)
            grid(plan.y.ticks.values.map(frame.y.position), gridStroke, vertical: false, plot)
        }
        let axisStroke = Stroke(colour: theme.axis, width: 1, crisp: true)
        if specification.boxed {
            stroke(.rectangle(plot), axisStroke)
        } else if !specification.bare {
            line(Point(plot.minX, plot.maxY), Point(plot.maxX, plot.maxY), axisStroke)
            line(Point(plot.minX, plot.minY), Point(plot.minX, plot.maxY), axisStroke)
            if frame.second != nil {
                line(Point(plot.maxX, plot.minY), Point(plot.maxX, plot.maxY), axisStroke)
            }
        }
        tickLabels(plan, frame)
        names(plan, frame)
    }

    private mutating func grid(_ places: [Double], _ stroke: Stroke, vertical: Bool, _ plot: Rect) {
        let segments = places.filter(\.isFinite).map { place in
            vertical
                ? (Point(place, plot.minY), Point(place, plot.maxY))
                : (Point(plot.minX, place), Point(plot.maxX, place))
        }
        if !segments.isEmpty { self.stroke(.segments(segments), stroke) }
    }

    private mutating func tickLabels(_ plan: FramePlan, _ frame: Frame) {
        let (plot, font, colour) = (frame.plot, frame.fonts.tick, theme.mutedText)
        for (value, lines) in zip(plan.x.ticks.values, plan.x.lines) {
            let x = frame.x.position(value)
            for (row, label) in lines.enumerated() {
                let y = plot.maxY + FramePlan.tickGap + Double(row) * font.leading
                if plan.x.upwards {
                    text(
                        label, at: Point(x, y), font, colour, .xTick, horizontal: .end, vertical: .middle,
                        upwards: true)
                } else {
                    text(label, at: Point(x, y), font, colour, .xTick, horizontal: .middle, vertical: .top)
                }
            }
        }
        for (value, lines) in zip(plan.y.ticks.values, plan.y.lines) {
            let y = frame.y.position(value)
            for (row, label) in lines.enumerated() {
                let shift = (Double(row) - Double(lines.count - 1) / 2) * font.leading
                text(
                    label, at: Point(plot.minX - FramePlan.tickGap, y + shift), font, colour, .yTick,
                    horizontal: .end, vertical: .middle)
            }
        }
        if let second = frame.second {
            for (value, label) in zip(plan.second.ticks.values, plan.second.ticks.labels) {
                text(
                    label, at: Point(plot.maxX + FramePlan.tickGap, second.position(value)), font, colour,
                    .secondTick, vertical: .middle)
            }
        }
        if let multiplier = plan.y.ticks.multiplier {
            text(multiplier, at: Point(plot.minX, plot.minY - 6), font, colour, .multiplier)
        }
        if let multiplier = plan.second.ticks.multiplier {
            text(multiplier, at: Point(plot.maxX, plot.minY - 6), font, colour, .multiplier, horizontal: .end)
        }
        if let multiplier = plan.x.ticks.multiplier {
            let y = plot.maxY + FramePlan.tickGap + plan.x.depth + font.leading * 0.35
            text(
                multiplier, at: Point(plot.maxX, y), font, colour, .multiplier, horizontal: .end, vertical: .top)
        }
    }

    private mutating func names(_ plan: FramePlan, _ frame: Frame) {
        let (plot, area, fonts) = (frame.plot, plan.area, frame.fonts)
        let specification = plan.specification
        let pad = min(12, min(area.width, area.height) * 0.05)
        if plan.showsLabels, !specification.x.label.isEmpty {
            var room = plot.width
            if let multiplier = plan.x.ticks.multiplier {
                room -= 2 * (measurer.width(multiplier, fonts.tick) + 8)
            }
            let label = measurer.fitted(TextMeasurer.oneLine(specification.x.label), fonts.label, within: room)
            let y = plot.maxY + FramePlan.tickGap + max(plan.x.depth, 0) + 6
            text(
                label, at: Point(plot.midX, y), fonts.label, theme.text, .axisLabel, horizontal: .middle,
                vertical: .top)
        }
        if plan.showsLabels, !specification.y.label.isEmpty {
            let label = measurer.fitted(
                TextMeasurer.oneLine(specification.y.label), fonts.label, within: plot.height)
            let x = plot.minX - FramePlan.tickGap - plan.y.depth - 9
            text(
                label, at: Point(x, plot.midY), fonts.label, theme.text, .axisLabel, horizontal: .middle,
                vertical: .bottom, upwards: true)
        }
        if plan.showsLabels, let second = specification.second, !second.label.isEmpty {
            let label = measurer.fitted(TextMeasurer.oneLine(second.label), fonts.label, within: plot.height)
            let x = plot.maxX + FramePlan.tickGap + plan.second.depth + 9
            text(
                label, at: Point(x, plot.midY), fonts.label, theme.text, .axisLabel, horizontal: .middle,
                vertical: .top, upwards: true)
        }
        var y = area.minY + pad
        // Above the plot's edge, unless the title is so long that it needs the whole width.
        let width = plan.titleLines.map { measurer.width($0, fonts.title) }.max() ?? 0
        let x = max(area.minX + pad, min(plot.minX, area.maxX - pad - width))
        for titleLine in plan.titleLines {
            text(titleLine, at: Point(x, y), fonts.title, theme.text, .title, vertical: .top)
            y += fonts.title.leading
        }
    }

    /// Says in the middle of a plot why it is empty.
    mutating func note(_ words: String, in plot: Rect, _ fonts: Fonts) {
        let fitted = measurer.fitted(words, fonts.label, within: plot.width - 8)
        text(
            fitted, at: Point(plot.midX, plot.midY), fonts.label, theme.mutedText, .note, horizontal: .middle,
            vertical: .middle)
    }
}
