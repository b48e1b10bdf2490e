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
