import Data
import Diagnostics
import Glibc
import Learning
import OrderedCollections
import Runtime
import Tensors

extension Run: LanguageObject {
    /// `run`.
    public static var languageName: String { "run" }
}

extension Library {
    /// What a run is to the language: its curves are attributes under their own names.
    func addRunType() {
        add(
            ObjectType(
                Run.self, "What came of a training: the network, its curves and metrics.",
                display: { Self.summary(of: $0) },
                member: { run, name, interpreter in run[name]?.encode(in: interpreter) },
                memberNames: { Array($0.curves.keys) }))
        func attribute<Result: ValueEncodable>(
            _ name: String, _ summary: String, _ example: Example, _ get: @escaping (Run) throws -> Result
        ) {
            add(Attribute(name, on: .object("run"), summary, examples: [example]) { (run: Run) in try get(run) })
        }
        let start = #"net = Linear(64, 10); run = fit(net, take(dataset("digits"), 128), epochs=2)"#
        attribute("net", "The trained network.", Example("\(start); len(run.net.parameters())", "2")) {
            ModuleValue($0.net)
        }
        attribute("name", "What it is called in tables and legends.", Example("\(start); run.name", "fit")) { $0.name }
        attribute("epochs", "How many epochs were completed.", Example("\(start); run.epochs", "2")) { $0.epochs }
        attribute("steps", "The loss of every step.", Example("\(start); len(run.steps)", "4")) { $0.steps }
        attribute("seconds", "How long it took.", Example("\(start); run.seconds > 0", "true")) { $0.seconds }
        attribute(
            "best", "A dict of the metrics of the best epoch by the monitored metric; `epoch` counts from 1.",
            Example("\(start); run.best.epoch", "2")
        ) { Self.metrics(of: $0, at: $0.bestEpoch) }
        attribute("last", "A dict of the metrics of the last epoch.", Example("\(start); run.last.epoch", "2")) {
            Self.metrics(of: $0, at: max(0, $0.epochs - 1))
        }
        attribute(
            "config",
            "A dict of the options it ran with, every option of the optimizer and the schedule (`scheduler.T_max`) among them.",
            Example("\(start); [run.config.epochs, run.config.betas]", "[2, [0.9, 0.999]]")
        ) { $0.configuration }
        attribute(
            "adapters", "A dict of the modules that were trained along with the student.",
            Example("\(start); run.adapters", "{}")
        ) { $0.adapters.mapValues(ModuleValue.init) }
        attribute(
            "balance",
            "A dict of how each term's gradient compared, with balance=true: weight, gradient, share, cosine, proposed.",
            Example("\(start); run.balance", "{}")
        ) { $0.balance }
        attribute(
            "notes", "A list of what one should know about it.", Example("\(start); run.notes", "[]")
        ) { $0.notes }
        attribute("objective", "The formula it was trained for.", Example("\(start); run.objective", "hard()")) {
            $0.objective
        }
        attribute("interrupted", "Whether Ctrl-C ended it.", Example("\(start); run.interrupted", "false")) {
            $0.isInterrupted
        }
        let run = Parameter<Run>("self", "the run")
        add(
            Builtin(
                "table", on: .object("run"), .training, "Prints the curves, one line an epoch.",
                parameters: [run.description], seeAlso: ["plot", "save"],
                examples: [Example(running: "\(start); run.table()")]
            ) { call in
                call.interpreter.output(Markup(Self.table(of: try call[run]) + "\n"))
                return NoValue()
            })
    }

    private static func metrics(of run: Run, at epoch: Int) -> OrderedDictionary<String, MetricValue> {
        var metrics = run.metrics(at: epoch).mapValues(MetricValue.number)
        metrics["epoch"] = .count(epoch + 1)
        return metrics
    }

    private static func summary(of run: Run) -> Markup {
        var markup = Markup("\(run.name): \(run.objective), \(run.epochs) epochs in ")
        markup.append("\(TextTable.number(run.seconds, digits: 2)) s", .measured)
        var text = ""
        if run.isInterrupted { text += ", interrupted" }
        if run.stoppedEarly { text += ", stopped early" }
        let shown = run.curves.filter { $0.key != "lr" && $0.key != "grad_norm" }
        let parts = shown.compactMap { name, values in
            values.last.map { "\(name) \(TextTable.number($0, digits: 4))" }
        }
        if !parts.isEmpty { text += "\nlast epoch: " + parts.joined(separator: "  ") }
        if run.keptBy != "last" {
            text += "\nweights of epoch \(run.bestEpoch + 1), the best by \(run.keptBy) on "
            // What chose the epoch cannot say how good it is.
            text +=
                run.keptBy == "loss"
                ? "the training data"
                : "the validation data: its numbers there are optimistic, report those of a set that chose nothing"
        }
        for note in run.notes { text += "\n" + note }
        if !run.adapters.isEmpty { text += "\ntrained along: " + run.adapters.keys.joined(separator: ", ") }
        markup.append(text)
        return markup
    }

    private static func table(of run: Run) -> String {
        var table = TextTable(["epoch"] + run.curves.keys)
        for epoch in 0..<run.epochs {
            let cells = run.curves.values.map { values in
                values.indices.contains(epoch) ? TextTable.number(values[epoch], digits: 4) : ""
            }
            table.append([String(epoch + 1)] + cells)
        }
        return table.text
    }
}

extension OptionValue: ValueEncodable {
    /// A number, a bool, a string or a list of such.
    public static var languageType: LanguageType { .any }

    /// The value in the language.
    public func encode(in interpreter: Interpreter) -> Value {
        switch self {
        case .integer(let value): .int(value)
        case .number(let value): .float(value)
        case .flag(let value): .bool(value)
        case .text(let value): .string(value)
        case .list(let values): .list(ListObject(values.map { $0.encode(in: interpreter) }))
        }
    }
}

/// A metric, or an epoch's number.
enum MetricValue: ValueEncodable {
    case number(Double)
    case count(Int)

    static var languageType: LanguageType { .number }

    func encode(in interpreter: Interpreter) -> Value {
        switch self {
        case .number(let value): .float(value)
        case .count(let value): .int(value)
        }
    }
}

/// A module as a result.
struct ModuleValue: ValueEncodable {
    let module: Module

    init(_ module: Module) { self.module = module }

    static var languageType: LanguageType { .module }

    func encode(in interpreter: Interpreter) -> Value { .module(module) }
}

/// Columns of text: the first ones to the left, the others to the right.
struct TextTable {
    private var rows: [[Markup]]
    private let left: Int

    /// An empty table whose first `left` columns are words; without titles the first row appended holds them.
    init(_ titles: [String], left: Int = 1) {
        rows = titles.isEmpty ? [] : [titles.map { Markup($0) }]
        self.left = left
    }

    mutating func append(_ cells: [String]) { rows.append(cells.map { Markup($0) }) }

    mutating func append(_ cells: [Markup]) { rows.append(cells) }

    /// The lines, the titles first.
    var text: String { markup.plain }

    /// The lines with their styles.
    var markup: Markup { Markup(table: rows, left: left) }

    /// A number with so many decimals; tiny and huge ones as the language writes them.
    static func number(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        guard value == 0 || (1e-3..<1e7).contains(abs(value)) else { return rounded(value, significant: digits) }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((abs(value) * scale).rounded(.toNearestOrEven))
        let fraction = String(whole % Int(scale))
        let padding = String(repeating: "0", count: max(0, digits - fraction.count))
        let text = digits == 0 ? String(whole) : "\(whole / Int(scale)).\(padding)\(fraction)"
        return value < 0 && whole != 0 ? "-" + text : text
    }

    private static func rounded(_ value: Double, significant: Int) -> String {
        let keep = max(2, significant) - 1
        let exponent = Int(log10(abs(value)).rounded(.down))
        // Through the decimal digits: a quotient of floats would have more of them.
        let digits = (abs(value) / pow(10, Double(exponent - keep))).rounded()
        guard digits.isFinite, let number = Double("\(Int(digits))e\(exponent - keep)") else {
            return NumberFormat.repr(value)
        }
        return NumberFormat.repr(value < 0 ? -number : number)
    }
}
