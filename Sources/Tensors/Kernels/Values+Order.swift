import CKernels

// Users see [N, C, H, W] in row-major order, but convolutions and everything between them run several times faster with the
// channels innermost. So values may lie channels-last; which it is stands in them and never changes. Nothing is brought into
// another order by being looked at: who needs an order asks for it and gets a copy where the values lie in the other.

/// The sizes of [N, C, H, W] (or [N, C], [N, C, L]) as batch, channels and positions.
struct ChannelSizes: Equatable {
    let n, c, spatial: Int

    /// The sizes as kernels take them.
    var counts: (n: Int64, c: Int64, spatial: Int64) { (Int64(n), Int64(c), Int64(spatial)) }

    /// Whether the two orders differ.
    var matters: Bool { c > 1 && spatial > 1 }

    /// Where the element that row-major order calls `index` lies when the channels are innermost.
    func place(of index: Int) -> Int {
        let image = index / (c * spatial), channel = index / spatial % c, position = index % spatial
        return (image * spatial + position) * c + channel
    }
}

extension Values {
    /// Batch, channels and positions.
    var channels: ChannelSizes {
        ChannelSizes(n: shape[0], c: shape[1], spatial: shape.product(2..<shape.rank))
    }

    /// Fresh memory, channels innermost, with undefined contents.
    init(channelsLast shape: Shape, _ dtype: DType) throws {
        let storage = try Storage(byteCount: shape.elementCount * dtype.itemSize)
        let matters = shape.rank > 2 && shape[1] > 1 && shape.product(2..<shape.rank) > 1
        self.init(storage: storage, offset: 0, shape: shape, dtype: dtype, isChannelsLast: matters)
    }

    /// Fresh memory of the same shape, dtype and order, with undefined contents.
    init(like x: Values) throws {
        let storage = try Storage(byteCount: x.count * x.dtype.itemSize)
        self.init(storage: storage, offset: 0, shape: x.shape, dtype: x.dtype, isChannelsLast: x.isChannelsLast)
    }

    /// Fresh memory of the same shape and order for another dtype, with undefined contents.
    init(like x: Values, _ dtype: DType) throws {
        let storage = try Storage(byteCount: x.count * dtype.itemSize)
        self.init(storage: storage, offset: 0, shape: x.shape, dtype: dtype, isChannelsLast: x.isChannelsLast)
    }

    /// The same values in row-major order: these, or a copy.
    func rowMajor() throws -> Values {
        guard isChannelsLast else { return self }
        let sizes = channels
        let copy = try Values(shape, dtype)
        ck_channels_first(dtype.itemSize, base, copy.base, Int64(sizes.n), Int64(sizes.c), Int64(sizes.spatial))
        return copy
    }

    /// The same values with the channels innermost: these, or a copy. The shape is [N, C, …].
    func channelsLast() throws -> Values {
        let sizes = channels
        guard sizes.matters, !isChannelsLast else { return self }
        let copy = try Values(channelsLast: shape, dtype)
        ck_channels_last(dtype.itemSize, base, copy.base, Int64(sizes.n), Int64(sizes.c), Int64(sizes.spatial))
        return copy
    }

    /// Fresh memory for kernels of images: channels innermost, or as users see them when computing plainly.
    init(forImages shape: Shape, _ dtype: DType) throws {
        if Plain.isOn { try self.init(shape, dtype) } else { try self.init(channelsLast: shape, dtype) }
    }

    /// The same values as kernels of images want them: channels innermost, or as users see them when computing plainly.
    func forImages() throws -> Values { Plain.isOn ? try rowMajor() : try channelsLast() }

    /// The same values in the order of others of the same shape: these, or a copy.
    func inOrder(of other: Values) throws -> Values {
        if isChannelsLast == other.isChannelsLast { return self }
        return other.isChannelsLast ? try channelsLast() : try rowMajor()
    }

    /// The first element of values that lie as kernels of images want them.
    var imagePointer: UnsafeMutableRawPointer {
        precondition(
            Plain.isOn ? !isChannelsLast : isChannelsLast || !channels.matters, "a kernel took rows for images")
        return base
    }

    /// Whether both have one form and order: then nothing has to be arranged for a kernel.
    @inline(__always)
    func liesAs(_ other: Values) -> Bool {
        dtype == other.dtype && isChannelsLast == other.isChannelsLast && shape == other.shape
    }

    /// Whether this variable is all that holds the memory, so that it may be written. Plainly, nothing is.
    mutating func isUnshared() -> Bool {
        !Plain.isOn && isKnownUniquelyReferenced(&storage) && storage.sharers == 0 && !storage.isPinned
    }
}

extension Kernels {
    /// Operands of one shape in one order: if they lie unlike, in that of images.
    static func aligned(_ x: Values, _ y: Values) throws -> (Values, Values) {
        if x.isChannelsLast == y.isChannelsLast { return (x, y) }
        return (try x.forImages(), try y.forImages())
    }

    /// How many images of how many channels a kernel of images is given: plainly, each channel is an image of its own.
    static func images(_ shape: Shape) -> (n: Int64, c: Int64) {
        Plain.isOn ? (Int64(shape[0] * shape[1]), 1) : (Int64(shape[0]), Int64(shape[1]))
    }
}
