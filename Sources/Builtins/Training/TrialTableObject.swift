import Diagnostics
import Distillation
import Learning
import OrderedCollections
import Runtime

extension TrialTable: LanguageObject {
    /// `table`.
    public static var languageName: String { "table" }
}

extension TrialTable.Setting: ValueEncodable {
    /// A number, a bool or a string.
    public static var languageType: LanguageType { .union([.number, .bool, .string]) }

    /// The setting of a value: numbers, bools and strings are themselves, others are what they look like.
    init(_ value: Value) {
        switch value {
        case .int(let number): self = .integer(number)
        case .float(let number): self = .number(number)
        case .bool(let truth): self = .bool(truth)
        default: self = .text(value.text ?? Display.brief(value))
        }
    }

    /// The value in the language.
    public func encode(in interpreter: Interpreter) -> Value {
        switch self {
        case .integer(let number): .int(number)
        case .number(let number): .float(number)
        case .bool(let truth): .bool(truth)
        case .text(let text): .string(text)
        }
    }

    /// Whether two settings are the same number, or the same text.
    func matches(_ other: TrialTable.Setting) -> Bool {
        if let a = double, let b = other.double { return a == b }
        return self == other
    }
}

extension TrialTable {
    /// A row as a dict: settings, then metrics.
    func dict(_ row: Row) -> OrderedDictionary<String, AnyValue> {
        var dict: OrderedDictionary<String, AnyValue> = [:]
        for (name, setting) in row.settings { dict[name] = AnyValue { setting.encode(in: $0) } }
        for (name, metric) in row.metrics where dict[name] == nil { dict[name] = AnyValue { _ in .float(metric) } }
        return dict
    }

    /// The values of a column; `none` where a row has none.
    func column(_ name: String, in interpreter: Interpreter) -> Value? {
        if settings.contains(name) {
            return .list(rows.map { $0.settings[name]?.encode(in: interpreter) ?? .none })
        }
        guard metrics.contains(name) else { return nil }
        return .list(rows.map { $0.metrics[name].map { .float($0) } ?? .none })
    }

    /// The table for people: one line for each setting, mean ± standard deviation over its seeds; the titles first.
    private var lines: [[String]] {
        let groups = groups
        let repeats = groups.contains { $0.rows.count > 1 }
        let names = repeats ? settings.filter { !Self.repeats.contains($0) } : settings
        return [names + (repeats ? [settings.contains("fold") ? "folds" : "seeds"] : []) + metrics]
            + groups.map { group in
                let settings = repeats ? group.settings : group.rows[0].settings
                let values = metrics.map { metric in
                    guard let mean = group.mean(metric) else { return "" }
                    // A term whose weight is 0 throughout was never computed.
                    guard group.rows.contains(where: { $0.metrics[metric]?.isNaN == false }) else { return "–" }
                    guard mean.isFinite else { return TextTable.number(mean, digits: 4) }
                    let deviation = group.deviation(metric).map { " ± " + TextTable.number($0, digits: 4) } ?? ""
                    return TextTable.number(mean, digits: 4) + deviation
                }
                return names.map { settings[$0]?.description ?? "" } + (repeats ? [String(group.rows.count)] : [])
                    + values
            }
    }

    /// The table as text.
    var text: String {
        let lines = lines
        var table = TextTable(lines[0], left: 0)
        for line in lines.dropFirst() { table.append(line) }
        return notes.reduce(table.text) { "\($0)\nnote: \($1)" }
    }
}

extension TrialTable: TabularObject {
    /// One row a setting.
    package var tableCells: [[Markup]] { lines.map { $0.map { Markup($0) } } }
    package var tableNotes: [String] { notes }
}

/// A value that is made when it is asked for.
struct AnyValue: ValueEncodable {
    let make: (Interpreter) -> Value

    static var languageType: LanguageType { .any }

    func encode(in interpreter: Interpreter) -> Value { make(interpreter) }
}

extension Library {
    /// What the table of `trials` and `sweep` is to the language.
    func addTrialTable() {
        add(
            ObjectType(
                TrialTable.self, "What came of an experiment under several settings and seeds: one row for each call.",
                display: { Markup($0.text) },
                length: { $0.rows.count },
                element: { table, index, interpreter in
                    if let row = try index.row(of: table.rows.count) {
                        return table.dict(table.rows[row]).encode(in: interpreter)
                    }
                    guard let name = index.text else {
                        throw Failure(
                            .type, "a table is indexed by a column's name or a row's number, not \(index.typeName)")
                    }
                    guard let column = table.column(name, in: interpreter) else { throw Self.noColumn(name, table) }
                    return column
                },
                iterate: { table, interpreter in
                    var rows = table.rows.makeIterator()
                    return { rows.next().map { table.dict($0).encode(in: interpreter) } }
                }))
        let start = "t = sweep((T, seed) => ({\"score\": T + seed}), T=[1, 2], seed=range(2))"
        add(
            Attribute(
                "columns", on: .object("table"), "The names of the settings, then of the metrics.",
                examples: [Example("\(start); t.columns", #"["T", "seed", "score"]"#)]
            ) { (table: TrialTable) in table.columns })
        add(
            Attribute(
                "rows", on: .object("table"), "The calls, each a dict of its settings and metrics.",
                examples: [Example("\(start); t.rows[1]", #"{"T": 1, "seed": 1, "score": 2.0}"#)]
            ) { (table: TrialTable) in table.rows.map { table.dict($0) } })
        add(
            Attribute(
                "runs", on: .object("table"), "All runs that the calls gave, in the order of the rows.",
                examples: [Example("\(start); t.runs", "[]")]
            ) { (table: TrialTable) in table.runs })
        addTableMethods(start)
    }

    private static func noColumn(_ name: String, _ table: TrialTable) -> Failure {
        Failure(
            .key, "the table has no column \"\(name)\"", help: ["there are " + table.columns.joined(separator: ", ")])
    }

    private func addTableMethods(_ start: String) {
        let table = Parameter<TrialTable>("self", "the table")
        let column = Parameter<String>("column", "the name of a column")
        add(
            Builtin(
                "sort", on: .object("table"), .training, "The same rows in the order of a column.",
                table, column, Parameter<Bool>("descending", "the largest first", default: false),
                returns: "a table", seeAlso: ["trials", "sweep"],
                examples: [Example("\(start); t.sort(\"score\", descending=true)[\"score\"]", "[3.0, 2.0, 2.0, 1.0]")]
            ) { (table: TrialTable, column: String, descending: Bool) in
                guard table.columns.contains(column) else { throw Self.noColumn(column, table) }
                return table.sorted(by: column, descending: descending)
            })
        let condition = Parameter<Callable?>.optional("condition", "a function from a row (a dict) to true or false")
        let settings = Parameter<OrderedDictionary<String, Value>>.namedVariadic(
            "settings", "values that columns must have: T=4")
        add(
            Builtin(
                "where", on: .object("table"), .training, "The rows that fulfil a condition: `t.where(T=4)`.",
                parameters: [table.description, condition.description, settings.description],
                returns: "a table", seeAlso: ["trials", "sweep"],
                examples: [
                    Example("\(start); t.where(T=2)[\"score\"]", "[2.0, 3.0]"),
                    Example("\(start); len(t.where(row => row.score > 1))", "3"),
                ]
            ) { call in
                let table = try call[table]
                let wanted = try call[settings].mapValues { TrialTable.Setting($0) }
                for name in wanted.keys where !table.columns.contains(name) { throw Self.noColumn(name, table) }
                let condition = try call[condition]
                return try table.filter { row in
                    for (name, value) in wanted {
                        let own = row.settings[name] ?? row.metrics[name].map { .number($0) }
                        guard own?.matches(value) == true else { return false }
                    }
                    guard let condition else { return true }
                    let answer = try condition(table.dict(row))
                    guard case .bool(let isIncluded) = answer else {
                        throw Failure(.type, "where: the function must give true or false, not \(answer.typeName)")
                    }
                    return isIncluded
                }
            })
        addBest(start, table)
    }

    private func addBest(_ start: String, _ table: Parameter<TrialTable>) {
        add(
            Builtin(
                "best", on: .object("table"), .training,
                "The setting with the best mean of a metric over its seeds.",
                table, Parameter<String>("metric", "the name of a metric"),
                Parameter<Bool?>.optional(
                    "larger", "whether larger is better",
                    defaultText: "as the metric is declared; needed for any other number"),
                returns:
                    "a dict: the setting, `runs` for verdict, `seeds`, the means of all metrics, and `std` of the metric",
                seeAlso: ["trials", "sweep", "verdict"],
                examples: [
                    Example("\(start); t.best(\"score\", larger=true).T", "2"),
                    Example("\(start); t.best(\"score\", larger=false).score", "1.5"),
                ]
            ) { (table: TrialTable, metric: String, larger: Bool?) in
                guard table.metrics.contains(metric) else { throw Self.noColumn(metric, table) }
                let larger = try Self.direction(larger, of: metric, in: [table.isBetterWhenLarger(metric)], "best")
                guard let group = table.best(metric, largerIsBetter: larger) else {
                    throw Failure(.value, "best: no row has a finite \(metric)")
                }
                var dict: OrderedDictionary<String, AnyValue> = [:]
                for (name, setting) in group.settings { dict[name] = AnyValue { setting.encode(in: $0) } }
                let runs = group.rows.flatMap(\.runs)
                if !runs.isEmpty { dict["runs"] = AnyValue { runs.encode(in: $0) } }
                dict["seeds"] = AnyValue { _ in .int(group.rows.count) }
                for name in table.metrics {
                    guard let mean = group.mean(name) else { continue }
                    dict[name] = AnyValue { _ in .float(mean) }
                }
                if let deviation = group.deviation(metric) { dict["std"] = AnyValue { _ in .float(deviation) } }
                return dict
            })
    }
}
