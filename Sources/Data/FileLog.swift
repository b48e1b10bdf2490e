import Synchronization

/// The paths of files in the order they were first read; data may be read on other threads.
public final class FileLog: Sendable {
    private let list = Mutex<[String]>([])

    /// An empty log.
    public init() {}

    /// The paths, each once.
    public var paths: [String] { list.withLock { $0 } }

    /// Notes that the file at `path` was read.
    public func add(_ path: String) {
        list.withLock { if !$0.contains(path) { $0.append(path) } }
    }
}
