import Data
import Tensors

extension Graph.Reshape: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        graph.bind(
            site, [try graph.reshaped(graph.input(site), graph.sizes(shape, site.otherForm.shape))])
    }
}

extension Graph.Expand: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let x = try graph.input(site)
        let sizes = try graph.sizes(graph.sizes(shape, site.otherForm.shape))
        graph.bind(site, [graph.one("Expand", [x, sizes])])
    }
}

extension Graph.Permute: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        graph.bind(site, [graph.one("Transpose", [try graph.input(site)], [("perm", .ints(dims))])])
    }
}

extension Graph.Concatenation: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let dtype = graph.output(site).dtype
        var parts: [String] = []
        for position in site.node.inputs.indices { parts.append(try graph.input(site, position, dtype: dtype)) }
        graph.bind(site, [graph.one("Concat", parts, [("axis", .int(dim))])])
    }
}

extension Graph.Padding: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let rank = graph.output(site).shape.rank, dtype = graph.output(site).dtype
        var pads = [Int](repeating: 0, count: 2 * rank)
        pads[dim] = try graph.fixed(before, site.otherForm.before, "pad", of: name)
        pads[rank + dim] = try graph.fixed(after, site.otherForm.after, "pad", of: name)
        let filler = try graph.number(value, dtype)
        let inputs = [try graph.input(site), try graph.integers(pads), filler]
        graph.bind(site, [graph.one("Pad", inputs, [("mode", .string("constant"))])])
    }
}

extension Graph.Triangle: ONNXForm {
    static var opset: Int { 14 }

    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let position = graph.constant(try Tensor([diagonal], shape: []), "diagonal")
        graph.bind(
            site, [graph.one("Trilu", [try graph.input(site), position], [("upper", .int(upper ? 1 : 0))])])
    }
}

extension Graph.Slice: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        var x = try graph.input(site)
        let other = site.otherForm
        let starts = graph.sizes(starts, other.starts), counts = graph.sizes(counts, other.counts)
        let steps = try graph.fixed(steps, other.steps, "the step", of: name)
        guard let tensor = graph.tensor(site), let second = graph.otherTensor(site) else {
            return graph.bind(site, [x])
        }
        let full = graph.sizes(tensor.shape, second.shape)
        let axes = full.indices.filter { !(counts[$0] == full[$0] && steps[$0] == 1) }
        if !axes.isEmpty {
            // The end is behind the last position: one step further than the positions that are taken.
            let ends = axes.map { axis -> BatchSize in
                var end = BatchSize(0)
                end.factor = starts[axis].factor + counts[axis].factor * steps[axis]
                end.constant = starts[axis].constant + counts[axis].constant * steps[axis]
                // Counted backwards, an end before the first position would be read as one from the end.
                return steps[axis] < 0 && end.isFixed && end.constant < 0 ? BatchSize(Int(Int32.min)) : end
            }
            guard ends.allSatisfy({ $0.isFixed || $0.constant >= 0 && $0.factor > 0 }) else {
                throw ModuleError.export(
                    problem: "a reversed slice over the examples has no form in ONNX here", help: nil)
            }
            let inputs = [
                x, try graph.sizes(axes.map { starts[$0] }), try graph.sizes(ends), try graph.integers(axes),
                try graph.integers(axes.map { steps[$0] }),
            ]
            x = graph.one("Slice", inputs)
        }
        let target = graph.sizes(shape, other.shape)
        graph.bind(site, [target == counts ? x : try graph.reshaped(x, target)])
    }
}

extension Graph.IndexSelect: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let positions = try graph.input(site, 1, dtype: .int64)
        graph.bind(site, [graph.one("Gather", [try graph.input(site), positions], [("axis", .int(dim))])])
    }
}

extension Graph.Gather: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let positions = try graph.input(site, 1, dtype: .int64)
        graph.bind(site, [graph.one("GatherElements", [try graph.input(site), positions], [("axis", .int(dim))])])
    }
}

extension Graph.TopK: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let count = try graph.integers([try graph.fixed(k, site.otherForm.k, "k", of: name)])
        let x = try graph.input(site)
        graph.bind(
            site,
            graph.node(
                "TopK", [x, count],
                [("axis", .int(dim)), ("largest", .int(largest ? 1 : 0)), ("sorted", .int(1))], results: 2))
    }
}

extension Graph.CumulativeSum: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let position = graph.constant(try Tensor([dim], shape: []), "axis")
        graph.bind(site, [graph.one("CumSum", [try graph.input(site), position])])
    }
}
