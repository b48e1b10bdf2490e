import Tensors

/// A resize: for each dimension which elements of the input make one of the output, and how much each counts.
struct ONNXResizing {
    private let call: ONNXCall
    private let x: Tensor
    private let sizes: [Int]
    private let scales: [Double]
    private let mode: String
    private let transformation: String

    init(_ call: ONNXCall) throws {
        self.call = call
        x = try call.x()
        let isOld = call.node.operation == "Upsample" || call.opset < 11
        mode = call.text("mode", "nearest")
        transformation =
            isOld ? "asymmetric" : call.text("coordinate_transformation_mode", "half_pixel")
        guard !call.flag("antialias"), !call.flag("exclude_outside"),
            call.text("keep_aspect_ratio_policy", "stretch") == "stretch"
        else { throw call.refusal("antialias, exclude_outside and keep_aspect_ratio_policy are not read") }
        let axes = try (call.ints("axes") ?? Array(0..<x.rank)).map { try call.dimension($0, of: call.x().rank) }
        var sizes = x.shape.array, scales = [Double](repeating: 1, count: x.rank)
        let given: [Double]?
        if call.node.operation == "Upsample", call.opset < 9 {
            given = call.floats("scales")
        } else {
            let tensor = call.optional(isOld ? 1 : 2)
            given = tensor?.count == 0 ? nil : try tensor?.doubles()
        }
        if let given {
            guard given.count == axes.count, given.allSatisfy({ $0 > 0 && $0 < 1e6 }) else {
                throw call.refusal("\(given.count) scales for \(axes.count) dimensions")
            }
            for (axis, scale) in zip(axes, given) {
                scales[axis] = scale
                sizes[axis] = Int((Double(sizes[axis]) * scale).rounded(.down))
            }
        } else {
            guard let wanted = try call.integers(3), wanted.count == axes.count, wanted.allSatisfy({ $0 > 0 }) else {
                throw call.refusal("neither scales nor sizes")
            }
            for (axis, size) in zip(axes, wanted) {
                scales[axis] = Double(size) / Double(max(sizes[axis], 1))
                sizes[axis] = size
            }
        }
        guard sizes.allSatisfy({ (1...1 << 24).contains($0) }) else { throw call.refusal("the sizes \(sizes)") }
        let shape = x.shape.array, wanted = sizes
        // With corners aligned ONNX counts on from a size that is no whole number; programs differ there.
        if let given, transformation == "align_corners",
            zip(axes, given).contains(where: { Double(shape[$0]) * $1 != Double(wanted[$0]) })
        {
            throw call.refusal("align_corners with scales that give no whole size is not read")
        }
        (self.sizes, self.scales) = (sizes, scales)
    }

    func resized() throws -> Tensor {
        guard mode == "nearest" || mode == "linear" else { throw call.refusal("mode=\(mode) is not read") }
        var result = x
        for axis in sizes.indices where sizes[axis] != x.shape[axis] || scales[axis] != 1 {
            let places = try (0..<sizes[axis]).map { try place($0, axis) }
            if mode == "nearest" {
                let picks = try places.map { min(max(try nearest($0), 0), x.shape[axis] - 1) }
                result = try result.indexSelect(dim: axis, index: Tensor(picks))
            } else {
                result = try interpolated(result, axis, places)
            }
        }
        return result
    }

    /// Where an element of the output lies in the input.
    private func place(_ index: Int, _ axis: Int) throws -> Double {
        let scale = scales[axis], i = Double(index)
        switch transformation {
        case "half_pixel": return (i + 0.5) / scale - 0.5
        case "pytorch_half_pixel": return sizes[axis] > 1 ? (i + 0.5) / scale - 0.5 : 0
        case "asymmetric": return i / scale
        case "align_corners":
            return sizes[axis] > 1 ? i * Double(x.shape[axis] - 1) / Double(sizes[axis] - 1) : 0
        default: throw call.refusal("coordinate_transformation_mode=\(transformation) is not read")
        }
    }

    private func nearest(_ place: Double) throws -> Int {
        let isOld = call.node.operation == "Upsample" || call.opset < 11
        switch isOld ? "floor" : call.text("nearest_mode", "round_prefer_floor") {
        case "floor": return Int(place.rounded(.down))
        case "ceil": return Int(place.rounded(.up))
        case "round_prefer_floor": return Int((place - 0.5).rounded(.up))
        case "round_prefer_ceil": return Int((place + 0.5).rounded(.down))
        case let mode: throw call.refusal("nearest_mode=\(mode) is not read")
        }
    }

    /// The product with a matrix whose rows hold the shares of two neighbours.
    private func interpolated(_ tensor: Tensor, _ axis: Int, _ places: [Double]) throws -> Tensor {
        let n = x.shape[axis]
        guard n > 0, n.multipliedReportingOverflow(by: places.count).overflow == false else {
            throw call.refusal("an image without size")
        }
        var shares = [Double](repeating: 0, count: n * places.count)
        for (row, place) in places.enumerated() {
            let low = place.rounded(.down), share = place - low
            let first = min(max(Int(low), 0), n - 1), second = min(max(Int(low) + 1, 0), n - 1)
            shares[row * n + first] += 1 - share
            shares[row * n + second] += share
        }
        let matrix = try Tensor(shares, shape: [places.count, n]).to(tensor.dtype)
        let order = (0..<tensor.rank).filter { $0 != axis } + [axis]
        let back = (0..<tensor.rank).map { order.firstIndex(of: $0) ?? 0 }
        return try tensor.permute(order).linear(matrix).permute(back)
    }
}
