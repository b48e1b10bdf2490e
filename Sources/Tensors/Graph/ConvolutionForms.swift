extension Graph {
    /// Cross-correlation with filters. Inputs: x [N, C, H, W], weight [out, in / groups, kH, kW], bias or none.
    public struct Convolution: Form {
        /// Step between windows.
        public let stride: Pair
        /// Zeros on every side.
        public let padding: Pair
        /// Step between the elements of a window.
        public let dilation: Pair
        /// Into how many independent convolutions the channels are split.
        public let groups: Int

        /// A convolution by its options.
        public init(stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: Int = 1) {
            (self.stride, self.padding, self.dilation, self.groups) = (stride, padding, dilation, groups)
        }

        package var name: String { "conv2d" }
        package var int8: Int8Form? { .product }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs), weight = try kind(inputs, 1)
            guard x.shape.rank == 4, weight.shape.rank == 4 else {
                throw TensorError.wrongShape(function: name, shape: x.shape, expected: "[N, C, H, W]", argument: 0)
            }
            func size(_ axis: Int, _ s: Int, _ p: Int, _ d: Int) -> Int {
                let reach = x.shape[axis] + 2 * p - d * (weight.shape[axis] - 1) - 1
                return reach < 0 ? -1 : reach / s + 1
            }
            let sizes = [
                x.shape[0], weight.shape[0], size(2, stride.height, padding.height, dilation.height),
                size(3, stride.width, padding.width, dilation.width),
            ]
            return [Kind(try Shape(sizes, for: name), x.dtype)]
        }

        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            guard let result = results.first, let weight = try? kind(inputs, 1) else { return 0 }
            let filter = weight.shape.array.dropFirst().reduce(1, &*)
            return result.shape.elementCount &* (2 &* filter &+ (has(inputs, 2) ? 1 : 0))
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [
                try tensor(inputs).conv2d(
                    try tensor(inputs, 1), bias: optional(inputs, 2), stride: stride, padding: padding,
                    dilation: dilation, groups: groups)
            ]
        }
    }

    /// The transpose of a convolution. Inputs: x [N, C, H, W], weight [in, out / groups, kH, kW], bias or none.
    public struct TransposedConvolution: Form {
        /// Step between the places that neighbouring input elements are added at.
        public let stride: Pair
        /// How much is cut off every side.
        public let padding: Pair
        /// How much is added at the end.
        public let outputPadding: Pair
        /// Step between the elements of a filter.
        public let dilation: Pair
        /// Into how many independent convolutions the channels are split.
        public let groups: Int

        /// A transposed convolution by its options.
        public init(
            stride: Pair = 1, padding: Pair = 0, outputPadding: Pair = 0, dilation: Pair = 1, groups: Int = 1
        ) {
            (self.stride, self.padding, self.outputPadding) = (stride, padding, outputPadding)
            (self.dilation, self.groups) = (dilation, groups)
        }

        package var name: String { "conv_transpose2d" }
        package var int8: Int8Form? { .product }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs), weight = try kind(inputs, 1)
            guard x.shape.rank == 4, weight.shape.rank == 4 else {
                throw TensorError.wrongShape(function: name, shape: x.shape, expected: "[N, C, H, W]", argument: 0)
            }
            func size(_ axis: Int, _ s: Int, _ p: Int, _ d: Int, _ extra: Int) -> Int {
                (x.shape[axis] - 1) * s - 2 * p + d * (weight.shape[axis] - 1) + extra + 1
            }
            let sizes = [
                x.shape[0], weight.shape[1] * groups,
                size(2, stride.height, padding.height, dilation.height, outputPadding.height),
                size(3, stride.width, padding.width, dilation.width, outputPadding.width),
            ]
            return [Kind(try Shape(sizes, for: name), x.dtype)]
        }

        /// Every element of the input is multiplied with the filters of its group.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            guard let result = results.first, let x = try? kind(inputs), let weight = try? kind(inputs, 1) else {
                return 0
            }
            let products = x.shape.elementCount &* weight.shape.array.dropFirst().reduce(1, &*)
            return 2 &* products &+ (has(inputs, 2) ? result.shape.elementCount : 0)
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [
                try tensor(inputs).convTranspose2d(
                    try tensor(inputs, 1), bias: optional(inputs, 2), stride: stride, padding: padding,
                    outputPadding: outputPadding, groups: groups, dilation: dilation)
            ]
        }
    }
}
