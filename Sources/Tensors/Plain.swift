import CKernels

/// The plain way of computing: every operation at once, forward and backward, by scalar loops of its own (float64 sums for
/// float32, no vectors, no matrix library, no oneDNN, one thread), with nothing fused, planned, folded or cached. It is what
/// the quick kernels and every shortcut are compared with; random numbers (Philox) and LAPACK are the same in both ways.
///
/// The choice belongs to the process (`distill --plain`, `DISTILL_PLAIN=1`); a thread may choose for itself for a while, so
/// that both ways can be compared in one process.
public enum Plain {
    /// Whether operations of this thread are computed plainly.
    public static var isOn: Bool { ck_plain() }

    /// Chooses for the process. To be called before anything is computed: what exists keeps the form it has.
    public static func setForProcess(_ on: Bool) { ck_set_plain_process(on) }

    /// Runs `body` with this thread computing plainly, or quickly when `on` is false, whatever the process does.
    public static func run<Result>(_ on: Bool = true, _ body: () throws -> Result) rethrows -> Result {
        let before = ck_get_plain_thread()
        ck_set_plain_thread(on ? 1 : -1)
        defer { ck_set_plain_thread(before) }
        return try body()
    }
}
