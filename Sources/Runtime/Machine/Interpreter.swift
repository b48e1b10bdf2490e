import CMachine
import Diagnostics
import Learning
import Syntax
import Tensors

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
    /// Facts about script, machine and versions, for what is saved.
    public var provenance: () -> [(name: String, value: String)] = { [] }
    /// Writes what ran so far as a report.
    public var report: (String) throws -> Void = { _ in }
    /// Takes remarks on what could mislead, such as values that a figure leaves out: one sentence each.
    public var warn: (String) -> Void = { _ in }
    /// Told how far a training is, for a progress bar.
    public var progress: ((Progress) -> Void)?
    /// Reads imported files.
    public var files: any FileAccess
    /// The values of `--set`, by name, as the user wrote them.
    public var settings: [String: String] = [:]
    /// The most back-jumps and calls a run may make, counted in thousands of steps; none is no limit.
    public var stepLimit: Int?
    /// Asked now and then while a program runs; a thrown error ends the run. Memory and time limits go here.
    public var checkLimits: () throws -> Void = {}
    /// The most calls that may go through library functions (`map`, a network's `forward`) inside each other. A thread
    /// with a large stack can afford more.
    public var deepestNativeCalls = 150
    /// The `param`s seen so far and their values, in order.
    public internal(set) var parameters: [(name: String, value: Value)] = []
    /// Whether every instruction runs in Swift; see ``Machine/usesSwiftLoop``.
    public var runsInSwift: Bool {
        get { machine.runsInSwift }
        set { machine.runsInSwift = newValue || !MachineHooks.areInstalled }
    }
    /// What runs the instructions.
    private(set) lazy var machine = Machine(of: self)
    @exclusivity(unchecked) var steps = 0
    var imports: [String: ImportedFile] = [:]
    var importing: [String] = []
    var currentFile: FileScope
    /// The session's global variables.
    public let session: FileScope

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
        session = FileScope(path: nil)
        currentFile = session
    }
}
