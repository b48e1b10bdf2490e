/// The sizes of a tensor's dimensions, outermost first. At most eight dimensions, kept inline: making one allocates nothing.
public struct Shape: RandomAccessCollection, Hashable, Sendable, CustomStringConvertible {
    /// The largest number of dimensions.
    public static let maximumRank = 8
    /// The largest number of elements; beyond any machine's memory, and far from integer overflow.
    static let maximumCount = 1 << 46

    var sizes: InlineArray<8, Int>
    /// The number of dimensions.
    public private(set) var rank: Int

    /// The shape of a single number.
    static let scalar = Shape()

    init() {
        sizes = InlineArray(repeating: 1)
        rank = 0
    }

    /// The shape [size].
    init(_ size: Int) {
        self.init()
        sizes[0] = size
        rank = 1
    }

    /// The shape [rows, columns].
    init(_ rows: Int, _ columns: Int) {
        self.init()
        sizes[0] = rows
        sizes[1] = columns
        rank = 2
    }

    /// A shape from sizes.
    /// - Throws: `TensorError` for a negative size, more than eight dimensions, or more elements than any memory holds.
    public init(_ list: some Collection<Int>, for function: String = "tensor") throws {
        self.init()
        guard list.count <= Shape.maximumRank else {
            throw TensorError.tooManyDimensions(function: function, count: list.count)
        }
        var product = 1
        for size in list {
            guard size >= 0 else { throw TensorError.negativeSize(function: function, sizes: Array(list)) }
            let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(size, 1))
            guard !overflow, next <= Shape.maximumCount else {
                throw TensorError.tooLarge(function: function, sizes: Array(list))
            }
            product = next
            sizes[rank] = size
            rank += 1
        }
    }

    /// The number of elements.
    public var elementCount: Int {
        var product = 1
        for d in 0..<rank { product *= sizes[d] }
        return product
    }

    /// The first index.
    public var startIndex: Int { 0 }
    /// The number of dimensions.
    public var endIndex: Int { rank }
    /// The size of one dimension.
    public subscript(position: Int) -> Int {
        get { sizes[checked(position)] }
        set { sizes[checked(position)] = newValue }
    }

    private func checked(_ position: Int) -> Int {
        precondition(position >= 0 && position < rank)
        return position
    }

    /// The sizes as an array.
    public var array: [Int] { Array(self) }

    /// The sizes in brackets: `[64, 256]`.
    public var description: String {
        "[" + map(String.init).joined(separator: ", ") + "]"
    }

    /// Whether rank and sizes are equal.
    public static func == (left: Shape, right: Shape) -> Bool {
        guard left.rank == right.rank else { return false }
        for d in 0..<left.rank where left.sizes[d] != right.sizes[d] { return false }
        return true
    }

    /// Whether the sizes are those of the array.
    public static func == (left: Shape, right: [Int]) -> Bool { left.elementsEqual(right) }

    /// Feeds rank and sizes to the hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(rank)
        for d in 0..<rank { hasher.combine(sizes[d]) }
    }

    /// Row-major strides in elements.
    var strides: InlineArray<8, Int> {
        var result = InlineArray<8, Int>(repeating: 0)
        var step = 1
        for d in stride(from: rank - 1, through: 0, by: -1) {
            result[d] = step
            step *= sizes[d]
        }
        return result
    }

    /// The product of the sizes in a range of dimensions.
    func product(_ range: Range<Int>) -> Int {
        var result = 1
        for d in range { result *= sizes[d] }
        return result
    }

    /// The shape without one dimension.
    func removing(_ dim: Int) -> Shape {
        var result = Shape()
        for d in 0..<rank where d != dim { result.add(sizes[d]) }
        return result
    }

    /// The shape with one size replaced.
    func replacing(_ dim: Int, with size: Int) -> Shape {
        var result = self
        result.sizes[dim] = size
        return result
    }

    /// The shape with a dimension inserted before `dim`.
    func inserting(_ size: Int, at dim: Int, for function: String) throws -> Shape {
        guard rank < Shape.maximumRank else { throw TensorError.tooManyDimensions(function: function, count: rank + 1) }
        var result = Shape()
        for d in 0...rank {
            if d == dim { result.add(size) }
            if d < rank { result.add(sizes[d]) }
        }
        return result
    }

    /// Appends a dimension; the caller has made sure that there is room.
    mutating func add(_ size: Int) {
        precondition(rank < Shape.maximumRank)
        sizes[rank] = size
        rank += 1
    }

    /// The shape as outer × size × inner around one dimension.
    func around(_ dim: Int) -> (outer: Int, size: Int, inner: Int) {
        if rank == 0 { return (1, 1, 1) }
        return (product(0..<dim), sizes[dim], product(dim + 1..<rank))
    }

    /// `dim` counted from the front.
    /// - Throws: `TensorError` when it is outside -rank ..< rank (a number counts as one dimension).
    func dimension(_ dim: Int, for function: String) throws -> Int {
        let limit = Swift.max(rank, 1)
        guard dim >= -limit && dim < limit else {
            throw TensorError.dimensionOutOfRange(function: function, dim: dim, shape: self)
        }
        return dim < 0 ? dim + limit : dim
    }

    /// Several dimensions counted from the front, each at most once.
    func dimensions(_ dims: [Int], for function: String) throws -> [Int] {
        var result: [Int] = []
        for dim in dims {
            let found = try dimension(dim, for: function)
            guard !result.contains(found) else {
                throw TensorError.repeatedDimension(function: function, dim: dim, dims: dims)
            }
            result.append(found)
        }
        return result
    }

    /// The common shape of two operands: sizes match from the right, where 1 or a missing dimension stretches.
    static func broadcast(_ left: Shape, _ right: Shape, for function: String) throws -> Shape {
        if left == right { return left }
        let rank = Swift.max(left.rank, right.rank)
        var result = Shape()
        for d in 0..<rank {
            let a = d - (rank - left.rank), b = d - (rank - right.rank)
            let x = a < 0 ? 1 : left.sizes[a], y = b < 0 ? 1 : right.sizes[b]
            guard x == y || x == 1 || y == 1 else {
                throw TensorError.notBroadcastable(function: function, left: left, right: right)
            }
            result.add(x == 1 ? y : x)
        }
        guard result.elementCountFits else { throw TensorError.tooLarge(function: function, sizes: result.array) }
        return result
    }

    private var elementCountFits: Bool {
        var product = 1
        for d in 0..<rank {
            let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(sizes[d], 1))
            guard !overflow, next <= Shape.maximumCount else { return false }
            product = next
        }
        return true
    }

    /// Strides of a tensor of this shape seen with the shape `target`, which it broadcasts to.
    func strides(in target: Shape) -> InlineArray<8, Int> {
        let own = strides
        var result = InlineArray<8, Int>(repeating: 0)
        let shift = target.rank - rank
        for d in 0..<rank where sizes[d] != 1 { result[d + shift] = own[d] }
        return result
    }
}
