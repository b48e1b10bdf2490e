import Diagnostics
import Learning

/// One running language: its global variables, its library, and where its output goes.
///
/// It prints nothing itself, ends no process and keeps nothing outside itself; a session is a face on top of it.
public final class Interpreter {
    /// What programs can call.
    public let library: Library
    /// Takes what `print` and the like write, line ends included.
    public var output: (Markup) -> Void
    /// Takes the values that `show` displays in the middle of a cell.
    public var show: (Value) -> Void
    /// Takes the text that `markdown` adds to the report.
    public var markdown: (String) -> Void
    /// Reads imported files.
    public var files: any FileAccess

    /// An interpreter with nothing declared yet.
    public init(
        library: Library, files: any FileAccess = NoFiles(), output: @escaping (Markup) -> Void = { _ in },
        show: @escaping (Value) -> Void = { _ in }, markdown: @escaping (String) -> Void = { _ in }
    ) {
        self.library = library
        self.files = files
        self.output = output
        self.show = show
        self.markdown = markdown
    }
}
