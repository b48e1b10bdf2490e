extension Graph {
    /// A tensor that was made of nothing but numbers, sizes and bounds; the graph keeps the tensor itself.
    public struct Constant: Form {
        /// The only one.
        public init() {}

        package var name: String { "constant" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [] }
        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [] }
    }

    /// Something that happened beside the operations. A computation with an effect cannot be computed again from its graph.
    public enum Effect: Form {
        /// Numbers were taken out of a tensor: the input, if it is known. What followed may depend on them.
        case reads
        /// The input was written in place, by a function of this name; the output is the tensor as it is now.
        case writes(function: String)
        /// Random numbers were drawn.
        case draws

        package var name: String {
            switch self {
            case .reads: "item"
            case .writes(let function): "an assignment to elements (\(function))"
            case .draws: "a random number"
            }
        }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [] }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [] }
    }
}
