import Learning
import Tensors

/// What the modules of terms are built of: convolutions for maps, the same as products for rows.
enum MapLayers {
    /// [B, D] as maps [B, D, 1, 1]; maps as they are.
    ///
    /// - Throws: ``DistillationError/feature(term:problem:)`` for other ranks.
    static func maps(_ x: Tensor, for term: String) throws -> Tensor {
        if x.rank == 4 { return x }
        guard x.rank == 2 else {
            throw DistillationError.feature(
                term: term, problem: "needs maps [B, C, H, W] or rows [B, D], given \(x.shape)")
        }
        return try x.reshape([x.shape[0], x.shape[1], 1, 1])
    }

    /// The kernel for maps of a shape: on a single position all but the centre of a larger one would multiply zeros.
    static func kernel(_ size: Int, for shape: [Int]) -> Int { shape.suffix(2) == [1, 1] ? 1 : size }

    /// Runs a module of a term; a batch of one value a channel, which has no variance, is normalised as in evaluation.
    static func run(_ module: Module, _ x: Tensor) throws -> Tensor {
        guard module.isTraining, x.rank >= 2, x.count == x.shape[1] else { return try module(x) }
        module.eval()
        defer { module.train() }
        return try module(x)
    }
}
