import Tensors

/// A table in Weka's attribute-relation format: `@attribute` lines that declare the columns, `@data` with the rows.
///
/// Source: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/
enum ARFF {
    /// What a column holds.
    private enum Kind {
        case number, text
        case nominal([String])
    }

    /// The table. Nominal columns keep the order of their values; `?` is missing; sparse rows `{1 5, 3 x}` hold zeros, and of
    /// nominal columns the first value, elsewhere.
    ///
    /// - Throws: ``DataError/line(path:line:problem:)`` for what is none.
    static func table(_ bytes: [UInt8], options: CSVOptions, path: String) throws -> CSVTable {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DataError.content(
                path: path, problem: "is not UTF-8", help: "encoding=\"latin-1\" reads the older one")
        }
        var attributes: [(name: String, kind: Kind)] = []
        var rows: [[TableCell]] = []
        var lines: [Int] = []
        var isData = false
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = raw.trimmed
            guard !line.isEmpty, line.first != "%" else { continue }
            func failure(_ problem: String) -> DataError { .line(path: path, line: index + 1, problem: problem) }
            if isData {
                rows.append(try row(line, attributes, failure))
                lines.append(index + 1)
                continue
            }
            let word = line.prefix { !$0.isWhitespace }.lowercased()
            let rest = line.dropFirst(word.count).trimmed
            switch word {
            case "@relation": continue
            case "@data":
                guard !attributes.isEmpty else { throw failure("declares no @attribute before @data") }
                isData = true
            case "@attribute": attributes.append(try attribute(rest, failure))
            default: throw failure("expected @relation, @attribute or @data, found \"\(line.prefix(20))\"")
            }
        }
        guard !attributes.isEmpty else {
            throw DataError.content(path: path, problem: "declares no @attribute", help: nil)
        }
        let names = attributes.map(\.name)
        guard Set(names).count == names.count else {
            throw DataError.content(path: path, problem: "two attributes have one name", help: nil)
        }
        var declared: [String: [String]] = [:]
        for case (let name, .nominal(let values)) in attributes { declared[name] = values }
        return try CSVTable(
            names: names, rows: rows, lines: lines, declared: declared, options: options, path: path,
            form: "an .arff file with \(names.count) attributes")
    }

    private static func attribute(
        _ text: Substring, _ failure: @escaping (String) -> DataError
    ) throws -> (name: String, kind: Kind) {
        var scanner = FieldScanner(text, failure)
        let name = try scanner.word()
        let type = scanner.rest.trimmed
        if type.first == "{" {
            guard type.last == "}" else { throw failure("attribute \"\(name)\": the values { … } have no end") }
            let values = try FieldScanner(type.dropFirst().dropLast(), failure).fields().map(\.text)
            guard Set(values).count == values.count else {
                throw failure("attribute \"\(name)\" declares a value twice")
            }
            return (name, .nominal(values))
        }
        switch type.prefix(while: { !$0.isWhitespace }).lowercased() {
        case "numeric", "real", "integer": return (name, .number)
        case "string", "date": return (name, .text)
        case let other: throw failure("attribute \"\(name)\": the type \"\(other)\" is not read")
        }
    }

    private static func row(
        _ line: Substring, _ attributes: [(name: String, kind: Kind)], _ failure: @escaping (String) -> DataError
    ) throws -> [TableCell] {
        if line.first == "{" { return try sparse(line, attributes, failure) }
        let fields = try FieldScanner(line, failure).fields()
        guard fields.count == attributes.count else {
            throw failure("expected \(attributes.count) values, found \(fields.count)")
        }
        return try zip(fields, attributes).map { try cell($0, $1, failure) }
    }

    private static func sparse(
        _ line: Substring, _ attributes: [(name: String, kind: Kind)], _ failure: @escaping (String) -> DataError
    ) throws -> [TableCell] {
        guard line.last == "}" else { throw failure("the sparse row { … } has no end") }
        var row: [TableCell] = attributes.map { attribute in
            switch attribute.kind {
            case .number: .number(0)
            case .nominal(let values): values.first.map(TableCell.text) ?? .missing
            case .text: .missing
            }
        }
        let inside = line.dropFirst().dropLast().trimmed
        guard !inside.isEmpty else { return row }
        var scanner = FieldScanner(inside, failure)
        var seen: Set<Int> = []
        repeat {
            let word = try scanner.word()
            guard let index = Int(word), attributes.indices.contains(index) else {
                throw failure("a sparse row holds the number of an attribute and its value, found \"\(word)\"")
            }
            guard seen.insert(index).inserted else { throw failure("the sparse row has attribute \(index) twice") }
            let value = try scanner.field()
            guard value.isQuoted || !value.text.isEmpty else { throw failure("attribute \(index) has no value") }
            row[index] = try cell(value, attributes[index], failure)
        } while scanner.next()
        return row
    }

    private static func cell(
        _ field: FieldScanner.Field, _ attribute: (name: String, kind: Kind), _ failure: (String) -> DataError
    ) throws -> TableCell {
        if field.text == "?", !field.isQuoted { return .missing }
        switch attribute.kind {
        case .text: return .text(field.text)
        case .number:
            guard let number = Double(field.text) else {
                throw failure("attribute \"\(attribute.name)\": expected a number, found \"\(field.text)\"")
            }
            return .number(number)
        case .nominal(let values):
            guard values.contains(field.text) else {
                throw failure(
                    "attribute \"\(attribute.name)\": \"\(field.text)\" is not among \(values.prefix(10).joined(separator: ", "))"
                )
            }
            return .text(field.text)
        }
    }
}

/// Values between commas, which quotes of either kind may surround.
private struct FieldScanner {
    struct Field {
        let text: String
        let isQuoted: Bool
    }

    private(set) var rest: Substring
    private let failure: (String) -> DataError

    init(_ text: Substring, _ failure: @escaping (String) -> DataError) {
        rest = text
        self.failure = failure
    }

    /// The next word, up to a blank.
    mutating func word() throws -> String {
        rest = rest.trimmed
        guard let quote = rest.first else { throw failure("expected a name, found the end of the line") }
        if quote == "'" || quote == "\"" { return try quoted(quote) }
        let word = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(word.count)
        return String(word)
    }

    /// All values.
    func fields() throws -> [Field] {
        var scanner = self
        var fields: [Field] = []
        repeat { fields.append(try scanner.field()) } while scanner.next()
        return fields
    }

    /// The next value, up to a comma or the end.
    mutating func field() throws -> Field {
        rest = rest.trimmed
        let field: Field
        if let quote = rest.first, quote == "'" || quote == "\"" {
            field = Field(text: try quoted(quote), isQuoted: true)
            rest = rest.trimmed
        } else {
            let value = rest.prefix { $0 != "," }
            rest = rest.dropFirst(value.count)
            field = Field(text: String(value.trimmed), isQuoted: false)
        }
        guard rest.isEmpty || rest.first == "," else { throw failure("expected a comma behind \"\(field.text)\"") }
        return field
    }

    /// Passes over a comma; false at the end.
    mutating func next() -> Bool {
        guard !rest.isEmpty else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func quoted(_ quote: Character) throws -> String {
        rest = rest.dropFirst()
        var text = ""
        while let character = rest.first {
            rest = rest.dropFirst()
            if character == quote { return text }
            if character == "\\", let escaped = rest.first {
                text.append(escaped)
                rest = rest.dropFirst()
            } else {
                text.append(character)
            }
        }
        throw failure("a quote has no end")
    }
}

extension Substring {
    /// Without blanks at either end.
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return text
    }
}
