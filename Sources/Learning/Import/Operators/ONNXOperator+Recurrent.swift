import Data
import Tensors

extension ONNXOperator {
    /// Recurrent layers, step by step.
    static let recurrences: [String: ONNXOperator] = [
        "GRU": ONNXOperator(weights: [1: "weight", 2: "recurrence", 3: "bias"]) {
            try ONNXRecurrence($0, gates: 3).run()
        },
        "RNN": ONNXOperator(weights: [1: "weight", 2: "recurrence", 3: "bias"]) {
            try ONNXRecurrence($0, gates: 1).run()
        },
    ]
}

/// A recurrent layer in both directions, with lengths of sequences, peepholes and the usual activations.
struct ONNXRecurrence {
    private let call: ONNXCall
    private let gates: Int
    /// [steps, N, size]
    private let x: Tensor
    private let weight: Tensor
    private let recurrence: Tensor
    private let width: Int
    private let directions: Int
    private let functions: [@Sendable (Tensor) throws -> Tensor]

    init(_ call: ONNXCall, gates: Int) throws {
        (self.call, self.gates) = (call, gates)
        let given = try call.x()
        guard given.rank == 3 else { throw call.refusal("an input \(given.shape)") }
        x = call.flag("layout") ? try given.transpose(0, 1) : given
        weight = try call.x(1)
        recurrence = try call.x(2)
        guard weight.rank == 3, recurrence.rank == 3, recurrence.shape[1] == gates * recurrence.shape[2] else {
            throw call.refusal("weights \(weight.shape) and \(recurrence.shape)")
        }
        width = recurrence.shape[2]
        directions = recurrence.shape[0]
        guard !call.node.attributes.contains(where: { $0.name == "clip" }) else {
            throw call.refusal("clip is not read")
        }
        let usual = gates == 1 ? ["Tanh"] : gates == 3 ? ["Sigmoid", "Tanh"] : ["Sigmoid", "Tanh", "Tanh"]
        let names = call.texts("activations") ?? usual + usual
        functions = try names.map { name in
            switch name.lowercased() {
            case "tanh": { try $0.tanh() }
            case "sigmoid": { try $0.sigmoid() }
            case "relu": { try $0.relu() }
            default: throw call.refusal("the activation \(name) is not read")
            }
        }
        guard functions.count >= directions * usual.count else { throw call.refusal("\(names.count) activations") }
    }

    func run() throws -> [Tensor] {
        let isBatchFirst = call.flag("layout"), count = gates == 1 ? 1 : gates == 3 ? 2 : 3
        var outputs: [Tensor] = [], hiddens: [Tensor] = [], cells: [Tensor] = []
        for direction in 0..<directions {
            let isReversed =
                directions == 2 ? direction == 1 : call.text("direction", "forward") == "reverse"
            let (output, hidden, cell) = try run(
                direction, reverse: isReversed, Array(functions[(direction * count)..<((direction + 1) * count)]))
            outputs.append(output)
            hiddens.append(hidden)
            cells.append(cell)
        }
        var y = try Tensor.stack(outputs, dim: 1)
        var h = try Tensor.stack(hiddens, dim: 0), c = try Tensor.stack(cells, dim: 0)
        if isBatchFirst {
            y = try y.permute([2, 0, 1, 3])
            (h, c) = (try h.transpose(0, 1), try c.transpose(0, 1))
        }
        return [y, h, c]
    }

    private func initial(_ position: Int, _ direction: Int) throws -> Tensor {
        guard let given = call.optional(position) else { return try .zeros([x.shape[1], width], dtype: x.dtype) }
        return try given.select(dim: call.flag("layout") ? 1 : 0, index: direction)
    }

    private func run(
        _ direction: Int, reverse: Bool, _ f: [@Sendable (Tensor) throws -> Tensor]
    ) throws -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        let w = try weight.select(dim: 0, index: direction), r = try recurrence.select(dim: 0, index: direction)
        let bias = try call.optional(3)?.select(dim: 0, index: direction)
        let inputBias = try bias?.narrow(dim: 0, start: 0, length: gates * width)
        let hiddenBias = try bias?.narrow(dim: 0, start: gates * width, length: gates * width)
        let peepholes = try gates == 4 ? call.optional(7)?.select(dim: 0, index: direction) : nil
        let lengths = try call.optional(4)?.to(.int64).reshape([-1, 1])
        let hidden = try initial(5, direction), cell = try gates == 4 ? initial(6, direction) : hidden
        let (shown, last) = try Unrolling.run(
            x, w, bias: inputBias, from: gates == 4 ? [hidden, cell] : [hidden], backwards: reverse, lengths: lengths
        ) { try advance($0, $1, r, hiddenBias, peepholes, f) }
        let output =
            shown.isEmpty ? try Tensor.zeros([0, x.shape[1], width], dtype: x.dtype) : try Tensor.stack(shown, dim: 0)
        return (output, last[0], last[last.count - 1])
    }

    /// One step.
    private func advance(
        _ from: Tensor, _ state: [Tensor], _ r: Tensor, _ bias: Tensor?, _ peepholes: Tensor?,
        _ f: [@Sendable (Tensor) throws -> Tensor]
    ) throws -> [Tensor] {
        let hidden = state[0], cell = state[state.count - 1]
        func gate(_ x: Tensor, _ index: Int) throws -> Tensor {
            try x.narrow(dim: 1, start: index * width, length: width)
        }
        switch gates {
        case 1:
            return [try f[0](from.add(hidden.linear(r, bias: bias)))]
        case 3:
            // z, r and the candidate, as ONNX lists them.
            let own = try hidden.linear(r, bias: bias)
            let h = try Unrolling.gated(
                reset: gate(from, 1).add(gate(own, 1)), keep: gate(from, 0).add(gate(own, 0)), hidden, gate: f[0],
                function: f[1]
            ) { reset in
                if call.flag("linear_before_reset") { return try gate(from, 2).add(reset.mul(gate(own, 2))) }
                let matrix = try r.narrow(dim: 0, start: 2 * width, length: width)
                let part = try bias?.narrow(dim: 0, start: 2 * width, length: width)
                return try gate(from, 2).add(reset.mul(hidden).linear(matrix, bias: part))
            }
            return [h]
        default:
            // i, o, f, c
            let sum = try from.add(hidden.linear(r, bias: bias))
            func open(_ index: Int, _ cell: Tensor, _ peephole: Int) throws -> Tensor {
                var x = try gate(sum, index)
                if let peepholes {
                    x = try x.add(cell.mul(peepholes.narrow(dim: 0, start: peephole * width, length: width)))
                }
                return try f[0](x)
            }
            let enter = try open(0, cell, 0)
            let keep = call.flag("input_forget") ? try enter.neg().add(.int(1)) : try open(2, cell, 2)
            let c = try keep.mul(cell).add(enter.mul(f[1](gate(sum, 3))))
            return [try open(1, c, 1).mul(f[2](c)), c]
        }
    }
}
