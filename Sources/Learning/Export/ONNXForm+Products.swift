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
