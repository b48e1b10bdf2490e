import CMachine
import Glibc
import Synchronization
import Syntax
import Tensors

/// What runs the instructions of one interpreter: the code of everything compiled so far, the variables, and the calls
/// under way.
///
/// Two loops run the same instructions. The one in C does what is frequent and cheap and leaves the rest to Swift
/// (``step(_:floor:)``); the one in Swift runs every instruction by `step` and asks nothing of how Swift lays out values
/// in memory. How frames and windows lie is drawn in `Sources/CMachine/README.md`.
public final class Machine {
    private static let swiftLoop = Atomic<Bool>(getenv("DISTILL_MACHINE").map { String(cString: $0) } == "swift")

    /// Whether interpreters made from now on run every instruction in Swift, some ten times slower, instead of the frequent
    /// ones in C. `DISTILL_MACHINE=swift` says so from outside; and there is no choice when the compiler of this build lays
    /// out values in another way than the loop in C expects.
    public static var usesSwiftLoop: Bool {
        get { swiftLoop.load(ordering: .relaxed) || !MachineHooks.areInstalled }
        set { swiftLoop.store(newValue, ordering: .relaxed) }
    }

    /// Whether this machine runs every instruction in Swift, as it does when computing plainly.
    var runsInSwift = Machine.usesSwiftLoop || Plain.isOn

    /// The interpreter that has this machine, and so outlives it; counting references to it would take longer than many
    /// an instruction.
    let owner: Unmanaged<Interpreter>
    var interpreter: Interpreter { owner.takeUnretainedValue() }

    // Unchecked exclusivity where every instruction reads: a machine belongs to one thread, and what runs during an
    // access works on what `execute` has taken out.
    @exclusivity(unchecked) var code: [Instruction] = []
    /// Where each instruction comes from.
    var marks: [Mark] = []
    @exclusivity(unchecked) var constants: [Value] = []
    @exclusivity(unchecked) var sites: [CallSite] = []
    /// What the loop in C knows of the sites, by the same numbers.
    var records: [CallRecord] = []
    var formats: [FormatSpecification] = []
    var prototypes: [Prototype] = []
    /// The field names of module declarations.
    var fields: [ObjectIdentifier: ModuleFields] = [:]
    @exclusivity(unchecked) var registers = Registers(globals: 512, stack: 4096)
    /// The name in every slot for a global variable.
    var slotNames: [String] = []
    @exclusivity(unchecked) var frames = CallStack(room: 256)
    @exclusivity(unchecked) var handlers: [Handler] = []
    /// The first free register for a call from library code.
    @exclusivity(unchecked) var stackTop = 0
    /// How many calls go through library functions, inside each other.
    var nativeDepth = 0
    /// What a library function threw that the loop in C called.
    var pendingError: (any Error)?

    private var numberConstants: [UInt64: Int] = [:]
    private var textConstants: [String: Int] = [:]
    private var literalConstants: [Int] = []

    init(of interpreter: Interpreter) { owner = .passUnretained(interpreter) }

    deinit {
        for record in records { machine_forget(record.function) }
        registers.release()
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

    // MARK: Global variables

    /// The slot of a name of a file; a library name starts with the library's value.
    func slot(of name: String, in file: FileScope) -> Int {
        if let slot = file.slots[name] { return slot }
        let slot = slotNames.count
        slotNames.append(name)
        file.slots[name] = slot
        registers.reserveGlobals(slotNames.count)
        if let value = interpreter.library.value(named: name) { self[global: slot] = value }
        return slot
    }

    /// What a slot holds.
    subscript(global slot: Int) -> Value {
        get { registers[-1 - slot] }
        set { registers[-1 - slot] = newValue }
    }

    func isBound(slot: Int) -> Bool {
        if case .unbound = self[global: slot] { false } else { true }
    }

    // MARK: Registers of a function

    /// The register that an operand of an instruction means when the running function's registers begin at `base`.
    subscript(base: Int, operand: Int16) -> Value {
        get { registers[base + Int(operand)] }
        set { registers[base + Int(operand)] = newValue }
    }
}
