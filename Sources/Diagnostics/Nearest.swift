/// Finds the name a user most likely meant.
public enum Nearest {
    /// The candidate closest to `name` by optimal string alignment distance (insertions, deletions, substitutions and
    /// swaps of neighbours), when it is close enough to be a slip: at most a third of the length, at least 1.
    ///
    /// Case counts half, and a name that differs in case alone is one step away, so that `relu` finds `ReLU`; ties go to the first candidate.
    public static func match(_ name: String, in candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.unicodeScalars)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        let limit = max(2, 2 * ((wanted.count + 1) / 3))
        var best: (name: String, cost: Int)?
        for candidate in candidates where candidate != name {
            let scalars = Array(candidate.unicodeScalars)
            guard abs(scalars.count - wanted.count) * 2 <= limit else { continue }
            let isSameWord = candidate.lowercased() == name.lowercased()
            let cost = isSameWord ? 1 : distance(wanted, scalars)
            // A name of which every letter changes is another name.
            guard cost <= limit, cost < 2 * wanted.count, cost < (best?.cost ?? Int.max) else { continue }
            best = (candidate, cost)
        }
        return best?.name
    }

    /// Twice the edit distance; a change of case alone costs 1 instead of 2.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = (0...right.count).map { 2 * $0 }
        for row in 0..<left.count {
            var current = [2 * (row + 1)]
            for column in 0..<right.count {
                let a = left[row]
                let b = right[column]
                let same = a.properties.lowercaseMapping == b.properties.lowercaseMapping
                var cost = last[column] + (a == b ? 0 : same ? 1 : 2)
                cost = min(cost, last[column + 1] + 2, current[column] + 2)
                if row > 0, column > 0, a == right[column - 1], left[row - 1] == b {
                    cost = min(cost, beforeLast[column - 1] + 2)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
