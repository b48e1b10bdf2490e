extension Tensor {
    /// The same elements under another shape; one size may be -1.
    /// - Throws: `TensorError.wrongCount`.
    public func reshape(_ sizes: [Int]) throws -> Tensor {
        try reshaped(to: try shape.resolving(sizes, for: "reshape"))
    }

    func reshaped(to target: Shape) throws -> Tensor {
        let result = try sharing(target)
        return (isRecorded ? Tensor(result.values, Reshape(self)) : result)
            .traced(.reshape(Graph.Reshape(target)), [operand])
    }

    /// Dimensions `startDim` … `endDim` as one.
    public func flatten(startDim: Int = 0, endDim: Int = -1) throws -> Tensor {
        let first = try shape.dimension(startDim, for: "flatten"), last = try shape.dimension(endDim, for: "flatten")
        guard first <= last else {
            throw TensorError.wrongValue(
                function: "flatten", argument: "start_dim", value: "\(startDim)",
                expected: "not behind end_dim, \(endDim)")
        }
        if rank == 0 { return try reshaped(to: Shape(1)) }
        let sizes = Array(shape[0..<first]) + [shape.product(first..<last + 1)] + Array(shape[(last + 1)...])
        return try reshaped(to: try Shape(sizes, for: "flatten"))
    }

    /// Without dimension `dim` if its size is 1.
    public func squeeze(dim: Int) throws -> Tensor { try squeeze(dims: [dim]) }

    /// Without those of `dims` (all without it) whose size is 1.
    public func squeeze(dims: [Int]? = nil) throws -> Tensor {
        let named = try dims.map { try shape.dimensions($0, for: "squeeze") } ?? Array(0..<rank)
        var target = Shape()
        for d in 0..<rank where !(shape[d] == 1 && named.contains(d)) { target.add(shape[d]) }
        return try reshaped(to: target)
    }

    /// With a dimension of size 1 before `dim`.
    public func unsqueeze(dim: Int) throws -> Tensor {
        guard dim >= -rank - 1 && dim <= rank else {
            throw TensorError.wrongValue(
                function: "unsqueeze", argument: "dim", value: "\(dim)",
                expected: "in \(-rank - 1) … \(rank) for shape \(shape)")
        }
        return try reshaped(to: try shape.inserting(1, at: dim < 0 ? dim + rank + 1 : dim, for: "unsqueeze"))
    }

    /// With two dimensions exchanged.
    public func transpose(_ first: Int, _ second: Int) throws -> Tensor {
        let a = try shape.dimension(first, for: "transpose"), b = try shape.dimension(second, for: "transpose")
        if rank == 0 { return try permuted([]) }
        var dims = Array(0..<rank)
        dims.swapAt(a, b)
        return try permuted(dims)
    }

    /// The dimensions in another order.
    public func permute(_ dims: [Int]) throws -> Tensor {
        guard dims.count == rank else {
            throw TensorError.wrongValue(
                function: "permute", argument: "dims", value: "\(dims)",
                expected: "a permutation of the \(rank) dimensions")
        }
        return try permuted(try shape.dimensions(dims, for: "permute"))
    }

    /// The dimensions in reverse order: of a matrix, its transpose.
    public func transposed() throws -> Tensor { try permuted(Array((0..<rank).reversed())) }

    private func permuted(_ dims: [Int]) throws -> Tensor {
        let out = try Kernels.permute(values, dims)
        return (isRecorded ? Tensor(out, Permutation(self, dims)) : Tensor(out))
            .traced(.permute(Graph.Permute(dims)), [operand])
    }

    /// Stretched to `sizes`; -1 keeps a size.
    /// - Throws: `TensorError` where a size is neither 1 nor the one asked for.
    public func expand(_ sizes: [Int]) throws -> Tensor {
        let shift = sizes.count - rank
        var target = sizes
        for d in sizes.indices where sizes[d] == -1 && d >= shift { target[d] = shape[d - shift] }
        let wanted = try Shape(target, for: "expand")
        guard shift >= 0, (0..<rank).allSatisfy({ shape[$0] == wanted[$0 + shift] || shape[$0] == 1 }) else {
            throw TensorError.notBroadcastable(function: "expand", left: shape, right: wanted)
        }
        return try expanded(to: wanted)
    }

    func expanded(to wanted: Shape) throws -> Tensor {
        if wanted == shape { return self }
        let out = try Kernels.expand(values, wanted)
        return (isRecorded ? Tensor(out, Expansion(self)) : Tensor(out))
            .traced(.expand(Graph.Expand(wanted)), [operand])
    }

    /// Tensors of equal shapes but for `dim`, one after the other along it.
    /// - Throws: `TensorError` for an empty list and for shapes that differ elsewhere.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) throws -> Tensor {
        try cat(tensors, dim: dim, for: "cat")
    }

    private static func cat(_ all: [Tensor], dim: Int, for name: String) throws -> Tensor {
        guard !all.isEmpty else { throw TensorError.noTensors(function: name) }
        for (index, tensor) in all.enumerated() where tensor.rank == 0 {
            throw TensorError.wrongShape(
                function: name, shape: tensor.shape, expected: "at least 1 dimension", argument: index)
        }
        // An empty vector joins anything, as PyTorch has it for lists that begin with nothing; its dtype counts.
        let shaped = all.filter { $0.shape.array != [0] }
        let tensors = shaped.isEmpty ? all : shaped
        let first = tensors[0]
        let d = try first.shape.dimension(dim, for: name)
        var total = 0
        for tensor in tensors {
            guard tensor.rank == first.rank,
                (0..<first.rank).allSatisfy({ $0 == d || tensor.shape[$0] == first.shape[$0] })
            else { throw TensorError.unequalShapes(function: name, first: first.shape, second: tensor.shape) }
            total += tensor.shape[d]
        }
        let dtype = all.reduce(all[0].dtype) { DType.promote($0, $1.dtype) }
        let out = try Values(try Shape(first.shape.replacing(d, with: total), for: name), dtype)
        let strides = out.shape.strides
        var start = 0
        for tensor in tensors {
            let part = try Kernels.cast(tensor.values, dtype)
            try Kernels.copy(part.shape, from: part, part.shape.strides, to: out, offset: start * strides[d], strides)
            start += tensor.shape[d]
        }
        let isRecorded = Gradients.isEnabled && tensors.contains(where: \.requiresGradient)
        return (isRecorded ? Tensor(out, Concatenation(tensors, d)) : Tensor(out))
            .traced(.concatenation(Graph.Concatenation(dim: d)), tensors.map(\.operand))
    }

    /// Tensors of one shape along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) throws -> Tensor {
        guard let first = tensors.first else { throw TensorError.noTensors(function: "stack") }
        guard dim >= -first.rank - 1 && dim <= first.rank else {
            throw TensorError.wrongValue(
                function: "stack", argument: "dim", value: "\(dim)", expected: "in \(-first.rank - 1) … \(first.rank)")
        }
        for tensor in tensors where tensor.shape != first.shape {
            throw TensorError.unequalShapes(function: "stack", first: first.shape, second: tensor.shape)
        }
        let d = dim < 0 ? dim + first.rank + 1 : dim
        let target = try first.shape.inserting(1, at: d, for: "stack")
        return try cat(try tensors.map { try $0.reshaped(to: target) }, dim: d, for: "stack")
    }
}

extension Shape {
    /// Sizes with one -1 filled in, for the same number of elements.
    func resolving(_ sizes: [Int], for name: String) throws -> Shape {
        var target = sizes
        if let unknown = sizes.firstIndex(of: -1) {
            target[unknown] = 1
            let rest = try Shape(target, for: name).elementCount
            guard rest > 0, elementCount % rest == 0 else {
                throw TensorError.wrongCount(function: name, shape: self, sizes: sizes)
            }
            target[unknown] = elementCount / rest
        }
        let result = try Shape(target, for: name)
        guard result.elementCount == elementCount else {
            throw TensorError.wrongCount(function: name, shape: self, sizes: sizes)
        }
        return result
    }
}

/// y = x under another shape
private final class Reshape: Operation {
    private let shape: Shape
    override class var name: String { "reshape" }

    init(_ x: Tensor) {
        shape = x.shape
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws { try send(gradient.reshaped(shape), to: 0, walk) }
}

/// y = x with its dimensions in another order
private final class Permutation: Operation {
    private let inverse: [Int]
    override class var name: String { "permute" }

    init(_ x: Tensor, _ dims: [Int]) {
        var inverse = dims
        for (position, dim) in dims.enumerated() { inverse[dim] = position }
        self.inverse = inverse
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        try send(try Kernels.permute(gradient, inverse), to: 0, walk)
    }
}

/// y = x stretched
private final class Expansion: Operation {
    private let shape: Shape
    override class var name: String { "expand" }

    init(_ x: Tensor) {
        shape = x.shape
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        try send(try gradient.summed(to: shape), to: 0, walk)
    }
}

/// y = the inputs one after the other: each gets its part.
private final class Concatenation: Operation {
    private let forms: [InputForm], dim: Int
    override class var name: String { "cat" }

    init(_ tensors: [Tensor], _ dim: Int) {
        forms = tensors.map(InputForm.init)
        self.dim = dim
        super.init(nil, nil, others: tensors)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let strides = gradient.shape.strides
        var start = 0
        for (index, form) in forms.enumerated() {
            if needs(index + 2) {
                let part = try Values(form.shape, gradient.dtype)
                try Kernels.copy(
                    form.shape, from: gradient, at: start * strides[dim], strides, to: part, form.shape.strides)
                try send(try Kernels.cast(part, form.dtype), to: index + 2, walk)
            }
            start += form.shape[dim]
        }
    }
}
