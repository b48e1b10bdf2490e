import Drawing
import Learning
import Runtime
import Tensors

extension Library {
    /// How often values occur.
    func addHistogram() {
        let figure = FigureParameters()
        let values = Parameter<Value>(
            "values", "numbers, a dict from name to numbers, or a list of lists of numbers")
        let labels = Parameter<[String]?>.optional("labels", "a name for each list")
        let bins = Parameter<Int?>.optional("bins", "how many", defaultText: "by Freedman and Diaconis")
        let density = Parameter<Bool>("density", "densities instead of counts", default: false)
        add(
            Builtin(
                "plot_histogram", .plots, "How often values occur.",
                parameters: [values.description, labels.description, bins.description, density.description]
                    + figure.all,
                returns: "a figure", seeAlso: ["plot_scatter"],
                examples: [
                    Example(running: "plot_histogram(randn(1000), bins=20)"),
                    Example(running: "plot_histogram({\"teacher\": randn(500), \"student\": 2 * randn(500)})"),
                ]
            ) { call in
                try drawing {
                    let value = try call[values]
                    let lists: [(name: String?, values: [Double])]
                    if let numbers = Numbers.decode(value, in: call.interpreter) {
                        lists = [(nil, numbers.values)]
                    } else if let dict = OrderedLists.decode(value, in: call.interpreter) {
                        lists = dict.entries.map { ($0.name, $0.values) }
                    } else if let several = [Numbers].decode(value, in: call.interpreter) {
                        lists = several.map { (nil, $0.values) }
                    } else {
                        throw Failure(
                            .type, "plot_histogram: expected numbers, not \(value.typeName)",
                            operands: [0: value.typeName])
                    }
                    let names =
                        try call[labels]
                        ?? lists.enumerated().map { $1.name ?? (lists.count == 1 ? "" : String($0 + 1)) }
                    guard names.count == lists.count else {
                        throw Failure(.value, "plot_histogram: \(names.count) labels for \(lists.count) lists")
                    }
                    let chart = try HistogramChart(
                        zip(names, lists).map { .init($0, $1.values) }, bins: call[bins], density: call[density])
                    return try figure.figure(chart, figure.options(call), in: call)
                }
            })
    }
}
