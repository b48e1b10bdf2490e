import Tensors

/// (x - mean) / √(variance + eps) · weight + bias for each channel (Ioffe and Szegedy, 2015), with running statistics that
/// take the batch's place in evaluation. ``BatchNorm1d`` and ``BatchNorm2d`` say what inputs they take.
public class BatchNorm: Module, ClosedModule, RectifiableLayer {
    /// The number of channels.
    public let features: Int
    /// Added to the variance.
    public let eps: Double
    /// The share of the new batch in the running statistics; nil averages over all batches alike.
    public let momentum: Double?
    /// The factor, [C], at first 1, unless the layer has none.
    public var weight: Tensor? { state.weight }
    /// The offset, [C], at first 0, unless the layer has none.
    public var bias: Tensor? { state.bias }
    /// The running mean, [C], unless statistics are not tracked.
    public var runningMean: Tensor? { state.runningMean }
    /// The running unbiased variance, [C], unless statistics are not tracked.
    public var runningVariance: Tensor? { state.runningVariance }
    /// How many batches the running statistics have seen.
    public var batchesTracked: Tensor? { state.batchesTracked }
    private let state: NormalizationState

    /// A layer for `features` channels.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless there is at least one channel.
    public required convenience init(
        _ features: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true
    ) throws {
        self.init(
            features, eps: eps, momentum: momentum,
            try NormalizationState(
                "\(Self.self)", features: features, affine: affine, trackRunningStats: trackRunningStats))
    }

    required init(_ features: Int, eps: Double, momentum: Double?, _ state: NormalizationState) {
        (self.features, self.eps, self.momentum, self.state) = (features, eps, momentum, state)
        super.init()
        state.register(in: self)
    }

    /// The channels and whatever differs from the defaults.
    public override var options: String {
        "\(features)" + (eps == 1e-5 ? "" : ", eps=\(eps)")
            + (momentum == 0.1 ? "" : ", momentum=" + (momentum.map { "\($0)" } ?? "none"))
            + (weight == nil ? ", affine=false" : "") + (runningMean == nil ? ", track_running_stats=false" : "")
    }

    /// Which ranks the layer takes, and how to say so.
    fileprivate var ranks: (allowed: ClosedRange<Int>, text: String) { (2...8, "[N, C] or [N, C, …]") }

    /// x [N, C, …] → the same shape.
    public override func forward(_ x: Tensor) throws -> Tensor { try normalized(x) }

    func rectified(_ x: Tensor) throws -> Tensor { try normalized(x, relu: true) }

    /// max(norm(x) + residual, 0) by way of `relu`, in one pass unless somebody looks at this layer or at `relu`: then one
    /// after the other, so that each sees what it would have seen.
    ///
    /// - Parameters:
    ///   - x: [N, C, …].
    ///   - residual: What is added, of the shape of x.
    ///   - relu: The activation behind the sum.
    /// - Throws: a shape error.
    public func callAsFunction(_ x: Tensor, adding residual: Tensor?, then relu: Module) throws -> Tensor {
        let fits = residual.map { $0.shape == x.shape && $0.dtype == x.dtype } ?? true
        if !isObserved, !relu.isObserved, (relu as? Activation)?.isReLU == true, fits {
            return try normalized(x, residual: residual, relu: true)
        }
        let result = try self(x)
        return try relu(try residual.map { try result + $0 } ?? result)
    }

    private func normalized(_ x: Tensor, residual: Tensor? = nil, relu: Bool = false) throws -> Tensor {
        guard ranks.allowed.contains(x.rank), x.shape[1] == features else {
            throw ModuleError.input(
                layer: typeName, problem: "expected \(ranks.text) with C = \(features), given \(x.shape)", help: nil)
        }
        var share = momentum ?? 0
        if isTraining, let batchesTracked {
            _ = try Gradients.disabled { try batchesTracked.add_(1) }
            if momentum == nil { share = 1 / Swift.max(1, try batchesTracked.itemDouble()) }
        }
        return try x.batchNorm(
            runningMean: runningMean, runningVariance: runningVariance, weight: weight, bias: bias,
            training: isTraining,
            momentum: share, eps: eps, residual: residual, relu: relu)
    }

    /// A copy with its own parameters and statistics.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        Self(features, eps: eps, momentum: momentum, try NormalizationState(state, copies))
    }
}

/// Batch normalisation of vectors [N, C] or sequences [N, C, L].
public final class BatchNorm1d: BatchNorm {
    fileprivate override var ranks: (allowed: ClosedRange<Int>, text: String) { (2...3, "[N, C] or [N, C, L]") }
}

/// Batch normalisation of images [N, C, H, W].
public final class BatchNorm2d: BatchNorm {
    fileprivate override var ranks: (allowed: ClosedRange<Int>, text: String) { (4...4, "[N, C, H, W]") }
}

/// (x - mean) / √(variance + eps) · weight + bias over the last dimensions (Ba et al., 2016).
public final class LayerNorm: Module, ClosedModule {
    /// The sizes of the dimensions that are normalised together.
    public let shape: [Int]
    /// Added to the variance.
    public let eps: Double
    /// The factor, at first 1, unless the layer has none.
    public let weight: Tensor?
    /// The offset, at first 0, unless the layer has none.
    public let bias: Tensor?

    /// A layer for inputs that end in `shape`.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for an empty shape.
    public convenience init(_ shape: [Int], eps: Double = 1e-5, affine: Bool = true, bias: Bool = true) throws {
        try self.init(
            shape, eps: eps, weight: affine ? Tensor.ones(shape).requireGradient() : nil,
            bias: affine && bias ? Tensor.zeros(shape).requireGradient() : nil)
    }

    /// A layer with given parameters.
    public init(_ shape: [Int], eps: Double = 1e-5, weight: Tensor?, bias: Tensor?) throws {
        guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
            throw ModuleError.argument(layer: "LayerNorm", problem: "needs sizes of at least 1, given \(shape)")
        }
        (self.shape, self.eps, self.weight, self.bias) = (shape, eps, weight, bias)
        super.init()
        if let weight { register(parameter: weight, as: "weight") }
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        (shape.count == 1 ? "\(shape[0])" : "\(shape)") + (eps == 1e-5 ? "" : ", eps=\(eps)")
            + (weight == nil ? ", elementwise_affine=false" : bias == nil ? ", bias=false" : "")
    }

    /// x […, shape] → the same shape.
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.layerNorm(shape, weight: weight, bias: bias, eps: eps)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try LayerNorm(shape, eps: eps, weight: copies.tensor(weight), bias: copies.tensor(bias))
    }
}

/// The normalisation that composed layers have between their parts.
enum NormalizationLayer {
    /// Of the features of each position, as transformers do.
    static func ofFeatures(_ features: Int, eps: Double, bias: Bool) throws -> Module {
        try LayerNorm([features], eps: eps, bias: bias)
    }
}

/// (x - mean) / √(variance + eps) · weight + bias over groups of channels (Wu and He, 2018).
public final class GroupNorm: Module, ClosedModule {
    /// Into how many groups the channels are split.
    public let groups: Int
    /// The number of channels.
    public let channels: Int
    /// Added to the variance.
    public let eps: Double
    /// The factor, [C], at first 1, unless the layer has none.
    public let weight: Tensor?
    /// The offset, [C], at first 0, unless the layer has none.
    public let bias: Tensor?

    /// A layer for `channels` channels.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless the groups divide the channels.
    public convenience init(_ groups: Int, _ channels: Int, eps: Double = 1e-5, affine: Bool = true) throws {
        try self.init(
            groups, channels, eps: eps, weight: affine ? Tensor.ones([channels]).requireGradient() : nil,
            bias: affine ? Tensor.zeros([channels]).requireGradient() : nil)
    }

    /// A layer with given parameters.
    public init(_ groups: Int, _ channels: Int, eps: Double = 1e-5, weight: Tensor?, bias: Tensor?) throws {
        guard groups > 0, channels > 0, channels % groups == 0 else {
            throw ModuleError.argument(
                layer: "GroupNorm", problem: "the groups must divide the channels, given \(groups), \(channels)")
        }
        (self.groups, self.channels, self.eps, self.weight, self.bias) = (groups, channels, eps, weight, bias)
        super.init()
        if let weight { register(parameter: weight, as: "weight") }
        if let bias { register(parameter: bias, as: "bias") }
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        "\(groups), \(channels)" + (eps == 1e-5 ? "" : ", eps=\(eps)") + (weight == nil ? ", affine=false" : "")
    }

    /// x [N, C, …] → the same shape.
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank >= 2, x.shape[1] == channels else {
            throw ModuleError.input(
                layer: "GroupNorm", problem: "expected [N, C, …] with C = \(channels), given \(x.shape)", help: nil)
        }
        return try x.groupNorm(groups, weight: weight, bias: bias, eps: eps)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try GroupNorm(groups, channels, eps: eps, weight: copies.tensor(weight), bias: copies.tensor(bias))
    }
}
