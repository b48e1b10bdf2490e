import Drawing
import Glibc
import Testing

/// The numbers that charts compute from the data.
@Suite struct StatisticsTests {
    @Test func `Moving average is bias corrected`() {
        let values = [1.0, 2, 4, 8]
        let smooth = Smoothing.exponentialMovingAverage(values, weight: 0.5)
        // Σ w^(t−i)(1−w) y_i / (1 − w^t), written out.
        #expect(smooth[0] == 1)
        #expect(abs(smooth[1] - (0.25 * 1 + 0.5 * 2) / 0.75) < 1e-12)
        #expect(abs(smooth[2] - (0.125 * 1 + 0.25 * 2 + 0.5 * 4) / 0.875) < 1e-12)
        #expect(abs(smooth[3] - (0.0625 * 1 + 0.125 * 2 + 0.25 * 4 + 0.5 * 8) / 0.9375) < 1e-12)
        #expect(Smoothing.exponentialMovingAverage([3, 3, 3, 3], weight: 0.99).allSatisfy { abs($0 - 3) < 1e-12 })
    }

    @Test func `Moving average steps over gaps`() {
        let smooth = Smoothing.exponentialMovingAverage([1, .nan, 1, .infinity, 1], weight: 0.9)
        #expect(smooth[1].isNaN)
        #expect(smooth[3] == .infinity)
        #expect(abs(smooth[4] - 1) < 1e-12)
    }

    @Test func `Automatic smoothing spares short curves`() {
        #expect(Smoothing.auto.weight(count: 30) == nil)
        #expect(Smoothing.auto.weight(count: 1000) == 0.96)
        #expect(Smoothing.weight(0).weight(count: 1000) == nil)
        #expect(throws: DrawingError.self) { try CurveChart([], smoothing: .weight(1)) }
        #expect(throws: DrawingError.self) { try CurveChart([], smoothing: .weight(.nan)) }
    }

    @Test func `Only rough curves are smoothed`() throws {
        let steady = (0..<200).map { exp(-Double($0) / 20) }
        let trembling = steady.enumerated().map { $1 + ($0 % 2 == 0 ? 1e-4 : -1e-4) }
        let rough = Samples.decay(200, floor: 0.1, noise: 0.5, seed: 4)
        func smooths(_ curves: [[Double]]) throws -> Bool {
            let chart = try CurveChart(curves.map { try CurveSeries("a", y: $0) }, smoothing: .auto)
            return try Figure(chart).layout().texts.contains { $0.text.contains("EMA") }
        }
        #expect(try !smooths([steady]))
        #expect(try !smooths([trembling]))
        #expect(try smooths([rough]))
        // A rough curve beside a steady one leaves the steady one as it is.
        func lines(_ curves: [[Double]]) throws -> Int {
            let chart = try CurveChart(curves.map { try CurveSeries("a", y: $0) }, smoothing: .auto)
            let svg = String(decoding: try Figure(chart, FigureOptions(legend: .none)).svg(), as: UTF8.self)
            return svg.split(separator: "fill:none").count
        }
        let (one, both) = (try lines([rough]), try lines([rough, steady]))
        #expect(both == one + 1)
    }

    @Test func `The weight is stated in the legend`() throws {
        let chart = try CurveChart(
            [CurveSeries("loss", y: Samples.decay(400, floor: 0, noise: 1, seed: 1))], smoothing: .weight(0.9))
        let words = try Figure(chart).layout().texts.filter { $0.role == .legend }.map(\.text)
        #expect(words.contains { $0.contains("EMA 0.9") })
    }

    @Test func `Bands show mean and spread`() {
        let runs = [[1.0, 10], [2, 20], [6, 30]]
        let xs = [[1.0, 2], [1, 2], [1, 2]]
        let band = CurveBand(xs: xs, ys: runs, kind: .standardDeviation)
        #expect(band.x == [1, 2])
        #expect(band.mean == [3, 20])
        #expect(abs(band.high[0] - (3 + sqrt(7))) < 1e-12)
        #expect(abs(band.low[1] - 10) < 1e-12)
        let error = CurveBand(xs: xs, ys: runs, kind: .standardError)
        #expect(abs(error.high[1] - (20 + 10 / sqrt(3))) < 1e-12)
        let range = CurveBand(xs: xs, ys: runs, kind: .range)
        #expect(range.low == [1, 10] && range.high == [6, 30])
        let interval = CurveBand(xs: xs, ys: runs, kind: .confidence95)
        #expect(abs(interval.high[1] - (20 + 4.303 * 10 / sqrt(3))) < 1e-9)
    }

    @Test func `Student quantiles match the tables`() {
        for (degrees, value) in [(1, 12.706), (4, 2.776), (15, 2.131), (20, 2.086), (30, 2.042), (120, 1.980)] {
            #expect(abs(CurveBand.studentQuantile(degrees: degrees) - value) < 6e-4, "\(degrees) degrees")
        }
    }

    @Test func `Bands need three runs and state their number`() throws {
        let words = try Figure(Samples.bands()).layout().texts.filter { $0.role == .legend }.map(\.text)
        #expect(words == ["KD (n = 5)", "scratch (n = 5)", "few (2 runs)", "mean ± std", "teacher"])
    }

    @Test func `Bins count each value once`() {
        #expect(HistogramChart.counts([0, 0.5, 1, 1.5, 2, 3], [0, 1, 2], density: false) == [2, 3])
        let density = HistogramChart.counts([0.1, 0.2, 1.5, 1.6], [0, 1, 3], density: true)
        #expect(density == [0.5, 0.25])
    }

    @Test func `Calibration error is the mean gap`() throws {
        let chart = try ReliabilityChart(
            confidences: [0.95, 0.95, 0.55, 0.55], correct: [true, false, true, true], bins: 10)
        // Bin 0.9–1: |0.5 − 0.95|, bin 0.5–0.6: |1 − 0.55|, each half of the predictions.
        #expect(abs(chart.expectedCalibrationError - 0.45) < 1e-12)
        #expect(chart.bins.map(\.count).reduce(0, +) == 4)
        #expect(throws: DrawingError.self) { try ReliabilityChart(confidences: [3.2], correct: [true]) }
    }

    @Test func `Confidence on an edge belongs to the lower bin`() throws {
        let chart = try ReliabilityChart(confidences: [0, 0.5, 1], correct: [true, true, true], bins: 2)
        #expect(chart.bins.map(\.count) == [2, 1])
    }
}
