import CKernels

/// A block of memory from the pool, 64-byte aligned.
final class Storage {
    /// The memory as it is; everybody but those who know about `order` and `deferred` goes through `pointer`.
    let block: UnsafeMutableRawPointer
    let byteCount: Int
    // Unchecked exclusivity, here and in `Tensor` and `Operation`: each belongs to one thread, no access calls back into
    // another, and the run-time check is a twentieth of a small operation's cost.
    /// The order of the elements where it is not row-major.
    @exclusivity(unchecked) var order: ChannelsLast?
    /// Work that the contents wait for.
    @exclusivity(unchecked) var deferred: Deferred?
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
        block = pointer
        self.byteCount = byteCount
    }

    deinit {
        if deferred != nil { forgetDeferred() }
        ck_release(block, byteCount)
    }

    /// The memory with its contents computed and in row-major order.
    var pointer: UnsafeMutableRawPointer {
        if ck_deferred() != nil { Deferred.settle() }
        if order != nil { arrange(nil) }
        return block
    }

    /// The memory with its contents computed, in whatever order.
    var unordered: UnsafeMutableRawPointer {
        if ck_deferred() != nil { Deferred.settle() }
        return block
    }
}

/// Contiguous numbers with a shape: what kernels work on. Never written after it is shared, except through `Tensor`'s
/// in-place functions.
struct Values {
    var storage: Storage
    let offset: Int
    let shape: Shape
    let dtype: DType

    /// Fresh memory with undefined contents.
    init(_ shape: Shape, _ dtype: DType) throws {
        storage = try Storage(byteCount: shape.elementCount * dtype.itemSize)
        offset = 0
        self.shape = shape
        self.dtype = dtype
    }

    init(storage: Storage, offset: Int, shape: Shape, dtype: DType) {
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.dtype = dtype
    }

    var count: Int { shape.elementCount }

    /// The first element. The values must stay in a variable while the pointer is used.
    var raw: UnsafeMutableRawPointer { storage.pointer + offset * dtype.itemSize }

    /// The same memory under another shape of the same number of elements.
    func reshaped(_ shape: Shape) -> Values {
        Values(storage: storage, offset: offset, shape: shape, dtype: dtype)
    }

    /// A part of the same memory.
    func part(at start: Int, _ shape: Shape) -> Values {
        Values(storage: storage, offset: offset + start, shape: shape, dtype: dtype)
    }

    /// Fresh memory with the same contents.
    func copied() throws -> Values {
        let result = try Values(like: self)
        result.unordered.copyMemory(from: unordered, byteCount: count * dtype.itemSize)
        return result
    }

    /// Copies contents of the same shape and dtype.
    func write(_ source: Values) {
        raw.copyMemory(from: source.raw, byteCount: count * dtype.itemSize)
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
