import CKernels

extension Tensor {
    /// The largest value of each window of [N, C, H, W] or [C, H, W], as `torch.nn.functional.max_pool2d`.
    /// - Parameters:
    ///   - kernel: Size of the window.
    ///   - stride: Step between windows; the kernel's size unless given.
    ///   - padding: Cells added on every side that never win; at most half the kernel.
    ///   - dilation: Step between the cells of a window.
    ///   - ceilMode: Whether a window that hangs over the end counts.
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func maxPool2d(
        _ kernel: Pair, stride: Pair? = nil, padding: Pair = 0, dilation: Pair = 1, ceilMode: Bool = false
    ) throws -> Tensor {
        let name = "max_pool2d"
        if rank == 3 {
            return try unsqueeze(dim: 0).maxPool2d(
                kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode
            ).squeeze(dim: 0)
        }
        let pool = try PoolWindow(
            self, kernel, stride ?? kernel, padding, dilation, ceilMode: ceilMode, countsPadding: false, name)
        let recorded = isRecorded
        let out = try Values(forImages: pool.target, dtype)
        guard out.count > 0 else { return recorded ? Tensor(out, EmptyResult(self)) : Tensor(out) }
        let x = try values.forImages()
        let taps = recorded ? try Values(Shape(4 * out.count), .uint8) : nil
        let (n, c) = Kernels.images(shape)
        pool.withWindows { rows, columns in
            ck_max_pool(
                dtype.code, rows, columns, n, c, x.imagePointer, out.imagePointer,
                taps?.raw.assumingMemoryBound(to: Int32.self))
        }
        return (taps.map { Tensor(out, MaxPool(self, pool, $0)) } ?? Tensor(out))
            .traced(
                .maxPool(
                    Graph.MaxPool(
                        kernel: kernel, stride: stride ?? kernel, padding: padding, dilation: dilation,
                        isCeiled: ceilMode)), [operand])
    }

    /// The mean of each window of [N, C, H, W] or [C, H, W], as `torch.nn.functional.avg_pool2d`.
    /// - Parameters:
    ///   - kernel: Size of the window.
    ///   - stride: Step between windows; the kernel's size unless given.
    ///   - padding: Zeros added on every side; at most half the kernel.
    ///   - ceilMode: Whether a window that hangs over the end counts.
    ///   - countIncludePad: Whether the padding counts in the mean.
    ///   - divisorOverride: What to divide sums by instead of the window's size.
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func avgPool2d(
        _ kernel: Pair, stride: Pair? = nil, padding: Pair = 0, ceilMode: Bool = false, countIncludePad: Bool = true,
        divisorOverride: Int? = nil
    ) throws -> Tensor {
        let name = "avg_pool2d"
        if rank == 3 {
            return try unsqueeze(dim: 0).avgPool2d(
                kernel, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad,
                divisorOverride: divisorOverride
            ).squeeze(dim: 0)
        }
        guard divisorOverride != 0 else {
            throw TensorError.wrongValue(function: name, argument: "divisor_override", value: "0", expected: "not 0")
        }
        let pool = try PoolWindow(
            self, kernel, stride ?? kernel, padding, 1, ceilMode: ceilMode, countsPadding: countIncludePad, name)
        return try averaged(pool, divisorOverride)
            .traced(
                .averagePool(
                    Graph.AveragePool(
                        kernel: kernel, stride: stride ?? kernel, padding: padding, isCeiled: ceilMode,
                        countsPadding: countIncludePad, divisor: divisorOverride)), [operand])
    }

    /// Means over a grid of windows that cover the image, as `torch.nn.functional.adaptive_avg_pool2d`.
    /// - Parameter size: Height and width of the result; window i runs from ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉.
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func adaptiveAvgPool2d(_ size: Pair) throws -> Tensor {
        let name = "adaptive_avg_pool2d"
        if rank == 3 { return try unsqueeze(dim: 0).adaptiveAvgPool2d(size).squeeze(dim: 0) }
        return try averaged(try PoolWindow(self, adaptive: size, name), nil)
            .traced(.adaptiveAveragePool(Graph.AdaptiveAveragePool(size)), [operand])
    }

    private func averaged(_ pool: PoolWindow, _ divisor: Int?) throws -> Tensor {
        let out = try Values(forImages: pool.target, dtype)
        guard out.count > 0 else { return isRecorded ? Tensor(out, EmptyResult(self)) : Tensor(out) }
        let x = try values.forImages()
        let (n, c) = Kernels.images(shape)
        pool.withWindows { rows, columns in
            ck_avg_pool(
                dtype.code, rows, columns, Int64(divisor ?? 0), n, c, x.imagePointer, out.imagePointer)
        }
        return isRecorded ? Tensor(out, AveragePool(self, pool, divisor)) : Tensor(out)
    }
}

/// The windows of a pooling: for each output row and column, where its window begins and ends in the image.
private struct PoolWindow {
    struct Axis {
        var first: [Int64] = [], last: [Int64] = [], divisor: [Int64] = []
        var step: Int64 = 1
        var size = 0
    }
    let rows: Axis, columns: Axis
    let target: Shape

    private static func check(_ x: Tensor, _ name: String) throws {
        guard x.rank == 4, x.shape[2] > 0, x.shape[3] > 0 else {
            throw TensorError.wrongShape(
                function: name, shape: x.shape, expected: "[N, C, H, W] or [C, H, W] with an image that is not empty",
                argument: 0)
        }
        guard x.dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: x.dtype, expected: "a float tensor")
        }
    }

    init(
        _ x: Tensor, _ kernel: Pair, _ stride: Pair, _ padding: Pair, _ dilation: Pair, ceilMode: Bool,
        countsPadding: Bool,
        _ name: String
    ) throws {
        try Self.check(x, name)
        try kernel.check(name, "kernel_size", atLeast: 1)
        try stride.check(name, "stride", atLeast: 1)
        try padding.check(name, "padding", atLeast: 0)
        try dilation.check(name, "dilation", atLeast: 1)
        guard padding.height <= kernel.height / 2, padding.width <= kernel.width / 2 else {
            throw TensorError.wrongValue(
                function: name, argument: "padding", value: padding.description,
                expected: "at most half the kernel size \(kernel)")
        }
        func axis(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int) throws -> Axis {
            let reach = n + 2 * p - d * (k - 1) - 1
            guard reach >= 0 else {
                throw TensorError.wrongShape(
                    function: name, shape: x.shape,
                    expected:
                        "an image of at least \(d * (k - 1) + 1 - 2 * p) along each spatial dimension (kernel \(k), "
                        + "padding \(p))", argument: 0)
            }
            var count = (reach + (ceilMode ? s - 1 : 0)) / s + 1
            // The last window has to begin inside the image or its left padding.
            if ceilMode && (count - 1) * s >= n + p { count -= 1 }
            var axis = Axis(step: Int64(d), size: n)
            for o in 0..<count {
                let start = o * s - p
                let end = start + d * (k - 1) + 1
                let padded = Swift.min(end, n + p) - start
                let first = start < 0 ? start + (-start + d - 1) / d * d : start
                axis.first.append(Int64(first))
                axis.last.append(Int64(Swift.min(end, n)))
                axis.divisor.append(Int64(countsPadding ? padded : Swift.min(end, n) - first))
            }
            return axis
        }
        rows = try axis(x.shape[2], kernel.height, stride.height, padding.height, dilation.height)
        columns = try axis(x.shape[3], kernel.width, stride.width, padding.width, dilation.width)
        target = try Shape([x.shape[0], x.shape[1], rows.first.count, columns.first.count], for: name)
    }

    init(_ x: Tensor, adaptive size: Pair, _ name: String) throws {
        try Self.check(x, name)
        try size.check(name, "output_size", atLeast: 0)
        target = try Shape([x.shape[0], x.shape[1], size.height, size.width], for: name)
        // The result may be empty and the windows many all the same.
        try Memory.claim((size.height + size.width) * 3 * MemoryLayout<Int64>.size)
        func axis(_ n: Int, _ out: Int) -> Axis {
            var axis = Axis(size: n)
            axis.first.reserveCapacity(out)
            axis.last.reserveCapacity(out)
            axis.divisor.reserveCapacity(out)
            for o in 0..<out {
                let first = o * n / out, last = ((o + 1) * n + out - 1) / out
                axis.first.append(Int64(first))
                axis.last.append(Int64(last))
                axis.divisor.append(Int64(last - first))
            }
            return axis
        }
        rows = axis(x.shape[2], size.height)
        columns = axis(x.shape[3], size.width)
    }

    func withWindows(_ body: (UnsafePointer<ck_windows>, UnsafePointer<ck_windows>) -> Void) {
        Self.with(rows) { r in Self.with(columns) { c in body(r, c) } }
    }

    private static func with(_ axis: Axis, _ body: (UnsafePointer<ck_windows>) -> Void) {
        axis.first.withUnsafeBufferPointer { first in
            axis.last.withUnsafeBufferPointer { last in
                axis.divisor.withUnsafeBufferPointer { divisor in
                    var windows = ck_windows(
                        first: first.baseAddress, last: last.baseAddress, divisor: divisor.baseAddress, step: axis.step,
                        in: Int64(axis.size), out: Int64(axis.first.count))
                    body(&windows)
                }
            }
        }
    }
}

/// The gradient goes to the element that was the largest.
private final class MaxPool: Operation {
    private let pool: PoolWindow, taps: Values, shape: Shape
    override class var name: String { "max_pool2d" }

    init(_ x: Tensor, _ pool: PoolWindow, _ taps: Values) {
        self.pool = pool
        self.taps = taps
        shape = x.shape
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let g = try gradient.forImages()
        let out = try Values(forImages: shape, g.dtype)
        let (n, c) = Kernels.images(shape)
        pool.withWindows { rows, columns in
            ck_max_pool_backward(
                g.dtype.code, rows, columns, n, c, g.imagePointer,
                taps.raw.assumingMemoryBound(to: Int32.self), out.imagePointer)
        }
        try send(out, to: 0, walk)
    }
}

/// The gradient spreads evenly over the window.
private final class AveragePool: Operation {
    private let pool: PoolWindow, divisor: Int?, shape: Shape
    override class var name: String { "avg_pool2d" }

    init(_ x: Tensor, _ pool: PoolWindow, _ divisor: Int?) {
        self.pool = pool
        self.divisor = divisor
        shape = x.shape
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let g = try gradient.forImages()
        let out = try Values(forImages: shape, g.dtype)
        let (n, c) = Kernels.images(shape)
        pool.withWindows { rows, columns in
            ck_avg_pool_backward(
                g.dtype.code, rows, columns, Int64(divisor ?? 0), n, c, g.imagePointer, out.imagePointer)
        }
        try send(out, to: 0, walk)
    }
}

/// A result without elements, through which no gradient flows.
final class EmptyResult: Operation {
    private let form: InputForm
    override class var name: String { "a function of an empty tensor" }

    init(_ x: Tensor) {
        form = InputForm(x)
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        try send(try Kernels.filled(form.shape, form.dtype, 0), to: 0, walk)
    }
}
