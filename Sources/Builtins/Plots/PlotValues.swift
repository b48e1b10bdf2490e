import Drawing
import Runtime
import Tensors

/// A list of numbers: a list, a range, or a tensor of any shape, flattened.
struct Numbers: ValueDecodable {
    let values: [Double]
    /// The shape of the tensor they come from; none for lists.
    var shape: [Int]?

    static var languageType: LanguageType { .union([.list(.number), .range, .tensor]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> Numbers? {
        if case .tensor(let tensor) = value {
            return (try? tensor.doubles()).map { Numbers(values: $0, shape: tensor.shape.array) }
        }
        if let numbers = [Double].decode(value, in: interpreter) { return Numbers(values: numbers) }
        return [Bool].decode(value, in: interpreter).map { Numbers(values: $0.map { $0 ? 1 : 0 }) }
    }

    /// Whether they come from a tensor with rows and columns.
    var isMatrix: Bool { shape?.count == 2 }
}

/// Rows of numbers: a list of lists, or a tensor [rows, columns]; a flat list is one row.
struct Matrix: ValueDecodable {
    let rows: [[Double]]

    static var languageType: LanguageType { .union([.list(.list(.number)), .tensor]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> Matrix? {
        if let numbers = Numbers.decode(value, in: interpreter) {
            guard let shape = numbers.shape, shape.count != 1 else { return Matrix(rows: [numbers.values]) }
            guard shape.count == 2 else { return nil }
            let width = shape[1]
            return Matrix(rows: (0..<shape[0]).map { Array(numbers.values[$0 * width..<($0 + 1) * width]) })
        }
        return [Numbers].decode(value, in: interpreter).map { Matrix(rows: $0.map(\.values)) }
    }
}

/// A dict of numbers, in order.
struct OrderedNumbers: ValueDecodable {
    let entries: [(name: String, value: Double)]

    static var languageType: LanguageType { .dict }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OrderedNumbers? {
        guard case .dict(let dict) = value else { return nil }
        var entries: [(name: String, value: Double)] = []
        for (key, entry) in dict.entries {
            guard let number = entry.number else { return nil }
            entries.append((Display.text(key.value, in: interpreter), number))
        }
        return OrderedNumbers(entries: entries)
    }
}

/// A dict of lists of numbers, in order.
struct OrderedLists: ValueDecodable {
    let entries: [(name: String, values: [Double])]

    static var languageType: LanguageType { .dict }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OrderedLists? {
        guard case .dict(let dict) = value else { return nil }
        var entries: [(name: String, values: [Double])] = []
        for (key, entry) in dict.entries {
            guard let numbers = Numbers.decode(entry, in: interpreter) else { return nil }
            entries.append((Display.text(key.value, in: interpreter), numbers.values))
        }
        return OrderedLists(entries: entries)
    }
}
