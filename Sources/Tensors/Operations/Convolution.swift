import CKernels

extension Tensor {
    /// Cross-correlation with filters: y[n, o] = bias[o] + Σ_i weight[o, i] ⋆ x[n, i], as `torch.nn.functional.conv2d`.
    /// - Parameters:
    ///   - weight: [out, in / groups, kH, kW]; x is [N, in, H, W] or [in, H, W].
    ///   - bias: [out].
    ///   - stride: Step between windows.
    ///   - padding: Zeros added on every side.
    ///   - dilation: Step between the elements of a window.
    ///   - groups: Channels are split into so many independent convolutions.
    ///   - relu: Whether max(·, 0) follows, in the same pass.
    /// - Returns: [N, out, ⌊(H + 2·padding - dilation·(kH - 1) - 1) / stride⌋ + 1, …].
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func conv2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: Int = 1,
        relu: Bool = false
    ) throws -> Tensor {
        // A trace lists the two operations as they are.
        if relu && (ck_tracing() || !Shortcut.convolutionReLU.isTaken()) {
            return try convolved(weight, bias, stride, padding, dilation, groups, name: "conv2d").relu()
        }
        return try convolved(weight, bias, stride, padding, dilation, groups, relu: relu, name: "conv2d")
    }

    /// Cross-correlation along one dimension: x [N, in, L] or [in, L], weight [out, in / groups, k].
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func conv1d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
    ) throws -> Tensor {
        guard rank == 2 || rank == 3 else {
            throw TensorError.wrongShape(function: "conv1d", shape: shape, expected: "[N, C, L] or [C, L]", argument: 0)
        }
        guard weight.rank == 3 else {
            throw TensorError.wrongShape(
                function: "conv1d", shape: weight.shape, expected: "a weight of [out, in / groups, k]", argument: 1)
        }
        let x = try unsqueeze(dim: -2), w = try weight.unsqueeze(dim: -2)
        return try x.convolved(
            w, bias, Pair(1, stride), Pair(0, padding), Pair(1, dilation), groups, name: "conv1d"
        ).squeeze(dim: -2)
    }

    private func convolved(
        _ weight: Tensor, _ bias: Tensor?, _ stride: Pair, _ padding: Pair, _ dilation: Pair, _ groups: Int,
        relu: Bool = false, name: String
    ) throws -> Tensor {
        if rank == 3 {
            return try unsqueeze(dim: 0)
                .convolved(weight, bias, stride, padding, dilation, groups, relu: relu, name: name).squeeze(dim: 0)
        }
        let window = ConvolutionWindow(stride, padding, dilation, groups, name)
        try window.check(self, weight, bias, transposed: false)
        let c = shape[1], o = weight.shape[0]
        guard weight.shape[1] * groups == c, o % groups == 0 else {
            throw TensorError.wrongShape(
                function: name, shape: shape,
                expected: "\(weight.shape[1] * groups) channels (weight \(weight.shape), groups \(groups))", argument: 0
            )
        }
        let kh = weight.shape[2], kw = weight.shape[3]
        let oh = try window.size(shape[2], kh, stride.height, padding.height, dilation.height, shape)
        let ow = try window.size(shape[3], kw, stride.width, padding.width, dilation.width, shape)
        let target = try Shape([shape[0], o, oh, ow], for: name)
        let geometry = window.geometry(
            n: shape[0], ci: c, co: o, input: (shape[2], shape[3]), output: (oh, ow), kernel: (kh, kw))
        let out: Values, kept: Values
        if target.elementCount == 0 || count == 0 {
            kept = values
            let constant = try window.constant(target, bias, dtype)
            out = relu ? try Kernels.unary(CK_RELU, constant) : constant
        } else {
            kept = try values.forImages()
            out = try Kernels.Convolution(
                geometry, shape: target, x: kept, weight: weight.values, bias: bias?.values
            ).run(relu: relu)
        }
        let inputs = requiresGradient || weight.requiresGradient || bias?.requiresGradient == true
        let isRecorded = inputs && Gradients.isEnabled
        return
            (isRecorded
            ? Tensor(out, ConvolutionOperation(self, kept, weight, bias, geometry, out, relu: relu, name))
            : Tensor(out))
            .traced(
                .convolution(
                    Graph.Convolution(stride: stride, padding: padding, dilation: dilation, groups: groups)),
                [operand, weight.operand, bias?.operand])
    }

    /// The transpose of `conv2d`: each input element adds its filter to the output, as
    /// `torch.nn.functional.conv_transpose2d`.
    /// - Parameters:
    ///   - weight: [in, out / groups, kH, kW]; x is [N, in, H, W] or [in, H, W].
    ///   - bias: [out].
    ///   - stride: Step between the places that neighbouring input elements are added at.
    ///   - padding: How much is cut off every side of the output.
    ///   - outputPadding: How much larger the output is at the end than need be; below stride or dilation.
    ///   - groups: Channels are split into so many independent convolutions.
    ///   - dilation: Step between the elements of a filter.
    /// - Returns: [N, out, (H - 1)·stride - 2·padding + dilation·(kH - 1) + outputPadding + 1, …].
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func convTranspose2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0,
        groups: Int = 1, dilation: Pair = 1
    ) throws -> Tensor {
        let name = "conv_transpose2d"
        if rank == 3 {
            return try unsqueeze(dim: 0).convTranspose2d(
                weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups,
                dilation: dilation
            ).squeeze(dim: 0)
        }
        let window = ConvolutionWindow(stride, padding, dilation, groups, name)
        try window.check(self, weight, bias, transposed: true)
        try outputPadding.check(name, "output_padding", atLeast: 0)
        guard outputPadding.height < Swift.max(stride.height, dilation.height),
            outputPadding.width < Swift.max(stride.width, dilation.width)
        else {
            throw TensorError.wrongValue(
                function: name, argument: "output_padding", value: outputPadding.description,
                expected: "smaller than stride \(stride) or dilation \(dilation)")
        }
        let c = shape[1], o = weight.shape[1] * groups
        guard weight.shape[0] == c, c % groups == 0 else {
            throw TensorError.wrongShape(
                function: name, shape: shape,
                expected: "\(weight.shape[0]) channels, a multiple of groups \(groups) (weight \(weight.shape))",
                argument: 0)
        }
        let kh = weight.shape[2], kw = weight.shape[3]
        func size(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int, _ extra: Int) throws -> Int {
            let size = (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
            guard size > 0 else {
                throw TensorError.wrongShape(
                    function: name, shape: shape,
                    expected: "an input whose output is not empty (kernel \(k), stride \(s), padding \(p))",
                    argument: 0)
            }
            return size
        }
        let oh = try size(shape[2], kh, stride.height, padding.height, dilation.height, outputPadding.height)
        let ow = try size(shape[3], kw, stride.width, padding.width, dilation.width, outputPadding.width)
        let target = try Shape([shape[0], o, oh, ow], for: name)
        // Forward is what backward for the data does in the convolution the other way round.
        let geometry = window.geometry(
            n: shape[0], ci: o, co: c, input: (oh, ow), output: (shape[2], shape[3]), kernel: (kh, kw))
        var out: Values, kept = values
        if target.elementCount == 0 || count == 0 {
            out = try window.constant(target, bias, dtype)
        } else {
            kept = try values.forImages()
            out = try Kernels.convolutionBackwardData(geometry, kept, weight.values, target)
            if let bias {
                out = try Kernels.scaleColumns(
                    out, scale: [Double](repeating: 1, count: o), shift: Kernels.widened(bias.values))
            }
        }
        let inputs = requiresGradient || weight.requiresGradient || bias?.requiresGradient == true
        let isRecorded = inputs && Gradients.isEnabled
        return
            (isRecorded
            ? Tensor(out, TransposedConvolutionOperation(self, kept, weight, bias, geometry)) : Tensor(out))
            .traced(
                .transposedConvolution(
                    Graph.TransposedConvolution(
                        stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation,
                        groups: groups)), [operand, weight.operand, bias?.operand])
    }
}

/// The arguments that all convolutions share, and what is checked alike.
struct ConvolutionWindow {
    let stride: Pair, padding: Pair, dilation: Pair, groups: Int, name: String

    init(_ stride: Pair, _ padding: Pair, _ dilation: Pair, _ groups: Int, _ name: String) {
        (self.stride, self.padding, self.dilation, self.groups, self.name) = (stride, padding, dilation, groups, name)
    }

    func check(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, transposed: Bool) throws {
        try stride.check(name, "stride", atLeast: 1)
        try padding.check(name, "padding", atLeast: 0)
        try dilation.check(name, "dilation", atLeast: 1)
        guard groups >= 1 && groups <= 1 << 31 else {
            throw TensorError.wrongValue(function: name, argument: "groups", value: "\(groups)", expected: "at least 1")
        }
        guard x.rank == 4 else {
            throw TensorError.wrongShape(
                function: name, shape: x.shape, expected: "[N, C, H, W] or [C, H, W]", argument: 0)
        }
        let sizes = transposed ? "[in, out / groups, kH, kW]" : "[out, in / groups, kH, kW]"
        guard weight.rank == 4, weight.count > 0 else {
            throw TensorError.wrongShape(
                function: name, shape: weight.shape, expected: "a weight of \(sizes)", argument: 1)
        }
        guard x.dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: x.dtype, expected: "a float tensor")
        }
        guard weight.dtype == x.dtype else {
            throw TensorError.unequalDTypes(function: name, first: x.dtype, second: weight.dtype)
        }
        guard let bias else { return }
        guard bias.dtype == x.dtype else {
            throw TensorError.unequalDTypes(function: name, first: x.dtype, second: bias.dtype)
        }
        let outputs = transposed ? weight.shape[1] * groups : weight.shape[0]
        guard bias.shape == [outputs] else {
            throw TensorError.wrongShape(
                function: name, shape: bias.shape, expected: "a bias of [\(outputs)]", argument: 2)
        }
    }

    func size(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int, _ shape: Shape) throws -> Int {
        let reach = n + 2 * p - d * (k - 1) - 1
        guard reach >= 0 else {
            throw TensorError.wrongShape(
                function: name, shape: shape,
                expected: "an image of at least \(d * (k - 1) + 1 - 2 * p) along each spatial dimension (kernel \(k), "
                    + "dilation \(d), padding \(p))", argument: 0)
        }
        return reach / s + 1
    }

    func geometry(
        n: Int, ci: Int, co: Int, input: (Int, Int), output: (Int, Int), kernel: (Int, Int)
    ) -> ck_convolution {
        ck_convolution(
            n: Int64(n), g: Int64(groups), ci: Int64(ci), co: Int64(co), ih: Int64(input.0), iw: Int64(input.1),
            oh: Int64(output.0), ow: Int64(output.1), kh: Int64(kernel.0), kw: Int64(kernel.1),
            sh: Int64(stride.height), sw: Int64(stride.width), ph: Int64(padding.height), pw: Int64(padding.width),
            dh: Int64(dilation.height), dw: Int64(dilation.width))
    }

    /// What comes of an empty batch.
    func constant(_ shape: Shape, _ bias: Tensor?, _ dtype: DType) throws -> Values {
        guard let bias, shape.elementCount > 0 else { return try Kernels.filled(shape, dtype, 0) }
        return try Kernels.expand(bias.values.reshaped(try Shape([1, bias.count, 1, 1])), shape)
    }
}

/// y = w ⋆ x + b (then relu): dx = the transposed convolution of g, dw = x ⋆ g, db = Σ g, with g zeroed where relu cut off.
private final class ConvolutionOperation: Operation {
    private let x: Saved?, weight: Saved?
    private let geometry: ck_convolution, inputShape: Shape, weightShape: Shape, hasBias: Bool
    private let title: String
    private var result: Saved?
    override class var name: String { "conv2d" }

    init(
        _ x: Tensor, _ arranged: Values, _ weight: Tensor, _ bias: Tensor?, _ geometry: ck_convolution,
        _ result: Values, relu: Bool, _ title: String
    ) {
        self.x = weight.requiresGradient || bias?.requiresGradient == true ? Saved(x, as: arranged) : nil
        self.weight = x.requiresGradient ? Saved(weight) : nil
        self.geometry = geometry
        self.title = title
        inputShape = x.shape
        weightShape = weight.shape
        hasBias = bias != nil
        super.init(x, weight, others: bias.map { [$0] } ?? [])
        if relu { self.result = Saved(result, madeBy: number) }
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        var gradient = gradient
        if let result {
            gradient = try Kernels.unaryBackward(CK_RELU, gradient, try result.restored(for: title), 0, 0)
        }
        let wantsBias = hasBias && needs(2)
        if gradient.count == 0 || inputShape.elementCount == 0 {
            if needs(0) { try send(try Kernels.filled(inputShape, gradient.dtype, 0), to: 0, walk) }
            if needs(1) { try send(try Kernels.filled(weightShape, gradient.dtype, 0), to: 1, walk) }
            if wantsBias {
                try send(try gradient.summedColumns(), to: 2, walk)
            }
            return
        }
        let g = try gradient.forImages()
        if let x, needs(1) {
            let sums = try Kernels.convolutionBackwardWeights(
                geometry, try x.restored(for: title), g, weightShape, bias: wantsBias)
            try send(sums.weight, to: 1, walk)
            if let bias = sums.bias { try send(bias, to: 2, walk) }
        } else if wantsBias {
            try send(try g.summedColumns(), to: 2, walk)
        }
        if let weight, needs(0) {
            try send(
                try Kernels.convolutionBackwardData(geometry, g, try weight.restored(for: title), inputShape), to: 0,
                walk)
        }
    }
}

/// The roles of x and y of a convolution, exchanged.
private final class TransposedConvolutionOperation: Operation {
    private let x: Saved?, weight: Saved?
    private let geometry: ck_convolution, inputShape: Shape, weightShape: Shape, hasBias: Bool
    override class var name: String { "conv_transpose2d" }

    init(_ x: Tensor, _ arranged: Values, _ weight: Tensor, _ bias: Tensor?, _ geometry: ck_convolution) {
        self.x = weight.requiresGradient ? Saved(x, as: arranged) : nil
        self.weight = x.requiresGradient ? Saved(weight) : nil
        self.geometry = geometry
        inputShape = x.shape
        weightShape = weight.shape
        hasBias = bias != nil
        super.init(x, weight, others: bias.map { [$0] } ?? [])
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if hasBias && needs(2) { try send(try gradient.summedColumns(), to: 2, walk) }
        if gradient.count == 0 || inputShape.elementCount == 0 {
            if needs(0) { try send(try Kernels.filled(inputShape, gradient.dtype, 0), to: 0, walk) }
            if needs(1) { try send(try Kernels.filled(weightShape, gradient.dtype, 0), to: 1, walk) }
            return
        }
        let g = try gradient.forImages()
        if let x, needs(1) {
            let sums = try Kernels.convolutionBackwardWeights(
                geometry, g, try x.restored(for: Self.name), weightShape, bias: false)
            try send(sums.weight, to: 1, walk)
        }
        if let weight, needs(0) {
            try send(
                try Kernels.Convolution(
                    geometry, shape: inputShape, x: g, weight: try weight.restored(for: Self.name), bias: nil
                ).run(), to: 0, walk)
        }
    }
}

extension Values {
    /// Sums over all dimensions but the channels of [N, C, …].
    func summedColumns() throws -> Values {
        let sizes = channels
        let out = try Values(Shape(sizes.c), dtype)
        guard count > 0 else {
            Kernels.fill(out, 0)
            return out
        }
        let x = try forImages()
        let (sums, _) = try Kernels.columnProducts(x, x, nil, means: [Double](repeating: 0, count: sizes.c))
        return try Kernels.cast(try Values(sums, Shape(sizes.c)), dtype)
    }
}
