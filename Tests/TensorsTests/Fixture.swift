import Fixtures
import Glibc
import Tensors

/// One comparison with PyTorch, as `scripts/golden/tensors.py` writes it.
struct Fixture: CustomStringConvertible {
    struct Numbers {
        let kind: String
        let shape: [Int]
        let values: [Double]
    }

    let name: String
    let options: [String: String]
    var inputs: [Numbers] = []
    var outputs: [Numbers] = []
    var gradients: [Numbers] = []

    var description: String { "\(name) \(options) \(inputs.map(\.shape))" }

    func integer(_ key: String, _ missing: Int = 0) -> Int { options[key].flatMap(Int.init) ?? missing }
    func number(_ key: String, _ missing: Double = 0) -> Double { options[key].flatMap(parsed) ?? missing }
    func flag(_ key: String) -> Bool { integer(key) != 0 }
    func list(_ key: String) -> [Int]? {
        guard let text = options[key], text != "none" else { return nil }
        return text.split(separator: ",").compactMap { Int($0) }
    }
    var reduction: Reduction { options["reduction"].flatMap(Reduction.init) ?? .mean }

    /// The lines of one file.
    static func lines(_ group: String) -> [Substring] { TextFile.lines("\(group).txt") }

    /// All cases of one file.
    static func load(_ group: String) throws -> [Fixture] {
        var result: [Fixture] = []
        for line in lines(group) {
            let words = line.split(separator: " ")
            if words[0] == "case" {
                let options = words.dropFirst(2).map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
                result.append(
                    Fixture(
                        name: String(words[1]),
                        options: Dictionary(uniqueKeysWithValues: options.map { ($0[0], $0[1]) })))
            } else {
                let numbers = Numbers(words)
                switch words[0] {
                case "in": result[result.count - 1].inputs.append(numbers)
                case "out": result[result.count - 1].outputs.append(numbers)
                default: result[result.count - 1].gradients.append(numbers)
                }
            }
        }
        return result
    }

    /// The inputs as tensors of a float dtype; those that need a gradient ask for it.
    func tensors(_ dtype: DType) throws -> [Tensor] {
        try inputs.map { input in
            let tensor = try Tensor(input.values, shape: input.shape)
            switch input.kind {
            case "f": return try tensor.to(dtype).detach().requireGradient()
            case "c": return try tensor.to(dtype)
            case "b": return try tensor.to(.bool)
            default: return try tensor.to(.int64)
            }
        }
    }
}

private func parsed(_ text: some StringProtocol) -> Double? { strtod(String(text), nil) }

extension Fixture.Numbers {
    fileprivate init(_ words: [Substring]) {
        kind = words[0] == "in" ? String(words[1]) : "f"
        let sizes = words[words[0] == "in" ? 2 : 1]
        shape = sizes == "-" ? [] : sizes.split(separator: ",").compactMap { Int($0) }
        values = words.drop { $0 != "|" }.dropFirst().compactMap { parsed($0) }
    }
}
