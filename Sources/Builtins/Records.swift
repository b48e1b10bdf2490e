import Drawing
import OrderedCollections
import Runtime

/// Rows of named values, as charts of tables take them: a list of dicts, or an object whose elements are dicts, such as
/// the table of `sweep`.
struct Records: ValueDecodable {
    /// The names of the columns in the order they first occur.
    let columns: [String]
    /// The rows; a row may lack columns.
    let rows: [[String: Value]]

    static var languageType: LanguageType { .list(.dict) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> Records? {
        guard let elements = elements(of: value, in: interpreter), !elements.isEmpty else { return nil }
        var columns: OrderedSet<String> = []
        var rows: [[String: Value]] = []
        for element in elements {
            guard case .dict(let dict) = element else { return nil }
            var row: [String: Value] = [:]
            for (key, value) in dict.entries {
                let name = Display.text(key.value, in: interpreter)
                columns.append(name)
                row[name] = value
            }
            rows.append(row)
        }
        return Records(columns: Array(columns), rows: rows)
    }

    private static func elements(of value: Value, in interpreter: Interpreter) -> [Value]? {
        switch value {
        case .list(let list): return list.elements
        case .object(let object):
            guard let next = try? object.type.iterate?(object.payload, interpreter) else { return nil }
            var elements: [Value] = []
            while let element = try? next() {
                guard case .dict = element else { return nil }
                elements.append(element)
            }
            return elements
        default: return nil
        }
    }

    /// Whether there is nothing in it.
    var isEmpty: Bool { rows.isEmpty }

    /// A table spread over two of its columns.
    struct Pivot {
        /// The means by row and column; NaN where no row of the table is.
        var values: [[Double]]
        /// The names of the rows.
        var rows: [String]
        /// The names of the columns.
        var columns: [String]
        /// What the cells hold, with the number of repeats.
        var title: String
    }

    /// The mean of one column for each pair of values of two others, numbers ascending.
    ///
    /// - Throws: a `key` error for a column that does not exist, a `type` error when the values are no numbers.
    func pivot(x: String, y: String, value: String, for function: String) throws -> Pivot {
        for (argument, name) in [("x", x), ("y", y), ("value", value)] where !columns.contains(name) {
            throw Failure(
                .key, "\(function): the table has no column \(argument)=\"\(name)\"",
                help: ["its columns are " + columns.joined(separator: ", ")])
        }
        guard x != y else { throw Failure(.value, "\(function): x and y are both \"\(x)\"") }
        let (across, down) = (keys(of: x), keys(of: y))
        var sums = Array(repeating: Array(repeating: 0.0, count: across.count), count: down.count)
        var counts = Array(repeating: Array(repeating: 0, count: across.count), count: down.count)
        for row in rows {
            guard let column = row[x].map(RecordKey.init).flatMap(across.firstIndex),
                let line = row[y].map(RecordKey.init).flatMap(down.firstIndex), let cell = row[value]
            else { continue }
            guard let number = cell.number else {
                if case .none = cell { continue }
                throw Failure(.type, "\(function): \(value) holds a \(cell.typeName), not numbers")
            }
            sums[line][column] += number
            counts[line][column] += 1
        }
        let repeats = Set(counts.joined().filter { $0 > 0 })
        let most = repeats.max() ?? 0
        let n = repeats.count == 1 ? "\(most)" : "\(repeats.min() ?? 0)–\(most)"
        return Pivot(
            values: zip(sums, counts).map { zip($0, $1).map { $1 > 0 ? $0 / Double($1) : .nan } },
            rows: down.map(\.text), columns: across.map(\.text),
            title: most > 1 ? "\(value), mean of n = \(n)" : value)
    }

    /// The different values of a column: numbers ascending before words in their order.
    private func keys(of column: String) -> [RecordKey] {
        let all = OrderedSet(rows.compactMap { $0[column].map(RecordKey.init) })
        let numbers = all.filter { $0.number != nil }.sorted { ($0.number ?? 0) < ($1.number ?? 0) }
        return numbers + all.filter { $0.number == nil }
    }
}

/// A value of a table's column, comparable with others.
private struct RecordKey: Hashable {
    let text: String
    let number: Double?

    init(_ value: Value) {
        number = value.number
        switch value {
        case .string(let string): text = string.text
        default: text = number.map(NumberText.short) ?? Display.brief(value)
        }
    }
}
