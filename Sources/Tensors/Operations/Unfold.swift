import CKernels

extension Tensor {
    /// The patches of images [N, C, H, W] as columns [N, C·kH·kW, L], as `torch.nn.functional.unfold`.
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func unfold(_ kernel: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1) throws -> Tensor {
        let name = "unfold"
        if rank == 3 {
            return try unsqueeze(dim: 0).unfold(kernel, dilation: dilation, padding: padding, stride: stride)
                .squeeze(dim: 0)
        }
        guard rank == 4 else {
            throw TensorError.wrongShape(
                function: name, shape: shape, expected: "[N, C, H, W] or [C, H, W]", argument: 0)
        }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        try kernel.check(name, "kernel_size", atLeast: 1)
        try dilation.check(name, "dilation", atLeast: 1)
        try padding.check(name, "padding", atLeast: 0)
        try stride.check(name, "stride", atLeast: 1)
        func size(_ n: Int, _ k: Int, _ s: Int, _ p: Int, _ d: Int) throws -> Int {
            let reach = n + 2 * p - d * (k - 1) - 1
            guard reach >= 0 else {
                throw TensorError.wrongShape(
                    function: name, shape: shape,
                    expected:
                        "an image of at least \(d * (k - 1) + 1 - 2 * p) along each spatial dimension (kernel \(k), "
                        + "dilation \(d), padding \(p))", argument: 0)
            }
            return reach / s + 1
        }
        let oh = try size(shape[2], kernel.height, stride.height, padding.height, dilation.height)
        let ow = try size(shape[3], kernel.width, stride.width, padding.width, dilation.width)
        let (area, overflow) = kernel.height.multipliedReportingOverflow(by: kernel.width)
        guard !overflow, area <= Shape.maximumCount else {
            throw TensorError.tooLarge(function: name, sizes: [shape[1], kernel.height, kernel.width])
        }
        _ = try Shape([shape[0], shape[1], area, oh, ow], for: name)
        let target = try Shape([shape[0], shape[1] * area, oh * ow], for: name)
        var geometry = ck_convolution(
            n: Int64(shape[0]), g: 1, ci: Int64(shape[1]), co: 1, ih: Int64(shape[2]), iw: Int64(shape[3]),
            oh: Int64(oh),
            ow: Int64(ow), kh: Int64(kernel.height), kw: Int64(kernel.width), sh: Int64(stride.height),
            sw: Int64(stride.width), ph: Int64(padding.height), pw: Int64(padding.width), dh: Int64(dilation.height),
            dw: Int64(dilation.width))
        let out = try Values(target, dtype)
        let x = try values.rowMajor()
        ck_unfold(dtype.code, &geometry, x.raw, out.raw)
        return isRecorded ? Tensor(out, Unfolding(self, geometry)) : Tensor(out)
    }
}

/// The gradients of overlapping patches add up.
private final class Unfolding: Operation {
    private var geometry: ck_convolution
    private let shape: Shape
    override class var name: String { "unfold" }

    init(_ x: Tensor, _ geometry: ck_convolution) {
        self.geometry = geometry
        shape = x.shape
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let out = try Values(shape, gradient.dtype)
        let gradient = try gradient.rowMajor()
        ck_fold(gradient.dtype.code, &geometry, gradient.raw, out.raw)
        try send(out, to: 0, walk)
    }
}
