import Data
import Tensors

extension ONNXOperator {
    /// Images taken at places between their elements.
    static let samplings: [String: ONNXOperator] = [
        "GridSample": .one { try ONNXGrid($0).sampled() },
        "AffineGrid": .one { try $0.affineGrid() },
        "RoiAlign": .one { try ONNXRegions($0).aligned() },
    ]
}

/// The operator `GridSample`: an image [N, C, …] at places that a grid gives from -1 to 1, last dimension first.
private struct ONNXGrid {
    private let call: ONNXCall
    private let x: Tensor
    private let grid: Tensor
    private let sizes: [Int]
    private let padding: String
    private let isAligned: Bool

    init(_ call: ONNXCall) throws {
        self.call = call
        x = try call.x()
        grid = try call.x(1)
        sizes = Array(x.shape.dropFirst(2))
        padding = call.text("padding_mode", "zeros")
        isAligned = call.flag("align_corners")
        guard (1...3).contains(sizes.count), grid.rank == x.rank, grid.shape[grid.rank - 1] == sizes.count,
            grid.shape[0] == x.shape[0], sizes.allSatisfy({ $0 > 0 }),
            ["zeros", "border", "reflection"].contains(padding)
        else { throw call.refusal("a grid \(grid.shape) for \(x.shape), padding_mode=\(padding)") }
    }

    func sampled() throws -> Tensor {
        let n = x.shape[0], points = grid.count / max(n * sizes.count, 1)
        let flat = try grid.reshape([n, points, sizes.count])
        // Where each point lies, [N, points] for each dimension.
        let places = try sizes.indices.map { axis -> Tensor in
            let unit = try flat.select(dim: 2, index: sizes.count - 1 - axis), size = Double(sizes[axis])
            let place =
                try isAligned
                ? unit.add(.int(1)).mul(.float((size - 1) / 2))
                : unit.add(.int(1)).mul(.float(size)).sub(.int(1)).mul(.float(0.5))
            return try bounded(place, axis)
        }
        let shares: [[(index: Tensor, share: Tensor?)]]
        switch call.text("mode", "linear") {
        case "nearest": shares = try places.map { [(try $0.detach().round(), nil)] }
        case "linear", "bilinear": shares = try places.map { try linear($0) }
        case "cubic", "bicubic": shares = try places.map { try cubic($0) }
        case let other: throw call.refusal("mode=\(other) is not read")
        }
        var sum = try Tensor.zeros([n, x.shape[1], points], dtype: x.dtype)
        let image = try x.reshape([n, x.shape[1], -1])
        func add(_ axis: Int, _ place: Tensor, _ share: Tensor?) throws {
            guard axis < sizes.count else {
                let index = try place.unsqueeze(dim: 1).expand([n, x.shape[1], points])
                let values = try image.gather(dim: 2, index: index)
                sum = try sum.add(share.map { try values.mul($0.unsqueeze(dim: 1)) } ?? values)
                return
            }
            for (index, part) in shares[axis] {
                let (inside, counted) = try pixel(index, axis)
                var own = try share.flatMap { s in try part.map { try s.mul($0) } ?? s } ?? part
                if let counted { own = try own.map { try $0.mul(counted) } ?? counted }
                try add(axis + 1, place.mul(.int(sizes[axis])).add(inside), own)
            }
        }
        try add(0, Tensor.zeros([n, points], dtype: .int64), nil)
        return try sum.reshape([n, x.shape[1]] + grid.shape.dropFirst().dropLast())
    }

    /// The ends that reflection turns back at.
    private func ends(_ axis: Int) -> (Double, Double) {
        isAligned ? (0, Double(sizes[axis] - 1)) : (-0.5, Double(sizes[axis]) - 0.5)
    }

    private func bounded(_ place: Tensor, _ axis: Int) throws -> Tensor {
        switch padding {
        case "border": return try place.clamp(min: .float(0), max: .float(Double(sizes[axis] - 1)))
        case "reflection": return try reflected(place, axis)
        default: return place
        }
    }

    /// Turned back at the ends as often as it takes.
    private func reflected(_ place: Tensor, _ axis: Int) throws -> Tensor {
        let (low, high) = ends(axis), width = high - low
        guard width > 0 else { return try place.mul(.int(0)) }
        let round = try place.sub(.float(low)).remainder(.float(2 * width))
        let back = try round.neg().add(.float(2 * width))
        return try round.minimum(back).add(.float(low))
    }

    /// The number of an element that is there, and whether it counts.
    private func pixel(_ index: Tensor, _ axis: Int) throws -> (Tensor, Tensor?) {
        let last = Double(sizes[axis] - 1)
        var counted: Tensor?
        var inside = index
        switch padding {
        case "reflection": inside = try reflected(index, axis).round()
        case "zeros":
            counted = try index.ge(.float(0)).bitwiseAnd(index.le(.float(last))).to(x.dtype)
        default: break
        }
        // What is no number lies outside.
        let isNumber = try inside.isnan().bitwiseNot()
        inside = try Tensor.where(isNumber, .tensor(inside), .scalar(.float(-1)))
        return (try inside.clamp(min: .float(0), max: .float(last)).to(.int64), counted)
    }

    private func linear(_ place: Tensor) throws -> [(Tensor, Tensor?)] {
        let low = try place.detach().floor(), share = try place.sub(low)
        return [(low, try share.neg().add(.int(1))), (try low.add(.int(1)), share)]
    }

    private func cubic(_ place: Tensor) throws -> [(Tensor, Tensor?)] {
        let low = try place.detach().floor(), a = -0.75
        return try (-1...2).map { step in
            let d = try place.sub(low).sub(.int(step)).abs()
            let share: Tensor
            if step == 0 || step == 1 {
                share = try d.mul(.float(a + 2)).sub(.float(a + 3)).mul(d).mul(d).add(.int(1))
            } else {
                share = try d.mul(.float(a)).sub(.float(5 * a)).mul(d).add(.float(8 * a)).mul(d).sub(.float(4 * a))
            }
            return (try low.add(.int(step)), share)
        }
    }
}

extension ONNXCall {
    /// The places of an image under a matrix each.
    fileprivate func affineGrid() throws -> Tensor {
        let theta = try self.x()
        guard let size = try sizes(1), (4...5).contains(size.count), theta.rank == 3,
            theta.shape[1] == size.count - 2, theta.shape[2] == size.count - 1
        else { throw refusal("matrices \(theta.shape)") }
        let sizes = Array(size.dropFirst(2)), isAligned = flag("align_corners")
        guard !sizes.contains(0) else { throw refusal("the sizes \(sizes)") }
        _ = try work(sizes + [sizes.count + 1], "the grid")
        // x, y (and z) of every place, then 1.
        var columns: [Tensor] = []
        for axis in sizes.indices.reversed() {
            let n = sizes[axis]
            let line = (0..<n).map { index -> Double in
                guard isAligned else { return (2 * Double(index) + 1) / Double(n) - 1 }
                return n > 1 ? 2 * Double(index) / Double(n - 1) - 1 : 0
            }
            var shape = [Int](repeating: 1, count: sizes.count)
            shape[axis] = n
            columns.append(try Tensor(line, shape: shape).to(theta.dtype).expand(sizes).reshape([-1]))
        }
        columns.append(try columns[0].onesLike())
        let grid = try Tensor.stack(columns, dim: 1)
        return try grid.unsqueeze(dim: 0).matmul(theta.transpose(1, 2)).reshape(
            [theta.shape[0]] + sizes + [sizes.count])
    }
}
