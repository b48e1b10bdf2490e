import Learning
import Runtime
import Tensors

extension Library {
    /// Layers over images and sequences of channels: convolutions and pooling.
    func addConvolutionLayers() {
        addConv1d()
        addConv2d()
        addConvTranspose2d()
        addPoolingLayers()
    }

    private func addConv1d() {
        add(ModuleType(Conv1d.self, named: "Conv1d"))
        let inputs = Parameter<Int>("in_channels", "channels of the input")
        let outputs = Parameter<Int>("out_channels", "channels of the output")
        let kernel = Parameter<OneInt>("kernel_size", "the length of a filter")
        let stride = Parameter<OneInt>("stride", "the step between windows", default: 1)
        let padding = Parameter<OneInt>("padding", "zeros added at both ends", default: 0)
        let dilation = Parameter<OneInt>("dilation", "the step between the elements of a window", default: 1)
        let groups = Parameter<Int>("groups", "into how many independent parts the channels are split", default: 1)
        let bias = Parameter<Bool>("bias", "whether b is there", default: true)
        add(
            Builtin(
                "Conv1d", .networks, "A convolution along one dimension.",
                formula: "y[n, o, i] = b[o] + Σ_{c, k} w[o, c, k] · x[n, c, i · stride + k · dilation − padding]",
                parameters: [
                    inputs.description, outputs.description, kernel.description, stride.description,
                    padding.description, dilation.description, groups.description, bias.description,
                ],
                returns: "a module from [N, in_channels, L] to [N, out_channels, L']",
                notes: [
                    "w [out, in / groups, k] and b [out] are drawn uniformly from ±1/√(in / groups · k).",
                    "padding adds zeros; \"same\" and \"valid\" are not options.",
                ],
                pytorch: .same("torch.nn.Conv1d"), seeAlso: ["conv1d", "Conv2d"],
                examples: [Example("Conv1d(4, 8, 3, padding=1)(zeros(2, 4, 10)).shape", "[2, 8, 10]")]
            ) { call in
                try Conv1d(
                    call[inputs], call[outputs], call[kernel].value, stride: call[stride].value,
                    padding: call[padding].value, dilation: call[dilation].value, groups: call[groups],
                    bias: call[bias])
            })
    }

    private func addConv2d() {
        add(ModuleType(Conv2d.self, named: "Conv2d"))
        let inputs = Parameter<Int>("in_channels", "channels of the input")
        let outputs = Parameter<Int>("out_channels", "channels of the output")
        let kernel = Parameter<Pair>("kernel_size", "the size of a filter: an int, or [height, width]")
        let stride = Parameter<Pair>("stride", "the step between windows", default: 1)
        let padding = Parameter<Pair>("padding", "zeros added on every side", default: 0)
        let dilation = Parameter<Pair>("dilation", "the step between the elements of a window", default: 1)
        let groups = Parameter<Int>("groups", "into how many independent parts the channels are split", default: 1)
        let bias = Parameter<Bool>("bias", "whether b is there", default: true)
        add(
            Builtin(
                "Conv2d", .networks, "A convolution of images.",
                formula:
                    "y[n, o, i, j] = b[o] + Σ_{c, k, l} w[o, c, k, l] · x[n, c, i + k, j + l] for stride 1, padding 0",
                parameters: [
                    inputs.description, outputs.description, kernel.description, stride.description,
                    padding.description, dilation.description, groups.description, bias.description,
                ],
                returns: "a module from [N, in_channels, H, W] to [N, out_channels, H', W']",
                notes: [
                    "w [out, in / groups, kH, kW] and b [out] are drawn uniformly from ±1/√(in / groups · kH · kW).",
                    "H' = ⌊(H + 2 padding − dilation (kH − 1) − 1) / stride⌋ + 1; groups=in_channels is a depthwise one.",
                    "padding adds zeros; \"same\" and \"valid\" are not options.",
                ],
                pytorch: .same("torch.nn.Conv2d"), seeAlso: ["conv2d", "BatchNorm2d", "MaxPool2d"],
                examples: [
                    Example("Conv2d(3, 16, 3, padding=1)(zeros(2, 3, 32, 32)).shape", "[2, 16, 32, 32]"),
                    Example("Conv2d(8, 8, 3, groups=8, bias=false).weight.shape", "[8, 1, 3, 3]"),
                ]
            ) { call in
                try Conv2d(
                    call[inputs], call[outputs], call[kernel], stride: call[stride], padding: call[padding],
                    dilation: call[dilation], groups: call[groups], bias: call[bias])
            })
    }

    private func addConvTranspose2d() {
        add(ModuleType(ConvTranspose2d.self, named: "ConvTranspose2d"))
        let inputs = Parameter<Int>("in_channels", "channels of the input")
        let outputs = Parameter<Int>("out_channels", "channels of the output")
        let kernel = Parameter<Pair>("kernel_size", "the size of a filter: an int, or [height, width]")
        let stride = Parameter<Pair>("stride", "the step between the places of neighbouring inputs", default: 1)
        let padding = Parameter<Pair>("padding", "what is cut off every side of the output", default: 0)
        let outputPadding = Parameter<Pair>("output_padding", "how much larger the output is at the end", default: 0)
        let groups = Parameter<Int>("groups", "into how many independent parts the channels are split", default: 1)
        let bias = Parameter<Bool>("bias", "whether b is there", default: true)
        let dilation = Parameter<Pair>("dilation", "the step between the elements of a filter", default: 1)
        add(
            Builtin(
                "ConvTranspose2d", .networks, "The transpose of a convolution: enlarges images.",
                formula: "H' = (H − 1) stride − 2 padding + dilation (kH − 1) + output_padding + 1",
                parameters: [
                    inputs.description, outputs.description, kernel.description, stride.description,
                    padding.description, outputPadding.description, groups.description, bias.description,
                    dilation.description,
                ],
                returns: "a module from [N, in_channels, H, W] to [N, out_channels, H', W']",
                notes: [
                    "w [in, out / groups, kH, kW] and b [out] are drawn uniformly from ±1/√(out / groups · kH · kW)."
                ],
                pytorch: .same("torch.nn.ConvTranspose2d"), seeAlso: ["conv_transpose2d", "Conv2d"],
                examples: [Example("ConvTranspose2d(8, 4, 2, stride=2)(zeros(1, 8, 7, 7)).shape", "[1, 4, 14, 14]")]
            ) { call in
                try ConvTranspose2d(
                    call[inputs], call[outputs], call[kernel], stride: call[stride], padding: call[padding],
                    outputPadding: call[outputPadding], groups: call[groups], bias: call[bias],
                    dilation: call[dilation])
            })
    }

    private func addPoolingLayers() {
        add(ModuleType(MaxPool2d.self, named: "MaxPool2d"))
        add(ModuleType(AvgPool2d.self, named: "AvgPool2d"))
        add(ModuleType(AdaptiveAvgPool2d.self, named: "AdaptiveAvgPool2d"))
        let kernel = Parameter<Pair>("kernel_size", "the size of the window: an int, or [height, width]")
        let stride = Parameter<Pair?>.optional("stride", "the step between windows", defaultText: "kernel_size")
        let padding = Parameter<Pair>("padding", "cells added on every side", default: 0)
        let ceilMode = Parameter<Bool>("ceil_mode", "whether a window that hangs over the end counts", default: false)
        add(
            Builtin(
                "MaxPool2d", .networks, "The largest value of each window of an image.", kernel, stride, padding,
                Parameter<Pair>("dilation", "the step between the cells of a window", default: 1), ceilMode,
                returns: "a module from [N, C, H, W] to [N, C, H', W']",
                pytorch: .differs("torch.nn.MaxPool2d", "without return_indices; ceil_mode comes after dilation"),
                seeAlso: ["max_pool2d", "AvgPool2d"],
                examples: [Example("MaxPool2d(2)(zeros(1, 3, 8, 8)).shape", "[1, 3, 4, 4]")]
            ) { (kernel: Pair, stride: Pair?, padding: Pair, dilation: Pair, ceilMode: Bool) in
                MaxPool2d(kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
            })
        add(
            Builtin(
                "AvgPool2d", .networks, "The mean of each window of an image.", kernel, stride, padding, ceilMode,
                Parameter<Bool>("count_include_pad", "whether the padding's zeros count in the mean", default: true),
                returns: "a module from [N, C, H, W] to [N, C, H', W']",
                pytorch: .differs("torch.nn.AvgPool2d", "without divisor_override"),
                seeAlso: ["avg_pool2d", "AdaptiveAvgPool2d"],
                examples: [Example("AvgPool2d(2)(ones(1, 1, 2, 2)).tolist()", "[[[[1.0]]]]")]
            ) { (kernel: Pair, stride: Pair?, padding: Pair, ceilMode: Bool, countIncludePad: Bool) in
                AvgPool2d(
                    kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
            })
        add(
            Builtin(
                "AdaptiveAvgPool2d", .networks, "Means over a grid of windows that cover the image.",
                Parameter<Pair>(
                    "output_size", "the size of the result, whatever the image's: an int, or [height, width]"),
                returns: "a module from [N, C, H, W] to [N, C, *output_size]",
                pytorch: .differs("torch.nn.AdaptiveAvgPool2d", "both sizes are numbers, none is not taken"),
                seeAlso: ["adaptive_avg_pool2d", "AvgPool2d"],
                examples: [Example("AdaptiveAvgPool2d(1)(zeros(2, 64, 8, 8)).shape", "[2, 64, 1, 1]")]
            ) { (size: Pair) in AdaptiveAvgPool2d(size) })
    }
}
