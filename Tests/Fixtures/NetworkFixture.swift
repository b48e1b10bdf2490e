import Tensors

/// Cases written by scripts/golden/networks.py: a line `:function option=value …`, then lines `name sizes numbers…`.
package struct NetworkFixture: CustomStringConvertible, Sendable {
    package struct Entry: Sendable {
        /// The sizes.
        package let shape: [Int]
        /// The elements in row-major order.
        package let numbers: [Double]
    }

    package let function: String
    package let options: [String: String]
    package private(set) var entries: [String: Entry] = [:]
    package let line: Int

    package var description: String {
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
    package static func read(_ name: String, beside file: String = #filePath) -> [NetworkFixture] {
        var result: [NetworkFixture] = []
        for (number, line) in TextFile.lines(name, beside: file).enumerated() {
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

    package func tensor(_ name: String, _ dtype: DType) throws -> Tensor? {
        guard let entry = entries[name] else { return nil }
        return try Tensor(entry.numbers, shape: entry.shape).to(dtype)
    }

    package func pair(_ name: String, _ standard: Int) -> Pair { pair(name) ?? Pair(standard) }

    package func pair(_ name: String) -> Pair? {
        guard let numbers = options[name]?.split(separator: ",").compactMap({ Int($0) }), let first = numbers.first
        else {
            return nil
        }
        return numbers.count > 1 ? Pair(first, numbers[1]) : Pair(first)
    }

    package func int(_ name: String, _ standard: Int) -> Int { options[name].flatMap { Int($0) } ?? standard }
    package func flag(_ name: String, _ standard: Bool = false) -> Bool {
        options[name].map { $0 == "true" } ?? standard
    }
    package func number(_ name: String) -> Double? { options[name].flatMap { Double($0) } }

    /// The first difference between a tensor and an entry beyond `tolerance`; see ``firstDifference(_:_:tolerance:)``.
    package func difference(_ tensor: Tensor?, _ name: String, _ tolerance: Double) throws -> String? {
        guard let entry = entries[name] else { return "no entry \(name)" }
        guard let tensor else { return "\(name) is missing" }
        guard tensor.shape == entry.shape else { return "\(name) has shape \(tensor.shape), not \(entry.shape)" }
        let found = try tensor.doubles()
        guard let index = firstDifference(found, entry.numbers, tolerance: tolerance) else { return nil }
        return "\(name)[\(index)] is \(found[index]), not \(entry.numbers[index])"
    }

    /// Fixed weights of a result in the sum whose gradients the fixtures hold.
    package static func probe(_ tensor: Tensor) throws -> Tensor {
        let weights = (0..<tensor.count).map { (k: Int) -> Double in
            let size = 0.5 + Double((k * 7919 + 13) % 101) / 101
            return k % 3 == 1 ? -size : size
        }
        return try Tensor(weights, shape: tensor.shape.array).to(tensor.dtype)
    }
}
