/// All variables in one block: from 0 on the stack of functions' registers, below it the global variables, the first at -1.
///
/// Top-level code runs with its registers at 0, so that a global variable is a register like any other to it. The block may
/// move when it grows, at either end; the numbers stay.
struct Registers {
    private var storage: [Value] = []
    /// Where register 0 stands in the block.
    private var origin = 0

    /// No registers: what stands in while the loop works on the real ones.
    init() {}

    init(globals: Int, stack: Int) {
        storage = Array(repeating: .unbound, count: globals + stack)
        origin = globals
    }

    subscript(index: Int) -> Value {
        get { storage[origin + index] }
        set { storage[origin + index] = newValue }
    }

    subscript(bounds: Range<Int>) -> ArraySlice<Value> {
        storage[origin + bounds.lowerBound..<origin + bounds.upperBound]
    }

    /// The number of registers from 0 on.
    var count: Int { storage.count - origin }

    /// Makes sure that the registers below `limit` exist.
    mutating func reserve(_ limit: Int) {
        guard limit > count else { return }
        storage.append(contentsOf: repeatElement(.unbound, count: max(limit - count, storage.count)))
    }

    /// Makes sure that so many global variables have a place.
    mutating func reserveGlobals(_ number: Int) {
        guard number > origin else { return }
        let added = max(number - origin, origin)
        storage.insert(contentsOf: repeatElement(.unbound, count: added), at: 0)
        origin += added
    }

    /// Lets go of what the registers hold; those that do not exist hold nothing.
    mutating func clear(_ bounds: Range<Int>) {
        for index in bounds.clamped(to: -origin..<count) { self[index] = .unbound }
    }

    /// Frees everything, nested containers one after the other.
    mutating func release() { Teardown.run(&storage) }

    /// Lends the block to the loop in C: where register 0 stands, and how many there are from it on.
    mutating func withPointer<Result>(_ body: (UnsafeMutableRawPointer?, _ count: Int) -> Result) -> Result {
        let (origin, count) = (origin, count)
        return storage.withUnsafeMutableBytes { bytes in
            body(bytes.baseAddress.map { $0 + origin * MemoryLayout<Value>.stride }, count)
        }
    }
}
