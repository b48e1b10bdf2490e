import Diagnostics
import Runtime
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

    /// The errors of a script and of the files it imports, in the order of their places.
    ///
    /// Syntax errors stand alone. Else these are found: names that nothing has, names read before they are bound, missing
    /// imports, arguments that a function of the library or of the file does not take, strings that are none of the
    /// options, methods that no value has, and networks written out whose sizes do not meet. What depends on values that
    /// only running gives is left to running.
    ///
    /// - Parameters:
    ///   - source: the script; its name is its path, imports are relative to it.
    ///   - library: what the script can call.
    ///   - files: how imported files are found and read.
    package static func diagnostics(
        of source: SourceText, library: Library, files: any FileAccess
    ) -> [Diagnostic] {
        let parsed = Parser.parse(source)
        guard parsed.diagnostics.isEmpty else { return parsed.diagnostics }
        let imports = CheckedImports(library: library, files: files)
        var checker = Checker(source: source, program: parsed.program, imports: imports, path: source.name)
        imports.begin(source.name)
        checker.checkProgram(parsed.program)
        return checker.findings
    }

    /// The script in the one layout.
    package static func formatted(_ source: SourceText) -> Layout {
        do {
            return .formatted(try Formatter.format(source))
        } catch {
            return .failure(error.diagnostics)
        }
    }
}
