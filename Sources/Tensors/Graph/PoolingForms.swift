extension Graph {
    /// How many windows fit along an axis.
    private static func windows(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int, isCeiled: Bool) -> Int {
        let reach = n + 2 * p - d * (k - 1) - 1
        guard reach >= 0 else { return -1 }
        var count = (reach + (isCeiled ? s - 1 : 0)) / s + 1
        // The last window has to begin inside the image or its left padding.
        if isCeiled && (count - 1) * s >= n + p { count -= 1 }
        return count
    }

    private static func pooled(
        _ x: Kind, _ kernel: Pair, _ stride: Pair, _ padding: Pair, _ dilation: Pair, isCeiled: Bool, _ name: String
    ) throws -> Kind {
        guard x.shape.rank == 4 else {
            throw TensorError.wrongShape(function: name, shape: x.shape, expected: "[N, C, H, W]", argument: 0)
        }
        let height = windows(
            x.shape[2], kernel.height, stride.height, padding.height, dilation.height, isCeiled: isCeiled)
        let width = windows(x.shape[3], kernel.width, stride.width, padding.width, dilation.width, isCeiled: isCeiled)
        return Kind(try Shape([x.shape[0], x.shape[1], height, width], for: name), x.dtype)
    }

    /// The largest value of each window.
    public struct MaxPool: Form {
        /// Size of the window.
        public let kernel: Pair
        /// Step between windows.
        public let stride: Pair
        /// Cells on every side that never win.
        public let padding: Pair
        /// Step between the cells of a window.
        public let dilation: Pair
        /// Whether a window that hangs over the end counts.
        public let isCeiled: Bool

        /// A pooling by its options.
        public init(kernel: Pair, stride: Pair, padding: Pair = 0, dilation: Pair = 1, isCeiled: Bool = false) {
            (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
            (self.dilation, self.isCeiled) = (dilation, isCeiled)
        }

        package var name: String { "max_pool2d" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            [try Graph.pooled(try kind(inputs), kernel, stride, padding, dilation, isCeiled: isCeiled, name)]
        }

        /// One for each cell of each window.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            (results.first?.shape.elementCount ?? 0) &* kernel.height &* kernel.width
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [
                try tensor(inputs).maxPool2d(
                    kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: isCeiled)
            ]
        }
    }

    /// The mean of each window.
    public struct AveragePool: Form {
        /// Size of the window.
        public let kernel: Pair
        /// Step between windows.
        public let stride: Pair
        /// Zeros on every side.
        public let padding: Pair
        /// Whether a window that hangs over the end counts.
        public let isCeiled: Bool
        /// Whether the padding counts in the mean.
        public let countsPadding: Bool
        /// What sums are divided by instead of the window's size.
        public let divisor: Int?

        /// A pooling by its options.
        public init(
            kernel: Pair, stride: Pair, padding: Pair = 0, isCeiled: Bool = false, countsPadding: Bool = true,
            divisor: Int? = nil
        ) {
            (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
            (self.isCeiled, self.countsPadding, self.divisor) = (isCeiled, countsPadding, divisor)
        }

        package var name: String { "avg_pool2d" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            [try Graph.pooled(try kind(inputs), kernel, stride, padding, 1, isCeiled: isCeiled, name)]
        }

        /// One for each cell of each window.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            (results.first?.shape.elementCount ?? 0) &* kernel.height &* kernel.width
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [
                try tensor(inputs).avgPool2d(
                    kernel, stride: stride, padding: padding, ceilMode: isCeiled, countIncludePad: countsPadding,
                    divisorOverride: divisor)
            ]
        }
    }

    /// Means over a grid of windows that cover the image.
    public struct AdaptiveAveragePool: Form {
        /// Height and width of the result.
        public let size: Pair

        /// To a size.
        public init(_ size: Pair) { self.size = size }

        package var name: String { "adaptive_avg_pool2d" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            guard x.shape.rank == 4 else {
                throw TensorError.wrongShape(function: name, shape: x.shape, expected: "[N, C, H, W]", argument: 0)
            }
            return [Kind(try Shape([x.shape[0], x.shape[1], size.height, size.width], for: name), x.dtype)]
        }

        /// One for each element of the image.
        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            (try? kind(inputs))?.shape.elementCount ?? 0
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).adaptiveAvgPool2d(size)] }
    }

    /// Images of another size.
    public struct Interpolation: Form {
        /// Height and width of the result.
        public let size: Pair
        /// What the size was computed with, if it was; positions are computed with it too.
        public let scale: Double?
        /// Nearest or bilinear.
        public let mode: Tensor.Interpolation
        /// Whether the outermost elements lie on each other.
        public let alignsCorners: Bool

        /// A resizing by its options.
        public init(size: Pair, scale: Double?, mode: Tensor.Interpolation, alignsCorners: Bool) {
            (self.size, self.scale, self.mode, self.alignsCorners) = (size, scale, mode, alignsCorners)
        }

        package var name: String { "interpolate" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            return [Kind(try Shape([x.shape[0], x.shape[1], size.height, size.width], for: name), x.dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [
                try tensor(inputs).interpolate(
                    size: scale == nil ? size : nil, scaleFactor: scale, mode: mode, alignCorners: alignsCorners)
            ]
        }
    }
}
