import Drawing
import Glibc
import Learning
import Runtime
import Tensors

/// What `plot_bars` was given: categories, and for each group a value and perhaps an error.
private struct BarValues {
    var categories: [String]?
    var groups: [(name: String?, values: [Double], errors: [Double])]
    /// The number of repeats behind each bar, when the values are means over them.
    var repeats: Set<Int> = []

    init?(_ value: Value, in interpreter: Interpreter) {
        if let dict = OrderedNumbers.decode(value, in: interpreter) {
            categories = dict.entries.map(\.name)
            groups = [(nil, dict.entries.map(\.value), [])]
        } else if let dict = OrderedLists.decode(value, in: interpreter) {
            // Repeats of each bar: their mean with the sample standard deviation.
            categories = dict.entries.map(\.name)
            groups = [(nil, [], [])]
            for (_, values) in dict.entries {
                let sample = values.filter(\.isFinite)
                let mean = sample.reduce(0, +) / Double(sample.count)
                let squares = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                groups[0].values.append(mean)
                groups[0].errors.append(sample.count > 1 ? sqrt(squares / Double(sample.count - 1)) : 0)
                repeats.insert(sample.count)
            }
        } else if let numbers = Numbers.decode(value, in: interpreter), !numbers.isMatrix {
            groups = [(nil, numbers.values, [])]
        } else if let several = Matrix.decode(value, in: interpreter) {
            groups = several.rows.map { (nil, $0, []) }
        } else {
            return nil
        }
    }

    /// What the error bars show.
    var errorWords: String {
        guard let least = repeats.min(), let most = repeats.max() else { return "± std" }
        return "mean ± std, n = \(least == most ? "\(least)" : "\(least)–\(most)")"
    }
}

/// Which way bars grow.
enum BarDirection: String, StringOption {
    case auto, vertical, horizontal

    var drawn: BarChart.Direction {
        switch self {
        case .auto: .auto
        case .vertical: .vertical
        case .horizontal: .horizontal
        }
    }
}

extension Library {
    /// Bars.
    func addBarPlots() {
        let values = Parameter<Value>(
            "values",
            "a dict from name to number, or from name to the numbers of several seeds; numbers; or a list of lists, one a group"
        )
        let labels = Parameter<[String]?>.optional("labels", "a name for each bar")
        let groups = Parameter<[String]?>.optional("groups", "a name for each list of numbers")
        let errors = Parameter<Matrix?>.optional(
            "errors", "the half length of each error bar; a list of lists for several groups")
        let errorLabel = Parameter<String?>.optional(
            "error_label", "what the error bars show", defaultText: "± std, with n when it is known")
        let references = Parameter<OrderedNumbers?>.optional(
            "references", "a dict of values drawn as lines: {\"teacher\": 0.98}")
        let direction = Parameter<BarDirection>(
            "direction", "which way the bars grow; \"auto\" lays them on their side when the names are long",
            default: .auto)
        let figure = FigureParameters()
        add(
            Builtin(
                "plot_bars", .plots, "Bars with their values, error bars and lines of reference.",
                parameters: [
                    values.description, labels.description, groups.description, errors.description,
                    errorLabel.description, references.description, direction.description,
                ] + figure.all,
                returns: "a figure",
                notes: [
                    "Lists of numbers by name are repeats: the bar is their mean, the error bar their standard deviation (n − 1)."
                ],
                seeAlso: ["plot", "compare", "plot_heatmap"],
                examples: [
                    Example(
                        running: #"plot_bars({"distilled": 0.97, "from scratch": 0.95}, references={"teacher": 0.98})"#),
                    Example(running: #"plot_bars({"kd": [0.96, 0.97, 0.95], "scratch": [0.91, 0.92, 0.9]})"#),
                ]
            ) { call in
                try drawing {
                    let value = try call[values]
                    guard let bars = BarValues(value, in: call.interpreter) else {
                        throw Failure(
                            .type, "plot_bars: expected a dict, numbers or lists of numbers, not \(value.typeName)",
                            help: [#"plot_bars({"distilled": 0.97, "from scratch": 0.95})"#],
                            operands: [0: value.typeName])
                    }
                    let categories =
                        try call[labels] ?? bars.categories
                        ?? (bars.groups.first?.values ?? []).indices.map { String($0 + 1) }
                    let titles =
                        try call[groups] ?? bars.groups.indices.map { bars.groups.count == 1 ? "" : String($0 + 1) }
                    guard titles.count == bars.groups.count else {
                        throw Failure(
                            .value, "plot_bars: \(titles.count) groups for \(bars.groups.count) lists of numbers")
                    }
                    let lengths = try call[errors]?.rows
                    if let lengths, lengths.count != bars.groups.count {
                        throw Failure(
                            .value, "plot_bars: \(lengths.count) lists of errors for \(bars.groups.count) of numbers")
                    }
                    let chart = try BarChart(
                        categories,
                        bars.groups.enumerated().map { index, group in
                            .init(titles[index], group.values, errors: lengths?[index] ?? group.errors)
                        },
                        references: (call[references]?.entries ?? []).map { .init($0.name, $0.value) },
                        errorLabel: call[errorLabel] ?? bars.errorWords, direction: call[direction].drawn)
                    return try figure.figure(chart, figure.options(call), in: call)
                }
            })
    }
}
