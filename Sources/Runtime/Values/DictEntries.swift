/// The entries of a dict in the order of their insertion, found by a hash table of positions.
///
/// It knows what the language does all day: a string that was just looked up is found again without looking (`if k in d
/// { d[k] += 1 }`), the hash of a string is computed once for each string object, and small dicts are searched in line.
public struct DictEntries: RandomAccessCollection, ExpressibleByDictionaryLiteral {
    /// The keys in order.
    public private(set) var keys: [DictKey] = []
    /// The values in order.
    public private(set) var values: [Value] = []
    private var hashes: [UInt32] = []
    /// Positions, -1 where there is none; empty while the dict is small.
    private var slots: [Int32] = []
    private var recentKey: StringObject?
    private var recentPosition = 0

    private static let small = 8

    /// No entries.
    public init() {}

    /// Entries as written; of equal keys the last value counts.
    public init(dictionaryLiteral elements: (DictKey, Value)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// Zero.
    public var startIndex: Int { 0 }
    /// The number of entries.
    public var endIndex: Int { keys.count }
    /// The entry at a position.
    public subscript(position: Int) -> (key: DictKey, value: Value) { (keys[position], values[position]) }

    /// The value under a key; setting none takes the entry out.
    public subscript(key: DictKey) -> Value? {
        get { index(forKey: key).map { values[$0] } }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            let hash = key.tableHash
            if let position = position(hash, where: { $0 == key }) {
                values[position] = newValue
            } else {
                append(key, hash, newValue)
            }
        }
    }

    /// Where a key stands.
    public func index(forKey key: DictKey) -> Int? { position(key.tableHash) { $0 == key } }

    /// Takes an entry out and gives its value.
    @discardableResult
    public mutating func removeValue(forKey key: DictKey) -> Value? {
        guard let position = index(forKey: key) else { return nil }
        keys.remove(at: position)
        hashes.remove(at: position)
        recentKey = nil
        if !slots.isEmpty { fillSlots(slots.count) }
        return values.remove(at: position)
    }

    // MARK: By value, for the instruction loop

    /// Where a key stands; none when it is missing or cannot be one.
    mutating func position(of key: Value) -> Int? {
        guard case .string(let string) = key else { return DictKey(key).flatMap(index) }
        if recentKey === string { return recentPosition }
        let found = position(string.tableHash) { key in
            if case .string(let text) = key { StringObject.haveSameScalars(text, string.text) } else { false }
        }
        guard let found else { return nil }
        recentKey = string
        recentPosition = found
        return found
    }

    /// Sets the value under a key; false when it cannot be one.
    mutating func set(_ value: Value, under key: Value) -> Bool {
        if let position = position(of: key) {
            values[position] = value
            return true
        }
        guard let new = DictKey(key) else { return false }
        append(new, new.tableHash, value)
        return true
    }

    /// Hands the values over and forgets all entries.
    mutating func takeValues() -> [Value] {
        var taken: [Value] = []
        swap(&taken, &values)
        self = DictEntries()
        return taken
    }

    // MARK: The table

    @inline(__always)
    private func position(_ hash: UInt32, where matches: (borrowing DictKey) -> Bool) -> Int? {
        guard !slots.isEmpty else {
            for position in hashes.indices where hashes[position] == hash && matches(keys[position]) {
                return position
            }
            return nil
        }
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] >= 0 {
            let position = Int(slots[slot])
            if hashes[position] == hash, matches(keys[position]) { return position }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private mutating func append(_ key: DictKey, _ hash: UInt32, _ value: Value) {
        keys.append(key)
        values.append(value)
        hashes.append(hash)
        guard keys.count > Self.small else { return }
        if keys.count * 2 > slots.count {
            fillSlots(Swift.max(32, slots.count * 2))
        } else {
            enter(keys.count - 1)
        }
    }

    private mutating func fillSlots(_ count: Int) {
        slots = Array(repeating: -1, count: count)
        for position in keys.indices { enter(position) }
    }

    private mutating func enter(_ position: Int) {
        let mask = slots.count - 1
        var slot = Int(hashes[position]) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(truncatingIfNeeded: position)
    }
}

extension DictKey {
    /// The hash by which a dict files the key.
    var tableHash: UInt32 {
        switch self {
        case .string(let text): Self.tableHash(of: text)
        case .int(let int): Self.fold(UInt64(bitPattern: Int64(int)) &* 0x9E37_79B9_7F4A_7C15)
        case .float(let float): Self.fold(float.bitPattern &* 0x9E37_79B9_7F4A_7C15)
        case .bool(let bool): bool ? 1 : 2
        }
    }

    /// Fowler–Noll–Vo, variant 1a.
    static func tableHash(of text: String) -> UInt32 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        if isDone == nil { for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 } }
        return fold(hash)
    }

    private static func fold(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash ^ (hash >> 32)) }
}
