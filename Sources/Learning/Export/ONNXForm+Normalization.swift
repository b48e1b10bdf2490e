import Data
import Tensors

extension ONNXGraph {
    /// A constant of one value.
    fileprivate mutating func filled(_ shape: [Int], _ value: Double, _ dtype: DType, _ name: String) throws -> String {
        constant(try Tensor.full(shape, .float(value), dtype: dtype), name)
    }
}

extension Graph.LayerNormalization: ONNXForm {
    static var opset: Int { 17 }

    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        guard let x = graph.tensor(site) else { return }
        var inputs = [try graph.input(site), try graph.input(site, 1), try graph.input(site, 2)]
        if inputs[1].isEmpty { inputs[1] = try graph.filled(Array(x.shape.suffix(axes)), 1, x.dtype, "ones") }
        if inputs[2].isEmpty { inputs.removeLast() }
        graph.bind(
            site, [graph.one("LayerNormalization", inputs, [("axis", .int(-axes)), ("epsilon", .float(eps))])])
    }
}

extension Graph.RowNorm: ONNXForm {
    static var opset: Int { 17 }

    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        guard let x = graph.tensor(site), let second = graph.otherTensor(site) else { return }
        let size = try graph.fixed(size, site.otherForm.size, "the size of a group", of: name)
        let image = try graph.input(site)
        let rows = graph.one("Reshape", [image, try graph.integers([-1, size])])
        let ones = try graph.filled([size], 1, x.dtype, "ones")
        let normal = graph.one("LayerNormalization", [rows, ones], [("axis", .int(-1)), ("epsilon", .float(eps))])
        let shape = try graph.sizes(graph.sizes(x.shape, second.shape))
        graph.bind(site, [graph.one("Reshape", [normal, shape])])
    }
}

extension Graph.BatchNorm: ONNXForm {
    static var opset: Int { 15 }

    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        guard let x = graph.tensor(site) else { return }
        if usesBatch { return try writeStatistics(site, x, to: &graph) }
        var inputs: [String] = []
        for position in 0..<5 { inputs.append(try graph.input(site, position)) }
        if inputs[1].isEmpty { inputs[1] = try graph.filled([x.shape[1]], 1, x.dtype, "ones") }
        if inputs[2].isEmpty { inputs[2] = try graph.filled([x.shape[1]], 0, x.dtype, "zeros") }
        graph.bind(site, [graph.one("BatchNormalization", inputs, [("epsilon", .float(eps))])])
    }

    /// Mean and variance are computed from the batch; ONNX's own operator would do that in training only.
    private func writeStatistics(_ site: ONNXSite<Self>, _ x: Tensor, to graph: inout ONNXGraph) throws {
        let axes: [(name: String, value: ONNXModel.Attribute)] = [
            ("axes", .ints((0..<x.rank).filter { $0 != 1 })), ("keepdims", .int(1)),
        ]
        let perChannel = try graph.integers([1, -1] + [Int](repeating: 1, count: x.rank - 2))
        let input = try graph.input(site)
        let centred = graph.one("Sub", [input, graph.one("ReduceMean", [input], axes)])
        let variance = graph.one("ReduceMean", [graph.one("Mul", [centred, centred])], axes)
        let deviation = graph.one("Sqrt", [graph.one("Add", [variance, try graph.number(eps, x.dtype)])])
        var result = graph.one("Div", [centred, deviation])
        let weight = try graph.input(site, 1), bias = try graph.input(site, 2)
        if !weight.isEmpty { result = graph.one("Mul", [result, graph.one("Reshape", [weight, perChannel])]) }
        if !bias.isEmpty { result = graph.one("Add", [result, graph.one("Reshape", [bias, perChannel])]) }
        graph.bind(site, [result])
    }
}

// MARK: Reading

extension ONNXCall {
    /// A normalisation by the batch itself, and the statistics as they become.
    fileprivate func batchStatistics() throws -> [Tensor] {
        let x = try self.x(ranks: 2...Shape.maximumRank), share = float("momentum", 0.9)
        let dims = (0..<x.rank).filter { $0 != 1 }
        let mean = try x.mean(dims: dims), variance = try x.var(dims: dims, correction: 0)
        let y = try x.batchNorm(
            runningMean: nil, runningVariance: nil, weight: self.x(1), bias: self.x(2), training: true,
            eps: float("epsilon", 1e-5))
        func moved(_ position: Int, _ new: Tensor) throws -> Tensor {
            try self.x(position).mul(.float(share)).add(new.mul(.float(1 - share)))
        }
        return [y, try moved(3, mean), try moved(4, variance)]
    }
}

extension ONNXOperator {
    /// Normalisations.
    static let normalizations: [String: ONNXOperator] = [
        "BatchNormalization": ONNXOperator(
            weights: [1: "weight", 2: "bias", 3: "running_mean", 4: "running_var"], statistics: [3, 4]
        ) { call in
            guard call.flag("spatial", true), call.opset >= 14 || !call.wants(1) else {
                throw call.refusal("spatial=0 and statistics as results are not read")
            }
            if call.flag("training_mode") { return try call.batchStatistics() }
            return [
                try call.x().batchNorm(
                    runningMean: call.x(3), runningVariance: call.x(4), weight: call.x(1), bias: call.x(2),
                    training: false, eps: call.float("epsilon", 1e-5))
            ]
        },
        "InstanceNormalization": .one(weights: [1: "weight", 2: "bias"]) { call in
            let x = try call.x()
            guard x.rank >= 3 else { throw call.refusal("an input \(x.shape)") }
            return try x.groupNorm(x.shape[1], weight: call.x(1), bias: call.x(2), eps: call.float("epsilon", 1e-5))
        },
        "GroupNormalization": .one(weights: [1: "weight", 2: "bias"]) { call in
            guard call.opset >= 21 else {
                throw call.refusal("before opset 21 it has one factor a group, which is not read")
            }
            return try call.x().groupNorm(
                call.int("num_groups", 1), weight: call.x(1), bias: call.x(2), eps: call.float("epsilon", 1e-5))
        },
        "LayerNormalization": ONNXOperator(weights: [1: "weight", 2: "bias"]) { call in
            let x = try call.x(), weight = try call.x(1)
            let axis = try call.dimension(call.int("axis", -1), of: x.rank)
            let shape = Array(x.shape.dropFirst(axis)), eps = call.float("epsilon", 1e-5)
            let bias = call.optional(2)
            let result: Tensor
            if weight.shape == shape, bias.map({ $0.shape == shape }) ?? true {
                result = try x.layerNorm(shape, weight: weight, bias: bias, eps: eps)
            } else {
                let scaled = try x.layerNorm(shape, eps: eps).mul(weight)
                result = try bias.map { try scaled.add($0) } ?? scaled
            }
            guard call.wants(1) || call.wants(2) else { return [result] }
            let dims = Array(axis..<x.rank)
            let deviation = try x.var(dims: dims, correction: 0, keepdim: true).add(.float(eps)).sqrt()
            return [result, try x.mean(dims: dims, keepdim: true), try deviation.reciprocal()]
        },
        "RMSNormalization": .one(weights: [1: "weight"]) { call in
            let x = try call.x(), axis = try call.dimension(call.int("axis", -1), of: x.rank)
            let square = try x.square().mean(dims: Array(axis..<x.rank), keepdim: true)
            return try x.mul(square.add(.float(call.float("epsilon", 1e-5))).rsqrt()).mul(call.x(1))
        },
        "LpNormalization": .one { call in
            let x = try call.x(), p = call.int("p", 2)
            guard p == 1 || p == 2 else { throw call.refusal("p=\(p) is not read") }
            let norm = try x.norm(p: Double(p), dims: [call.dimension(call.int("axis", -1), of: x.rank)], keepdim: true)
            // A row of zeros stays one.
            return try x.div(Tensor.where(norm.eq(.float(0)), .tensor(norm.onesLike()), .tensor(norm)))
        },
        "LRN": .one { call in
            let x = try call.x(), size = call.int("size", 1)
            guard x.rank >= 3, x.count > 0, (1...1 << 20).contains(size) else {
                throw call.refusal("size=\(size) for \(x.shape)")
            }
            let channels = x.shape[1]
            let rows = try x.square().reshape([x.shape[0], 1, channels, -1])
            let sums = try rows.pad([0, 0, (size - 1) / 2, size - 1 - (size - 1) / 2])
                .avgPool2d(Pair(size, 1), stride: 1).reshape(x.shape.array)
            // The mean over `size` channels is the sum that the formula divides by size.
            let base = try sums.mul(.float(call.float("alpha", 1e-4))).add(.float(call.float("bias", 1)))
            return try x.div(base.pow(.float(call.float("beta", 0.75))))
        },
    ]
}
