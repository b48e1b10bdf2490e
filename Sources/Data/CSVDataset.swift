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
/// - Parameters:
///   - labels: the columns of the labels.
///   - options: how the table is written.
///   - like: a dataset read of a table, whose columns, categories and classes this one is read by, by name.
/// - Throws: ``DataError`` naming file, line and what was expected.
public func readCSV(
    _ path: String, labels: [CSVLabel] = [], options: CSVOptions = CSVOptions(), like: Dataset? = nil
) throws -> Dataset {
    try options.checkUse(for: path)
    if let like {
        guard let schema = like.table else {
            throw DataError.argument(
                function: "read_csv", problem: "like=: \(like.name) was not read from a table",
                help: "classes=[…] gives the order of the classes alone")
        }
        var own = schema.options
        (own.header, own.skip, own.names) = (options.header ?? own.header, options.skip, options.names ?? own.names)
        return try CSVTable.reading(path, options: own).dataset(like: schema, like, name: path)
    }
    let table = try CSVTable.reading(path, options: options)
    let columns = try labels.map { try table.position($0, path) }
    var kept = Array(table.names.indices)
    if let chosen = options.columns { kept = try chosen.map { try table.position($0, path) } }
    let id = try options.id.map { try table.position($0, path) }
    if let text = try options.text.map({ try table.position($0, path) }) {
        guard options.columns == nil else {
            throw DataError.argument(
                function: "read_csv", problem: "text= makes x of one column, and usecols= names columns for x",
                help: "one of the two")
        }
        return try table.dataset(text: text, labels: columns, id: id, name: path)
    }
    return try table.dataset(
        features: kept.filter { !columns.contains($0) && $0 != id }, labels: columns, id: id, name: path)
}

extension CSVTable {
    /// Where a column is.
    fileprivate func position(_ label: CSVLabel, _ path: String) throws -> Int {
        switch label {
        case .name(let name):
            guard let column = names.firstIndex(of: name) else {
                throw DataError.content(path: path, problem: "no column \"\(name)\"", help: namesHelp(for: name))
            }
            return column
        case .index(let index):
            let column = index < 0 ? index + names.count : index
            guard names.indices.contains(column) else {
                throw DataError.content(
                    path: path, problem: "no column \(index) among \(names.count)", help: nil)
            }
            return column
        }
    }

    /// What to do about a column that is not there: the name in other letters, or the names there are.
    private func namesHelp(for name: String) -> String {
        if names.count == 1, let other = ([";", "\t", "|"] as [Character]).first(where: { names[0].contains($0) }) {
            let text = other == "\t" ? "\\t" : String(other)
            return "the fields seem to be separated otherwise: separator=\"\(text)\""
        }
        let known = names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
        guard let near = names.first(where: { $0.lowercased() == name.lowercased() }) else {
            return
                (hasHeader
                ? "the columns are "
                : "the first line was taken as data; header=true says that it is none; positions are ") + known
        }
        return "did you mean \"\(near)\"?"
    }

    /// The table as a dataset whose targets are the columns `labels`, of all others as input.
    func dataset(labels: [Int], name: String) throws -> Dataset {
        try dataset(features: names.indices.filter { !labels.contains($0) }, labels: labels, name: name)
    }

    /// The table as a dataset whose targets are the columns `labels`.
    func dataset(features chosen: [Int], labels: [Int], id: Int? = nil, name: String) throws -> Dataset {
        let features = try chosen.map {
            TableSchema.Feature(name: names[$0], categories: try categories($0, name))
        }
        let columns = zip(chosen, features).flatMap { numericColumns($0, $1.categories) }
        guard !columns.isEmpty else {
            throw DataError.content(path: name, problem: "no column is left for x", help: nil)
        }
        let isWhole = columns.allSatisfy { if case .integers = $0 { true } else { false } }
        let x = try Self.matrix(columns, rows: rows, isWhole: isWhole)
        let (y, classes) = try targets(labels, name)
        let schema = TableSchema(
            features: features, labels: labels.map { names[$0] }, isWhole: isWhole,
            hasNumbers: y?.dtype.isFloating ?? false, options: written, guesses: guesses(chosen), doubts: doubts(chosen)
        )
        let ids = id.map(texts)
        try Dataset.checkNames(ids, of: name)
        return try Dataset(stored: .memory(.tensor(x)), y: y, classes: classes, table: schema, ids: ids, name: name)
    }

    /// The table as a dataset of the texts of one column.
    fileprivate func dataset(text: Int, labels: [Int], id: Int?, name: String) throws -> Dataset {
        guard !labels.contains(text), id != text else {
            throw DataError.argument(
                function: "read_csv", problem: "the column \"\(names[text])\" cannot be the text and something else",
                help: nil)
        }
        let (y, classes) = try targets(labels, name)
        var schema = TableSchema(
            features: [], labels: labels.map { names[$0] }, isWhole: false, hasNumbers: y?.dtype.isFloating ?? false,
            options: written, guesses: guesses([]), doubts: [])
        schema.text = names[text]
        let ids = id.map(texts)
        try Dataset.checkNames(ids, of: name)
        return try Dataset(
            stored: .memory(.texts(texts(text))), y: y, classes: classes, table: schema, ids: ids, name: name)
    }

    /// The table as a dataset with the columns, categories and classes of another.
    func dataset(like schema: TableSchema, _ other: Dataset, name: String) throws -> Dataset {
        var doubts: [String] = []
        func find(_ column: String) throws -> Int {
            guard let position = names.firstIndex(of: column) else {
                throw DataError.content(
                    path: name, problem: "no column \"\(column)\", which \(other.name) has",
                    help: "the columns are " + names.prefix(20).joined(separator: ", "))
            }
            return position
        }
        let columns = try schema.features.flatMap { feature in
            let position = try find(feature.name)
            if let categories = feature.categories {
                let unknown = Set(texts(position)).subtracting(categories + [""]).sorted()
                if !unknown.isEmpty {
                    doubts.append(
                        "column \"\(feature.name)\" holds \(unknown.prefix(5).joined(separator: ", ")), "
                            + "which \(other.name) lacks: such rows have no category there")
                }
            } else if case .text(let values) = self.columns[position] {
                let row = values.firstIndex { $0 != "" } ?? 0
                throw DataError.line(
                    path: name, line: lines[row],
                    problem:
                        "column \"\(feature.name)\": expected a number as in \(other.name), found \"\(values[row])\"")
            }
            return numericColumns(position, feature.categories)
        }
        let labels = schema.labels.allSatisfy { names.contains($0) } ? try schema.labels.map(find) : []
        if labels.isEmpty, !schema.labels.isEmpty {
            doubts.append("without \(schema.labels.joined(separator: ", ")): the data has no labels")
        }
        var (y, classes) = try targets(labels, name, classes: schema.hasNumbers ? nil : other.classes)
        if schema.hasNumbers, let labels = y, !labels.dtype.isFloating { (y, classes) = (try labels.to(.float32), nil) }
        let stored: DatasetInput =
            if let text = schema.text { .texts(texts(try find(text))) } else {
                .tensor(try Self.matrix(columns, rows: rows, isWhole: schema.isWhole))
            }
        var own = TableSchema(
            features: schema.features, labels: schema.labels, isWhole: schema.isWhole, hasNumbers: schema.hasNumbers,
            options: schema.options, guesses: ["read like \(other.name)"], doubts: doubts)
        own.text = schema.text
        let ids = try schema.options.id.map { texts(try position($0, name)) }
        try Dataset.checkNames(ids, of: name)
        return try Dataset(
            stored: .memory(stored), y: y, classes: classes, target: other.target, table: own, ids: ids, name: name)
    }

    /// The targets of some columns, with the names of the classes.
    private func targets(_ labels: [Int], _ name: String, classes given: [String]? = nil) throws -> (
        Tensor?, [String]?
    ) {
        guard let first = labels.first else { return (nil, nil) }
        if labels.count > 1 {
            let targets = try labels.flatMap { numericColumns($0, try categories($0, name)) }
            return (try Self.matrix(targets, rows: rows, isWhole: false), nil)
        }
        let given = given ?? options.classes
        switch columns[first] {
        case .integers(let values):
            guard let given,
                !values.allSatisfy({ given.indices.contains($0) }) || given.contains(where: { Int($0) != nil })
            else { return (try Tensor(values, shape: [rows]), given) }
            return try named(values.map(String.init), given, first, name)
        case .numbers(let values):
            if let row = values.firstIndex(where: \.isNaN) { throw noLabel(row, first, name) }
            return (try Tensor(values, shape: [rows]).to(.float32), nil)
        case .text(let values):
            if let row = values.firstIndex(of: "") { throw noLabel(row, first, name) }
            return try named(values, given ?? declared[names[first]] ?? Set(values).sorted(), first, name)
        }
    }

    private func named(_ values: [String], _ classes: [String], _ column: Int, _ name: String) throws -> (
        Tensor?, [String]?
    ) {
        let numbers = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let labels = try values.enumerated().map { row, value in
            guard let number = numbers[value] else {
                throw DataError.line(
                    path: name, line: lines[row],
                    problem: "column \"\(names[column])\": the class \"\(value)\" is not among "
                        + classes.prefix(10).joined(separator: ", "))
            }
            return number
        }
        return (try Tensor(labels, shape: [rows]), classes)
    }

    private func noLabel(_ row: Int, _ column: Int, _ path: String) -> DataError {
        .line(path: path, line: lines[row], problem: "no label in column \"\(names[column])\"")
    }

    /// The values of a column as texts.
    private func texts(_ index: Int) -> [String] {
        switch columns[index] {
        case .text(let values): values
        case .integers(let values): values.map(String.init)
        case .numbers(let values): values.map { $0.isNaN ? "" : "\($0)" }
        }
    }

    /// The categories of a text column; nil for numbers.
    private func categories(_ index: Int, _ path: String) throws -> [String]? {
        guard case .text(let values) = columns[index] else { return nil }
        if let declared = declared[names[index]], declared.count <= Self.mostCategories { return declared }
        let categories = Set(values).subtracting([""]).sorted()
        guard categories.count <= Self.mostCategories else {
            throw DataError.content(
                path: path,
                problem:
                    "column \"\(names[index])\" holds \(categories.count) different texts, too many for categories",
                help: "up to \(Self.mostCategories) become one column each; names and free texts are no input: "
                    + "usecols= leaves them out")
        }
        return categories
    }

    /// A column of numbers, or one 0/1 column for each category; a missing text is of no category.
    private func numericColumns(_ index: Int, _ categories: [String]?) -> [Column] {
        guard let categories else { return [columns[index]] }
        let values = texts(index)
        return categories.map { category in .integers(values.map { $0 == category ? 1 : 0 }) }
    }

    // MARK: What is said of it

    /// The options with what was found in them.
    private var written: CSVOptions {
        var written = options
        written.header = hasHeader
        return written
    }

    private func guesses(_ features: [Int]) -> [String] {
        let separators: [Character: String] = [",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"]
        let separator = options.separator.flatMap { separators[$0] } ?? options.separator.map(String.init) ?? ""
        var guesses = [
            form ?? "\(names.count) column\(names.count == 1 ? "" : "s") separated by \(separator), "
                + (hasHeader ? "the first line is the header" : "no header")
        ]
        let texts = features.filter { if case .text = columns[$0] { true } else { false } }
        if !texts.isEmpty {
            guesses.append("columns as categories: " + texts.prefix(10).map { names[$0] }.joined(separator: ", "))
        }
        return guesses
    }

    /// Text columns whose every value looks like a number that is written otherwise.
    private func doubts(_ features: [Int]) -> [String] {
        features.compactMap { index in
            guard case .text(let values) = columns[index], options.types[names[index]] == nil else { return nil }
            let given = values.filter { !$0.isEmpty }
            guard let example = given.first else { return nil }
            func all(_ isWritten: (String) -> Bool) -> Bool { given.allSatisfy(isWritten) }
            func isNumber(_ text: some StringProtocol) -> Bool { Double(text) != nil }
            let column = "column \"\(names[index])\" holds texts such as \"\(example)\", which became categories: "
            if all({ $0.hasSuffix("%") && isNumber($0.dropLast()) }) {
                return column + "percent signs are not read; write the numbers without them"
            }
            if all({ isNumber($0.replacing(",", with: "")) && $0.contains(",") }) {
                let areGroups = all { text in
                    let groups: [Substring] = text.split(separator: Character(","))
                    return groups.dropFirst().allSatisfy { group in group.prefix { $0 != "." }.count == 3 }
                }
                return column + (areGroups ? "decimal=\".\", thousands=\",\"" : "decimal=\",\"")
                    + " reads them as numbers"
            }
            return nil
        }
    }

    private static let mostCategories = 1000

    private static func matrix(_ columns: [Column], rows: Int, isWhole: Bool) throws -> Tensor {
        let width = columns.count
        if isWhole, columns.allSatisfy({ if case .integers = $0 { true } else { false } }) {
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
