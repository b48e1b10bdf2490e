extension Graph {
    /// The same elements under another shape.
    public struct Reshape: Form {
        /// The sizes.
        public let shape: Shape

        /// To a shape.
        public init(_ shape: Shape) { self.shape = shape }

        package var name: String { "reshape" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            guard x.shape.elementCount == shape.elementCount else {
                throw TensorError.wrongCount(function: name, shape: x.shape, sizes: shape.array)
            }
            return [Kind(shape, x.dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).reshape(shape.array)] }
    }

    /// Stretched along dimensions of size 1.
    public struct Expand: Form {
        /// The sizes.
        public let shape: Shape

        /// To a shape.
        public init(_ shape: Shape) { self.shape = shape }

        package var name: String { "expand" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            guard try Shape.broadcast(x.shape, shape, for: name) == shape else {
                throw TensorError.notBroadcastable(function: name, left: x.shape, right: shape)
            }
            return [Kind(shape, x.dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).expand(shape.array)] }
    }

    /// The dimensions in another order.
    public struct Permute: Form {
        /// Which dimension stands where.
        public let dims: [Int]

        /// To an order.
        public init(_ dims: [Int]) { self.dims = dims }

        package var name: String { "permute" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            let order = try x.shape.dimensions(dims, for: name)
            return [Kind(try Shape(order.map { x.shape[$0] }, for: name), x.dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).permute(dims)] }
    }

    /// Some positions of each dimension, then another shape (dimensions of one position may go, new ones come).
    public struct Slice: Form {
        /// The first position of each dimension.
        public let starts: [Int]
        /// The distance between positions.
        public let steps: [Int]
        /// How many positions.
        public let counts: [Int]
        /// The shape of the result.
        public let shape: Shape

        /// Positions and the shape they end up in.
        public init(starts: [Int], steps: [Int], counts: [Int], shape: Shape) {
            (self.starts, self.steps, self.counts, self.shape) = (starts, steps, counts, shape)
        }

        package var name: String { "slice" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [Kind(shape, try kind(inputs).dtype)] }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            let parts = starts.indices.map { axis -> Index in
                let start = starts[axis], step = steps[axis], count = counts[axis]
                guard count > 0 else { return .slice(start: 0, stop: 0, step: 1) }
                // Counted backwards, an end before the first position is written as none.
                let end = start + step * count
                return .slice(start: start, stop: end < 0 ? nil : end, step: step)
            }
            return [try x.index(parts).reshape(shape.array)]
        }
    }

    /// Tensors one after the other along a dimension.
    public struct Concatenation: Form {
        /// The dimension.
        public let dim: Int

        /// Along a dimension.
        public init(dim: Int) { self.dim = dim }

        package var name: String { "cat" }
        package var int8: Int8Form? { .sum }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let parts = try inputs.indices.map { try kind(inputs, $0) }
            guard let first = parts.first else { throw TensorError.noTensors(function: name) }
            let dtype = parts.reduce(first.dtype) { DType.promote($0, $1.dtype) }
            let size = parts.reduce(0) { $0 + $1.shape[dim] }
            return [Kind(try Shape(first.shape.replacing(dim, with: size), for: name), dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try Tensor.cat(try inputs.indices.map { try tensor(inputs, $0) }, dim: dim)]
        }
    }

    /// A border of one value at one dimension; negative widths cut off.
    public struct Padding: Form {
        /// The dimension.
        public let dim: Int
        /// How many before.
        public let before: Int
        /// How many behind.
        public let after: Int
        /// What is filled in.
        public let value: Double

        /// A border.
        public init(dim: Int, before: Int, after: Int, value: Double) {
            (self.dim, self.before, self.after, self.value) = (dim, before, after, value)
        }

        package var name: String { "pad" }
        package var int8: Int8Form? { value == 0 ? .order : nil }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            return [Kind(try Shape(x.shape.replacing(dim, with: x.shape[dim] + before + after), for: name), x.dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            let widths = [Int](repeating: 0, count: 2 * (x.rank - 1 - dim)) + [before, after]
            return [try x.pad(widths, value: value)]
        }
    }

    /// A matrix with zeros on one side of a diagonal.
    public struct Triangle: Form {
        /// Whether what is above the diagonal stays.
        public let upper: Bool
        /// Which diagonal.
        public let diagonal: Int

        /// One side of a diagonal.
        public init(upper: Bool, diagonal: Int) { (self.upper, self.diagonal) = (upper, diagonal) }

        package var name: String { upper ? "triu" : "tril" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            return [upper ? try x.triu(diagonal: diagonal) : try x.tril(diagonal: diagonal)]
        }
    }
}
