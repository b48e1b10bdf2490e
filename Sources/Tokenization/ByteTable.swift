/// Numbers by texts: an open table whose keys are looked up without being copied.
struct ByteTable {
    private var bytes: [UInt8] = []
    private var entries: [(start: Int, count: Int, hash: UInt32, value: Int32)] = []
    /// One more than an entry's index, 0 where there is none; their number is a power of two.
    private var slots: [Int32]

    /// An empty table with room for some entries.
    init(room: Int = 16) {
        var size = 32
        while size < 2 * room { size *= 2 }
        slots = Array(repeating: 0, count: size)
        entries.reserveCapacity(room)
    }

    /// How many keys there are.
    var count: Int { entries.count }

    /// The value of a key.
    @inline(__always) func value(of key: Text) -> Int32? {
        let slot = slots[place(of: key, Self.hash(key))]
        return slot == 0 ? nil : entries[Int(slot) - 1].value
    }

    /// Gives a key a value; the later of two counts.
    mutating func set(_ key: Text, to value: Int32) {
        let hash = Self.hash(key)
        let place = place(of: key, hash)
        if slots[place] != 0 {
            entries[Int(slots[place]) - 1].value = value
            return
        }
        entries.append((bytes.count, key.count, hash, value))
        bytes.append(contentsOf: key)
        slots[place] = Int32(entries.count)
        if 2 * entries.count > slots.count { grow() }
    }

    /// The slot of a key, or the empty one where it would stand.
    @inline(__always) private func place(of key: Text, _ hash: UInt32) -> Int {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while slots[place] != 0 {
            let entry = entries[Int(slots[place]) - 1]
            if entry.hash == hash, entry.count == key.count, isEqual(entry.start, key) { return place }
            place = (place + 1) & mask
        }
        return place
    }

    @inline(__always) private func isEqual(_ start: Int, _ key: Text) -> Bool {
        for index in 0..<key.count where bytes[start + index] != key[index] { return false }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: 2 * slots.count)
        let mask = slots.count - 1
        for (index, entry) in entries.enumerated() {
            var place = Int(entry.hash) & mask
            while slots[place] != 0 { place = (place + 1) & mask }
            slots[place] = Int32(index + 1)
        }
    }

    @inline(__always) private static func hash(_ key: Text) -> UInt32 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 &+ UInt64(key.count)
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
