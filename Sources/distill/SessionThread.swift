import Glibc

/// The one thread on which a session lives: deep recursion in a script needs a stack that the main thread has not got.
enum SessionThread {
    private final class Work {
        let body: @Sendable () -> Int32
        var status: Int32 = 1
        init(_ body: @escaping @Sendable () -> Int32) { self.body = body }
    }

    /// Address space, not memory: pages are touched only by deep recursion.
    private static let stackSize = 512 << 20

    /// Runs `body` on a thread of its own and returns its result; on the calling thread when none can be had.
    ///
    /// The calling thread blocks the signals of the terminal, so that they interrupt the session's waits and not its own.
    static func run(_ body: @escaping @Sendable () -> Int32) -> Int32 {
        let work = Work(body)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setstacksize(&attributes, stackSize) == 0 else { return body() }
        let context = Unmanaged.passRetained(work)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeUnretainedValue()
                work.status = work.body()
                return nil
            }, context.toOpaque())
        defer { context.release() }
        guard failure == 0 else { return body() }
        var terminalSignals = sigset_t()
        sigemptyset(&terminalSignals)
        for signal in [SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGTERM, SIGHUP] { sigaddset(&terminalSignals, signal) }
        pthread_sigmask(SIG_BLOCK, &terminalSignals, nil)
        pthread_join(thread, nil)
        return work.status
    }
}
