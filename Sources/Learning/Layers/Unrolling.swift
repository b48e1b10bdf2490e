import Tensors

/// What recurrent layers compute step by step: those of the library and those of imported graphs.
enum Unrolling {
    /// Goes through a sequence [T, N, inputs].
    ///
    /// - Parameters:
    ///   - x: the sequence; its share x W_ihᵀ + b_ih is one product for all steps.
    ///   - first: the state before the first step; its first tensor is what the layer shows.
    ///   - backwards: whether the last step comes first.
    ///   - lengths: [N, 1], where examples end before the sequence does: behind its end an example keeps its state and shows 0.
    ///   - step: the new state from the share of the input and the state before.
    /// - Returns: what each step shows, in the order of the sequence, and the state after the last.
    static func run(
        _ x: Tensor, _ inputWeight: Tensor, bias: Tensor?, from first: [Tensor], backwards: Bool,
        lengths: Tensor? = nil, step: (_ input: Tensor, _ state: [Tensor]) throws -> [Tensor]
    ) throws -> (shown: [Tensor], last: [Tensor]) {
        let steps = x.shape[0]
        guard steps > 0 else { return ([], first) }
        let inputs = try x.linear(inputWeight, bias: bias)
        var state = first
        var shown: [Tensor] = []
        for position in 0..<steps {
            let index = backwards ? steps - 1 - position : position
            let next = try step(inputs.select(dim: 0, index: index), state)
            guard let lengths else {
                state = next
                shown.append(next[0])
                continue
            }
            let isInside = try lengths.gt(.int(index))
            shown.append(try Tensor.where(isInside, .tensor(next[0]), .tensor(next[0].zerosLike())))
            state = try zip(next, state).map { try Tensor.where(isInside, .tensor($0), .tensor($1)) }
        }
        return (backwards ? shown.reversed() : shown, state)
    }

    /// A step of a gated unit: (1 − z) n + z h, where n may look at r.
    static func gated(
        reset: Tensor, keep: Tensor, _ h: Tensor, gate: (Tensor) throws -> Tensor = { try $0.sigmoid() },
        function: (Tensor) throws -> Tensor = { try $0.tanh() }, candidate: (_ reset: Tensor) throws -> Tensor
    ) throws -> Tensor {
        let reset = try gate(reset), keep = try gate(keep)
        let new = try function(candidate(reset))
        return try new + keep * (h - new)
    }
}
