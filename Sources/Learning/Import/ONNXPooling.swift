import Base
import Tensors

/// Poolings of an image [N, C, …] over any number of dimensions, dimension by dimension: maxima of maxima and sums of sums are
/// those of the whole windows. What lies outside is put there first, where a kernel of ours says it otherwise.
struct ONNXPooling {
    private let call: ONNXCall
    private let x: Tensor
    private let window: ONNXWindow
    private let sizes: [Int]
    private let ceil: Bool
    /// How many windows there are along each dimension.
    let counts: [Int]

    init(_ call: ONNXCall) throws {
        self.call = call
        x = try call.x(ranks: 3...Shape.maximumRank)
        sizes = Array(x.shape.dropFirst(2))
        window = try ONNXWindow(call, sizes: sizes)
        ceil = call.flag("ceil_mode")
        counts = try window.counts(sizes, ceil: ceil, call)
    }

    /// Whether the kernels for images pad as the node says.
    private var isImage: Bool {
        sizes.count <= 2 && window.isSymmetric && zip(window.before, window.kernel).allSatisfy { 2 * $0 <= $1 }
    }

    func maxima() throws -> Tensor {
        if isImage, x.dtype.isFloating {
            return try x.asImage().maxPool2d(
                ONNXWindow.pair(window.kernel, 1), stride: ONNXWindow.pair(window.strides, 1),
                padding: ONNXWindow.pair(window.before, 0), dilation: ONNXWindow.pair(window.dilations, 1),
                ceilMode: ceil
            ).likeInput(x)
        }
        if !x.dtype.isFloating {
            guard sizes.indices.allSatisfy({ members($0, padding: false).allSatisfy { $0 > 0 } }) else {
                throw call.refusal("a window that holds nothing of whole numbers")
            }
        }
        return try each(x.dtype.isFloating ? x : x.to(.float64), outside: -.infinity) {
            image, kernel, stride, dilation in
            try image.maxPool2d(kernel, stride: stride, dilation: dilation)
        }.to(x.dtype)
    }

    func means() throws -> Tensor {
        let countsPadding = call.flag("count_include_pad")
        if isImage, window.dilations.allSatisfy({ $0 == 1 }) {
            return try x.asImage().avgPool2d(
                ONNXWindow.pair(window.kernel, 1), stride: ONNXWindow.pair(window.strides, 1),
                padding: ONNXWindow.pair(window.before, 0), ceilMode: ceil, countIncludePad: countsPadding
            ).likeInput(x)
        }
        // How many elements a window holds is the product of those along its dimensions.
        var result = try sums(of: x)
        for axis in sizes.indices {
            var shape = [Int](repeating: 1, count: x.rank)
            shape[axis + 2] = counts[axis]
            let shares = members(axis, padding: countsPadding).map { 1 / Double(max($0, 1)) }
            result = try result.mul(Tensor(shares, shape: shape).to(result.dtype))
        }
        return result
    }

    /// Σ over each window.
    func sums(of x: Tensor) throws -> Tensor {
        try each(x, outside: 0) { image, kernel, stride, dilation in
            guard dilation != Pair(1, 1) else { return try image.avgPool2d(kernel, stride: stride, divisorOverride: 1) }
            // The elements of a window that has gaps, one after the other.
            var sum: Tensor?
            for row in 0..<kernel.height {
                for column in 0..<kernel.width {
                    try Interrupt.check()
                    let part = try image.index([
                        .slice(start: nil, stop: nil, step: 1), .slice(start: nil, stop: nil, step: 1),
                        .slice(start: row * dilation.height, stop: nil, step: stride.height),
                        .slice(start: column * dilation.width, stop: nil, step: stride.width),
                    ])
                    let reach = (dilation.height * (kernel.height - 1), dilation.width * (kernel.width - 1))
                    let own = try part.narrow(
                        dim: 2, start: 0, length: (image.shape[2] - reach.0 - 1) / stride.height + 1
                    )
                    .narrow(dim: 3, start: 0, length: (image.shape[3] - reach.1 - 1) / stride.width + 1)
                    sum = try sum.map { try $0.add(own) } ?? own
                }
            }
            return sum ?? image
        }
    }

    /// How many elements of the image, or of it and its padding, each window holds along a dimension.
    private func members(_ axis: Int, padding: Bool) -> [Int] {
        let low = padding ? -window.before[axis] : 0
        let high = padding ? sizes[axis] + window.after[axis] : sizes[axis], step = window.dilations[axis]
        return (0..<counts[axis]).map { index in
            let start = index * window.strides[axis] - window.before[axis]
            // The first and the last tap within the bounds.
            let first = max((low - start + step - 1) / step, 0)
            let last = min((high - 1 - start) / step, window.kernel[axis] - 1)
            return high - 1 < start ? 0 : max(last - first + 1, 0)
        }
    }

    /// Pools the last two dimensions, then each of the others, as images with all that their windows need.
    private func each(
        _ x: Tensor, outside: Double,
        _ pool: (Tensor, _ kernel: Pair, _ stride: Pair, _ dilation: Pair) throws -> Tensor
    ) throws -> Tensor {
        var result = x
        let last = sizes.count - 1
        for axis in (0...last).reversed() where axis == last || axis < last - 1 {
            // The dimension before the last goes with it; others have nothing beside them.
            let height = axis == last ? axis - 1 : axis, width = axis == last ? axis : nil
            for own in [height, width ?? -1] where own >= 0 { result = try padded(result, own, outside) }
            let shape = result.shape.array
            func number(_ numbers: [Int], _ axis: Int?) -> Int { axis.map { $0 < 0 ? 1 : numbers[$0] } ?? 1 }
            func pair(_ numbers: [Int]) -> Pair { Pair(number(numbers, height), number(numbers, width)) }
            let image = try result.reshape(
                width == nil
                    ? [
                        call.count(Array(shape[..<(height + 2)])), 1, shape[height + 2],
                        call.count(Array(shape[(height + 3)...])),
                    ]
                    : [shape[0], call.count(Array(shape[1..<max(height + 2, 2)]))] + (height < 0 ? [1] : [])
                        + shape[max(height + 2, 2)...])
            guard image.count > 0 else { throw call.refusal("an image without elements \(x.shape)") }
            var pooled = shape
            for own in [height, width ?? -1] where own >= 0 { pooled[own + 2] = counts[own] }
            result = try pool(image, pair(window.kernel), pair(window.strides), pair(window.dilations)).reshape(pooled)
        }
        return result
    }

    /// With what the windows along a dimension need, and without what lies behind the last of them.
    private func padded(_ x: Tensor, _ axis: Int, _ value: Double) throws -> Tensor {
        let needed =
            (counts[axis] - 1) * window.strides[axis] + window.dilations[axis] * (window.kernel[axis] - 1) + 1
        let after = needed - window.before[axis] - sizes[axis]
        guard window.before[axis] != 0 || after != 0 else { return x }
        var shape = x.shape.array
        shape[axis + 2] = needed
        _ = try call.count(shape)
        var pads = [Int](repeating: 0, count: 2 * (x.rank - axis - 2))
        pads[pads.count - 2] = window.before[axis]
        pads[pads.count - 1] = after
        return try x.pad(pads, value: value)
    }
}
