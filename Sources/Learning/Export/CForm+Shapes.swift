import Tensors

extension Graph.Reshape: CForm {
    var isSameInMemory: Bool { true }
    func write(_ node: Graph.Node, to source: inout CGraph) throws {}
}

extension Graph.Expand: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws { try source.elementwise(node, "%a") }
}

extension Graph.Permute: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0), strides = CGraph.strides(x.shape.array)
        let order = dims.map { $0 < 0 ? $0 + x.shape.rank : $0 }
        let view = CView(try source.pointer(node, 0), order.map { strides[$0] })
        source.each(Array(source.kind(of: node).shape), source.target(node), [.view(view)], "%a")
    }
}

extension Graph.Slice: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let strides = CGraph.strides(try source.kind(node, 0).shape.array)
        let offset = zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
        let view = CView(try source.pointer(node, 0), zip(strides, steps).map { $0 * $1 }, offset: offset)
        // The result's own shape differs in dimensions of one position only.
        source.each(counts, CView(source.result(node), CGraph.strides(counts)), [.view(view)], "%a")
    }
}

extension Graph.Concatenation: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let strides = CGraph.strides(Array(source.kind(of: node).shape))
        var start = 0
        for position in node.inputs.indices {
            let shape = try source.kind(node, position).shape.array
            let part = CView(try source.pointer(node, position), CGraph.strides(shape))
            let place = CView(source.result(node), strides, offset: start * strides[dim])
            source.each(shape, place, [.view(part)], "%a")
            start += shape[dim]
        }
    }
}

extension Graph.Padding: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape.array, result = Array(source.kind(of: node).shape)
        let strides = CGraph.strides(x), steps = CGraph.strides(result)
        source.each(result, CView(source.result(node), steps), [], CGraph.literal(value))
        let cut = max(0, -before), kept = x[dim] - cut - max(0, -after)
        guard kept > 0 else { return }
        var shape = x
        shape[dim] = kept
        let part = CView(try source.pointer(node, 0), strides, offset: cut * strides[dim])
        let place = CView(source.result(node), steps, offset: max(0, before) * steps[dim])
        source.each(shape, place, [.view(part)], "%a")
    }
}

extension Graph.Triangle: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let shape = source.kind(of: node).shape.array
        let height = shape[shape.count - 2], width = shape[shape.count - 1]
        let mask = try Tensor(
            (0..<height * width).map { place -> Float in
                let distance = place % width - place / width
                return (upper ? distance >= diagonal : distance <= diagonal) ? 1 : 0
            }, shape: [height, width])
        let factor = CView(
            source.array(try mask.floats(), "triangle"),
            [Int](repeating: 0, count: shape.count - 2) + [width, 1])
        let x = CView(try source.pointer(node, 0), CGraph.strides(shape))
        source.each(shape, source.target(node), [.view(x), .view(factor)], "%b != 0 ? %a : 0")
    }
}

extension CGraph {
    /// The positions that an index names, which may not depend on the input.
    fileprivate mutating func positions(_ node: Graph.Node, size: Int) throws -> [Int] {
        guard let index = try constantTensor(node, 1) else {
            throw ModuleError.export(
                problem: "\(node.operation.name) takes positions that depend on the input, which has no form in C here",
                help: Self.otherFormats)
        }
        return try index.integers().map { $0 < 0 ? $0 + size : $0 }
    }
}

extension Graph.IndexSelect: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape.array
        let inner = x[(dim + 1)...].reduce(1, *), outer = x[..<dim].reduce(1, *)
        let picks = source.indices(try source.positions(node, size: x[dim]).map { $0 * inner })
        source.block(
            node,
            """
            for (long i = 0; i < \(outer); i++)
                for (long j = 0; j < \(picks.count); j++)
                    for (long k = 0; k < \(inner); k++)
                        r[(i * \(picks.count) + j) * \(inner) + k] = a[i * \(x[dim] * inner) + \(picks.name)[j] + k];
            """, [try source.pointer(node, 0)])
    }
}

extension Graph.Gather: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape.array, shape = source.kind(of: node).shape.array
        let strides = CGraph.strides(x), steps = CGraph.strides(shape)
        // Every element's place in the input is known.
        let places = try source.positions(node, size: x[dim]).enumerated().map { number, position in
            shape.indices.reduce(0) { sum, axis in
                sum + strides[axis] * (axis == dim ? position : number / steps[axis] % shape[axis])
            }
        }
        let picks = source.indices(places)
        source.block(
            node, "for (long i = 0; i < \(picks.count); i++) r[i] = a[\(picks.name)[i]];",
            [try source.pointer(node, 0)])
    }
}
