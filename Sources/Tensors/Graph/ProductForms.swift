extension Graph {
    /// x Wᵀ + b over the last dimension, then max(·, 0) if asked. Inputs: x, weight, bias or none.
    public struct Linear: Form {
        /// Whether max(·, 0) follows.
        public let relu: Bool

        /// With or without ReLU behind it.
        public init(relu: Bool = false) { self.relu = relu }

        package var name: String { "linear" }
        package var int8: Int8Form? { .product }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs), weight = try kind(inputs, 1)
            guard x.shape.rank > 0, weight.shape.rank == 2, x.shape[x.shape.rank - 1] == weight.shape[1] else {
                throw TensorError.innerSizesDiffer(function: name, left: x.shape, right: weight.shape)
            }
            return [Kind(x.shape.replacing(x.shape.rank - 1, with: weight.shape[0]), x.dtype)]
        }

        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            guard let result = results.first, let weight = try? kind(inputs, 1) else { return 0 }
            return result.shape.elementCount &* (2 &* weight.shape[1] &+ (has(inputs, 2) ? 1 : 0))
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try tensor(inputs).linear(try tensor(inputs, 1), bias: optional(inputs, 2), relu: relu)]
        }
    }

    /// The product of matrices, of vectors, and of batches of matrices.
    public struct MatrixProduct: Form {
        /// The only one.
        public init() {}

        package var name: String { "matmul" }
        package var int8: Int8Form? { .product }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let a = try kind(inputs), b = try kind(inputs, 1)
            guard a.shape.rank > 0, b.shape.rank > 0 else {
                throw TensorError.innerSizesDiffer(function: name, left: a.shape, right: b.shape)
            }
            return [Kind(try MatrixProductPlan(a.shape, b.shape, for: name).result, a.dtype)]
        }

        package func flops(_ inputs: [Argument?], _ results: [Kind]) -> Int {
            guard let result = results.first, let a = try? kind(inputs), let inner = a.shape.last else { return 0 }
            return 2 &* result.shape.elementCount &* inner
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try tensor(inputs).matmul(try tensor(inputs, 1))]
        }
    }
}
