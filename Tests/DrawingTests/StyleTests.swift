import Drawing
import Testing

/// The rules of style that readers rely on, checked on the strokes of the vector picture.
@Suite struct StyleTests {
    /// A line as it is drawn.
    struct Stroke {
        var colour = ""
        var dash = ""
        var opacity = 1.0
    }

    /// The lines of a figure without its legend, in the order they are drawn.
    private func strokes(_ chart: any Chart) throws -> [Stroke] {
        let svg = String(decoding: try Figure(chart, FigureOptions(legend: .none)).svg(), as: UTF8.self)
        return svg.split(separator: "style=\"").dropFirst().compactMap { part in
            let style = part.prefix { $0 != "\"" }
            guard style.contains("fill:none") else { return nil }
            var stroke = Stroke()
            for property in style.split(separator: ";") {
                let parts = property.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { continue }
                switch parts[0] {
                case "stroke": stroke.colour = parts[1]
                case "stroke-dasharray": stroke.dash = parts[1]
                case "stroke-opacity": stroke.opacity = Double(parts[1]) ?? 1
                default: break
                }
            }
            return stroke
        }
    }

    private func dashes(_ chart: any Chart) throws -> Set<String> {
        Set(try strokes(chart).map(\.dash).filter { !$0.isEmpty })
    }

    private let falling = (0..<40).map { 1 / Double($0 + 1) }

    @Test func `Validation is dashed and the best epoch dotted`() throws {
        let training = try CurveSeries("loss", y: falling)
        let validation = try CurveSeries("val_loss", y: falling.map { $0 + 0.1 }, role: .validation)
        #expect(try dashes(CurveChart([training])).isEmpty)
        let dashed = try dashes(CurveChart([training, validation]))
        #expect(dashed.count == 1)
        let both = try dashes(CurveChart([training, validation], best: CurveChart.Best(x: 12)))
        #expect(both.count == 2 && both.isSuperset(of: dashed))
    }

    @Test func `Levels to compare with are dashed`() throws {
        let reference = CurveChart.Reference("teacher", 0.9)
        #expect(try dashes(CurveChart([CurveSeries("a", y: falling)], references: [reference])).count == 1)
        let bars = [BarChart.Group("", [0.7, 0.8])]
        #expect(try dashes(BarChart(["a", "b"], bars)).isEmpty)
        #expect(try dashes(BarChart(["a", "b"], bars, references: [reference])).count == 1)
    }

    @Test func `Series beyond the fourth have dashes too`() throws {
        #expect(try dashes(CurveChart(Samples.curves(4, points: 40))).isEmpty)
        let many = try strokes(CurveChart(Samples.curves(12, points: 40)))
        #expect(Set(many.map(\.dash).filter { !$0.isEmpty }).count == 2)
    }

    @Test func `Raw values are faint behind their course`() throws {
        let noisy = try CurveSeries("loss", y: Samples.decay(300, floor: 0.1, noise: 0.4, seed: 2))
        let plain = try strokes(CurveChart([noisy], smoothing: .none))
        let smoothed = try strokes(CurveChart([noisy], smoothing: .weight(0.9)))
        // One stroke more, and the one that is new is weaker in colour or opacity.
        #expect(smoothed.count > plain.count)
        let strong = try #require(plain.last)
        #expect(smoothed.contains { $0.colour == strong.colour && $0.opacity == strong.opacity })
        let before = plain.map { "\($0.colour) \($0.opacity)" }
        #expect(smoothed.contains { !before.contains("\($0.colour) \($0.opacity)") })
    }

    @Test func `Bars have error bars`() throws {
        let without = try strokes(BarChart(["a", "b"], [BarChart.Group("", [0.7, 0.8])]))
        let with = try strokes(BarChart(["a", "b"], [BarChart.Group("", [0.7, 0.8], errors: [0.1, 0.1])]))
        #expect(with.count >= without.count + 2)
    }

    @Test func `Edges are smooth`() throws {
        let chart = try CurveChart([CurveSeries("", y: [0, 1])])
        let image = try PNG.decode(Figure(chart, FigureOptions(width: 200, height: 160)).png(), channels: .rgba).image
        let colours = Set((0..<image.width * image.height).map { Array(image.pixels[4 * $0..<4 * $0 + 3]) })
        #expect(colours.count > 20)
    }
}
