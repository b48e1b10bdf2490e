import Tensors

/// (x - mean) / √(variance + eps) · weight + bias for each channel of each image by itself (Ulyanov et al., 2016), with
/// running statistics that take the images' place in evaluation, if they are kept.
public final class InstanceNorm2d: Module, ClosedModule {
    /// The number of channels.
    public let features: Int
    /// Added to the variance.
    public let eps: Double
    /// The share of a new batch in the running statistics.
    public let momentum: Double
    /// The factor, [C], at first 1, unless the layer has none.
    public var weight: Tensor? { state.weight }
    /// The offset, [C], at first 0, unless the layer has none.
    public var bias: Tensor? { state.bias }
    /// The running mean, [C], unless statistics are not kept.
    public var runningMean: Tensor? { state.runningMean }
    /// The running unbiased variance, [C], unless statistics are not kept.
    public var runningVariance: Tensor? { state.runningVariance }
    private let state: NormalizationState

    /// A layer for `features` channels.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless there is at least one channel.
    public convenience init(
        _ features: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
        trackRunningStats: Bool = false
    ) throws {
        self.init(
            features, eps: eps, momentum: momentum,
            try NormalizationState(
                "InstanceNorm2d", features: features, affine: affine, trackRunningStats: trackRunningStats))
    }

    private init(_ features: Int, eps: Double, momentum: Double, _ state: NormalizationState) {
        (self.features, self.eps, self.momentum, self.state) = (features, eps, momentum, state)
        super.init()
        state.register(in: self)
    }

    /// The channels and whatever differs from the defaults.
    public override var options: String {
        "\(features)" + (eps == 1e-5 ? "" : ", eps=\(eps)") + (momentum == 0.1 ? "" : ", momentum=\(momentum)")
            + (weight == nil ? "" : ", affine=true") + (runningMean == nil ? "" : ", track_running_stats=true")
    }

    /// x [N, C, H, W] → the same shape.
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 4, x.shape[1] == features else {
            throw ModuleError.input(
                layer: "InstanceNorm2d", problem: "expected [N, C, H, W] with C = \(features), given \(x.shape)",
                help: nil)
        }
        if let runningMean, let runningVariance, !isTraining {
            return try x.batchNorm(
                runningMean: runningMean, runningVariance: runningVariance, weight: weight, bias: bias,
                training: false, momentum: momentum, eps: eps)
        }
        guard x.shape[2] * x.shape[3] > 1 else {
            throw ModuleError.input(
                layer: "InstanceNorm2d", problem: "one position has no variance, given \(x.shape)", help: nil)
        }
        if let runningMean, let runningVariance { try remember(x, runningMean, runningVariance) }
        // A group of its own for each channel.
        return try x.groupNorm(features, weight: weight, bias: bias, eps: eps)
    }

    /// Mixes the means over the batch of each image's mean and unbiased variance into the running ones.
    private func remember(_ x: Tensor, _ mean: Tensor, _ variance: Tensor) throws {
        try Gradients.disabled {
            let images = try x.detach().to(mean.dtype)
            for (running, new) in [
                (mean, try images.mean(dims: [2, 3])), (variance, try images.var(dims: [2, 3])),
            ] {
                _ = try running.mul_(Scalar(1 - momentum)).add_(new.mean(dims: [0]) * Scalar(momentum))
            }
            _ = try state.batchesTracked?.add_(1)
        }
    }

    /// A copy with its own parameters and statistics.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        InstanceNorm2d(features, eps: eps, momentum: momentum, try NormalizationState(state, copies))
    }
}
