import Learning
import Runtime
import Tensors

extension Library {
    /// Layers that set mean and variance, each over other dimensions.
    func addNormalizationLayers() {
        addBatchNorm(
            BatchNorm1d.self, "BatchNorm1d", "Batch normalisation of vectors or sequences.", "[N, C] or [N, C, L]",
            Example("BatchNorm1d(4)(zeros(8, 4)).shape", "[8, 4]"))
        addBatchNorm(
            BatchNorm2d.self, "BatchNorm2d", "Batch normalisation of images.", "[N, C, H, W]",
            Example("BatchNorm2d(3)(zeros(8, 3, 4, 4)).shape", "[8, 3, 4, 4]"))
        addLayerNorm()
        addGroupNorm()
    }

    private func addBatchNorm<Layer: BatchNorm>(
        _ type: Layer.Type, _ name: String, _ summary: String, _ shape: String, _ example: Example
    ) {
        add(ModuleType(type, named: name))
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
        add(ModuleType(LayerNorm.self, named: "LayerNorm"))
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
        add(ModuleType(GroupNorm.self, named: "GroupNorm"))
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
}
