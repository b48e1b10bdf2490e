import Runtime
import Tensors

extension Pair: ValueDecodable, LiteralEncodable {
    /// One int for both, or a list of two.
    public static var languageType: LanguageType { .union([.int, .list(.int)]) }
    /// Numbers call nothing.
    public static var mayCallBack: Bool { false }
    /// Takes an int, or a list of height and width.
    public static func decode(_ value: Value, in interpreter: Interpreter) -> Pair? {
        if case .int(let both) = value { return Pair(both) }
        guard let sizes = [Int].decode(value, in: interpreter), sizes.count == 2 else { return nil }
        return Pair(sizes[0], sizes[1])
    }
    /// Says what the two numbers of a list are.
    public static func mismatch(_ value: Value) -> Mismatch {
        let isList = if case .list = value { true } else { false }
        return Mismatch(expected: "int or [height, width]", isValueError: isList)
    }
    /// The int, or the list of two.
    public var literal: Literal { height == width ? .int(height) : .list([.int(height), .int(width)]) }
}

extension Tensor.Interpolation: StringOption {}

extension Library {
    /// Convolutions, pooling and resizing of images.
    func addTensorConvolutions() {
        addConvolutions()
        addTransposedConvolution()
        addPooling()
        addResizing()
    }

    private func addConvolutions() {
        let groups = Parameter<Int>("groups", "into how many independent parts the channels are split", default: 1)
        let bias = Parameter<Tensor?>.optional("bias", "a tensor [out]")
        let input1 = Parameter<Tensor>("input", "a tensor [N, in, L] or [in, L]")
        let weight1 = Parameter<Tensor>("weight", "a tensor [out, in / groups, k]")
        let stride1 = Parameter<OneInt>("stride", "the step between windows", default: 1)
        let padding1 = Parameter<OneInt>("padding", "zeros added at both ends", default: 0)
        let dilation1 = Parameter<OneInt>("dilation", "the step between the elements of a window", default: 1)
        add(
            Builtin(
                "conv1d", .networkFunctions, "A convolution along one dimension.",
                formula: "y[n, o, i] = b[o] + Σ_{c, k} w[o, c, k] · x[n, c, i · stride + k · dilation − padding]",
                parameters: [
                    input1.description, weight1.description, bias.description, stride1.description,
                    padding1.description, dilation1.description, groups.description,
                ],
                returns: "a tensor [N, out, ⌊(L + 2 padding − dilation (k − 1) − 1) / stride⌋ + 1]",
                pytorch: .same("torch.nn.functional.conv1d"), seeAlso: ["Conv1d", "conv2d"],
                examples: [Example("conv1d(ones(1, 1, 4), ones(1, 1, 2)).tolist()", "[[[2.0, 2.0, 2.0]]]")]
            ) { call in
                try call[input1].conv1d(
                    call[weight1], bias: call[bias], stride: call[stride1].value, padding: call[padding1].value,
                    dilation: call[dilation1].value, groups: call[groups])
            }.withoutCallbacks())
        let input = Parameter<Tensor>("input", "a tensor [N, in, H, W] or [in, H, W]")
        let weight = Parameter<Tensor>("weight", "a tensor [out, in / groups, kH, kW]")
        let stride = Parameter<Pair>("stride", "the step between windows", default: 1)
        let padding = Parameter<Pair>("padding", "zeros added on every side", default: 0)
        let dilation = Parameter<Pair>("dilation", "the step between the elements of a window", default: 1)
        add(
            Builtin(
                "conv2d", .networkFunctions, "A convolution of images.",
                formula:
                    "y[n, o, i, j] = b[o] + Σ_{c, k, l} w[o, c, k, l] · x[n, c, i + k, j + l] for stride 1, padding 0",
                parameters: [
                    input.description, weight.description, bias.description, stride.description, padding.description,
                    dilation.description, groups.description,
                ],
                returns: "a tensor [N, out, ⌊(H + 2 padding − dilation (kH − 1) − 1) / stride⌋ + 1, …]",
                notes: ["Channels that do not fit weight and groups are a shape error."],
                pytorch: .same("torch.nn.functional.conv2d"), seeAlso: ["Conv2d", "conv_transpose2d", "unfold"],
                examples: [
                    Example("conv2d(ones(1, 1, 2, 2), ones(1, 1, 2, 2)).item()", "4.0"),
                    Example(
                        "conv2d(zeros(8, 3, 32, 32), zeros(16, 3, 3, 3), stride=2, padding=1).shape", "[8, 16, 16, 16]"),
                ]
            ) { call in
                try call[input].conv2d(
                    call[weight], bias: call[bias], stride: call[stride], padding: call[padding],
                    dilation: call[dilation], groups: call[groups])
            }.withoutCallbacks())
    }

    private func addTransposedConvolution() {
        let input = Parameter<Tensor>("input", "a tensor [N, in, H, W] or [in, H, W]")
        let weight = Parameter<Tensor>("weight", "a tensor [in, out / groups, kH, kW]")
        let bias = Parameter<Tensor?>.optional("bias", "a tensor [out]")
        let stride = Parameter<Pair>("stride", "the distance at which input elements are spread out", default: 1)
        let padding = Parameter<Pair>("padding", "how much is cut off every side", default: 0)
        let output = Parameter<Pair>("output_padding", "how much larger the result is at the end", default: 0)
        let groups = Parameter<Int>("groups", "into how many independent parts the channels are split", default: 1)
        let dilation = Parameter<Pair>("dilation", "the step between the elements of a filter", default: 1)
        add(
            Builtin(
                "conv_transpose2d", .networkFunctions, "The transpose of a convolution: images grow.",
                parameters: [
                    input.description, weight.description, bias.description, stride.description, padding.description,
                    output.description, groups.description, dilation.description,
                ],
                returns: "a tensor [N, out, (H − 1) stride − 2 padding + dilation (kH − 1) + output_padding + 1, …]",
                pytorch: .same("torch.nn.functional.conv_transpose2d"), seeAlso: ["ConvTranspose2d", "interpolate"],
                examples: [
                    Example(
                        "conv_transpose2d(ones(1, 1, 1, 1), ones(1, 1, 2, 2)).tolist()", "[[[[1.0, 1.0], [1.0, 1.0]]]]")
                ]
            ) { call in
                try call[input].convTranspose2d(
                    call[weight], bias: call[bias], stride: call[stride], padding: call[padding],
                    outputPadding: call[output], groups: call[groups], dilation: call[dilation])
            }.withoutCallbacks())
    }

    private func addPooling() {
        let input = Parameter<Tensor>("input", "a tensor [N, C, H, W] or [C, H, W]")
        let kernel = Parameter<Pair>("kernel_size", "the size of the window")
        let stride = Parameter<Pair?>.optional(
            "stride", "the step between windows", defaultText: "kernel_size")
        let padding = Parameter<Pair>("padding", "what is added on every side, at most half the window", default: 0)
        let dilation = Parameter<Pair>("dilation", "the step between the elements of a window", default: 1)
        let ceiling = Parameter<Bool>("ceil_mode", "whether a window that hangs over the end counts", default: false)
        add(
            Builtin(
                "max_pool2d", .networkFunctions, "The largest element of each window.", input, kernel, stride, padding,
                dilation, ceiling,
                returns: "a tensor [N, C, ⌊(H + 2 padding − dilation (kH − 1) − 1) / stride⌋ + 1, …]",
                pytorch: .same("torch.nn.functional.max_pool2d"), seeAlso: ["MaxPool2d", "avg_pool2d"],
                examples: [
                    Example("max_pool2d(arange(4).float().reshape(1, 1, 2, 2), 2).tolist()", "[[[[3.0]]]]")
                ]
            ) { (input: Tensor, kernel: Pair, stride: Pair?, padding: Pair, dilation: Pair, ceiling: Bool) in
                try input.maxPool2d(kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceiling)
            })
        let counts = Parameter<Bool>("count_include_pad", "whether the padding counts in the mean", default: true)
        let divisor = Parameter<Int?>.optional(
            "divisor_override", "what sums are divided by", defaultText: "the number of elements")
        add(
            Builtin(
                "avg_pool2d", .networkFunctions, "The mean of each window.",
                parameters: [
                    input.description, kernel.description, stride.description, padding.description,
                    ceiling.description, counts.description, divisor.description,
                ],
                returns: "a tensor [N, C, ⌊(H + 2 padding − kH) / stride⌋ + 1, …]",
                pytorch: .same("torch.nn.functional.avg_pool2d"), seeAlso: ["AvgPool2d", "adaptive_avg_pool2d"],
                examples: [
                    Example("avg_pool2d(arange(4).float().reshape(1, 1, 2, 2), 2).tolist()", "[[[[1.5]]]]")
                ]
            ) { call in
                try call[input].avgPool2d(
                    call[kernel], stride: call[stride], padding: call[padding], ceilMode: call[ceiling],
                    countIncludePad: call[counts], divisorOverride: call[divisor])
            }.withoutCallbacks())
        add(
            Builtin(
                "adaptive_avg_pool2d", .networkFunctions, "Means over a grid of windows that cover the image.", input,
                Parameter<Pair>("output_size", "height and width of the result"), returns: "a tensor [N, C, h, w]",
                pytorch: .same("torch.nn.functional.adaptive_avg_pool2d"),
                seeAlso: ["AdaptiveAvgPool2d", "avg_pool2d"],
                examples: [Example("adaptive_avg_pool2d(ones(2, 3, 7, 5), 1).shape", "[2, 3, 1, 1]")]
            ) { (input: Tensor, size: Pair) in try input.adaptiveAvgPool2d(size) })
    }

    private func addResizing() {
        add(
            Builtin(
                "interpolate", .networkFunctions, "Resizes images.",
                Parameter<Tensor>("input", "a tensor [N, C, H, W]"),
                Parameter<Pair?>.optional("size", "height and width of the result"),
                Parameter<Double?>.optional("scale_factor", "their ratio to the input's, instead of `size`"),
                Parameter<Tensor.Interpolation>(
                    "mode", "nearest element, or a mean of the four around", default: .nearest),
                Parameter<Bool?>.optional(
                    "align_corners", "bilinear only: whether the centres of the corner pixels stay in place"),
                returns: "a tensor [N, C, h, w]", notes: ["Give size or scale_factor, not both."],
                pytorch: .same("torch.nn.functional.interpolate"),
                seeAlso: ["adaptive_avg_pool2d", "conv_transpose2d"],
                examples: [
                    Example(
                        "interpolate(tensor([[[[1.0, 2.0]]]]), scale_factor=2).tolist()",
                        "[[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]")
                ]
            ) { (input: Tensor, size: Pair?, factor: Double?, mode: Tensor.Interpolation, align: Bool?) in
                try input.interpolate(
                    size: size, scaleFactor: factor, mode: mode,
                    alignCorners: align ?? false)
            })
        add(
            Builtin(
                "unfold", .networkFunctions, "The patches of images as columns.",
                Parameter<Tensor>("input", "a tensor [N, C, H, W]"),
                Parameter<Pair>("kernel_size", "the size of the patches"),
                Parameter<Pair>("dilation", "the step between the elements of a patch", default: 1),
                Parameter<Pair>("padding", "zeros added on every side", default: 0),
                Parameter<Pair>("stride", "the step between patches", default: 1),
                returns: "a tensor [N, C · kH · kW, number of patches]", pytorch: .same("torch.nn.functional.unfold"),
                seeAlso: ["conv2d"], examples: [Example("unfold(zeros(1, 3, 4, 4), 2).shape", "[1, 12, 9]")]
            ) { (input: Tensor, kernel: Pair, dilation: Pair, padding: Pair, stride: Pair) in
                try input.unfold(kernel, dilation: dilation, padding: padding, stride: stride)
            })
    }
}

/// An integer that may also be written as a list of one.
struct OneInt: ValueDecodable, LiteralEncodable, ExpressibleByIntegerLiteral {
    let value: Int

    init(integerLiteral value: Int) { self.value = value }

    static var languageType: LanguageType { .union([.int, .list(.int)]) }
    static var mayCallBack: Bool { false }

    static func decode(_ value: Value, in interpreter: Interpreter) -> OneInt? {
        if case .int(let int) = value { return OneInt(integerLiteral: int) }
        guard let list = [Int].decode(value, in: interpreter), list.count == 1 else { return nil }
        return OneInt(integerLiteral: list[0])
    }

    static func mismatch(_ value: Value) -> Mismatch { Mismatch(expected: "int") }

    var literal: Literal { .int(value) }
}
