import Tensors

extension Graph.Arithmetic: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let isBool = source.kind(of: node).dtype == .bool
        let call: (String) -> String
        switch op {
        case .add where isBool, .maximum where isBool: call = { _ in "(float)(%a != 0 || %b != 0)" }
        case .multiply where isBool, .minimum where isBool: call = { _ in "(float)(%a != 0 && %b != 0)" }
        case .add: call = { _ in "%a + %b" }
        case .subtract: call = { _ in "%a - %b" }
        case .multiply: call = { _ in "%a * %b" }
        case .divide: call = { _ in "%a / %b" }
        case .power: call = { _ in "powf(%a, %b)" }
        case .maximum: call = { "\($0)(%a, %b)" }
        case .minimum: call = { "\($0)(%a, %b)" }
        case .floorDivide: call = { "\($0)(%a, %b)" }
        case .remainder: call = { "\($0)(%a, %b)" }
        }
        let function: CFunction? =
            switch op {
            case .maximum where !isBool: .maximum
            case .minimum where !isBool: .minimum
            case .floorDivide: .quotient
            case .remainder: .remainder
            default: nil
            }
        let name = function.map { source.use($0) } ?? ""
        try source.elementwise(node, call(name))
    }
}

extension Graph.Comparison: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        try source.elementwise(node, "(float)(%a \(op.rawValue) %b)")
    }
}

extension Graph.Logic: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        switch function {
        case .and: try source.elementwise(node, "(float)(%a != 0 && %b != 0)")
        case .or: try source.elementwise(node, "(float)(%a != 0 || %b != 0)")
        case .exclusiveOr: try source.elementwise(node, "(float)((%a != 0) != (%b != 0))")
        case .not: try source.elementwise(node, "(float)(%a == 0)")
        }
    }
}

extension Graph.Pointwise: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        let p = CGraph.literal(p), q = CGraph.literal(q)
        let value: String
        switch function {
        case .neg: value = "-%a"
        case .abs: value = "fabsf(%a)"
        case .sign: value = "(float)((%a > 0) - (%a < 0))"
        case .square: value = "%a * %a"
        case .round: value = "rintf(%a)"
        case .floor: value = "floorf(%a)"
        case .ceil: value = "ceilf(%a)"
        case .reciprocal: value = "1 / %a"
        case .exp: value = "expf(%a)"
        case .log: value = "logf(%a)"
        case .log1p: value = "log1pf(%a)"
        case .expm1: value = "expm1f(%a)"
        case .sqrt: value = "sqrtf(%a)"
        case .rsqrt: value = "1 / sqrtf(%a)"
        case .sin: value = "sinf(%a)"
        case .cos: value = "cosf(%a)"
        case .tanh: value = "tanhf(%a)"
        case .sigmoid: value = "1 / (1 + expf(-%a))"
        case .erf: value = "erff(%a)"
        case .relu: value = "%a < 0 ? 0 : %a"
        case .leakyReLU: value = "%a < 0 ? %a * \(p) : %a"
        case .elu: value = "%a < 0 ? \(p) * expm1f(%a) : %a"
        case .gelu: value = "0.5f * %a * erfcf(%a * \(CGraph.literal(-(0.5.squareRoot()))))"
        case .geluTanh:
            let scale = CGraph.literal((2 / Double.pi).squareRoot()), cube = CGraph.literal(0.044715)
            value = "0.5f * %a * (1 + tanhf(\(scale) * (%a + \(cube) * %a * %a * %a)))"
        case .silu: value = "%a / (1 + expf(-%a))"
        case .softplus: value = "%a * \(p) > \(q) ? %a : log1pf(expf(%a * \(p))) / \(p)"
        case .clamp, .hardtanh: value = "\(source.use(.clamp))(%a, \(p), \(q))"
        }
        try source.elementwise(node, value)
    }
}

extension Graph.Classification: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        switch sort {
        case .isnan: try source.elementwise(node, "(float)(isnan(%a) != 0)")
        case .isinf: try source.elementwise(node, "(float)(isinf(%a) != 0)")
        case .isfinite: try source.elementwise(node, "(float)(isfinite(%a) != 0)")
        }
    }
}

extension Graph.Conversion: CForm {
    /// Truth values lie as 0 and 1.
    var isSameInMemory: Bool { dtype != .bool }

    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        try source.elementwise(node, "(float)(%a != 0)")
    }
}

extension Graph.Identity: CForm {
    var isSameInMemory: Bool { true }
    func write(_ node: Graph.Node, to source: inout CGraph) throws {}
}

extension Graph.Choice: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        try source.elementwise(node, "%a != 0 ? %b : %c")
    }
}

extension Graph.AttentionBias: CForm {
    func write(_ node: Graph.Node, to source: inout CGraph) throws {
        try source.elementwise(node, "%a != 0 ? 0 : -INFINITY")
    }
}
