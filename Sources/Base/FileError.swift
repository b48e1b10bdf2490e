import Glibc

/// A file that could not be read or written.
public struct FileError: DescribedError, Equatable {
    /// What was tried.
    public enum Action: String, Sendable { case read, write }

    /// `io`; `limit` for a file that is too large, `interrupt` when somebody asked to stop.
    public let kind: FailureKind
    /// What was tried.
    public let action: Action
    /// The path as given.
    public let path: String
    /// Why not, in the system's words where it is the system's: `no such file or directory`.
    public let reason: String

    /// An error for a reason.
    public init(_ action: Action, _ path: String, _ reason: String, kind: FailureKind = .io) {
        self.kind = kind
        self.action = action
        self.path = path
        self.reason = reason
    }

    /// An error for the system's error number.
    init(_ action: Action, _ path: String, code: Int32) { self.init(action, path, Self.reason(code)) }

    /// `cannot read notes.txt: no such file or directory`.
    public var message: String { kind == .interrupt ? reason : "cannot \(action.rawValue) \(path): \(reason)" }

    /// What the system's error number means.
    public static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
