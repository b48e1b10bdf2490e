import Tensors

/// How a file of a table is written, by its ending.
enum TableForm {
    case jsonLines, arff, separated

    init(_ path: String) {
        switch path.split(separator: ".").last?.lowercased() {
        case "jsonl", "ndjson": self = .jsonLines
        case "arff": self = .arff
        default: self = .separated
        }
    }
}

/// A value of a table that is written in another form than text between separators.
enum TableCell: Equatable {
    case missing
    case number(Double)
    /// A number without a fraction, of which a text keeps every digit.
    case whole(Int)
    case text(String)
}

extension CSVTable {
    /// A table of named cells, as `.jsonl` and `.arff` files have them.
    ///
    /// A column is of numbers or of texts; which, its first value says, or `types` of the options.
    ///
    /// - Parameters:
    ///   - declared: the categories of columns that the file itself declares, in its order.
    /// - Throws: ``DataError/line(path:line:problem:)`` for a value of another kind than those above it,
    ///   ``DataError/content(path:problem:help:)`` without rows.
    init(
        names: [String], rows cells: [[TableCell]], lines: [Int], declared: [String: [String]] = [:],
        options: CSVOptions, path: String, form: String
    ) throws {
        guard !cells.isEmpty else { throw DataError.content(path: path, problem: "the file holds no rows", help: nil) }
        for name in options.types.keys where !names.contains(name) {
            throw DataError.content(
                path: path, problem: "types: no column \"\(name)\"", help: "there are " + names.joined(separator: ", "))
        }
        let types = options.types(among: names)
        var columns: [Column] = []
        for (index, name) in names.enumerated() {
            let values = cells.map { $0[index] }
            let first = values.first { $0 != .missing }
            var isText = if case .text? = first { true } else { false }
            if let type = types[name] { isText = type == .string }
            if isText {
                columns.append(
                    .text(
                        values.map { cell in
                            switch cell {
                            case .missing: ""
                            case .text(let text): text
                            case .number(let number): Self.text(number)
                            case .whole(let number): String(number)
                            }
                        }))
                continue
            }
            var numbers: [Double] = []
            numbers.reserveCapacity(values.count)
            for (row, cell) in values.enumerated() {
                switch cell {
                case .missing: numbers.append(.nan)
                case .number(let number): numbers.append(number)
                case .whole(let number): numbers.append(Double(number))
                case .text(let text):
                    guard types[name] == .number, let number = Double(text) else {
                        throw DataError.line(
                            path: path, line: lines[row],
                            problem: "column \"\(name)\": expected a number as above, found \"\(text)\"")
                    }
                    numbers.append(number)
                }
            }
            let isWhole = numbers.allSatisfy { $0.magnitude <= 9_007_199_254_740_992 && $0.rounded(.towardZero) == $0 }
            columns.append(isWhole ? .integers(numbers.map { Int($0) }) : .numbers(numbers))
        }
        self.init(
            names: names, columns: columns, lines: lines, declared: declared, form: form, options: options)
    }

    private static func text(_ number: Double) -> String { Int(exactly: number).map { String($0) } ?? "\(number)" }
}
