import CKernels

extension Tensor {
    /// One layer of long short-term memory over a sequence (Hochreiter and Schmidhuber, 1997), as `torch.nn.LSTM` computes
    /// it: i, f, g, o = W_ih x_t + b_ih + W_hh h + b_hh; c = σ(f) c + σ(i) tanh(g); h = σ(o) tanh(c).
    /// - Parameters:
    ///   - hidden: The first hidden state [N, H]; x is [T, N, inputs].
    ///   - cell: The first cell state [N, H].
    ///   - inputWeight: [4H, inputs].
    ///   - hiddenWeight: [4H, H].
    ///   - inputBias: [4H].
    ///   - hiddenBias: [4H].
    ///   - reverse: Whether to run from the last step to the first.
    /// - Returns: The hidden state after every step [T, N, H] (in the order of x), and the last hidden and cell state.
    /// - Throws: `TensorError` when shapes or dtypes do not fit.
    public func lstm(
        hidden: Tensor, cell: Tensor, inputWeight: Tensor, hiddenWeight: Tensor, inputBias: Tensor? = nil,
        hiddenBias: Tensor? = nil, reverse: Bool = false
    ) throws -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        let name = "lstm"
        guard rank == 3, shape[0] > 0, dtype.isFloating else {
            throw TensorError.wrongShape(
                function: name, shape: shape, expected: "a float [T, N, inputs] with at least one step", argument: 0)
        }
        let steps = shape[0], n = shape[1]
        guard hiddenWeight.rank == 2, hiddenWeight.shape[0] == 4 * hiddenWeight.shape[1] else {
            throw TensorError.wrongShape(
                function: name, shape: hiddenWeight.shape, expected: "a hidden weight of [4H, H]", argument: 4)
        }
        let h = hiddenWeight.shape[1]
        let expected: [(Tensor?, [Int], String, Int)] = [
            (inputWeight, [4 * h, shape[2]], "an input weight", 3), (hidden, [n, h], "a hidden state", 1),
            (cell, [n, h], "a cell state", 2), (inputBias, [4 * h], "an input bias", 5),
            (hiddenBias, [4 * h], "a hidden bias", 6), (hiddenWeight, [4 * h, h], "a hidden weight", 4),
        ]
        for case (let tensor?, let sizes, let title, let argument) in expected {
            guard tensor.shape == sizes else {
                throw TensorError.wrongShape(
                    function: name, shape: tensor.shape,
                    expected: "\(title) of [\(sizes.map(String.init).joined(separator: ", "))]",
                    argument: argument)
            }
            guard tensor.dtype == dtype else {
                throw TensorError.unequalDTypes(function: name, first: dtype, second: tensor.dtype)
            }
        }
        // The share of the inputs is one product for all steps.
        let gates = try Trace.unlisted {
            var bias = inputBias
            if let hiddenBias { bias = try bias?.add(hiddenBias) ?? hiddenBias }
            return try linear(inputWeight, bias: bias)
        }
        let run = try LSTMRun(gates.values, hidden.values, cell.values, hiddenWeight.values, reverse: reverse)
        let all = try Shape([steps + 1, n, h], for: name)
        let inputs = [gates, hidden, cell, hiddenWeight]
        let recorded = inputs.contains { $0.requiresGradient } && Gradients.isEnabled
        // One result for the graph: the hidden states, and the last cell state behind them.
        let joined = Tensor(try run.result.reshaped(all), recorded ? LSTMOperation(inputs, run) : nil)
        let (output, last, lastCell) = try Trace.unlisted {
            (
                try joined.narrow(dim: 0, start: 0, length: steps),
                try joined.narrow(dim: 0, start: reverse ? 0 : steps - 1, length: 1).reshape([n, h]),
                try joined.narrow(dim: 0, start: steps, length: 1).reshape([n, h])
            )
        }
        Tensor.traced(
            [output, last, lastCell], .lstm(Graph.LSTM(reverse: reverse)),
            [
                operand, hidden.operand, cell.operand, inputWeight.operand, hiddenWeight.operand, inputBias?.operand,
                hiddenBias?.operand,
            ])
        return (output, last, lastCell)
    }
}

/// The states of a sequence, kept for the way back.
private struct LSTMRun {
    let gates: Values, cells: Values, result: Values, hidden: Values, cell: Values, weight: Values
    let steps: Int, n: Int, h: Int, reverse: Bool

    init(_ inputs: Values, _ hidden: Values, _ cell: Values, _ weight: Values, reverse: Bool) throws {
        (steps, n, h) = (inputs.shape[0], inputs.shape[1], weight.shape[1])
        (self.hidden, self.cell, self.weight, self.reverse) =
            (try hidden.rowMajor(), try cell.rowMajor(), try weight.rowMajor(), reverse)
        gates = try inputs.rowMajor().copied()
        cells = try Values(try Shape([steps, n, h]), inputs.dtype)
        result = try Values(try Shape([steps + 1, n, h]), inputs.dtype)
        for order in 0..<steps {
            let step = index(order)
            let z = gate(gates, step)
            try Kernels.gemm(previousHidden(order), weight, transposeB: true, m: n, n: 4 * h, k: h, beta: 1, into: z)
            let c = state(cells, step)
            ck_lstm_cell(
                z.dtype.code, z.raw, previousCell(order).raw, c.raw, state(result, step).raw, Int64(n), Int64(h))
        }
        try state(result, steps).write(state(cells, index(steps - 1)))
    }

    /// The position in the sequence of the step that is `order`-th in time.
    func index(_ order: Int) -> Int { reverse ? steps - 1 - order : order }
    func gate(_ all: Values, _ step: Int) -> Values { all.part(at: step * n * 4 * h, Shape(n, 4 * h)) }
    func state(_ all: Values, _ step: Int) -> Values { all.part(at: step * n * h, Shape(n, h)) }
    func previousHidden(_ order: Int) -> Values { order == 0 ? hidden : state(result, index(order - 1)) }
    func previousCell(_ order: Int) -> Values { order == 0 ? cell : state(cells, index(order - 1)) }
}

/// Backpropagation through time: from the last step to the first, what reaches h and c flows into the gates and on to the
/// step before; the hidden weight collects Σ_t dz_tᵀ h_{t-1}.
private final class LSTMOperation: Operation {
    private let run: LSTMRun
    private let inputs: [Saved]
    override class var name: String { "lstm" }

    init(_ inputs: [Tensor], _ run: LSTMRun) {
        self.run = run
        self.inputs = inputs[1...].map { Saved($0) }
        super.init(inputs[0], inputs[1], others: Array(inputs[2...]))
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        for saved in inputs { _ = try saved.restored(for: Self.name) }
        let (steps, n, h, dtype) = (run.steps, run.n, run.h, gradient.dtype)
        let gradient = try gradient.rowMajor()
        let gates = try Values(run.gates.shape, dtype)
        let weight = try Kernels.filled(run.weight.shape, dtype, 0)
        let flow = try Kernels.filled(Shape(n, h), dtype, 0)
        var cell = try run.state(gradient, steps).copied()
        var previous = try Values(Shape(n, h), dtype)
        for order in stride(from: steps - 1, through: 0, by: -1) {
            let step = run.index(order)
            try Kernels.add(run.state(gradient, step), to: flow)
            let z = run.gate(gates, step)
            ck_lstm_cell_backward(
                dtype.code, flow.raw, cell.raw, run.gate(run.gates, step).raw, run.previousCell(order).raw,
                run.state(run.cells, step).raw, z.raw, previous.raw, Int64(n), Int64(h))
            swap(&cell, &previous)
            try Kernels.gemm(
                z, run.previousHidden(order), transposeA: true, m: 4 * h, n: h, k: n, beta: 1, into: weight)
            try Kernels.gemm(z, run.weight, m: n, n: h, k: 4 * h, into: flow)
        }
        if needs(0) { try send(gates, to: 0, walk) }
        if needs(1) { try send(flow, to: 1, walk) }
        if needs(2) { try send(cell, to: 2, walk) }
        if needs(3) { try send(weight, to: 3, walk) }
    }
}
