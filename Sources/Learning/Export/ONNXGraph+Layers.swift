import Data
import Tensors

/// Convolutions, pooling, normalisation and recurrence in ONNX.
extension ONNXGraph {
    mutating func image(_ step: Trace.Step, _ other: Trace.Step) throws {
        guard let x = tensor(step.inputs[0]) else { return }
        let stride = integers(step, "stride"), padding = integers(step, "padding")
        let pads = ONNXModel.Attribute.ints(padding + padding)
        switch step.name {
        case "conv2d", "conv_transpose2d":
            var inputs = [try input(step, other), try input(step, other, 1)]
            let bias = try input(step, other, 2)
            if !bias.isEmpty { inputs.append(bias) }
            var attributes: [(name: String, value: ONNXModel.Attribute)] = [
                ("kernel_shape", .ints(Array(tensor(step.inputs[1])?.shape.suffix(2) ?? []))),
                ("strides", .ints(stride)),
                ("pads", pads), ("dilations", .ints(integers(step, "dilation"))),
                ("group", .int(integers(step, "groups")[0])),
            ]
            if step.name == "conv_transpose2d" {
                attributes.append(("output_padding", .ints(integers(step, "output_padding"))))
            }
            bind(step, [one(step.name == "conv2d" ? "Conv" : "ConvTranspose", inputs, attributes)])
        case "max_pool2d", "avg_pool2d": try pooling(step, other, x, pads)
        case "adaptive_avg_pool2d": try adaptivePooling(step, other, x)
        default: try interpolation(step, other, x)
        }
    }

    private mutating func pooling(
        _ step: Trace.Step, _ other: Trace.Step, _ x: Tensor, _ pads: ONNXModel.Attribute
    ) throws {
        let kernel = integers(step, "kernel"), stride = integers(step, "stride"), padding = integers(step, "padding")
        let isCeiled = flag(step, "ceil_mode")
        if isCeiled {
            // PyTorch leaves out windows that begin behind the image, ONNX does not say so.
            let dilation = step.integers["dilation"] ?? [1, 1]
            for axis in 0..<2 {
                let reach = x.shape[2 + axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
                let count = (reach + stride[axis] - 1) / stride[axis] + 1
                guard count == output(step).shape[2 + axis], step.name == "max_pool2d" || reach % stride[axis] == 0
                else {
                    throw ModuleError.export(
                        problem: "\(step.name) with ceil_mode=true has no form in ONNX for an image of \(x.shape)",
                        help: "use padding instead of ceil_mode")
                }
            }
        }
        var attributes: [(name: String, value: ONNXModel.Attribute)] = [
            ("kernel_shape", .ints(kernel)), ("strides", .ints(stride)), ("pads", pads),
            ("ceil_mode", .int(isCeiled ? 1 : 0)),
        ]
        if step.name == "max_pool2d" {
            attributes.append(("dilations", .ints(integers(step, "dilation"))))
            return bind(step, [one("MaxPool", [try input(step, other)], attributes)])
        }
        guard integers(step, "divisor") == [0] else {
            throw ModuleError.export(problem: "avg_pool2d with divisor_override has no form in ONNX here", help: nil)
        }
        attributes.append(("count_include_pad", .int(flag(step, "count_include_pad") ? 1 : 0)))
        bind(step, [one("AveragePool", [try input(step, other)], attributes)])
    }

    /// Means over a grid are products with two matrices: each row holds the shares of one window.
    private mutating func adaptivePooling(_ step: Trace.Step, _ other: Trace.Step, _ x: Tensor) throws {
        let image = try input(step, other)
        let size = Array(output(step).shape.suffix(2))
        if size == [1, 1] { return bind(step, [one("GlobalAveragePool", [image])]) }
        func shares(_ n: Int, _ count: Int) throws -> Tensor {
            var rows = [Double](repeating: 0, count: count * n)
            for row in 0..<count {
                let first = row * n / count, last = ((row + 1) * n + count - 1) / count
                for column in first..<last { rows[row * n + column] = 1 / Double(last - first) }
            }
            return try Tensor(rows, shape: [count, n]).to(x.dtype)
        }
        let columns = constant(try shares(x.shape[3], size[1]).transposed(), "columns")
        let rows = constant(try shares(x.shape[2], size[0]), "rows")
        bind(step, [one("MatMul", [rows, one("MatMul", [image, columns])])])
    }

    private mutating func interpolation(_ step: Trace.Step, _ other: Trace.Step, _ x: Tensor) throws {
        let isNearest = step.words["mode"] == "nearest"
        let transformation =
            isNearest ? "asymmetric" : flag(step, "align_corners") ? "align_corners" : "half_pixel"
        var attributes: [(name: String, value: ONNXModel.Attribute)] = [
            ("mode", .string(isNearest ? "nearest" : "linear")),
            ("coordinate_transformation_mode", .string(transformation)),
        ]
        if isNearest { attributes.append(("nearest_mode", .string("floor"))) }
        let image = try input(step, other)
        if let scale = step.numbers["scale"] {
            let scales = constant(try Tensor([1, 1, Float(scale), Float(scale)]), "scales")
            bind(step, [one("Resize", [image, "", scales], attributes)])
        } else {
            let shape = zip(output(step).shape, large.trace.tensors[other.outputs[0]].shape).map { size(($0, $1)) }
            bind(step, [one("Resize", [image, "", "", try sizes(shape)], attributes)])
        }
    }

    mutating func normalization(_ step: Trace.Step, _ other: Trace.Step) throws {
        guard let x = tensor(step.inputs[0]) else { return }
        let eps = ONNXModel.Attribute.float(step.numbers["eps"] ?? 1e-5)
        func filled(_ shape: [Int], _ value: Double) throws -> Tensor {
            try .full(shape, .float(value), dtype: x.dtype)
        }
        switch step.name {
        case "layer_norm":
            let axes = integers(step, "axes")[0]
            let shape = Array(x.shape.suffix(axes))
            var inputs = [try input(step, other), try input(step, other, 1), try input(step, other, 2)]
            if inputs[1].isEmpty { inputs[1] = constant(try filled(shape, 1), "ones") }
            if inputs[2].isEmpty { inputs.removeLast() }
            bind(step, [one("LayerNormalization", inputs, [("axis", .int(-axes)), ("epsilon", eps)])])
        case "normalize_rows":
            let size = try fixed(step, other, "size")[0]
            let rows = one("Reshape", [try input(step, other), try integers([-1, size])])
            let ones = constant(try filled([size], 1), "ones")
            let normal = one("LayerNormalization", [rows, ones], [("axis", .int(-1)), ("epsilon", eps)])
            bind(step, [one("Reshape", [normal, try sizes(sizes(step, other, "shape"))])])
        default:
            let channels = x.shape[1]
            var inputs = try (0..<5).map { try input(step, other, $0) }
            if inputs[1].isEmpty { inputs[1] = constant(try filled([channels], 1), "ones") }
            if inputs[2].isEmpty { inputs[2] = constant(try filled([channels], 0), "zeros") }
            bind(step, [one("BatchNormalization", inputs, [("epsilon", eps)])])
        }
    }

    /// ONNX orders the gates i, o, f, c where PyTorch has i, f, c, o, and has a dimension for directions.
    mutating func recurrence(_ step: Trace.Step, _ other: Trace.Step) throws {
        guard let inputWeight = tensor(step.inputs[3]), let hiddenWeight = tensor(step.inputs[4]),
            inputWeight === large.trace.tensors[safe: other.inputs[3]]
        else {
            throw ModuleError.export(problem: "an LSTM whose weights are computed has no form in ONNX here", help: nil)
        }
        let h = hiddenWeight.shape[1]
        func gates(_ tensor: Tensor) throws -> Tensor {
            let parts = try [0, 3, 1, 2].map { try tensor.detach().narrow(dim: 0, start: $0 * h, length: h) }
            return try Tensor.cat(parts)
        }
        let zeros = try Tensor.zeros([4 * h], dtype: inputWeight.dtype)
        let biases = try [5, 6].map { try gates(tensor(step.inputs[$0]) ?? zeros) }
        var inputs = [
            try input(step, other), constant(try gates(inputWeight).unsqueeze(dim: 0), "W"),
            constant(try gates(hiddenWeight).unsqueeze(dim: 0), "R"),
            constant(try Tensor.cat(biases).unsqueeze(dim: 0), "B"),
        ]
        if let hidden = tensor(step.inputs[1]), let cell = tensor(step.inputs[2]),
            try !(hidden === cell && hidden.doubles().allSatisfy { $0 == 0 })
        {
            let first = try integers([0])
            inputs += [
                "", one("Unsqueeze", [try input(step, other, 1), first]),
                one("Unsqueeze", [try input(step, other, 2), first]),
            ]
        }
        let direction = flag(step, "reverse") ? "reverse" : "forward"
        let results = node("LSTM", inputs, [("hidden_size", .int(h)), ("direction", .string(direction))], results: 3)
        bind(
            step,
            [
                one("Squeeze", [results[0], try integers([1])]), one("Squeeze", [results[1], try integers([0])]),
                one("Squeeze", [results[2], try integers([0])]),
            ])
    }
}
