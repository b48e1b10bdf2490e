import Tensors

/// y = w ⋆ x + b: cross-correlation of images [N, in, H, W] with filters [out, in / groups, kH, kW].
///
/// Weights and bias are drawn uniformly from ±1/√(in / groups · kH · kW), as PyTorch does.
///
///     let layer = try Conv2d(3, 16, 3, padding: 1)
public final class Conv2d: Module, ClosedModule, RectifiableLayer {
    /// The filters, [out, in / groups, kH, kW].
    public let weight: Tensor
    /// The bias, [out], unless the layer has none.
    public let bias: Tensor?
    /// The step between windows.
    public let stride: Pair
    /// Zeros added on every side.
    public let padding: Pair
    /// The step between the elements of a window.
    public let dilation: Pair
    /// How many independent convolutions the channels are split into.
    public let groups: Int

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public convenience init(
        _ inputs: Int, _ outputs: Int, _ kernel: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1,
        groups: Int = 1, bias: Bool = true
    ) throws {
        try ConvolutionSizes.check("Conv2d", inputs, outputs, kernel, groups)
        let shape = [outputs, inputs / groups, kernel.height, kernel.width]
        let bound = try ConvolutionSizes.bound("Conv2d", shape)
        try self.init(
            weight: .initialized(shape, bound: bound), bias: bias ? .initialized([outputs], bound: bound) : nil,
            stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    /// A layer with given parameters.
    public init(
        weight: Tensor, bias: Tensor?, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: Int = 1
    ) throws {
        try ConvolutionSizes.check("Conv2d", weight, rank: 4, stride, padding, dilation, groups)
        self.weight = weight
        self.bias = bias
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
        super.init()
        register(parameter: weight, as: "weight")
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        let sizes = "\(weight.shape[1] * groups), \(weight.shape[0]), \(Pair(weight.shape[2], weight.shape[3]))"
        return sizes + ConvolutionSizes.options(stride, padding, dilation, groups, bias)
    }

    /// x [N, in, H, W] → [N, out, H', W'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.conv2d(weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    func rectified(_ x: Tensor) throws -> Tensor {
        try x.conv2d(
            weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups, relu: true)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try Conv2d(
            weight: copies.tensor(weight), bias: copies.tensor(bias), stride: stride, padding: padding,
            dilation: dilation, groups: groups)
    }
}

/// y = w ⋆ x + b along one dimension: x [N, in, L], filters [out, in / groups, k].
public final class Conv1d: Module, ClosedModule {
    /// The filters, [out, in / groups, k].
    public let weight: Tensor
    /// The bias, [out], unless the layer has none.
    public let bias: Tensor?
    /// The step between windows.
    public let stride: Int
    /// Zeros added at both ends.
    public let padding: Int
    /// The step between the elements of a window.
    public let dilation: Int
    /// How many independent convolutions the channels are split into.
    public let groups: Int

    /// A layer with newly drawn parameters, uniform in ±1/√(in / groups · k).
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public convenience init(
        _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
        groups: Int = 1, bias: Bool = true
    ) throws {
        try ConvolutionSizes.check("Conv1d", inputs, outputs, Pair(kernel), groups)
        let shape = [outputs, inputs / groups, kernel]
        let bound = try ConvolutionSizes.bound("Conv1d", shape)
        try self.init(
            weight: .initialized(shape, bound: bound), bias: bias ? .initialized([outputs], bound: bound) : nil,
            stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    /// A layer with given parameters.
    public init(weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1)
        throws
    {
        try ConvolutionSizes.check("Conv1d", weight, rank: 3, Pair(stride), Pair(padding), Pair(dilation), groups)
        self.weight = weight
        self.bias = bias
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
        super.init()
        register(parameter: weight, as: "weight")
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        "\(weight.shape[1] * groups), \(weight.shape[0]), \(weight.shape[2])"
            + ConvolutionSizes.options(Pair(stride), Pair(padding), Pair(dilation), groups, bias)
    }

    /// x [N, in, L] → [N, out, L'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.conv1d(weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try Conv1d(
            weight: copies.tensor(weight), bias: copies.tensor(bias), stride: stride, padding: padding,
            dilation: dilation, groups: groups)
    }
}

/// The transpose of a convolution: x [N, in, H, W], filters [in, out / groups, kH, kW].
///
/// Weights and bias are drawn uniformly from ±1/√(out / groups · kH · kW), as PyTorch does.
public final class ConvTranspose2d: Module, ClosedModule {
    /// The filters, [in, out / groups, kH, kW].
    public let weight: Tensor
    /// The bias, [out], unless the layer has none.
    public let bias: Tensor?
    /// The step between the places that neighbouring input elements are added at.
    public let stride: Pair
    /// How much is cut off every side of the output.
    public let padding: Pair
    /// How much larger the output is at the end than need be.
    public let outputPadding: Pair
    /// How many independent convolutions the channels are split into.
    public let groups: Int
    /// The step between the elements of a filter.
    public let dilation: Pair

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public convenience init(
        _ inputs: Int, _ outputs: Int, _ kernel: Pair, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0,
        groups: Int = 1, bias: Bool = true, dilation: Pair = 1
    ) throws {
        try ConvolutionSizes.check("ConvTranspose2d", inputs, outputs, kernel, groups)
        let shape = [inputs, outputs / groups, kernel.height, kernel.width]
        let bound = try ConvolutionSizes.bound("ConvTranspose2d", shape)
        try self.init(
            weight: .initialized(shape, bound: bound), bias: bias ? .initialized([outputs], bound: bound) : nil,
            stride: stride, padding: padding, outputPadding: outputPadding, groups: groups, dilation: dilation)
    }

    /// A layer with given parameters.
    public init(
        weight: Tensor, bias: Tensor?, stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0, groups: Int = 1,
        dilation: Pair = 1
    ) throws {
        try ConvolutionSizes.check("ConvTranspose2d", weight, rank: 4, stride, padding, dilation, groups)
        self.weight = weight
        self.bias = bias
        (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
        self.outputPadding = outputPadding
        super.init()
        register(parameter: weight, as: "weight")
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        let sizes = "\(weight.shape[0]), \(weight.shape[1] * groups), \(Pair(weight.shape[2], weight.shape[3]))"
        return sizes + (outputPadding == 0 ? "" : ", output_padding=\(outputPadding)")
            + ConvolutionSizes.options(stride, padding, dilation, groups, bias)
    }

    /// x [N, in, H, W] → [N, out, H', W'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.convTranspose2d(
            weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups,
            dilation: dilation)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try ConvTranspose2d(
            weight: copies.tensor(weight), bias: copies.tensor(bias), stride: stride, padding: padding,
            outputPadding: outputPadding, groups: groups, dilation: dilation)
    }
}

/// What the convolution layers check and write alike.
private enum ConvolutionSizes {
    static func check(_ layer: String, _ inputs: Int, _ outputs: Int, _ kernel: Pair, _ groups: Int) throws {
        guard inputs > 0, outputs > 0, kernel.height > 0, kernel.width > 0, groups > 0 else {
            throw ModuleError.argument(
                layer: layer,
                problem: "channels, kernel size and groups must be at least 1, given \(inputs), \(outputs), \(kernel), "
                    + "groups=\(groups)")
        }
        guard inputs % groups == 0, outputs % groups == 0 else {
            throw ModuleError.argument(
                layer: layer,
                problem: "groups must divide both channel counts, given \(inputs), \(outputs), groups=\(groups)")
        }
    }

    static func check(
        _ layer: String, _ weight: Tensor, rank: Int, _ stride: Pair, _ padding: Pair, _ dilation: Pair, _ groups: Int
    ) throws {
        guard weight.rank == rank, groups > 0 else {
            throw ModuleError.argument(
                layer: layer,
                problem: "expected a weight of \(rank) dimensions, given \(weight.shape), groups=\(groups)")
        }
        guard min(stride.height, stride.width, dilation.height, dilation.width) > 0 else {
            throw ModuleError.argument(
                layer: layer, problem: "stride and dilation must be at least 1, given \(stride) and \(dilation)")
        }
        guard min(padding.height, padding.width) >= 0 else {
            throw ModuleError.argument(layer: layer, problem: "padding must be at least 0, given \(padding)")
        }
    }

    /// 1/√fan_in, where PyTorch's fan is the second dimension times the area of the filter.
    static func bound(_ layer: String, _ shape: [Int]) throws -> Double {
        let count = try Shape(shape, for: layer).elementCount
        return 1 / (Double(count) / Double(shape[0])).squareRoot()
    }

    static func options(_ stride: Pair, _ padding: Pair, _ dilation: Pair, _ groups: Int, _ bias: Tensor?) -> String {
        (stride == 1 ? "" : ", stride=\(stride)") + (padding == 0 ? "" : ", padding=\(padding)")
            + (dilation == 1 ? "" : ", dilation=\(dilation)") + (groups == 1 ? "" : ", groups=\(groups)")
            + (bias == nil ? ", bias=false" : "")
    }
}
