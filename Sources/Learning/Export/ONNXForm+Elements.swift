import Data
import Tensors

extension Graph.Arithmetic: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let dtype = graph.output(site).dtype
        let a = try graph.input(site, 0, dtype: dtype), b = try graph.input(site, 1, dtype: dtype)
        let result: String
        switch op {
        case .add: result = graph.one(dtype == .bool ? "Or" : "Add", [a, b])
        case .subtract: result = graph.one("Sub", [a, b])
        case .multiply: result = graph.one(dtype == .bool ? "And" : "Mul", [a, b])
        case .divide: result = graph.one("Div", [a, b])
        case .power: result = graph.one("Pow", [a, b])
        case .maximum: result = graph.one("Max", [a, b])
        case .minimum: result = graph.one("Min", [a, b])
        case .floorDivide where dtype.isFloating: result = graph.one("Floor", [graph.one("Div", [a, b])])
        case .remainder where dtype.isFloating:
            let floor = graph.one("Floor", [graph.one("Div", [a, b])])
            result = graph.one("Sub", [a, graph.one("Mul", [floor, b])])
        case .remainder: result = graph.one("Mod", [a, b])
        case .floorDivide:
            // x // y = (x - x mod y) / y, where mod has the divisor's sign: the division is exact.
            result = graph.one("Div", [graph.one("Sub", [a, graph.one("Mod", [a, b])]), b])
        }
        graph.bind(site, [result])
    }
}

extension Graph.Comparison: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        var dtype: DType?
        var isFloat = false
        for position in site.node.inputs.indices {
            if case .scalar(.float)? = site.node.inputs[position] { isFloat = true }
            guard let tensor = graph.tensor(site, position) else { continue }
            dtype = dtype.map { DType.promote($0, tensor.dtype) } ?? tensor.dtype
        }
        var common = dtype ?? .float32
        if isFloat, !common.isFloating { common = common == .int64 ? .float64 : .float32 }
        if common == .bool || common == .uint8 { common = .int64 }
        let a = try graph.input(site, 0, dtype: common), b = try graph.input(site, 1, dtype: common)
        let result =
            switch op {
            case .equal: graph.one("Equal", [a, b])
            case .notEqual: graph.one("Not", [graph.one("Equal", [a, b])])
            case .less: graph.one("Less", [a, b])
            case .lessEqual: graph.one("LessOrEqual", [a, b])
            case .greater: graph.one("Greater", [a, b])
            case .greaterEqual: graph.one("GreaterOrEqual", [a, b])
            }
        graph.bind(site, [result])
    }
}

extension Graph.Logic: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        guard graph.output(site).dtype == .bool else {
            throw ModuleError.export(problem: "\(name) on integers has no form in ONNX here", help: nil)
        }
        let a = try graph.input(site)
        if function == .not { return graph.bind(site, [graph.one("Not", [a])]) }
        let b = try graph.input(site, 1)
        let operation =
            switch function {
            case .and, .not: "And"
            case .or: "Or"
            case .exclusiveOr: "Xor"
            }
        graph.bind(site, [graph.one(operation, [a, b])])
    }
}

extension Graph.Classification: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let x = try graph.input(site)
        switch sort {
        case .isnan: graph.bind(site, [graph.one("IsNaN", [x])])
        case .isinf: graph.bind(site, [graph.one("IsInf", [x])])
        case .isfinite:
            graph.bind(site, [graph.one("Not", [graph.one("Or", [graph.one("IsNaN", [x]), graph.one("IsInf", [x])])])])
        }
    }
}

extension Graph.Conversion: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        graph.bind(site, [graph.cast(try graph.input(site), dtype)])
    }
}

extension Graph.Identity: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws { graph.bind(site, [try graph.input(site)]) }
}

extension Graph.Choice: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let inputs = [try graph.input(site, 0), try graph.input(site, 1), try graph.input(site, 2)]
        graph.bind(site, [graph.one("Where", inputs)])
    }
}

extension Graph.AttentionBias: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let mask = try graph.input(site, 0, dtype: .bool)
        let zero = try graph.number(0, dtype), closed = try graph.number(-.infinity, dtype)
        graph.bind(site, [graph.one("Where", [mask, zero, closed])])
    }
}

extension Graph.Pointwise: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let dtype = graph.output(site).dtype
        graph.bind(site, [try write(try graph.input(site), dtype, to: &graph)])
    }

    private func write(_ x: String, _ dtype: DType, to graph: inout ONNXGraph) throws -> String {
        switch function {
        case .neg: return graph.one("Neg", [x])
        case .abs: return graph.one("Abs", [x])
        case .sign: return graph.one("Sign", [x])
        case .round: return graph.one("Round", [x])
        case .floor: return graph.one("Floor", [x])
        case .ceil: return graph.one("Ceil", [x])
        case .reciprocal: return graph.one("Reciprocal", [x])
        case .exp: return graph.one("Exp", [x])
        case .log: return graph.one("Log", [x])
        case .sqrt: return graph.one("Sqrt", [x])
        case .sin: return graph.one("Sin", [x])
        case .cos: return graph.one("Cos", [x])
        case .tanh: return graph.one("Tanh", [x])
        case .sigmoid: return graph.one("Sigmoid", [x])
        case .erf: return graph.one("Erf", [x])
        case .relu: return graph.one("Relu", [x])
        case .square: return graph.one("Mul", [x, x])
        case .log1p: return graph.one("Log", [graph.one("Add", [x, try graph.number(1, dtype)])])
        case .expm1: return graph.one("Sub", [graph.one("Exp", [x]), try graph.number(1, dtype)])
        case .rsqrt: return graph.one("Reciprocal", [graph.one("Sqrt", [x])])
        case .leakyReLU: return graph.one("LeakyRelu", [x], [("alpha", .float(p))])
        case .elu: return graph.one("Elu", [x], [("alpha", .float(p))])
        case .silu: return graph.one("Mul", [x, graph.one("Sigmoid", [x])])
        case .gelu:
            let scaled = graph.one("Mul", [x, try graph.number(0.5.squareRoot(), dtype)])
            return try half(x, graph.one("Erf", [scaled]), dtype, &graph)
        case .geluTanh:
            let cube = graph.one("Mul", [x, graph.one("Mul", [x, x])])
            let sum = graph.one("Add", [x, graph.one("Mul", [cube, try graph.number(0.044715, dtype)])])
            let scaled = graph.one("Mul", [sum, try graph.number((2 / Double.pi).squareRoot(), dtype)])
            return try half(x, graph.one("Tanh", [scaled]), dtype, &graph)
        case .softplus:
            guard p != 1 else { return graph.one("Softplus", [x]) }
            let scaled = graph.one("Softplus", [graph.one("Mul", [x, try graph.number(p, dtype)])])
            return graph.one("Div", [scaled, try graph.number(p, dtype)])
        case .clamp, .hardtanh:
            let low = p == -.infinity ? "" : try graph.number(p, dtype)
            return graph.one("Clip", q == .infinity ? [x, low] : [x, low, try graph.number(q, dtype)])
        }
    }

    /// x (1 + y) / 2
    private func half(_ x: String, _ y: String, _ dtype: DType, _ graph: inout ONNXGraph) throws -> String {
        let sum = graph.one("Add", [y, try graph.number(1, dtype)])
        return graph.one("Mul", [graph.one("Mul", [x, sum]), try graph.number(0.5, dtype)])
    }
}
