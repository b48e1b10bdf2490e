import Data
import Tensors

extension Pair {
    fileprivate var list: [Int] { [height, width] }
    /// The same padding on both sides, as ONNX lists it.
    fileprivate var pads: ONNXModel.Attribute { .ints(list + list) }
}

extension ONNXGraph {
    /// Image, filters and bias if there is one.
    fileprivate mutating func convolutionInputs<Form>(_ site: ONNXSite<Form>) throws -> [String] {
        let inputs = [try input(site), try input(site, 1)]
        let bias = try input(site, 2)
        return bias.isEmpty ? inputs : inputs + [bias]
    }
}

extension Graph.Convolution: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let inputs = try graph.convolutionInputs(site)
        let kernel = Array(graph.tensor(site, 1)?.shape.suffix(2) ?? [])
        graph.bind(
            site,
            [
                graph.one(
                    "Conv", inputs,
                    [
                        ("kernel_shape", .ints(kernel)), ("strides", .ints(stride.list)), ("pads", padding.pads),
                        ("dilations", .ints(dilation.list)), ("group", .int(groups)),
                    ])
            ])
    }
}

extension Graph.TransposedConvolution: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let inputs = try graph.convolutionInputs(site)
        let kernel = Array(graph.tensor(site, 1)?.shape.suffix(2) ?? [])
        graph.bind(
            site,
            [
                graph.one(
                    "ConvTranspose", inputs,
                    [
                        ("kernel_shape", .ints(kernel)), ("strides", .ints(stride.list)), ("pads", padding.pads),
                        ("dilations", .ints(dilation.list)), ("group", .int(groups)),
                        ("output_padding", .ints(outputPadding.list)),
                    ])
            ])
    }
}

extension ONNXGraph {
    /// PyTorch leaves out windows that begin behind the image, ONNX does not say so.
    fileprivate func checkCeiled<Form: Graph.Form>(
        _ form: Form, _ site: ONNXSite<Form>, _ kernel: Pair, _ stride: Pair, _ padding: Pair, _ dilation: Pair,
        mayHangOver: Bool
    ) throws {
        guard let x = tensor(site) else { return }
        for axis in 0..<2 {
            let step = stride.list[axis]
            let reach = x.shape[2 + axis] + 2 * padding.list[axis] - dilation.list[axis] * (kernel.list[axis] - 1) - 1
            let count = (reach + step - 1) / step + 1
            guard count == output(site).shape[2 + axis], mayHangOver || reach % step == 0 else {
                throw ModuleError.export(
                    problem: "\(form.name) with ceil_mode=true has no form in ONNX for an image of \(x.shape)",
                    help: "use padding instead of ceil_mode")
            }
        }
    }
}

extension Graph.MaxPool: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        if isCeiled { try graph.checkCeiled(self, site, kernel, stride, padding, dilation, mayHangOver: true) }
        let x = try graph.input(site)
        graph.bind(
            site,
            [
                graph.one(
                    "MaxPool", [x],
                    [
                        ("kernel_shape", .ints(kernel.list)), ("strides", .ints(stride.list)), ("pads", padding.pads),
                        ("ceil_mode", .int(isCeiled ? 1 : 0)), ("dilations", .ints(dilation.list)),
                    ])
            ])
    }
}

extension Graph.AveragePool: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        if isCeiled { try graph.checkCeiled(self, site, kernel, stride, padding, 1, mayHangOver: false) }
        guard divisor == nil else {
            throw ModuleError.export(problem: "avg_pool2d with divisor_override has no form in ONNX here", help: nil)
        }
        let x = try graph.input(site)
        graph.bind(
            site,
            [
                graph.one(
                    "AveragePool", [x],
                    [
                        ("kernel_shape", .ints(kernel.list)), ("strides", .ints(stride.list)), ("pads", padding.pads),
                        ("ceil_mode", .int(isCeiled ? 1 : 0)), ("count_include_pad", .int(countsPadding ? 1 : 0)),
                    ])
            ])
    }
}

/// Means over a grid are products with two matrices: each row holds the shares of one window.
extension Graph.AdaptiveAveragePool: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        guard let x = graph.tensor(site) else { return }
        let image = try graph.input(site)
        if size == Pair(1, 1) { return graph.bind(site, [graph.one("GlobalAveragePool", [image])]) }
        func shares(_ n: Int, _ count: Int) throws -> Tensor {
            var rows = [Double](repeating: 0, count: count * n)
            for row in 0..<count {
                let first = row * n / count, last = ((row + 1) * n + count - 1) / count
                for column in first..<last { rows[row * n + column] = 1 / Double(last - first) }
            }
            return try Tensor(rows, shape: [count, n]).to(x.dtype)
        }
        let columns = graph.constant(try shares(x.shape[3], size.width).transposed(), "columns")
        let rows = graph.constant(try shares(x.shape[2], size.height), "rows")
        graph.bind(site, [graph.one("MatMul", [rows, graph.one("MatMul", [image, columns])])])
    }
}

extension Graph.Interpolation: ONNXForm {
    func write(_ site: ONNXSite<Self>, to graph: inout ONNXGraph) throws {
        let isNearest = mode == .nearest
        let transformation = isNearest ? "asymmetric" : alignsCorners ? "align_corners" : "half_pixel"
        var attributes: [(name: String, value: ONNXModel.Attribute)] = [
            ("mode", .string(isNearest ? "nearest" : "linear")),
            ("coordinate_transformation_mode", .string(transformation)),
        ]
        if isNearest { attributes.append(("nearest_mode", .string("floor"))) }
        let image = try graph.input(site)
        if let scale {
            let scales = graph.constant(try Tensor([1, 1, Float(scale), Float(scale)]), "scales")
            graph.bind(site, [graph.one("Resize", [image, "", scales], attributes)])
        } else {
            let other = graph.large.graph.kind(site.other.outputs[0])
            let shape = try graph.sizes(graph.sizes(graph.output(site).shape, other.shape))
            graph.bind(site, [graph.one("Resize", [image, "", "", shape], attributes)])
        }
    }
}

// MARK: Reading

extension ONNXOperator {
    /// Convolutions, poolings and other sizes of images.
    static let images: [String: ONNXOperator] = [
        "Conv": .one(weights: [1: "weight", 2: "bias"]) { call in
            try call.convolution(call.x(), call.x(1), bias: call.optional(2))
        },
        "ConvTranspose": .one(weights: [1: "weight", 2: "bias"]) { try $0.transposedConvolution() },
        "GlobalAveragePool": .one { call in
            let x = try call.x(ranks: 3...Shape.maximumRank)
            return x.rank == 4 ? try x.adaptiveAvgPool2d(1) : try x.mean(dims: Array(2..<x.rank), keepdim: true)
        },
        "GlobalMaxPool": .one { call in
            let x = try call.x(ranks: 3...Shape.maximumRank)
            return try x.amax(dims: Array(2..<x.rank), keepdim: true)
        },
        "DepthToSpace": .one { call in
            let x = try call.x(), b = call.int("blocksize", 1)
            guard x.rank == 4, (1...1 << 20).contains(b), x.shape[1] % (b * b) == 0 else {
                throw call.refusal("blocksize=\(b) for \(x.shape)")
            }
            let (n, c, h, w) = (x.shape[0], x.shape[1] / (b * b), x.shape[2], x.shape[3])
            let isColumns = call.text("mode", "DCR") == "CRD"
            let parts = try x.reshape(isColumns ? [n, c, b, b, h, w] : [n, b, b, c, h, w])
            return try parts.permute(isColumns ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]).reshape([n, c, h * b, w * b])
        },
        "SpaceToDepth": .one { call in
            let x = try call.x(), b = call.int("blocksize", 1)
            guard x.rank == 4, (1...1 << 20).contains(b), x.shape[2] % b == 0, x.shape[3] % b == 0 else {
                throw call.refusal("blocksize=\(b) for \(x.shape)")
            }
            let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / b, x.shape[3] / b)
            return try x.reshape([n, c, h, b, w, b]).permute(
                call.text("mode", "DCR") == "CRD" ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
            )
            .reshape([n, call.count([c, b, b]), h, w])
        },
        "Resize": .one { try ONNXResizing($0).resized() }, "Upsample": .one { try ONNXResizing($0).resized() },
    ]
}
