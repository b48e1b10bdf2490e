import CKernels

extension Tensor {
    /// Rows of this matrix [entries, features] by number, as `torch.nn.functional.embedding`.
    /// - Parameters:
    ///   - indices: Integers of any shape in 0 ..< entries.
    ///   - paddingIndex: An entry that gets no gradient.
    /// - Returns: The shape of `indices` followed by the number of features.
    /// - Throws: `TensorError` for indices that are not integers or out of range.
    public func embedding(_ indices: Tensor, paddingIndex: Int? = nil) throws -> Tensor {
        let name = "embedding"
        guard rank == 2 else {
            throw TensorError.wrongShape(name, shape, expected: "a weight of [entries, features]", argument: 1)
        }
        guard indices.dtype == .int64 || indices.dtype == .uint8 else {
            throw TensorError.wrongDType(name, indices.dtype, expected: "integer indices")
        }
        let entries = shape[0], features = shape[1]
        var padding = paddingIndex
        if let index = paddingIndex {
            guard index >= -entries && index < entries else {
                throw TensorError.indexOutOfRange(name, index: index, size: entries, dim: 0)
            }
            padding = index < 0 ? index + entries : index
        }
        let target = try Shape(indices.shape.array + [features], for: name)
        if let lowest = indices.count > 0 ? try indices.min().item().integer : nil, lowest < 0 {
            throw TensorError.wrongValue(
                name, argument: "indices", value: "\(lowest)", expected: "in 0 … \(entries - 1)")
        }
        let rows = try Kernels.wrapped(indices.values, size: entries, dim: 0, name: name)
        let out = try Kernels.take(values, rows, outer: 1, n: entries, inner: features, target)
        return isRecorded ? Tensor(out, EmbeddingOperation(self, rows, padding)) : Tensor(out)
    }
}

/// The gradients of equal indices add up in their row.
private final class EmbeddingOperation: Operation {
    private let rows: Values, padding: Int?, shape: Shape
    override class var name: String { "embedding" }

    init(_ weight: Tensor, _ rows: Values, _ padding: Int?) {
        self.rows = rows
        self.padding = padding
        shape = weight.shape
        super.init(weight)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let out = try Kernels.filled(shape, gradient.dtype, 0)
        Kernels.takeAdd(gradient, rows, outer: 1, n: shape[0], inner: shape[1], into: out)
        if let padding { Kernels.fill(out.part(at: padding * shape[1], Shape(shape[1])), 0) }
        try send(out, to: 0, walk)
    }
}
