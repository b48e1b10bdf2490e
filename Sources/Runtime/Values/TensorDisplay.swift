import Tensors

/// Tensors as text: a header with the range of values, then the elements, only the edges of long dimensions.
public enum TensorDisplay {
    private static let edge = 3
    private static let longest = 8

    /// A tensor inside other text: a 0-d one as its number, a small one with its elements, else dtype and shape.
    public static func inline(_ tensor: Tensor) -> String {
        if tensor.rank == 0 { return number(tensor) }
        guard tensor.count <= 16, let elements = try? Elements(tensor) else {
            return "tensor \(tensor.dtype) \(tensor.shape)"
        }
        return "tensor(" + elements.nested(separator: ", ") + ")"
    }

    /// A tensor on lines of its own.
    public static func block(_ tensor: Tensor) -> String {
        if tensor.rank == 0 { return number(tensor) }
        var header = "\(tensor.dtype) \(tensor.shape)"
        if tensor.count > 0, tensor.dtype != .bool, let statistics = try? statistics(tensor) {
            header += "  " + statistics
        }
        guard tensor.count > 0, let elements = try? Elements(tensor) else { return header }
        return header + "\n" + elements.nested(separator: " ")
    }

    private static func number(_ tensor: Tensor) -> String {
        guard let item = try? tensor.item() else { return "tensor" }
        switch item {
        case .int(let int): return String(int)
        case .bool(let bool): return bool ? "true" : "false"
        case .float(let float):
            // A float32 shows the digits that tell it from its neighbours.
            return tensor.dtype == .float32
                ? NumberFormat.repr(Double("\(Float(float))") ?? float) : NumberFormat.repr(float)
        }
    }

    private static func statistics(_ tensor: Tensor) throws -> String {
        let values = try tensor.doubles()
        var low = Double.infinity
        var high = -Double.infinity
        var total = 0.0
        for value in values {
            low = min(low, value)
            high = max(high, value)
            total += value
        }
        func text(_ value: Double) -> String {
            tensor.dtype.isFloating ? plain(value) : NumberFormat.repr(value).replacingSuffix(".0")
        }
        return "min \(text(low))  mean \(plain(total / Double(values.count)))  max \(text(high))"
    }

    /// Four decimals between 1e-4 and 1e5, else an exponent.
    private static func plain(_ value: Double) -> String {
        let magnitude = value.magnitude
        if !value.isFinite { return NumberFormat.repr(value) }
        if magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e5) { return Formatting.fixed(value, 4) }
        return Formatting.exponent(value, 4)
    }

    /// The elements that are shown, all in one format.
    private struct Elements {
        let shape: [Int]
        let texts: [Int: String]
        let width: Int

        init(_ tensor: Tensor) throws {
            shape = tensor.shape.array
            let shown = Self.positions(shape)
            var texts: [Int: String] = [:]
            switch tensor.dtype {
            case .bool: for index in shown { texts[index] = try tensor.element(index).integer != 0 ? "true" : "false" }
            case .int64, .uint8: for index in shown { texts[index] = String(try tensor.element(index).integer) }
            case .float32, .float64:
                let values = try shown.map { try tensor.element($0).double }
                let sizes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
                let needsExponent = sizes.contains { $0 >= 1e5 } || (sizes.max().map { $0 < 1e-4 } ?? false)
                for (index, value) in zip(shown, values) {
                    let text = Formatting.fixed(value.magnitude, 4)
                    let sign = value < 0 ? "-" : ""
                    texts[index] =
                        !value.isFinite
                        ? NumberFormat.repr(value) : needsExponent ? Formatting.exponent(value, 4) : sign + text
                }
            }
            self.texts = texts
            width = texts.values.map(\.utf8.count).max() ?? 0
        }

        /// The flat positions that are shown, in order.
        private static func positions(_ shape: [Int]) -> [Int] {
            var result = [0]
            for size in shape {
                let indices = size > longest ? Array(0..<edge) + Array(size - edge..<size) : Array(0..<size)
                result = result.flatMap { base in indices.map { base * size + $0 } }
            }
            return result
        }

        func nested(separator: String) -> String { nested(0, 0, separator) }

        private func nested(_ dimension: Int, _ base: Int, _ separator: String) -> String {
            guard dimension < shape.count else {
                let text = texts[base] ?? "?"
                return separator == " " ? String(repeating: " ", count: max(0, width - text.utf8.count)) + text : text
            }
            let size = shape[dimension]
            var parts: [String] = []
            for index in 0..<size {
                if size > longest, index >= edge, index < size - edge {
                    if index == edge { parts.append(separator == " " && dimension < shape.count - 1 ? "⋮" : "…") }
                    continue
                }
                parts.append(nested(dimension + 1, base * size + index, separator))
            }
            let isInner = dimension == shape.count - 1
            let indent = String(repeating: " ", count: dimension + 1)
            return "[" + parts.joined(separator: isInner || separator != " " ? separator : "\n" + indent) + "]"
        }
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
