import Data
import Diagnostics
import Distillation
import Drawing
import Learning
import OrderedCollections
import Runtime
import Tensors

extension PredictionPrice: LanguageObject {
    /// `price`.
    public static var languageName: String { "price" }
}

extension PredictionPrice {
    /// A row as a dict.
    fileprivate func dict(_ row: Row) -> OrderedDictionary<String, AnyValue> {
        [
            "k": AnyValue { _ in .int(row.k) }, "rest": AnyValue { _ in .string(row.rest.rawValue) },
            "values": AnyValue { _ in .string(row.precision.rawValue) }, "bytes": AnyValue { _ in .int(row.bytes) },
            "kl": AnyValue { _ in .float(row.divergence) }, "ece": AnyValue { _ in .float(row.calibrationError) },
            "top1_lost": AnyValue { _ in .float(row.top1Lost) },
        ]
    }

    private static let titles = ["k", "rest", "values", "bytes", "kl", "ece", "top1_lost"]

    private var lines: [[String]] {
        [Self.titles]
            + rows.map { row in
                [
                    String(row.k), row.rest.rawValue, row.precision.rawValue, String(row.bytes),
                    TextTable.number(row.divergence, digits: 5),
                    row.calibrationError.isNaN ? "–" : TextTable.number(row.calibrationError, digits: 4),
                    TextTable.number(row.top1Lost, digits: 4),
                ]
            }
    }

    fileprivate var text: String {
        var table = TextTable(lines[0], left: 0)
        for line in lines.dropFirst() { table.append(line) }
        return tableNotes.reduce(table.text) { "\($0)\n\($1)" }
    }

    /// The divergence against the bytes, a curve for each rule and precision.
    fileprivate func figure() throws -> Figure {
        var series: [CurveSeries] = []
        for rule in Self.rules {
            for precision in StoredPrecision.allCases {
                let own = rows.filter { $0.rest == rule && $0.precision == precision && $0.divergence > 0 }
                guard !own.isEmpty else { continue }
                series.append(
                    try CurveSeries(
                        "\(rule.rawValue), \(precision.rawValue)", x: own.map { Double($0.bytes) },
                        y: own.map(\.divergence)))
            }
        }
        let chart = try CurveChart(series)
        var options = FigureOptions(title: "What is lost", xlabel: "bytes a row", ylabel: "KL, nats")
        options.logx = true
        options.logy = true
        return try Figure(chart, options)
    }
}

extension PredictionPrice: TabularObject {
    /// One row a way to store.
    package var tableCells: [[Markup]] { lines.map { $0.map { Markup($0) } } }
    /// The teacher itself.
    package var tableNotes: [String] {
        let error = teacherError.isNaN ? "" : ", ece \(TextTable.number(teacherError, digits: 4))"
        return [
            "of \(width) classes at T = \(TextTable.number(temperature, digits: 1)); the teacher itself: kl 0\(error)"
        ]
    }
}

extension Library {
    /// `price`.
    func addPrice() {
        add(
            ObjectType(
                PredictionPrice.self, "What it costs to store some classes of a teacher's answers: one row a way.",
                display: { Markup($0.text) },
                length: { $0.rows.count },
                element: { price, index, interpreter in
                    guard let row = try index.row(of: price.rows.count) else {
                        throw Failure(.type, "a price is indexed by a row's number, not \(index.typeName)")
                    }
                    return price.dict(price.rows[row]).encode(in: interpreter)
                },
                iterate: { price, interpreter in
                    var rows = price.rows.makeIterator()
                    return { rows.next().map { price.dict($0).encode(in: interpreter) } }
                }))
        add(
            Attribute(
                "figure", on: .object("price"), "The divergence against the bytes of a row, as a figure.",
                examples: [
                    Example(running: #"price(Linear(64, 10), take(dataset("digits"), 50), k=[1, 5]).figure"#)
                ]
            ) { (price: PredictionPrice) in try drawing { FigureObject(try price.figure()) } })
        add(
            Builtin(
                "price", .distillation, "What it costs to store the most probable classes of a teacher instead of all.",
                formula: "kl = Σ p̂ log(p̂/p), p̂ what is read again of p",
                Parameter<Module>("teacher", "the network"),
                Parameter<Dataset>("data", "what it is asked about; its labels give the calibration error"),
                Parameter<[Int]>("k", "how many classes are stored", default: [1, 2, 4, 8, 16, 32, 64]),
                Parameter<Double>("T", "the temperature of the stored probabilities", default: 1),
                returns: "a table: k, rest, values, bytes a row, kl, ece, top1_lost; its .figure is the curve",
                notes: [
                    "Bytes are those of a row of save(predictions(teacher, data, top=k), …): ids, values, tail and entropy.",
                    "rest=\"bucket\" knows the other classes as one, and its kl is that of k + 1 classes: what rounding costs. \"renormalize\" loses −log P, \"uniform\" what the others differ by.",
                    "ece is the calibration error of what a student would copy, at T = 1; top1_lost the share of rows with another most probable class.",
                ],
                seeAlso: ["predictions", "distill"],
                examples: [
                    Example(#"len(price(Linear(64, 10), take(dataset("digits"), 50), k=[1, 5]))"#, "12")
                ]
            ) { (teacher: Module, data: Dataset, k: [Int], temperature: Double) in
                guard data.count > 0 else { throw Failure(.value, "price: \(data.name) has no examples") }
                return try PredictionPrice(
                    of: predict(teacher, data.withClasses(of: teacher, function: "price")), on: data, counts: k,
                    temperature: temperature)
            })
    }
}
