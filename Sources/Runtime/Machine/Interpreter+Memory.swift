import Base
import Tensors

extension Interpreter {
    /// The bytes that an element of a list takes.
    public static let elementSize = 16
    /// The bytes that a short text of its own takes.
    public static let textSize = 64
    /// The bytes that a small tensor of its own takes.
    public static let tensorSize = 512
    /// What is granted without looking at the machine.
    private static let unchecked = 16 << 20

    /// Refuses work on memory that cannot be had, before it is tried: `name` needs room for `count` parts of `partSize` bytes.
    ///
    /// - Throws: a ``Failure`` of kind `limit`.
    public static func claim(_ count: Int, of partSize: Int = Interpreter.elementSize, for name: String) throws {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: partSize)
        guard overflow || bytes > unchecked else { return }
        // What is copied while it grows stands there twice, and the rest of the machine wants to live.
        let available = Memory.available / 16 * 15
        guard overflow || bytes > available else { return }
        let wanted = overflow ? "more memory than any machine has" : "\(size(bytes)) of memory"
        var help: [String] = []
        if let limit = Memory.limit { help.append("--max-memory allows \(size(limit))") }
        throw Failure(.limit, "\(name): the result needs \(wanted); \(size(available)) can be had", help: help)
    }

    /// Lets a list grow: called when it is full and large.
    static func claimGrowth(of list: ListObject) throws { try claim(list.elements.count * 2, for: "append") }

    /// All ints of a range, unless there are too many; Ctrl-C ends the work.
    func spread(_ range: RangeObject, for name: String) throws -> [Value] {
        try Self.claim(range.count, for: name)
        var result: [Value] = []
        result.reserveCapacity(range.count)
        for index in 0..<range.count {
            if index & 0xF_FFFF == 0xF_FFFF { try checkInterrupt() }
            result.append(.int(range[index]))
        }
        return result
    }

    /// Stops when a limit is reached or somebody wants the program to stop: the limit is looked at first, because the
    /// end of the time interrupts what is under way.
    func checkInterrupt() throws {
        try checkLimits()
        if Interrupt.isRequested { throw Failure(.interrupt, "interrupted") }
    }

    /// A number of bytes in the unit that suits it.
    public static func size(_ bytes: Int) -> String {
        for (unit, name) in [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
        where bytes >= unit {
            let whole = bytes / unit
            return whole >= 10 ? "\(whole) \(name)" : "\(whole).\(bytes % unit * 10 / unit) \(name)"
        }
        return "\(bytes) bytes"
    }
}
