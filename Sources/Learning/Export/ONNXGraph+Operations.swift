import Data
import Tensors

/// What each operation of a trace is in ONNX.
extension ONNXGraph {
    mutating func convert(_ step: Trace.Step, _ index: Int) throws {
        let other = large.trace.steps[index]
        switch step.name {
        case "+", "-", "*", "/", "//", "%", "**", "maximum", "minimum": try arithmetic(step, other)
        case "==", "!=", "<", "<=", ">", ">=": try comparison(step, other)
        case "&", "|", "^", "~": try logic(step, other)
        case "identity": bind(step, [try input(step, other)])
        case "to": bind(step, [cast(try input(step, other), output(step).dtype)])
        case "where", "attention_bias": try choice(step, other)
        case "reshape", "expand", "permute", "slice", "cat", "pad", "tril", "triu": try rearrangement(step, other)
        case "index_select", "gather", "topk", "cumsum": try selection(step, other)
        case "sum", "mean", "amax", "amin", "prod", "logsumexp", "norm", "var", "argmax", "argmin", "any", "all":
            try reduction(step, other)
        case "softmax", "log_softmax":
            let operation = step.name == "softmax" ? "Softmax" : "LogSoftmax"
            bind(step, [one(operation, [try input(step, other)], [("axis", .int(dim(step)))])])
        case "linear", "matmul": try product(step, other)
        case "conv2d", "conv1d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "interpolate":
            try image(step, other)
        case "layer_norm", "normalize_rows", "batch_norm": try normalization(step, other)
        case "lstm": try recurrence(step, other)
        default:
            if let result = try pointwise(step, other) {
                bind(step, [result])
            } else {
                throw ModuleError.export(
                    problem: "\(step.name) has no form in ONNX here",
                    help: "save(net, \"net.distill\") or save(net, \"net.safetensors\") keep the network")
            }
        }
    }

    // MARK: Access

    func output(_ step: Trace.Step) -> Tensor { small.trace.tensors[step.outputs[0]] }

    /// The input at a position as it is, or converted.
    mutating func input(_ step: Trace.Step, _ other: Trace.Step, _ position: Int = 0, dtype: DType? = nil) throws
        -> String
    {
        try name(step.inputs[position], other.inputs[position], of: step, dtype: dtype)
    }

    func integers(_ step: Trace.Step, _ key: String) -> [Int] { step.integers[key] ?? [] }
    func flag(_ step: Trace.Step, _ key: String) -> Bool { step.integers[key]?.first == 1 }
    func dim(_ step: Trace.Step) -> Int { step.integers["dim"]?.first ?? 0 }

    /// Integers that were seen in both runs as sizes.
    func sizes(_ step: Trace.Step, _ other: Trace.Step, _ key: String) -> [BatchSize] {
        zip(integers(step, key), integers(other, key)).map { size(($0, $1)) }
    }

    /// Integers that must not depend on the batch.
    func fixed(_ step: Trace.Step, _ other: Trace.Step, _ key: String) throws -> [Int] {
        guard integers(step, key) == integers(other, key) else {
            throw ModuleError.export(problem: "\(key) of \(step.name) depends on the number of examples", help: nil)
        }
        return integers(step, key)
    }

    // MARK: Elements

    private mutating func arithmetic(_ step: Trace.Step, _ other: Trace.Step) throws {
        let dtype = output(step).dtype
        let a = try input(step, other, 0, dtype: dtype), b = try input(step, other, 1, dtype: dtype)
        switch step.name {
        case "+": bind(step, [one(dtype == .bool ? "Or" : "Add", [a, b])])
        case "-": bind(step, [one("Sub", [a, b])])
        case "*": bind(step, [one(dtype == .bool ? "And" : "Mul", [a, b])])
        case "/": bind(step, [one("Div", [a, b])])
        case "**": bind(step, [one("Pow", [a, b])])
        case "maximum": bind(step, [one("Max", [a, b])])
        case "minimum": bind(step, [one("Min", [a, b])])
        case "//" where dtype.isFloating: bind(step, [one("Floor", [one("Div", [a, b])])])
        case "%" where dtype.isFloating:
            bind(step, [one("Sub", [a, one("Mul", [one("Floor", [one("Div", [a, b])]), b])])])
        case "%": bind(step, [one("Mod", [a, b])])
        default:
            // x // y = (x - x mod y) / y, where mod has the divisor's sign: the division is exact.
            bind(step, [one("Div", [one("Sub", [a, one("Mod", [a, b])]), b])])
        }
    }

    private mutating func comparison(_ step: Trace.Step, _ other: Trace.Step) throws {
        var dtype: DType?
        var isFloat = false
        for input in step.inputs {
            if case .scalar(.float)? = input { isFloat = true }
            guard let tensor = tensor(input) else { continue }
            dtype = dtype.map { DType.promote($0, tensor.dtype) } ?? tensor.dtype
        }
        var common = dtype ?? .float32
        if isFloat, !common.isFloating { common = common == .int64 ? .float64 : .float32 }
        if common == .bool || common == .uint8 { common = .int64 }
        let a = try input(step, other, 0, dtype: common), b = try input(step, other, 1, dtype: common)
        let operations = ["==": "Equal", "<": "Less", "<=": "LessOrEqual", ">": "Greater", ">=": "GreaterOrEqual"]
        if let operation = operations[step.name] {
            bind(step, [one(operation, [a, b])])
        } else {
            bind(step, [one("Not", [one("Equal", [a, b])])])
        }
    }

    private mutating func logic(_ step: Trace.Step, _ other: Trace.Step) throws {
        guard output(step).dtype == .bool else {
            throw ModuleError.export(problem: "\(step.name) on integers has no form in ONNX here", help: nil)
        }
        let a = try input(step, other)
        if step.name == "~" { return bind(step, [one("Not", [a])]) }
        let b = try input(step, other, 1)
        bind(step, [one(["&": "And", "|": "Or", "^": "Xor"][step.name] ?? "And", [a, b])])
    }

    private mutating func choice(_ step: Trace.Step, _ other: Trace.Step) throws {
        if step.name == "where" {
            return bind(step, [one("Where", try (0..<3).map { try input(step, other, $0) })])
        }
        let dtype = output(step).dtype
        let mask = try input(step, other, 0, dtype: .bool)
        bind(step, [one("Where", [mask, try number(0, dtype), try number(-.infinity, dtype)])])
    }

    private mutating func pointwise(_ step: Trace.Step, _ other: Trace.Step) throws -> String? {
        guard step.inputs.count == 1, let tensor = tensor(step.inputs[0]) else { return nil }
        let x = try input(step, other)
        let dtype = tensor.dtype
        let p = step.numbers["p"] ?? 0, q = step.numbers["q"] ?? 0
        let simple = [
            "neg": "Neg", "abs": "Abs", "sign": "Sign", "round": "Round", "floor": "Floor", "ceil": "Ceil",
            "reciprocal": "Reciprocal", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sin": "Sin", "cos": "Cos",
            "tanh": "Tanh", "sigmoid": "Sigmoid", "erf": "Erf", "relu": "Relu", "isnan": "IsNaN",
        ]
        if let operation = simple[step.name] { return one(operation, [x]) }
        switch step.name {
        case "square": return one("Mul", [x, x])
        case "log1p": return one("Log", [one("Add", [x, try number(1, dtype)])])
        case "expm1": return one("Sub", [one("Exp", [x]), try number(1, dtype)])
        case "rsqrt": return one("Reciprocal", [one("Sqrt", [x])])
        case "leakyReLU": return one("LeakyRelu", [x], [("alpha", .float(p))])
        case "elu": return one("Elu", [x], [("alpha", .float(p))])
        case "silu": return one("Mul", [x, one("Sigmoid", [x])])
        case "gelu":
            let inner = one("Erf", [one("Mul", [x, try number(0.5.squareRoot(), dtype)])])
            return try half(x, inner, dtype)
        case "geluTanh":
            let cube = one("Mul", [x, one("Mul", [x, x])])
            let sum = one("Add", [x, one("Mul", [cube, try number(0.044715, dtype)])])
            return try half(
                x, one("Tanh", [one("Mul", [sum, try number((2 / Double.pi).squareRoot(), dtype)])]), dtype)
        case "softplus":
            guard p != 1 else { return one("Softplus", [x]) }
            let scaled = one("Softplus", [one("Mul", [x, try number(p, dtype)])])
            return one("Div", [scaled, try number(p, dtype)])
        case "clamp", "hardtanh":
            let low = p == -.infinity ? "" : try number(p, dtype)
            return one("Clip", q == .infinity ? [x, low] : [x, low, try number(q, dtype)])
        default: return nil
        }
    }

    /// x (1 + y) / 2
    private mutating func half(_ x: String, _ y: String, _ dtype: DType) throws -> String {
        one("Mul", [one("Mul", [x, one("Add", [y, try number(1, dtype)])]), try number(0.5, dtype)])
    }

    // MARK: Shapes

    private mutating func rearrangement(_ step: Trace.Step, _ other: Trace.Step) throws {
        switch step.name {
        case "reshape": bind(step, [try reshaped(input(step, other), sizes(step, other, "shape"))])
        case "expand": bind(step, [one("Expand", [try input(step, other), try sizes(sizes(step, other, "shape"))])])
        case "permute":
            bind(step, [one("Transpose", [try input(step, other)], [("perm", .ints(integers(step, "dims")))])])
        case "slice": bind(step, [try slice(step, other)])
        case "cat":
            let dtype = output(step).dtype
            let parts = try step.inputs.indices.map { try input(step, other, $0, dtype: dtype) }
            bind(step, [one("Concat", parts, [("axis", .int(dim(step)))])])
        case "pad":
            let rank = output(step).rank, dtype = output(step).dtype
            var pads = [Int](repeating: 0, count: 2 * rank)
            pads[dim(step)] = try fixed(step, other, "before")[0]
            pads[rank + dim(step)] = try fixed(step, other, "after")[0]
            let value = try number(step.numbers["value"] ?? 0, dtype)
            bind(
                step,
                [one("Pad", [try input(step, other), try integers(pads), value], [("mode", .string("constant"))])])
        default:
            let diagonal = constant(try Tensor([integers(step, "diagonal")[0]], shape: []), "diagonal")
            let isUpper = step.name == "triu" ? 1 : 0
            bind(step, [one("Trilu", [try input(step, other), diagonal], [("upper", .int(isUpper))])])
        }
    }

    /// A reshape whose sizes may grow with the batch: one of them is left to be found out.
    private mutating func reshaped(_ x: String, _ target: [BatchSize]) throws -> String {
        let growing = target.filter { !$0.isFixed }
        guard growing.count == 1, !target.contains(BatchSize(0)) else {
            return one("Reshape", [x, try sizes(target)])
        }
        return one("Reshape", [x, try integers(target.map { $0.isFixed ? $0.constant : -1 })])
    }

    private mutating func slice(_ step: Trace.Step, _ other: Trace.Step) throws -> String {
        var x = try input(step, other)
        let starts = sizes(step, other, "starts"), counts = sizes(step, other, "counts")
        let steps = try fixed(step, other, "steps")
        guard let tensor = tensor(step.inputs[0]), let second = large.trace.tensors[safe: other.inputs[0]] else {
            return x
        }
        let full = zip(tensor.shape, second.shape).map { size(($0, $1)) }
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
            x = one(
                "Slice",
                [
                    x, try sizes(axes.map { starts[$0] }), try sizes(ends), try integers(axes),
                    try integers(axes.map { steps[$0] }),
                ])
        }
        let target = sizes(step, other, "shape")
        return target == counts ? x : try reshaped(x, target)
    }

    private mutating func selection(_ step: Trace.Step, _ other: Trace.Step) throws {
        let axis: [(name: String, value: ONNXModel.Attribute)] = [("axis", .int(dim(step)))]
        switch step.name {
        case "index_select":
            let positions = try input(step, other, 1, dtype: .int64)
            bind(step, [one("Gather", [try input(step, other), positions], axis)])
        case "gather":
            let positions = try input(step, other, 1, dtype: .int64)
            bind(step, [one("GatherElements", [try input(step, other), positions], axis)])
        case "topk":
            let count = try integers(fixed(step, other, "k"))
            bind(
                step,
                node(
                    "TopK", [try input(step, other), count],
                    axis + [("largest", .int(flag(step, "largest") ? 1 : 0)), ("sorted", .int(1))], results: 2))
        default:
            let position = constant(try Tensor([dim(step)], shape: []), "axis")
            bind(step, [one("CumSum", [try input(step, other), position])])
        }
    }

    // MARK: Reductions

    private mutating func reduction(_ step: Trace.Step, _ other: Trace.Step) throws {
        let dims = integers(step, "dims")
        let keep = flag(step, "keepdim") ? 1 : 0
        var x = try input(step, other)
        guard !dims.isEmpty else { return bind(step, [x]) }
        let axes: [(name: String, value: ONNXModel.Attribute)] = [("axes", .ints(dims)), ("keepdims", .int(keep))]
        switch step.name {
        case "sum": bind(step, [one("ReduceSum", [x, try integers(dims)], [("keepdims", .int(keep))])])
        case "mean": bind(step, [one("ReduceMean", [x], axes)])
        case "amax": bind(step, [one("ReduceMax", [x], axes)])
        case "amin": bind(step, [one("ReduceMin", [x], axes)])
        case "prod": bind(step, [one("ReduceProd", [x], axes)])
        case "logsumexp": bind(step, [one("ReduceLogSumExp", [x], axes)])
        case "argmax", "argmin":
            let operation = step.name == "argmax" ? "ArgMax" : "ArgMin"
            bind(step, [one(operation, [x], [("axis", .int(dims[0])), ("keepdims", .int(keep))])])
        case "any", "all":
            x = one("Cast", [cast(x, .bool)], [("to", .int(6))])
            bind(step, [cast(one(step.name == "any" ? "ReduceMax" : "ReduceMin", [x], axes), .bool)])
        case "norm":
            let p = step.numbers["p"] ?? 2
            guard p == 1 || p == 2 else {
                throw ModuleError.export(problem: "norm with p=\(p) has no form in ONNX here", help: "p=1 and p=2 have")
            }
            bind(step, [one(p == 1 ? "ReduceL1" : "ReduceL2", [x], axes)])
        default:
            let dtype = output(step).dtype
            let count = try fixed(step, other, "count")[0]
            let mean = one("ReduceMean", [x], [("axes", .ints(dims)), ("keepdims", .int(1))])
            let centred = one("Sub", [x, mean])
            let sum = one(
                "ReduceSum", [one("Mul", [centred, centred]), try integers(dims)], [("keepdims", .int(keep))])
            let divisor = max(Double(count) - (step.numbers["correction"] ?? 1), 0)
            bind(step, [one("Div", [sum, try number(divisor, dtype)])])
        }
    }

    // MARK: Products

    private mutating func product(_ step: Trace.Step, _ other: Trace.Step) throws {
        let x = try input(step, other), w = try input(step, other, 1)
        guard step.name == "linear" else { return bind(step, [one("MatMul", [x, w])]) }
        let bias = try input(step, other, 2)
        var y: String
        if tensor(step.inputs[0])?.rank == 2 {
            y = one("Gemm", bias.isEmpty ? [x, w] : [x, w, bias], [("transB", .int(1))])
        } else {
            y = one("MatMul", [x, one("Transpose", [w], [("perm", .ints([1, 0]))])])
            if !bias.isEmpty { y = one("Add", [y, bias]) }
        }
        bind(step, [flag(step, "relu") ? one("Relu", [y]) : y])
    }
}

extension [Tensor] {
    /// The tensor of an input that is one.
    subscript(safe input: Trace.Input?) -> Tensor? {
        if case .value(let number)? = input { self[number] } else { nil }
    }
}
