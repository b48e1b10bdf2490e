import Runtime

/// Stable sorting of values; NaN stands last.
enum Sorting {
    static func sorted(_ values: [Value], key: Callable?, reverse: Bool) throws -> [Value] {
        let keys = try values.map { try key?.call([$0]) ?? $0 }
        // An error inside the comparison has to get out of `sort`, so comparability is settled before.
        var numbers = 0
        var strings = 0
        for key in keys {
            if key.number != nil { numbers += 1 } else if key.text != nil { strings += 1 }
        }
        let indices = Array(keys.indices)
        func ordered(_ precedes: (Int, Int) -> Bool) -> [Value] {
            indices.sorted { a, b in
                if precedes(a, b) { return true }
                return precedes(b, a) ? false : a < b
            }.map { values[$0] }
        }
        if numbers == keys.count {
            let numbers = keys.map { $0.number ?? 0 }
            return ordered { a, b in
                if numbers[a].isNaN || numbers[b].isNaN { return !numbers[a].isNaN && numbers[b].isNaN }
                return reverse ? numbers[a] > numbers[b] : numbers[a] < numbers[b]
            }
        }
        if strings == keys.count {
            let texts = keys.map { $0.text ?? "" }
            return ordered { a, b in
                reverse ? StringObject.precedes(texts[b], texts[a]) : StringObject.precedes(texts[a], texts[b])
            }
        }
        let lists = try keys.map { key -> [Value] in
            guard case .list(let list) = key else {
                let odd = keys.first { $0.number == nil && $0.text == nil } ?? key
                throw Failure(
                    .type, "sorted: the elements are not all numbers or all strings (there is a \(odd.typeName))",
                    help: ["write key=x => … to say what to compare"])
            }
            guard list.elements.allSatisfy({ $0.number != nil || $0.text != nil }) else {
                throw Failure(.type, "sorted: lists are compared only when they hold numbers or strings")
            }
            return list.elements
        }
        return ordered { a, b in reverse ? precedes(lists[b], lists[a]) : precedes(lists[a], lists[b]) }
    }

    private static func precedes(_ left: [Value], _ right: [Value]) -> Bool {
        for (a, b) in zip(left, right) {
            if let x = a.number, let y = b.number {
                if x != y { return x < y }
            } else if let x = a.text, let y = b.text {
                if x != y { return StringObject.precedes(x, y) }
            } else {
                return a.number != nil
            }
        }
        return left.count < right.count
    }
}
