import Data
import Tensors

extension Graph.Linear: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let x = try graph.input(site), w = try graph.input(site, 1), bias = try graph.input(site, 2)
        var y: String
        if graph.tensor(site)?.rank == 2 {
            y = graph.one("Gemm", bias.isEmpty ? [x, w] : [x, w, bias], [("transB", .int(1))])
        } else {
            y = graph.one("MatMul", [x, graph.one("Transpose", [w], [("perm", .ints([1, 0]))])])
            if !bias.isEmpty { y = graph.one("Add", [y, bias]) }
        }
        graph.bind(site, [relu ? graph.one("Relu", [y]) : y])
    }
}

extension Graph.MatrixProduct: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let x = try graph.input(site), w = try graph.input(site, 1)
        graph.bind(site, [graph.one("MatMul", [x, w])])
    }
}

extension Graph.Softmax: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let operation = logarithm ? "LogSoftmax" : "Softmax"
        graph.bind(site, [graph.one(operation, [try graph.input(site)], [("axis", .int(dim))])])
    }
}

extension Graph.Reduction: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let keep = keepdim ? 1 : 0
        let x = try graph.input(site)
        guard !dims.isEmpty else { return graph.bind(site, [x]) }
        let axes: [(name: String, value: ONNXModel.Attribute)] = [("axes", .ints(dims)), ("keepdims", .int(keep))]
        let result: String
        switch function {
        case .sum:
            result = graph.one("ReduceSum", [x, try graph.integers(dims)], [("keepdims", .int(keep))])
        case .mean: result = graph.one("ReduceMean", [x], axes)
        case .amax: result = graph.one("ReduceMax", [x], axes)
        case .amin: result = graph.one("ReduceMin", [x], axes)
        case .prod: result = graph.one("ReduceProd", [x], axes)
        case .logsumexp: result = graph.one("ReduceLogSumExp", [x], axes)
        case .argmax: result = graph.one("ArgMax", [x], [("axis", .int(dims[0])), ("keepdims", .int(keep))])
        case .argmin: result = graph.one("ArgMin", [x], [("axis", .int(dims[0])), ("keepdims", .int(keep))])
        case .any, .all:
            let truth = graph.one("Cast", [graph.cast(x, .bool)], [("to", .int(6))])
            result = graph.cast(graph.one(function == .any ? "ReduceMax" : "ReduceMin", [truth], axes), .bool)
        case .norm(let p):
            guard p == 1 || p == 2 else {
                throw ModuleError.export(problem: "norm with p=\(p) has no form in ONNX here", help: "p=1 and p=2 have")
            }
            result = graph.one(p == 1 ? "ReduceL1" : "ReduceL2", [x], axes)
        case .variance(let correction):
            let dtype = graph.output(site).dtype
            func count(_ tensor: Tensor?) -> Int { dims.reduce(1) { $0 * (tensor?.shape[$1] ?? 1) } }
            let count = try graph.fixed(
                count(graph.tensor(site)), count(graph.otherTensor(site)), "the number of elements", of: name)
            let mean = graph.one("ReduceMean", [x], [("axes", .ints(dims)), ("keepdims", .int(1))])
            let centred = graph.one("Sub", [x, mean])
            let square = graph.one("Mul", [centred, centred])
            let sum = graph.one("ReduceSum", [square, try graph.integers(dims)], [("keepdims", .int(keep))])
            let divisor = max(Double(count) - correction, 0)
            result = graph.one("Div", [sum, try graph.number(divisor, dtype)])
        }
        graph.bind(site, [result])
    }
}

/// ONNX orders the gates i, o, f, c where PyTorch has i, f, c, o, and has a dimension for directions.
extension Graph.LSTM: ONNXForm {
    static var opset: Int { 14 }

    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        guard let inputWeight = graph.tensor(site, 3), let hiddenWeight = graph.tensor(site, 4),
            inputWeight === graph.otherTensor(site, 3)
        else {
            throw ModuleError.export(problem: "an LSTM whose weights are computed has no form in ONNX here", help: nil)
        }
        let h = hiddenWeight.shape[1]
        func gates(_ tensor: Tensor) throws -> Tensor {
            let parts = try [0, 3, 1, 2].map { try tensor.detach().narrow(dim: 0, start: $0 * h, length: h) }
            return try Tensor.cat(parts)
        }
        let zeros = try Tensor.zeros([4 * h], dtype: inputWeight.dtype)
        let biases = [try gates(graph.tensor(site, 5) ?? zeros), try gates(graph.tensor(site, 6) ?? zeros)]
        var inputs = [
            try graph.input(site), graph.constant(try gates(inputWeight).unsqueeze(dim: 0), "W"),
            graph.constant(try gates(hiddenWeight).unsqueeze(dim: 0), "R"),
            graph.constant(try Tensor.cat(biases).unsqueeze(dim: 0), "B"),
        ]
        if let hidden = graph.tensor(site, 1), let cell = graph.tensor(site, 2),
            try !(hidden === cell && hidden.doubles().allSatisfy { $0 == 0 })
        {
            let first = try graph.integers([0])
            let states = [
                graph.one("Unsqueeze", [try graph.input(site, 1), first]),
                graph.one("Unsqueeze", [try graph.input(site, 2), first]),
            ]
            inputs += [""] + states
        }
        let results = graph.node(
            "LSTM", inputs, [("hidden_size", .int(h)), ("direction", .string(reverse ? "reverse" : "forward"))],
            results: 3)
        let bound = [
            graph.one("Squeeze", [results[0], try graph.integers([1])]),
            graph.one("Squeeze", [results[1], try graph.integers([0])]),
            graph.one("Squeeze", [results[2], try graph.integers([0])]),
        ]
        graph.bind(site, bound)
    }
}

// MARK: Reading

extension ONNXCall {
    /// The dimensions of a reduction: an option, or since a version an input; none given is all, or no one at all.
    fileprivate func reduced(_ x: Tensor, inputSince: Int) throws -> [Int] {
        let axes = opset >= inputSince ? try integers(1) : ints("axes")
        guard let axes, !axes.isEmpty else {
            return flag("noop_with_empty_axes") ? [] : Array(0..<x.rank)
        }
        return try axes.map { try dimension($0, of: x.rank) }
    }
}

extension ONNXOperator {
    private static func softmax(_ run: @escaping @Sendable (Tensor, Int) throws -> Tensor) -> ONNXOperator {
        .one { call in
            let x = try call.x()
            guard call.opset < 13 else { return try run(x, call.dimension(call.int("axis", -1), of: x.rank)) }
            // Before opset 13 the dimensions from the axis on are one.
            let axis = try call.dimension(call.int("axis", 1), of: x.rank)
            let rows = x.shape.prefix(axis).reduce(1, *)
            return try run(try x.reshape([rows, x.shape.dropFirst(axis).reduce(1, *)]), 1).reshape(x.shape.array)
        }
    }

    private static func reduction(
        since: Int = 18, _ run: @escaping @Sendable (Tensor, [Int], Bool) throws -> Tensor
    ) -> ONNXOperator {
        .one { call in
            let x = try call.x(), dims = try call.reduced(x, inputSince: since), keep = call.flag("keepdims", true)
            if x.rank == 0 { return try run(x.reshape([1]), [0], false) }
            guard !dims.isEmpty else { return x }
            return try run(x, dims, keep)
        }
    }

    private static func position(_ run: @escaping @Sendable (Tensor, Int, Bool) throws -> Tensor) -> ONNXOperator {
        .one { call in
            let x = try call.x(), axis = try call.dimension(call.int("axis", 0), of: x.rank)
            let keep = call.flag("keepdims", true)
            guard call.flag("select_last_index") else { return try run(x, axis, keep) }
            // The last of equals is the first from the other end.
            return try run(x.flip(dims: [axis]), axis, keep).neg().add(.int((x.shape.array + [1])[axis] - 1))
        }
    }

    /// Matrices, softmax and the recurrent layer that is written.
    static let products: [String: ONNXOperator] = [
        "MatMul": .one(weights: [0: "other", 1: "other"]) { try $0.x().matmul($0.x(1)) },
        "Gemm": .one(weights: [1: "weight", 2: "bias"]) { call in
            let given = (try call.x(ranks: 2...2), try call.x(1, ranks: 2...2))
            let a = call.flag("transA") ? try given.0.transposed() : given.0
            let isTransposed = call.flag("transB")
            let alpha = call.float("alpha", 1), beta = call.float("beta", 1)
            let b = isTransposed ? given.1 : try given.1.transposed()
            let c = call.optional(2)
            if alpha == 1, beta == 1, c.map({ $0.rank == 1 && $0.shape[0] == b.shape[0] }) ?? true {
                return try a.linear(b, bias: c)
            }
            var y = try a.linear(b)
            if alpha != 1 { y = try y.mul(.float(alpha)) }
            return try c.map { try y.add(beta == 1 ? $0 : $0.mul(.float(beta))) } ?? y
        },
        "Softmax": softmax { try $0.softmax(dim: $1) }, "LogSoftmax": softmax { try $0.logSoftmax(dim: $1) },
        "LSTM": ONNXOperator(weights: [1: "weight", 2: "recurrence", 3: "bias"]) { try $0.lstm() },
        "Einsum": .one { call in
            try Tensor.einsum(call.text("equation", ""), call.inputs.indices.map { try call.x($0) })
        },
    ]

    /// Sums and their like.
    static let reductions: [String: ONNXOperator] = [
        "ReduceSum": reduction(since: 13) {
            try $0.sum(dims: $1, keepdim: $2).to($0.dtype == .bool ? .int64 : $0.dtype)
        },
        "ReduceMean": reduction { x, dims, keep in
            guard x.dtype.isFloating else {
                throw ModuleError.argument(layer: "ReduceMean", problem: "whole numbers are not read")
            }
            return try x.mean(dims: dims, keepdim: keep)
        },
        "ReduceMax": reduction { try $0.extreme($1, $2, of: -.infinity) { try $0.amax(dims: $1, keepdim: $2) } },
        "ReduceMin": reduction { try $0.extreme($1, $2, of: .infinity) { try $0.amin(dims: $1, keepdim: $2) } },
        "ReduceProd": reduction { x, dims, keep in
            try dims.sorted(by: >).reduce(x) { try $0.prod(dim: $1, keepdim: keep) }.to(x.dtype)
        },
        "ReduceL1": reduction { try $0.abs().sum(dims: $1, keepdim: $2) },
        "ReduceL2": reduction { x, dims, keep in
            guard x.dtype.isFloating else {
                throw ModuleError.argument(layer: "ReduceL2", problem: "whole numbers are not read")
            }
            return try x.norm(p: 2, dims: dims, keepdim: keep)
        },
        "ReduceSumSquare": reduction { try $0.mul($0).sum(dims: $1, keepdim: $2) },
        "ReduceLogSum": reduction { try $0.sum(dims: $1, keepdim: $2).log() },
        "ReduceLogSumExp": reduction { try $0.logsumexp(dims: $1, keepdim: $2) },
        "ArgMax": position { try $0.argmax(dim: $1, keepdim: $2) },
        "ArgMin": position { try $0.argmin(dim: $1, keepdim: $2) },
    ]
}

extension Tensor {
    /// The largest or smallest, or what stands for it where there is nothing to choose from.
    fileprivate func extreme(
        _ dims: [Int], _ keep: Bool, of nothing: Double, _ run: (Tensor, [Int], Bool) throws -> Tensor
    ) throws -> Tensor {
        guard dims.contains(where: { shape[$0] == 0 }), dtype.isFloating else { return try run(self, dims, keep) }
        let sizes = shape.array.enumerated().compactMap { dims.contains($0) ? keep ? 1 : nil : $1 }
        return try .full(sizes, .float(nothing), dtype: dtype)
    }
}

extension ONNXCall {
    /// One layer, forwards, backwards or both, over [steps, N, size].
    fileprivate func lstm() throws -> [Tensor] {
        let x = try self.x(), inputWeights = try self.x(1), hiddenWeights = try self.x(2)
        guard texts("activations") == nil, !node.attributes.contains(where: { $0.name == "clip" }), optional(4) == nil,
            optional(7) == nil, !flag("layout"), !flag("input_forget"), x.rank == 3, hiddenWeights.rank == 3
        else { return try ONNXRecurrence(self, gates: 4).run() }
        let h = hiddenWeights.shape[2], directions = hiddenWeights.shape[0], examples = x.shape[1]
        func gates(_ tensor: Tensor, _ direction: Int, _ start: Int = 0) throws -> Tensor {
            let own = try tensor.select(dim: 0, index: direction)
            return try Tensor.cat([0, 2, 3, 1].map { try own.narrow(dim: 0, start: start + $0 * h, length: h) })
        }
        var outputs: [Tensor] = [], hiddens: [Tensor] = [], cells: [Tensor] = []
        for direction in 0..<directions {
            let zeros = try Tensor.zeros([examples, h], dtype: x.dtype)
            let result = try x.lstm(
                hidden: optional(5)?.select(dim: 0, index: direction) ?? zeros,
                cell: optional(6)?.select(dim: 0, index: direction) ?? zeros,
                inputWeight: gates(inputWeights, direction), hiddenWeight: gates(hiddenWeights, direction),
                inputBias: optional(3).map { try gates($0, direction) },
                hiddenBias: optional(3).map { try gates($0, direction, 4 * h) },
                reverse: directions == 2 ? direction == 1 : text("direction", "forward") == "reverse")
            outputs.append(result.output)
            hiddens.append(result.hidden)
            cells.append(result.cell)
        }
        return [
            try Tensor.stack(outputs, dim: 1), try Tensor.stack(hiddens, dim: 0), try Tensor.stack(cells, dim: 0),
        ]
    }
}
