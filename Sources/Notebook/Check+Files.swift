import Checking
import Diagnostics
import Runtime

extension Check {
    /// The errors of a script, whose imports are read as a session reads them.
    package static func diagnostics(of source: SourceText, library: Library) -> [Diagnostic] {
        diagnostics(of: source, library: library, files: SessionFiles())
    }
}
