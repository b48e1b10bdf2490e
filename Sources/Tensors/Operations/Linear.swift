import CKernels

extension Tensor {
    /// x Wᵀ + b over the last dimension, with relu in the same pass if asked.
    /// - Parameters:
    ///   - weight: [out, in].
    ///   - bias: [out].
    ///   - relu: Whether max(·, 0) follows.
    /// - Throws: `TensorError` when sizes or dtypes do not fit.
    public func linear(_ weight: Tensor, bias: Tensor? = nil, relu: Bool = false) throws -> Tensor {
        guard weight.rank == 2 || weight.rank == 1 && bias == nil && !relu else {
            throw TensorError.wrongShape(
                function: "linear", shape: weight.shape, expected: "a weight of [out, in]", argument: 1)
        }
        if weight.rank == 1 { return try matmul(weight, for: "linear") }
        guard dtype.isFloating else {
            throw TensorError.wrongDType(function: "linear", dtype: dtype, expected: "a float tensor")
        }
        guard weight.dtype == dtype else {
            throw TensorError.unequalDTypes(function: "linear", first: dtype, second: weight.dtype)
        }
        let n = weight.shape[0], k = weight.shape[1]
        guard rank > 0, shape[rank - 1] == k else {
            throw TensorError.wrongShape(
                function: "linear", shape: shape,
                expected: "\(k) features in the last dimension (weight \(weight.shape))", argument: 0)
        }
        if let bias {
            guard bias.dtype == dtype else {
                throw TensorError.unequalDTypes(function: "linear", first: dtype, second: bias.dtype)
            }
            guard bias.shape == [n] else {
                throw TensorError.wrongShape(
                    function: "linear", shape: bias.shape, expected: "a bias of [\(n)]", argument: 2)
            }
        }
        if relu, !Shortcut.linearReLU.isTaken() { return try linear(weight, bias: bias).relu() }
        let rows = shape.product(0..<rank - 1)
        let target = shape.replacing(rank - 1, with: n)
        let out = try Values(try Shape(target, for: "linear"), dtype)
        let x = values, w = weight.values, b = bias?.values
        try Kernels.linear(x, w, b, relu: relu, m: rows, n: n, k: k, into: out)
        let inputs = requiresGradient || weight.requiresGradient || bias?.requiresGradient == true
        return (inputs && Gradients.isEnabled ? Tensor(out, Linear(self, weight, bias, out, relu: relu)) : Tensor(out))
            .traced(.linear(Graph.Linear(relu: relu)), [operand, weight.operand, bias?.operand])
    }
}

/// Y = X Wᵀ + b (then relu): dX = G W, dW = Gᵀ X, db = Σ rows of G, with G zeroed where relu cut off.
private final class Linear: Operation {
    private let x: Saved?, weight: Saved?
    private var result: Saved?
    private let rows: Int, n: Int, k: Int, inputShape: Shape
    override class var name: String { "linear" }

    init(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ result: Values, relu: Bool) {
        self.x = weight.requiresGradient ? Saved(x) : nil
        self.weight = x.requiresGradient ? Saved(weight) : nil
        n = weight.shape[0]
        k = weight.shape[1]
        rows = x.shape.product(0..<x.rank - 1)
        inputShape = x.shape
        super.init(x, weight, others: bias.map { [$0] } ?? [])
        if relu { self.result = Saved(result, madeBy: number) }
        hasBias = bias != nil
    }

    private var hasBias = false

    override func backward(_ gradient: Values, _ walk: Walk) throws { try backward(consuming: gradient, walk) }

    override func backward(consuming gradient: consuming Values, _ walk: Walk) throws {
        var g = gradient
        let wantsBias = hasBias && needs(2)
        var biasSum: Values?
        if let result {
            let y = try result.restored(for: "linear")
            if wantsBias { biasSum = try Kernels.filled(Shape(n), g.dtype, 0) }
            let cut = g.isUnshared() ? g : try Values(g.shape, g.dtype)
            try Kernels.reluBiasBackward(g, y, into: cut, bias: biasSum, rows: rows, columns: n)
            g = cut
        } else if wantsBias {
            biasSum = try Kernels.reduce(CK_SUM, g, outer: 1, n: rows, inner: n, Shape(n))
        }
        if let biasSum { try send(biasSum, to: 2, walk) }
        biasSum = nil
        if let x, needs(1) {
            let input = try x.restored(for: "linear")
            if let place = walk.target(edge(1)) {
                try Kernels.gemm(g, input, transposeA: true, m: n, n: k, k: rows, beta: place.beta, into: place.values)
            } else {
                let out = try Values(Shape(n, k), g.dtype)
                try Kernels.gemm(g, input, transposeA: true, m: n, n: k, k: rows, into: out)
                try send(out, to: 1, walk)
            }
        }
        if let weight, needs(0) {
            let w = try weight.restored(for: "linear")
            let out = try Values(inputShape, g.dtype)
            try Kernels.gemm(g, w, m: rows, n: k, k: n, into: out)
            try send(out, to: 0, walk)
        }
    }
}
