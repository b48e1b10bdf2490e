extension Graph {
    /// (x - mean) / √(variance + eps) · weight + bias for each channel. Inputs: x, weight, bias, mean and variance; without
    /// the last two the batch's own are taken.
    public struct BatchNorm: Form {
        /// Added to the variance.
        public let eps: Double
        /// Whether the statistics are the batch's.
        public let usesBatch: Bool

        /// A normalisation by its options.
        public init(eps: Double = 1e-5, usesBatch: Bool = false) { (self.eps, self.usesBatch) = (eps, usesBatch) }

        package var name: String { "batch_norm" }
        package var int8: Int8Form? { usesBatch ? nil : .product }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }

        /// A factor and an offset for each element.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            2 &* (results.first?.shape.elementCount ?? 0)
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [
                try tensor(inputs).batchNorm(
                    runningMean: usesBatch ? nil : try tensor(inputs, 3),
                    runningVariance: usesBatch ? nil : try tensor(inputs, 4), weight: optional(inputs, 1),
                    bias: optional(inputs, 2), eps: eps)
            ]
        }
    }

    /// The same over the last dimensions. Inputs: x, weight and bias of their shape or none.
    public struct LayerNormalization: Form {
        /// How many dimensions.
        public let axes: Int
        /// Added to the variance.
        public let eps: Double

        /// A normalisation by its options.
        public init(axes: Int, eps: Double = 1e-5) { (self.axes, self.eps) = (axes, eps) }

        package var name: String { "layer_norm" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }

        /// Mean, variance, factor and offset.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            8 &* (results.first?.shape.elementCount ?? 0)
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            return [
                try x.layerNorm(
                    x.shape.array.suffix(axes), weight: optional(inputs, 1), bias: optional(inputs, 2), eps: eps)
            ]
        }
    }

    /// Every `size` elements in a row normalised: the groups of channels of group normalisation.
    public struct RowNorm: Form {
        /// How many elements belong together.
        public let size: Int
        /// Added to the variance.
        public let eps: Double

        /// A normalisation by its options.
        public init(size: Int, eps: Double = 1e-5) { (self.size, self.eps) = (size, eps) }

        package var name: String { "group_norm" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }

        /// Mean, variance, factor and offset.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            8 &* (results.first?.shape.elementCount ?? 0)
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try tensor(inputs).rowsNormalized(size, nil, nil, eps).traced(.rowNorm(self), inputs)]
        }
    }
}
