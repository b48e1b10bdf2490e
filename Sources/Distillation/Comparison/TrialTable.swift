import Learning
import OrderedCollections

/// What came of the same experiment under several settings and seeds: one row for each call.
public final class TrialTable {
    /// The value of a setting.
    public enum Setting: Hashable, CustomStringConvertible, Sendable {
        /// A whole number.
        case integer(Int)
        /// Any number.
        case number(Double)
        /// A truth value.
        case bool(Bool)
        /// A text, or what a value of another kind looks like.
        case text(String)

        /// The number, if it is one.
        public var double: Double? {
            switch self {
            case .integer(let value): Double(value)
            case .number(let value): value
            case .bool, .text: nil
            }
        }

        /// The value as it is written.
        public var description: String {
            switch self {
            case .integer(let value): String(value)
            case .number(let value): "\(value)"
            case .bool(let value): String(value)
            case .text(let value): value
            }
        }
    }

    /// One call.
    public struct Row {
        /// What it was called with, by name; `seed` among them.
        public let settings: OrderedDictionary<String, Setting>
        /// The numbers it gave.
        public let metrics: OrderedDictionary<String, Double>
        /// The runs it gave.
        public let runs: [Run]

        /// A row from its parts.
        public init(
            settings: OrderedDictionary<String, Setting>, metrics: OrderedDictionary<String, Double>, runs: [Run] = []
        ) {
            self.settings = settings
            self.metrics = metrics
            self.runs = runs
        }
    }

    /// Rows with the same settings apart from the seed.
    public struct Group {
        /// The settings they share.
        public let settings: OrderedDictionary<String, Setting>
        /// The rows.
        public let rows: [Row]

        /// The mean of a metric over the rows that have it; nil if none has.
        public func mean(_ metric: String) -> Double? {
            let values = rows.compactMap { $0.metrics[metric] }
            return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }

        /// The standard deviation of a metric over the rows, with n − 1; nil for fewer than two.
        public func deviation(_ metric: String) -> Double? {
            let values = rows.compactMap { $0.metrics[metric] }
            guard values.count > 1, let mean = mean(metric) else { return nil }
            let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return (sum / Double(values.count - 1)).squareRoot()
        }
    }

    /// The name of the setting that only repeats.
    public static let seed = "seed"
    /// The settings that only repeat: seeds, and the parts of a cross-validation.
    public static let repeats: Set<String> = [seed, "fold"]

    /// The names of the settings, then of the metrics.
    public var columns: [String] { settings + metrics }
    /// The names of the settings in the order they were given.
    public let settings: [String]
    /// The names of the metrics in the order they appeared.
    public let metrics: [String]
    /// The calls in order.
    public let rows: [Row]

    /// A table of rows; a setting and a metric of one name are the setting.
    public init(_ rows: [Row]) {
        self.rows = rows
        var settings: OrderedSet<String> = []
        var metrics: OrderedSet<String> = []
        for row in rows {
            settings.formUnion(row.settings.keys)
            metrics.formUnion(row.metrics.keys)
        }
        self.settings = Array(settings)
        self.metrics = metrics.filter { !settings.contains($0) }
    }

    /// All runs in the order of the rows.
    public var runs: [Run] { rows.flatMap(\.runs) }

    /// Whether a larger value of a metric is better, as the runs noted it or as it is declared; nil when nothing says.
    public func isBetterWhenLarger(_ metric: String) -> Bool? {
        runs.lazy.compactMap { $0.directions[metric] }.first ?? Direction.isBetterWhenLarger(metric)
    }

    /// What must be said along with the numbers: that validation data chose the epochs whose numbers on them these are.
    public var notes: [String] { Self.notes(on: runs, metrics) }

    /// What must be said of some metrics of runs.
    public static func notes(on runs: [Run], _ metrics: [String]) -> [String] {
        let chosen = Set(runs.map(\.keptBy).filter { $0.hasPrefix("val_") })
        guard !chosen.isEmpty, metrics.contains(where: { $0.hasPrefix("val_") }) else { return [] }
        return [
            "the validation data chose the epochs (best by \(chosen.sorted().joined(separator: ", "))), so val_ numbers are "
                + "optimistic: report those of a set that chose nothing"
        ]
    }

    /// The rows by their settings apart from the seed, in the order of first appearance.
    public var groups: [Group] {
        var groups: OrderedDictionary<[Setting?], [Row]> = [:]
        let names = settings.filter { !Self.repeats.contains($0) }
        for row in rows { groups[names.map { row.settings[$0] }, default: []].append(row) }
        return groups.values.map { rows in
            var settings: OrderedDictionary<String, Setting> = [:]
            for name in names { settings[name] = rows[0].settings[name] }
            return Group(settings: settings, rows: rows)
        }
    }

    /// The group with the best mean of a metric; nil when no row has it.
    public func best(_ metric: String, largerIsBetter: Bool) -> Group? {
        let known = groups.compactMap { group in
            group.mean(metric).flatMap { $0.isFinite ? (group: group, mean: $0) : nil }
        }
        return known.min { largerIsBetter ? $0.mean > $1.mean : $0.mean < $1.mean }?.group
    }

    /// The rows in the order of a column; rows without a value come last, equal ones stay in order.
    public func sorted(by column: String, descending: Bool = false) -> TrialTable {
        func key(_ row: Row) -> (number: Double?, text: String) {
            if let setting = row.settings[column] { return (setting.double, setting.description) }
            return (row.metrics[column], "")
        }
        let keyed = rows.enumerated().map { (position: $0, key: key($1), row: $1) }
        return TrialTable(
            keyed.sorted { a, b in
                let order: Bool?
                switch (a.key.number, b.key.number) {
                case (let x?, let y?): order = x == y ? nil : descending ? x > y : x < y
                case (_?, nil): order = true
                case (nil, _?): order = false
                case (nil, nil):
                    order = a.key.text == b.key.text ? nil : (a.key.text < b.key.text) != descending
                }
                return order ?? (a.position < b.position)
            }.map(\.row))
    }

    /// The rows for which `isIncluded` holds.
    public func filter(_ isIncluded: (Row) throws -> Bool) rethrows -> TrialTable {
        TrialTable(try rows.filter(isIncluded))
    }

    /// The table as CSV: one line for each call.
    public func csv() -> String {
        func field(_ text: String) -> String {
            guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
            return "\"" + text.replacing("\"", with: "\"\"") + "\""
        }
        var lines = [columns.map(field).joined(separator: ",")]
        for row in rows {
            let cells =
                settings.map { row.settings[$0]?.description ?? "" }
                + metrics.map { row.metrics[$0].map { "\($0)" } ?? "" }
            lines.append(cells.map(field).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The numbers of a metric by seed (by position where there is no seed), for a paired comparison.
    ///
    /// - Throws: ``DistillationError/scheme(_:problem:help:)`` when the table lacks the metric, or has several settings.
    public func bySeed(_ metric: String, function: String = "verdict") throws -> OrderedDictionary<Setting, Double> {
        guard metrics.contains(metric) else {
            throw DistillationError.scheme(
                function, problem: "the table has no \"\(metric)\"",
                help: "there are " + metrics.joined(separator: ", "))
        }
        guard groups.count <= 1 else {
            let names = settings.filter { !Self.repeats.contains($0) }.joined(separator: ", ")
            throw DistillationError.scheme(
                function, problem: "the table holds \(groups.count) settings of \(names), and one is compared",
                help: "choose one: t.where(\(settings.first { !Self.repeats.contains($0) } ?? "T")=…)")
        }
        var values: OrderedDictionary<Setting, Double> = [:]
        for (position, row) in rows.enumerated() {
            let seed = row.settings[Self.seed] ?? row.settings["fold"] ?? .integer(position)
            guard values[seed] == nil else {
                throw DistillationError.scheme(
                    function, problem: "the seed \(seed) occurs twice", help: "trials and sweep give each seed once")
            }
            values[seed] = row.metrics[metric] ?? .nan
        }
        return values
    }
}

extension Run {
    /// The numbers that a table shows of the run: those of the epoch whose weights it kept, without learning rate and
    /// gradient norm, which say nothing about the result.
    public var summaryMetrics: OrderedDictionary<String, Double> {
        var metrics = keptBy == "last" ? last : best
        for name in ["epoch", "lr", "grad_norm"] { metrics[name] = nil }
        return metrics
    }
}
