import CKernels

// Users see [N, C, H, W] in row-major order, but convolutions and everything between them run several times faster with the
// channels innermost. So a block of memory may hold its elements channels-last; whoever knows about that asks for
// `channelsLastPointer` or `unordered`, and everybody else's `raw` brings the block back to row-major order first.

/// The order [n, spatial, c] of elements that the shape calls [n, c, spatial].
struct ChannelsLast: Equatable {
    let n, c, spatial, itemSize: Int
}

extension Storage {
    /// Brings the elements into an order; nil is row-major. Works in place, one image at a time.
    func arrange(_ new: ChannelsLast?) {
        guard new != order else { return }
        if let order { transpose(order, back: true) }
        if let new { transpose(new, back: false) }
        order = new
    }

    private func transpose(_ order: ChannelsLast, back: Bool) {
        let itemSize = order.itemSize
        let bytes = order.c * order.spatial * itemSize
        guard bytes > 0, order.n > 0 else { return }
        guard let copy = ck_scratch(0, bytes) else { preconditionFailure("no memory for one image") }
        for image in 0..<order.n {
            let place = block + image * bytes
            copy.copyMemory(from: place, byteCount: bytes)
            if back {
                ck_channels_first(itemSize, copy, place, 1, Int64(order.c), Int64(order.spatial))
            } else {
                ck_channels_last(itemSize, copy, place, 1, Int64(order.c), Int64(order.spatial))
            }
        }
    }
}

extension Values {
    /// Whether these values are all that their storage holds.
    var isWhole: Bool { offset == 0 && storage.byteCount == count * dtype.itemSize }

    /// The sizes of [N, C, H, W] (or [N, C], [N, C, L]) as batch, channels and positions.
    var channels: ChannelsLast {
        ChannelsLast(n: shape[0], c: shape[1], spatial: shape.product(2..<shape.rank), itemSize: dtype.itemSize)
    }

    /// Fresh memory, channels innermost, with undefined contents.
    init(channelsLast shape: Shape, _ dtype: DType) throws {
        try self.init(shape, dtype)
        let sizes = channels
        if sizes.c > 1 && sizes.spatial > 1 { storage.order = sizes }
    }

    /// Fresh memory of the same shape, dtype and order.
    init(like x: Values, shape: Shape? = nil) throws {
        try self.init(shape ?? x.shape, x.dtype)
        if x.isWhole { storage.order = x.storage.order }
    }

    /// The same values with the channels innermost: in place where that is possible, else a copy.
    func channelsLast() throws -> Values {
        let sizes = channels
        guard sizes.c > 1 && sizes.spatial > 1 else { return self }
        Deferred.settle()
        if isWhole && !storage.isPinned {
            storage.arrange(sizes)
            return self
        }
        let copy = try Values(channelsLast: shape, dtype)
        ck_channels_last(
            dtype.itemSize, raw, copy.storage.block, Int64(sizes.n), Int64(sizes.c), Int64(sizes.spatial))
        return copy
    }

    /// The first element of values whose channels are innermost, or whose order makes no difference.
    var channelsLastPointer: UnsafeMutableRawPointer {
        let sizes = channels
        guard sizes.c > 1 && sizes.spatial > 1 else { return raw }
        precondition(storage.order == sizes)
        return storage.unordered
    }

    /// Brings two operands of one shape into one order, channels-last if one of them is, and tells whether the elements
    /// can be worked on as they lie in memory.
    func sharesOrder(with other: Values) -> Bool {
        guard storage.order != nil || other.storage.order != nil else { return true }
        guard isWhole && other.isWhole else { return false }
        if storage.order == other.storage.order { return true }
        if storage.order == nil && !storage.isPinned && dtype.itemSize == other.dtype.itemSize {
            Deferred.settle()
            storage.arrange(other.storage.order)
        } else if other.storage.order == nil && !other.storage.isPinned && dtype.itemSize == other.dtype.itemSize {
            Deferred.settle()
            other.storage.arrange(storage.order)
        }
        return storage.order == other.storage.order
    }

    /// Whether both have one form, are computed, and lie in row-major order: then nothing has to be arranged for a kernel.
    @inline(__always)
    func liesAs(_ other: Values) -> Bool {
        ck_deferred() == nil && dtype == other.dtype && shape == other.shape && storage.order == nil
            && other.storage.order == nil
    }

    /// Whether this variable is all that holds the memory.
    mutating func isUnshared() -> Bool {
        isKnownUniquelyReferenced(&storage) && storage.sharers == 0 && !storage.isPinned
    }

    /// The first element of values that are known to be computed and in row-major order.
    @inline(__always)
    var asItLies: UnsafeMutableRawPointer { storage.block + offset * dtype.itemSize }

    /// The first element for kernels that treat every element alike, in whatever order they lie.
    var unordered: UnsafeMutableRawPointer {
        isWhole ? storage.unordered : raw
    }
}

extension Kernels {
    /// First elements of operands of one shape, in an order they share.
    static func elements(_ x: Values, _ y: Values) -> (UnsafeMutableRawPointer, UnsafeMutableRawPointer) {
        x.sharesOrder(with: y) ? (x.unordered, y.unordered) : (x.raw, y.raw)
    }

    /// First elements of operands of one shape, in an order they share.
    static func elements(
        _ x: Values, _ y: Values, _ z: Values
    ) -> (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer) {
        x.sharesOrder(with: y) && x.sharesOrder(with: z)
            ? (x.unordered, y.unordered, z.unordered) : (x.raw, y.raw, z.raw)
    }
}

extension Saved {
    /// A tensor's values in the order that a kernel brought them into.
    init(_ tensor: Tensor, as values: Values) { self.init(values, madeBy: tensor.number) }
}
