import Runtime
import Tensors

extension Library {
    /// Batch, layer and group normalisation as functions.
    func addTensorNormalizations() {
        addBatchNorm()
        let eps = Parameter<Double>("eps", "added to the variance", default: 1e-05)
        add(
            Builtin(
                "layer_norm", .networkFunctions, "Normalises over the last dimensions of each example.",
                formula: "(x − mean) / √(var + eps) · weight + bias", Self.input,
                Parameter<[Int]>("normalized_shape", "the sizes of the last dimensions, a list"),
                Parameter<Tensor?>.optional("weight", "factors of shape normalized_shape"),
                Parameter<Tensor?>.optional("bias", "summands of that shape"), eps,
                returns: "a tensor of the same shape",
                pytorch: .same("torch.nn.functional.layer_norm"), seeAlso: ["group_norm"],
                examples: [Example("layer_norm(tensor([[-3.0, 3.0]]), [2], eps=0).tolist()", "[[-1.0, 1.0]]")]
            ) { (input: Tensor, shape: [Int], weight: Tensor?, bias: Tensor?, eps: Double) in
                try input.layerNorm(shape, weight: weight, bias: bias, eps: eps)
            })
        add(
            Builtin(
                "group_norm", .networkFunctions, "Normalises over groups of channels of each example.",
                formula: "(x − mean) / √(var + eps) · weight + bias", Parameter<Tensor>("input", "a tensor [N, C, …]"),
                Parameter<Int>("num_groups", "how many groups; divides C"),
                Parameter<Tensor?>.optional("weight", "factors [C]"),
                Parameter<Tensor?>.optional("bias", "summands [C]"),
                eps, returns: "a tensor of the same shape", pytorch: .same("torch.nn.functional.group_norm"),
                seeAlso: ["GroupNorm", "layer_norm"],
                examples: [
                    Example("group_norm(tensor([[-3.0, 3.0]]), 1, eps=0).tolist()", "[[-1.0, 1.0]]")
                ]
            ) { (input: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, eps: Double) in
                try input.groupNorm(groups, weight: weight, bias: bias, eps: eps)
            })
    }

    private func addBatchNorm() {
        let input = Parameter<Tensor>("input", "a tensor [N, C] or [N, C, …]")
        let mean = Parameter<Tensor?>(
            "running_mean", "running means [C]; used unless training, updated in training; none for the batch's own")
        let variance = Parameter<Tensor?>("running_var", "running variances [C], likewise")
        let weight = Parameter<Tensor?>.optional("weight", "factors [C]")
        let bias = Parameter<Tensor?>.optional("bias", "summands [C]")
        let training = Parameter<Bool>("training", "whether the batch's statistics are used", default: false)
        let momentum = Parameter<Double>("momentum", "the batch's share in the running statistics", default: 0.1)
        let eps = Parameter<Double>("eps", "added to the variance", default: 1e-05)
        add(
            Builtin(
                "batch_norm", .networkFunctions, "Normalises each channel over the batch.",
                formula: "(x − mean) / √(var + eps) · weight + bias",
                parameters: [
                    input.description, mean.description, variance.description, weight.description, bias.description,
                    training.description, momentum.description, eps.description,
                ],
                returns: "a tensor of the same shape",
                notes: ["In training, a batch of one value a channel is an error."],
                pytorch: .same("torch.nn.functional.batch_norm"), seeAlso: ["BatchNorm2d", "layer_norm"],
                examples: [
                    Example(
                        "batch_norm(tensor([[1.0], [5.0]]), tensor([3.0]), tensor([4.0]), eps=0).tolist()",
                        "[[-1.0], [1.0]]")
                ]
            ) { call in
                try call[input].batchNorm(
                    runningMean: call[mean], runningVariance: call[variance], weight: call[weight], bias: call[bias],
                    training: call[training], momentum: call[momentum], eps: call[eps])
            }.withoutCallbacks())
    }
}
