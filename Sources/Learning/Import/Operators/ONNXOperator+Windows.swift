import Data
import Tensors

extension ONNXOperator {
    /// Poolings, and what puts windows back into images.
    static let windows: [String: ONNXOperator] = [
        "MaxPool": ONNXOperator { call in
            call.wants(1) ? try call.maxima() : [try ONNXPooling(call).maxima()]
        },
        "AveragePool": .one { try ONNXPooling($0).means() },
        "LpPool": .one { call in
            let p = Double(try call.size("p", 2, in: 1...1 << 20))
            return try ONNXPooling(call).sums(of: call.x().abs().pow(.float(p))).root(p)
        },
        "GlobalLpPool": .one { call in
            let x = try call.x(ranks: 3...Shape.maximumRank)
            return try x.norm(
                p: Double(call.size("p", 2, in: 1...1 << 20)), dims: Array(2..<x.rank), keepdim: true)
        },
        "MaxUnpool": .one { try $0.unpooled() }, "Col2Im": .one { try $0.image() },
    ]
}

extension ONNXCall {
    /// Maxima put back where they came from.
    fileprivate func unpooled() throws -> Tensor {
        let x = try self.x(ranks: 3...Shape.maximumRank), places = try self.x(1).to(.int64)
        let kernel = try sizes("kernel_shape") ?? [], strides = try sizes("strides") ?? kernel.map { _ in 1 }
        let pads = try sizes("pads") ?? [Int](repeating: 0, count: 2 * kernel.count)
        guard kernel.count == x.rank - 2, strides.count == kernel.count, pads.count == 2 * kernel.count else {
            throw refusal("kernel_shape, strides and pads do not fit \(x.shape)")
        }
        _ = try bounded(x.shape.array, "the input's shape")
        let sizes = kernel.indices.map { axis -> Int in
            (x.shape[axis + 2] - 1) * strides[axis] - pads[axis] - pads[kernel.count + axis] + kernel[axis]
        }
        guard sizes.allSatisfy({ (1...1 << 20).contains($0) }) else { throw refusal("the sizes \(sizes)") }
        let shape = [x.shape[0], x.shape[1]] + sizes, count = try count(shape)
        guard places.count == x.count, try places.integers().allSatisfy({ (0..<count).contains($0) }) else {
            throw refusal("places \(places.shape) that do not lie in an image \(shape)")
        }
        let empty = try Tensor.zeros([count], dtype: x.dtype)
        let image = try empty.scatter(dim: 0, index: places.reshape([-1]), .tensor(x.reshape([-1]))).reshape(shape)
        guard let wanted = try self.sizes(2) else { return image }
        guard wanted.count == x.rank else { throw refusal("output_shape=\(wanted) for \(x.shape)") }
        var more: [Int] = []
        for (size, own) in zip(wanted, shape).reversed() { more += [0, size - own] }
        return try image.pad(more)
    }

    /// Blocks as columns, added up where they came from.
    fileprivate func image() throws -> Tensor {
        let x = try self.x(ranks: 3...3)
        guard let sizes = try sizes(1), let block = try self.sizes(2), !block.contains(0),
            x.shape[1] % (try count(block)) == 0
        else { throw refusal("an input \(x.shape)") }
        let window = try ONNXWindow(self, kernel: block, sizes: sizes)
        let windows = try ONNXWindows(window, sizes: sizes, ceil: false, self)
        let size = windows.size, total = try count(windows.counts), area = try count(sizes)
        let rows = x.shape[0] * (x.shape[1] / size)
        guard x.shape[2] == total else { throw refusal("\(x.shape[2]) columns for \(total) blocks") }
        // [rows, size, windows]; what lies outside goes into one more column.
        var targets: [Int] = []
        for inside in 0..<size {
            for index in 0..<total {
                let place = windows.places[index * size + inside]
                targets.append(place < 0 ? area : place)
            }
        }
        let index = try Tensor(targets).expand([rows, size * total])
        let image = try Tensor.zeros([rows, area + 1], dtype: x.dtype)
            .scatterAdd(dim: 1, index: index, x.reshape([rows, size * total]))
        return try image.narrow(dim: 1, start: 0, length: area).reshape([x.shape[0], x.shape[1] / size] + sizes)
    }
}

extension ONNXCall {
    /// A convolution over one, two or three dimensions.
    func convolution(_ x: Tensor, _ weight: Tensor, bias: Tensor?) throws -> Tensor {
        let window = try ONNXWindow(self, kernel: Array(weight.shape.dropFirst(2)), sizes: Array(x.shape.dropFirst(2)))
        if window.kernel.count == 3 { return try volumes(x, weight, bias, window) }
        guard window.kernel.count <= 2 else {
            throw refusal("windows over \(window.kernel.count) dimensions are not read")
        }
        let padded = window.isSymmetric ? x : try x.pad(window.pads)
        let padding = window.isSymmetric ? window.before : window.before.map { _ in 0 }
        return try padded.asImage().conv2d(
            weight.asImage(), bias: bias, stride: ONNXWindow.pair(window.strides, 1),
            padding: ONNXWindow.pair(padding, 0), dilation: ONNXWindow.pair(window.dilations, 1),
            groups: int("group", 1)
        ).likeInput(x)
    }

    /// [N, C, D, H, W] as a sum over the kernel's depth of convolutions of the slices.
    private func volumes(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ window: ONNXWindow) throws -> Tensor {
        guard x.rank == 5, weight.rank == 5 else { throw refusal("an input \(x.shape) for filters \(weight.shape)") }
        let padded = try x.pad(window.pads), stride = window.strides[0], dilation = window.dilations[0]
        let depth = (padded.shape[2] - dilation * (window.kernel[0] - 1) - 1) / stride + 1
        guard depth > 0 else { throw refusal("no window fits \(x.shape)") }
        var sum: Tensor?
        for level in 0..<window.kernel[0] {
            let places = try Tensor((0..<depth).map { $0 * stride + level * dilation })
            let slices = try padded.indexSelect(dim: 2, index: places).permute([0, 2, 1, 3, 4])
            let images = try slices.reshape([x.shape[0] * depth] + slices.shape.dropFirst(2)).conv2d(
                weight.select(dim: 2, index: level), bias: level == 0 ? bias : nil,
                stride: Pair(window.strides[1], window.strides[2]),
                dilation: Pair(window.dilations[1], window.dilations[2]), groups: int("group", 1))
            sum = try sum.map { try $0.add(images) } ?? images
        }
        guard let sum else { return x }
        return try sum.reshape([x.shape[0], depth] + sum.shape.dropFirst()).permute([0, 2, 1, 3, 4])
    }

    /// A transposed convolution; what pads take away is cut off its whole result.
    func transposedConvolution() throws -> Tensor {
        let x = try self.x(), weight = try self.x(1), sizes = Array(x.shape.dropFirst(2))
        let mode = text("auto_pad", "NOTSET")
        let window = try ONNXWindow(self, kernel: Array(weight.shape.dropFirst(2)), sizes: sizes)
        guard sizes.count <= 2 else { throw refusal("windows over \(sizes.count) dimensions are not read") }
        let extra = try self.sizes("output_padding", in: 0...1 << 20) ?? window.kernel.map { _ in 0 }
        guard extra.count == sizes.count else { throw refusal("output_padding=\(extra)") }
        let whole = sizes.indices.map {
            window.strides[$0] * (sizes[$0] - 1) + window.dilations[$0] * (window.kernel[$0] - 1) + 1 + extra[$0]
        }
        var before = window.before, after = window.after
        let same = mode.hasPrefix("SAME_") ? sizes.indices.map { sizes[$0] * window.strides[$0] } : nil
        let wanted = try self.sizes("output_shape") ?? same
        if let wanted {
            guard wanted.count == sizes.count else { throw refusal("output_shape=\(wanted)") }
            for axis in sizes.indices {
                let missing = whole[axis] - wanted[axis]
                before[axis] = mode == "SAME_UPPER" ? missing / 2 : missing - missing / 2
                after[axis] = missing - before[axis]
            }
        }
        let isPlain = before == after && before.allSatisfy { $0 >= 0 }
        let padding = isPlain ? before : before.map { _ in 0 }
        var y = try x.asImage().convTranspose2d(
            weight.asImage(), bias: optional(2), stride: ONNXWindow.pair(window.strides, 1),
            padding: ONNXWindow.pair(padding, 0), outputPadding: ONNXWindow.pair(extra, 0),
            groups: int("group", 1), dilation: ONNXWindow.pair(window.dilations, 1)
        ).likeInput(x)
        if isPlain { return y }
        // Where more is wanted than there is, nothing but the bias is there.
        guard before.allSatisfy({ $0 >= 0 }), after.allSatisfy({ $0 >= 0 }) else {
            throw refusal("pads that are negative are not read")
        }
        for axis in sizes.indices {
            let size = y.shape[axis + 2] - before[axis] - after[axis]
            guard size > 0 else { throw refusal("pads leave nothing") }
            y = try y.narrow(dim: axis + 2, start: before[axis], length: size)
        }
        return y
    }

    /// The largest of each window, and where it stands in the whole tensor.
    fileprivate func maxima() throws -> [Tensor] {
        let x = try self.x(ranks: 3...Shape.maximumRank), sizes = Array(x.shape.dropFirst(2))
        let window = try ONNXWindow(self, sizes: sizes)
        let windows = try ONNXWindows(window, sizes: sizes, ceil: flag("ceil_mode"), self)
        let numbers = x.dtype.isFloating ? x : try x.to(.float64)
        let elements = try windows.elements(of: numbers, outside: -.infinity)
        let (values, chosen) = try elements.max(dim: 2)
        let result = try windows.image(values, like: x).to(x.dtype)
        let area = sizes.reduce(1, *), isColumns = flag("storage_order")
        var places: [Int] = []
        for (index, inside) in try chosen.integers().enumerated() {
            let total = windows.counts.reduce(1, *)
            var place = windows.places[index % total * windows.size + inside]
            if isColumns, sizes.count == 2 { place = place % sizes[1] * sizes[0] + place / sizes[1] }
            places.append(index / total * area + place)
        }
        return [result, try windows.image(Tensor(places, shape: values.shape.array), like: x)]
    }
}

extension Tensor {
    /// Σ^(1/p) of sums of powers; at 0, where it has no slope, the gradient is 0.
    fileprivate func root(_ p: Double) throws -> Tensor {
        let isZero = try eq(.int(0))
        return try maskedFill(isZero, 1).pow(.float(1 / p)).maskedFill(isZero, 0)
    }
}
