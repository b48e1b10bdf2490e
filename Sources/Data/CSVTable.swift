/// The columns of a comma-separated file, parsed: numbers, or text where the first value is no number.
///
/// Fields may be quoted (`"a, b"`, with `""` for a quote and newlines inside). The first line is a header when one of its
/// fields is no number while the field below it is one, or when none of its fields is a number and every one is different.
/// Empty fields, `NA`, `null` and `nan` are missing values.
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
    /// Another separator that the only column of a file of one column holds, as it is written in a string.
    let likelySeparator: String?

    /// Reads the file at `path`.
    ///
    /// - Throws: ``DataError``: the file cannot be read, or a line is malformed.
    public init(path: String, separator: Character = ",") throws {
        try self.init(bytes: FileBytes.read(path), path: path, separator: separator)
    }

    /// Parses `bytes`; `path` is what error messages call the file.
    ///
    /// - Throws: ``DataError/line(path:line:problem:)`` for a ragged row, an unclosed quote, text that is not UTF-8 or a
    ///   field that does not fit its column; ``DataError/content(path:problem:help:)`` for a file without data.
    public init(bytes: [UInt8], path: String, separator: Character = ",") throws {
        guard let separator = separator.asciiValue, separator != Scanner.quote, separator != Scanner.newline else {
            throw DataError.argument(
                function: "read_csv", problem: "the separator must be one ASCII character", help: nil)
        }
        var scanner = Scanner(bytes: bytes, separator: separator, path: path)
        var first: [Scanner.Field] = []
        guard try scanner.nextRow(into: &first) else {
            throw DataError.content(path: path, problem: "the file holds no lines", help: nil)
        }
        let firstLine = scanner.rowLine
        var second: [Scanner.Field] = []
        let resume = scanner
        let hasSecond = try scanner.nextRow(into: &second)
        scanner = resume

        hasHeader = Self.isHeader(first, above: hasSecond ? second : nil, in: scanner)
        if hasHeader {
            names = try first.map { try scanner.text($0, line: firstLine) }
        } else {
            names = first.indices.map(String.init)
            scanner = Scanner(bytes: bytes, separator: separator, path: path)
        }
        var builder = Builder(names: names)
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
        let line = first.count == 1 ? bytes[first[0].start..<first[0].end] : []
        likelySeparator =
            line.contains(UInt8(ascii: ";")) ? "\";\"" : line.contains(UInt8(ascii: "\t")) ? "\"\\t\"" : nil
        rows = builder.rows
        lines = builder.lines
        columns = builder.finish()
    }

    private static func isHeader(_ first: [Scanner.Field], above second: [Scanner.Field]?, in scanner: Scanner) -> Bool
    {
        func isName(_ field: Scanner.Field) -> Bool { !scanner.isMissing(field) && scanner.number(field) == nil }
        guard first.contains(where: isName) else { return false }
        guard let second else { return first.allSatisfy(isName) }
        if first.count == second.count {
            for (above, below) in zip(first, second) where isName(above) && scanner.number(below) != nil { return true }
        }
        let texts = first.compactMap { try? scanner.text($0, line: 1) }
        let hasNumbersBelow = second.contains { scanner.number($0) != nil }
        return first.allSatisfy(isName) && Set(texts).count == texts.count && hasNumbersBelow
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

        init(names: [String]) {
            self.names = names
            kinds = Array(repeating: .undecided, count: names.count)
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
