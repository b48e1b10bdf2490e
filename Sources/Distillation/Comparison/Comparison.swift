import OrderedCollections

/// Numbers side by side: one column for each network or run, one row for each metric.
public final class Comparison {
    /// What the columns are, in order: `teacher`, `student`, or the names of runs.
    public let columns: [String]
    /// The rows by the metric's name; a cell is nil where the metric does not apply to the column.
    public private(set) var rows: OrderedDictionary<String, [Double?]> = [:]

    /// What must be said along with the numbers.
    public private(set) var notes: [String] = []

    /// A table without rows.
    public init(columns: [String]) { self.columns = Self.distinct(columns) }

    /// Adds a row, unless it has no number at all.
    func append(_ metric: String, _ values: [Double?]) {
        if values.contains(where: { $0 != nil }) { rows[metric] = values }
    }

    /// Adds a remark.
    func note(_ text: String) { notes.append(text) }

    /// The numbers of one column by metric, or nil if there is no such column.
    public func column(_ name: String) -> OrderedDictionary<String, Double>? {
        guard let position = columns.firstIndex(of: name) else { return nil }
        return rows.compactMapValues { $0[position] }
    }

    /// The numbers of one metric by column, or nil if there is no such metric.
    public func row(_ metric: String) -> OrderedDictionary<String, Double>? {
        guard let values = rows[metric] else { return nil }
        var row: OrderedDictionary<String, Double> = [:]
        for (column, value) in zip(columns, values) { row[column] = value }
        return row
    }

    /// The names with a second of a kind numbered: `distill`, `distill 2`.
    private static func distinct(_ names: [String]) -> [String] {
        var result: [String] = []
        for name in names {
            var candidate = name
            var number = 2
            while result.contains(candidate) {
                candidate = "\(name) \(number)"
                number += 1
            }
            result.append(candidate)
        }
        return result
    }
}
