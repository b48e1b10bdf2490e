import Tensors

/// The largest value of each window of an image.
public final class MaxPool2d: Module, ClosedModule {
    /// The size of the window.
    public let kernel: Pair
    /// The step between windows.
    public let stride: Pair
    /// Cells added on every side that never win.
    public let padding: Pair
    /// The step between the cells of a window.
    public let dilation: Pair
    /// Whether a window that hangs over the end counts.
    public let ceilMode: Bool

    /// Windows of `kernel`, side by side unless a stride is given.
    public init(_ kernel: Pair, stride: Pair? = nil, padding: Pair = 0, dilation: Pair = 1, ceilMode: Bool = false) {
        self.kernel = kernel
        self.stride = stride ?? kernel
        (self.padding, self.dilation, self.ceilMode) = (padding, dilation, ceilMode)
        super.init()
    }

    /// The size and whatever differs from the defaults.
    public override var options: String {
        "\(kernel)" + (stride == kernel ? "" : ", stride=\(stride)") + (padding == 0 ? "" : ", padding=\(padding)")
            + (dilation == 1 ? "" : ", dilation=\(dilation)") + (ceilMode ? ", ceil_mode=true" : "")
    }

    /// x [N, C, H, W] → [N, C, H', W'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.maxPool2d(kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        MaxPool2d(kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
}

/// The mean of each window of an image.
public final class AvgPool2d: Module, ClosedModule {
    /// The size of the window.
    public let kernel: Pair
    /// The step between windows.
    public let stride: Pair
    /// Zeros added on every side.
    public let padding: Pair
    /// Whether a window that hangs over the end counts.
    public let ceilMode: Bool
    /// Whether the padding counts in the mean.
    public let countIncludePad: Bool

    /// Windows of `kernel`, side by side unless a stride is given.
    public init(
        _ kernel: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false, countIncludePad: Bool = true
    ) {
        self.kernel = kernel
        self.stride = stride ?? kernel
        (self.padding, self.ceilMode, self.countIncludePad) = (padding, ceilMode, countIncludePad)
        super.init()
    }

    /// The size and whatever differs from the defaults.
    public override var options: String {
        "\(kernel)" + (stride == kernel ? "" : ", stride=\(stride)") + (padding == 0 ? "" : ", padding=\(padding)")
            + (ceilMode ? ", ceil_mode=true" : "") + (countIncludePad ? "" : ", count_include_pad=false")
    }

    /// x [N, C, H, W] → [N, C, H', W'].
    public override func forward(_ x: Tensor) throws -> Tensor {
        try x.avgPool2d(kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        AvgPool2d(kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
    }
}

/// Means over a grid of windows that cover the image.
public final class AdaptiveAvgPool2d: Module, ClosedModule {
    /// Height and width of the result.
    public let size: Pair

    /// A result of the given size, whatever the image's.
    public init(_ size: Pair) {
        self.size = size
        super.init()
    }

    /// The size.
    public override var options: String { "\(size)" }

    /// x [N, C, H, W] → [N, C, size, size].
    public override func forward(_ x: Tensor) throws -> Tensor { try x.adaptiveAvgPool2d(size) }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { AdaptiveAvgPool2d(size) }
}

/// The largest values of a grid of windows that cover the image.
public final class AdaptiveMaxPool2d: Module, ClosedModule {
    /// Height and width of the result.
    public let size: Pair

    /// A result of the given size, whatever the image's.
    public init(_ size: Pair) {
        self.size = size
        super.init()
    }

    /// The size.
    public override var options: String { "\(size)" }

    /// x [N, C, H, W] → [N, C, size, size].
    public override func forward(_ x: Tensor) throws -> Tensor {
        guard x.rank == 4, x.count > 0, size.height > 0, size.width > 0 else {
            throw ModuleError.input(
                layer: "AdaptiveMaxPool2d",
                problem: "expected images [N, C, H, W] and a size of at least 1, given "
                    + "\(x.shape) and \(size)", help: nil)
        }
        return try Self.largest(Self.largest(x, dim: 2, size.height), dim: 3, size.width)
    }

    /// The largest values of `count` windows along a dimension; what lies in a window of both is the largest of rows first.
    private static func largest(_ x: Tensor, dim: Int, _ count: Int) throws -> Tensor {
        let length = x.shape[dim]
        let parts = try (0..<count).map { index in
            let start = index * length / count, end = ((index + 1) * length + count - 1) / count
            return try x.narrow(dim: dim, start: start, length: end - start).amax(dims: [dim], keepdim: true)
        }
        return try Tensor.cat(parts, dim: dim)
    }

    /// The same layer again.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module { AdaptiveMaxPool2d(size) }
}
