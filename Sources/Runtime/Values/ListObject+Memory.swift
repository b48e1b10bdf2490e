import CMachine

/// The memory of long lists: in large pages, and let go of at once when it holds nothing but numbers.
extension ListObject {
    /// From this many elements on, a list's memory spans large pages.
    private static let longCount = 1 << 17

    /// Adds an element at the end.
    public func append(_ element: Value) {
        if elements.count >= Self.longCount, elements.count == elements.capacity { widen(to: 2 * elements.count) }
        elements.append(element)
    }

    /// Makes room for as many elements.
    func reserveCapacity(_ capacity: Int) {
        if capacity >= Self.longCount, capacity > elements.capacity {
            widen(to: capacity)
        } else {
            elements.reserveCapacity(capacity)
        }
    }

    /// One value many times.
    static func elements(repeating value: Value, count: Int) -> [Value] {
        guard count >= longCount else { return Array(repeating: value, count: count) }
        return [Value](unsafeUninitializedCapacity: count) { buffer, filled in
            machine_use_large_pages(buffer.baseAddress, count * MemoryLayout<Value>.stride)
            buffer.initialize(repeating: value)
            filled = count
        }
    }

    private func widen(to capacity: Int) {
        let wide = ListObject(
            [Value](unsafeUninitializedCapacity: capacity) { buffer, filled in
                machine_use_large_pages(buffer.baseAddress, capacity * MemoryLayout<Value>.stride)
                filled = 0
            })
        if !machine_move(address, wide.address) { wide.elements.append(contentsOf: elements) }
        swap(&elements, &wide.elements)
    }

    /// Empties a list of numbers and bools; false when it holds anything else.
    func clearNumbers() -> Bool { machine_clear(address) }

    private var address: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}
