/// How a table is written; what is not said is guessed from its first lines.
public struct CSVOptions: Sendable, Equatable {
    /// What a column is read as.
    public enum ColumnType: String, Sendable, CaseIterable {
        /// Text: categories as an input, classes as a label.
        case string
        /// Numbers; anything else in the column is an error.
        case number
    }

    /// Whether the first line holds the names of the columns; nil is guessed.
    public var header: Bool?
    /// The names of the columns, instead of those of the file.
    public var names: [String]?
    /// What stands between the fields; nil is guessed among comma, semicolon, tab and bar.
    public var separator: Character?
    /// What stands before the fraction of a number.
    public var decimal: Character = "."
    /// What groups the digits of a number.
    public var thousands: Character?
    /// The texts of missing values; nil is ``usualMissing``, in any case of letters.
    public var missing: [String]?
    /// What columns are read as, by name; nil decides by the first value.
    public var types: [String: ColumnType] = [:]
    /// Whether the bytes are ISO 8859-1 instead of UTF-8.
    public var isLatin1 = false
    /// The columns that are read; nil is all.
    public var columns: [CSVLabel]?
    /// The column that names the rows; it is no input.
    public var id: CSVLabel?
    /// The column of texts that x is, instead of all columns that are no labels.
    public var text: CSVLabel?
    /// How many lines at the beginning are passed over.
    public var skip = 0
    /// What a line that says nothing begins with.
    public var comment: Character?
    /// The names of the classes, in order; nil is those that occur, sorted.
    public var classes: [String]?

    /// Everything guessed.
    public init() {}

    /// The texts of missing values unless others are given.
    public static let usualMissing = ["", "NA", "N/A", "nan", "null"]

    /// Makes sure that the options go together.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)``.
    func check() throws {
        func require(_ condition: Bool, _ problem: String, _ help: String? = nil) throws {
            guard condition else { throw DataError.argument(function: "read_csv", problem: problem, help: help) }
        }
        for (name, character) in [
            ("separator", separator), ("decimal", decimal), ("thousands", thousands), ("comment", comment),
        ] {
            guard let character else { continue }
            try require(
                character.asciiValue.map { $0 != 0x22 && $0 != 0x0A } ?? false,
                "the \(name) must be one ASCII character, given \"\(character)\"")
        }
        try require(decimal != separator, "decimal and separator are both \"\(decimal)\"")
        try require(
            decimal != thousands, "decimal and thousands are both \"\(decimal)\"", "decimal=\",\", thousands=\".\"")
        try require(skip >= 0, "skip must not be negative, given \(skip)")
    }

    /// What columns are read as: as was asked for, and the names of rows and texts as text, since 007 is not 7.
    func types(among names: [String]) -> [String: ColumnType] {
        var types = types
        for label in [id, text].compactMap({ $0 }) {
            switch label {
            case .name(let name) where names.contains(name): types[name] = .string
            case .index(let index):
                let column = index < 0 ? index + names.count : index
                if names.indices.contains(column) { types[names[column]] = .string }
            default: break
            }
        }
        return types
    }

    /// Refuses what has no meaning for the form of a file.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` that names it.
    func checkUse(for path: String) throws {
        let form = TableForm(path)
        guard form != .separated else { return }
        let plain = CSVOptions()
        let unused = [
            ("header", header != nil), ("names", names != nil), ("separator", separator != nil),
            ("decimal", decimal != plain.decimal), ("thousands", thousands != nil),
            ("skip", skip != 0 && form == .jsonLines), ("comment", comment != nil && form == .jsonLines),
            ("encoding", isLatin1 && form == .jsonLines),
        ].filter(\.1)
        guard let first = unused.first else { return }
        throw DataError.argument(
            function: "read_csv", problem: "\(first.0)= is for text between separators, and \(path) is none", help: nil)
    }

    /// The bytes as UTF-8 without the lines that say nothing, which stay as empty lines so that lines keep their numbers.
    func prepared(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if isLatin1 {
            bytes = bytes.flatMap { $0 < 0x80 ? [$0] : [0xC0 | $0 >> 6, 0x80 | $0 & 0x3F] }
        }
        guard skip > 0 || comment != nil else { return bytes }
        let mark = comment?.asciiValue
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var line = 0
        var isQuiet = false
        var isStart = true
        for byte in bytes {
            if isStart { isQuiet = line < skip || byte == mark }
            isStart = byte == 0x0A
            if isStart { line += 1 }
            if !isQuiet || isStart { kept.append(byte) }
        }
        return kept
    }

    /// The separator of the file: the one that every one of the first lines holds equally often, and most of.
    func foundSeparator(_ bytes: [UInt8]) -> Character {
        if let separator { return separator }
        let lines = Self.firstLines(bytes)
        var best: (character: Character, count: Int) = (",", 0)
        for candidate: Character in [",", ";", "\t", "|"] where candidate != decimal {
            let counts = lines.map { line in
                var isQuoted = false
                return line.reduce(0) { count, byte in
                    if byte == 0x22 { isQuoted.toggle() }
                    return count + (!isQuoted && byte == candidate.asciiValue ? 1 : 0)
                }
            }
            guard let first = counts.first, first > best.count, counts.allSatisfy({ $0 == first }) else { continue }
            best = (candidate, first)
        }
        return best.character
    }

    private static func firstLines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var isQuoted = false
        for index in bytes.indices where lines.count < 5 {
            if bytes[index] == 0x22 { isQuoted.toggle() }
            guard bytes[index] == 0x0A, !isQuoted else { continue }
            if bytes[start..<index].contains(where: { $0 > 0x20 }) { lines.append(bytes[start..<index]) }
            start = index + 1
        }
        if lines.count < 5, bytes[start...].contains(where: { $0 > 0x20 }) { lines.append(bytes[start...]) }
        return lines
    }
}

/// What a table's columns became: what another table needs to be read alike.
public struct TableSchema: Sendable, Equatable {
    /// A column of the input.
    public struct Feature: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// The categories, one 0/1 column each; nil for numbers.
        public let categories: [String]?
    }

    /// The columns of the input, in order.
    public let features: [Feature]
    /// The column of texts that x is, if it is one.
    public var text: String?
    /// The columns of the labels, in order.
    public let labels: [String]
    /// Whether x holds whole numbers.
    public let isWhole: Bool
    /// Whether there is one label, and it is a number with a fraction.
    public let hasNumbers: Bool
    /// How the table is written, with what was found.
    public let options: CSVOptions
    /// What was guessed, a line each.
    public let guesses: [String]
    /// What looks like a mistake, a line each.
    public let doubts: [String]
}
