import Data
import OrderedCollections
import Tensors

/// What language models say about the tokens of texts, as servers and other frameworks write it, one text a row.
///
/// - `[null, [{"token": "token_id:12", "logprob": -0.1}, …], …]`: vLLM's log-probabilities of a prompt. The first token is
///   predicted by nothing; what is said of token i stands at position i − 1, as in a network's outputs.
/// - `[{"12": 0.9, "7": 0.05}, …]`: probabilities by token, position by position (EasyDistill).
/// - `{"items": [{full_ids, prompt_len, indices [s, k], values [s, k]}, …]}` of a `.pt` file: s tokens behind a prompt of
///   prompt_len tokens; what is said of the first stands at position prompt_len − 1.
///
/// A row of JSON may stand alone or in an object beside an `id`. Texts are of unlike length and rows of unlike width:
/// `mask` has 1 for each position of which something is said, an index of −1 is none.
public struct TokenPredictions {
    /// What is said of one position: tokens and values; nil where nothing is.
    typealias Position = [(token: Int, value: Double)]?

    private var rows: [[Position]] = []
    private var ids: [String] = []
    private var kind: StoredPredictions.Kind?
    private let path: String

    /// Reads a `.json` or `.jsonl` file.
    ///
    /// - Throws: ``Data/DataError/line(path:line:problem:)`` for what has none of the forms, and what reading throws.
    public init(json bytes: [UInt8], path: String) throws {
        self.path = path
        if !path.lowercased().hasSuffix(".json") {
            for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                guard line.contains(where: { !($0 == 0x20 || $0 == 0x09 || $0 == 0x0D) }) else { continue }
                try add(Self.parsed(Array(line), path, index + 1), line: index + 1)
            }
        } else {
            let json = try Self.parsed(bytes, path, 1)
            guard case .array(let all) = json else { throw Self.failure(path, 1, "expected a list of texts") }
            // One text alone is a list of positions.
            if Self.isText(json) { try add(json, line: 1) } else { for row in all { try add(row, line: 1) } }
        }
        guard !rows.isEmpty else { throw Self.failure(path, 1, "holds no texts") }
    }

    /// The items of a `.pt` file: each with the number of its tokens, that of its prompt, indices and values [s, k].
    ///
    /// - Throws: ``Data/DataError/content(path:problem:help:)`` for items that do not fit together.
    public init(items: [(count: Int, prompt: Int, indices: Tensor, values: Tensor)], path: String) throws {
        self.path = path
        for (number, item) in items.enumerated() {
            let (s, k) = (item.indices.shape.first ?? 0, item.indices.shape.last ?? 0)
            guard item.indices.rank == 2, item.indices.shape == item.values.shape, !item.indices.dtype.isFloating,
                item.prompt >= 1, item.count <= 1 << 24, s <= item.count - item.prompt
            else {
                throw DataError.content(
                    path: path,
                    problem: "item \(number): indices \(item.indices.shape) and values \(item.values.shape) for "
                        + "\(item.count) tokens of which \(item.prompt) are the prompt", help: nil)
            }
            let (tokens, values) = (try item.indices.integers(), try item.values.doubles())
            var row = [Position](repeating: nil, count: item.count)
            for position in 0..<s {
                row[item.prompt - 1 + position] = (position * k..<position * k + k).map { (tokens[$0], values[$0]) }
            }
            rows.append(row)
        }
        guard !rows.isEmpty else { throw DataError.content(path: path, problem: "holds no items", help: nil) }
    }

    /// Indices, values and mask, [N, L, k] and [N, L].
    ///
    /// - Throws: a limit error when memory is short.
    public func parts() throws -> PredictionParts {
        let length = rows.map(\.count).max() ?? 0
        let width = max(1, rows.lazy.flatMap { $0 }.map { $0?.count ?? 0 }.max() ?? 1)
        let size = Double(rows.count) * Double(length) * Double(width)
        guard size < 1e9 else {
            throw DataError.content(
                path: path,
                problem: "\(rows.count) texts of up to \(length) tokens with up to \(width) classes each: "
                    + "more than a billion numbers", help: "write fewer classes a token, or several files")
        }
        var indices = [Int](repeating: -1, count: rows.count * length * width)
        var values = [Float](repeating: kind == .probabilities ? 0 : -.infinity, count: indices.count)
        var mask = [Int](repeating: 0, count: rows.count * length)
        for (number, row) in rows.enumerated() {
            for (place, position) in row.enumerated() {
                guard let position, !position.isEmpty else { continue }
                let start = number * length + place
                mask[start] = 1
                for (index, entry) in position.enumerated() {
                    indices[start * width + index] = entry.token
                    values[start * width + index] = Float(entry.value)
                }
            }
        }
        var parts = PredictionParts([
            "indices": try Tensor(indices).reshape([rows.count, length, width]),
            "values": try Tensor(values).reshape([rows.count, length, width]),
            "mask": try Tensor(mask).reshape([rows.count, length]),
        ])
        if let kind { parts.metadata["kind"] = kind.rawValue }
        if !ids.isEmpty { parts.ids = ids }
        return parts
    }

    // MARK: JSON

    private static func parsed(_ bytes: [UInt8], _ path: String, _ line: Int) throws -> JSON {
        do {
            return try JSON(parsing: bytes)
        } catch let error as JSON.SyntaxError {
            throw failure(path, line, "no JSON: \(error.problem), at byte \(error.offset)")
        }
    }

    private static func failure(_ path: String, _ line: Int, _ problem: String) -> DataError {
        .line(path: path, line: line, problem: problem)
    }

    /// Whether this is a list of positions.
    private static func isText(_ json: JSON) -> Bool {
        guard case .array(let positions) = json, let first = positions.first(where: { $0 != .null }) else {
            return false
        }
        switch first {
        case .object(let members): return members.allSatisfy { Int($0.key) != nil }
        case .array(let entries): return entries.first?["logprob"] != nil
        default: return false
        }
    }

    private mutating func add(_ json: JSON, line: Int) throws {
        var text = json
        if case .object(let members) = json {
            let texts = members.filter { Self.isText($0.value) }
            guard texts.count == 1 else {
                throw Self.failure(
                    path, line,
                    "\(texts.count) of the members \(members.map(\.key).joined(separator: ", ")) are lists of what is said of tokens"
                )
            }
            text = texts[0].value
            if let id = json["id"] ?? json["row_id"] { ids.append(id.string ?? id.text) }
        }
        // The texts before had none, or this one has none.
        guard ids.isEmpty || ids.count == rows.count + 1 else {
            throw Self.failure(path, line, "some texts have an id, others not")
        }
        guard Self.isText(text), case .array(let positions) = text else {
            throw Self.failure(
                path, line,
                "expected what is said of each token: {\"12\": 0.9, …}, or [{\"token\": \"token_id:12\", \"logprob\": -0.1}, …]"
            )
        }
        var row: [Position] = []
        for (place, position) in positions.enumerated() { row.append(try self.position(position, line, place)) }
        // Nothing predicts the first token.
        if positions.first == .null { row = Array(row.dropFirst()) + [nil] }
        rows.append(row)
    }

    private mutating func position(_ json: JSON, _ line: Int, _ place: Int) throws -> Position {
        func fail(_ problem: String) -> DataError { Self.failure(path, line, "position \(place): \(problem)") }
        let found: (kind: StoredPredictions.Kind, entries: [(token: Int, value: Double)])
        switch json {
        case .null: return nil
        case .object(let members):
            found = (
                .probabilities,
                try members.map { key, value in
                    guard let token = Int(key), let probability = value.double else {
                        throw fail(
                            "expected the number of a token and its probability, found \"\(key)\": \(value.text)")
                    }
                    return (token, probability)
                }
            )
        case .array(let entries):
            found = (
                .logProbabilities,
                try entries.map { entry in
                    guard let name = entry["token"], let value = entry["logprob"]?.double,
                        let token = name.integer
                            ?? name.string.flatMap({ Int($0.hasPrefix("token_id:") ? String($0.dropFirst(9)) : $0) })
                    else {
                        throw fail(
                            "expected {\"token\": \"token_id:12\", \"logprob\": -0.1}, found \(entry.text.prefix(80))")
                    }
                    return (token, value)
                }
            )
        default: throw fail("expected an object or a list, found \(json.text.prefix(80))")
        }
        guard kind == nil || kind == found.kind else {
            throw fail("\(found.kind.rawValue) beside \(kind?.rawValue ?? "")")
        }
        if let negative = found.entries.first(where: { $0.token < 0 }) { throw fail("token \(negative.token)") }
        kind = found.kind
        return found.entries
    }
}
