import CKernels

/// The listing of a computation while it runs on this thread.
///
/// An operation that is made of others lists itself alone, so that a listing can be counted and computed again.
///
/// The class is open for the optimiser's sake: it does not look into what might be overridden. From the body of ``list`` it
/// takes (Swift 6.3) that nobody keeps the tensors, and then frees a caller's temporary ones without looking at their count.
open class Trace: @unchecked Sendable {
    /// What was listed so far.
    public private(set) var graph = Graph()
    /// The values by the tensors that show them. A tensor's own number tells it from a later one in the same place.
    private var numbers: [ObjectIdentifier: (tensor: Int, value: Int)] = [:]
    private let keepsResults: Bool
    private var owner: ObjectIdentifier?

    @TaskLocal private static var current: Trace?

    /// Nothing yet.
    /// - Parameter keepsResults: Whether the graph keeps the tensors that operations gave.
    public init(keepsResults: Bool = true) { self.keepsResults = keepsResults }

    /// Runs `body` and lists its operations.
    /// - Parameter keepsResults: Whether the graph keeps the tensors that operations gave, which takes the memory of them all
    ///   at once.
    public static func run<Result>(keepsResults: Bool = true, _ body: (Trace) throws -> Result) rethrows -> Result {
        let trace = Trace(keepsResults: keepsResults)
        let before = ck_tracing()
        ck_set_tracing(true)
        defer { ck_set_tracing(before) }
        return try $current.withValue(trace) { try body(trace) }
    }

    /// Whether anything is listed on this thread.
    @inline(__always) public static var isRunning: Bool { ck_tracing() }

    /// Runs `body` as part of the module `owner`: what is listed meanwhile is its own, unless an inner module runs.
    public static func within<Result>(_ owner: AnyObject, _ body: () throws -> Result) rethrows -> Result {
        guard ck_tracing(), let trace = current else { return try body() }
        let before = trace.owner
        trace.owner = ObjectIdentifier(owner)
        defer { trace.owner = before }
        return try body()
    }

    /// Runs the parts of an operation that lists itself.
    @inline(__always)
    static func unlisted<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard ck_tracing() else { return try body() }
        ck_set_tracing(false)
        defer { ck_set_tracing(true) }
        return try body()
    }

    /// Lists that something happened that is no operation.
    @inline(__always)
    static func note(_ effect: @autoclosure () -> Graph.Effect, _ tensor: @autoclosure () -> Tensor? = nil) {
        if ck_tracing() { record(.effect(effect()), tensor().map { [$0.operand] } ?? [], []) }
    }

    /// The number of a tensor's present value.
    public func number(of tensor: Tensor) -> Int {
        if let known = numbers[ObjectIdentifier(tensor)], known.tensor == tensor.number { return known.value }
        return add(tensor, isKept: true)
    }

    private func add(_ tensor: Tensor, isKept: Bool) -> Int {
        let value = graph.kinds.count
        graph.kinds.append(Graph.Kind(tensor.shape, tensor.dtype))
        graph.tensors.append(isKept ? tensor : nil)
        numbers[ObjectIdentifier(tensor)] = (tensor.number, value)
        return value
    }

    fileprivate static func record(_ operation: Graph.Operation, _ inputs: [Operand?], _ outputs: [Tensor]) {
        current?.list(operation, inputs, outputs)
    }

    /// Adds an operation.
    open func list(_ operation: Graph.Operation, _ inputs: [Operand?], _ outputs: [Tensor]) {
        let inputs = inputs.map { operand -> Graph.Input? in
            switch operand {
            case nil: nil
            case .tensor(let tensor): .value(number(of: tensor))
            case .scalar(let scalar): .scalar(scalar)
            }
        }
        // What no operation made cannot be made again.
        let isMade = if case .constant = operation { false } else { true }
        let outputs = outputs.map { add($0, isKept: keepsResults || !isMade) }
        graph.nodes.append(Graph.Node(operation: operation, inputs: inputs, outputs: outputs, owner: owner))
    }
}

extension Tensor {
    /// Tells the trace of this thread, if there is one, how this tensor came about.
    @inline(__always)
    func traced(_ operation: @autoclosure () -> Graph.Operation, _ inputs: @autoclosure () -> [Operand?]) -> Tensor {
        if ck_tracing() { Trace.record(operation(), inputs(), [self]) }
        return self
    }

    /// The same for an operation with several results.
    @inline(__always)
    static func traced(
        _ outputs: [Tensor], _ operation: @autoclosure () -> Graph.Operation, _ inputs: @autoclosure () -> [Operand?]
    ) {
        if ck_tracing() { Trace.record(operation(), inputs(), outputs) }
    }

    /// The same for a tensor that is made of nothing but numbers.
    @inline(__always)
    func tracedAsConstant() -> Tensor { traced(.constant(Graph.Constant()), []) }

    /// The tensor as an operand.
    var operand: Operand { .tensor(self) }
}

extension Pair {
    var list: [Int] { [height, width] }
}
