/// One part of `x[…]`.
public enum Index {
    /// A position, from the end if negative; takes the dimension away.
    case integer(Int)
    /// Python's slice; missing bounds mean as far as possible; the step is not 0.
    case slice(start: Int?, stop: Int?, step: Int)
    /// As many whole dimensions as the other parts leave over.
    case ellipsis
    /// A new dimension of size 1.
    case newAxis
    /// A bool mask of one or several dimensions, or positions (int64).
    case tensor(Tensor)

    /// For each dimension of `shape` the first position that the parts choose, the step and how many.
    static func slices(_ parts: [Index], of shape: Shape) -> [(start: Int, step: Int, count: Int)] {
        let consumed = parts.reduce(0) { count, part in
            switch part {
            case .integer, .slice: count + 1
            case .tensor(let tensor): count + (tensor.dtype == .bool ? tensor.rank : 1)
            case .ellipsis, .newAxis: count
            }
        }
        var slices: [(start: Int, step: Int, count: Int)] = []
        func whole(_ count: Int) { for _ in 0..<count { slices.append((0, 1, shape[slices.count])) } }
        for part in parts {
            switch part {
            case .integer(let index): slices.append((index < 0 ? index + shape[slices.count] : index, 1, 1))
            case .slice(let start, let stop, let step):
                let found = try? Region.resolve(start, stop, step, size: shape[slices.count], "index")
                slices.append((found?.0 ?? 0, step, found?.1 ?? 0))
            case .tensor(let tensor): whole(tensor.dtype == .bool ? tensor.rank : 1)
            case .ellipsis: whole(shape.rank - consumed)
            case .newAxis: break
            }
        }
        whole(shape.rank - slices.count)
        return slices
    }

    /// A whole dimension.
    public static var all: Index { .slice(start: nil, stop: nil, step: 1) }
}

/// The part of a tensor that integers, slices, ellipsis and new axes choose: a strided region, in which the dimensions that
/// masks and position tensors are to pick from are whole.
struct Region {
    var offset = 0
    var shape = Shape()
    var strides = InlineArray<8, Int>(repeating: 0)
    /// Position tensors by dimension of the region.
    var picks: [(dim: Int, positions: Tensor)] = []
    private let name: String

    init(_ x: Shape, _ parts: [Index], for name: String) throws {
        self.name = name
        let own = x.strides
        var ellipses = 0, consumed = 0
        for part in parts {
            switch part {
            case .ellipsis: ellipses += 1
            case .newAxis: break
            case .tensor(let tensor) where tensor.dtype == .bool: consumed += tensor.rank
            default: consumed += 1
            }
        }
        guard ellipses <= 1 else {
            throw TensorError.wrongIndex(function: name, reason: "more than one ... in an index")
        }
        guard consumed <= x.rank else {
            throw TensorError.wrongIndex(function: name, reason: "too many indices: \(consumed) for shape \(x)")
        }
        let left = x.rank - consumed
        var dim = 0
        for part in ellipses == 0 ? parts + [.ellipsis] : parts {
            switch part {
            case .integer(let index):
                guard index >= -x[dim] && index < x[dim] else {
                    throw TensorError.indexOutOfRange(function: name, index: index, size: x[dim], dim: dim)
                }
                offset += (index < 0 ? index + x[dim] : index) * own[dim]
                dim += 1
            case .slice(let start, let stop, let step):
                let (first, count) = try Region.resolve(start, stop, step, size: x[dim], name)
                if count > 0 { offset += first * own[dim] }
                try add(count, step &* own[dim])
                dim += 1
            case .ellipsis:
                for _ in 0..<left {
                    try add(x[dim], own[dim])
                    dim += 1
                }
            case .newAxis: try add(1, 0)
            case .tensor(let tensor):
                for positions in try Region.positions(tensor, x, dim, name) {
                    picks.append((shape.rank, positions))
                    try add(x[dim], own[dim])
                    dim += 1
                }
            }
        }
    }

    private mutating func add(_ size: Int, _ stride: Int) throws {
        guard shape.rank < Shape.maximumRank else {
            throw TensorError.tooManyDimensions(function: name, count: shape.rank + 1)
        }
        strides[shape.rank] = stride
        shape.add(size)
    }

    /// Python's rules for slices: the first position and how many there are.
    static func resolve(_ start: Int?, _ stop: Int?, _ step: Int, size: Int, _ name: String) throws -> (
        first: Int, count: Int
    ) {
        guard step != 0, step > Int.min else {
            throw TensorError.wrongValue(function: name, argument: "step", value: "\(step)", expected: "not 0")
        }
        let lowest = step > 0 ? 0 : -1, highest = step > 0 ? size : size - 1
        func bound(_ value: Int?, _ missing: Int) -> Int {
            guard let value else { return missing }
            let counted = value < 0 ? value &+ size : value
            return Swift.min(Swift.max(counted, lowest), highest)
        }
        let first = bound(start, step > 0 ? lowest : highest), end = bound(stop, step > 0 ? highest : lowest)
        let distance = step > 0 ? end - first : first - end
        return (first, distance <= 0 ? 0 : (distance - 1) / Int(step.magnitude) + 1)
    }

    /// A mask as one position tensor per dimension; positions counted from the front.
    private static func positions(_ tensor: Tensor, _ x: Shape, _ dim: Int, _ name: String) throws -> [Tensor] {
        guard tensor.dtype == .bool else {
            guard !tensor.dtype.isFloating else {
                throw TensorError.wrongDType(
                    function: name, dtype: tensor.dtype, expected: "positions (int64) or a bool mask")
            }
            return [Tensor(try Kernels.wrapped(tensor.values, size: x[dim], dim: dim, name: name))]
        }
        guard tensor.rank > 0 else {
            throw TensorError.wrongIndex(function: name, reason: "a mask needs at least 1 dimension")
        }
        for d in 0..<tensor.rank where tensor.shape[d] != x[dim + d] {
            throw TensorError.wrongIndex(
                function: name, reason: "mask of shape \(tensor.shape) does not fit dim \(dim) of shape \(x)")
        }
        Trace.note(.reads)
        let flat = try Kernels.positions(tensor.values)
        if tensor.rank == 1 { return [Tensor(flat)] }
        var rest = flat.array(of: Int.self)
        var columns: [Tensor] = []
        for d in (0..<tensor.rank).reversed() {
            let size = Swift.max(tensor.shape[d], 1)
            columns.append(try Tensor(rest.map { $0 % size }))
            for i in rest.indices { rest[i] /= size }
        }
        return columns.reversed()
    }

    /// Whether the region is all of a tensor in order.
    func isWhole(_ x: Shape) -> Bool {
        guard offset == 0, shape.elementCount == x.elementCount else { return false }
        let own = shape.strides
        for d in 0..<shape.rank where shape[d] != 1 && strides[d] != own[d] { return false }
        return true
    }
}
