/// Texts by their beginnings: a tree of bytes whose edges lie in one open table.
struct ByteTrie {
    private struct Edge {
        /// The node it leaves and its byte; `.max` where there is no edge.
        var key: UInt64 = .max
        var target: Int32 = 0
    }

    private var edges: [Edge]
    /// The value of each node; -1 where no text ends.
    private var values: [Int32] = [-1]
    /// The edges that leave the root, which every walk begins with.
    private var first: [Int32] = Array(repeating: -1, count: 256)

    /// An empty tree with room for about as many nodes.
    init(room: Int = 16) {
        var size = 32
        while size < 2 * room { size *= 2 }
        edges = Array(repeating: Edge(), count: size)
    }

    /// The node where every text begins.
    static var root: Int { 0 }

    /// The node behind another by a byte; nil where no text goes on.
    @inline(__always) func child(of node: Int, _ byte: UInt8) -> Int? {
        if node == 0 {
            let target = first[Int(byte)]
            return target < 0 ? nil : Int(target)
        }
        let edge = edges[place(of: Self.key(node, byte))]
        return edge.key == .max ? nil : Int(edge.target)
    }

    /// The value of the text that ends at a node; nil where none ends.
    @inline(__always) func value(at node: Int) -> Int32? {
        let value = values[node]
        return value < 0 ? nil : value
    }

    /// The node of a text that others may continue; nil if none does.
    func node(of text: Text) -> Int? {
        var node = Self.root
        for byte in text {
            guard let next = child(of: node, byte) else { return nil }
            node = next
        }
        return node
    }

    /// Adds a text; the later of two values counts.
    mutating func insert(_ text: Text, value: Int32) {
        var node = Self.root
        for byte in text {
            if let next = child(of: node, byte) {
                node = next
                continue
            }
            let target = values.count
            values.append(-1)
            if node == 0 { first[Int(byte)] = Int32(target) }
            if 2 * values.count > edges.count { grow() }
            let key = Self.key(node, byte)
            edges[place(of: key)] = Edge(key: key, target: Int32(target))
            node = target
        }
        values[node] = value
    }

    @inline(__always) private static func key(_ node: Int, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

    @inline(__always) private func place(of key: UInt64) -> Int {
        let mask = edges.count - 1
        var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
        while edges[place].key != .max, edges[place].key != key { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let old = edges
        edges = Array(repeating: Edge(), count: 2 * old.count)
        for edge in old where edge.key != .max { edges[place(of: edge.key)] = edge }
    }
}
