import Tensors

extension Graph.Linear: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let weight = try source.kind(node, 1).shape
        let rows = source.kind(of: node).shape.elementCount / max(1, weight[0])
        let operands = [try source.pointer(node, 0), try source.pointer(node, 1), try source.optional(node, 2)]
        source.call(.linear, node, operands, [rows, weight[1], weight[0], relu ? 1 : 0])
    }
}

extension Graph.MatrixProduct: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        var a = try source.kind(node, 0).shape.array, b = try source.kind(node, 1).shape.array
        if a.count == 1 { a = [1] + a }
        if b.count == 1 { b += [1] }
        let m = a[a.count - 2], k = a[a.count - 1], n = b[b.count - 1]
        let rank = max(a.count, b.count) - 2
        func padded(_ shape: [Int]) -> [Int] {
            [Int](repeating: 1, count: rank - shape.count + 2) + shape.dropLast(2)
        }
        let left = padded(a), right = padded(b), batch = zip(left, right).map { $0 == 1 ? $1 : $0 }
        func steps(_ shape: [Int], _ size: Int) -> [Int] {
            zip(CGraph.strides(shape), shape).map { $1 == 1 ? 0 : $0 * size }
        }
        source.eachMatrix(
            node, batch, steps(left, m * k), steps(right, k * n), m * n,
            [try source.pointer(node, 0), try source.pointer(node, 1)], [m, k, n])
    }
}

extension Graph.Convolution: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape, weight = try source.kind(node, 1).shape
        let result = source.kind(of: node).shape
        let operands = [try source.pointer(node, 0), try source.pointer(node, 1), try source.optional(node, 2)]
        source.call(
            .convolution, node, operands,
            x.array + Array(result.array.dropFirst()) + [weight[2], weight[3], stride.height, stride.width]
                + [padding.height, padding.width, dilation.height, dilation.width, groups])
    }
}

extension Graph.TransposedConvolution: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape, weight = try source.kind(node, 1).shape
        let result = source.kind(of: node).shape
        let operands = [try source.pointer(node, 0), try source.pointer(node, 1), try source.optional(node, 2)]
        source.call(
            .transposedConvolution, node, operands,
            x.array + Array(result.array.dropFirst()) + [weight[2], weight[3], stride.height, stride.width]
                + [padding.height, padding.width, dilation.height, dilation.width, groups])
    }
}

extension Graph.MaxPool: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape, result = source.kind(of: node).shape
        source.call(
            .maxPool, node, [try source.pointer(node, 0)],
            [x[0] * x[1], x[2], x[3], result[2], result[3], kernel.height, kernel.width, stride.height, stride.width]
                + [padding.height, padding.width, dilation.height, dilation.width])
    }
}

extension Graph.AveragePool: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape, result = source.kind(of: node).shape
        source.call(
            .averagePool, node, [try source.pointer(node, 0)],
            [x[0] * x[1], x[2], x[3], result[2], result[3], kernel.height, kernel.width, stride.height, stride.width]
                + [padding.height, padding.width, countsPadding ? 1 : 0, divisor ?? 0])
    }
}

extension Graph.AdaptiveAveragePool: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape
        source.call(
            .adaptiveAveragePool, node, [try source.pointer(node, 0)],
            [x[0] * x[1], x[2], x[3], size.height, size.width])
    }
}
