import Tensors

/// What a normalisation of C channels holds, under the names of `torch.nn`: factor and offset, and the running statistics.
struct NormalizationState {
    /// The factor, [C], at first 1, unless the layer has none.
    let weight: Tensor?
    /// The offset, [C], at first 0, unless the layer has none.
    let bias: Tensor?
    /// The running mean, [C], unless statistics are not kept.
    let runningMean: Tensor?
    /// The running unbiased variance, [C], unless statistics are not kept.
    let runningVariance: Tensor?
    /// How many batches the running statistics have seen.
    let batchesTracked: Tensor?

    /// That of a new layer.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless there is at least one channel.
    init(_ layer: String, features: Int, affine: Bool, trackRunningStats: Bool) throws {
        guard features > 0 else {
            throw ModuleError.argument(layer: layer, problem: "needs at least one channel, given \(features)")
        }
        weight = affine ? try Tensor.ones([features]).requireGradient() : nil
        bias = affine ? try Tensor.zeros([features]).requireGradient() : nil
        runningMean = trackRunningStats ? try Tensor.zeros([features]) : nil
        runningVariance = trackRunningStats ? try Tensor.ones([features]) : nil
        batchesTracked = trackRunningStats ? try Tensor(0, dtype: .int64) : nil
    }

    /// That of a layer's copy.
    ///
    /// - Throws: a limit error when memory is short.
    init(_ state: NormalizationState, _ copies: ModuleCopies) throws {
        weight = try copies.tensor(state.weight)
        bias = try copies.tensor(state.bias)
        runningMean = try copies.tensor(state.runningMean)
        runningVariance = try copies.tensor(state.runningVariance)
        batchesTracked = try copies.tensor(state.batchesTracked)
    }

    /// Enters what there is into a module's parameters and buffers.
    func register(in module: Module) {
        if let weight { module.register(parameter: weight, as: "weight") }
        if let bias { module.register(parameter: bias, as: "bias") }
        if let runningMean { module.register(buffer: runningMean, as: "running_mean") }
        if let runningVariance { module.register(buffer: runningVariance, as: "running_var") }
        if let batchesTracked { module.register(buffer: batchesTracked, as: "num_batches_tracked") }
    }
}
