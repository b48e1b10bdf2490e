import Base
import Builtins
import Diagnostics
import Glibc
import Learning
import Runtime
import Syntax
import Tensors

/// The one object behind the REPL, scripts and reports: takes text, runs it, and hands out what it gives.
///
/// It prints nothing, reads no terminal and ends no process; faces do.
package final class Session {
    /// What a session is started with.
    package struct Options {
        /// The seed of all random streams.
        package var seed: UInt64 = 0
        /// The values of `--set`, as the user wrote them.
        package var parameters: [(name: String, value: String)] = []
        /// The most memory, in bytes.
        package var memoryLimit: Int?
        /// The command that makes the run again, for provenance.
        package var command: String?
        /// The most seconds a run may take.
        package var timeLimit: Double?
        /// Pixels per inch of the pictures in reports; none for those of the figures themselves.
        package var pictureDPI: Double?

        /// The defaults.
        package init() {}
    }

    /// What comes out while a cell runs.
    package enum Output {
        /// What was printed, line ends included.
        case text(Markup)
        /// A value that `show` displays.
        case value(Presentation)
        /// Markdown for the report.
        case markdown(String)
        /// A remark on what could mislead, such as values that a figure leaves out.
        case warning(String)
    }

    /// What running a cell or an entry gave.
    package struct Result {
        /// The value to display; none when there is nothing to show.
        package var value: Presentation?
        /// The errors: several when the text has several syntax errors.
        package var diagnostics: [Diagnostic] = []
        /// How long it took.
        package var seconds = 0.0

        /// Nothing to show, no errors.
        package init(value: Presentation? = nil, diagnostics: [Diagnostic] = [], seconds: Double = 0) {
            (self.value, self.diagnostics, self.seconds) = (value, diagnostics, seconds)
        }

        /// Whether it ran to its end.
        package var succeeded: Bool { diagnostics.isEmpty }
    }

    /// An entry of the REPL with what came of it.
    package struct Entry {
        /// Its number.
        package let number: Int
        /// The text.
        package let text: String
        /// What it gave.
        package fileprivate(set) var outputs: [Output] = []
        /// How it ended.
        package fileprivate(set) var result = Result()
    }

    /// The interpreter, for completion and displays.
    package let interpreter: Interpreter
    /// What the session was started with.
    package let options: Options
    /// Takes what comes out while a cell runs.
    package var onOutput: (Output) -> Void = { _ in }
    /// The entries so far.
    package private(set) var entries: [Entry] = []
    /// The number of the next entry.
    package private(set) var nextNumber = 1

    /// The cells of the script that was run last, with what they gave.
    private(set) var scriptCells: [ScriptCell] = []
    /// The script that was run last.
    private(set) var scriptSource: SourceText?
    /// Whether a script is under way.
    private(set) var isRunningScript = false
    /// The reports that the script asked for.
    var requestedReports: [String] = []

    let files: SessionFiles
    private var outputs: [Output] = []
    private var deadline: ContinuousClock.Instant?
    private var nextMemoryCheck = ContinuousClock.now
    private var lastValues = DictObject()

    /// A session with the whole library.
    package init(_ options: Options = Options()) {
        self.options = options
        files = SessionFiles()
        interpreter = Interpreter(library: Self.library(), files: files)
        for (name, value) in options.parameters { interpreter.settings[name] = value }
        interpreter.deepestNativeCalls = 2_000
        interpreter.output = { [unowned self] in emit(.text($0)) }
        interpreter.show = { [unowned self] in emit(.value(Presentation(of: $0, in: interpreter))) }
        interpreter.markdown = { [unowned self] in emit(.markdown($0)) }
        interpreter.provenance = { [unowned self] in currentProvenance.facts.map { ($0.name, $0.value) } }
        interpreter.report = { [unowned self] in try requestReport($0) }
        interpreter.warn = { [unowned self] in emit(.warning($0)) }
        interpreter.checkLimits = { [unowned self] in try checkLimits() }
        if let limit = options.memoryLimit { Memory.limit = limit }
        Randomness.seed(options.seed)
    }

    /// Everything the language can call.
    package static func library() -> Library { .standard() }

    private func emit(_ output: Output) {
        outputs.append(output)
        onOutput(output)
    }

    /// Asked every few thousand steps of a program, so it looks at the clock first and at the memory seldom.
    private func checkLimits() throws {
        let now = ContinuousClock.now
        if let deadline, now > deadline { throw Self.timeout }
        guard now > nextMemoryCheck else { return }
        nextMemoryCheck = now + .milliseconds(10)
        let used = Memory.resident
        if let limit = options.memoryLimit, used > limit {
            throw Failure(
                .limit, "the run uses \(used / 1_000_000) MB; --max-memory allows \(limit / 1_000_000) MB")
        }
        // Without a limit the machine's memory is one: this process stops before the system has to kill something.
        guard used > Self.machineMemory / 4, Memory.available < Self.machineMemory / 32 else { return }
        throw Failure(
            .limit, "the run uses \(Interpreter.size(used)) of memory, and the machine has hardly any left",
            help: ["drop what is not needed any more (x = none); --max-memory sets a limit of your own"])
    }

    private static var timeout: Failure {
        var failure = Failure(.limit, "the run took longer than --timeout allows")
        failure.endsRun = true
        return failure
    }

    /// Begins the time that a run may take. When it ends, an interrupt stops work that does not come by here.
    private func startClock() {
        guard let limit = options.timeLimit, deadline == nil else { return }
        deadline = .now + .seconds(min(limit, Self.longest))
        signal(SIGALRM) { _ in Interrupt.request() }
        Self.setAlarm(limit)
    }

    private func stopClock() {
        guard deadline != nil else { return }
        Self.setAlarm(0)
        deadline = nil
    }

    /// Thirty years: more does not fit into clocks.
    private static let longest = 1e9

    /// The signal comes after so many seconds; never with 0.
    private static func setAlarm(_ seconds: Double) {
        let bounded = min(seconds, longest)
        var timer = itimerval()
        timer.it_value.tv_sec = Int(bounded)
        timer.it_value.tv_usec = Int((bounded - bounded.rounded(.down)) * 1e6)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// The bytes of memory that the machine has.
    private static let machineMemory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))

    // MARK: Running

    /// Runs an entry of the REPL: it takes the next number, and its value becomes `_`, `_n` and `Out[n]`.
    @discardableResult
    package func enter(_ text: String) -> Result {
        let number = nextNumber
        nextNumber += 1
        var entry = Entry(number: number, text: text)
        outputs = []
        let source = SourceText(name: "In [\(number)]", text: text)
        entry.result = run(source, range: nil)
        entry.outputs = outputs
        if let value = entry.result.value?.value {
            lastValues.entries[.int(number)] = value
            interpreter.setGlobal("_", value)
            interpreter.setGlobal("_\(number)", value)
            interpreter.setGlobal("Out", .dict(lastValues))
        }
        entries.append(entry)
        // While a person thinks, the machine has back what the entry no longer needs.
        Memory.trim()
        return entry.result
    }

    /// Goes on with the numbers of another session.
    package func continueNumbering(at number: Int) { nextNumber = number }

    /// Takes a number for an entry that is no code, such as `?name`.
    package func skipNumber() { nextNumber += 1 }

    /// Runs a text, or a cell of it, without a number.
    package func run(_ source: SourceText, range: SourceSpan?) -> Result {
        let parsed = Parser.parse(source, range: range)
        guard parsed.diagnostics.isEmpty else { return Result(diagnostics: parsed.diagnostics) }
        return run(parsed.program, of: source)
    }

    private func run(_ program: Program, of source: SourceText) -> Result {
        var result = Result()
        Interrupt.clear()
        let isWholeRun = deadline == nil
        startClock()
        defer { if isWholeRun { stopClock() } }
        let start = ContinuousClock.now
        do {
            let value = try files.recording { try interpreter.run(program, of: source) }
            if case .none = value {} else { result.value = Presentation(of: value, in: interpreter) }
        } catch {
            result.diagnostics = [diagnostic(for: error, in: source)]
        }
        let elapsed = start.duration(to: .now).components
        result.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        Interrupt.clear()
        return result
    }

    private func diagnostic(for error: any Error, in source: SourceText) -> Diagnostic {
        if var diagnostic = error as? Diagnostic {
            if diagnostic.kind == .interrupt, let deadline, ContinuousClock.now > deadline {
                let timeout = Self.timeout
                (diagnostic.kind, diagnostic.message, diagnostic.help) = (timeout.kind, timeout.message, [])
                diagnostic.code = timeout.code?.rawValue
            }
            return diagnostic
        }
        let failure = Failure(error)
        return Diagnostic(
            failure.kind, failure.message, code: failure.code?.rawValue, notes: failure.notes, help: failure.help)
    }

    // MARK: Scripts

    /// A cell of a script after it ran.
    package struct ScriptCell {
        /// The cell.
        package let cell: Syntax.Cell
        /// What came out.
        package let outputs: [Output]
        /// How it ended; none for a text cell and for cells behind an error.
        package let result: Result?
        /// The assertions of the cell with whether they held.
        package let assertions: [(text: String, holds: Bool)]
    }

    /// Runs a script cell by cell up to the first error. Nothing runs when a cell has a syntax error, or when `--set`
    /// names what no `param` declares.
    ///
    /// - Parameters:
    ///   - source: the script; its name is its path, imports are relative to it.
    ///   - folder: the folder that imports are relative to.
    ///   - each: called after each cell.
    package func run(
        script source: SourceText, folder: String?, each: (ScriptCell) -> Void = { _ in }
    ) throws(UnknownParameter) -> [Diagnostic] {
        let whole = Parser.parse(source)
        guard whole.diagnostics.isEmpty else { return whole.diagnostics }
        try checkSettings(in: whole.program)
        files.folder = folder
        scriptSource = source
        scriptCells = []
        requestedReports = []
        isRunningScript = true
        startClock()
        defer {
            files.folder = nil
            isRunningScript = false
            stopClock()
        }
        func finish(_ cell: ScriptCell) {
            scriptCells.append(cell)
            each(cell)
        }
        var errors: [Diagnostic] = []
        for cell in Cells.split(source) {
            outputs = []
            guard cell.kind == .code, errors.isEmpty else {
                finish(ScriptCell(cell: cell, outputs: [], result: nil, assertions: []))
                continue
            }
            let program = Parser.parse(source, range: cell.span).program
            let result = run(program, of: source)
            errors = result.diagnostics
            finish(
                ScriptCell(
                    cell: cell, outputs: outputs, result: result,
                    assertions: assertions(of: program, in: source, failure: errors.first)))
        }
        return errors + writeRequestedReports(of: source, errors: errors)
    }

    /// A `--set` that fits no `param`.
    package struct UnknownParameter: Error {
        /// The name given.
        package let name: String
        /// The names that exist.
        package let declared: [String]
    }

    private func checkSettings(in program: Program) throws(UnknownParameter) {
        try Self.check(options.parameters.map(\.name), in: program)
    }

    /// Checks that a program declares a `param` for each name.
    package static func check(_ names: [String], in program: Program) throws(UnknownParameter) {
        let declared: [String] = program.statements.compactMap {
            if case .parameter(let name, _) = $0.kind { name.text } else { nil }
        }
        for name in names where !declared.contains(name) {
            throw UnknownParameter(name: name, declared: declared)
        }
    }

    /// Why a `param` of a program cannot have a value, found before a run; none when it can.
    package static func problem(setting name: String, to text: String, in program: Program) -> String? {
        for case .parameter(let declared, let value) in program.statements.map(\.kind) where declared.text == name {
            return Interpreter.problem(setting: name, to: text, default: value)
        }
        return nil
    }

    /// The assertions at the top of a cell: those before the error held.
    private func assertions(of program: Program, in source: SourceText, failure: Diagnostic?) -> [(String, Bool)] {
        let failed = failure?.labels.first { $0.source === source }?.span.lower
        return program.statements.compactMap { statement in
            guard case .assert = statement.kind else { return nil }
            if failure != nil {
                guard let failed, statement.span.lower <= failed else { return nil }
                return (source.text(in: statement.span), failed >= statement.span.upper)
            }
            return (source.text(in: statement.span), true)
        }
    }
}
