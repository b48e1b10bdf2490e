import Tensors

/// Sizes of feature maps [B, C, H, W]: averaging down and interpolating up, both as products with small matrices.
enum Maps {
    /// The map with another height and width: averaged where it shrinks (as adaptive average pooling), bilinear where it
    /// grows.
    static func resized(_ x: Tensor, to target: [Int]) throws -> Tensor {
        guard x.rank == 4, target.count == 2 else { return x }
        var x = x
        let (batch, channels) = (x.shape[0], x.shape[1])
        if x.shape[3] != target[1] { x = try x.matmul(matrix(x.shape[3], target[1], x.dtype)) }
        if x.shape[2] != target[0] {
            let rows = try matrix(x.shape[2], target[0], x.dtype).transposed()
            let flat = try x.reshape([batch * channels, x.shape[2], target[1]])
            x = try rows.matmul(flat).reshape([batch, channels, target[0], target[1]])
        }
        return x
    }

    /// [from, to]: column j holds the shares that input positions have in output position j.
    private static func matrix(_ from: Int, _ to: Int, _ dtype: DType) throws -> Tensor {
        var shares = [Double](repeating: 0, count: from * to)
        for column in 0..<to {
            if to < from {
                let start = column * from / to
                let end = ((column + 1) * from + to - 1) / to
                for row in start..<end { shares[row * to + column] = 1 / Double(end - start) }
            } else {
                let center = max(0, (Double(column) + 0.5) * Double(from) / Double(to) - 0.5)
                let low = min(from - 1, Int(center))
                let fraction = center - Double(low)
                shares[low * to + column] += 1 - fraction
                shares[min(from - 1, low + 1) * to + column] += fraction
            }
        }
        return try Tensor(shares, shape: [from, to]).to(dtype)
    }

    /// Both maps at the smaller height and width of the two.
    static func toCommonSize(_ a: Tensor, _ b: Tensor) throws -> (Tensor, Tensor) {
        guard a.rank == 4, b.rank == 4 else { return (a, b) }
        let size = [min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])]
        return (try resized(a, to: size), try resized(b, to: size))
    }

    /// [B, C, …] → [B, C, positions]; [B, C] has one position.
    static func flattened(_ x: Tensor) throws -> Tensor {
        guard x.rank >= 2 else { return try x.reshape([x.count, 1, 1]) }
        let (batch, channels) = (x.shape[0], x.shape[1])
        return try x.reshape([batch, channels, x.shape.array.dropFirst(2).reduce(1, *)])
    }
}
