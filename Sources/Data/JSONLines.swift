import OrderedCollections
import Tensors

/// A table of one JSON object a line: `.jsonl`, `.ndjson`.
enum JSONLines {
    /// The table. Objects in objects have columns such as `user.age`, lists of numbers columns such as `embedding.0`.
    ///
    /// - Throws: ``DataError/line(path:line:problem:)`` for a line that is no object.
    static func table(_ bytes: [UInt8], options: CSVOptions, path: String) throws -> CSVTable {
        var names: OrderedSet<String> = []
        var rows: [[String: TableCell]] = []
        var lines: [Int] = []
        let missing = options.missing.map { Set($0) }
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { !($0 == 0x20 || $0 == 0x09 || $0 == 0x0D) }) else { continue }
            let json: JSON
            do {
                json = try JSON(parsing: Array(line))
            } catch let error as JSON.SyntaxError {
                throw DataError.line(
                    path: path, line: index + 1,
                    problem: "no JSON: \(error.problem), at byte \(error.offset) of the line")
            }
            guard case .object(let members) = json else {
                throw DataError.line(path: path, line: index + 1, problem: "expected an object { … }, one a line")
            }
            var row: [String: TableCell] = [:]
            for (key, value) in members { try add(value, key, &row, &names, missing, path, index + 1) }
            rows.append(row)
            lines.append(index + 1)
        }
        return try CSVTable(
            names: Array(names), rows: rows.map { row in names.map { row[$0] ?? .missing } }, lines: lines,
            options: options, path: path, form: "one JSON object a line")
    }

    private static func add(
        _ value: JSON, _ key: String, _ row: inout [String: TableCell], _ names: inout OrderedSet<String>,
        _ missing: Set<String>?, _ path: String, _ line: Int, depth: Int = 0
    ) throws {
        guard depth < 20 else {
            throw DataError.line(path: path, line: line, problem: "objects are nested without end")
        }
        if case .object(let members) = value {
            for (inner, value) in members {
                try add(value, "\(key).\(inner)", &row, &names, missing, path, line, depth: depth + 1)
            }
            return
        }
        if let elements = value.array {
            for (index, element) in elements.enumerated() {
                try add(element, "\(key).\(index)", &row, &names, missing, path, line, depth: depth + 1)
            }
            return
        }
        names.append(key)
        guard row[key] == nil else { throw DataError.line(path: path, line: line, problem: "\"\(key)\" stands twice") }
        if case .bool(let truth) = value {
            row[key] = .number(truth ? 1 : 0)
        } else if let text = value.string {
            row[key] = missing?.contains(text) ?? false ? .missing : .text(text)
        } else if let whole = value.integer {
            row[key] = .whole(whole)
        } else if let number = value.double {
            row[key] = .number(number)
        } else {
            row[key] = .missing
        }
    }
}
