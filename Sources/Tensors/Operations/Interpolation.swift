import CKernels

extension Tensor {
    /// How `interpolate` fills the gaps.
    public enum Interpolation: String, Sendable, CaseIterable {
        /// The nearest element.
        case nearest
        /// A weighted mean of the four around.
        case bilinear
    }

    /// Resizes images [N, C, H, W], as `torch.nn.functional.interpolate`.
    /// - Parameters:
    ///   - size: Height and width of the result; or
    ///   - scaleFactor: Their ratio to the input's, rounded down.
    ///   - mode: Nearest element or bilinear.
    ///   - alignCorners: Bilinear only: whether the centres of the corner pixels stay in place rather than their corners.
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func interpolate(
        size: Pair? = nil, scaleFactor: Double? = nil, mode: Interpolation = .nearest, alignCorners: Bool = false
    ) throws -> Tensor {
        let name = "interpolate"
        guard rank == 4, shape[2] > 0, shape[3] > 0 else {
            throw TensorError.wrongShape(
                function: name, shape: shape, expected: "[N, C, H, W] with an image that is not empty", argument: 0)
        }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        guard (size == nil) != (scaleFactor == nil) else {
            throw TensorError.wrongValue(
                function: name, argument: "size or scale_factor", value: size == nil ? "neither" : "both",
                expected: "one of them"
            )
        }
        guard !alignCorners || mode == .bilinear else {
            throw TensorError.wrongValue(
                function: name, argument: "align_corners", value: "true", expected: "false with mode=\"nearest\"")
        }
        let factor = scaleFactor ?? 1
        guard factor > 0 && factor <= 0x1p31 else {
            throw TensorError.wrongValue(
                function: name, argument: "scale_factor", value: "\(factor)", expected: "above 0")
        }
        func scaled(_ n: Int) throws -> Int {
            let product = (Double(n) * factor).rounded(.down)
            guard product >= 1 && product < 0x1p46 else {
                throw TensorError.wrongValue(
                    function: name, argument: "scale_factor", value: "\(factor)",
                    expected: "such that the result has a size")
            }
            return Int(product)
        }
        let wanted = try size ?? Pair(scaled(shape[2]), scaled(shape[3]))
        try wanted.check(name, "size", atLeast: 1)
        let target = try Shape([shape[0], shape[1], wanted.height, wanted.width], for: name)
        let linear = mode == .bilinear
        let rows = try Resampling(shape[2], wanted.height, scaleFactor, linear: linear, alignCorners: alignCorners)
        let columns = try Resampling(shape[3], wanted.width, scaleFactor, linear: linear, alignCorners: alignCorners)
        let out = try Values(forImages: target, dtype)
        guard out.count > 0 else { return isRecorded ? Tensor(out, EmptyResult(self)) : Tensor(out) }
        let x = try values.forImages()
        let (images, channels) = Kernels.images(shape)
        rows.with { r in
            columns.with { c in
                ck_interpolate(
                    dtype.code, linear, r, c, images, channels, x.imagePointer, out.imagePointer)
            }
        }
        return (isRecorded ? Tensor(out, Resizing(self, rows, columns, linear: linear)) : Tensor(out))
            .traced(
                .interpolation(
                    Graph.Interpolation(size: wanted, scale: scaleFactor, mode: mode, alignsCorners: alignCorners)),
                [operand])
    }
}

/// For each output position the two input positions that it lies between, and where.
private struct Resampling {
    private var low: [Int64] = [], high: [Int64] = [], weight: [Double] = []
    private let size: Int

    init(_ size: Int, _ out: Int, _ factor: Double?, linear: Bool, alignCorners: Bool) throws {
        self.size = size
        // The result may be empty and the positions many all the same.
        try Memory.claim(out * 3 * MemoryLayout<Int64>.size)
        low.reserveCapacity(out)
        high.reserveCapacity(out)
        weight.reserveCapacity(out)
        // PyTorch computes positions in float32 even for float64 tensors when choosing the nearest.
        let ratio = factor.map { 1 / $0 } ?? Double(size) / Double(out)
        let corner = out > 1 ? Double(size - 1) / Double(out - 1) : 0
        for o in 0..<out {
            if linear {
                let place = alignCorners ? corner * Double(o) : Swift.max(0, (Double(o) + 0.5) * ratio - 0.5)
                let first = Swift.min(Int(place), size - 1)
                low.append(Int64(first))
                high.append(Int64(Swift.min(first + 1, size - 1)))
                weight.append(Swift.min(Swift.max(place - Double(first), 0), 1))
            } else {
                let place = Float(o) * (factor.map { 1 / Float($0) } ?? Float(size) / Float(out))
                low.append(Int64(Swift.min(Int(place), size - 1)))
                high.append(low[o])
                weight.append(0)
            }
        }
    }

    func with(_ body: (UnsafePointer<ck_resampling>) -> Void) {
        low.withUnsafeBufferPointer { low in
            high.withUnsafeBufferPointer { high in
                weight.withUnsafeBufferPointer { weight in
                    var resampling = ck_resampling(
                        low: low.baseAddress, high: high.baseAddress, weight: weight.baseAddress, in: Int64(size),
                        out: Int64(low.count))
                    body(&resampling)
                }
            }
        }
    }
}

/// Every gradient goes back to the positions it was mixed from.
private final class Resizing: Operation {
    private let rows: Resampling, columns: Resampling, linear: Bool, shape: Shape
    override class var name: String { "interpolate" }

    init(_ x: Tensor, _ rows: Resampling, _ columns: Resampling, linear: Bool) {
        self.rows = rows
        self.columns = columns
        self.linear = linear
        shape = x.shape
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let g = try gradient.forImages()
        let out = try Values(forImages: shape, g.dtype)
        let (images, channels) = Kernels.images(shape)
        rows.with { r in
            columns.with { c in
                ck_interpolate_backward(
                    g.dtype.code, linear, r, c, images, channels, g.imagePointer, out.imagePointer)
            }
        }
        try send(out, to: 0, walk)
    }
}
