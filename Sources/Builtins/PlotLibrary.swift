import Diagnostics
import Drawing
import Learning
import Runtime
import Tensors

extension Builtin.Group {
    /// Figures.
    static let plots = Builtin.Group("Plots")
}

/// How a curve is smoothed: a weight, `"auto"`, or none.
enum SmoothingOption: ValueDecodable, LiteralEncodable {
    case auto, none
    case weight(Double)

    static var languageType: LanguageType { .union([.float, .options(["auto"]), .none]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> SmoothingOption? {
        switch value {
        case .none: return SmoothingOption.none
        case .string(let text): return text.text == "auto" ? .auto : nil
        default: return value.number.map { .weight($0) }
        }
    }

    var literal: Literal {
        switch self {
        case .auto: .string("auto")
        case .none: .none
        case .weight(let weight): .float(weight)
        }
    }

    func drawn(isTraining: Bool) -> Smoothing {
        switch self {
        case .auto: isTraining ? .auto : .none
        case .none: .none
        case .weight(let weight): .weight(weight)
        }
    }
}

extension Library {
    /// Figures: curves, bars, maps, matrices, points, pictures.
    func addPlots() {
        add(
            ObjectType(
                FigureObject.self, "A figure: shown where pictures can be shown, and written by `save`.",
                display: { Markup($0.figure.altText) }))
        addCurves()
        addBars()
        addDistributions()
        addPictures()
    }

    private func addCurves() {
        let data = Parameter<Value>(
            "data", "a run, a list of runs, a list of lists of runs (bands), numbers, or positions followed by `ys`")
        let ys = Parameter<Value?>.optional("ys", "numbers over the positions `data`, or a list of such")
        let y = Parameter<OneOrMore<String>?>.optional(
            "y", "which curves of the runs, such as \"val_accuracy\"", defaultText: "the loss and its terms")
        let labels = Parameter<[String]?>.optional("labels", "the names in the legend")
        let smooth = Parameter<SmoothingOption>(
            "smooth",
            "the weight of the moving average drawn over the raw values; \"auto\" smooths long curves of runs",
            default: .auto)
        let figure = FigureParameters()
        add(
            Builtin(
                "plot", .plots, "Curves: of a run, of several runs, of seeds as bands, or of numbers.",
                parameters: [data.description, ys.description, y.description, labels.description, smooth.description]
                    + figure.all,
                returns: "a figure",
                notes: [
                    "Validation curves are dashed, the best epoch is dotted.",
                    "A list of lists of runs gives the mean of each list with a band, for three runs or more.",
                ],
                seeAlso: ["save", "plot_bars", "grid"],
                examples: [
                    Example(running: "plot([0.9, 0.5, 0.3], title=\"Loss\")"),
                    Example(running: "plot(range(10), [x ** 2 for x in range(10)], logy=true, xlabel=\"x\")"),
                ]
            ) { call in
                try drawing {
                    let labels = try call[labels]
                    let plot = try Self.curves(call, call[data], call[ys], names: call[y]?.elements, labels: labels)
                    var options = try figure.options(call)
                    options.xlabel = options.xlabel ?? plot.xlabel
                    options.ylabel = options.ylabel ?? plot.ylabel
                    let chart = try CurveChart(
                        plot.series, smoothing: call[smooth].drawn(isTraining: plot.isTraining), best: plot.best,
                        secondary: plot.secondary)
                    return FigureObject(try Figure(chart, options))
                }
            })
        let rows = Parameter<[[FigureObject]]>("figures", "rows of figures")
        add(
            Builtin(
                "grid", .plots, "Several figures in one.", parameters: [rows.description] + figure.plain,
                returns: "a figure", seeAlso: ["plot"],
                examples: [Example(running: "grid([[plot([1, 2]), plot([2, 1])]])")]
            ) { call in
                try drawing {
                    let panels = try FigureGrid(call[rows].map { $0.map(\.figure) })
                    return FigureObject(try Figure(panels, figure.plainOptions(call)))
                }
            })
    }

    private static func curves(
        _ call: Call, _ data: Value, _ ys: Value?, names: [String]?, labels: [String]?
    ) throws -> CurvePlot {
        let interpreter = call.interpreter
        if let ys, let x = Numbers.decode(data, in: interpreter) {
            if let y = Numbers.decode(ys, in: interpreter) {
                return try CurvePlot(x: x.values, ys: [y.values], labels: labels)
            }
            if let several = [Numbers].decode(ys, in: interpreter) {
                return try CurvePlot(x: x.values, ys: several.map(\.values), labels: labels)
            }
            throw Failure(
                .type, "plot: the second argument must be numbers or lists of numbers, not \(ys.typeName)",
                operands: [1: ys.typeName])
        }
        if let run = Run.decode(data, in: interpreter) { return try CurvePlot(run, names: names, labels: labels) }
        if let numbers = Numbers.decode(data, in: interpreter) {
            return try CurvePlot(x: nil, ys: [numbers.values], labels: labels)
        }
        if let runs = [Run].decode(data, in: interpreter), !runs.isEmpty {
            return try CurvePlot(runs.map { ($0.name, [$0]) }, names: names, labels: labels)
        }
        if let groups = [[Run]].decode(data, in: interpreter), !groups.isEmpty {
            return try CurvePlot(groups.map { ($0.first?.name ?? "", $0) }, names: names, labels: labels)
        }
        if let several = [Numbers].decode(data, in: interpreter) {
            return try CurvePlot(x: nil, ys: several.map(\.values), labels: labels)
        }
        throw Failure(
            .type, "plot: expected a run, runs or numbers, not \(data.typeName)",
            help: ["plot(run)", "plot([kd, scratch], y=\"val_accuracy\")", "plot(xs, ys)"], operands: [0: data.typeName]
        )
    }

    private func addBars() {
        let values = Parameter<Value>("values", "a dict from name to number, numbers, or a list of lists of numbers")
        let labels = Parameter<[String]?>.optional("labels", "a name for each bar")
        let groups = Parameter<[String]?>.optional("groups", "a name for each list of numbers")
        let errors = Parameter<Numbers?>.optional("errors", "the half length of each error bar")
        let references = Parameter<OrderedNumbers?>.optional(
            "references", "a dict of values drawn as lines: {\"teacher\": 0.98}")
        let figure = FigureParameters()
        add(
            Builtin(
                "plot_bars", .plots, "Bars with their values, error bars and lines of reference.",
                parameters: [
                    values.description, labels.description, groups.description, errors.description,
                    references.description,
                ] + figure.all,
                returns: "a figure", seeAlso: ["plot", "compare"],
                examples: [
                    Example(
                        running: #"plot_bars({"distilled": 0.97, "from scratch": 0.95}, references={"teacher": 0.98})"#)
                ]
            ) { call in
                try drawing {
                    let value = try call[values]
                    let interpreter = call.interpreter
                    var names = try call[labels]
                    var bars: [[Double]]
                    if let dict = OrderedNumbers.decode(value, in: interpreter) {
                        names = names ?? Array(dict.entries.map(\.name))
                        bars = [dict.entries.map(\.value)]
                    } else if let numbers = Numbers.decode(value, in: interpreter) {
                        bars = [numbers.values]
                    } else if let several = [Numbers].decode(value, in: interpreter) {
                        bars = several.map(\.values)
                    } else {
                        throw Failure(.type, "plot_bars: expected a dict or numbers, not \(value.typeName)")
                    }
                    let categories = names ?? (bars.first ?? []).indices.map { String($0 + 1) }
                    let titles = try call[groups] ?? bars.indices.map { bars.count == 1 ? "" : String($0 + 1) }
                    guard titles.count == bars.count else {
                        throw Failure(.value, "plot_bars: \(titles.count) groups for \(bars.count) lists of numbers")
                    }
                    let lengths = try call[errors]?.values ?? []
                    let chart = try BarChart(
                        categories, zip(titles, bars).map { .init($0, $1, errors: lengths) },
                        references: (call[references]?.entries ?? []).map { .init($0.name, $0.value) })
                    return FigureObject(try Figure(chart, figure.options(call)))
                }
            })
    }

    private func addDistributions() {
        let figure = FigureParameters()
        let x = Parameter<Numbers>("x", "horizontal positions")
        let y = Parameter<Numbers>("y", "vertical positions")
        let classes = Parameter<Numbers?>.optional("classes", "the class of each point, an int from 0")
        let names = Parameter<[String]?>.optional("labels", "the names of the classes")
        add(
            Builtin(
                "plot_scatter", .plots, "Points, coloured by class.",
                parameters: [x.description, y.description, classes.description, names.description] + figure.all,
                returns: "a figure", seeAlso: ["plot"],
                examples: [Example(running: "plot_scatter([0, 1, 2], [1, 0, 1], classes=[0, 0, 1])")]
            ) { call in
                try drawing {
                    let (x, y) = (try call[x].values, try call[y].values)
                    guard let classes = try call[classes]?.values else {
                        return FigureObject(
                            try Figure(ScatterChart([ScatterChart.Group("", x: x, y: y)]), figure.options(call)))
                    }
                    guard classes.count == x.count, x.count == y.count else {
                        throw Failure(
                            .shape, "plot_scatter: \(x.count) x, \(y.count) y and \(classes.count) classes",
                            operands: [0: "[\(x.count)]", 1: "[\(y.count)]"])
                    }
                    let names = try call[names]
                    let groups = try Set(classes).sorted().map { value in
                        let rows = classes.indices.filter { classes[$0] == value }
                        let name = Int(exactly: value).flatMap { index in
                            names.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                        }
                        return try ScatterChart.Group(
                            name ?? NumberText.short(value), x: rows.map { x[$0] }, y: rows.map { y[$0] })
                    }
                    return FigureObject(try Figure(ScatterChart(groups), figure.options(call)))
                }
            })
        let values = Parameter<Value>("values", "numbers, or a list of lists of numbers")
        let labels = Parameter<[String]?>.optional("labels", "a name for each list")
        let bins = Parameter<Int?>.optional("bins", "how many", defaultText: "by Freedman and Diaconis")
        let density = Parameter<Bool>("density", "densities instead of counts", default: false)
        add(
            Builtin(
                "plot_histogram", .plots, "How often values occur.",
                parameters: [values.description, labels.description, bins.description, density.description]
                    + figure.all,
                returns: "a figure", seeAlso: ["plot_scatter"],
                examples: [Example(running: "plot_histogram(randn(1000), bins=20)")]
            ) { call in
                try drawing {
                    let value = try call[values]
                    let lists: [[Double]]
                    if let numbers = Numbers.decode(value, in: call.interpreter) {
                        lists = [numbers.values]
                    } else if let several = [Numbers].decode(value, in: call.interpreter) {
                        lists = several.map(\.values)
                    } else {
                        throw Failure(.type, "plot_histogram: expected numbers, not \(value.typeName)")
                    }
                    let names = try call[labels] ?? lists.indices.map { lists.count == 1 ? "" : String($0 + 1) }
                    guard names.count == lists.count else {
                        throw Failure(.value, "plot_histogram: \(names.count) labels for \(lists.count) lists")
                    }
                    let chart = try HistogramChart(
                        zip(names, lists).map { .init($0, $1) }, bins: call[bins], density: call[density])
                    return FigureObject(try Figure(chart, figure.options(call)))
                }
            })
    }

    private func addPictures() {
        let figure = FigureParameters()
        let images = Parameter<Tensor>("images", "[N, 1 or 3, H, W] or [N, H, W], values 0…1")
        let captions = Parameter<[String]>("captions", "a line below each", default: [])
        let columns = Parameter<Int?>.optional("columns", "pictures in a row")
        add(
            Builtin(
                "plot_images", .plots, "A grid of pictures.",
                parameters: [images.description, captions.description, columns.description] + figure.plain,
                returns: "a figure", seeAlso: ["dataset"],
                examples: [Example(running: #"plot_images(dataset("digits").x[:10].reshape(10, 8, 8), columns=5)"#)]
            ) { call in
                try drawing {
                    let chart = try ImageGridChart(
                        Self.pictures(call[images]), captions: call[captions], columns: call[columns])
                    return FigureObject(try Figure(chart, figure.plainOptions(call)))
                }
            })
    }

    private static func pictures(_ images: Tensor) throws -> [RasterImage] {
        let shape = images.shape.array
        let channels = shape.count == 4 ? shape[1] : 1
        guard shape.count == 3 || shape.count == 4, channels == 1 || channels == 3, let height = shape.dropLast().last,
            let width = shape.last, height > 0, width > 0
        else {
            throw Failure(.shape, "plot_images: expected [N, H, W], [N, 1, H, W] or [N, 3, H, W], not \(shape)")
        }
        let values = try images.doubles()
        let area = height * width
        return try (0..<shape[0]).map { index in
            var pixels: [UInt8] = []
            pixels.reserveCapacity(area * channels)
            for position in 0..<area {
                for channel in 0..<channels {
                    let value = values[(index * channels + channel) * area + position]
                    pixels.append(UInt8((min(max(value.isNaN ? 0 : value, 0), 1) * 255).rounded()))
                }
            }
            return try RasterImage(width: width, height: height, channels: channels, pixels: pixels)
        }
    }
}

/// A dict of numbers, in order.
struct OrderedNumbers: ValueDecodable {
    let entries: [(name: String, value: Double)]

    static var languageType: LanguageType { .dict }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OrderedNumbers? {
        guard case .dict(let dict) = value else { return nil }
        var entries: [(name: String, value: Double)] = []
        for (key, entry) in dict.entries {
            guard let number = entry.number else { return nil }
            entries.append((Display.text(key.value, in: interpreter), number))
        }
        return OrderedNumbers(entries: entries)
    }
}
