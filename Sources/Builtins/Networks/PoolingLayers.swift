import Learning
import Runtime
import Tensors

extension Library {
    /// Layers that make one value of each window of an image.
    func addPoolingLayers() {
        add(ModuleType(MaxPool2d.self, named: "MaxPool2d", builtByCall: true, shape: .pooling))
        add(ModuleType(AvgPool2d.self, named: "AvgPool2d", builtByCall: true, shape: .pooling))
        add(
            ModuleType(
                AdaptiveAvgPool2d.self, named: "AdaptiveAvgPool2d", builtByCall: true, shape: .adaptivePooling))
        add(
            ModuleType(
                AdaptiveMaxPool2d.self, named: "AdaptiveMaxPool2d", builtByCall: true, shape: .adaptivePooling))
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
        add(
            Builtin(
                "AdaptiveMaxPool2d", .networks, "The largest values of a grid of windows that cover the image.",
                Parameter<Pair>(
                    "output_size", "the size of the result, whatever the image's: an int, or [height, width]"),
                returns: "a module from [N, C, H, W] to [N, C, *output_size]",
                pytorch: .differs(
                    "torch.nn.AdaptiveMaxPool2d", "both sizes are numbers, none is not taken; without return_indices"),
                seeAlso: ["MaxPool2d"],
                examples: [Example("AdaptiveMaxPool2d(1)(ones(1, 2, 3, 3)).tolist()", "[[[[1.0]], [[1.0]]]]")]
            ) { (size: Pair) in AdaptiveMaxPool2d(size) })
    }
}
