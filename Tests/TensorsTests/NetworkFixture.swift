import Glibc
import Tensors

/// Cases written by scripts/golden/networks.py: a line `:function option=value …`, then lines `name sizes numbers…`.
struct NetworkFixture: CustomStringConvertible, Sendable {
    struct Entry: Sendable {
        let shape: [Int]
        let numbers: [Double]
    }

    let function: String
    let options: [String: String]
    private(set) var entries: [String: Entry] = [:]
    let line: Int

    var description: String {
        "\(function) line \(line) " + options.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }

    init(_ header: Substring, line: Int) {
        let words = header.dropFirst().split(separator: " ")
        function = words.first.map(String.init) ?? ""
        var options: [String: String] = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=")
            options[String(parts[0])] = String(parts[1])
        }
        self.options = options
        self.line = line
    }

    /// The fixtures of a file beside the tests.
    static func read(_ name: String, beside file: String = #filePath) -> [NetworkFixture] {
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        guard let handle = fopen(folder + "/Fixtures/" + name, "r") else { return [] }
        defer { fclose(handle) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, handle), count > 0 { text += buffer[0..<count] }
        var result: [NetworkFixture] = []
        for (number, line) in String(decoding: text, as: UTF8.self).split(separator: "\n").enumerated() {
            if line.hasPrefix(":") {
                result.append(NetworkFixture(line, line: number + 1))
            } else {
                let words = line.split(separator: " ")
                let shape = words[1] == "-" ? [] : words[1].split(separator: ",").compactMap { Int($0) }
                result[result.count - 1].entries[String(words[0])] = Entry(
                    shape: shape, numbers: words.dropFirst(2).compactMap { Double($0) })
            }
        }
        return result
    }

    func tensor(_ name: String, _ dtype: DType) throws -> Tensor? {
        guard let entry = entries[name] else { return nil }
        return try Tensor(entry.numbers, shape: entry.shape).to(dtype)
    }

    func pair(_ name: String, _ standard: Int) -> Pair { pair(name) ?? Pair(standard) }

    func pair(_ name: String) -> Pair? {
        guard let numbers = options[name]?.split(separator: ",").compactMap({ Int($0) }), let first = numbers.first
        else {
            return nil
        }
        return numbers.count > 1 ? Pair(first, numbers[1]) : Pair(first)
    }

    func int(_ name: String, _ standard: Int) -> Int { options[name].flatMap { Int($0) } ?? standard }
    func flag(_ name: String, _ standard: Bool = false) -> Bool { options[name].map { $0 == "true" } ?? standard }
    func number(_ name: String) -> Double? { options[name].flatMap { Double($0) } }

    /// The first difference between a tensor and an entry beyond `tolerance`, relative to the entry's largest number.
    func difference(_ tensor: Tensor?, _ name: String, _ tolerance: Double) throws -> String? {
        guard let entry = entries[name] else { return "no entry \(name)" }
        guard let tensor else { return "\(name) is missing" }
        guard tensor.shape == entry.shape else { return "\(name) has shape \(tensor.shape), not \(entry.shape)" }
        let scale = entry.numbers.map(abs).max() ?? 0
        for (index, (found, expected)) in zip(try tensor.doubles(), entry.numbers).enumerated()
        where !(abs(found - expected) <= tolerance * max(scale, 1e-3)) {
            return "\(name)[\(index)] is \(found), not \(expected)"
        }
        return nil
    }

    /// Fixed weights of a result in the sum whose gradients the fixtures hold.
    static func probe(_ tensor: Tensor) throws -> Tensor {
        let weights = (0..<tensor.count).map { (k: Int) -> Double in
            let size = 0.5 + Double((k * 7919 + 13) % 101) / 101
            return k % 3 == 1 ? -size : size
        }
        return try Tensor(weights, shape: tensor.shape.array).to(tensor.dtype)
    }
}
