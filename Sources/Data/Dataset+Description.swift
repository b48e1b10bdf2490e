import Tensors

extension Dataset {
    /// A few lines about the data: sizes, dtypes, the range of x, the classes with their counts and balance.
    ///
    /// - Throws: a limit error when memory is short.
    public func describe() throws -> String {
        var lines = ["\(name): \(count) example\(count == 1 ? "" : "s")"]
        switch stored {
        case .memory(.tensor(let x)): lines.append(try line("x", x, hasNumbers: normalization == nil))
        case .memory(.named(let inputs)):
            for (key, x) in inputs { lines.append(try line("x[\"\(key)\"]", x, hasNumbers: true)) }
        case .memory(.texts(let texts)):
            let lengths = texts.map(\.count)
            lines.append("x: texts of \(lengths.min() ?? 0) to \(lengths.max() ?? 0) characters")
        case .file(let file, let records):
            lines.append("x: float32 \(list([records.count] + file.recordShape)), read from \(file.path) as needed")
        }
        if let tokens { lines.append(describe(tokens)) }
        if let mask { lines.append("mask: \(mask.dtype) \(mask.shape)") }
        if let y { lines.append(try line("y", y, hasNumbers: true)) }
        if y != nil { lines.append("task: \(knownTask.summary)\(declared)") }
        if let classes {
            let counts = try classCounts()
            let shown = zip(classes, counts).prefix(20).map { "\($0) (\($1))" }
            let more = classes.count > shown.count ? ", …" : ""
            lines.append("\(classes.count) classes: \(shown.joined(separator: ", "))\(more)\(balance(counts))")
        }
        if let ids, let first = ids.first { lines.append("ids: \(first)\(ids.count > 1 ? ", …" : "")") }
        if let table {
            lines += table.guesses
            lines += table.doubts.map { "note: " + $0 }
        }
        if let normalization { lines.append("normalised with \(normalization)") }
        if let augmentation {
            lines.append("augmented in each pass: " + augmentation.views.map(\.description).joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
    }

    private func describe(_ tokens: TextTokens) -> String {
        let sorted = tokens.lengths.sorted()
        var line = "tokens: \(sorted.first ?? 0) to \(sorted.last ?? 0) a text"
        if !sorted.isEmpty { line += ", half of them up to \(sorted[(sorted.count - 1) / 2])" }
        if tokens.cutCount > 0 { line += "; \(tokens.cutCount) longer ones cut" }
        line += tokens.isTrimmed ? "; a batch is as wide as its longest text" : "; every batch as wide as x"
        if tokens.isTrimmed, tokens.isBucketed { line += ", shuffled batches hold texts of like length" }
        return line + "; \(tokens.tokenizer)"
    }

    /// What was said of the targets, where it is not the usual.
    private var declared: String {
        var parts: [String] = []
        if target.task != nil { parts.append("as declared") }
        if let dim = target.classDim { parts.append("class_dim=\(dim)") }
        if target.ignoreIndex != TargetDeclaration.ignored { parts.append("ignore_index=\(target.ignoreIndex)") }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }

    private func line(_ title: String, _ tensor: Tensor, hasNumbers: Bool) throws -> String {
        if tensor.dtype == .uint8 {
            let counts = tensor.byteCounts()
            let bytes = counts.indices.filter { counts[$0] > 0 }.map { $0 % 256 }
            let range =
                bytes.isEmpty || !hasNumbers
                ? "" : ", \(short(Double(bytes.min() ?? 0) / 255)) … \(short(Double(bytes.max() ?? 0) / 255))"
            return "\(title): float32 \(tensor.shape)\(range), kept as bytes (\(size(tensor.count)))"
        }
        guard hasNumbers, tensor.count > 0, tensor.dtype != .bool else {
            return "\(title): \(tensor.dtype) \(tensor.shape)"
        }
        var low = try tensor.detach().amin().itemDouble()
        var high = try tensor.detach().amax().itemDouble()
        var missing = ""
        if low.isNaN {
            let values = try tensor.doubles()
            let numbers = values.filter { !$0.isNaN }
            (low, high) = (numbers.min() ?? .nan, numbers.max() ?? .nan)
            missing = ", \(values.count - numbers.count) missing (nan)"
        }
        return "\(title): \(tensor.dtype) \(tensor.shape), \(short(low)) … \(short(high))\(missing)"
    }

    /// Says when the largest class has more than half as much again as the smallest.
    private func balance(_ counts: [Int]) -> String {
        guard let largest = counts.max(), let smallest = counts.min(), largest > 0 else { return "" }
        if smallest == 0 {
            let missing = counts.filter { $0 == 0 }.count
            return "; \(missing) without examples"
        }
        guard 2 * largest > 3 * smallest else { return "" }
        return "; unbalanced, \(short((Double(largest) / Double(smallest) * 10).rounded() / 10)) to 1"
    }

    private func list(_ sizes: [Int]) -> String { "[" + sizes.map(String.init).joined(separator: ", ") + "]" }

    private func size(_ bytes: Int) -> String {
        if bytes < 1 << 10 { return "\(bytes) bytes" }
        let (amount, unit) = bytes < 1 << 20 ? (Double(bytes) / 1024, "KiB") : (Double(bytes) / 1_048_576, "MiB")
        return "\(short((amount * 10).rounded() / 10)) \(unit)"
    }
}

func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : "\((value * 1e4).rounded() / 1e4)"
}
