import Base
import Data
import Tensors

extension ONNXOperator {
    /// What picks elements by their values or by lists of places.
    static let choices: [String: ONNXOperator] = [
        "NonZero": .one { try $0.x().nonzero().transposed() },
        "Compress": .one { call in
            let x = try call.x(), mask = try call.x(1).booleans()
            let places = try Tensor(mask.indices.filter { mask[$0] })
            guard let axis = call.int("axis") else { return try x.reshape([-1]).indexSelect(dim: 0, index: places) }
            return try x.indexSelect(dim: call.dimension(axis, of: x.rank), index: places)
        },
        "Unique": ONNXOperator { try $0.unique() },
        "ReverseSequence": .one { call in
            let x = try call.x(), time = call.int("time_axis", 0), batch = call.int("batch_axis", 1)
            guard let lengths = try call.integers(1), x.rank >= 2, Set([time, batch]) == [0, 1],
                lengths.count == x.shape[batch], lengths.allSatisfy({ (0...x.shape[time]).contains($0) })
            else { throw call.refusal("lengths that do not fit \(try call.x().shape)") }
            var places: [Int] = []
            ONNXWindows.each([x.shape[0], x.shape[1]]) { at in
                let step = at[time], length = lengths[at[batch]]
                places.append(step < length ? length - 1 - step : step)
            }
            let shape = [x.shape[0], x.shape[1]] + [Int](repeating: 1, count: x.rank - 2)
            return try x.gather(dim: time, index: Tensor(places, shape: shape).expand(x.shape.array))
        },
        "CenterCropPad": .one { call in
            var x = try call.x()
            let rank = x.rank,
                axes = try (call.ints("axes") ?? Array(0..<rank)).map { try call.dimension($0, of: rank) }
            guard let sizes = try call.sizes(1), sizes.count == axes.count else {
                throw call.refusal("a shape that does not fit \(x.shape)")
            }
            for (axis, size) in zip(axes, sizes) where size != x.shape[axis] {
                let difference = x.shape[axis] - size
                if difference > 0 {
                    x = try x.narrow(dim: axis, start: difference / 2, length: size)
                } else {
                    var pads = [Int](repeating: 0, count: 2 * (rank - axis))
                    pads[2 * (rank - axis) - 2] = -difference / 2
                    pads[2 * (rank - axis) - 1] = -difference - -difference / 2
                    x = try x.pad(pads)
                }
            }
            return x
        },
        "NonMaxSuppression": .one { try $0.suppressed() },
    ]
}

extension ONNXCall {
    /// The different elements, or slices along a dimension; where each is first, which one each is, and how many.
    fileprivate func unique() throws -> [Tensor] {
        let given = try x(), axis = try int("axis").map { try dimension($0, of: given.rank) }
        let x = axis == nil ? try given.reshape([-1]) : given, dim = axis ?? 0
        let count = x.shape[dim]
        var order = Array(0..<x.rank)
        order.remove(at: dim)
        let rows = try x.permute([dim] + order).reshape([count, x.count / max(count, 1)])
        let width = rows.shape[1], numbers = try rows.dtype.isFloating ? rows.doubles() : []
        let whole = try rows.dtype.isFloating ? [] : rows.to(.int64).integers()
        /// Whether row a stands before row b; numbers that are none stand last.
        func isBefore(_ a: Int, _ b: Int) -> Bool {
            for column in 0..<width {
                if whole.isEmpty {
                    let (left, right) = (numbers[a * width + column], numbers[b * width + column])
                    if left < right || right.isNaN && !left.isNaN { return true }
                    if right < left || left.isNaN && !right.isNaN { return false }
                } else if whole[a * width + column] != whole[b * width + column] {
                    return whole[a * width + column] < whole[b * width + column]
                }
            }
            return false
        }
        let sorted = (0..<count).sorted { isBefore($0, $1) || !isBefore($1, $0) && $0 < $1 }
        var firsts: [Int] = [], counts: [Int] = [], inverse = [Int](repeating: 0, count: count)
        for (index, row) in sorted.enumerated() {
            if index == 0 || isBefore(sorted[index - 1], row) {
                firsts.append(row)
                counts.append(0)
            }
            counts[counts.count - 1] += 1
            inverse[row] = firsts.count - 1
        }
        if !flag("sorted", true) {
            let order = firsts.indices.sorted { firsts[$0] < firsts[$1] }
            var rank = [Int](repeating: 0, count: order.count)
            for (index, old) in order.enumerated() { rank[old] = index }
            (firsts, counts, inverse) = (order.map { firsts[$0] }, order.map { counts[$0] }, inverse.map { rank[$0] })
        }
        let places = try Tensor(firsts)
        return [try x.indexSelect(dim: dim, index: places), places, try Tensor(inverse), try Tensor(counts)]
    }

    /// The boxes that stay: of those that overlap, the one with the highest score.
    fileprivate func suppressed() throws -> Tensor {
        let boxes = try x(), scores = try x(1)
        guard boxes.rank == 3, scores.rank == 3, boxes.shape[2] == 4, boxes.shape[1] == scores.shape[2],
            boxes.shape[0] == scores.shape[0]
        else { throw refusal("boxes \(boxes.shape) and scores \(scores.shape)") }
        let most = try whole(2) ?? 0, overlap = try number(3) ?? 0, least = try number(4)
        let isCentred = flag("center_point_box"), count = boxes.shape[1], classes = scores.shape[1]
        let corners = try boxes.doubles(), points = try scores.doubles()
        /// Two corners, lower first.
        func box(_ image: Int, _ index: Int) -> (Double, Double, Double, Double) {
            let b = Array(corners[((image * count + index) * 4)..<((image * count + index) * 4 + 4)])
            if isCentred {
                return (b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2)
            }
            return (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
        }
        func area(_ b: (Double, Double, Double, Double)) -> Double { max(b.2 - b.0, 0) * max(b.3 - b.1, 0) }
        func share(_ a: (Double, Double, Double, Double), _ b: (Double, Double, Double, Double)) -> Double {
            let common = area((max(a.0, b.0), max(a.1, b.1), min(a.2, b.2), min(a.3, b.3)))
            let union = area(a) + area(b) - common
            return union > 0 ? common / union : 0
        }
        var chosen: [Int] = []
        for image in 0..<boxes.shape[0] {
            for kind in 0..<classes {
                try Interrupt.check()
                let own = (0..<count).map { points[(image * classes + kind) * count + $0] }
                let order = own.indices.filter { index in least.map { own[index] > $0 } ?? true }
                    .sorted { (own[$1], $0) < (own[$0], $1) }
                var kept: [Int] = []
                for index in order where kept.count < most {
                    let b = box(image, index)
                    if kept.allSatisfy({ share(box(image, $0), b) <= overlap }) { kept.append(index) }
                }
                for index in kept { chosen += [image, kind, index] }
            }
        }
        return try Tensor(chosen, shape: [chosen.count / 3, 3])
    }
}
