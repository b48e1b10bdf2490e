extension Graph {
    /// Positions of a dimension: the index's dimensions take the place of that one.
    public struct IndexSelect: Form {
        /// The dimension.
        public let dim: Int

        /// Along a dimension.
        public init(dim: Int) { self.dim = dim }

        package var name: String { "index_select" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs), index = try kind(inputs, 1)
            return [Kind(try IndexSelect.shape(x.shape, dim, index.shape), x.dtype)]
        }

        static func shape(_ x: Shape, _ dim: Int, _ index: Shape) throws -> Shape {
            try Shape(Array(x[0..<dim]) + index.array + Array(x[(dim + 1)...]), for: "index_select")
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try tensor(inputs).picking(dim: dim, try tensor(inputs, 1))]
        }
    }

    /// Elements chosen along a dimension, one for each element of the index.
    public struct Gather: Form {
        /// The dimension.
        public let dim: Int

        /// Along a dimension.
        public init(dim: Int) { self.dim = dim }

        package var name: String { "gather" }
        package var int8: Int8Form? { .order }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            [Kind(try kind(inputs, 1).shape, try kind(inputs).dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            [try tensor(inputs).gather(dim: dim, index: try tensor(inputs, 1))]
        }
    }

    /// The k largest or smallest along a dimension in order, and their positions.
    public struct TopK: Form {
        /// How many.
        public let k: Int
        /// The dimension.
        public let dim: Int
        /// Whether the largest.
        public let largest: Bool

        /// So many along a dimension.
        public init(k: Int, dim: Int, largest: Bool) { (self.k, self.dim, self.largest) = (k, dim, largest) }

        package var name: String { "topk" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            let shape = x.shape.replacing(dim, with: k)
            return [Kind(shape, x.dtype), Kind(shape, .int64)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let found = try tensor(inputs).topk(k, dim: dim, largest: largest)
            return [found.values, found.indices]
        }
    }

    /// Sums of the elements up to each position.
    public struct CumulativeSum: Form {
        /// The dimension.
        public let dim: Int

        /// Along a dimension.
        public init(dim: Int) { self.dim = dim }

        package var name: String { "cumsum" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }
        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] { [try tensor(inputs).cumsum(dim: dim)] }
    }

    /// Dimensions brought together to one number each.
    public struct Reduction: Form {
        /// How.
        public enum Function: Hashable, Sendable {
            case sum, mean, prod, amax, amin, argmax, argmin, any, all, logsumexp
            /// (Σ |x|ᵖ)^(1/p)
            case norm(p: Double)
            /// Σ (x - mean)² / (n - correction)
            case variance(correction: Double)

            var name: String {
                switch self {
                case .sum: "sum"
                case .mean: "mean"
                case .prod: "prod"
                case .amax: "amax"
                case .amin: "amin"
                case .argmax: "argmax"
                case .argmin: "argmin"
                case .any: "any"
                case .all: "all"
                case .logsumexp: "logsumexp"
                case .norm: "norm"
                case .variance: "var"
                }
            }
        }

        /// Which.
        public let function: Function
        /// Over which dimensions.
        public let dims: [Int]
        /// Whether they stay, with size 1.
        public let keepdim: Bool

        /// Over dimensions.
        public init(_ function: Function, dims: [Int], keepdim: Bool) {
            (self.function, self.dims, self.keepdim) = (function, dims, keepdim)
        }

        package var name: String { function.name }

        package func results(_ inputs: [Argument?]) throws -> [Kind] {
            let x = try kind(inputs)
            let dtype: DType =
                switch function {
                case .argmax, .argmin: .int64
                case .any, .all: .bool
                case .sum, .prod: x.dtype.isFloating ? x.dtype : .int64
                default: x.dtype
                }
            let reduced = try x.shape.dimensions(dims, for: name)
            var shape = Shape()
            for d in 0..<x.shape.rank {
                if !reduced.contains(d) { shape.add(x.shape[d]) } else if keepdim { shape.add(1) }
            }
            return [Kind(shape, dtype)]
        }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            let some = dims.isEmpty ? nil : dims
            switch function {
            case .sum: return [try x.sum(dims: some, keepdim: keepdim)]
            case .mean: return [try x.mean(dims: some, keepdim: keepdim)]
            case .prod: return [try x.prod(dim: dims.first ?? 0, keepdim: keepdim)]
            case .amax: return [try x.amax(dims: some, keepdim: keepdim)]
            case .amin: return [try x.amin(dims: some, keepdim: keepdim)]
            case .argmax: return [try x.argmax(dim: dims.first ?? 0, keepdim: keepdim)]
            case .argmin: return [try x.argmin(dim: dims.first ?? 0, keepdim: keepdim)]
            case .any: return [try x.any(dim: dims.count == 1 ? dims[0] : nil, keepdim: keepdim)]
            case .all: return [try x.all(dim: dims.count == 1 ? dims[0] : nil, keepdim: keepdim)]
            case .logsumexp: return [try x.logsumexp(dims: dims, keepdim: keepdim)]
            case .norm(let p): return [try x.norm(p: p, dims: some, keepdim: keepdim)]
            case .variance(let correction):
                return [try x.var(dims: some, correction: correction, keepdim: keepdim)]
            }
        }
    }

    /// eˣ / Σ eˣ along a dimension, or its logarithm.
    public struct Softmax: Form {
        /// The dimension.
        public let dim: Int
        /// Whether the logarithm is taken.
        public let logarithm: Bool

        /// Along a dimension.
        public init(dim: Int, logarithm: Bool) { (self.dim, self.logarithm) = (dim, logarithm) }

        package var name: String { logarithm ? "log_softmax" : "softmax" }

        package func results(_ inputs: [Argument?]) throws -> [Kind] { [try kind(inputs)] }

        package func evaluate(_ inputs: [Operand?]) throws -> [Tensor] {
            let x = try tensor(inputs)
            return [logarithm ? try x.logSoftmax(dim: dim) : try x.softmax(dim: dim)]
        }
    }
}
