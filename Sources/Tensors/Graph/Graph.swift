/// What a computation consisted of: its operations in order, and the values that went from one to the next. One description
/// serves all who want to know: the writer of ONNX, the count of floating-point operations, the plan of evaluation.
///
/// A value is a tensor at one moment: a tensor that is written in place is another value afterwards.
public struct Graph {
    /// One operation with what went in and came out.
    public struct Node {
        /// What was computed.
        public let operation: Operation
        /// What went in; nil for what is left out.
        public let inputs: [Input?]
        /// The numbers of the values that came out.
        public let outputs: [Int]
        /// Whose `forward` ran: the innermost module.
        public let owner: ObjectIdentifier?
    }

    /// What goes into an operation.
    public enum Input: Hashable, Sendable {
        /// A value by number.
        case value(Int)
        /// A number that is no tensor.
        case scalar(Scalar)
    }

    /// Shape and dtype of a tensor that need not exist.
    public struct Kind: Hashable, Sendable {
        /// The sizes.
        public let shape: Shape
        /// The type of the elements.
        public let dtype: DType

        /// A shape and a dtype.
        public init(_ shape: Shape, _ dtype: DType) { (self.shape, self.dtype) = (shape, dtype) }
    }

    /// What is known of an operation's input before anything is computed.
    package enum Argument: Hashable, Sendable {
        /// A tensor of this kind.
        case tensor(Kind)
        /// A number.
        case scalar(Scalar)
    }

    /// The operations in order.
    public internal(set) var nodes: [Node] = []
    /// The kinds of the values, by number.
    public internal(set) var kinds: [Kind] = []
    /// The tensors of the values as they were when they were seen first; of results only where they were to be kept.
    var tensors: [Tensor?] = []

    /// Nothing yet.
    public init() {}

    /// The kind of a value.
    public func kind(_ value: Int) -> Kind { kinds[value] }

    /// The tensor of a value, unless it was a result that was not kept.
    public func tensor(_ value: Int) -> Tensor? { tensors[value] }

    /// What the rules of an operation are told of a node's inputs.
    package func arguments(of node: Node) -> [Argument?] {
        node.inputs.map { input in
            switch input {
            case nil: nil
            case .value(let number)?: .tensor(kind(number))
            case .scalar(let scalar)?: .scalar(scalar)
            }
        }
    }

    /// The floating-point operations of a node, a multiplication and an addition counting as two.
    public func flops(of node: Node) -> Int {
        node.operation.form.flops(arguments(of: node), node.outputs.map { kind($0) })
    }

    /// The floating-point operations of all nodes.
    public var flops: Int { nodes.reduce(0) { $0 &+ flops(of: $1) } }

    /// The values that depend on some others.
    public func dependents(of sources: some Sequence<Int>) -> Set<Int> {
        var dependents = Set(sources)
        for node in nodes {
            let touches = node.inputs.contains {
                if case .value(let number)? = $0 { dependents.contains(number) } else { false }
            }
            if touches { dependents.formUnion(node.outputs) }
        }
        return dependents
    }
}

extension Graph {
    /// Computes the graph again, operation by operation, with other tensors for some of its values.
    ///
    /// - Parameters:
    ///   - given: tensors for values that no operation makes, by number; the others stand for themselves.
    ///   - wanted: the numbers of the values to give.
    /// - Throws: what the operations throw.
    public func evaluate(_ given: [Int: Tensor], wanted: [Int]) throws -> [Tensor?] {
        var found = given
        for node in nodes {
            switch node.operation {
            case .constant, .effect: continue
            default:
                let inputs = node.inputs.map { input -> Operand? in
                    switch input {
                    case nil: nil
                    case .value(let number)?: (found[number] ?? tensors[number]).map { .tensor($0) }
                    case .scalar(let scalar)?: .scalar(scalar)
                    }
                }
                for (number, tensor) in zip(node.outputs, try node.operation.form.evaluate(inputs)) {
                    found[number] = tensor
                }
            }
        }
        return wanted.map { found[$0] ?? tensors[$0] }
    }
}
