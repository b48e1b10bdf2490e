import Learning
import Runtime
import Tensors

extension Library {
    /// Layers that set mean and variance, each over other dimensions.
    func addNormalizationLayers() {
        addBatchNorm(
            BatchNorm1d.self, "BatchNorm1d", "Batch normalisation of vectors or sequences.", 2...3,
            "[N, C] or [N, C, L]",
            Example("BatchNorm1d(4)(zeros(8, 4)).shape", "[8, 4]"))
        addBatchNorm(
            BatchNorm2d.self, "BatchNorm2d", "Batch normalisation of images.", 4...4, "[N, C, H, W]",
            Example("BatchNorm2d(3)(zeros(8, 3, 4, 4)).shape", "[8, 3, 4, 4]"))
        addLayerNorm()
        addRMSNorm()
        addGroupNorm()
        addInstanceNorm()
    }

    private func addBatchNorm<Layer: BatchNorm>(
        _ type: Layer.Type, _ name: String, _ summary: String, _ ranks: ClosedRange<Int>, _ shape: String,
        _ example: Example
    ) {
        let text = ranks == 4...4 ? "images " + shape : shape
        add(
            ModuleType(
                type, named: name, builtByCall: true, shape: .channels("num_features", ranks: ranks, text)))
        add(
            Builtin(
                name, .networks, summary,
                formula: "y = (x − mean) / √(variance + eps) · weight + bias, for each channel",
                Parameter<Int>("num_features", "the number of channels C"),
                Parameter<Double>("eps", "added to the variance", default: 1e-5),
                Parameter<Double?>(
                    "momentum", "the share of a new batch in the running statistics; none averages over all batches",
                    default: 0.1),
                Parameter<Bool>("affine", "whether weight and bias are there", default: true),
                Parameter<Bool>("track_running_stats", "whether running statistics are kept", default: true),
                returns: "a module from \(shape) to the same shape",
                notes: [
                    "In training mean and variance are the batch's; in evaluation those of running_mean and running_var."
                ],
                pytorch: .same("torch.nn.\(name)"), seeAlso: ["batch_norm", "LayerNorm", "eval"], examples: [example]
            ) { (features: Int, eps: Double, momentum: Double?, affine: Bool, track: Bool) in
                try type.init(features, eps: eps, momentum: momentum, affine: affine, trackRunningStats: track)
            })
    }

    private func addLayerNorm() {
        add(
            ModuleType(
                LayerNorm.self, named: "LayerNorm", builtByCall: true, shape: .lastDimensions(of: "LayerNorm")))
        add(
            Builtin(
                "LayerNorm", .networks, "Normalisation over the last dimensions.",
                formula: "y = (x − mean) / √(variance + eps) · weight + bias, for each example",
                Parameter<Integers>("normalized_shape", "the sizes of the last dimensions: an int or a list"),
                Parameter<Double>("eps", "added to the variance", default: 1e-5),
                Parameter<Bool>("elementwise_affine", "whether weight and bias are there", default: true),
                Parameter<Bool>("bias", "whether the bias is there", default: true),
                returns: "a module from [..., *normalized_shape] to the same shape",
                pytorch: .same("torch.nn.LayerNorm"),
                seeAlso: ["layer_norm", "GroupNorm"],
                examples: [Example("LayerNorm(8)(zeros(2, 5, 8)).shape", "[2, 5, 8]")]
            ) { (shape: Integers, eps: Double, affine: Bool, bias: Bool) in
                try LayerNorm(shape.values, eps: eps, affine: affine, bias: bias)
            })
    }

    private func addGroupNorm() {
        add(
            ModuleType(
                GroupNorm.self, named: "GroupNorm", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    guard let channels = arguments.int("num_channels"), let known = shape.sizes, known.count > 1,
                        let given = known[1], given != channels
                    else { return }
                    throw shape.mismatch("\(channels) channels", given: "\(given)")
                }))
        add(
            Builtin(
                "GroupNorm", .networks, "Normalisation over groups of channels.",
                formula: "y = (x − mean) / √(variance + eps) · weight + bias, for each example and group",
                Parameter<Int>("num_groups", "into how many groups the channels are split"),
                Parameter<Int>("num_channels", "the number of channels C"),
                Parameter<Double>("eps", "added to the variance", default: 1e-5),
                Parameter<Bool>("affine", "whether weight and bias are there", default: true),
                returns: "a module from [N, C, ...] to the same shape", pytorch: .same("torch.nn.GroupNorm"),
                seeAlso: ["group_norm", "LayerNorm"],
                examples: [Example("GroupNorm(2, 8)(zeros(3, 8, 4, 4)).shape", "[3, 8, 4, 4]")]
            ) { (groups: Int, channels: Int, eps: Double, affine: Bool) in
                try GroupNorm(groups, channels, eps: eps, affine: affine)
            })
    }

    private func addRMSNorm() {
        add(
            ModuleType(RMSNorm.self, named: "RMSNorm", builtByCall: true, shape: .lastDimensions(of: "RMSNorm")))
        add(
            Builtin(
                "RMSNorm", .networks, "Normalisation over the last dimensions by the root of the mean square.",
                formula: "y = x / √(⟨x²⟩ + eps) · weight, for each example",
                Parameter<Integers>("normalized_shape", "the sizes of the last dimensions: an int or a list"),
                Parameter<Double?>.optional(
                    "eps", "added to the mean square", defaultText: "the smallest step of the dtype at 1"),
                Parameter<Bool>("elementwise_affine", "whether the weight is there", default: true),
                returns: "a module from [..., *normalized_shape] to the same shape",
                pytorch: .same("torch.nn.RMSNorm"), seeAlso: ["GroupNorm"],
                examples: [Example("RMSNorm(2, eps=0.0)(tensor([[3.0, -3.0]])).tolist()", "[[1.0, -1.0]]")]
            ) { (shape: Integers, eps: Double?, affine: Bool) in
                try RMSNorm(shape.values, eps: eps, affine: affine)
            })
    }

    private func addInstanceNorm() {
        add(
            ModuleType(
                InstanceNorm2d.self, named: "InstanceNorm2d", builtByCall: true,
                shape: .channels("num_features", ranks: 4...4, "images [N, C, H, W]")))
        add(
            Builtin(
                "InstanceNorm2d", .networks, "Normalisation of each channel of each image by itself.",
                formula: "y = (x − mean) / √(variance + eps) · weight + bias, for each example and channel",
                Parameter<Int>("num_features", "the number of channels C"),
                Parameter<Double>("eps", "added to the variance", default: 1e-5),
                Parameter<Double>(
                    "momentum", "the share of a new batch in the running statistics", default: 0.1),
                Parameter<Bool>("affine", "whether weight and bias are there", default: false),
                Parameter<Bool>("track_running_stats", "whether running statistics are kept", default: false),
                returns: "a module from [N, C, H, W] to the same shape",
                notes: [
                    "Evaluation is like training unless running statistics are kept, which then take the images' place."
                ],
                pytorch: .differs("torch.nn.InstanceNorm2d", "takes batches only; momentum is a number"),
                seeAlso: ["BatchNorm2d", "GroupNorm"],
                examples: [Example("InstanceNorm2d(1)(tensor([[[[1.0, 3.0]]]])).round().tolist()", "[[[[-1.0, 1.0]]]]")]
            ) { (features: Int, eps: Double, momentum: Double, affine: Bool, track: Bool) in
                try InstanceNorm2d(features, eps: eps, momentum: momentum, affine: affine, trackRunningStats: track)
            })
    }
}
