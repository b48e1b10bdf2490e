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

// MARK: Reading

extension ONNXCall {
    /// The first two inputs.
    fileprivate func pair() throws -> (Tensor, Tensor) { (try x(0), try x(1)) }

    /// All inputs, joined two by two.
    fileprivate func joined(_ join: (Tensor, Tensor) throws -> Tensor) throws -> Tensor {
        var result = try x()
        for position in inputs.indices.dropFirst() { result = try join(result, try x(position)) }
        return result
    }

    /// Bounds of a clip.
    fileprivate func bound(_ position: Int, _ name: String) throws -> Scalar? {
        if opset < 11 { return floatIfAny(name).map { .float($0) } }
        guard let tensor = optional(position) else { return nil }
        guard tensor.count == 1 else { throw refusal("\(name) has \(tensor.count) elements instead of one") }
        return try tensor.item()
    }

    private func floatIfAny(_ name: String) -> Double? {
        node.attributes.contains { $0.name == name } ? float(name, 0) : nil
    }

    /// x · min(max(a x + b, 0), 1) and its parts.
    fileprivate func hardSigmoid(_ alpha: Double, _ beta: Double) throws -> Tensor {
        try x().mul(.float(alpha)).add(.float(beta)).clamp(min: .float(0), max: .float(1))
    }
}

extension ONNXOperator {
    /// The quotient of whole numbers, cut off towards zero as C does.
    private static func quotient(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        guard !a.dtype.isFloating, !b.dtype.isFloating else { return try a.div(b) }
        let magnitude = try a.abs().floorDivide(b.abs())
        return try magnitude.mul(a.to(.int64).sign()).mul(b.to(.int64).sign()).to(a.dtype)
    }

    private static func apply(_ function: @escaping @Sendable (Tensor) throws -> Tensor) -> ONNXOperator {
        .one { try function($0.x()) }
    }

    private static func binary(_ function: @escaping @Sendable (Tensor, Tensor) throws -> Tensor) -> ONNXOperator {
        .one { call in
            let (a, b) = try call.pair()
            return try function(a, b)
        }
    }

    /// The same for operators whose other side may be a weight.
    private static func sides(_ function: @escaping @Sendable (Tensor, Tensor) throws -> Tensor) -> ONNXOperator {
        .one(weights: [0: "other", 1: "other"]) { call in
            let (a, b) = try call.pair()
            return try function(a, b)
        }
    }

    /// Operators on single elements.
    static let elements: [String: ONNXOperator] = {
        var all: [String: ONNXOperator] = [
            "Add": sides { try $0.add($1) }, "Sub": sides { try $0.sub($1) }, "Mul": sides { try $0.mul($1) },
            "Div": sides { try quotient($0, $1) }, "Pow": binary { try $0.pow($1).to($0.dtype) },
            "Max": .one { try $0.joined { try $0.maximum($1) } }, "Min": .one { try $0.joined { try $0.minimum($1) } },
            "Sum": .one { try $0.joined { try $0.add($1) } },
            "Mean": .one { call in try call.joined { try $0.add($1) }.div(.float(Double(call.inputs.count))) },
            "Mod": .one { call in
                let (a, b) = try call.pair()
                guard call.flag("fmod") else { return try a.remainder(b) }
                // The remainder with the sign of the dividend.
                let magnitude = try a.abs().remainder(b.abs())
                return try magnitude.mul(a.sign())
            },
            "And": binary { try $0.bitwiseAnd($1) }, "Or": binary { try $0.bitwiseOr($1) },
            "Xor": binary { try $0.bitwiseXor($1) }, "Not": apply { try $0.bitwiseNot() },
            "Equal": binary { try $0.eq($1) }, "Less": binary { try $0.lt($1) }, "Greater": binary { try $0.gt($1) },
            "LessOrEqual": binary { try $0.le($1) }, "GreaterOrEqual": binary { try $0.ge($1) },
            "Where": .one { try Tensor.where($0.x(0), .tensor($0.x(1)), .tensor($0.x(2))) },
            "Identity": apply { $0 },
            "Dropout": ONNXOperator { call in
                if let training = call.optional(2), try training.item().double != 0 {
                    throw call.refusal("training_mode=1 draws random numbers")
                }
                let x = try call.x()
                return call.wants(1) ? [x, try x.onesLike(dtype: .bool)] : [x]
            },
            "Cast": .one { call in
                guard let dtype = ONNXModel.element(call.int("to", 0))?.dtype else {
                    throw call.refusal("to=\(call.int("to", 0)) (text, complex, 8 or 4 bits) is not read")
                }
                return try call.x().to(dtype)
            },
            "CastLike": binary { try $0.to($1.dtype) },
            "IsNaN": apply { try $0.isnan() },
            "IsInf": .one { call in
                let x = try call.x()
                switch (call.flag("detect_positive", true), call.flag("detect_negative", true)) {
                case (true, true): return try x.isinf()
                case (true, false): return try x.eq(.float(.infinity))
                case (false, true): return try x.eq(.float(-.infinity))
                case (false, false): return try x.isinf().bitwiseAnd(x.isnan())
                }
            },
        ]
        all.merge(functions) { first, _ in first }
        return all
    }()

    private static let functions: [String: ONNXOperator] = [
        "Neg": apply { try $0.neg() }, "Abs": apply { try $0.abs() }, "Sign": apply { try $0.sign() },
        "Round": apply { try $0.round() }, "Floor": apply { try $0.floor() }, "Ceil": apply { try $0.ceil() },
        "Reciprocal": apply { try $0.reciprocal() }, "Exp": apply { try $0.exp() }, "Log": apply { try $0.log() },
        "Sqrt": apply { try $0.sqrt() }, "Sin": apply { try $0.sin() }, "Cos": apply { try $0.cos() },
        "Tanh": apply { try $0.tanh() }, "Sigmoid": apply { try $0.sigmoid() }, "Erf": apply { try $0.erf() },
        "Relu": apply { try $0.relu() }, "Softplus": apply { try $0.softplus(threshold: .infinity) },
        "Softsign": apply { try $0.div($0.abs().add(.int(1))) },
        "Tan": apply { try $0.sin().div($0.cos()) },
        "Sinh": apply { try $0.expm1().sub($0.neg().expm1()).div(.int(2)) },
        "Cosh": apply { try $0.exp().add($0.neg().exp()).div(.int(2)) },
        "Swish": .one { call in
            let x = try call.x()
            return try x.mul(x.mul(.float(call.float("alpha", 1))).sigmoid())
        },
        "Mish": apply { try $0.mul($0.softplus().tanh()) },
        "LeakyRelu": .one { try $0.x().leakyReLU(negativeSlope: $0.float("alpha", 0.01)) },
        "Elu": .one { try $0.x().elu(alpha: $0.float("alpha", 1)) },
        "Celu": .one { call in
            let alpha = call.float("alpha", 1), x = try call.x()
            return try x.div(.float(alpha)).elu().mul(.float(alpha))
        },
        "Selu": .one { call in
            try call.x().elu(alpha: call.float("alpha", 1.67326319217681884765625))
                .mul(.float(call.float("gamma", 1.05070102214813232421875)))
        },
        "ThresholdedRelu": .one { call in
            let x = try call.x()
            return try x.mul(x.gt(.float(call.float("alpha", 1))).to(x.dtype))
        },
        "PRelu": .one(weights: [1: "weight"]) { call in
            let (x, slope) = try call.pair()
            return try x.relu().sub(x.neg().relu().mul(slope))
        },
        "HardSigmoid": .one { try $0.hardSigmoid($0.float("alpha", 0.2), $0.float("beta", 0.5)) },
        "HardSwish": .one { try $0.x().mul($0.hardSigmoid(1.0 / 6, 0.5)) },
        "Gelu": .one { try $0.x().gelu(approximate: $0.text("approximate", "none")) },
        "Clip": .one { call in
            // Bounds that are trained get their gradient.
            if call.opset >= 11, [1, 2].contains(where: { call.optional($0)?.requiresGradient == true }) {
                let x = try call.x()
                let above = try call.optional(1).map { try x.maximum($0) } ?? x
                return try call.optional(2).map { try above.minimum($0) } ?? above
            }
            let low = try call.bound(1, "min"), high = try call.bound(2, "max")
            guard low != nil || high != nil else { return try call.x() }
            return try call.x().clamp(min: low, max: high)
        },
    ]
}
