import Drawing
import Glibc

/// Reproducible numbers: tests must not depend on the system's generator.
struct Noise {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func uniform() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) / 9_007_199_254_740_992
    }

    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }
}

/// Figures of every kind and of many awkward contents.
enum Samples {
    static func decay(_ count: Int, floor: Double, noise: Double, seed: UInt64) -> [Double] {
        var random = Noise(seed)
        return (0..<count).map { index in
            floor + 2 * exp(-Double(index) / Double(count) * 5) + noise * (random.uniform() - 0.5)
        }
    }

    static func curves(_ count: Int, points: Int, noise: Double = 0.3) throws -> [CurveSeries] {
        try (0..<count).map { index in
            let values = decay(points, floor: 0.2 + 0.15 * Double(index), noise: noise, seed: UInt64(index + 1))
            return try CurveSeries("student \(index)", y: values)
        }
    }

    static func runs(_ floor: Double, seed: UInt64) -> [[Double]] {
        (0..<5).map { run in
            decay(20, floor: floor, noise: 0.1, seed: seed + UInt64(run)).map { 0.9 - 0.2 * $0 }
        }
    }

    static func blob(_ index: Int, _ count: Int) throws -> ScatterChart.Group {
        var random = Noise(UInt64(index + 5))
        let centre = (6 * cos(Double(index) * 0.7), 6 * sin(Double(index) * 0.63))
        let x = (0..<count).map { _ in centre.0 + random.normal() }
        let y = (0..<count).map { _ in centre.1 + random.normal() }
        return try ScatterChart.Group("class \(index)", x: x, y: y)
    }

    static func training(points: Int = 60) throws -> CurveChart {
        var broken = decay(points, floor: 0.1, noise: 0.1, seed: 3)
        for index in points / 3..<points / 3 + 5 { broken[index] = .nan }
        let rate = (0..<points).map { 0.5e-3 * (1 + cos(Double($0) / Double(points) * .pi)) }
        return try CurveChart(
            [
                CurveSeries("train", y: broken),
                CurveSeries("validation", y: decay(points, floor: 0.3, noise: 0.05, seed: 4), role: .validation),
            ], best: CurveChart.Best(x: 47), secondary: CurveSeries("learning rate", y: rate))
    }

    static func bands() throws -> CurveChart {
        try CurveChart(
            [
                CurveSeries("KD", runs: runs(0.1, seed: 1)), CurveSeries("scratch", runs: runs(0.5, seed: 9)),
                CurveSeries("few", runs: Array(runs(0.9, seed: 20).prefix(2))),
            ], references: [CurveChart.Reference("teacher", 0.91)])
    }

    static func bars() throws -> BarChart {
        try BarChart(
            ["teacher", "scratch", "KD", "DKD"],
            [BarChart.Group("accuracy", [0.794, 0.725, 0.733, 0.763], errors: [0, 0.003, 0.002, 0.002])],
            references: [CurveChart.Reference("teacher", 0.794)], errorLabel: "± std, n = 5")
    }

    static func heat() throws -> HeatmapChart {
        let values = (0..<5).map { a in (0..<5).map { t in 0.95 + 0.02 * sin(Double(a) + 1) * cos(Double(t) - 2) } }
        let names = ["1", "2", "4", "8", "16"]
        return try HeatmapChart(values, rows: names, columns: names, valueName: "val_accuracy")
    }

    static func confusion(_ classes: Int, names: (Int) -> String = { String($0) }) throws -> ConfusionChart {
        let counts = (0..<classes).map { r in (0..<classes).map { c in r == c ? 90 : (r * 7 + c * 3) % 5 } }
        return try ConfusionChart(counts, classes: (0..<classes).map(names))
    }

    static func reliability() throws -> ReliabilityChart {
        var random = Noise(8)
        let confidences = (0..<2000).map { _ in min(1, 0.4 + 0.6 * random.uniform().squareRoot()) }
        return try ReliabilityChart(
            confidences: confidences, correct: confidences.map { random.uniform() < $0 * 0.9 })
    }

    static func images(_ count: Int) throws -> ImageGridChart {
        let pictures = try (0..<count).map { index in
            try RasterImage(
                width: 8, height: 8, channels: 1,
                pixels: (0..<64).map { UInt8((sin(Double($0 * (index + 1)) / 9) * 0.5 + 0.5) * 255) })
        }
        return try ImageGridChart(
            pictures, captions: (0..<count).map { "digit \($0 % 10)" },
            marks: (0..<count).map { $0 % 3 == 0 ? .wrong : .right })
    }

    static func histogram(_ groups: Int) throws -> HistogramChart {
        try HistogramChart(
            (0..<groups).map { index in
                var random = Noise(UInt64(index + 2))
                return HistogramChart.Group("group \(index)", (0..<2000).map { _ in random.normal() + Double(index) })
            })
    }

    /// Every kind of chart with ordinary content, by name.
    static func ordinary() throws -> [(name: String, chart: any Chart, options: FigureOptions)] {
        [
            (
                "curves", try CurveChart(curves(4, points: 300), smoothing: .auto),
                FigureOptions(
                    title: "Training loss", xlabel: "step", ylabel: "cross-entropy")
            ),
            ("training", try training(), FigureOptions(title: "Distillation", xlabel: "epoch", ylabel: "loss")),
            ("bands", try bands(), FigureOptions(title: "Five seeds", xlabel: "epoch", ylabel: "accuracy")),
            ("bars", try bars(), FigureOptions(title: "Methods", ylabel: "accuracy")),
            ("heat", try heat(), FigureOptions(title: "Sweep", xlabel: "T", ylabel: "α")),
            ("confusion", try confusion(10), FigureOptions(title: "Digits")),
            (
                "scatter", ScatterChart(try (0..<10).map { try blob($0, 40) }),
                FigureOptions(
                    title: "t-SNE", xlabel: "t-SNE 1", ylabel: "t-SNE 2")
            ),
            ("histogram", try histogram(1), FigureOptions(title: "Weights", xlabel: "weight")),
            ("histograms", try histogram(3), FigureOptions(title: "Three", xlabel: "value")),
            ("reliability", try reliability(), FigureOptions(title: "Calibration")),
            ("images", try images(12), FigureOptions(title: "Examples")),
        ]
    }

    /// Contents that go wrong easily.
    static func awkward() throws -> [(name: String, chart: any Chart, options: FigureOptions)] {
        func curve(_ y: [Double], _ x: [Double]? = nil) throws -> CurveChart {
            try CurveChart([CurveSeries("y", x: x, y: y)])
        }
        let long = String(repeating: "a very long name ", count: 12)
        let log = FigureOptions(title: "log", logx: true, logy: true)
        return [
            ("no curve", try CurveChart([]), FigureOptions(title: "Nothing")),
            ("no point", try curve([]), FigureOptions()),
            ("one point", try curve([0.3]), FigureOptions(ylabel: "y")),
            ("constant", try curve([2, 2, 2]), FigureOptions()),
            ("zero", try curve([0, 0, 0]), FigureOptions()),
            ("not finite", try curve([.nan, .infinity, -.infinity]), FigureOptions()),
            ("huge", try curve([1e300, -1e300, 1e-300]), FigureOptions()),
            ("beyond", try curve([1.7e308, -1.7e308]), FigureOptions()),
            ("tiny", try curve([1e-300, 2e-300, 3e-300]), FigureOptions()),
            (
                "denormal", try curve([Double.leastNonzeroMagnitude, Double.leastNonzeroMagnitude * 2000]),
                FigureOptions()
            ),
            ("huge log", try curve([1e300, 1, 1e-300]), log),
            ("no positive", try curve([-1, -2, 0]), log),
            ("close", try curve([1 + 1e-9, 1 + 2e-9, 1 + 3e-9], [1e6, 1e6 + 1, 1e6 + 2]), FigureOptions()),
            ("nearly equal", try curve([1, 1 + 2e-16, 1]), FigureOptions()),
            ("million", try curve((0..<1_000_000).map { sin(Double($0) / 1e4) }), FigureOptions(title: "10⁶")),
            ("limits", try curve([1, 2, 3]), FigureOptions(ylim: FigureOptions.Limits(5, nil))),
            (
                "long words", try CurveChart([CurveSeries(long, y: [1, 2]), CurveSeries("b", y: [2, 1])]),
                FigureOptions(
                    title: long, xlabel: long, ylabel: long)
            ),
            (
                "unicode", try CurveChart([CurveSeries("日本語 ελληνικά 🙂 e\u{301}", y: [1, 3])]),
                FigureOptions(
                    title: "zero\u{0}line\nbreak\ttab", xlabel: "العربية", ylabel: "\u{2028}")
            ),
            ("many curves", try CurveChart(curves(60, points: 40)), FigureOptions(title: "Sixty")),
            (
                "long bars",
                try BarChart(
                    ["a rather long name of a method", "another one that is long", "b"],
                    [
                        BarChart.Group("", [0.7, -0.3, .nan])
                    ]), FigureOptions(title: "Sideways", ylabel: "gain")
            ),
            (
                "many bars",
                try BarChart(
                    (0..<300).map { "class \($0)" },
                    [
                        BarChart.Group("", (0..<300).map { Double($0 % 7) })
                    ]), FigureOptions()
            ),
            ("no bars", try BarChart([], []), FigureOptions(title: "No bars")),
            ("zero bars", try BarChart(["a", "b"], [BarChart.Group("", [0, 0])]), FigureOptions()),
            (
                "grouped",
                try BarChart(
                    ["a", "b", "c"],
                    [
                        BarChart.Group("one", [1, 2, 3]), BarChart.Group("two", [3, 2, 1]),
                        BarChart.Group("three", [-1, 2, 2]),
                    ]), FigureOptions(title: "Grouped")
            ),
            ("log bars", try BarChart(["a", "b"], [BarChart.Group("", [1e-5, 10])]), FigureOptions(logy: true)),
            (
                "logarithmic", try CurveChart(curves(3, points: 200, noise: 0.1), smoothing: .none),
                FigureOptions(title: "Both axes", xlabel: "step", ylabel: "loss", logx: true, logy: true)
            ),
            ("no cells", try HeatmapChart([], rows: [], columns: []), FigureOptions()),
            (
                "flat cells", try HeatmapChart([[1, 1], [1, .nan]], rows: ["a", "b"], columns: ["c", "d"]),
                FigureOptions()
            ),
            (
                "large table",
                try HeatmapChart(
                    (0..<150).map { r in (0..<90).map { c in Double(r * c) } }, rows: (0..<150).map { "row \($0)" },
                    columns: (0..<90).map { "column \($0)" }), FigureOptions(title: "Large")
            ),
            (
                "named classes", try confusion(10) { ["aeroplane", "automobile", "bird", "cat"][$0 % 4] + "\($0)" },
                FigureOptions(title: "Names")
            ),
            ("hundred classes", try confusion(100) { "class \($0)" }, FigureOptions(title: "Hundred")),
            ("no classes", try ConfusionChart([], classes: []), FigureOptions()),
            ("dense points", ScatterChart(try (0..<3).map { try blob($0, 20_000) }), FigureOptions(title: "Dense")),
            ("hundreds of groups", ScatterChart(try (0..<200).map { try blob($0, 5) }), FigureOptions(title: "200")),
            ("no points", ScatterChart([]), FigureOptions()),
            ("equal aspect", ScatterChart(try [blob(0, 20), blob(3, 20)], equalAspect: true), FigureOptions()),
            ("one value", try HistogramChart([HistogramChart.Group("", [3, 3, 3])]), FigureOptions()),
            ("no values", try HistogramChart([HistogramChart.Group("", [])]), FigureOptions()),
            ("log values", try HistogramChart([HistogramChart.Group("", (1...500).map { Double($0 * $0) })]), log),
            ("no predictions", try ReliabilityChart(confidences: [], correct: []), FigureOptions()),
            ("no images", try ImageGridChart([]), FigureOptions(title: "None")),
        ]
    }

    static func grid() throws -> Figure {
        func figure(_ name: String) throws -> [Figure] {
            try ordinary().filter { $0.name == name }.map { try Figure($0.chart, $0.options) }
        }
        let rows = try [figure("training") + figure("bars"), figure("heat") + figure("scatter")]
        return try Figure(FigureGrid(rows), FigureOptions(title: "Everything"))
    }
}
