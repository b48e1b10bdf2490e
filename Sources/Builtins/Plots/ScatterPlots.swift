import Data
import Diagnostics
import Distillation
import Drawing
import Learning
import Runtime
import Tensors

/// How rows of any width come into the plane.
enum Projection: String, StringOption {
    case pca, tsne
}

/// Points in the plane with what their axes show.
private struct Plane {
    let x: [Double]
    let y: [Double]
    var xlabel: String?
    var ylabel: String?

    init(x: [Double], y: [Double]) {
        self.x = x
        self.y = y
    }

    /// The columns of points [N, 2].
    private init(_ points: Tensor) throws {
        let values = try points.doubles()
        self.init(
            x: values.indices.filter { $0 % 2 == 0 }.map { values[$0] },
            y: values.indices.filter { $0 % 2 == 1 }.map { values[$0] })
    }

    /// Features [N, …] in the plane.
    init(_ features: Tensor, by projection: Projection, perplexity: Double?, iterations: Int) throws {
        switch projection {
        case .pca:
            let (scores, shares) = try Representation.principalComponents(features)
            try self.init(scores)
            func label(_ name: String, _ share: Double) -> String {
                "\(name) principal component, \(TextTable.number(share * 100, digits: 0)) % of the variance"
            }
            xlabel = label("first", shares[0])
            ylabel = label("second", shares[1])
        case .tsne:
            // The usual 30, and less where there are too few points for it.
            let perplexity = perplexity ?? min(30, max(1, Double(features.shape[0] - 1) / 3))
            try self.init(
                Representation.tsne(features, perplexity: perplexity, iterations: iterations).positions)
            xlabel = "t-SNE, perplexity \(NumberText.short(perplexity))"
        }
    }

    /// Positions as they were given: `x` and `y`, or points [N, 2].
    init(_ x: Numbers, _ y: Numbers?) throws {
        if let y {
            self.init(x: x.values, y: y.values)
            return
        }
        guard let shape = x.shape, shape.count >= 2, shape[0] > 0, x.values.count / shape[0] >= 2 else {
            let what = x.shape.map { "\($0)" } ?? "\(x.values.count) numbers"
            throw Failure(
                .shape,
                "plot_scatter: without y there must be a row of two numbers or more for each point, not \(what)",
                help: ["plot_scatter(xs, ys)"], operands: [0: what])
        }
        try self.init(Tensor(x.values, shape: shape))
    }
}

/// The parameters that say how rows come into the plane.
private struct ProjectionParameters {
    let method = Parameter<Projection?>.optional(
        "method", "how wide rows come into the plane: \"pca\" or \"tsne\"",
        defaultText: "\"pca\" for rows wider than 2")
    let perplexity = Parameter<Double?>.optional(
        "perplexity", "of t-SNE: how many neighbours count", defaultText: "30, or a third of the points")
    let iterations = Parameter<Int>("iterations", "of t-SNE: steps of descent", default: 1000)

    var all: [ParameterDescription] { [method.description, perplexity.description, iterations.description] }

    func plane(_ features: Tensor, _ call: Call, default projection: Projection = .pca) throws -> Plane {
        try Plane(
            features, by: call[method] ?? projection, perplexity: call[perplexity], iterations: call[iterations])
    }
}

extension Library {
    /// Points: what they are given as, or what a network makes of a dataset.
    func addScatterPlots() {
        addScatter()
        addFeatureScatter()
    }

    private func addScatter() {
        let figure = FigureParameters()
        let projection = ProjectionParameters()
        let x = Parameter<Numbers>("x", "horizontal positions, points [N, 2], or features [N, …]")
        let y = Parameter<Numbers?>.optional("y", "vertical positions, when `x` has only the horizontal ones")
        let classes = Parameter<ClassValues?>.optional("classes", "the class of each point: ints from 0, or names")
        let names = Parameter<[String]?>.optional("labels", "the names of the classes")
        let equal = Parameter<Bool?>.optional(
            "equal", "whether one unit is as long upwards as across", defaultText: "for points without `y`")
        add(
            Builtin(
                "plot_scatter", .plots, "Points, coloured and shaped by class.",
                parameters: [x.description, y.description, classes.description, names.description, equal.description]
                    + projection.all + figure.all,
                returns: "a figure",
                notes: [
                    "Rows wider than 2 are projected: by their principal components, whose shares of the variance stand at the axes, or by t-SNE, which keeps neighbours together and in which distances between far groups mean nothing."
                ],
                seeAlso: ["pca", "tsne", "plot", "plot_histogram"],
                examples: [
                    Example(running: "plot_scatter([0, 1, 2], [1, 0, 1], classes=[0, 0, 1])"),
                    Example(running: "plot_scatter(randn(50, 2), classes=[\"a\"] * 25 + [\"b\"] * 25)"),
                    Example(running: #"d = take(dataset("digits"), 200); plot_scatter(d.x, classes=d.y)"#),
                ]
            ) { call in
                try drawing {
                    let (x, y) = (try call[x], try call[y])
                    var options = try figure.options(call)
                    let equal = try call[equal] ?? (y == nil && !options.logx && !options.logy)
                    let width = x.shape.flatMap { $0.count < 2 || $0[0] == 0 ? nil : x.values.count / $0[0] } ?? 1
                    let method = try call[projection.method]
                    if method != nil && (y != nil || width < 2) {
                        throw Failure(
                            .value, "plot_scatter: method= projects features [N, …], and these are positions",
                            help: ["plot_scatter(x, classes=y, method=\"\(method?.rawValue ?? "pca")\")"])
                    }
                    let plane: Plane
                    if y == nil, let shape = x.shape, method != nil || width > 2 {
                        plane = try projection.plane(Tensor(x.values, shape: shape), call)
                    } else {
                        plane = try Plane(x, y)
                    }
                    let chart = try Self.scatter(
                        plane, call[classes], names: call[names], equal: equal, &options)
                    return try figure.figure(chart, options, in: call)
                }
            })
    }

    private func addFeatureScatter() {
        let figure = FigureParameters()
        let projection = ProjectionParameters()
        let net = Parameter<Module>("net", "a network")
        let data = Parameter<Dataset>("ds", "the data; its classes colour the points")
        let layer = Parameter<String?>.optional(
            "layer", "the path of the layer whose output is shown, such as \"trunk\"",
            defaultText: "the input of the last child called")
        add(
            Builtin(
                "plot_scatter", .plots, "What a network makes of a dataset, in the plane: one point for each example.",
                parameters: [net.description, data.description, layer.description] + projection.all + figure.all,
                returns: "a figure",
                notes: ["t-SNE takes time and memory with N²: `plot_scatter(net, take(test, 500), method=\"tsne\")`."],
                seeAlso: ["pca", "tsne", "features", "cka"],
                examples: [
                    Example(
                        running: """
                            net = Sequential(Linear(64, 16), ReLU(), Linear(16, 10)); ds = take(dataset("digits"), 100)
                            plot_scatter(net, ds)
                            plot_scatter(net, ds, layer="0", method="tsne", iterations=100)
                            """)
                ]
            ) { call in
                try drawing {
                    let (net, data) = (try call[net], try call[data])
                    let features: Tensor
                    if let layer = try call[layer] {
                        features = try Representation.features(net, at: LayerPath(layer), on: data)
                    } else {
                        features = try Representation.deepest(net, on: data)
                    }
                    var options = try figure.options(call)
                    let plane = try projection.plane(features, call)
                    let labels = data.y.flatMap { $0.dtype == .int64 && $0.rank == 1 ? $0 : nil }
                    let chart = try Self.scatter(
                        plane, labels.map { ClassValues(numbers: try $0.doubles(), names: []) }, names: data.classes,
                        equal: !options.logx && !options.logy, &options)
                    return try figure.figure(chart, options, in: call)
                }
            })
    }

    /// The points of each class, or all alike; the axes say how they were projected.
    private static func scatter(
        _ plane: Plane, _ classes: ClassValues?, names: [String]?, equal: Bool, _ options: inout FigureOptions
    ) throws -> ScatterChart {
        options.xlabel = options.xlabel ?? plane.xlabel
        options.ylabel = options.ylabel ?? plane.ylabel
        guard let classes else {
            return ScatterChart(
                [try ScatterChart.Group(names?.first ?? "", x: plane.x, y: plane.y)], equalAspect: equal)
        }
        guard classes.count == plane.x.count else {
            throw Failure(
                .shape, "plot_scatter: \(plane.x.count) points and \(classes.count) classes",
                operands: [0: "[\(plane.x.count)]"])
        }
        // Without a projection the axes of points have no unit; their names are left to the caller.
        options.xlabel = options.xlabel ?? ""
        options.ylabel = options.ylabel ?? ""
        return ScatterChart(
            try classes.groups(names: names).map { name, rows in
                try ScatterChart.Group(name, x: rows.map { plane.x[$0] }, y: rows.map { plane.y[$0] })
            }, equalAspect: equal)
    }
}

/// The class of each point: a number, or a name.
struct ClassValues: ValueDecodable {
    let numbers: [Double]?
    let names: [String]

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
