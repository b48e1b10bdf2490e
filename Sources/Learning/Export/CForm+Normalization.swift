import Tensors

extension Graph.BatchNorm: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        guard !usesBatch else {
            throw ModuleError.export(
                problem: "\(name) with the statistics of the batch has no form in C, where there is one example",
                help: "track_running_stats=true keeps statistics")
        }
        let x = try source.kind(node, 0).shape, channels = x[1]
        guard let mean = try source.constantTensor(node, 3), let variance = try source.constantTensor(node, 4) else {
            throw ModuleError.export(
                problem: "\(name) with statistics that depend on the input has no form in C here",
                help: CGraph.otherFormats)
        }
        func numbers(_ position: Int, _ missing: Double) throws -> [Double] {
            guard source.has(node, position) else { return [Double](repeating: missing, count: channels) }
            guard let tensor = try source.constantTensor(node, position) else {
                throw ModuleError.export(
                    problem: "\(name) with a weight that depends on the input has no form in C here",
                    help: CGraph.otherFormats)
            }
            return try tensor.doubles()
        }
        let weight = try numbers(1, 1), bias = try numbers(2, 0)
        let factors = zip(weight, try variance.doubles()).map { Float($0 / ($1 + eps).squareRoot()) }
        let path = source.path(of: node)
        source.call(
            .batchNorm, node,
            [
                try source.pointer(node, 0), source.array(try mean.doubles().map { Float($0) }, path + "_mean"),
                source.array(factors, path + "_factor"), source.array(bias.map { Float($0) }, path + "_bias"),
            ],
            [x[0], channels, x.array.dropFirst(2).reduce(1, *)])
    }
}

extension Graph.LayerNormalization: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape
        let size = x.array.suffix(axes).reduce(1, *)
        source.call(
            .layerNorm, node,
            [try source.pointer(node, 0), try source.optional(node, 1), try source.optional(node, 2)],
            [x.elementCount / max(1, size), size], [CGraph.literal(eps)])
    }
}

extension Graph.RowNorm: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape
        source.call(
            .layerNorm, node, [try source.pointer(node, 0), "0", "0"], [x.elementCount / max(1, size), size],
            [CGraph.literal(eps)])
    }
}

extension CGraph {
    /// How many there are before, along and behind a dimension.
    fileprivate func runs(_ node: Graph.Node, _ dim: Int) throws -> [Int] {
        let x = try kind(node, 0).shape.array
        guard !x.isEmpty else { return [1, 1, 1] }
        let dim = dim < 0 ? dim + x.count : dim
        return [x[..<dim].reduce(1, *), x[dim], x[(dim + 1)...].reduce(1, *)]
    }
}

extension Graph.Softmax: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        source.call(
            logarithm ? .logSoftmax : .softmax, node, [try source.pointer(node, 0)], try source.runs(node, dim))
    }
}

extension Graph.CumulativeSum: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        source.call(.cumulativeSum, node, [try source.pointer(node, 0)], try source.runs(node, dim))
    }
}

extension Graph.Reduction: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let x = try source.kind(node, 0).shape
        let n = dims.isEmpty ? x.elementCount : dims.reduce(1) { $0 * x[$1 < 0 ? $1 + x.rank : $1] }
        switch function {
        case .sum: try source.reduce(node, dims, "0", ["s += %a"], "(float)s")
        case .mean: try source.reduce(node, dims, "0", ["s += %a"], "(float)(s / \(n))")
        case .prod: try source.reduce(node, dims, "1", ["s *= %a"], "(float)s")
        case .amax: try source.reduce(node, dims, "-INFINITY", ["s = %a > s || isnan(%a) ? %a : s"], "(float)s")
        case .amin: try source.reduce(node, dims, "INFINITY", ["s = %a < s || isnan(%a) ? %a : s"], "(float)s")
        case .any: try source.reduce(node, dims, "0", ["s = s != 0 || %a != 0"], "(float)s")
        case .all: try source.reduce(node, dims, "1", ["s = s != 0 && %a != 0"], "(float)s")
        case .norm(p: 1): try source.reduce(node, dims, "0", ["s += fabsf(%a)"], "(float)s")
        case .norm(p: 2): try source.reduce(node, dims, "0", ["s += (double)%a * %a"], "(float)sqrt(s)")
        case .norm(p: .infinity):
            try source.reduce(node, dims, "0", ["s = fabsf(%a) > s || isnan(%a) ? fabsf(%a) : s"], "(float)s")
        case .norm(let p) where p > 0:
            try source.reduce(node, dims, "0", ["s += pow(fabsf(%a), \(p))"], "(float)pow(s, 1 / \(p))")
        case .variance(let correction):
            try source.reduce(
                node, dims, "0", ["s += %a", "t += (%a - s / \(n)) * (%a - s / \(n))"],
                "(float)(t / (\(Double(n) - correction)))")
        case .logsumexp:
            try source.reduce(
                node, dims, "-INFINITY", ["s = %a > s || isnan(%a) ? %a : s", "t += exp(%a - (isinf(s) ? 0 : s))"],
                "(float)(log(t) + (isinf(s) ? 0 : s))")
        case .argmax, .argmin, .norm:
            throw ModuleError.export(problem: "\(name) has no form in C here", help: CGraph.otherFormats)
        }
    }
}
