/// A list: a reference to elements that can be changed in place.
public final class ListObject {
    /// The elements. (The check of overlapping accesses costs more than an access; no access here spans a call.)
    @exclusivity(unchecked) public var elements: [Value]

    /// A list of elements.
    @inlinable public init(_ elements: [Value]) { self.elements = elements }

    deinit {
        if !clearNumbers() { Teardown.run(&elements) }
    }
}

/// A dict: a reference to entries that keep the order of their insertion.
public final class DictObject {
    /// The entries.
    @exclusivity(unchecked) public var entries: DictEntries

    /// A dict of entries.
    public init(_ entries: DictEntries = [:]) { self.entries = entries }

    /// The value under a string key.
    public subscript(key: String) -> Value? {
        get { entries[.string(key)] }
        set { entries[.string(key)] = newValue }
    }

    deinit {
        guard entries.values.contains(where: Teardown.isContainer) else { return }
        var values = entries.takeValues()
        Teardown.run(&values)
    }
}

/// What can stand as a key: `1`, `1.0` are the same key, `true` is not.
public enum DictKey: Hashable {
    case string(String)
    case int(Int)
    case float(Double)
    case bool(Bool)

    /// The key that a value makes: none unless it is a string, int, float or bool.
    ///
    /// A float with an integral value becomes the int that equals it, which gives both the same hash.
    public init?(_ value: Value) {
        switch value {
        case .string(let string): self = .string(string.text)
        case .int(let int): self = .int(int)
        case .float(let float):
            if let int = Int(exactly: float) { self = .int(int) } else { self = .float(float) }
        case .bool(let bool): self = .bool(bool)
        default: return nil
        }
    }

    /// The key as a value.
    public var value: Value {
        switch self {
        case .string(let text): .string(text)
        case .int(let int): .int(int)
        case .float(let float): .float(float)
        case .bool(let bool): .bool(bool)
        }
    }

    /// Keys of one kind with the same content are equal.
    public static func == (left: DictKey, right: DictKey) -> Bool {
        switch (left, right) {
        case (.string(let a), .string(let b)): StringObject.haveSameScalars(a, b)
        case (.int(let a), .int(let b)): a == b
        case (.float(let a), .float(let b)): a == b
        case (.bool(let a), .bool(let b)): a == b
        default: false
        }
    }

    /// Feeds the content to the hasher.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .string(let text): hasher.combine(text)
        case .int(let int): hasher.combine(int)
        case .float(let float): hasher.combine(float)
        case .bool(let bool): hasher.combine(bool)
        }
    }
}

/// `range(start, stop, step)`: ints that are computed when asked for.
public final class RangeObject {
    /// The first int.
    public let start: Int
    /// Where the range ends, not included.
    public let stop: Int
    /// The distance of neighbours, never 0.
    public let step: Int
    /// How many ints there are.
    public let count: Int

    /// A range; `step` must not be 0.
    public init(start: Int, stop: Int, step: Int = 1) {
        precondition(step != 0, "a range needs a step")
        self.start = start
        self.stop = stop
        self.step = step
        let forward = step > 0 ? start < stop : start > stop
        if forward {
            let distance = UInt(bitPattern: step > 0 ? stop &- start : start &- stop)
            let size = step.magnitude
            count = Int(clamping: (distance - 1) / size + 1)
        } else {
            count = 0
        }
    }

    /// The int at `index`, which must lie in `0..<count`.
    @inlinable public subscript(index: Int) -> Int { start &+ index &* step }

    /// Whether an int is in the range.
    public func contains(_ value: Int) -> Bool {
        guard count > 0, step > 0 ? value >= start && value < stop : value <= start && value > stop else {
            return false
        }
        let distance = UInt(bitPattern: step > 0 ? value &- start : start &- value)
        return distance % step.magnitude == 0
    }
}

/// `left -> right`.
public final class PairObject {
    /// The left side.
    public private(set) var left: Value
    /// The right side.
    public private(set) var right: Value

    /// A pair.
    public init(_ left: Value, _ right: Value) {
        self.left = left
        self.right = right
    }

    deinit {
        var both = [left, right]
        left = .none
        right = .none
        Teardown.run(&both)
    }
}

/// The variable that a closure and the function around it share.
public final class Cell {
    /// What the variable holds.
    @exclusivity(unchecked) public var value: Value

    /// A variable with its first value.
    public init(_ value: Value) { self.value = value }

    deinit {
        guard Teardown.isContainer(value) else { return }
        var content = [value]
        value = .none
        Teardown.run(&content)
    }
}

/// Frees nested containers one after the other instead of one inside the other, so that a list a million levels deep
/// does not overflow the stack when its last reference goes.
enum Teardown {
    static func isContainer(_ value: Value) -> Bool {
        switch value {
        case .list, .dict, .pair, .function: true
        default: false
        }
    }

    static func run(_ values: inout [Value]) {
        guard values.contains(where: isContainer) else { return }
        var pending: [Value] = []
        swap(&pending, &values)
        // Each container is first taken out of its place, so that a unique one is known to be.
        while let last = pending.indices.last {
            if var list = list(pending[last]) {
                pending.removeLast()
                if isKnownUniquelyReferenced(&list) { take(&list.elements, into: &pending) }
            } else if var dict = dict(pending[last]) {
                pending.removeLast()
                if isKnownUniquelyReferenced(&dict) {
                    pending.append(contentsOf: dict.entries.takeValues())
                }
            } else if var pair = pair(pending[last]) {
                pending.removeLast()
                if isKnownUniquelyReferenced(&pair) { pair.release(into: &pending) }
            } else if var function = function(pending[last]) {
                pending.removeLast()
                if isKnownUniquelyReferenced(&function) { function.release(into: &pending) }
            } else {
                pending.removeLast()
            }
        }
    }

    private static func list(_ value: Value) -> ListObject? { if case .list(let list) = value { list } else { nil } }
    private static func dict(_ value: Value) -> DictObject? { if case .dict(let dict) = value { dict } else { nil } }
    private static func pair(_ value: Value) -> PairObject? { if case .pair(let pair) = value { pair } else { nil } }
    private static func function(_ value: Value) -> Function? {
        if case .function(let function) = value { function } else { nil }
    }

    private static func take(_ elements: inout [Value], into pending: inout [Value]) {
        if pending.isEmpty {
            swap(&pending, &elements)
        } else {
            pending.append(contentsOf: elements)
            elements = []
        }
    }
}

extension PairObject {
    /// Hands both sides over, which leaves none.
    fileprivate func release(into pending: inout [Value]) {
        pending.append(left)
        pending.append(right)
        left = .none
        right = .none
    }
}
