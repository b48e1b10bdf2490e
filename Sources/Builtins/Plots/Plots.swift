import Diagnostics
import Drawing
import Learning
import Runtime
import Tensors

extension Builtin.Group {
    /// Figures.
    static let plots = Builtin.Group("Plots")
}

/// What the band around the mean of several runs shows.
enum BandOption: String, StringOption {
    case std, sem, ci95, range

    var drawn: BandKind {
        switch self {
        case .std: .standardDeviation
        case .sem: .standardError
        case .ci95: .confidence95
        case .range: .range
        }
    }
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
        addBarPlots()
        addScatterPlots()
        addHistogram()
        addMatrixPlots()
        addImagePlots()
        addThresholdPlots()
        addOverlayPlot()
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
        let second = Parameter<String?>.optional(
            "second", "a curve of the run on an axis of its own at the right, such as \"lr\"")
        let band = Parameter<BandOption>(
            "band", "what surrounds the mean of three runs or more", default: .std)
        let references = Parameter<OrderedNumbers?>.optional(
            "references", "a dict of levels drawn as dashed lines: {\"teacher\": 0.98}")
        let figure = FigureParameters()
        add(
            Builtin(
                "plot", .plots, "Curves: of a run, of several runs, of seeds as bands, or of numbers.",
                parameters: [
                    data.description, ys.description, y.description, labels.description, smooth.description,
                    second.description, band.description, references.description,
                ] + figure.all,
                returns: "a figure",
                notes: [
                    "Validation curves are dashed, the best epoch is dotted.",
                    "A list of lists of runs gives the mean of each list with a band, for three runs or more; band is \"std\" (n − 1), \"sem\", \"ci95\" or \"range\".",
                    "Values that are not finite are gaps, marked by crosses.",
                ],
                seeAlso: ["save", "plot_bars", "grid"],
                examples: [
                    Example(running: "plot([0.9, 0.5, 0.3], title=\"Loss\")"),
                    Example(running: "plot(range(10), [x ** 2 for x in range(10)], logy=true, xlabel=\"x\")"),
                ]
            ) { call in
                try drawing {
                    let labels = try call[labels]
                    var plot = try Self.curves(call, call[data], call[ys], names: call[y]?.elements, labels: labels)
                    if let second = try call[second] { try plot.add(second: second) }
                    var options = try figure.options(call)
                    options.xlabel = options.xlabel ?? plot.xlabel
                    options.ylabel = options.ylabel ?? plot.ylabel
                    let chart = try CurveChart(
                        plot.series, smoothing: call[smooth].drawn(isTraining: plot.isTraining),
                        band: call[band].drawn, best: plot.best,
                        references: (call[references]?.entries ?? []).map { .init($0.name, $0.value) },
                        secondary: plot.secondary)
                    return try figure.figure(chart, options, in: call)
                }
            })
        addGrid()
    }

    private func addGrid() {
        let figure = FigureParameters()
        let rows = Parameter<FigureRows>("figures", "rows of figures, or one row")
        let theme = Parameter<FigureTheme?>.optional(
            "theme", "the colours: light or dark", defaultText: "that of the figures")
        add(
            Builtin(
                "grid", .plots, "Several figures in one.",
                parameters: [
                    rows.description, figure.title.description, figure.width.description, figure.height.description,
                    figure.dpi.description, theme.description,
                ],
                returns: "a figure", seeAlso: ["plot", "save"],
                examples: [Example(running: "grid([[plot([1, 2]), plot([2, 1])]])")]
            ) { call in
                try drawing {
                    let rows = try call[rows].rows
                    let options = FigureOptions(
                        title: try call[figure.title], width: try call[figure.width],
                        height: try call[figure.height], dpi: try call[figure.dpi],
                        theme: try call[theme]?.drawn ?? rows.joined().first?.options.theme ?? .light)
                    return FigureObject(try Figure(FigureGrid(rows), options))
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
}

/// The panels of a grid: a list of rows, or one row.
struct FigureRows: ValueDecodable {
    let rows: [[Figure]]

    static var languageType: LanguageType { .list(.list(FigureObject.languageType)) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> FigureRows? {
        if let row = [FigureObject].decode(value, in: interpreter) { return FigureRows(rows: [row.map(\.figure)]) }
        return [[FigureObject]].decode(value, in: interpreter).map { FigureRows(rows: $0.map { $0.map(\.figure) }) }
    }
}
