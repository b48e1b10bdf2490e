import Base
import Tensors

/// A resize: for each dimension which elements of the input make one of the output, and how much each counts.
struct ONNXResizing {
    private let call: ONNXCall
    private let x: Tensor
    private let sizes: [Int]
    private let scales: [Double]
    private let mode: String
    private let transformation: String
    /// The part of each dimension that `tf_crop_and_resize` shows.
    private let region: [(Double, Double)]

    private static func isOld(_ call: ONNXCall) -> Bool { call.node.operation == "Upsample" || call.opset < 11 }

    /// A size that was computed.
    private static func whole(_ size: Double, _ call: ONNXCall) throws -> Int {
        guard size >= 0, size <= Double(ONNXCall.largestSize) else { throw call.refusal("a size of \(size)") }
        return Int(size)
    }

    init(_ call: ONNXCall) throws {
        self.call = call
        x = try call.x()
        let isOld = Self.isOld(call), rank = x.rank
        mode = call.text("mode", "nearest")
        transformation =
            isOld ? "asymmetric" : call.text("coordinate_transformation_mode", "half_pixel")
        let axes = try (call.ints("axes") ?? Array(0..<rank)).map { try call.dimension($0, of: rank) }
        var sizes = x.shape.array, scales = [Double](repeating: 1, count: rank)
        var region = [(Double, Double)](repeating: (0, 1), count: rank)
        if transformation == "tf_crop_and_resize", let given = try call.optional(1)?.doubles(), !given.isEmpty {
            guard given.count == 2 * axes.count else { throw call.refusal("a region of \(given.count) numbers") }
            for (index, axis) in axes.enumerated() { region[axis] = (given[index], given[axes.count + index]) }
        }
        self.region = region
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
                sizes[axis] = try Self.whole((Double(sizes[axis]) * scale).rounded(.down), call)
            }
        } else {
            guard let wanted = try call.sizes(3), wanted.count == axes.count, !wanted.contains(0) else {
                throw call.refusal("neither scales nor sizes")
            }
            let own = zip(axes, wanted).map { Double($1) / Double(max(sizes[$0], 1)) }
            let policy = call.text("keep_aspect_ratio_policy", "stretch")
            for (index, axis) in axes.enumerated() {
                switch policy {
                case "stretch":
                    scales[axis] = own[index]
                    sizes[axis] = wanted[index]
                default:
                    scales[axis] = (policy == "not_larger" ? own.min() : own.max()) ?? 1
                    sizes[axis] = try Self.whole((scales[axis] * Double(sizes[axis]) + 0.5).rounded(.down), call)
                }
            }
        }
        guard !sizes.contains(0), x.count > 0 else { throw call.refusal("the sizes \(sizes) for \(x.shape)") }
        guard region.allSatisfy({ $0.isFinite && $1.isFinite && abs($0) < 1e6 && abs($1) < 1e6 }) else {
            throw call.refusal("a region that is no part of an image")
        }
        _ = try call.count(sizes)
        _ = try sizes.map { _ = try call.work([$0], "the places of one dimension") }
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
        guard ["nearest", "linear", "cubic"].contains(mode) else { throw call.refusal("mode=\(mode) is not read") }
        var result = x
        for axis in sizes.indices where sizes[axis] != x.shape[axis] || scales[axis] != 1 || region[axis] != (0, 1) {
            let places = try (0..<sizes[axis]).map { try place($0, axis) }
            if mode == "nearest", transformation != "tf_crop_and_resize" {
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
        let scale = scales[axis], i = Double(index), size = Double(x.shape[axis])
        switch transformation {
        case "half_pixel": return (i + 0.5) / scale - 0.5
        case "half_pixel_symmetric":
            let share = Double(sizes[axis]) / (scale * size)
            return size / 2 * (1 - share) + (i + 0.5) / scale - 0.5
        case "pytorch_half_pixel": return sizes[axis] > 1 ? (i + 0.5) / scale - 0.5 : 0
        case "asymmetric": return i / scale
        case "align_corners":
            return sizes[axis] > 1 ? i * (size - 1) / Double(sizes[axis] - 1) : 0
        case "tf_crop_and_resize":
            let (start, end) = region[axis]
            guard sizes[axis] > 1 else { return (start + end) / 2 * (size - 1) }
            return start * (size - 1) + i * (end - start) * (size - 1) / Double(sizes[axis] - 1)
        default: throw call.refusal("coordinate_transformation_mode=\(transformation) is not read")
        }
    }

    private func nearest(_ place: Double) throws -> Int {
        guard abs(place) < 0x1p40 else { throw call.refusal("a place far outside of the image") }
        switch Self.isOld(call) ? "floor" : call.text("nearest_mode", "round_prefer_floor") {
        case "floor": return Int(place.rounded(.down))
        case "ceil": return Int(place.rounded(.up))
        case "round_prefer_floor": return Int((place - 0.5).rounded(.up))
        case "round_prefer_ceil": return Int((place + 0.5).rounded(.down))
        case let mode: throw call.refusal("nearest_mode=\(mode) is not read")
        }
    }

    /// How much an element counts at a distance.
    private func share(_ distance: Double, _ a: Double) -> Double {
        let d = abs(distance)
        if mode == "linear" { return max(1 - d, 0) }
        if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
        return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
    }

    /// Products with matrices whose rows hold the shares of the neighbours. They are few in each row: some rows at a time are
    /// multiplied with the part of the input that they see.
    private func interpolated(_ tensor: Tensor, _ axis: Int, _ places: [Double]) throws -> Tensor {
        let n = x.shape[axis], leavesOut = call.flag("exclude_outside")
        let a = call.float("cubic_coeff_a", -0.75)
        // Where it shrinks, an antialiased kernel is as wide as what one element of the output stands for.
        let narrow = call.flag("antialias") ? min(scales[axis], 1) : 1
        let reach = Int(min(((mode == "cubic" ? 2 : 1) / narrow).rounded(.up), Double(2 * n + 4)))
        let order = (0..<tensor.rank).filter { $0 != axis } + [axis]
        let back = (0..<tensor.rank).map { order.firstIndex(of: $0) ?? 0 }
        let turned = try tensor.permute(order)
        var parts: [Tensor] = [], outside: [Double] = []
        var rows: [[(index: Int, share: Double)]] = [], low = n, high = -1
        func multiply() throws {
            guard !rows.isEmpty else { return }
            try Interrupt.check()
            let first = min(low, n - 1), width = max(high - first + 1, 1)
            var shares = [Double](repeating: 0, count: rows.count * width)
            for (row, neighbours) in rows.enumerated() {
                for (index, share) in neighbours { shares[row * width + index - first] += share }
            }
            let matrix = try Tensor(shares, shape: [rows.count, width]).to(tensor.dtype)
            parts.append(try turned.narrow(dim: -1, start: first, length: width).linear(matrix))
            (rows, low, high) = ([], n, -1)
        }
        for place in places {
            var neighbours: [(index: Int, share: Double)] = []
            if transformation == "tf_crop_and_resize", !(place >= 0 && place <= Double(n - 1)) {
                outside.append(call.float("extrapolation_value", 0))
            } else {
                outside.append(0)
                neighbours = try shares(place, n, reach, narrow, a, leavesOut)
            }
            // Neighbours stand in order.
            let first = neighbours.first?.index ?? n, last = neighbours.last?.index ?? -1
            if (rows.count + 1) * max(max(high, last) - min(low, first) + 1, 1) > 1 << 18 { try multiply() }
            rows.append(neighbours)
            (low, high) = (min(low, first), max(high, last))
        }
        try multiply()
        var result = parts.count == 1 ? parts[0] : try Tensor.cat(parts, dim: -1)
        if outside.contains(where: { $0 != 0 }) {
            let empty = try Tensor(outside.map { $0 != 0 })
            result = try Tensor.where(empty, .tensor(Tensor(outside).to(tensor.dtype)), .tensor(result))
        }
        return try result.permute(back)
    }

    /// The elements around a place, as far as they are there, and how much each counts.
    private func shares(
        _ place: Double, _ n: Int, _ reach: Int, _ narrow: Double, _ a: Double, _ leavesOut: Bool
    ) throws -> [(index: Int, share: Double)] {
        func inside(_ index: Int) -> Int { min(max(index, 0), n - 1) }
        if mode == "nearest" { return [(inside(try nearest(place)), 1)] }
        guard abs(place) < 0x1p40 else { throw call.refusal("a place far outside of the image") }
        let low = Int(place.rounded(.down))
        var sum = 0.0, parts: [(index: Int, share: Double)] = []
        for index in (low - reach)...(low + reach + 1) {
            let part = share((Double(index) - place) * narrow, a)
            guard part != 0, !leavesOut || (0..<n).contains(index) else { continue }
            parts.append((inside(index), part))
            sum += part
        }
        let divisor = narrow < 1 || leavesOut ? sum : 1
        return parts.map { ($0.index, $0.share / divisor) }
    }
}
