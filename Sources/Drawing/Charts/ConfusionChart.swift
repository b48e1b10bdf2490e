/// Which class was taken for which: shares of each true class as shades, with the counts.
public struct ConfusionChart: Chart {
    /// Counts by true class (rows) and predicted class (columns).
    public let counts: [[Int]]
    /// One name a class.
    public let classes: [String]

    /// A confusion matrix.
    ///
    /// - Throws: ``DrawingError`` of kind `shape` when the table is not square or the names do not fit, of kind `value`
    ///   for a negative count.
    public init(_ counts: [[Int]], classes: [String]) throws {
        guard counts.count == classes.count, counts.allSatisfy({ $0.count == classes.count }) else {
            throw DrawingError(
                .shape,
                "plot_confusion: \(counts.count) × \(counts.first?.count ?? 0) counts for \(classes.count) classes")
        }
        guard counts.allSatisfy({ $0.allSatisfy { $0 >= 0 } }) else {
            throw DrawingError(.value, "plot_confusion: counts are not negative")
        }
        self.counts = counts
        self.classes = classes
    }

    /// Square, growing with the number of classes.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) {
        let side = Double(classes.count) * (classes.count > 20 ? 18 : 50)
        let edge = min(max(side, 260), 900)
        return (edge + 190, edge + 120)
    }

    private func sum(_ values: [Int]) -> Double { values.reduce(0) { $0 + Double($1) } }

    /// Accuracy and the most frequent confusions.
    public func altText(_ options: FigureOptions) -> String {
        let total = sum(counts.map { Int(exactly: sum($0)) ?? .max })
        let right = sum(counts.indices.map { counts[$0][$0] })
        var text = "Confusion matrix of \(classes.count) classes"
        if total > 0 { text += ", \(NumberText.significant(100 * right / total, digits: 3)) % correct" }
        var wrong: [(count: Int, row: Int, column: Int)] = []
        for (r, row) in counts.enumerated() {
            for (c, count) in row.enumerated() where r != c && count > 0 { wrong.append((count, r, c)) }
        }
        let top = wrong.sorted { ($0.count, -$0.row, -$0.column) > ($1.count, -$1.row, -$1.column) }.prefix(3)
        if !top.isEmpty {
            let parts = top.map { "\(classes[$0.row]) taken for \(classes[$0.column]) (\($0.count))" }
            text += "; most often " + parts.joined(separator: ", ")
        }
        return text + "."
    }

    /// Draws the matrix.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let ends = Domain(exact: -0.5, Double(classes.count) - 0.5)
        var specification = FrameSpecification(
            x: AxisSpecification(domain: ends, label: "predicted", marks: .categories(classes), grid: false),
            y: AxisSpecification(
                domain: ends, label: "true", marks: .categories(classes), grid: false, reversed: true),
            options: options)
        let showsBar = area.width >= 300
        specification.rightReserve = showsBar ? composition.colourBarReserve(0, 100, in: area) + 12 : 0
        specification.aspect = 1
        specification.bare = true
        let frame = composition.frame(specification, in: area) { _ in nil }
        guard !classes.isEmpty else { return composition.note("no data", in: frame.plot, frame.fonts) }
        let shares = counts.map { row -> [Double] in
            let total = sum(row)
            // A class that does not occur has no shares.
            return row.map { total > 0 ? Double($0) / total : .nan }
        }
        let texts = shares.map { row in
            row.map { share -> String in
                guard share.isFinite else { return "–" }
                if share == 0 { return "0" }
                let percent = share * 100
                return percent < 0.95
                    ? "<1" : percent > 99 && share < 1 ? ">99" : NumberText.decimal(percent, places: 0)
            }
        }
        let details = counts.map { $0.map { $0 == 0 ? "" : String($0) } }
        let theme = composition.theme
        composition.cells(shares, texts: texts, details: details, best: nil, frame) {
            ColourMap.blues.colour($0, theme: theme)
        }
        composition.stroke(.rectangle(frame.plot), Stroke(colour: theme.axis, width: 1, crisp: true))
        if showsBar {
            composition.colourBar(.blues, 0, 100, of: frame)
            let bar = frame.plot.maxX + 14
            composition.text(
                composition.measurer.fitted("% of row", frame.fonts.tick, within: area.maxX - bar - 4),
                at: Point(bar, frame.plot.minY - 12), frame.fonts.tick, theme.mutedText, .multiplier)
        }
    }
}
