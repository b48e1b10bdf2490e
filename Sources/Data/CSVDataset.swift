import Tensors

/// A column of a CSV file: by its name or its position (negative from the end).
public enum CSVLabel: Sendable, Equatable {
    /// The header's name.
    case name(String)
    /// The position, from 0.
    case index(Int)
}

/// Reads a table: every column that is no label goes into x [N, D], a text column as one 0/1 column per category.
///
/// x is int64 when all its columns hold whole numbers, else float32 (missing values are NaN). One integer or text label
/// column gives int64 classes, a fractional one float32 targets [N], several float32 [N, L].
///
/// - Throws: ``DataError`` naming file, line and what was expected.
public func readCSV(_ path: String, labels: [CSVLabel] = [], separator: Character = ",") throws -> Dataset {
    let table = try CSVTable(path: path, separator: separator)
    let columns = try labels.map { label in
        switch label {
        case .name(let name):
            guard let column = table.names.firstIndex(of: name) else {
                throw DataError.content(
                    path: path, problem: "no column \"\(name)\"",
                    help: table.namesHelp(for: name))
            }
            return column
        case .index(let index):
            let column = index < 0 ? index + table.names.count : index
            guard table.names.indices.contains(column) else {
                throw DataError.content(
                    path: path, problem: "no column \(index) among \(table.names.count)", help: nil)
            }
            return column
        }
    }
    return try table.dataset(labels: columns, name: path)
}

extension CSVTable {
    /// What to do about a column that is not there: the separator that the file seems to have, the name in other letters,
    /// or the names there are.
    fileprivate func namesHelp(for name: String) -> String {
        if let separator = likelySeparator {
            return "the fields seem to be separated otherwise: separator=\(separator)"
        }
        let known = names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
        guard let near = names.first(where: { $0.lowercased() == name.lowercased() }) else {
            return (hasHeader ? "the columns are " : "the first line was taken as data; positions are ") + known
        }
        return "did you mean \"\(near)\"?"
    }

    /// The table as a dataset whose targets are the columns `labels`.
    func dataset(labels: [Int], name: String) throws -> Dataset {
        let features = try columns.indices.filter { !labels.contains($0) }.flatMap { try numericColumns($0, name) }
        guard !features.isEmpty else {
            throw DataError.content(path: name, problem: "no column is left for x", help: nil)
        }
        let x = try Self.matrix(features, rows: rows)
        guard let first = labels.first else { return try Dataset(x: x, y: nil, name: name) }
        if labels.count > 1 {
            let targets = try labels.flatMap { try numericColumns($0, name) }
            return try Dataset(x: x, y: Self.matrix(targets, rows: rows).to(.float32), name: name)
        }
        switch columns[first] {
        case .integers(let values):
            return try Dataset(x: x, y: Tensor(values, shape: [rows]), name: name)
        case .numbers(let values):
            if let row = values.firstIndex(where: \.isNaN) { throw noLabel(row, first, name) }
            return try Dataset(x: x, y: Tensor(values, shape: [rows]).to(.float32), name: name)
        case .text(let values):
            if let row = values.firstIndex(of: "") { throw noLabel(row, first, name) }
            let classes = Set(values).sorted()
            let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int($0)) })
            let y = try Tensor(values.map { numbers[$0] ?? 0 }, shape: [rows])
            return try Dataset(x: x, y: y, classes: classes, name: name)
        }
    }

    private func noLabel(_ row: Int, _ column: Int, _ path: String) -> DataError {
        .line(path: path, line: lines[row], problem: "no label in column \"\(names[column])\"")
    }

    /// A column of numbers, or one 0/1 column for each category of a text column; a missing text is of no category.
    private func numericColumns(_ index: Int, _ path: String) throws -> [Column] {
        guard case .text(let values) = columns[index] else { return [columns[index]] }
        let categories = Set(values).subtracting([""]).sorted()
        guard categories.count <= Self.mostCategories else {
            throw DataError.content(
                path: path,
                problem:
                    "column \"\(names[index])\" holds \(categories.count) different texts, too many for categories",
                help: "up to \(Self.mostCategories) become one column each; names and free texts are no input")
        }
        return categories.map { category in .integers(values.map { $0 == category ? 1 : 0 }) }
    }

    private static let mostCategories = 1000

    private static func matrix(_ columns: [Column], rows: Int) throws -> Tensor {
        let width = columns.count
        let whole = columns.allSatisfy { if case .integers = $0 { true } else { false } }
        if whole {
            var values = [Int](repeating: 0, count: rows * width)
            for (position, column) in columns.enumerated() {
                guard case .integers(let cells) = column else { continue }
                for row in 0..<rows { values[row * width + position] = cells[row] }
            }
            return try Tensor(values, shape: [rows, width])
        }
        var values = [Float](repeating: 0, count: rows * width)
        for (position, column) in columns.enumerated() {
            switch column {
            case .integers(let cells): for row in 0..<rows { values[row * width + position] = Float(cells[row]) }
            case .numbers(let cells): for row in 0..<rows { values[row * width + position] = Float(cells[row]) }
            case .text: continue
            }
        }
        return try Tensor(values, shape: [rows, width])
    }
}
