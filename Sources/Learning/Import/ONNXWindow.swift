import Tensors

/// The windows of a convolution or pooling, as a node says them.
struct ONNXWindow {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    /// What is added before and after, for each dimension.
    let before: [Int]
    let after: [Int]

    /// Reads the options of a node for an image of these sizes.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for options that do not fit each other.
    init(_ call: ONNXCall, kernel given: [Int]? = nil, sizes: [Int]) throws {
        let kernel = call.ints("kernel_shape") ?? given ?? []
        guard (1...6).contains(sizes.count), kernel.count == sizes.count,
            sizes.allSatisfy({ (0...ONNXCall.largestSize).contains($0) })
        else {
            throw call.refusal("windows \(kernel) over \(sizes.count) dimensions")
        }
        let ones = [Int](repeating: 1, count: sizes.count)
        let strides = call.ints("strides") ?? ones, dilations = call.ints("dilations") ?? ones
        guard strides.count == sizes.count, dilations.count == sizes.count,
            (strides + dilations + kernel).allSatisfy({ (1...1 << 20).contains($0) })
        else { throw call.refusal("strides, dilations and kernel_shape do not fit each other") }
        (self.kernel, self.strides, self.dilations) = (kernel, strides, dilations)
        switch call.text("auto_pad", "NOTSET") {
        case "NOTSET", "":
            let pads = call.ints("pads") ?? [Int](repeating: 0, count: 2 * sizes.count)
            guard pads.count == 2 * sizes.count, pads.allSatisfy({ (0...1 << 20).contains($0) }) else {
                throw call.refusal("pads=\(pads) is not read")
            }
            (before, after) = (Array(pads[..<sizes.count]), Array(pads[sizes.count...]))
        case "VALID": (before, after) = (ones.map { _ in 0 }, ones.map { _ in 0 })
        case let mode where mode.hasPrefix("SAME_"):
            let missing = sizes.indices.map { axis in
                let count = (sizes[axis] + strides[axis] - 1) / strides[axis]
                return max((count - 1) * strides[axis] + dilations[axis] * (kernel[axis] - 1) + 1 - sizes[axis], 0)
            }
            let less = missing.map { $0 / 2 }, more = missing.map { $0 - $0 / 2 }
            (before, after) = mode == "SAME_LOWER" ? (more, less) : (less, more)
        case let mode: throw call.refusal("auto_pad=\(mode) is not read")
        }
    }

    /// How many windows there are along each dimension.
    ///
    /// - Parameter ceil: whether a window may hang over, if it begins within the image or the padding before it.
    func counts(_ sizes: [Int], ceil: Bool, _ call: ONNXCall) throws -> [Int] {
        try sizes.indices.map { axis in
            let reach = sizes[axis] + before[axis] + after[axis]
            let rest = reach - dilations[axis] * (kernel[axis] - 1) - 1
            guard sizes[axis] <= ONNXCall.largestSize, rest >= 0 || ceil && rest > -strides[axis] else {
                throw call.refusal("no window of \(kernel) fits \(sizes)")
            }
            var count = (ceil ? rest + strides[axis] - 1 : rest) / strides[axis] + 1
            if ceil, (count - 1) * strides[axis] >= sizes[axis] + before[axis] { count -= 1 }
            guard count > 0 else { throw call.refusal("no window of \(kernel) fits \(sizes)") }
            return count
        }
    }

    /// Whether both sides get the same.
    var isSymmetric: Bool { before == after }

    /// The pairs of `Tensor.pad`, the last dimension first.
    var pads: [Int] { before.indices.reversed().flatMap { [before[$0], after[$0]] } }

    /// Numbers of one or two dimensions as those of an image; a missing height is `height`.
    static func pair(_ numbers: [Int], _ height: Int) -> Pair {
        numbers.count == 1 ? Pair(height, numbers[0]) : Pair(numbers[0], numbers[1])
    }
}

extension Tensor {
    /// [N, C, L] as an image [N, C, 1, L].
    func asImage() throws -> Tensor { rank == 3 ? try unsqueeze(dim: 2) : self }
    /// Back to the dimensions of `original`.
    func likeInput(_ original: Tensor) throws -> Tensor { original.rank == 3 ? try squeeze(dims: [2]) : self }
}
