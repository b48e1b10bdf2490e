import CKernels

extension Tensor {
    /// `x[…]` as in Python and NumPy: positions, slices, `...`, new axes, masks and lists of positions, in any mixture.
    /// Position tensors next to each other put their common shape in their place; separated ones put it first.
    /// - Throws: `TensorError` for positions outside a dimension, too many parts and masks that do not fit.
    public func index(_ parts: [Index]) throws -> Tensor {
        let region = try Region(shape, parts, for: "index")
        let chosen = try strided(region)
        guard ck_tracing() else { return region.picks.isEmpty ? chosen : try chosen.picked(region.picks) }
        let slices = Index.slices(parts, of: shape)
        _ = chosen.traced(
            .slice(
                Graph.Slice(
                    starts: slices.map(\.start), steps: slices.map(\.step), counts: slices.map(\.count),
                    shape: chosen.shape)), [operand])
        guard let pick = region.picks.first else { return chosen }
        let result = try chosen.picked(region.picks)
        guard region.picks.count == 1 else { return result }
        return result.traced(
            .indexSelect(Graph.IndexSelect(dim: pick.dim)), [chosen.operand, pick.positions.operand])
    }

    /// One position of a dimension, which goes away.
    public func select(dim: Int, index: Int) throws -> Tensor {
        let d = try shape.dimension(dim, for: "select")
        guard rank > 0 else {
            throw TensorError.wrongIndex(function: "select", reason: "a single number has no dimension to index")
        }
        return try self.index([Index](repeating: .all, count: d) + [.integer(index)])
    }

    /// `length` positions of a dimension from `start` on.
    public func narrow(dim: Int, start: Int, length: Int) throws -> Tensor {
        let d = try shape.dimension(dim, for: "narrow")
        guard rank > 0, start >= 0, length >= 0, start <= shape[d], length <= shape[d] - start else {
            throw TensorError.wrongValue(
                function: "narrow", argument: "start, length", value: "\(start), \(length)",
                expected: "inside dim \(dim) of \(shape)")
        }
        return try index([Index](repeating: .all, count: d) + [.slice(start: start, stop: start + length, step: 1)])
    }

    /// The elements of a strided region as a tensor of their own.
    func strided(_ region: Region) throws -> Tensor {
        if region.isWhole(shape) { return try reshaped(to: region.shape) }
        let out = try Values(region.shape, dtype)
        try Kernels.copy(region.shape, from: values, at: region.offset, region.strides, to: out, region.shape.strides)
        return isRecorded ? Tensor(out, Slice(self, region)) : Tensor(out)
    }

    /// Picks positions in several dimensions at once.
    private func picked(_ picks: [(dim: Int, positions: Tensor)]) throws -> Tensor {
        var common = Shape()
        for pick in picks { common = try Shape.broadcast(common, pick.positions.shape, for: "index") }
        let dims = picks.map(\.dim)
        let first = dims[0], isTogether = dims[dims.count - 1] - first + 1 == dims.count
        let place = isTogether ? first : 0
        var others = (0..<rank).filter { !dims.contains($0) }
        let after = others.filter { isTogether && $0 > first || !isTogether }
        others.removeAll { after.contains($0) }
        let moved = isTogether ? self : try permute(dims + after)
        // The dimensions to pick from as one, and the positions in it.
        var flat = try Kernels.filled(common, .int64, 0)
        for pick in picks {
            let scaled = try Kernels.binary(CK_MUL, flat, scalar: .int(shape[pick.dim]), name: "index")
            flat = try Kernels.binary(CK_ADD, scaled, pick.positions.values, common, name: "index")
        }
        let n = dims.reduce(1) { $0 * shape[$1] }
        let outer = isTogether ? shape.product(0..<place) : 1
        let inner = after.reduce(1) { $0 * shape[$1] }
        let target = try Shape(
            (isTogether ? Array(shape[0..<place]) : []) + common.array + after.map { shape[$0] }, for: "index")
        return try moved.taking(flat, outer: outer, n: n, inner: inner, target)
    }

    /// Rows of the middle of outer × n × inner; the positions are checked and counted from the front.
    func taking(_ positions: Values, outer: Int, n: Int, inner: Int, _ target: Shape) throws -> Tensor {
        let out = try Kernels.take(values, positions, outer: outer, n: n, inner: inner, target)
        return isRecorded ? Tensor(out, Take(self, positions, outer, n, inner)) : Tensor(out)
    }

    /// `x[…] = value`, with gradients to the value and to what remains of x.
    /// - Throws: `TensorError` as `index`, for a value that does not broadcast, and for a leaf that requires a gradient
    ///   outside `no_grad`.
    public func setIndex(_ parts: [Index], _ value: Operand) throws {
        let name = "index"
        if isLeafRequiringGradient && Gradients.isEnabled { throw TensorError.writeIntoLeaf(function: name) }
        let region = try Region(shape, parts, for: name)
        let source: Tensor
        switch value {
        case .tensor(let tensor): source = try tensor.to(dtype)
        case .scalar(let scalar):
            try dtype.check(holds: scalar, for: name, argument: "value")
            source = Tensor(try Kernels.filled(.scalar, dtype, scalar))
        }
        var place = Place.region(region)
        var placeShape = region.shape
        if !region.picks.isEmpty {
            // Indexing the positions themselves gives the positions to write.
            let all = Tensor(try Kernels.arange(count, .int64, start: 0, step: 1).reshaped(shape))
            let chosen = try all.index(parts).values
            place = .positions(chosen)
            placeShape = chosen.shape
        }
        // As in NumPy, leading dimensions of size 1 of the value do not count.
        var trimmed = source
        while trimmed.rank > placeShape.rank, trimmed.shape[0] == 1 {
            trimmed = try trimmed.reshaped(to: trimmed.shape.removing(0))
        }
        guard let joint = try? Shape.broadcast(placeShape, trimmed.shape, for: name), joint == placeShape else {
            throw TensorError.notBroadcastable(function: name, left: placeShape, right: source.shape)
        }
        if (requiresGradient || source.requiresGradient) && Gradients.isEnabled {
            let out = try values.copied()
            try place.write(trimmed.values, into: out, placeShape)
            try become(Tensor(out, Assignment(self, trimmed, place, placeShape)), for: name)
        } else {
            let written = trimmed.values.storage === values.storage ? try trimmed.values.copied() : trimmed.values
            try prepareToWrite(for: name)
            try place.write(written, into: values, placeShape)
        }
    }
}

/// Where an assignment goes.
private enum Place {
    case region(Region)
    case positions(Values)

    func write(_ source: Values, into out: Values, _ shape: Shape) throws {
        switch self {
        case .region(let region):
            try Kernels.copy(
                shape, from: source, source.shape.strides(in: shape), to: out, offset: region.offset, region.strides)
        case .positions(let positions):
            let stretched = try Kernels.expand(source, shape)
            try Kernels.put(stretched, positions, outer: 1, n: out.count, inner: 1, into: out)
        }
    }

    func read(_ x: Values, _ shape: Shape) throws -> Values {
        switch self {
        case .region(let region):
            let out = try Values(shape, x.dtype)
            try Kernels.copy(shape, from: x, at: region.offset, region.strides, to: out, shape.strides)
            return out
        case .positions(let positions):
            return try Kernels.take(x, positions, outer: 1, n: x.count, inner: 1, shape)
        }
    }
}

/// y = a strided part of x: the gradient goes to that part.
private final class Slice: Operation {
    private let shape: Shape, region: Region
    override class var name: String { "index" }

    init(_ x: Tensor, _ region: Region) {
        shape = x.shape
        self.region = region
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let out = try Kernels.filled(shape, gradient.dtype, 0)
        try Kernels.copy(
            region.shape, from: gradient, region.shape.strides, to: out, offset: region.offset, region.strides)
        try send(out, to: 0, walk)
    }
}

/// y = rows of x: gradients of rows taken more than once add up.
private final class Take: Operation {
    private let shape: Shape, positions: Values, outer: Int, n: Int, inner: Int
    override class var name: String { "index_select" }

    init(_ x: Tensor, _ positions: Values, _ outer: Int, _ n: Int, _ inner: Int) {
        shape = x.shape
        self.positions = positions
        self.outer = outer
        self.n = n
        self.inner = inner
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let out = try Kernels.filled(shape, gradient.dtype, 0)
        try Kernels.takeAdd(gradient, positions, outer: outer, n: n, inner: inner, into: out)
        try send(out, to: 0, walk)
    }
}

/// y = x with a part replaced by v: dx = g without that part, dv = that part of g.
private final class Assignment: Operation {
    private let place: Place, shape: Shape, source: InputForm
    override class var name: String { "index" }

    init(_ x: Tensor, _ value: Tensor, _ place: Place, _ shape: Shape) {
        self.place = place
        self.shape = shape
        source = InputForm(value)
        super.init(x, value)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if needs(0) {
            let rest = try gradient.copied()
            try place.write(try Kernels.filled(.scalar, gradient.dtype, 0), into: rest, shape)
            try send(rest, to: 0, walk)
        }
        if needs(1) {
            try send(try place.read(gradient, shape).fitted(to: source.shape, source.dtype), to: 1, walk)
        }
    }
}
