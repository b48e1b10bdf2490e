/// act(f(x) + residual) in one pass, where f is a convolution, a normalisation with fixed statistics, or one after the other.
final class FusedColumns {
    private let convolution: Graph.Convolution?
    private let weight: Tensor?
    private let bias: Tensor?
    private let shape: Shape
    /// The normalisation.
    var norm: FoldedNorm?
    /// Whether max(·, 0) follows.
    var isRectified = false

    init(convolution: Graph.Convolution, weight: Tensor, bias: Tensor?, shape: Shape) {
        (self.convolution, self.weight, self.bias, self.shape) = (convolution, weight, bias, shape)
    }

    init(norm: FoldedNorm, shape: Shape) {
        (convolution, weight, bias) = (nil, nil, nil)
        (self.norm, self.shape) = (norm, shape)
    }

    func run(_ x: Tensor, residual: Tensor?) throws -> Tensor {
        let factors = norm?.factors()
        guard let convolution, let weight else {
            return Tensor(
                try Kernels.scaleColumns(
                    x.values, scale: factors?.scale ?? [], shift: factors?.shift ?? [], residual: residual?.values,
                    relu: isRectified))
        }
        let window = ConvolutionWindow(
            convolution.stride, convolution.padding, convolution.dilation, convolution.groups, convolution.name)
        let geometry = window.geometry(
            n: shape[0], ci: x.shape[1], co: shape[1], input: (x.shape[2], x.shape[3]), output: (shape[2], shape[3]),
            kernel: (weight.shape[2], weight.shape[3]))
        let work = try Kernels.Convolution(
            geometry, shape: shape, x: try x.values.channelsLast(), weight: weight.values, bias: bias?.values)
        return Tensor(
            try work.run(
                scale: factors?.scale, shift: factors?.shift, residual: residual?.values, relu: isRectified))
    }
}

/// What a normalisation with fixed statistics does to each channel: x·scale + shift. Derived when it is asked for first, and
/// anew when one of the tensors was written since.
final class FoldedNorm {
    private let weight: Tensor?, bias: Tensor?, mean: Tensor, variance: Tensor
    private let eps: Double
    private var marks: [Mark] = []
    private var known: (scale: [Double], shift: [Double])?

    /// The memory a tensor showed and how often that had been written. Held, so that no other takes its place.
    private struct Mark: Equatable {
        let storage: Storage, version: Int

        init(_ tensor: Tensor) { (storage, version) = (tensor.values.storage, tensor.values.storage.version) }

        static func == (left: Mark, right: Mark) -> Bool {
            left.storage === right.storage && left.version == right.version
        }
    }

    init(weight: Tensor?, bias: Tensor?, mean: Tensor, variance: Tensor, eps: Double) {
        (self.weight, self.bias, self.mean, self.variance, self.eps) = (weight, bias, mean, variance, eps)
    }

    func factors() -> (scale: [Double], shift: [Double]) {
        let now = [weight, bias, mean, variance].compactMap { $0.map { Mark($0) } }
        if let known, now == marks { return known }
        let means = Kernels.widened(mean.values)
        let deviations = Kernels.widened(variance.values).map { ($0 + eps).squareRoot() }
        let factor = weight.map { Kernels.widened($0.values) }
        let offset = bias.map { Kernels.widened($0.values) }
        let scale = means.indices.map { (factor?[$0] ?? 1) * (1 / deviations[$0]) }
        let shift = means.indices.map { (offset?[$0] ?? 0) - means[$0] * scale[$0] }
        known = (scale, shift)
        marks = now
        return (scale, shift)
    }
}
