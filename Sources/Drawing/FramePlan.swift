/// Finds the size of the plot area: the room for labels depends on the ticks, which depend on the size.
struct FramePlan {
    let specification: FrameSpecification
    let area: Rect
    let fonts: Fonts
    let measurer: TextMeasurer
    var rightReserve: Double
    var bottomReserve = 0.0

    private(set) var plot: Rect
    private(set) var x = AxisText()
    private(set) var y = AxisText()
    private(set) var second = AxisText()
    private(set) var titleLines: [String] = []
    private(set) var showsLabels = true

    static let tickGap = 7.0

    init(_ specification: FrameSpecification, _ area: Rect, _ fonts: Fonts, _ measurer: TextMeasurer) {
        self.specification = specification
        self.area = area
        self.fonts = fonts
        self.measurer = measurer
        rightReserve = specification.rightReserve
        plot = area
    }

    /// The scales over the plot area.
    var frame: Frame {
        func scale(_ axis: AxisSpecification, _ start: Double, _ end: Double) -> Scale {
            Scale(
                lower: axis.domain.lower, upper: axis.domain.upper, logarithmic: axis.domain.logarithmic,
                start: axis.reversed ? end : start, end: axis.reversed ? start : end)
        }
        return Frame(
            plot: plot, x: scale(specification.x, plot.minX, plot.maxX),
            y: scale(specification.y, plot.maxY, plot.minY),
            second: specification.second.map { scale($0, plot.maxY, plot.minY) }, fonts: fonts)
    }

    /// Finds the plot area, giving up axis names, then the title, then numbers where the figure is tiny.
    mutating func solve() {
        for detail in 0...3 {
            solve(detail: detail)
            if plot.width >= min(70, area.width * 0.4), plot.height >= min(50, area.height * 0.35) { return }
        }
    }

    private mutating func solve(detail: Int) {
        showsLabels = detail < 1
        let showsTicks = detail < 3
        let pad = min(12, min(area.width, area.height) * 0.05)
        let available = area.inset(by: pad)
        titleLines =
            detail < 2
            ? measurer.wrapped(specification.title, fonts.title, within: available.width - 8, lines: 2) : []
        var top =
            Double(titleLines.count) * fonts.title.leading + (titleLines.isEmpty ? 0 : 7) + specification.topReserve
        var bottom = bottomReserve
        if showsLabels, !specification.x.label.isEmpty { bottom += fonts.label.size + 7 }
        var left = showsLabels && !specification.y.label.isEmpty ? fonts.label.size + 9 : 0
        let labelsSecond = showsLabels && !(specification.second?.label ?? "").isEmpty
        let right = rightReserve + (labelsSecond ? fonts.label.size + 9 : 0)
        var overhangRight = 0.0
        var overhangTop = titleLines.isEmpty && showsTicks ? fonts.tick.size * 0.4 : 0
        guard showsTicks else {
            (x, y, second) = (AxisText(), AxisText(), AxisText())
            plot = available.inset(left: left, top: top, right: right, bottom: bottom)
            return keepAspect()
        }
        let labelsBeforeTicks = left
        var xDepth = fonts.tick.size
        // Three rounds settle it: room for the labels, labels for the room, and the check of both.
        for _ in 0..<3 {
            plot = available.inset(
                left: left, top: top + overhangTop, right: right + overhangRight,
                bottom: bottom + xDepth + Self.tickGap)
            keepAspect()
            y = vertical(specification.y, limit: area.width * 0.32)
            second = specification.second.map { vertical($0, limit: area.width * 0.2) } ?? AxisText()
            left = labelsBeforeTicks + (y.depth > 0 ? y.depth + Self.tickGap : 0)
            let secondRoom = second.depth > 0 ? second.depth + Self.tickGap : 0
            x = horizontal(specification.x)
            xDepth = max(x.depth, fonts.tick.size)
            if x.ticks.multiplier != nil, !showsLabels || specification.x.label.isEmpty {
                xDepth += fonts.tick.leading
            }
            if case .none = specification.x.marks { xDepth = 0 }
            let last = x.upwards ? 0 : furthestRight() - plot.maxX
            overhangRight = max(secondRoom, last - right, 0)
            let multiplied = y.ticks.multiplier != nil || second.ticks.multiplier != nil
            overhangTop = multiplied ? fonts.tick.leading : titleLines.isEmpty ? fonts.tick.size * 0.4 : 0
        }
        plot = available.inset(
            left: left, top: top + overhangTop, right: right + overhangRight, bottom: bottom + xDepth + Self.tickGap)
        keepAspect()
        top += overhangTop
        y = vertical(specification.y, limit: area.width * 0.32)
        second = specification.second.map { vertical($0, limit: area.width * 0.2) } ?? AxisText()
        x = horizontal(specification.x)
    }

    private mutating func keepAspect() {
        guard let aspect = specification.aspect, plot.width > 0, plot.height > 0 else { return }
        let width = min(plot.width, plot.height * aspect)
        let height = min(plot.height, plot.width / aspect)
        plot = Rect(x: plot.minX + (plot.width - width) / 2, y: plot.minY, width: width, height: height)
    }

    private func furthestRight() -> Double {
        let scale = frame.x
        var furthest = 0.0
        for (value, lines) in zip(x.ticks.values, x.lines) {
            let width = lines.map { measurer.width($0, fonts.tick) }.max() ?? 0
            furthest = max(furthest, scale.position(value) + width / 2)
        }
        return furthest
    }

    // MARK: Axes

    private func ticks(_ axis: AxisSpecification, maximum: Int, integer: Bool) -> Ticks {
        axis.domain.logarithmic
            ? .logarithmic(axis.domain.lower, axis.domain.upper, maximum: maximum)
            : .linear(axis.domain.lower, axis.domain.upper, maximum: maximum, integer: integer)
    }

    private func vertical(_ axis: AxisSpecification, limit: Double) -> AxisText {
        var text = AxisText()
        let scale =
            axis.reversed
            ? Scale(
                lower: axis.domain.lower, upper: axis.domain.upper, logarithmic: axis.domain.logarithmic,
                start: plot.minY, end: plot.maxY)
            : Scale(
                lower: axis.domain.lower, upper: axis.domain.upper, logarithmic: axis.domain.logarithmic,
                start: plot.maxY, end: plot.minY)
        switch axis.marks {
        case .none: return text
        case .numbers(let integer):
            var maximum = min(max(Int(plot.height / 27), 2), 8)
            while maximum >= 1 {
                text.ticks = ticks(axis, maximum: maximum, integer: integer)
                let places = text.ticks.values.map(scale.position).sorted()
                let free = zip(places, places.dropFirst()).allSatisfy { $1 - $0 >= fonts.tick.size * 1.35 }
                if free { break }
                maximum -= 1
            }
            if plot.height < fonts.tick.size * 1.2 { text.ticks = Ticks() }
            text.lines = text.ticks.labels.map { [$0] }
        case .categories(let names):
            let slot = names.isEmpty ? plot.height : plot.height / Double(names.count)
            let every = Self.interval(slot, need: fonts.tick.size * 1.25)
            text.ticks.values = names.indices.map(Double.init)
            text.ticks.labels = names
            let lines = every == 1 && slot >= fonts.tick.leading * 2.2 ? 2 : 1
            text.lines = names.enumerated().map { index, name in
                index % every == 0 ? measurer.wrapped(name, fonts.tick, within: limit, lines: lines) : []
            }
        }
        text.depth = text.lines.joined().map { measurer.width($0, fonts.tick) }.max() ?? 0
        return text
    }

    private func horizontal(_ axis: AxisSpecification) -> AxisText {
        var text = AxisText()
        let scale = frame.x
        switch axis.marks {
        case .none: return text
        case .numbers(let integer):
            var maximum = min(max(Int(plot.width / 55), 1), 10)
            while maximum >= 1 {
                text.ticks = ticks(axis, maximum: maximum, integer: integer)
                if standsFree(text.ticks, scale) { break }
                maximum -= 1
            }
            text.lines = text.ticks.labels.map { [$0] }
            text.depth = fonts.tick.size
        case .categories(let names):
            text = horizontal(categories: names)
        }
        return text
    }

    private func standsFree(_ ticks: Ticks, _ scale: Scale) -> Bool {
        var end = -Double.infinity
        for (value, label) in zip(ticks.values, ticks.labels) {
            let half = measurer.width(label, fonts.tick) / 2
            let place = scale.position(value)
            if place - half < end + fonts.tick.size || place - half < area.minX { return false }
            end = place + half
        }
        return true
    }

    /// How many categories share a label: all have their own, or every second, fifth, tenth … is named, with air.
    private static func interval(_ slot: Double, need: Double) -> Int {
        guard slot < need else { return 1 }
        let least = need * 1.4 / max(slot, 0.001)
        var unit = 1.0
        while unit < 1e9 {
            for factor in [1.0, 2, 5] where factor * unit >= least { return Int(factor * unit) }
            unit *= 10
        }
        return Int(unit)
    }

    private func horizontal(categories names: [String]) -> AxisText {
        var text = AxisText()
        text.ticks.values = names.indices.map(Double.init)
        text.ticks.labels = names
        guard !names.isEmpty else { return text }
        let font = fonts.tick
        let slot = plot.width / Double(names.count)
        let room = slot - font.size * 0.7
        let wrapped = names.map { measurer.wrapped($0, font, within: max(room, 1), lines: 2) }
        let whole = zip(names, wrapped).allSatisfy { name, lines in
            lines.joined(separator: " ")
                == TextMeasurer.oneLine(name).split(separator: " ").joined(separator: " ")
        }
        if whole {
            text.lines = wrapped
            let deepest = wrapped.map(\.count).max() ?? 1
            text.depth = font.size + Double(max(0, deepest - 1)) * font.leading
            return text
        }
        // Names too long to stand side by side read upwards; names too many are shown at intervals.
        let widths = names.map { measurer.width($0, font) }
        let longest = widths.max() ?? 0
        let every = Self.interval(slot, need: font.size * 1.3)
        let short = longest <= font.size * 3.2
        if short {
            let step = Self.interval(slot, need: longest + font.size * 0.7)
            text.lines = names.enumerated().map { $0 % step == 0 ? [$1] : [] }
            text.depth = font.size
            return text
        }
        text.upwards = true
        let limit = min(area.height * 0.3, 160)
        text.lines = names.enumerated().map { index, name in
            index % every == 0 ? [measurer.fitted(TextMeasurer.oneLine(name), font, within: limit)] : []
        }
        text.depth = text.lines.joined().map { measurer.width($0, font) }.max() ?? 0
        return text
    }
}
