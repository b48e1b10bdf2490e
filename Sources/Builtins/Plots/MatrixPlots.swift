import Data
import Drawing
import Learning
import Runtime
import Tensors

/// Which cell of a heat map is framed.
enum BestCell: String, StringOption {
    case auto, highest, lowest, none

    /// The cell's kind; `auto` goes by what is declared of the value, and frames none where nothing is.
    func drawn(value name: String, noted: Bool? = nil) -> HeatmapChart.Best {
        switch self {
        case .auto:
            (noted ?? Direction.isBetterWhenLarger(name)).map { $0 ? .highest : .lowest } ?? .none
        case .highest: .highest
        case .lowest: .lowest
        case .none: .none
        }
    }
}

/// The colours of a heat map.
enum HeatmapColours: String, StringOption {
    case sequential, diverging, blues

    var drawn: ColourMap {
        switch self {
        case .sequential: .sequential
        case .diverging: .diverging
        case .blues: .blues
        }
    }
}

extension Library {
    /// Heat maps, confusion matrices, reliability diagrams.
    func addMatrixPlots() {
        addHeatmap()
        addConfusion()
        addReliability()
    }

    private func addHeatmap() {
        let data = Parameter<Value>(
            "data", "a table such as that of `sweep`, a list of dicts, a tensor [rows, columns] or a list of lists")
        let x = Parameter<String?>.optional("x", "of a table: the column that runs across")
        let y = Parameter<String?>.optional("y", "of a table: the column that runs down")
        let value = Parameter<String?>.optional(
            "value", "of a table: the column that is shown, averaged over the rest; of a matrix: what it holds")
        let rows = Parameter<[Value]?>.optional("rows", "of a matrix: a name or number for each row")
        let columns = Parameter<[Value]?>.optional("columns", "of a matrix: a name or number for each column")
        let best = Parameter<BestCell>(
            "best",
            "which cell is framed; \"auto\" is the best by the metric's declaration, and none for a number that has none",
            default: .auto)
        let colours = Parameter<HeatmapColours>(
            "colours", "\"diverging\" is for values around zero", default: .sequential)
        let figure = FigureParameters()
        add(
            Builtin(
                "plot_heatmap", .plots, "A table of numbers as colours, the best cell framed.",
                parameters: [
                    data.description, x.description, y.description, value.description, rows.description,
                    columns.description, best.description, colours.description,
                ] + figure.framed,
                returns: "a figure",
                notes: ["Cells of a table hold the mean over all rows with the same x and y, such as the seeds."],
                seeAlso: ["plot", "plot_bars", "plot_confusion"],
                examples: [
                    Example(
                        running:
                            "plot_heatmap([[0.91, 0.95], [0.93, 0.97]], rows=[0.5, 0.9], columns=[1, 4], xlabel=\"T\", ylabel=\"α\")"
                    ),
                    Example(
                        running: """
                            results = [{"T": T, "alpha": a, "accuracy": 0.9 + a * T / 100} for T in [1, 4] for a in [0.5, 0.9]]
                            plot_heatmap(results, x="T", y="alpha", value="accuracy")
                            """),
                ]
            ) { call in
                try drawing {
                    let data = try call[data]
                    let interpreter = call.interpreter
                    var options = try figure.framedOptions(call)
                    let name = try call[value]
                    if let table = Records.decode(data, in: interpreter), !table.isEmpty {
                        guard let across = try call[x], let down = try call[y], let name else {
                            throw Failure(
                                .value, "plot_heatmap: a table needs x=, y= and value=",
                                help: ["its columns are " + table.columns.joined(separator: ", ")])
                        }
                        let pivot = try table.pivot(x: across, y: down, value: name, for: "plot_heatmap")
                        options.xlabel = options.xlabel ?? across
                        options.ylabel = options.ylabel ?? down
                        options.title = options.title ?? pivot.title
                        let chart = try HeatmapChart(
                            pivot.values, rows: pivot.rows, columns: pivot.columns,
                            best: call[best].drawn(value: name), map: call[colours].drawn, valueName: name)
                        return try figure.figure(chart, options, in: call)
                    }
                    guard let matrix = Matrix.decode(data, in: interpreter) else {
                        throw Failure(
                            .type, "plot_heatmap: expected a table, a matrix or a list of dicts, not \(data.typeName)",
                            operands: [0: data.typeName])
                    }
                    if try call[x] != nil || call[y] != nil {
                        throw Failure(
                            .value, "plot_heatmap: x= and y= choose columns of a table; a matrix has none",
                            help: ["name its sides with rows=, columns=, xlabel=, ylabel="])
                    }
                    func names(_ values: [Value]?, _ count: Int) -> [String] {
                        values.map { $0.map { Display.text($0, in: interpreter) } } ?? (0..<count).map(String.init)
                    }
                    let chart = try HeatmapChart(
                        matrix.rows, rows: names(call[rows], matrix.rows.count),
                        columns: names(call[columns], matrix.rows.first?.count ?? 0),
                        best: call[best].drawn(value: name ?? ""), map: call[colours].drawn, valueName: name ?? "")
                    return try figure.figure(chart, options, in: call)
                }
            })
    }

    private func addConfusion() {
        let model = Parameter<Value>("net", "a network, logits [N, K], or the counts [K, K] with true classes as rows")
        let data = Parameter<Either<Dataset, Tensor>?>.optional(
            "ds", "a dataset with classes, or labels [N]; left out for counts")
        let classes = Parameter<[String]?>.optional(
            "classes", "the names of the classes", defaultText: "those of the dataset")
        let label = Parameter<Either<Int, String>?>.optional(
            "label", "of several labels, which: its name or its column, from 0")
        let figure = FigureParameters()
        add(
            Builtin(
                "plot_confusion", .plots, "Which class was taken for which: shares of each true class, with counts.",
                parameters: [model.description, data.description, classes.description, label.description]
                    + figure.plain,
                returns: "a figure", seeAlso: ["accuracy", "plot_reliability", "plot_heatmap"],
                examples: [
                    Example(running: #"plot_confusion(Linear(64, 10), dataset("digits"))"#),
                    Example(running: "plot_confusion([[48, 2], [5, 45]], classes=[\"cat\", \"dog\"])"),
                ]
            ) { call in
                try drawing {
                    let names = try call[classes]
                    if let data = try call[data] {
                        let predictions = try Self.predictions(call, call[model], data, for: "plot_confusion")
                        let (flat, classes) = try Self.confusion(predictions, data, call[label], names)
                        let counts = classes.indices.map {
                            Array(flat[$0 * classes.count..<($0 + 1) * classes.count])
                        }
                        return try figure.figure(
                            ConfusionChart(counts, classes: classes), figure.plainOptions(call), in: call)
                    }
                    guard let matrix = Matrix.decode(try call[model], in: call.interpreter) else {
                        throw Failure(
                            .type, "plot_confusion: a network needs a dataset", help: ["plot_confusion(net, test)"])
                    }
                    let counts = try matrix.rows.map { row in
                        try row.map { value in
                            guard let count = Int(exactly: value) else {
                                throw Failure(.value, "plot_confusion: \(NumberText.short(value)) is no count")
                            }
                            return count
                        }
                    }
                    let chart = try ConfusionChart(counts, classes: names ?? counts.indices.map(String.init))
                    return try figure.figure(chart, figure.plainOptions(call), in: call)
                }
            })
    }

    private func addReliability() {
        let model = Parameter<Value>("net", "a network, or logits [N, K]")
        let data = Parameter<Either<Dataset, Tensor>>("ds", "a dataset with classes, or labels [N]")
        let bins = Parameter<Int>("bins", "intervals of confidence, of equal width", default: 15)
        let figure = FigureParameters()
        add(
            Builtin(
                "plot_reliability", .plots,
                "Whether predictions are right as often as they claim: accuracy by confidence, with the calibration error.",
                formula: "ECE = Σ_b |B_b|/N · |accuracy(B_b) − confidence(B_b)|  (arXiv:1706.04599)",
                parameters: [model.description, data.description, bins.description] + figure.plain,
                returns: "a figure", seeAlso: ["ece", "plot_confusion"],
                examples: [Example(running: #"plot_reliability(Linear(64, 10), dataset("digits"))"#)]
            ) { call in
                try drawing {
                    let predictions = try Self.predictions(call, call[model], call[data], for: "plot_reliability")
                    let decisions = predictions.confidences
                    let chart = try ReliabilityChart(
                        confidences: decisions.map(\.confidence), correct: decisions.map(\.isRight), bins: call[bins])
                    return try figure.figure(chart, figure.plainOptions(call), in: call)
                }
            })
    }

    /// The logits with their labels that a network and a dataset, or two tensors, give.
    static func predictions(
        _ call: Call, _ model: Value, _ data: Either<Dataset, Tensor>, for function: String
    ) throws -> Predictions {
        let chosen: Either<Module, Tensor>
        switch model {
        case .module(let net): chosen = .first(net)
        case .tensor(let tensor): chosen = .second(tensor)
        default:
            throw Failure(
                .type, "\(function): net must be a network or logits, not \(model.typeName)",
                operands: [0: model.typeName])
        }
        let predictions = try Self.predictions(
            chosen, data, function: function, metric: try Metric.named("nll"), call.interpreter)
        guard predictions.task.hasLogits else {
            throw Failure(
                .value, "\(function): it is for classes and labels, and the task is \(predictions.task.rawValue)")
        }
        return predictions
    }

    /// The counts of a confusion matrix with the names of its rows.
    private static func confusion(
        _ predictions: Predictions, _ data: Either<Dataset, Tensor>, _ label: Either<Int, String>?, _ names: [String]?
    ) throws -> (counts: [Int], classes: [String]) {
        guard predictions.task == .multilabel else {
            if label != nil {
                throw Failure(.value, "plot_confusion: label= is for several labels, and here are classes")
            }
            let count = predictions.decisionClasses
            let classes = names ?? Self.classes(of: data, width: count)
            return (predictions.confusionMatrix(classes: classes.count), classes)
        }
        let labels = names ?? Self.classes(of: data, width: predictions.width)
        let column: Int?
        switch label {
        case .first(let position)?: column = position
        case .second(let name)?: column = labels.firstIndex(of: name)
        case nil: column = predictions.width == 1 ? 0 : nil
        }
        guard let column, (0..<predictions.width).contains(column) else {
            throw Failure(
                .value, "plot_confusion: of several labels it shows one",
                help: ["label=\"\(labels.first ?? "0")\"; there are " + labels.joined(separator: ", ")])
        }
        let name = labels.indices.contains(column) ? labels[column] : String(column)
        return (predictions.confusionMatrix(label: column), ["not \(name)", name])
    }

    static func classes(of data: Either<Dataset, Tensor>, width: Int) -> [String] {
        if case .first(let dataset) = data, let classes = dataset.classes, classes.count >= width { return classes }
        return (0..<width).map(String.init)
    }
}
