import CKernels

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
