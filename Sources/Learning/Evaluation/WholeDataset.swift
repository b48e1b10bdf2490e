import Base
import Data
import Tensors

/// Where the values that a network gives for tokens have a dimension of positions: found by giving it one text at two widths.
///
/// A batch of texts is as wide as its longest one; values of different batches have rows in common after their positions were
/// filled up to the width of the dataset, and values of the dataset are those of a batch after what it lacks was cut off.
public struct TokenPositions {
    /// The dimensions of positions, for each value.
    let dimensions: [[Int]]
    /// Whether a value without positions is another one when more padding stands behind the text.
    let dependsOnPadding: Bool
    private let isLeftPadded: Bool

    /// Nil where every batch is as wide as the dataset.
    ///
    /// - Parameter values: what is asked of the network for a batch.
    /// - Throws: what `values` throws.
    public init?(_ dataset: Dataset, values: (Batch) throws -> [Tensor]) throws {
        guard let (narrow, wide) = try dataset.paddingProbe() else { return nil }
        let (a, b) = (try values(narrow), try values(wide))
        var depends = false
        dimensions = try zip(a, b).map { a, b in
            guard a.rank == b.rank else { return [] }
            let positions = a.shape.array.indices.filter { a.shape[$0] != b.shape[$0] }
            if positions.isEmpty, a.dtype.isFloating {
                depends = try depends || !a.detach().allclose(b.detach(), rtol: 1e-3, atol: 1e-4)
            }
            return positions
        }
        dependsOnPadding = depends
        isLeftPadded = dataset.tokens?.isLeftPadded ?? false
    }

    /// The values of a batch with positions as the dataset has them; zeros where the batch has none.
    public func filled(_ value: Tensor, _ index: Int, of batch: Batch) throws -> Tensor {
        guard let width = batch.tokenWidth else { return value }
        return try dimensions[index].reduce(value) { value, dim in
            var shape = value.shape.array
            guard shape[dim] == width.own else { return value }
            shape[dim] = width.full - width.own
            let rest = try Tensor.zeros(shape, dtype: value.dtype)
            return try Tensor.cat(isLeftPadded ? [rest, value] : [value, rest], dim: dim)
        }
    }

    /// Values with the positions of the dataset as the batch has them.
    public func cut(_ value: Tensor, _ index: Int, to batch: Batch) throws -> Tensor {
        guard let width = batch.tokenWidth else { return value }
        return try dimensions[index].reduce(value) { value, dim in
            guard value.shape[dim] == width.full else { return value }
            return try value.narrow(
                dim: dim, start: isLeftPadded ? width.full - width.own : 0, length: width.own)
        }
    }
}

extension Dataset {
    /// Values of a network for every example, [N, …] each, in the order of the dataset.
    ///
    /// Texts are taken by length, so that little padding is computed.
    ///
    /// - Parameter values: the values for a batch.
    /// - Throws: what `values` throws; ``TensorError/interrupted`` when the user asks to stop.
    public func collected(batchSize: Int, _ values: (Batch) throws -> [Tensor]) throws -> [Tensor] {
        let plain = try withoutAugmentation()
        let positions = try TokenPositions(plain, values: values)
        // A text has as many rows in a network as tokens.
        let size = plain.tokens == nil ? batchSize : max(1, min(batchSize, 16_384 / max(1, plain.tokenWidth ?? 1)))
        let order = positions == nil ? nil : plain.tokens?.rowsByLength
        let batches = try Batches(plain, size: size, rows: order)
        var parts: [[Tensor]] = []
        for position in 0..<batches.count {
            if position > 0 { try Interrupt.check() }
            let batch = try batches.batch(position)
            let own = try values(batch)
            if parts.isEmpty { parts = own.map { _ in [] } }
            for (index, value) in own.enumerated() {
                parts[index].append(try positions.map { try $0.filled(value, index, of: batch) } ?? value)
            }
        }
        let places = try order.map { try Tensor($0.inverted, shape: [$0.count]) }
        return try parts.map { parts in
            let all = parts.count == 1 ? parts[0] : try Tensor.concatenated(parts)
            return try places.map { try all.rows(at: $0) } ?? all
        }
    }
}

extension Module {
    /// What is to be said of a network whose answer for a text depends on how much padding stands behind it: then it depends
    /// on which texts share a batch.
    ///
    /// - Throws: what the network throws.
    public final func paddingNote(on dataset: Dataset) throws -> String? {
        let probe = try inEvaluation(self) { try TokenPositions(dataset) { [try self($0)] } }
        guard probe?.dependsOnPadding == true else { return nil }
        return "gives other numbers for a text when padding stands behind it: its forward does not use attention_mask. "
            + "tokenize(…, padding=\(dataset.tokenWidth ?? 0)) gives every batch the same"
    }
}

extension [Int] {
    /// For an order, where each row stands in it.
    fileprivate var inverted: [Int] {
        var places = self
        for (place, row) in enumerated() { places[row] = place }
        return places
    }
}
