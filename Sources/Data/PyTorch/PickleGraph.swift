/// A value of a pickle, as small as a word where it is one; what holds others is a node of a ``PickleGraph``.
public enum PickleValue: Sendable {
    /// `None`.
    case none
    /// `True` or `False`.
    case bool(Bool)
    /// An integer of 64 bits.
    case int(Int)
    /// A float.
    case float(Double)
    /// A `str`.
    case string(String)
    /// `bytes` or a `bytearray`.
    case bytes([UInt8])
    /// A list, tuple, set, dict, or what a class or function would have made.
    case node(Int)
    /// A class or function by its dotted name.
    case global(String)
    /// Numbers that stand elsewhere in the file.
    case storage(Int)
}

/// Something that holds values.
struct PickleNode {
    enum Kind: UInt8 {
        case list, tuple, set, dict
        /// What the class or function `name` would make of the values: nothing of it has run.
        case made
    }

    var kind: Kind
    /// The class or function of what is `made`.
    var name = ""
    /// Elements, values of a dict, or arguments.
    var values: [PickleValue] = []
    /// The keys of a dict, one for each value.
    var keys: [PickleValue] = []
    /// What `__setstate__` would be given.
    var state: PickleValue = .none
    /// Entries and elements added to what is `made`, as a dict and a list.
    var entries: Int?
    var elements: Int?
    /// Where the keys stand, once there are many.
    var places: [PickleKey: Int] = [:]
}

/// A key of a dict that may occur again.
enum PickleKey: Hashable {
    case bool(Bool), int(Int), float(Double), string(String), bytes([UInt8])

    init?(_ value: PickleValue) {
        switch value {
        case .bool(let bool): self = .bool(bool)
        case .int(let int): self = .int(int)
        case .float(let float): self = .float(float)
        case .string(let text): self = .string(text)
        case .bytes(let bytes): self = .bytes(bytes)
        case .none, .node, .global, .storage: return nil
        }
    }
}

/// The values of a pickle. Containers are numbered, so that structures that are shared, deep or in a circle cost what
/// their bytes cost, and end without a deep stack.
struct PickleGraph {
    private(set) var nodes: [PickleNode] = []
    var storages: [PickleStorage] = []
    /// Names in a storage's persistent id, to its place in `storages`.
    var storagePlaces: [String: Int] = [:]

    /// What a node takes, roughly, in bytes.
    static let nodeSize = MemoryLayout<PickleNode>.stride + 64

    mutating func add(_ node: PickleNode) -> PickleValue {
        nodes.append(node)
        return .node(nodes.count - 1)
    }

    subscript(index: Int) -> PickleNode {
        _read { yield nodes[index] }
        _modify { yield &nodes[index] }
    }

    /// Sets an entry of a dict.
    mutating func set(_ key: PickleValue, _ value: PickleValue, in index: Int) {
        if let found = place(of: key, in: index) {
            nodes[index].values[found] = value
            return
        }
        nodes[index].keys.append(key)
        nodes[index].values.append(value)
        if let key = PickleKey(key) { nodes[index].places[key] = nodes[index].keys.count - 1 }
    }

    private func place(of key: PickleValue, in index: Int) -> Int? {
        PickleKey(key).flatMap { nodes[index].places[$0] }
    }

    /// The value under a text in a dict.
    func value(_ key: String, of index: Int) -> PickleValue? {
        nodes[index].places[.string(key)].map { nodes[index].values[$0] }
    }
}

/// Numbers that stand outside a pickle.
struct PickleStorage {
    /// The class of the storage, `FloatStorage`; `UntypedStorage` are bytes.
    let type: String
    /// The name of its record or, in the older container, of itself.
    let key: String
    /// How many elements, as the pickle says.
    let count: Int
    /// Where the pickle says so.
    let offset: Int
}
