/// The columns of a comma-separated file, parsed: numbers, or text where the first value is no number.
///
/// Fields may be quoted (`"a, b"`, with `""` for a quote and newlines inside). Unless it is said, the first line is a header
/// when all of its fields are texts and different ones, or when one is a text and the first value below it is a number.
/// Empty fields, `NA`, `N/A`, `null` and `nan` are missing values.
public struct CSVTable: Sendable {
    /// One column.
    public enum Column: Sendable, Equatable {
        /// All values are whole numbers (up to 2⁵³).
        case integers([Int])
        /// Numbers; a missing value is NaN.
        case numbers([Double])
        /// Text; a missing value is the empty string.
        case text([String])
    }

    /// The column names: those of the header, else `"0"`, `"1"`, ….
    public let names: [String]
    /// The columns, in file order.
    public let columns: [Column]
    /// How many data rows there are.
    public let rows: Int
    /// The line of the file on which each data row begins, from 1.
    public let lines: [Int]
    /// Whether the first line was taken as a header.
    public let hasHeader: Bool
    /// How the table is written, with what was found.
    public let options: CSVOptions
    /// The categories of columns that the file itself declares.
    let declared: [String: [String]]
    /// What kind of file it is where that is no text between separators.
    let form: String?

    /// Reads the file at `path`.
    ///
    /// - Throws: ``DataError``: the file cannot be read, or a line is malformed.
    public init(path: String, options: CSVOptions = CSVOptions()) throws {
        try self.init(bytes: FileBytes.read(path), path: path, options: options)
    }

    /// Parses `bytes`; `path` is what error messages call the file.
    ///
    /// - Throws: ``DataError/line(path:line:problem:)`` for a ragged row, an unclosed quote, text that is not UTF-8 or a
    ///   field that does not fit its column; ``DataError/content(path:problem:help:)`` for a file without data.
    public init(bytes: [UInt8], path: String, options: CSVOptions = CSVOptions()) throws {
        try options.check()
        let bytes = options.prepared(bytes)
        var options = options
        options.separator = options.foundSeparator(bytes)
        let start = Scanner(bytes: bytes, options: options, path: path)
        var scanner = start
        var first: [Scanner.Field] = []
        guard try scanner.nextRow(into: &first) else {
            throw DataError.content(path: path, problem: "the file holds no lines", help: nil)
        }
        let firstLine = scanner.rowLine
        hasHeader = try options.header ?? Self.isHeader(first, above: scanner)
        let found = hasHeader ? try first.map { try scanner.text($0, line: firstLine) } : first.indices.map(String.init)
        names = options.names ?? found
        guard names.count == found.count else {
            throw DataError.content(
                path: path, problem: "\(names.count) names for \(found.count) columns",
                help: found.count == 1 ? "separator= says what stands between the fields" : nil)
        }
        for name in options.types.keys where !names.contains(name) {
            throw DataError.content(
                path: path, problem: "types: no column \"\(name)\"", help: "there are " + names.joined(separator: ", "))
        }
        if !hasHeader { scanner = start }
        var builder = Builder(names: names, types: options.types(among: names))
        var row: [Scanner.Field] = []
        while try scanner.nextRow(into: &row) {
            guard row.count == names.count else {
                throw DataError.line(
                    path: path, line: scanner.rowLine,
                    problem: "expected \(names.count) fields as in line \(firstLine), found \(row.count)")
            }
            try builder.append(row, from: scanner)
        }
        guard builder.rows > 0 else {
            throw DataError.content(path: path, problem: "the file holds a header and no rows", help: nil)
        }
        self.options = options
        (declared, form) = ([:], nil)
        rows = builder.rows
        lines = builder.lines
        columns = builder.finish()
    }

    init(
        names: [String], columns: [Column], lines: [Int], declared: [String: [String]], form: String,
        options: CSVOptions
    ) {
        self.names = names
        self.columns = columns
        self.lines = lines
        self.declared = declared
        self.form = form
        self.options = options
        rows = lines.count
        hasHeader = true
    }

    /// Reads the file at `path`: `.jsonl`, `.ndjson` and `.arff` as such, anything else as text between separators.
    ///
    /// - Throws: as ``init(bytes:path:options:)``.
    static func reading(_ path: String, options: CSVOptions) throws -> CSVTable {
        switch TableForm(path) {
        case .jsonLines: try JSONLines.table(FileBytes.read(path), options: options, path: path)
        case .arff: try ARFF.table(options.prepared(FileBytes.read(path)), options: options, path: path)
        case .separated: try CSVTable(path: path, options: options)
        }
    }

    /// Whether a first line holds names: texts that all differ, or a text above a number.
    private static func isHeader(_ first: [Scanner.Field], above rest: Scanner) throws -> Bool {
        var rest = rest
        func isName(_ field: Scanner.Field) -> Bool { !rest.isMissing(field) && rest.number(field) == nil }
        let isText = first.map(isName)
        guard isText.contains(true) else { return false }
        let texts = try first.map { try rest.text($0, line: 1) }
        if !isText.contains(false) { return Set(texts).count == texts.count }
        // Names beside empty fields or numbers: the first values below decide, column by column.
        var undecided = Set(first.indices.filter { isText[$0] })
        var row: [Scanner.Field] = []
        var seen = 0
        while seen < 100, !undecided.isEmpty, try rest.nextRow(into: &row) {
            seen += 1
            for column in undecided where column < row.count && !rest.isMissing(row[column]) {
                if rest.number(row[column]) != nil { return true }
                undecided.remove(column)
            }
        }
        return false
    }
}

extension CSVTable {
    /// Collects rows into columns; a column is decided by its first value that is not missing.
    private struct Builder {
        enum Kind {
            case undecided, numbers, text
        }

        let names: [String]
        private var kinds: [Kind]
        /// Of each column: what it holds if it holds numbers, so far whole ones only or not.
        private var numbers: [[Double]]
        private var isWhole: [Bool]
        private var texts: [[String]]
        private(set) var lines: [Int] = []
        var rows: Int { lines.count }

        init(names: [String], types: [String: CSVOptions.ColumnType]) {
            self.names = names
            kinds = names.map { name in types[name].map { $0 == .string ? .text : .numbers } ?? .undecided }
            numbers = Array(repeating: [], count: names.count)
            isWhole = Array(repeating: true, count: names.count)
            texts = Array(repeating: [], count: names.count)
        }

        mutating func append(_ row: [Scanner.Field], from scanner: Scanner) throws {
            for column in row.indices { try append(row[column], to: column, from: scanner) }
            lines.append(scanner.rowLine)
        }

        private mutating func append(_ field: Scanner.Field, to column: Int, from scanner: Scanner) throws {
            let missing = scanner.isMissing(field)
            if kinds[column] == .undecided, !missing { decide(column, by: field, scanner) }
            switch kinds[column] {
            case .undecided: break
            case .numbers where missing:
                numbers[column].append(.nan)
                isWhole[column] = false
            case .numbers:
                guard let value = scanner.number(field) else {
                    let text = try scanner.text(field, line: scanner.rowLine)
                    throw DataError.line(
                        path: scanner.path, line: scanner.rowLine,
                        problem: "column \"\(names[column])\": expected a number as above, found \"\(text)\"")
                }
                numbers[column].append(value)
                if !Self.isWhole(value) { isWhole[column] = false }
            case .text:
                texts[column].append(missing ? "" : try scanner.text(field, line: scanner.rowLine))
            }
        }

        /// The kind of a column by its first value; in the rows above it was missing.
        private mutating func decide(_ column: Int, by field: Scanner.Field, _ scanner: Scanner) {
            if scanner.number(field) != nil {
                kinds[column] = .numbers
                numbers[column] = Array(repeating: .nan, count: rows)
                isWhole[column] = rows == 0
            } else {
                kinds[column] = .text
                texts[column] = Array(repeating: "", count: rows)
            }
        }

        private static func isWhole(_ value: Double) -> Bool {
            value.magnitude <= 9_007_199_254_740_992 && value.rounded(.towardZero) == value
        }

        func finish() -> [Column] {
            names.indices.map { column in
                switch kinds[column] {
                case .undecided: .numbers(Array(repeating: .nan, count: rows))
                case .numbers where isWhole[column]: .integers(numbers[column].map { Int($0) })
                case .numbers: .numbers(numbers[column])
                case .text: .text(texts[column])
                }
            }
        }
    }
}
