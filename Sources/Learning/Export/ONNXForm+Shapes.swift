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

// MARK: Reading

extension ONNXCall {
    /// `source` put where `index` says, or joined with what is there.
    fileprivate func scattered(_ x: Tensor, _ axis: Int, _ index: Tensor, _ source: Tensor) throws -> Tensor {
        let reduction = text("reduction", "none")
        switch reduction {
        case "none": return try x.scatter(dim: axis, index: index, .tensor(source))
        case "add": return try x.scatterAdd(dim: axis, index: index, source)
        case "max", "min", "mul": break
        default: throw refusal("reduction=\(reduction) is not read")
        }
        let places = try targets(x.shape.array, axis, index, source)
        if reduction == "mul" {
            // Whole numbers as such: a double does not hold all of them.
            guard x.dtype.isFloating else {
                var values = try x.to(.int64).integers()
                for (place, factor) in zip(places, try source.to(.int64).integers()) { values[place] &*= factor }
                return try Tensor(values, shape: x.shape.array).to(x.dtype)
            }
            var values = try x.doubles()
            for (place, factor) in zip(places, try source.doubles()) { values[place] *= factor }
            let result = try Tensor(values, shape: x.shape.array).to(x.dtype)
            return result.withoutDerivative(for: [x, source], of: "\(node.operation) with reduction=mul")
        }
        // Which element wins each place: of those that are there, or of those that come.
        func winners<Number: Comparable>(_ own: [Number], _ given: [Number]) -> [Int] {
            var winners = Array(own.indices), values = own
            for (number, place) in places.enumerated() {
                let value = given[number]
                guard reduction == "max" ? value > values[place] : value < values[place] else { continue }
                (values[place], winners[place]) = (value, own.count + number)
            }
            return winners
        }
        let picks =
            try x.dtype.isFloating
            ? winners(x.doubles(), source.doubles())
            : winners(x.to(.int64).integers(), source.to(.int64).integers())
        return try Tensor.cat([x.reshape([-1]), source.reshape([-1])], dim: 0)
            .indexSelect(dim: 0, index: Tensor(picks)).reshape(x.shape.array)
    }

    /// The place of each element of `source` in a tensor of this shape.
    private func targets(_ shape: [Int], _ axis: Int, _ index: Tensor, _ source: Tensor) throws -> [Int] {
        let own = index.shape.array
        guard own.count == shape.count, source.shape == index.shape,
            own.indices.allSatisfy({ $0 == axis || own[$0] <= shape[$0] })
        else { throw refusal("places \(index.shape) and elements \(source.shape) for \(shape)") }
        return try index.integers().enumerated().map { number, place in
            let size = shape[axis]
            guard (-size..<size).contains(place) else {
                throw refusal("index \(place) is outside of a dimension of size \(size)")
            }
            var rest = number, target = 0, factor = 1
            for dim in own.indices.reversed() {
                target += (dim == axis ? place < 0 ? place + size : place : rest % own[dim]) * factor
                rest /= own[dim]
                factor *= shape[dim]
            }
            return target
        }
    }

    /// Axes: an option, or since opset 13 an input.
    fileprivate func axes(since: Int = 13) throws -> [Int]? { opset >= since ? try integers(1) : ints("axes") }
}

extension ONNXOperator {
    /// What changes shapes, and arithmetic on them.
    static let shapes: [String: ONNXOperator] = [
        "Reshape": .one { call in
            let x = try call.x()
            guard var sizes = try call.integers(1) else { throw call.refusal("no shape") }
            if !call.flag("allowzero") {
                for (index, size) in sizes.enumerated() where size == 0 && index < x.rank {
                    sizes[index] = x.shape[index]
                }
            }
            return try x.reshape(sizes)
        },
        "Flatten": .one { call in
            let x = try call.x(), axis = call.int("axis", 1)
            guard axis >= -x.rank, axis <= x.rank else { throw call.refusal("axis \(axis) of \(x.rank) dimensions") }
            let split = axis < 0 ? axis + x.rank : axis
            return try x.reshape([x.shape.prefix(split).reduce(1, *), x.shape.dropFirst(split).reduce(1, *)])
        },
        "Transpose": .one { try $0.x().permute($0.ints("perm") ?? Array((0..<$0.x().rank).reversed())) },
        "Squeeze": .one { call in
            let x = try call.x()
            guard let axes = try call.axes() else { return try x.squeeze(dims: nil) }
            let dims = try axes.map { try call.dimension($0, of: x.rank) }
            guard dims.allSatisfy({ x.shape[$0] == 1 }) else { throw call.refusal("axes \(axes) of \(x.shape)") }
            return try x.squeeze(dims: dims)
        },
        "Unsqueeze": .one { call in
            var x = try call.x()
            guard let axes = try call.axes() else { throw call.refusal("no axes") }
            let rank = x.rank + axes.count
            for axis in try axes.map({ try call.dimension($0, of: rank) }).sorted() { x = try x.unsqueeze(dim: axis) }
            return x
        },
        "Concat": .one { call in
            let parts = try call.inputs.indices.map { try call.x($0) }
            return try Tensor.cat(parts, dim: call.int("axis", 0))
        },
        "Split": ONNXOperator { call in
            let x = try call.x(), axis = try call.dimension(call.int("axis", 0), of: x.rank)
            if let sizes = call.opset >= 13 ? try call.integers(1) : call.ints("split") {
                return try x.split(sizes: sizes, dim: axis)
            }
            let count = call.int("num_outputs") ?? call.node.outputs.count
            guard (1...1 << 16).contains(count) else { throw call.refusal("\(count) outputs") }
            let size = (x.shape[axis] + count - 1) / count
            let sizes = (0..<count).map { min(size, max(0, x.shape[axis] - $0 * size)) }
            return try x.split(sizes: sizes, dim: axis)
        },
        "Expand": .one { call in
            let x = try call.x()
            guard let wanted = try call.integers(1) else { throw call.refusal("no shape") }
            let rank = max(wanted.count, x.rank)
            let own = [Int](repeating: 1, count: rank - x.rank) + x.shape.array
            let other = [Int](repeating: 1, count: rank - wanted.count) + wanted
            return try x.expand(zip(own, other).map { $1 == 1 ? $0 : $1 })
        },
        "Tile": .one { call in try call.x().repeat(call.integers(1) ?? []) },
        "Shape": .one { call in
            let shape = try call.x().shape.array, n = shape.count
            func bound(_ name: String, _ usual: Int) -> Int {
                let value = call.int(name, usual)
                return min(max(value < 0 ? value + n : value, 0), n)
            }
            let start = bound("start", 0), end = bound("end", n)
            return try Tensor(start < end ? Array(shape[start..<end]) : [])
        },
        "Size": .one { try Tensor([$0.x().count], shape: []) },
        "Constant": .one { call in
            if let tensor = call.tensor("value") { return tensor }
            if let number = call.int("value_int") { return try Tensor([number], shape: []) }
            if let numbers = call.ints("value_ints") { return try Tensor(numbers) }
            if let numbers = call.floats("value_floats") { return try Tensor(numbers).to(.float32) }
            if call.node.attributes.contains(where: { $0.name == "value_float" }) {
                return try Tensor([call.float("value_float", 0)], shape: []).to(.float32)
            }
            throw call.refusal("text and sparse tensors are not read")
        },
        "ConstantOfShape": .one { call in
            let value = call.tensor("value")
            return try Tensor.full(
                call.integers(0) ?? [], value?.element(0) ?? .float(0), dtype: value?.dtype ?? .float32)
        },
        "Range": .one { call in
            let start = try call.x(0), end = try call.x(1), step = try call.x(2)
            return try Tensor.arange(start.item(), end.item(), step: step.item(), dtype: start.dtype)
        },
        "Pad": .one { call in
            let x = try call.x()
            let pads = call.opset < 11 ? call.ints("pads") : try call.integers(1)
            let axes = try (call.opset >= 18 ? call.integers(3) : nil)?.map { try call.dimension($0, of: x.rank) }
            let places = axes ?? Array(0..<x.rank)
            guard let pads, pads.count == 2 * places.count, pads.allSatisfy({ (-(1 << 31)...1 << 31).contains($0) })
            else {
                throw call.refusal("pads do not fit \(x.shape)")
            }
            var list = [Int](repeating: 0, count: 2 * x.rank)
            for (index, axis) in places.enumerated() {
                list[2 * (x.rank - 1 - axis)] = pads[index]
                list[2 * (x.rank - 1 - axis) + 1] = pads[places.count + index]
            }
            // Dimensions in front that stay are none of PyTorch's business.
            while list.count > 2, list.suffix(2).allSatisfy({ $0 == 0 }) { list.removeLast(2) }
            let value = call.opset < 11 ? call.float("value", 0) : try call.number(2) ?? 0
            let modes = ["constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"]
            guard let mode = modes[call.text("mode", "constant")] else { throw call.refusal("the mode is not read") }
            return try x.pad(list, mode: mode, value: value)
        },
    ]

    private static func wrapped(_ index: Tensor, _ size: Int) throws -> Tensor {
        let index = try index.to(.int64)
        return try Tensor.where(index.lt(.int(0)), .tensor(index.add(.int(size))), .tensor(index))
    }

    private static let scatterElements = ONNXOperator.one { call in
        let x = try call.x(), axis = try call.dimension(call.int("axis", 0), of: x.rank)
        return try call.scattered(x, axis, call.x(1).to(.int64), call.x(2))
    }

    /// What picks elements.
    static let selections: [String: ONNXOperator] = [
        "Slice": .one { call in
            let x = try call.x()
            let isOld = call.opset < 10
            guard let starts = isOld ? call.ints("starts") : try call.integers(1),
                let ends = isOld ? call.ints("ends") : try call.integers(2), starts.count == ends.count
            else { throw call.refusal("starts and ends do not fit each other") }
            let axes = (isOld ? call.ints("axes") : try call.integers(3)) ?? Array(starts.indices)
            let steps = (isOld ? nil : try call.integers(4)) ?? starts.map { _ in 1 }
            guard axes.count == starts.count, steps.count == starts.count, !steps.contains(0) else {
                throw call.refusal("axes and steps do not fit starts")
            }
            var parts = [Index](repeating: .slice(start: nil, stop: nil, step: 1), count: x.rank)
            for (index, axis) in axes.enumerated() {
                let size = x.shape.array[try call.dimension(axis, of: x.rank)]
                // Bounds beyond the ends mean the ends.
                func bounded(_ value: Int) -> Int { min(max(value, -size - 1), size) }
                let stop = bounded(ends[index])
                parts[try call.dimension(axis, of: x.rank)] = .slice(
                    start: bounded(starts[index]), stop: steps[index] < 0 && stop < -size ? nil : stop,
                    step: steps[index])
            }
            return try x.index(parts)
        },
        "Gather": .one(weights: [0: "other"]) { call in
            let x = try call.x(), index = try call.x(1), axis = try call.dimension(call.int("axis", 0), of: x.rank)
            let flat = try index.to(.int64).reshape([index.count])
            let shape = x.shape.prefix(axis) + index.shape.array + x.shape.dropFirst(axis + 1)
            return try x.indexSelect(dim: axis, index: flat).reshape(Array(shape))
        },
        "GatherElements": .one { call in
            let x = try call.x(), axis = try call.dimension(call.int("axis", 0), of: x.rank)
            return try x.gather(dim: axis, index: call.x(1).to(.int64))
        },
        "ScatterElements": scatterElements, "Scatter": scatterElements,
        "GatherND": .one { call in
            var x = try call.x(), index = try call.x(1).to(.int64)
            let batches = call.int("batch_dims", 0), given = index.shape
            guard index.rank > 0, (0..<index.rank).contains(batches), index.shape[index.rank - 1] + batches <= x.rank
            else { throw call.refusal("indices \(index.shape) of \(x.shape)") }
            if batches > 0 {
                // The number of the batch becomes the first index.
                let count = x.shape.prefix(batches).reduce(1, *)
                x = try x.reshape([count] + x.shape.dropFirst(batches))
                index = try index.reshape([count, -1, given[given.count - 1]])
                let own = try Tensor.arange(.int(count)).reshape([count, 1, 1]).expand([count, index.shape[1], 1])
                index = try Tensor.cat([own, index], dim: 2)
                let (rows, picks) = try x.rows(at: index)
                let rest = x.shape.dropFirst(index.shape[2])
                return try rows.indexSelect(dim: 0, index: picks).reshape(given.dropLast() + rest)
            }
            let (rows, picks) = try x.rows(at: index)
            let rest = x.shape.dropFirst(index.shape[index.rank - 1])
            return try rows.indexSelect(dim: 0, index: picks).reshape(index.shape.dropLast() + rest)
        },
        "ScatterND": .one { call in
            let x = try call.x(), index = try call.x(1), source = try call.x(2)
            guard index.rank > 0, index.shape[index.rank - 1] <= x.rank else {
                throw call.refusal("indices \(index.shape) of \(x.shape)")
            }
            let (rows, picks) = try x.rows(at: index)
            let places = try picks.unsqueeze(dim: 1).expand([picks.count, rows.shape[1]])
            let values = try source.reshape([picks.count, rows.shape[1]])
            return try call.scattered(rows, 0, places, values).reshape(x.shape.array)
        },
        "OneHot": .one { call in
            guard let given = try call.number(1), let depth = Int(exactly: given), depth > 0 else {
                throw call.refusal("no depth")
            }
            let values = try call.x(2), index = try wrapped(call.x(), depth), axis = call.int("axis", -1)
            let classes = try Tensor.arange(.int(depth))
            let hot = try index.unsqueeze(dim: -1).eq(classes)
            let last = hot.rank - 1, place = try call.dimension(axis, of: hot.rank)
            var order = Array(0..<last)
            order.insert(last, at: place)
            return try Tensor.where(
                hot, .tensor(values.select(dim: 0, index: 1)), .tensor(values.select(dim: 0, index: 0))
            ).permute(order)
        },
        "CumSum": .one { call in
            let x = try call.x()
            guard let axis = try call.whole(1) else { throw call.refusal("no axis") }
            let dim = try call.dimension(axis, of: x.rank)
            let start = call.flag("reverse") ? try x.flip(dims: [dim]) : x
            var sums = try start.cumsum(dim: dim)
            if call.flag("exclusive") { sums = try sums.sub(start) }
            return call.flag("reverse") ? try sums.flip(dims: [dim]) : sums
        },
        "TopK": ONNXOperator { call in
            let x = try call.x()
            guard let k = call.opset < 10 ? call.int("k") : try call.whole(1) else {
                throw call.refusal("no k")
            }
            let result = try x.topk(
                k, dim: call.dimension(call.int("axis", -1), of: x.rank), largest: call.flag("largest", true))
            return [result.values, result.indices]
        },
        "Trilu": .one { call in
            let x = try call.x(), k = try call.whole(1) ?? 0
            return call.flag("upper", true) ? try x.triu(diagonal: k) : try x.tril(diagonal: k)
        },
    ]
}

extension Tensor {
    /// The tensor as rows, and the numbers of the rows that the last dimension of `index` gives by their places in the
    /// first dimensions.
    fileprivate func rows(at index: Tensor) throws -> (rows: Tensor, picks: Tensor) {
        let depth = index.shape[index.rank - 1]
        var picks = try Tensor.zeros([index.count / Swift.max(depth, 1)], dtype: .int64)
        let flat = try index.to(.int64).reshape([-1, depth])
        for dim in 0..<depth {
            let place = try flat.select(dim: 1, index: dim)
            let size = shape[dim]
            let inside = try Tensor.where(place.lt(.int(0)), .tensor(place.add(.int(size))), .tensor(place))
            guard try inside.ge(.int(0)).bitwiseAnd(inside.lt(.int(size))).booleans().allSatisfy({ $0 }) else {
                throw TensorError.wrongValue(
                    function: "gather", argument: "index", value: "outside", expected: "below \(size)")
            }
            picks = try picks.mul(.int(size)).add(inside)
        }
        return (try reshape([shape.prefix(depth).reduce(1, *), shape.dropFirst(depth).reduce(1, *)]), picks)
    }
}
