import Diagnostics
import Syntax

/// What can be said about a script without running it.
package enum Check {
    /// The errors of a script, in the order of their places.
    package static func diagnostics(of source: SourceText) -> [Diagnostic] { Parser.parse(source).diagnostics }
}
