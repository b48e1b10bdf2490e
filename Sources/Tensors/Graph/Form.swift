extension Graph {
    /// Everything there is to know about one operation: each is a type that holds its options, in a file of its own or of its
    /// family. What other formats call it stands beside the code for the format (`ONNXForm`).
    package protocol Form: Hashable, Sendable {
        /// The name in the language: `conv2d`, `+`.
        var name: String { get }

        /// Shapes and dtypes of the results.
        ///
        /// - Throws: `TensorError` when the inputs do not fit each other.
        func results(_ inputs: [Argument?]) throws -> [Kind]

        /// The floating-point operations, a multiplication and an addition counting as two. Functions of single elements,
        /// sums and whatever moves elements count nothing.
        func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int

        /// The results, by the function of `Tensor` that listed the operation.
        ///
        /// - Throws: what that function throws.
        func evaluate(_ inputs: [Operand?]) throws -> [Tensor]

        /// How the operation can run on 8-bit numbers; nil if it cannot.
        var int8: Int8Form? { get }
    }

    /// What an operation does with numbers of 8 bits and a scale.
    package enum Int8Form: Hashable, Sendable {
        /// A product with weights: 8-bit factors, sums of 32 bits, scaled once at the end.
        case product
        /// It picks or moves elements, or compares them: the scale stays.
        case order
        /// A sum of two: both are brought to one scale first.
        case sum
    }
}

extension Graph.Form {
    /// Nothing.
    package func flops(_ inputs: [Graph.Argument?], _ results: [Graph.Kind]) -> Int { 0 }
    /// None.
    package var int8: Graph.Int8Form? { nil }

    /// The kind of an input that has to be a tensor.
    func kind(_ inputs: [Graph.Argument?], _ position: Int = 0) throws -> Graph.Kind {
        guard inputs.indices.contains(position), case .tensor(let kind)? = inputs[position] else {
            throw TensorError.wrongValue(
                function: name, argument: "input \(position)", value: "none", expected: "a tensor")
        }
        return kind
    }

    /// An input that has to be a tensor.
    func tensor(_ inputs: [Operand?], _ position: Int = 0) throws -> Tensor {
        guard let tensor = optional(inputs, position) else {
            throw TensorError.wrongValue(
                function: name, argument: "input \(position)", value: "none", expected: "a tensor")
        }
        return tensor
    }

    /// An input that may be left out.
    func optional(_ inputs: [Operand?], _ position: Int) -> Tensor? {
        inputs.indices.contains(position) ? inputs[position]?.tensor : nil
    }

    /// An input that may be a number.
    func operand(_ inputs: [Operand?], _ position: Int) throws -> Operand {
        guard inputs.indices.contains(position), let operand = inputs[position] else {
            throw TensorError.wrongValue(
                function: name, argument: "input \(position)", value: "none", expected: "given")
        }
        return operand
    }

    /// Whether an input is there.
    func has(_ inputs: [Graph.Argument?], _ position: Int) -> Bool {
        inputs.indices.contains(position) && inputs[position] != nil
    }
}
