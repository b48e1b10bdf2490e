import Diagnostics

/// The global variables of one file or of the session: names and the slots they live in.
public final class FileScope {
    /// The path that imports are relative to; none in the REPL.
    let path: String?
    /// The slot of every name that was mentioned.
    var slots: [String: Int] = [:]
    /// The names that a statement of the file binds, in order.
    var declared: [String] = []
    /// The names declared with `param`.
    var parameters: [String] = []

    init(path: String?) { self.path = path }

    func declare(_ name: String) { if !declared.contains(name) { declared.append(name) } }
}
