import CKernels

// Factorisations are computed in float64 by LAPACK; their derivatives are written with tensor functions.
extension Tensor {
    private func matrices(_ name: String, square: Bool) throws -> (batch: [Int], m: Int, n: Int) {
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "a float tensor")
        }
        guard rank >= 2, !square || shape[rank - 1] == shape[rank - 2] else {
            throw TensorError.wrongShape(
                function: name, shape: shape, expected: square ? "a square matrix or several" : "a matrix or several",
                argument: 0)
        }
        guard shape[rank - 1] < 1 << 15, shape[rank - 2] < 1 << 15 else {
            throw TensorError.tooLarge(function: name, sizes: shape.array)
        }
        for flag in try isfinite().all().booleans() where !flag {
            throw TensorError.wrongValue(
                function: name, argument: "the matrix", value: "nan or inf", expected: "finite")
        }
        return (shape.dropLast(2).map { $0 }, shape[rank - 2], shape[rank - 1])
    }

    /// The inverse of each square matrix.
    /// - Throws: `TensorError.singular` where there is none.
    public func linalgInv() throws -> Tensor {
        let (batch, n, _) = try matrices("linalg_inv", square: true)
        let stacks = batch.reduce(1, *)
        let wide = try Kernels.cast(values, .float64)
        let out = try Kernels.cast(try Kernels.inverse(wide, batch: stacks, n: n), dtype).reshaped(shape)
        return isRecorded ? Tensor(out, Inverse(self, out)) : Tensor(out)
    }

    /// Eigenvalues in ascending order [.., n] and eigenvectors in the columns of [.., n, n] of symmetric matrices.
    /// - Parameter upper: Which triangle is read.
    public func linalgEigh(upper: Bool = false) throws -> (eigenvalues: Tensor, eigenvectors: Tensor) {
        let (batch, n, _) = try matrices("linalg_eigh", square: true)
        let stacks = batch.reduce(1, *)
        let wide = try Kernels.cast(values, .float64)
        let found = try Kernels.eigh(wide, upper: upper, batch: stacks, n: n)
        let w = try Kernels.cast(found.values, dtype).reshaped(try Shape(batch + [n]))
        let v = try Kernels.cast(found.vectors, dtype).reshaped(shape)
        guard isRecorded else { return (Tensor(w), Tensor(v)) }
        let both = Eigendecomposition(self, w, v)
        return (Tensor(w, Output(of: both, 0)), Tensor(v, Output(of: both, 1)))
    }

    /// U, S and Vᵀ with x = U diag(S) Vᵀ, singular values descending.
    /// - Parameter fullMatrices: Whether U and V are square; gradients need the reduced form.
    public func linalgSVD(fullMatrices: Bool = true) throws -> (u: Tensor, s: Tensor, vh: Tensor) {
        let (batch, m, n) = try matrices("linalg_svd", square: false)
        let stacks = batch.reduce(1, *), least = Swift.min(m, n)
        let full = fullMatrices && m != n
        let wide = try Kernels.cast(values, .float64)
        let found = try Kernels.svd(wide, full: full, batch: stacks, m: m, n: n)
        let u = try Kernels.cast(found.u, dtype).reshaped(try Shape(batch + [m, full ? m : least]))
        let s = try Kernels.cast(found.s, dtype).reshaped(try Shape(batch + [least]))
        let vh = try Kernels.cast(found.vt, dtype).reshaped(try Shape(batch + [full ? n : least, n]))
        guard isRecorded else { return (Tensor(u), Tensor(s), Tensor(vh)) }
        var thin = (u, vh)
        if full {
            thin.0 = try Tensor(u).narrow(dim: -1, start: 0, length: least).values
            thin.1 = try Tensor(vh).narrow(dim: -2, start: 0, length: least).values
        }
        let all = SingularValues(self, thin.0, s, thin.1)
        // Square U and V beyond the rank are arbitrary: only S has a gradient then.
        return (
            full ? Tensor(u) : Tensor(u, Output(of: all, 0)), Tensor(s, Output(of: all, 1)),
            full ? Tensor(vh) : Tensor(vh, Output(of: all, 2))
        )
    }

    /// Distances (Σ |xᵢ - yⱼ|ᵖ)^(1/p) between all rows of [.., n, d] and [.., m, d]: [.., n, m].
    public func cdist(_ other: Tensor, p: Double = 2) throws -> Tensor {
        guard rank >= 2, other.rank >= 2 else {
            throw TensorError.wrongShape(
                function: "cdist", shape: rank < 2 ? shape : other.shape, expected: "rows of [.., n, d]",
                argument: rank < 2 ? 0 : 1)
        }
        guard shape[rank - 1] == other.shape[other.rank - 1] else {
            throw TensorError.unequalShapes(function: "cdist", first: shape, second: other.shape)
        }
        guard dtype == other.dtype else {
            throw TensorError.unequalDTypes(function: "cdist", first: dtype, second: other.dtype)
        }
        guard p >= 0 else {
            throw TensorError.wrongValue(function: "cdist", argument: "p", value: "\(p)", expected: "at least 0")
        }
        return try unsqueeze(dim: -2).sub(other.unsqueeze(dim: -3)).norm(p: p, dims: [-1])
    }

    /// The transpose of the last two dimensions.
    var matrixTranspose: Tensor { get throws { try transpose(-2, -1) } }
}

/// One of several results of an operation: hands its gradient on under its number.
final class Output: Operation {
    private let source: SeveralResults, index: Int
    override class var name: String { SeveralResults.name }

    init(of source: SeveralResults, _ index: Int) {
        self.source = source
        self.index = index
        super.init(madeFrom: source)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        source.arrived[index] = gradient
        // The source waits until all of its results have been worked off, because its number is smaller.
        walk.enqueue(source)
    }
}

/// An operation with several results.
class SeveralResults: Operation {
    fileprivate final var arrived: [Values?] = [nil, nil, nil]

    override final func backwardWithoutGradient(_ walk: Walk) throws {
        let gradients = arrived
        arrived = [nil, nil, nil]
        try backward(gradients, walk)
    }

    func backward(_ gradients: [Values?], _ walk: Walk) throws { throw TensorError.noHistory(function: Self.name) }
}

/// Y = X⁻¹: dX = -Yᵀ G Yᵀ
private final class Inverse: Operation {
    private let inverse: Values
    override class var name: String { "linalg_inv" }

    init(_ x: Tensor, _ inverse: Values) {
        self.inverse = inverse
        super.init(x)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        let y = try Tensor(inverse).matrixTranspose
        try send(try y.matmul(Tensor(gradient)).matmul(y).neg().values, to: 0, walk)
    }
}

/// X = V diag(w) Vᵀ: dX = sym V (diag(gw) + (Vᵀ gV) ∘ F) Vᵀ with Fᵢⱼ = 1 / (wⱼ - wᵢ).
private final class Eigendecomposition: SeveralResults {
    private let w: Values, v: Values
    override class var name: String { "linalg_eigh" }

    init(_ x: Tensor, _ w: Values, _ v: Values) {
        self.w = w
        self.v = v
        super.init(x)
    }

    override func backward(_ gradients: [Values?], _ walk: Walk) throws {
        let vectors = Tensor(v), values = Tensor(w), n = w.shape[w.shape.rank - 1]
        var inner = try vectors.zerosLike()
        if let g = gradients[1] {
            let gaps = try values.unsqueeze(dim: -2).sub(values.unsqueeze(dim: -1))
            let diagonal = try Tensor.eye(n, dtype: w.dtype).to(.bool)
            let inverse = try gaps.maskedFill(diagonal, 1.0).reciprocal().maskedFill(diagonal, 0.0)
            inner = try vectors.matrixTranspose.matmul(Tensor(g)).mul(inverse)
        }
        if let g = gradients[0] {
            inner = try inner.add(Tensor(g).unsqueeze(dim: -1).mul(try Tensor.eye(n, dtype: w.dtype)))
        }
        let result = try vectors.matmul(inner).matmul(vectors.matrixTranspose)
        try send(try result.add(result.matrixTranspose).mul(0.5).values, to: 0, walk)
    }
}

/// X = U diag(s) Vᵀ (reduced). With E = sⱼ² - sᵢ² off the diagonal:
/// dX = U [((skew UᵀgU) / E) S + S ((skew VᵀgV) / E) + diag(gs)] Vᵀ + (1 - UUᵀ) gU S⁻¹ Vᵀ + U S⁻¹ gVᵀ (1 - VVᵀ)
private final class SingularValues: SeveralResults {
    private let u: Values, s: Values, vh: Values
    override class var name: String { "linalg_svd" }

    init(_ x: Tensor, _ u: Values, _ s: Values, _ vh: Values) {
        self.u = u
        self.s = s
        self.vh = vh
        super.init(x)
    }

    override func backward(_ gradients: [Values?], _ walk: Walk) throws {
        let left = Tensor(u), sizes = Tensor(s), right = Tensor(vh)
        let k = s.shape[s.shape.rank - 1]
        let leftT = try left.matrixTranspose
        let identity = try Tensor.eye(k, dtype: s.dtype), diagonal = try identity.to(.bool)
        let squares = try sizes.square()
        let gaps = try squares.unsqueeze(dim: -2).sub(squares.unsqueeze(dim: -1))
        let inverse = try gaps.maskedFill(diagonal, 1.0).reciprocal().maskedFill(diagonal, 0.0)
        let row = try sizes.unsqueeze(dim: -2), column = try sizes.unsqueeze(dim: -1)
        var inner = try gaps.zerosLike()
        var outside: [Tensor] = []
        if let g = gradients[0] {
            let product = try leftT.matmul(Tensor(g))
            inner = try inner.add(product.sub(product.matrixTranspose).mul(inverse).mul(row))
            let rest = try Tensor(g).sub(left.matmul(product))
            outside.append(try rest.div(row).matmul(right))
        }
        if let g = gradients[2] {
            let product = try right.matmul(Tensor(g).matrixTranspose)
            inner = try inner.add(product.sub(product.matrixTranspose).mul(inverse).mul(column))
            let rest = try Tensor(g).sub(product.matrixTranspose.matmul(right))
            outside.append(try left.matmul(rest.div(column)))
        }
        if let g = gradients[1] { inner = try inner.add(Tensor(g).unsqueeze(dim: -1).mul(identity)) }
        var result = try left.matmul(inner).matmul(right)
        for part in outside { result = try result.add(part) }
        try send(result.values, to: 0, walk)
    }
}
