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

    // Unchecked exclusivity where every instruction reads: an interpreter belongs to one thread, and what runs during an
    // access works on what `execute` has taken out.
    @exclusivity(unchecked) var code: [Instruction] = []
    var marks: [Mark] = []
    @exclusivity(unchecked) var constants: [Value] = []
    @exclusivity(unchecked) var sites: [CallSite] = []
    /// What the instruction loop knows of the sites, by the same numbers.
    var records: [CallRecord] = []
    var formats: [FormatSpecification] = []
    var prototypes: [Prototype] = []
    var fields: [ObjectIdentifier: [String]] = [:]
    /// Global variables, the newest first, then the stack. Globals lie below the session's base, so that top-level code
    /// addresses them as registers -1, -2, ….
    @exclusivity(unchecked) var registers: [Value]
    @exclusivity(unchecked) var globalCount = 512
    var slotNames: [String] = []
    @exclusivity(unchecked) var frames = CallStack(room: 256)
    /// What a library function threw that the instruction loop called.
    var pendingError: (any Error)?
    @exclusivity(unchecked) var handlers: [Handler] = []
    var nativeDepth = 0
    /// The first free register for a call from library code.
    @exclusivity(unchecked) var stackTop: Int
    @exclusivity(unchecked) var steps = 0
    var imports: [String: ImportedFile] = [:]
    var importing: [String] = []
    var currentFile: FileScope
    /// The session's global variables.
    public let session: FileScope
    private var numberConstants: [UInt64: Int] = [:]
    private var textConstants: [String: Int] = [:]
    private var literalConstants: [Int] = []

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
        registers = Array(repeating: .unbound, count: 512 + 4096)
        stackTop = 512
        session = FileScope(path: nil)
        currentFile = session
    }

    deinit {
        for record in records { machine_forget(record.function) }
        Teardown.run(&registers)
    }

    // MARK: What the compiler asks for

    /// The number of a constant.
    func constant(_ value: Value) -> Int {
        switch value {
        case .string(let string):
            // Canonically equal texts may differ in scalars, so only ASCII is shared.
            guard string.isASCII else { break }
            if let index = textConstants[string.text] { return index }
            textConstants[string.text] = constants.count
        case .float(let float):
            if let index = numberConstants[float.bitPattern] { return index }
            numberConstants[float.bitPattern] = constants.count
        case .none, .bool, .unbound:
            for index in literalConstants {
                switch (constants[index], value) {
                case (.none, .none), (.unbound, .unbound): return index
                case (.bool(let a), .bool(let b)) where a == b: return index
                default: continue
                }
            }
            literalConstants.append(constants.count)
        default: break
        }
        constants.append(value)
        return constants.count - 1
    }

    func add(format: FormatSpecification) -> Int {
        formats.append(format)
        return formats.count - 1
    }

    /// The number of a call whose result goes to a register.
    func add(site: CallSite, result: Int) -> Int {
        sites.append(site)
        var record = CallRecord()
        record.result = Int32(truncatingIfNeeded: result)
        records.append(record)
        return sites.count - 1
    }

    func index(of prototype: Prototype) -> Int { prototypes.lastIndex { $0 === prototype } ?? 0 }

    /// The slot of a name of a file; a library name starts with the library's value.
    func slot(of name: String, in file: FileScope) -> Int {
        if let slot = file.slots[name] { return slot }
        let slot = slotNames.count
        slotNames.append(name)
        file.slots[name] = slot
        if slotNames.count > globalCount { growGlobals() }
        if let value = library.value(named: name) { registers[globalCount - 1 - slot] = value }
        return slot
    }

    func isBound(slot: Int) -> Bool {
        if case .unbound = registers[globalCount - 1 - slot] { false } else { true }
    }

    /// Makes room for as many globals again, which moves the stack up.
    private func growGlobals() {
        let added = globalCount
        registers.insert(contentsOf: Array(repeating: .unbound, count: added), at: 0)
        globalCount += added
        stackTop += added
        for index in frames.indices {
            frames[index].base += added
            frames[index].limit += added
            frames[index].result += added
        }
        for index in handlers.indices {
            handlers[index].register += added
            handlers[index].base += added
            handlers[index].limit += added
        }
        shift += added
    }

    /// By how much the stack has moved since the interpreter was made; runs under way correct their cursors by it.
    var shift = 0
}
