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
        var hidden = try initial(5, direction), cell = try gates == 4 ? initial(6, direction) : hidden
        let steps = x.shape[0]
        var outputs = [Tensor?](repeating: nil, count: steps)
        for step in reverse ? Array((0..<steps).reversed()) : Array(0..<steps) {
            let from = try x.select(dim: 0, index: step).linear(w, bias: inputBias)
            let (h, c) = try advance(from, hidden, cell, r, hiddenBias, peepholes, f)
            guard let lengths else {
                (hidden, cell) = (h, c)
                outputs[step] = h
                continue
            }
            // Behind the end of a sequence its state stays and its output is 0.
            let isInside = try lengths.gt(.int(step))
            hidden = try Tensor.where(isInside, .tensor(h), .tensor(hidden))
            cell = try Tensor.where(isInside, .tensor(c), .tensor(cell))
            outputs[step] = try Tensor.where(isInside, .tensor(h), .tensor(h.zerosLike()))
        }
        let all = outputs.compactMap(\.self)
        let output =
            all.isEmpty ? try Tensor.zeros([0, x.shape[1], width], dtype: x.dtype) : try Tensor.stack(all, dim: 0)
        return (output, hidden, cell)
    }

    /// One step.
    private func advance(
        _ from: Tensor, _ hidden: Tensor, _ cell: Tensor, _ r: Tensor, _ bias: Tensor?, _ peepholes: Tensor?,
        _ f: [@Sendable (Tensor) throws -> Tensor]
    ) throws -> (Tensor, Tensor) {
        func gate(_ x: Tensor, _ index: Int) throws -> Tensor {
            try x.narrow(dim: 1, start: index * width, length: width)
        }
        switch gates {
        case 1:
            let h = try f[0](from.add(hidden.linear(r, bias: bias)))
            return (h, h)
        case 3:
            // z, r and the candidate, as ONNX lists them.
            let own = try hidden.linear(r, bias: bias)
            let z = try f[0](gate(from, 0).add(gate(own, 0))), reset = try f[0](gate(from, 1).add(gate(own, 1)))
            let candidate: Tensor
            if call.flag("linear_before_reset") {
                candidate = try gate(from, 2).add(reset.mul(gate(own, 2)))
            } else {
                let matrix = try r.narrow(dim: 0, start: 2 * width, length: width)
                let part = try bias?.narrow(dim: 0, start: 2 * width, length: width)
                candidate = try gate(from, 2).add(reset.mul(hidden).linear(matrix, bias: part))
            }
            let h = try z.mul(hidden).add(z.neg().add(.int(1)).mul(f[1](candidate)))
            return (h, h)
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
            return (try open(1, c, 1).mul(f[2](c)), c)
        }
    }
}
