extension Graph {
    /// One layer of long short-term memory over a sequence. Inputs: x [T, N, inputs], first hidden and cell state, weights of
    /// inputs and hidden state, their biases or none. Results: all hidden states, the last hidden and cell state.
    public struct LSTM: Form {
        /// Whether it runs from the last step to the first.
        public let reverse: Bool

        /// A direction.
        public init(reverse: Bool = false) { self.reverse = reverse }

        package var name: String { "lstm" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs), hidden = try kind(inputs, 1)
            guard x.shape.rank == 3, hidden.shape.rank == 2 else {
                throw TensorError.wrongShape(function: name, shape: x.shape, expected: "[T, N, inputs]", argument: 0)
            }
            let all = try Shape([x.shape[0], x.shape[1], hidden.shape[1]], for: name)
            return [Kind(all, x.dtype), hidden, hidden]
        }

        /// The products with both weights in every step.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            guard let all = results.first?.shape, let a = try? kind(inputs, 3), let b = try? kind(inputs, 4) else {
                return 0
            }
            return 2 &* all[0] &* all[1] &* (a.shape.elementCount &+ b.shape.elementCount)
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let run = try tensor(inputs).lstm(
                hidden: try tensor(inputs, 1), cell: try tensor(inputs, 2), inputWeight: try tensor(inputs, 3),
                hiddenWeight: try tensor(inputs, 4), inputBias: optional(inputs, 5), hiddenBias: optional(inputs, 6),
                reverse: reverse)
            return [run.output, run.hidden, run.cell]
        }
    }
}
