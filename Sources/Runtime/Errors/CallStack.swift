import CMachine

/// The calls under way, the innermost last, in one block that the instruction loop pushes to and pops from itself.
struct CallStack {
    private var storage: [Frame]
    private(set) var count = 0

    /// A stack with room for some calls; one of no room stands in while the loop works on the real one.
    init(room: Int) { storage = Array(repeating: Frame(), count: room) }

    subscript(index: Int) -> Frame {
        get { storage[index] }
        set { storage[index] = newValue }
    }

    var indices: Range<Int> { 0..<count }
    var innermostFirst: ReversedCollection<ArraySlice<Frame>> { storage[..<count].reversed() }

    mutating func append(_ frame: Frame) {
        makeRoom()
        storage[count] = frame
        count += 1
    }

    /// Makes sure that one more call fits, so that the loop need not ask.
    mutating func makeRoom() {
        guard count == storage.count else { return }
        storage.append(contentsOf: repeatElement(Frame(), count: max(256, count)))
    }

    mutating func removeLast(_ number: Int) { count -= min(count, number) }

    /// Lends the block to the instruction loop, which says how many calls are under way afterwards.
    mutating func withFrames<Result>(
        atMost capacity: Int,
        _ body: (_ frames: UnsafeMutablePointer<Frame>, _ count: inout Int, _ capacity: Int) -> Result?
    ) -> Result? {
        var count = count
        let result = storage.withUnsafeMutableBufferPointer { frames -> Result? in
            guard let start = frames.baseAddress else { return nil }
            return body(start, &count, min(capacity, frames.count))
        }
        self.count = count
        return result
    }
}
