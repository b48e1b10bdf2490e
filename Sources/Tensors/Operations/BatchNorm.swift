import CKernels

extension Tensor {
    /// (x - mean) / √(variance + eps) · weight + bias for each channel of [N, C], [N, C, L] or [N, C, H, W], as
    /// `torch.nn.functional.batch_norm` (Ioffe and Szegedy, 2015).
    /// - Parameters:
    ///   - runningMean: [C]; used when not training, updated in place when training. nil: always the batch's own.
    ///   - runningVariance: [C], likewise; the batch's unbiased variance goes into it.
    ///   - weight: [C].
    ///   - bias: [C].
    ///   - training: Whether the statistics are the batch's (variance divided by the number of elements).
    ///   - momentum: The share of the new batch in the running statistics.
    ///   - eps: Added to the variance.
    ///   - residual: Added to the result in the same pass; of this shape and dtype.
    ///   - relu: Whether max(·, 0) follows in the same pass.
    /// - Throws: `TensorError` when shapes or dtypes do not fit, and for a batch of one value a channel in training.
    public func batchNorm(
        runningMean: Tensor?, runningVariance: Tensor?, weight: Tensor? = nil, bias: Tensor? = nil,
        training: Bool = false,
        momentum: Double = 0.1, eps: Double = 1e-5, residual: Tensor? = nil, relu: Bool = false
    ) throws -> Tensor {
        let name = "batch_norm"
        if let residual, residual.shape != shape {
            throw TensorError.unequalShapes(function: "+", first: shape, second: residual.shape)
        }
        if let residual, residual.dtype != dtype {
            throw TensorError.unequalDTypes(function: "+", first: dtype, second: residual.dtype)
        }
        let isFused =
            (residual != nil || relu) && !ck_tracing() && count > 0
            && (residual == nil || Shortcut.normalizationSum.isTaken())
            && (!relu || Shortcut.normalizationReLU.isTaken())
        if (residual != nil || relu) && !isFused {
            // A trace lists the operations as they are.
            let normalized = try batchNorm(
                runningMean: runningMean, runningVariance: runningVariance, weight: weight, bias: bias,
                training: training, momentum: momentum, eps: eps)
            let sum = try residual.map { try Tensor.arithmetic(.add, normalized, $0) } ?? normalized
            return relu ? try sum.relu() : sum
        }
        guard rank >= 2 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "[N, C] or [N, C, …]", argument: 0)
        }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        let c = shape[1]
        let vectors = [(runningMean, 1), (runningVariance, 2), (weight, 3), (bias, 4)]
        for case (let vector?, let argument) in vectors {
            guard vector.shape == [c] else {
                throw TensorError.wrongShape(
                    function: name, shape: vector.shape,
                    expected: "\(["", "running_mean", "running_var", "weight", "bias"][argument]) of "
                        + "[\(c)] for an input of \(shape)", argument: argument)
            }
            guard vector.dtype == dtype else {
                throw TensorError.unequalDTypes(function: name, first: dtype, second: vector.dtype)
            }
        }
        let rows = c == 0 ? 0 : count / c
        let usesBatch = training || runningMean == nil || runningVariance == nil
        guard !training || rows != 1 else {
            throw TensorError.wrongShape(
                function: name, shape: shape, expected: "more than one value per channel when training", argument: 0)
        }
        if count == 0 { return try mul(1) }
        let x = try values.forImages()
        let mean: [Double], inverse: [Double]
        if usesBatch {
            let (means, squares) = try Kernels.columnMoments(x)
            mean = means
            inverse = squares.map { 1 / ($0 / Double(rows) + eps).squareRoot() }
            if training {
                try runningMean?.blend(means, momentum)
                try runningVariance?.blend(squares.map { $0 / Double(rows - 1) }, momentum)
            }
        } else {
            mean = runningMean.map { Kernels.widened($0.values) } ?? []
            inverse = (runningVariance.map { Kernels.widened($0.values) } ?? []).map {
                1 / ($0 + eps).squareRoot()
            }
        }
        let factor = weight.map { Kernels.widened($0.values) } ?? [Double](repeating: 1, count: c)
        let offset = bias.map { Kernels.widened($0.values) } ?? [Double](repeating: 0, count: c)
        let scale = (0..<c).map { factor[$0] * inverse[$0] }
        let shift = (0..<c).map { offset[$0] - mean[$0] * scale[$0] }
        let out = try Kernels.scaleColumns(x, scale: scale, shift: shift, residual: residual?.values, relu: relu)
        let isRecorded =
            Gradients.isEnabled && [self, weight, bias, residual].contains { $0?.requiresGradient == true }
        let statistics = BatchNormStatistics(mean, inverse, factor, usesBatch)
        let result =
            isRecorded
            ? Tensor(out, BatchNormOperation(self, x, weight, bias, residual, statistics, relu ? out : nil))
            : Tensor(out)
        return result.traced(
            .batchNorm(Graph.BatchNorm(eps: eps, usesBatch: usesBatch)),
            [
                operand, weight?.operand, bias?.operand, usesBatch ? nil : runningMean?.operand,
                usesBatch ? nil : runningVariance?.operand,
            ])
    }

    /// this = (1 - share)·this + share·new
    private func blend(_ new: [Double], _ share: Double) throws {
        let old = Kernels.widened(values)
        let mixed = (0..<old.count).map { (1 - share) * old[$0] + share * new[$0] }
        try Gradients.disabled {
            try prepareToWrite(for: "batch_norm")
            try values.write(try Kernels.cast(try Values(mixed, shape), dtype))
        }
    }
}

/// What a normalisation was made of.
final class BatchNormStatistics {
    let mean: [Double], inverse: [Double], factor: [Double], usesBatch: Bool

    init(_ mean: [Double], _ inverse: [Double], _ factor: [Double], _ usesBatch: Bool) {
        (self.mean, self.inverse, self.factor, self.usesBatch) = (mean, inverse, factor, usesBatch)
    }
}

/// With x̂ = (x - μ)/σ and m values a channel: db = Σ g, dw = Σ g x̂, dx = w/σ · (g - Σ g / m - x̂ Σ g x̂ / m) where μ and σ
/// are the batch's own, else w/σ · g. A residual gets g; with relu behind, g is zeroed first where it cut off.
final class BatchNormOperation: Operation {
    private let x: Saved
    private let statistics: BatchNormStatistics
    private let shape: Shape, hasWeight: Bool, hasBias: Bool, hasResidual: Bool
    private var result: Saved?
    override class var name: String { "batch_norm" }

    /// - Parameter result: What relu gave, if it is part of the operation.
    init(
        _ x: Tensor, _ arranged: Values, _ weight: Tensor?, _ bias: Tensor?, _ residual: Tensor?,
        _ statistics: BatchNormStatistics, _ result: Values?
    ) {
        self.x = Saved(x, as: arranged)
        self.statistics = statistics
        shape = x.shape
        hasWeight = weight != nil
        hasBias = bias != nil
        hasResidual = residual != nil
        super.init(x, weight, others: [bias, residual].compactMap { $0 })
        if let result { self.result = Saved(result, madeBy: number) }
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let wantsWeight = hasWeight && needs(1), wantsBias = hasBias && needs(2)
        let residual = hasBias ? 3 : 2
        let wantsResidual = hasResidual && needs(residual)
        let x = try self.x.restored(for: Self.name).forImages()
        let y = try result?.restored(for: Self.name).forImages()
        let g = try gradient.forImages()
        let c = shape[1], m = Double(shape.elementCount / Swift.max(c, 1))
        let inverse = statistics.inverse
        var sums: [Double] = [], products: [Double] = []
        if wantsWeight || wantsBias || statistics.usesBatch {
            (sums, products) = try Kernels.columnProducts(g, x, y, means: statistics.mean)
        }
        if wantsWeight {
            let values = (0..<c).map { products[$0] * inverse[$0] }
            try send(try Kernels.cast(try Values(values, Shape(c)), g.dtype), to: 1, walk)
        }
        if wantsBias { try send(try Kernels.cast(try Values(sums, Shape(c)), g.dtype), to: 2, walk) }
        guard needs(0) else {
            if wantsResidual {
                try send(try y.map { try Kernels.unaryBackward(CK_RELU, g, $0, 0, 0) } ?? g, to: residual, walk)
            }
            return
        }
        // Where relu cut g off, what is left of it goes to the residual.
        let masked = wantsResidual && y != nil ? try Values(forImages: g.shape, g.dtype) : nil
        let a = (0..<c).map { statistics.factor[$0] * inverse[$0] }
        if statistics.usesBatch {
            let b = (0..<c).map { -a[$0] * inverse[$0] * inverse[$0] * products[$0] / m }
            let d = (0..<c).map { -a[$0] * sums[$0] / m }
            let sent = try Kernels.combineColumns(g, x, y, mean: statistics.mean, a, b, d, masked: masked)
            try send(sent, to: 0, walk)
        } else {
            try send(try Kernels.combineColumns(g, nil, y, mean: [], a, [], [], masked: masked), to: 0, walk)
        }
        if wantsResidual { try send(masked ?? g, to: residual, walk) }
    }
}

extension Kernels {
    /// act(x·scale + shift + residual) for every channel of [N, C, …], channels innermost.
    static func scaleColumns(
        _ x: Values, scale: [Double], shift: [Double], residual: Values? = nil, relu: Bool = false
    ) throws -> Values {
        let x = try x.forImages(), residual = try residual?.forImages()
        let out = try Values(forImages: x.shape, x.dtype)
        let sizes = x.channels
        let (n, c, spatial) = sizes.counts, more = residual?.imagePointer
        if Plain.isOn {
            ckp_scale_channels(x.dtype.code, x.imagePointer, scale, shift, more, relu, out.base, n, c, spatial)
        } else {
            try checkScratch(
                ck_scale_columns(x.dtype.code, x.imagePointer, scale, shift, more, relu, out.base, n * spatial, c))
        }
        return out
    }

    /// Mean and sum of squared deviations of every channel; the channels are innermost.
    static func columnMoments(_ x: Values) throws -> (means: [Double], squares: [Double]) {
        let sizes = x.channels
        var means = [Double](repeating: 0, count: sizes.c), squares = means
        let (n, c, spatial) = sizes.counts
        if Plain.isOn {
            ckp_channel_moments(x.dtype.code, x.imagePointer, n, c, spatial, &means, &squares)
        } else {
            try checkScratch(ck_column_moments(x.dtype.code, x.imagePointer, n * spatial, c, &means, &squares))
        }
        return (means, squares)
    }

    /// Σ g and Σ g·(x - mean) of every channel, where y > 0 if there is a y; the channels are innermost.
    static func columnProducts(_ g: Values, _ x: Values, _ y: Values?, means: [Double]) throws -> (
        sums: [Double], products: [Double]
    ) {
        let sizes = g.channels
        var sums = [Double](repeating: 0, count: sizes.c), products = sums
        let (n, c, spatial) = sizes.counts, mask = y?.imagePointer
        if Plain.isOn {
            ckp_channel_products(
                g.dtype.code, g.imagePointer, x.imagePointer, mask, means, n, c, spatial, &sums, &products)
        } else {
            try checkScratch(
                ck_column_products(
                    g.dtype.code, g.imagePointer, x.imagePointer, mask, means, n * spatial, c, &sums, &products))
        }
        return (sums, products)
    }

    /// g·a + (x - mean)·b + d for every channel, g where y > 0 if there is a y; the channels are innermost.
    static func combineColumns(
        _ g: Values, _ x: Values?, _ y: Values?, mean: [Double], _ a: [Double], _ b: [Double], _ d: [Double],
        masked: Values? = nil
    ) throws -> Values {
        let out = try Values(forImages: g.shape, g.dtype)
        let sizes = g.channels
        let (n, c, spatial) = sizes.counts, place = x?.imagePointer, mask = y?.imagePointer
        if Plain.isOn {
            ckp_combine_channels(
                g.dtype.code, g.imagePointer, place, mask, mean, a, b, d, out.imagePointer, masked?.imagePointer, n, c,
                spatial)
        } else {
            try checkScratch(
                ck_combine_columns(
                    g.dtype.code, g.imagePointer, place, mask, mean, a, b, d, out.imagePointer, masked?.imagePointer,
                    n * spatial, c))
        }
        return out
    }
}
