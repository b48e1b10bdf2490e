import Drawing
import Learning
import Runtime
import Tensors

extension Library {
    /// Points and how often values occur.
    func addDistributionPlots() {
        addScatter()
        addHistogram()
    }

    private func addScatter() {
        let figure = FigureParameters()
        let x = Parameter<Numbers>("x", "horizontal positions, or points [N, 2] such as those of `pca` and `tsne`")
        let y = Parameter<Numbers?>.optional("y", "vertical positions, when `x` has only the horizontal ones")
        let classes = Parameter<ClassValues?>.optional("classes", "the class of each point: ints from 0, or names")
        let names = Parameter<[String]?>.optional("labels", "the names of the classes")
        let equal = Parameter<Bool?>.optional(
            "equal", "whether one unit is as long upwards as across", defaultText: "for points [N, 2]")
        add(
            Builtin(
                "plot_scatter", .plots, "Points, coloured and shaped by class.",
                parameters: [x.description, y.description, classes.description, names.description, equal.description]
                    + figure.all,
                returns: "a figure",
                notes: [
                    "Of what a network computes: `plot_scatter(pca(features(net, \"trunk\", test.x)), classes=test.y)`."
                ],
                seeAlso: ["plot", "plot_histogram"],
                examples: [
                    Example(running: "plot_scatter([0, 1, 2], [1, 0, 1], classes=[0, 0, 1])"),
                    Example(running: "plot_scatter(randn(50, 2), classes=[\"a\"] * 25 + [\"b\"] * 25)"),
                ]
            ) { call in
                try drawing {
                    let points = try Self.points(call[x], call[y])
                    var options = try figure.options(call)
                    let isPlane = try call[y] == nil
                    let equal = try call[equal] ?? (isPlane && !options.logx && !options.logy)
                    let names = try call[names]
                    guard let classes = try call[classes] else {
                        let group = try ScatterChart.Group(names?.first ?? "", x: points.x, y: points.y)
                        return try figure.figure(ScatterChart([group], equalAspect: equal), options, in: call)
                    }
                    guard classes.count == points.x.count else {
                        throw Failure(
                            .shape, "plot_scatter: \(points.x.count) points and \(classes.count) classes",
                            operands: [0: "[\(points.x.count)]"])
                    }
                    // The axes of an embedding have no unit; their names are left to the caller.
                    options.xlabel = options.xlabel ?? ""
                    options.ylabel = options.ylabel ?? ""
                    let groups = try classes.groups(names: names).map { name, rows in
                        try ScatterChart.Group(name, x: rows.map { points.x[$0] }, y: rows.map { points.y[$0] })
                    }
                    return try figure.figure(ScatterChart(groups, equalAspect: equal), options, in: call)
                }
            })
    }

    private static func points(_ x: Numbers, _ y: Numbers?) throws -> (x: [Double], y: [Double]) {
        if let y { return (x.values, y.values) }
        guard let shape = x.shape, shape.count == 2, shape[1] == 2 else {
            let what = x.shape.map { "\($0)" } ?? "\(x.values.count) numbers"
            throw Failure(
                .shape, "plot_scatter: without y the points must be [N, 2], not \(what)",
                help: ["plot_scatter(xs, ys)", "plot_scatter(pca(features)) brings rows of any width into the plane"],
                operands: [0: what])
        }
        let rows = x.values.indices.filter { $0 % 2 == 0 }
        return (rows.map { x.values[$0] }, rows.map { x.values[$0 + 1] })
    }

    private func addHistogram() {
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

/// The class of each point: a number, or a name.
struct ClassValues: ValueDecodable {
    private let numbers: [Double]?
    private let names: [String]

    static var languageType: LanguageType { .union([.list(.any), .tensor]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> ClassValues? {
        if let numbers = Numbers.decode(value, in: interpreter) {
            return ClassValues(numbers: numbers.values, names: [])
        }
        return [String].decode(value, in: interpreter).map { ClassValues(numbers: nil, names: $0) }
    }

    var count: Int { numbers?.count ?? names.count }

    /// The rows of each class: numbers ascending, names in the order they occur.
    func groups(names labels: [String]?) -> [(name: String, rows: [Int])] {
        guard let numbers else {
            var rows: [String: [Int]] = [:]
            var order: [String] = []
            for (row, name) in names.enumerated() {
                if rows[name] == nil { order.append(name) }
                rows[name, default: []].append(row)
            }
            return order.map { ($0, rows[$0] ?? []) }
        }
        return Set(numbers).sorted().map { value in
            let label = Int(exactly: value).flatMap { index in
                labels.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
            return (label ?? NumberText.short(value), numbers.indices.filter { numbers[$0] == value })
        }
    }
}
