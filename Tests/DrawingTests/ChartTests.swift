import Drawing
import Testing

@Suite struct ChartTests {
    @Test func `Every figure can be drawn`() throws {
        for (name, chart, options) in try Samples.ordinary() + Samples.awkward() {
            for theme in Theme.allCases {
                var options = options
                options.theme = theme
                options.dpi = 48
                let figure = try Figure(chart, options)
                let image = try PNG.decode(figure.png()).image
                #expect(Set(image.pixels).count > 2, "\(name) is blank")
                #expect(!figure.altText.isEmpty, "\(name)")
            }
        }
    }

    @Test func `Mismatched lengths are shape errors`() throws {
        let failures: [() throws -> Void] = [
            { _ = try CurveSeries("a", x: [1], y: [1, 2]) }, { _ = try CurveSeries("a", xs: [[1]], runs: []) },
            { _ = try ScatterChart.Group("a", x: [1], y: []) },
            { _ = try BarChart(["a"], [BarChart.Group("", [1, 2])]) },
            { _ = try BarChart(["a"], [BarChart.Group("", [1], errors: [1, 2])]) },
            { _ = try HeatmapChart([[1]], rows: ["a", "b"], columns: ["c"]) },
            { _ = try ConfusionChart([[1, 2]], classes: ["a"]) },
            { _ = try ReliabilityChart(confidences: [0.5], correct: []) },
            { _ = try RasterImage(width: 2, height: 2, channels: 1, pixels: [1]) },
            { _ = try RasterImage(width: 2, height: 2, channels: 2, pixels: [UInt8](repeating: 0, count: 8)) },
            { _ = try ImageGridChart([], captions: ["a"]) },
        ]
        for failure in failures {
            let error = #expect(throws: DrawingError.self) { try failure() }
            #expect(error?.kind == .shape)
        }
    }

    @Test func `Logarithmic axes tell what they leave out`() throws {
        let chart = try CurveChart([CurveSeries("a", y: [1, 0, -2, 4, .nan])])
        #expect(try Figure(chart).warnings.isEmpty)
        #expect(
            try Figure(chart, FigureOptions(logy: true)).warnings == [
                "logy: 2 of 4 values are zero or negative and not drawn"
            ])
        let points = ScatterChart([try ScatterChart.Group("", x: [1, .nan, -1], y: [1, 1, 1])])
        #expect(try Figure(points, FigureOptions(logx: true)).warnings.count == 2)
        let bars = try BarChart(["a"], [BarChart.Group("", [-1])])
        #expect(try Figure(bars, FigureOptions(logy: true)).warnings.count == 1)
    }

    @Test func `Alternative text tells the story`() throws {
        let chart = try CurveChart([CurveSeries("KD", y: [3, 1, 2])])
        let text = try Figure(chart, FigureOptions(title: "Loss", xlabel: "epoch", ylabel: "loss")).altText
        #expect(
            text == "Loss. Line chart with one curve (loss over epoch). KD: from 3 to 2, lowest 1 at 2, highest 3 at 1."
        )
        #expect(
            try Figure(Samples.heat(), FigureOptions(xlabel: "T", ylabel: "α")).altText.contains(
                "best 0.9682 at T = 4, α = 2"))
        #expect(try Figure(Samples.confusion(10)).altText.contains("10 classes"))
        #expect(try Samples.grid().altText.contains("4 panels"))
    }

    @Test func `Missing stretches are marked`() throws {
        let words = try Figure(Samples.training()).layout().texts.filter { $0.role == .legend }.map(\.text)
        #expect(words.contains("not finite (5)"))
        #expect(words.contains("best: 47"))
        #expect(words.contains("learning rate (right)"))
    }

    @Test func `Bars carry their values`() throws {
        let texts = try Figure(Samples.bars()).layout().texts
        #expect(texts.filter { $0.role == .value }.map(\.text) == ["0.794", "0.725", "0.733", "0.763"])
        #expect(texts.contains { $0.role == .legend && $0.text == "teacher 0.794" })
        #expect(texts.contains { $0.role == .legend && $0.text == "± std, n = 5" })
    }

    @Test func `The best cell is named`() throws {
        let texts = try Figure(Samples.heat(), FigureOptions(xlabel: "T", ylabel: "α")).layout().texts
        #expect(texts.contains { $0.role == .note && $0.text == "best val_accuracy 0.9682 at T = 4, α = 2" })
        #expect(texts.filter { $0.role == .value }.count == 25)
    }

    @Test func `Confusion shows shares of the true class and counts`() throws {
        let chart = try ConfusionChart([[9, 1], [0, 0]], classes: ["cat", "dog"])
        let values = try Figure(chart).layout().texts.filter { $0.role == .value }.map(\.text)
        #expect(values.contains("90") && values.contains("9") && values.contains("–"))
    }

    @Test func `Floats become pictures channels last`() throws {
        let image = try RasterImage(width: 2, height: 1, channels: 3, values: [0, 1, 0.5, .nan, 2, -1])
        #expect(image.pixels == [0, 128, 255, 255, 0, 0])
        let stretched = try RasterImage(width: 2, height: 1, channels: 1, values: [-3, 5], range: nil)
        #expect(stretched.pixels == [0, 255])
    }

    @Test func `Sketches fit the terminal`() throws {
        let figure = try Figure(Samples.training(), FigureOptions(title: "Loss"))
        for (columns, rows) in [(80, 20), (40, 8), (8, 3), (0, 0), (200, 60)] {
            let lines = figure.sketch(columns: columns, rows: rows).split(
                separator: "\n", omittingEmptySubsequences: false)
            if columns >= 40 {
                #expect(lines.count <= rows)
                #expect(lines.allSatisfy { $0.count <= columns }, "\(lines.map(\.count))")
            }
        }
        #expect(figure.sketch().unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
        #expect(try Figure(CurveChart([])).sketch() == "no data")
        #expect(try Figure(Samples.bars()).sketch().hasPrefix("Bar chart"))
    }
}
