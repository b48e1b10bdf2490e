/// Whether predictions are right as often as they claim: accuracy by confidence, with the calibration error.
public struct ReliabilityChart: Chart {
    /// One interval of confidence.
    public struct Bin: Sendable, Equatable {
        /// The smallest confidence of the interval.
        public var lower: Double
        /// The largest confidence of the interval.
        public var upper: Double
        /// How many predictions fall into it.
        public var count: Int
        /// The share of them that is right.
        public var accuracy: Double
        /// Their mean confidence.
        public var confidence: Double
    }

    /// The intervals, from 0 to 1.
    public let bins: [Bin]
    /// The expected calibration error: the mean over predictions of |accuracy − confidence| by bin
    /// (Naeini, Cooper and Hauskrecht, 2015). Not a number without predictions.
    public let expectedCalibrationError: Double
    /// The number of predictions.
    public let count: Int

    /// A reliability diagram.
    ///
    /// - Parameters:
    ///   - confidences: the probability given to the predicted class, one for each prediction.
    ///   - correct: whether the prediction is right.
    ///   - bins: the number of intervals of equal width; each holds its upper end.
    /// - Throws: ``DrawingError`` of kind `shape` when the lengths differ, `value` for confidences outside 0 … 1.
    public init(confidences: [Double], correct: [Bool], bins: Int = 15) throws {
        guard confidences.count == correct.count else {
            throw DrawingError(
                .shape, "plot_reliability: \(confidences.count) confidences and \(correct.count) outcomes")
        }
        guard (1...200).contains(bins) else {
            throw DrawingError(.value, "plot_reliability: bins = \(bins); there are 1 to 200")
        }
        if let bad = confidences.first(where: { !($0 >= -1e-6 && $0 <= 1 + 1e-5) }) {
            throw DrawingError(
                .value, "plot_reliability: confidence \(NumberText.significant(bad, digits: 4)) is not a probability",
                help: "pass softmax outputs, not logits")
        }
        var counts = [Int](repeating: 0, count: bins)
        var right = counts
        var sums = [Double](repeating: 0, count: bins)
        for (confidence, isRight) in zip(confidences, correct) {
            let index = min(max(Int((confidence * Double(bins)).rounded(.up)) - 1, 0), bins - 1)
            counts[index] += 1
            sums[index] += confidence
            if isRight { right[index] += 1 }
        }
        self.bins = (0..<bins).map { index in
            let n = Double(counts[index])
            return Bin(
                lower: Double(index) / Double(bins), upper: Double(index + 1) / Double(bins), count: counts[index],
                accuracy: n > 0 ? Double(right[index]) / n : .nan, confidence: n > 0 ? sums[index] / n : .nan)
        }
        count = confidences.count
        let total = Double(confidences.count)
        expectedCalibrationError =
            total > 0
            ? self.bins.reduce(0) {
                $0 + ($1.count > 0 ? Double($1.count) / total * abs($1.accuracy - $1.confidence) : 0)
            }
            : .nan
    }

    /// Nearly square.
    public func naturalSize(_ options: FigureOptions) -> (width: Double, height: Double) { (620, 620) }

    /// The calibration error and the direction of the error.
    public func altText(_ options: FigureOptions) -> String {
        guard count > 0 else { return "Reliability diagram without predictions." }
        let total = Double(count)
        let accuracy = bins.reduce(0) { $0 + ($1.count > 0 ? Double($1.count) * $1.accuracy / total : 0) }
        let confidence = bins.reduce(0) { $0 + ($1.count > 0 ? Double($1.count) * $1.confidence / total : 0) }
        let ece = NumberText.significant(expectedCalibrationError, digits: 3)
        return "Reliability diagram of \(count) predictions: expected calibration error \(ece), "
            + "accuracy \(NumberText.significant(accuracy, digits: 3)) at mean confidence "
            + "\(NumberText.significant(confidence, digits: 3)), "
            + (confidence > accuracy ? "overconfident." : "not overconfident.")
    }

    /// Draws accuracy by confidence, the gap to the diagonal, and above it the distribution of the confidence.
    public func compose(into composition: inout Composition, in area: Rect, options: FigureOptions) {
        let unit = Domain(exact: 0, 1)
        var specification = FrameSpecification(
            x: AxisSpecification(domain: unit, label: "confidence"),
            y: AxisSpecification(domain: unit, label: "accuracy"), options: options)
        specification.aspect = 1
        let theme = composition.theme
        let (bar, gap) = (theme.series(0), theme.series(1))
        let strip = area.height >= 380 ? 62.0 : 0
        specification.topReserve = strip
        let diagonal = Stroke(colour: theme.text, width: 1.4, dash: [6, 4])
        specification.legend = [
            LegendEntry(label: "accuracy", sample: .patch(bar)),
            LegendEntry(label: "gap to the confidence", sample: .patch(gap.opacity(0.3))),
            LegendEntry(label: "perfect calibration", sample: .line(diagonal, nil)),
        ]
        if count > 0 {
            let ece = NumberText.decimal(expectedCalibrationError, places: 4)
            let title = LegendEntry(label: "ECE \(ece)  (n = \(count))", sample: .patch(Colour(0, alpha: 0)))
            specification.legend.insert(title, at: 0)
        }
        let frame = composition.frame(specification, in: area) { frame in
            var occupancy = Occupancy(frame.plot)
            for bin in bins where bin.count > 0 {
                let top = frame.y.position(max(bin.accuracy, bin.confidence))
                occupancy.add(
                    Rect(
                        x: frame.x.position(bin.lower), y: top,
                        width: frame.x.position(bin.upper) - frame.x.position(bin.lower),
                        height: frame.plot.maxY - top))
            }
            occupancy.add(line: [frame.place(0, 0), frame.place(1, 1)])
            return occupancy
        }
        draw(frame, bar, gap, &composition)
        composition.line(frame.place(0, 0), frame.place(1, 1), diagonal)
        if strip > 0, count > 0 { marginal(frame, strip, &composition) }
        if count == 0 { composition.note("no predictions", in: frame.plot, frame.fonts) }
        composition.legend(of: frame)
    }

    private func draw(_ frame: Frame, _ bar: Colour, _ gap: Colour, _ composition: inout Composition) {
        for bin in bins where bin.count > 0 {
            let left = frame.x.position(bin.lower) + 0.75
            let width = max(0.5, frame.x.position(bin.upper) - left - 0.75)
            let top = frame.y.position(bin.accuracy)
            composition.fill(
                .rectangle(Rect(x: left, y: top, width: width, height: frame.plot.maxY - top)), bar)
            let (a, b) = (frame.y.position(bin.accuracy), frame.y.position(bin.confidence))
            let rect = Rect(x: left, y: min(a, b), width: width, height: abs(a - b))
            // On the background, not on the bar, so that the gap has the legend's colour on either side.
            composition.fill(.rectangle(rect), composition.theme.background)
            composition.fill(.rectangle(rect), gap.opacity(0.3))
            composition.line(Point(left, a), Point(left + width, a), Stroke(colour: bar, width: 2))
            composition.line(Point(left, b), Point(left + width, b), Stroke(colour: gap, width: 1.6))
        }
    }

    private func marginal(_ frame: Frame, _ strip: Double, _ composition: inout Composition) {
        let theme = composition.theme
        let base = frame.plot.minY - 10
        let height = strip - 28
        let largest = Double(bins.map(\.count).max() ?? 1)
        for bin in bins where bin.count > 0 {
            let left = frame.x.position(bin.lower) + 0.75
            let width = max(0.5, frame.x.position(bin.upper) - left - 0.75)
            let tall = max(0.75, height * Double(bin.count) / largest)
            composition.fill(
                .rectangle(Rect(x: left, y: base - tall, width: width, height: tall)), theme.axis)
        }
        let share = NumberText.significant(100 * largest / Double(count), digits: 2)
        let words = "predictions by confidence, tallest \(share) %"
        composition.text(
            composition.measurer.fitted(words, frame.fonts.tick, within: frame.plot.width),
            at: Point(frame.plot.minX, base - height - 5), frame.fonts.tick, theme.mutedText, .note)
    }
}
