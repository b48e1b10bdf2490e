import CKernels

/// How many threads the kernels of this process use.
public enum Threads {
    /// The number of threads, at least one; by default the processors that the process may run on.
    public static var count: Int {
        get { Int(ck_threads()) }
        set { ck_set_threads(Int32(clamping: newValue)) }
    }
}
