import Tensors

extension Tensor {
    /// The rows of a range of the first dimension.
    package func rows(_ range: Range<Int>) throws -> Tensor {
        try narrow(dim: 0, start: range.lowerBound, length: range.count)
    }

    /// The rows at int64 positions of the first dimension.
    package func rows(at index: Tensor) throws -> Tensor { try indexSelect(dim: 0, index) }

    /// Tensors one after another along the first dimension.
    package static func concatenated(_ tensors: [Tensor]) throws -> Tensor { try cat(tensors, dim: 0) }

    /// 0 ..< count.
    static func indices(_ count: Int) throws -> Tensor { try arange(.int(count)) }

    /// 0 ..< count in an order drawn from the shuffling stream.
    static func shuffledIndices(_ count: Int) throws -> Tensor { try Tensor(Randomness.permutation(count, .shuffling)) }

    /// Every element times a number.
    package func scaled(by factor: Double) throws -> Tensor { try self * Scalar(factor) }
}
