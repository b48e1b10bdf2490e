import Tensors

/// Images enlarged (or made smaller) to a size or by a factor.
public final class Upsample: Module, ClosedModule {
    /// The height and width to reach, if that is given.
    public let size: Pair?
    /// The factor, if that is given.
    public let scale: Double?
    /// Nearest element or bilinear.
    public let mode: Tensor.Interpolation
    /// Whether the corners keep their places.
    public let alignCorners: Bool

    /// A layer with a size or a factor.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless one of both is given.
    public init(
        size: Pair? = nil, scale: Double? = nil, mode: Tensor.Interpolation = .nearest, alignCorners: Bool = false
    )
        throws
    {
        guard (size == nil) != (scale == nil) else {
            throw ModuleError.argument(layer: "Upsample", problem: "needs either size or scale_factor")
        }
        (self.size, self.scale, self.mode, self.alignCorners) = (size, scale, mode, alignCorners)
        super.init()
    }

    /// What was given.
    public override var options: String {
        let target = size.map { "size=\($0)" } ?? scale.map { "scale_factor=\($0)" } ?? ""
        return target + (mode == .nearest ? "" : ", mode=\"\(mode.rawValue)\"")
            + (alignCorners ? ", align_corners=true" : "")
    }

    /// x [N, C, H, W] → [N, C, H', W'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.interpolate(size: size, scaleFactor: scale, mode: mode, alignCorners: alignCorners)
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try Upsample(size: size, scale: scale, mode: mode, alignCorners: alignCorners)
    }
}

/// Channels laid out as pixels: [N, C·r², H, W] → [N, C, H·r, W·r] (Shi et al., 2016).
public final class PixelShuffle: Module, ClosedModule {
    /// r.
    public let factor: Int

    /// - Throws: ``ModuleError/argument(layer:problem:)`` for a factor below 1.
    public init(_ factor: Int) throws {
        guard factor > 0, factor <= 1 << 15 else {
            throw ModuleError.argument(
                layer: "PixelShuffle", problem: "upscale_factor must lie in 1…32768, given \(factor)")
        }
        self.factor = factor
        super.init()
    }

    /// r.
    public override var options: String { "\(factor)" }

    /// x [N, C·r², H, W] → [N, C, H·r, W·r].
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 4, x.shape[1].isMultiple(of: factor * factor) else {
            throw ModuleError.input(
                layer: "PixelShuffle",
                problem: "expected [N, C, H, W] with C a multiple of \(factor * factor), given \(x.shape)", help: nil)
        }
        let (n, channels, height, width) = (x.shape[0], x.shape[1] / (factor * factor), x.shape[2], x.shape[3])
        return try x.reshape([n, channels, factor, factor, height, width]).permute([0, 1, 4, 2, 5, 3])
            .reshape([n, channels, height * factor, width * factor])
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { try PixelShuffle(factor) }
}

/// Zeros around images.
public final class ZeroPad2d: Module, ClosedModule {
    /// How many on the left, on the right, above and below.
    public let padding: [Int]

    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless there are one or four numbers.
    public init(_ padding: [Int]) throws {
        guard padding.count == 1 || padding.count == 4 else {
            throw ModuleError.argument(
                layer: "ZeroPad2d", problem: "takes one number or [left, right, top, bottom], given \(padding)")
        }
        self.padding = padding.count == 1 ? Array(repeating: padding[0], count: 4) : padding
        super.init()
    }

    /// The numbers.
    public override var options: String {
        Set(padding).count == 1 ? "\(padding[0])" : "\(padding)"
    }

    /// x [N, C, H, W] → [N, C, H + top + bottom, W + left + right].
    public override func forward(_ x: Tensor) throws -> Tensor { try x.pad(padding) }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { try ZeroPad2d(padding) }
}

/// One dimension split into several.
public final class Unflatten: Module, ClosedModule {
    /// The dimension that is split.
    public let dim: Int
    /// The sizes that it is split into; one may be −1.
    public let sizes: [Int]

    /// A layer that splits a dimension.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for no sizes, or more than one that is open.
    public init(_ dim: Int, _ sizes: [Int]) throws {
        guard !sizes.isEmpty, sizes.count(where: { $0 == -1 }) <= 1, sizes.allSatisfy({ $0 >= -1 }) else {
            throw ModuleError.argument(
                layer: "Unflatten", problem: "needs sizes of which at most one is -1, given \(sizes)")
        }
        (self.dim, self.sizes) = (dim, sizes)
        super.init()
    }

    /// The dimension and the sizes.
    public override var options: String { "\(dim), \(sizes)" }

    /// [B, C·H·W] → [B, C, H, W], for example.
    public override func forward(_ x: Tensor) throws -> Tensor {
        let place = dim < 0 ? dim + x.rank : dim
        guard (0..<x.rank).contains(place) else {
            throw ModuleError.input(layer: "Unflatten", problem: "has no dimension \(dim), given \(x.shape)", help: nil)
        }
        let known = sizes.filter { $0 != -1 }.reduce(1, *)
        let fits = sizes.contains(-1) ? known > 0 && x.shape[place].isMultiple(of: known) : known == x.shape[place]
        guard fits else {
            throw ModuleError.input(
                layer: "Unflatten", problem: "\(x.shape[place]) cannot be split into \(sizes)", help: nil)
        }
        let split = sizes.map { $0 == -1 ? x.shape[place] / Swift.max(1, known) : $0 }
        return try x.reshape(Array(x.shape.array[..<place]) + split + Array(x.shape.array[(place + 1)...]))
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { try Unflatten(dim, sizes) }
}
