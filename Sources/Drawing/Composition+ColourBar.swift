extension Composition {
    /// The space right of a plot that a colour bar with this range takes.
    func colourBarReserve(_ lower: Double, _ upper: Double, in area: Rect) -> Double {
        let font = Fonts(area).tick
        let labels = (2...6).flatMap { Ticks.linear(lower, upper, maximum: $0).labels }
        return min(14 + 13 + 6 + (labels.map { measurer.width($0, font) }.max() ?? 0), area.width * 0.3)
    }

    /// Draws a colour bar right of the plot.
    mutating func colourBar(_ map: ColourMap, _ lower: Double, _ upper: Double, of frame: Frame, label: String = "") {
        let plot = frame.plot
        let bar = Rect(x: plot.maxX + 14, y: plot.minY, width: 13, height: plot.height)
        guard bar.height >= 30, bar.maxX + 16 < layout.width else { return }
        let steps = 128
        for step in 0..<steps {
            let share = (Double(step) + 0.5) / Double(steps)
            let top = bar.maxY - bar.height * Double(step + 1) / Double(steps)
            // Overlapping by half a pixel hides the seams between the steps.
            let height = bar.height / Double(steps) + (step > 0 ? 0.5 : 0)
            fill(
                .rectangle(Rect(x: bar.x, y: top, width: bar.width, height: height)),
                map.colour(share, theme: theme))
        }
        let maximum = min(max(Int(bar.height / 40), 2), 6)
        let ticks = Ticks.linear(lower, upper, maximum: maximum)
        let scale = Scale(lower: lower, upper: upper, logarithmic: false, start: bar.maxY, end: bar.minY)
        for (value, text) in zip(ticks.values, ticks.labels) {
            let y = scale.position(value)
            line(Point(bar.maxX, y), Point(bar.maxX + 3, y), Stroke(colour: theme.axis, width: 1, crisp: true))
            self.text(
                text, at: Point(bar.maxX + 6, y), frame.fonts.tick, theme.mutedText, .secondTick, vertical: .middle)
        }
        if let multiplier = ticks.multiplier {
            text(
                measurer.fitted(multiplier, frame.fonts.tick, within: 60), at: Point(bar.x, bar.minY - 11),
                frame.fonts.tick, theme.mutedText, .multiplier)
        }
    }
}
