import Checking
import Diagnostics
import Runtime

extension Check {
    /// The errors of a script, whose imports are read as a session reads them.
    package static func diagnostics(of source: SourceText, library: Library) -> [Diagnostic] {
        diagnostics(of: source, library: library, files: SessionFiles())
    }

    /// The errors of a script while it and the files that it imports are edited.
    ///
    /// - Parameter edited: the bytes of a file that differs from the one on disk, by its path; none for any other.
    package static func diagnostics(
        of source: SourceText, library: Library, edited: @escaping (String) -> [UInt8]?
    ) -> [Diagnostic] {
        diagnostics(of: source, library: library, files: EditedFiles(edited))
    }

    /// The path that an import of a file means.
    package static func path(ofImport path: String, in importer: String) -> String {
        SessionFiles().resolve(path, from: importer)
    }
}

/// Files of which an editor holds newer versions.
private final class EditedFiles: FileAccess {
    private let disk = SessionFiles()
    private let edited: (String) -> [UInt8]?

    init(_ edited: @escaping (String) -> [UInt8]?) { self.edited = edited }

    var folder: String? { disk.folder }
    func resolve(_ path: String, from importer: String?) -> String { disk.resolve(path, from: importer) }
    func read(_ path: String) throws -> [UInt8] { try edited(path) ?? disk.read(path) }
    func write(_ bytes: [UInt8], to path: String) throws { try disk.write(bytes, to: path) }
    func exists(_ path: String) -> Bool { edited(path) != nil || disk.exists(path) }
    func find(_ path: String) throws -> FoundPath { try disk.find(path) }
}
