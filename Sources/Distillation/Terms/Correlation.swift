import Tensors

/// Correlations of rows.
enum Correlation {
    /// ‖x‖ per row of [N, D] with a derivative of 0 at 0.
    static func norm(_ x: Tensor, dim: Int = 1) throws -> Tensor {
        let squares = try x.square().sum(dims: [dim], keepdim: true)
        let zero = try squares.eq(0)
        return try squares.maskedFill(zero, 1).sqrt().maskedFill(zero, 0)
    }

    /// Pearson's ρ of the rows of a and b, [N, 1]: (a·b)/(‖a‖‖b‖ + ε) of the centred rows; 0 for constant rows.
    static func ofRows(_ a: Tensor, _ b: Tensor, epsilon: Double = 1e-8) throws -> Tensor {
        let left = try a - a.mean(dims: [1], keepdim: true)
        let right = try b - b.mean(dims: [1], keepdim: true)
        let product = try (left * right).sum(dims: [1], keepdim: true)
        return try product / (norm(left) * norm(right) + Scalar(epsilon))
    }
}
