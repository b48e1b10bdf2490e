import Diagnostics
import Syntax

/// What can be done with a script without running it.
package enum Check {
    /// What formatting a script gives.
    package enum Layout {
        /// The text in the one layout.
        case formatted(String)
        /// The errors that leave it as it is.
        case failure([Diagnostic])
    }

    /// The errors of a script, in the order of their places.
    package static func diagnostics(of source: SourceText) -> [Diagnostic] { Parser.parse(source).diagnostics }

    /// The script in the one layout.
    package static func formatted(_ source: SourceText) -> Layout {
        do {
            return .formatted(try Formatter.format(source))
        } catch {
            return .failure(error.diagnostics)
        }
    }
}
