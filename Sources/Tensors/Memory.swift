import CKernels

/// Memory accounting.
public enum Memory {
    /// The most bytes that the process may occupy; none is as many as the machine has.
    public static var limit: Int? {
        get { ck_memory_limit() < 0 ? nil : Int(ck_memory_limit()) }
        set { ck_set_memory_limit(newValue.map { Int64(max(0, $0)) } ?? -1) }
    }
    /// The bytes that the process occupies. Reading it costs some microseconds.
    public static var resident: Int { Int(clamping: ck_resident_memory()) }
    /// The bytes that can still be had, by the limit and by what the machine has left. Reading it costs some microseconds.
    public static var available: Int { Int(clamping: ck_available_memory()) }
    /// Refuses bytes beside tensors that cannot be had; few of them are not asked about.
    static func claim(_ bytes: Int) throws(TensorError) {
        guard bytes > 16 << 20, bytes > available else { return }
        throw .outOfMemory(bytes: bytes, available: available)
    }
    /// Blocks this thread has fetched from the system so far; constant while work lives off the cache.
    public static var systemAllocations: Int { Int(ck_system_allocations()) }
    /// Gives cached blocks back to the system.
    public static func trim() { ck_trim() }
}

extension Kernels {
    /// - Parameters:
    ///   - done: What a kernel said that works in scratch memory.
    ///   - bytes: What it asked for; the scratch memory that was last refused unless given.
    /// - Throws: `TensorError.outOfMemory` when it was not done.
    static func checkScratch(_ done: Bool, bytes: Int? = nil) throws(TensorError) {
        guard !done else { return }
        throw .outOfMemory(bytes: bytes ?? Int(clamping: ck_refused_scratch()), available: Memory.available)
    }
}
