/// Equality by content; it never fails, and ends on values that contain themselves.
public enum Equality {
    /// Whether two values are equal, tensors compared as a whole.
    public static func areEqual(_ left: Value, _ right: Value) -> Bool {
        var open: [(ObjectIdentifier, ObjectIdentifier)] = []
        return areEqual(left, right, &open)
    }

    private static func areEqual(
        _ left: Value, _ right: Value, _ open: inout [(ObjectIdentifier, ObjectIdentifier)]
    ) -> Bool {
        switch (left, right) {
        case (.none, .none): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.int(let a), .int(let b)): return a == b
        case (.float(let a), .float(let b)): return a == b
        case (.int(let a), .float(let b)), (.float(let b), .int(let a)): return Int(exactly: b) == a
        case (.string(let a), .string(let b)): return StringObject.haveSameScalars(a.text, b.text)
        case (.list(let a), .list(let b)):
            guard a !== b else { return true }
            guard a.elements.count == b.elements.count else { return false }
            return inside(a, b, &open) { open in
                zip(a.elements, b.elements).allSatisfy { areEqual($0, $1, &open) }
            }
        case (.dict(let a), .dict(let b)):
            guard a !== b else { return true }
            guard a.entries.count == b.entries.count else { return false }
            return inside(a, b, &open) { open in
                a.entries.allSatisfy { key, value in b.entries[key].map { areEqual(value, $0, &open) } ?? false }
            }
        case (.pair(let a), .pair(let b)):
            return inside(a, b, &open) { open in
                areEqual(a.left, b.left, &open) && areEqual(a.right, b.right, &open)
            }
        case (.range(let a), .range(let b)):
            return a.count == b.count
                && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step))
        case (.function(let a as BoundMethod), .function(let b as BoundMethod)):
            return a.method === b.method && areEqual(a.receiver, b.receiver, &open)
        case (.function(let a), .function(let b)): return a === b
        case (.module(let a), .module(let b)): return a === b
        case (.object(let a), .object(let b)): return a.payload === b.payload
        case (.tensor(let a), .tensor(let b)):
            return a === b || (a.shape == b.shape && (try? a.equals(b)) == true)
        default: return false
        }
    }

    /// Below `Display.deepest` levels, and for a pair of containers that is being compared already, equality is taken
    /// for granted.
    private static func inside(
        _ left: AnyObject, _ right: AnyObject, _ open: inout [(ObjectIdentifier, ObjectIdentifier)],
        _ body: (inout [(ObjectIdentifier, ObjectIdentifier)]) -> Bool
    ) -> Bool {
        let pair = (ObjectIdentifier(left), ObjectIdentifier(right))
        guard open.count < 500, !open.contains(where: { $0 == pair }) else { return true }
        open.append(pair)
        defer { open.removeLast() }
        return body(&open)
    }
}
