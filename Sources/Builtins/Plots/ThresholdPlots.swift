import Data
import Drawing
import Learning
import OrderedCollections
import Runtime
import Tensors

/// The two curves that a threshold draws.
private enum ThresholdCurve {
    case roc, precisionRecall

    /// The points, from the highest threshold to the lowest.
    func points(_ scores: [Double], _ isTrue: [Bool]) -> (x: [Double], y: [Double]) {
        let positives = Double(isTrue.count { $0 })
        let negatives = Double(isTrue.count) - positives
        let steps = Predictions.thresholds(scores, isTrue)
        switch self {
        case .roc:
            return ([0] + steps.map { $0.falseAlarms / negatives }, [0] + steps.map { $0.hits / positives })
        case .precisionRecall:
            return ([0] + steps.map { $0.hits / positives }, [1] + steps.map { $0.hits / ($0.hits + $0.falseAlarms) })
        }
    }

    func area(_ scores: [Double], _ isTrue: [Bool]) -> Double {
        self == .roc ? Predictions.auroc(scores, isTrue) : Predictions.averagePrecision(scores, isTrue)
    }
}

extension Library {
    /// Curves over the threshold of a decision.
    func addThresholdPlots() {
        addThresholdPlot(
            "plot_roc", .roc, "The ROC curve: the true positive rate over the false positive rate; the area is AUROC.",
            x: "false positive rate", y: "true positive rate", measure: "AUROC")
        addThresholdPlot(
            "plot_precision_recall", .precisionRecall,
            "The precision-recall curve: precision over recall for all thresholds; the area is average precision.",
            x: "recall", y: "precision", measure: "AP")
    }

    private func addThresholdPlot(
        _ name: String, _ curve: ThresholdCurve, _ summary: String, x: String, y: String, measure: String
    ) {
        let model = Parameter<Value>("net", "a network, logits, or a dict of such by name")
        let data = Parameter<Either<Dataset, Tensor>>("ds", "a dataset with labels, or labels")
        let label = Parameter<Either<Int, String>?>.optional(
            "label", "which class or label, by name or number", defaultText: "all, each against the rest")
        let figure = FigureParameters()
        add(
            Builtin(
                name, .plots, summary,
                parameters: [model.description, data.description, label.description] + figure.plain,
                returns: "a figure",
                notes: [
                    "Binary data give one curve, classes and labels one each; several networks are compared on one of them."
                ],
                seeAlso: ["auroc", "average_precision", "plot_confusion"],
                examples: [
                    Example(running: "\(name)(tensor([2.0, -1.0, 0.5, -0.3]), tensor([1, 0, 1, 1]))"),
                    Example(running: #"\#(name)(Linear(64, 10), take(dataset("digits"), 200), label=3)"#),
                ]
            ) { call in
                try drawing {
                    var series: [CurveSeries] = []
                    for (title, model) in Self.models(try call[model]) {
                        let predictions = try Self.predictions(call, model, call[data], for: name)
                        let columns = try Self.columns(predictions, call[data], call[label], name)
                        for (column, own) in columns {
                            let (scores, isTrue) = predictions.scores(column)
                            guard isTrue.contains(true), isTrue.contains(false) else { continue }
                            let (xs, ys) = curve.points(scores, isTrue)
                            let area = TextTable.number(curve.area(scores, isTrue), digits: 3)
                            let words = [title, columns.count > 1 || title.isEmpty ? own : ""].filter { !$0.isEmpty }
                            series.append(
                                try CurveSeries((words + ["\(measure) \(area)"]).joined(separator: ", "), x: xs, y: ys))
                        }
                    }
                    guard !series.isEmpty else {
                        throw Failure(.value, "\(name): no label occurs both true and false in these data")
                    }
                    if curve == .roc {
                        series.append(try CurveSeries("chance", x: [0, 1], y: [0, 1], role: .reference))
                    }
                    var options = try figure.plainOptions(call)
                    (options.xlabel, options.ylabel) = (x, y)
                    options.xlim = FigureOptions.Limits(0, 1)
                    options.ylim = FigureOptions.Limits(0, 1.02)
                    return try figure.figure(CurveChart(series), options, in: call)
                }
            })
    }

    /// The networks or logits with their names; one has none.
    private static func models(_ value: Value) -> [(name: String, model: Value)] {
        guard case .dict(let dict) = value else { return [("", value)] }
        return dict.entries.map { ($0.key.value.text ?? Display.brief($0.key.value), $0.value) }
    }

    /// The columns that are drawn, with their names.
    private static func columns(
        _ predictions: Predictions, _ data: Either<Dataset, Tensor>, _ label: Either<Int, String>?, _ function: String
    ) throws -> [(column: Int, name: String)] {
        let count = predictions.width
        if predictions.task == .binary { return [(0, "")] }
        let names = Self.classes(of: data, width: count)
        let chosen: Int?
        switch label {
        case .first(let number)?: chosen = number
        case .second(let name)?: chosen = names.firstIndex(of: name) ?? -1
        case nil: chosen = nil
        }
        guard let chosen else {
            // Of two classes that exclude each other the second says it all.
            if predictions.task.hasClasses, count == 2 { return [(1, names[1])] }
            guard count <= 10 else {
                throw Failure(
                    .value, "\(function): \(count) curves are too many for one figure", help: ["label=\"\(names[0])\""])
            }
            return (0..<count).map { ($0, names[$0]) }
        }
        guard (0..<count).contains(chosen) else {
            throw Failure(
                .value, "\(function): there is no such label",
                help: ["there are " + names.prefix(20).joined(separator: ", ")])
        }
        return [(chosen, names[chosen])]
    }
}
