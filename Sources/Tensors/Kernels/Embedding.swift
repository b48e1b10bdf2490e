import CKernels

extension Tensor {
    /// An exact t-SNE under way: points of few dimensions whose neighbourhoods come to resemble those of given points.
    package struct NeighbourEmbedding {
        private let affinities: Values
        private let positions: Values
        private let attraction: Values
        private let repulsion: Values
        private let scratch: Values
        private let count: Int
        private let dimensions: Int

        /// - Parameters:
        ///   - distances: squared distances, float32 [N, N].
        ///   - start: positions, [N, D] with D of 1 to 3.
        /// - Throws: a limit error when memory is short.
        package init(squaredDistances distances: Tensor, perplexity: Double, start: Tensor) throws {
            let count = start.shape[0]
            self.count = count
            dimensions = start.shape[1]
            let pairs = try Shape([count, count])
            let conditional = try Values(pairs, .float32)
            let source = try distances.to(.float32).values.rowMajor()
            withExtendedLifetime(source.storage) {
                ck_affinities(
                    source.raw.assumingMemoryBound(to: Float.self), Int64(count), perplexity,
                    conditional.raw.assumingMemoryBound(to: Float.self))
            }
            let oneWay = Tensor(conditional)
            affinities = try ((oneWay + oneWay.transposed()) * Scalar(1 / Double(2 * Swift.max(1, count)))).values
            positions = try start.to(.float32).transposed().clone().values.rowMajor()
            attraction = try Values(positions.shape, .float32)
            repulsion = try Values(positions.shape, .float32)
            scratch = try Values(Shape(count), .float64)
        }

        /// dKL/dy at the current positions, [D, N], where the affinities count `exaggeration` times.
        package func gradient(exaggeration: Double) throws -> Tensor {
            let total = pairs()
            let pull = Tensor(attraction), push = Tensor(repulsion)
            return try pull * Scalar(4 * exaggeration) - push * Scalar(4 / Swift.max(total, 1e-300))
        }

        private func pairs() -> Double {
            ck_tsne_forces(
                affinities.raw.assumingMemoryBound(to: Float.self), positions.raw.assumingMemoryBound(to: Float.self),
                Int64(count), Int32(dimensions), attraction.raw.assumingMemoryBound(to: Float.self),
                repulsion.raw.assumingMemoryBound(to: Float.self), scratch.raw.assumingMemoryBound(to: Double.self))
        }

        /// KL(P ‖ Q) at the current positions.
        package func divergence() -> Double {
            let total = pairs()
            return ck_tsne_divergence(
                affinities.raw.assumingMemoryBound(to: Float.self), positions.raw.assumingMemoryBound(to: Float.self),
                Int64(count), Int32(dimensions), total, scratch.raw.assumingMemoryBound(to: Double.self))
        }

        /// Moves every point, [D, N], and keeps their mean at 0.
        package func move(by step: Tensor) throws {
            let moved = try Tensor(positions) + step
            try positions.write((moved - moved.mean(dims: [1], keepdim: true)).values)
        }

        /// The positions, [N, D].
        package func embedding() throws -> Tensor { try Tensor(positions).transposed().clone() }
    }

    /// A mark of shape, dtype and elements: equal tensors have equal marks, others almost surely not.
    package func fingerprint(_ seed: UInt64 = 0) -> UInt64 {
        let header = shape.array.reduce(seed &+ UInt64(dtype.rawValue)) { ($0 &* 0x100_0000_01B3) ^ UInt64($1) }
        return withBytes { ck_fingerprint($0.baseAddress, $0.count, header) }
    }
}
