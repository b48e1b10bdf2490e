import CKernels

/// A block of memory from the pool, 64-byte aligned.
final class Storage {
    /// The memory. It always holds the values: nothing waits to be computed when it is read.
    let pointer: UnsafeMutableRawPointer
    let byteCount: Int
    // Unchecked exclusivity, here and in `Tensor` and `Operation`: each belongs to one thread, no access calls back into
    // another, and the run-time check is a twentieth of a small operation's cost.
    /// These weights in the forms that convolutions want.
    @exclusivity(unchecked) var packed: [Kernels.PackedWeights] = []
    /// Grows with every write, so that `backward` notices values that were overwritten.
    @exclusivity(unchecked) var version = 0
    /// Tensors that show this memory; more than one means that a write copies first.
    @exclusivity(unchecked) var sharers = 0
    /// Memory of an optimizer's flat buffer: written in place whatever else is true, and shared with nobody new.
    @exclusivity(unchecked) var isPinned = false
    /// Tensors that moved to memory of their own because they were written: for those who saved them, overwritten.
    @exclusivity(unchecked) var departed: [Int] = []

    init(byteCount: Int) throws {
        guard let pointer = ck_allocate(byteCount) else {
            throw TensorError.outOfMemory(bytes: byteCount, available: Int(clamping: ck_available_memory()))
        }
        self.pointer = pointer
        self.byteCount = byteCount
    }

    deinit { ck_release(pointer, byteCount) }
}

/// Contiguous numbers with a shape: what kernels work on. Never written after it is shared, except through `Tensor`'s
/// in-place functions.
///
/// The elements lie in row-major order, or, where a convolution or what stands around one made them, with the channels
/// innermost; see Values+Order.swift. A kernel that knows one order only asks for it (`rowMajor`, `channelsLast`), which
/// gives a copy where the values lie in the other.
struct Values {
    var storage: Storage
    let offset: Int
    let shape: Shape
    let dtype: DType
    /// Whether the elements that the shape calls [n, c, …] lie as [n, …, c]. Never set where that makes no difference.
    let isChannelsLast: Bool

    /// Fresh memory with undefined contents.
    init(_ shape: Shape, _ dtype: DType) throws {
        storage = try Storage(byteCount: shape.elementCount * dtype.itemSize)
        offset = 0
        self.shape = shape
        self.dtype = dtype
        isChannelsLast = false
    }

    init(storage: Storage, offset: Int, shape: Shape, dtype: DType, isChannelsLast: Bool = false) {
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.dtype = dtype
        self.isChannelsLast = isChannelsLast
    }

    var count: Int { shape.elementCount }

    /// The first element of values in row-major order. The values must stay in a variable while the pointer is used.
    var raw: UnsafeMutableRawPointer {
        precondition(!isChannelsLast, "a kernel took images for rows")
        return base
    }

    /// The first element for kernels that treat every element alike, in whatever order they lie.
    var base: UnsafeMutableRawPointer { storage.pointer + offset * dtype.itemSize }

    /// The same elements under another shape of the same number of elements; the same memory if they lie row by row.
    func reshaped(_ shape: Shape) throws -> Values {
        if shape == self.shape { return self }
        let rows = try rowMajor()
        return Values(storage: rows.storage, offset: rows.offset, shape: shape, dtype: dtype)
    }

    /// A part of the same memory; for values in row-major order.
    func part(at start: Int, _ shape: Shape) -> Values {
        precondition(!isChannelsLast, "a part of images was taken for rows")
        return Values(storage: storage, offset: offset + start, shape: shape, dtype: dtype)
    }

    /// Fresh memory with the same contents, in the same order.
    func copied() throws -> Values {
        let result = try Values(like: self)
        result.base.copyMemory(from: base, byteCount: count * dtype.itemSize)
        return result
    }

    /// Copies contents of the same shape and dtype.
    func write(_ source: Values) throws {
        let source = try source.inOrder(of: self)
        base.copyMemory(from: source.base, byteCount: count * dtype.itemSize)
    }
}

extension DType {
    var code: ck_dtype { ck_dtype(rawValue: UInt32(rawValue)) }
}

/// Calls of the C kernels on values. Everything here is safe to call with values of the stated shapes and dtypes.
enum Kernels {}

extension InlineArray where Element == Int, count == 8 {
    /// Calls `body` with the numbers as C sees them.
    func withPointer<Result>(_ body: (UnsafePointer<Int64>) throws -> Result) rethrows -> Result {
        try withUnsafePointer(to: self) { pointer in
            try body(UnsafeRawPointer(pointer).assumingMemoryBound(to: Int64.self))
        }
    }
}
