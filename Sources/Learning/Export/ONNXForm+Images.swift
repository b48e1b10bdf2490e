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
