import Data
import Tensors

/// The rows of a batch of sequences that count: logits [B, L, K] become one row for each valid position.
struct ValidRows {
    private let shape: [Int]
    private let positions: Tensor?

    init(_ batch: Batch) throws {
        shape = batch.mask?.shape.array ?? []
        positions = try batch.mask.map { mask in
            let valid = try mask.booleans().enumerated().filter(\.element).map(\.offset)
            return try Tensor(valid)
        }
    }

    private func chosen(_ x: Tensor, keeping rest: [Int]) throws -> Tensor {
        guard let positions else { return x }
        return try x.reshape([shape.reduce(1, *)] + rest).rows(at: positions)
    }

    func logits(_ x: Tensor) throws -> Tensor {
        if positions == nil, x.rank > 2, let classes = x.shape.last {
            return try x.reshape([x.count / max(1, classes), classes])
        }
        guard positions != nil, x.shape.array.starts(with: shape) else { return x }
        return try chosen(x, keeping: Array(x.shape.array.dropFirst(shape.count)))
    }

    func feature(_ x: Tensor) throws -> Tensor {
        guard positions != nil, x.shape.array.starts(with: shape) else { return x }
        return try chosen(x, keeping: Array(x.shape.array.dropFirst(shape.count)))
    }

    func labels(_ y: Tensor) throws -> Tensor {
        if positions == nil, y.rank > 1, !y.dtype.isFloating { return try y.reshape([y.count]) }
        guard positions != nil, y.shape.array.starts(with: shape) else { return y }
        return try chosen(y, keeping: Array(y.shape.array.dropFirst(shape.count)))
    }
}
