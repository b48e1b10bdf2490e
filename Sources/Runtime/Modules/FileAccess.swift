/// How the language reads files that a program imports: the session decides what a path means.
public protocol FileAccess {
    /// The path of an imported file, resolved against the importing file's (or the working directory, when there is
    /// none), in a form that is equal for equal files.
    func resolve(_ path: String, from importer: String?) -> String
    /// The bytes of a file.
    func read(_ path: String) throws -> [UInt8]
    /// Replaces a file whole, or makes it.
    func write(_ bytes: [UInt8], to path: String) throws
    /// Whether there is a file or folder.
    func exists(_ path: String) -> Bool
    /// The folder of the script that runs; none in the REPL.
    var folder: String? { get }
    /// Where a file or folder that a program reads is: relative paths may have several places.
    ///
    /// - Throws: an `io` failure that names the places when it is in none of them.
    func find(_ path: String) throws -> FoundPath
}

/// Where a file or folder that is to be read was found.
public struct FoundPath: Sendable {
    /// The path to be opened.
    public let path: String
    /// What is to be said once, when there was a choice.
    public let note: String?

    /// A place, and what is to be said of it.
    public init(_ path: String, note: String? = nil) {
        self.path = path
        self.note = note
    }
}

extension FileAccess {
    /// An `io` error: writing has to be allowed by the session.
    public func write(_ bytes: [UInt8], to path: String) throws {
        throw Failure(.io, "cannot write \(path): this session writes no files")
    }
    /// None.
    public var folder: String? { nil }
    /// The path as given.
    public func find(_ path: String) throws -> FoundPath { FoundPath(path) }
    /// Whether the file can be read.
    public func exists(_ path: String) -> Bool { (try? read(path)) != nil }
}

/// No files at all: for `-e` in tests, and for embedders that allow none.
public struct NoFiles: FileAccess {
    /// Nothing to configure.
    public init() {}
    /// The path as given.
    public func resolve(_ path: String, from importer: String?) -> String { path }
    /// Always an `io` error.
    public func read(_ path: String) throws -> [UInt8] {
        throw Failure(.io, "cannot read \(path): this session has no access to files")
    }
}
