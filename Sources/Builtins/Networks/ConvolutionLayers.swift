import Learning
import Runtime
import Tensors

extension Library {
    /// Layers over images and sequences of channels: convolutions.
    func addConvolutionLayers() {
        addConv1d()
        addConv2d()
        addConvTranspose2d()
    }

    private func addConv1d() {
        add(
            ModuleType(
                Conv1d.self, named: "Conv1d", builtByCall: true, shape: .convolution(dimensions: 1)))
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
        add(
            ModuleType(
                Conv2d.self, named: "Conv2d", builtByCall: true, shape: .convolution(dimensions: 2)))
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
        add(
            ModuleType(
                ConvTranspose2d.self, named: "ConvTranspose2d", builtByCall: true,
                shape: .convolution(dimensions: 2, isTransposed: true)))
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
}
