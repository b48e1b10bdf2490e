import Drawing
import Testing

/// The rules of layout, checked on figures of every kind in several sizes.
@Suite struct GeometryTests {
    static let sizes: [(Double?, Double?)] = [(nil, nil), (420, 280), (260, 180), (120, 90), (32, 32), (1600, 300)]

    /// The layout of every sample in every size, with a name that says which; made once for all rules.
    static let layouts: [(name: String, layout: FigureLayout)] = (try? all()) ?? []

    private static func all() throws -> [(name: String, layout: FigureLayout)] {
        var result: [(String, FigureLayout)] = []
        for (name, chart, options) in try Samples.ordinary() + Samples.awkward() {
            for (width, height) in sizes {
                var options = options
                options.width = width
                options.height = height
                let size = width.map { "\(Int($0))" } ?? "natural"
                result.append(("\(name) \(size)", try Figure(chart, options).layout()))
            }
        }
        result.append(("grid", try Samples.grid().layout()))
        return result
    }

    @Test func `Every sample has a layout`() {
        #expect(Self.layouts.count > 300)
    }

    @Test func `No text leaves the canvas`() {
        for (name, layout) in Self.layouts {
            let canvas = Rect(x: 0, y: 0, width: layout.width, height: layout.height)
            for text in layout.texts {
                #expect(canvas.contains(text.box, tolerance: 0.5), "\(name): “\(text.text)” at \(text.box)")
            }
        }
    }

    @Test func `Tick labels keep apart`() {
        for (name, layout) in Self.layouts where name != "grid" {
            let texts = layout.texts
            for role in [FigureLayout.Role.xTick, .yTick, .secondTick] {
                let boxes = texts.filter { $0.role == role }
                for (index, a) in boxes.enumerated() {
                    for b in boxes.dropFirst(index + 1) {
                        #expect(!a.box.intersects(b.box), "\(name): “\(a.text)” and “\(b.text)”")
                    }
                }
            }
        }
    }

    @Test func `Words of different kinds keep apart`() {
        for (name, layout) in Self.layouts where name != "grid" {
            // Values may stand over the note of an empty plot, never over other words.
            let texts = layout.texts.filter { $0.role != .note }
            for (index, a) in texts.enumerated() where texts.count < 400 {
                for b in texts.dropFirst(index + 1) where a.role != b.role {
                    let core = b.box.inset(by: 1)
                    #expect(
                        !a.box.inset(by: 1).intersects(core),
                        "\(name): “\(a.text)” (\(a.role)) and “\(b.text)” (\(b.role))")
                }
            }
        }
    }

    @Test func `Plots keep room for the data`() {
        for (name, layout) in Self.layouts {
            // A square plot in a wide figure takes what its height allows.
            let square = ["confusion", "reliability", "classes", "predictions"].contains { name.contains($0) }
            for plot in layout.plots where layout.plots.count == 1 {
                #expect(plot.area.width > 0 && plot.area.height > 0, "\(name)")
                let side = min(layout.width, layout.height)
                let room = square ? side * side : layout.width * layout.height
                let share = plot.area.width * plot.area.height / room
                #expect(share > 0.1, "\(name): the plot takes \(share) of the figure")
            }
        }
    }

    @Test func `Legends inside hide no data`() throws {
        var inside = 0
        for (name, chart, options) in try Samples.ordinary() {
            guard let chart = chart as? CurveChart else { continue }
            let plot = try #require(try Figure(chart, options).layout().plots.first)
            guard plot.legendInside, let legend = plot.legend, let x = plot.x, let y = plot.y else { continue }
            inside += 1
            #expect(plot.area.contains(legend), "\(name)")
            for series in chart.series {
                for (xs, ys) in zip(series.xs, series.ys) {
                    for (a, b) in zip(xs, ys) where b.isFinite {
                        let point = Point(x.position(a), y.position(b))
                        #expect(!legend.contains(point), "\(name): \(series.name) at \(a), \(b)")
                    }
                }
            }
        }
        #expect(inside > 0)
    }

    @Test func `Legends move outside where nothing is free`() throws {
        var random = Noise(1)
        let noise = (0..<800).map { _ in random.uniform() }
        let chart = try CurveChart([CurveSeries("a", y: noise), CurveSeries("b", y: noise.reversed())])
        let plot = try #require(try Figure(chart).layout().plots.first)
        let legend = try #require(plot.legend)
        #expect(!plot.legendInside)
        #expect(!legend.intersects(plot.area))
    }

    @Test func `Legend can be refused`() throws {
        let figure = try Figure(CurveChart(Samples.curves(3, points: 20)), FigureOptions(legend: .none))
        #expect(figure.layout().texts.allSatisfy { $0.role != .legend })
    }

    @Test func `Layout does not depend on the theme`() throws {
        for (name, chart, options) in try Samples.ordinary() {
            var dark = options
            dark.theme = .dark
            let (a, b) = (try Figure(chart, options).layout(), try Figure(chart, dark).layout())
            #expect(a.texts.map(\.box) == b.texts.map(\.box), "\(name)")
        }
    }

    @Test func `Data stand where the axis says`() throws {
        let chart = try CurveChart([CurveSeries("", x: [0, 10], y: [0.001, 1000])])
        let plot = try #require(try Figure(chart, FigureOptions(logy: true)).layout().plots.first)
        let y = try #require(plot.y)
        #expect(y.logarithmic)
        let middle = (y.position(0.001) + y.position(1000)) / 2
        #expect(abs(y.position(1) - middle) < 1e-6)
        #expect(y.position(0).isNaN)
        #expect(plot.yTicks.contains { abs($0 - 1) < 1e-12 })
    }
}
