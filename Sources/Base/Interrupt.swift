import CBase

/// The wish that the work in progress stop: Ctrl-C, or the end of the time it was given. Long work looks at it at least ten
/// times a second.
public enum Interrupt {
    /// Asks the work in progress to stop. Safe in a signal handler.
    public static func request() { interrupt_request() }
    /// Forgets the request.
    public static func clear() { interrupt_clear() }
    /// Whether somebody asked to stop.
    public static var isRequested: Bool { interrupt_requested() }
}
