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
