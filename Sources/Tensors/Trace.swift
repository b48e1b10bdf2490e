import CKernels

/// The operations that a computation consisted of, in order, with what went in and came out: what an exporter reads.
///
/// Tensors are numbered as values: a tensor that is written in place has a new number afterwards. An operation that calls
/// others may be listed beside them; each listing alone says how its result comes about.
///
/// The class is open for the optimiser's sake: it does not look into what might be overridden. From the body of ``list`` it
/// takes (Swift 6.3) that nobody keeps the tensors, and then frees a caller's temporary ones without looking at their count.
open class Trace: @unchecked Sendable {
    /// One operation.
    public struct Step {
        /// The name in the language: `conv2d`, `+`.
        public let name: String
        /// What went in: the number of a value, or a number of its own; nil for what is left out.
        public let inputs: [Input?]
        /// The numbers of the values that came out.
        public let outputs: [Int]
        /// Integer options by name: sizes, dims, strides.
        public let integers: [String: [Int]]
        /// Other options by name.
        public let numbers: [String: Double]
        /// Options that are words.
        public let words: [String: String]
    }

    /// What goes into an operation.
    public enum Input {
        /// A value by number.
        case value(Int)
        /// A number that is no tensor.
        case scalar(Scalar)
    }

    /// The operations in order.
    public private(set) var steps: [Step] = []
    /// The tensors of the values, by number, as they were when they were seen first.
    public private(set) var tensors: [Tensor] = []
    private var numbers: [ObjectIdentifier: Int] = [:]

    @TaskLocal private static var current: Trace?

    /// Nothing yet.
    public init() {}

    /// Runs `body` and lists its operations.
    public static func run<Result>(_ body: (Trace) throws -> Result) rethrows -> Result {
        let trace = Trace()
        let before = ck_tracing()
        ck_set_tracing(true)
        defer { ck_set_tracing(before) }
        return try $current.withValue(trace) { try body(trace) }
    }

    /// The number of a tensor's present value.
    public func number(of tensor: Tensor) -> Int {
        if let number = numbers[ObjectIdentifier(tensor)] { return number }
        return add(tensor)
    }

    private func add(_ tensor: Tensor) -> Int {
        // Keeping the tensor keeps its identity from being used again.
        tensors.append(tensor)
        numbers[ObjectIdentifier(tensor)] = tensors.count - 1
        return tensors.count - 1
    }

    fileprivate static func record(
        _ name: String, _ inputs: [Operand?], _ outputs: [Tensor], _ integers: [String: [Int]],
        _ numbers: [String: Double], _ words: [String: String]
    ) {
        current?.list(name, inputs, outputs, integers, numbers, words)
    }

    /// Adds an operation.
    open func list(
        _ name: String, _ inputs: [Operand?], _ outputs: [Tensor], _ integers: [String: [Int]],
        _ numbers: [String: Double], _ words: [String: String]
    ) {
        let inputs = inputs.map { operand -> Input? in
            switch operand {
            case nil: nil
            case .tensor(let tensor): .value(number(of: tensor))
            case .scalar(let scalar): .scalar(scalar)
            }
        }
        let outputs = outputs.map { add($0) }
        steps.append(
            Step(name: name, inputs: inputs, outputs: outputs, integers: integers, numbers: numbers, words: words))
    }
}

extension Tensor {
    /// Tells the trace of this thread, if there is one, how this tensor came about.
    @inline(__always)
    func traced(
        _ name: @autoclosure () -> String, _ inputs: @autoclosure () -> [Operand?],
        _ integers: @autoclosure () -> [String: [Int]] = [:], numbers: @autoclosure () -> [String: Double] = [:],
        words: @autoclosure () -> [String: String] = [:]
    ) -> Tensor {
        if ck_tracing() { Trace.record(name(), inputs(), [self], integers(), numbers(), words()) }
        return self
    }

    /// The same for an operation with several results.
    static func traced(
        _ outputs: [Tensor], _ name: String, _ inputs: [Operand?], _ integers: @autoclosure () -> [String: [Int]] = [:]
    ) {
        if ck_tracing() { Trace.record(name, inputs, outputs, integers(), [:], [:]) }
    }

    /// The tensor as an operand.
    var operand: Operand { .tensor(self) }
}

extension Pair {
    var list: [Int] { [height, width] }
}
