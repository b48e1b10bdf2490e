import CKernels

/// Whether operations of this thread record what `backward` needs.
public enum Gradients {
    /// True unless inside `disabled`.
    public static var isEnabled: Bool { ck_gradients_enabled() }

    /// Switches recording on or off; prefer `disabled`, which restores the former state.
    public static func setEnabled(_ enabled: Bool) { ck_set_gradients_enabled(enabled) }

    /// Runs `body` without recording, as the language's `no_grad { }`.
    public static func disabled<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
    {
        let before = isEnabled
        setEnabled(false)
        defer { setEnabled(before) }
        return try body()
    }

    /// Runs `body` with recording, even inside `disabled`.
    public static func enabled<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let before = isEnabled
        setEnabled(true)
        defer { setEnabled(before) }
        return try body()
    }
}

/// The user's wish to stop: set by a signal handler, polled by long loops.
public enum Interrupt {
    /// Asks the work in progress to stop. Safe in a signal handler.
    public static func request() { ck_interrupt_request() }
    /// Forgets the request.
    public static func clear() { ck_interrupt_clear() }
    /// Whether somebody asked to stop.
    public static var isRequested: Bool { ck_interrupt_requested() }
    /// - Throws: `TensorError.interrupted` when somebody asked to stop.
    public static func check() throws(TensorError) {
        if ck_interrupt_requested() { throw .interrupted }
    }
}

/// How many threads the kernels of this process use.
public enum Threads {
    /// The number of threads, at least one; by default the processors that the process may run on.
    public static var count: Int {
        get { Int(ck_threads()) }
        set { ck_set_threads(Int32(clamping: newValue)) }
    }
}

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
