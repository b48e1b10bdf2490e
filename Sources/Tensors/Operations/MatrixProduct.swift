import CKernels

extension Tensor {
    /// The matrix product: dot product of two vectors, matrix by vector, matrix by matrix, and batches of those with
    /// broadcast leading dimensions.
    /// - Throws: `TensorError` when inner sizes differ, for single numbers and for unequal dtypes.
    public func matmul(_ other: Tensor) throws -> Tensor { try matmul(other, for: "matmul") }

    func matmul(_ other: Tensor, for name: String) throws -> Tensor {
        guard dtype == other.dtype else {
            throw TensorError.unequalDTypes(function: name, first: dtype, second: other.dtype)
        }
        guard dtype.isFloating || dtype == .int64 else {
            throw TensorError.wrongDType(function: name, dtype: dtype, expected: "float or int64 tensors")
        }
        guard rank > 0 else {
            throw TensorError.wrongShape(function: name, shape: shape, expected: "at least 1 dimension", argument: 0)
        }
        guard other.rank > 0 else {
            throw TensorError.wrongShape(
                function: name, shape: other.shape, expected: "at least 1 dimension", argument: 1)
        }
        let k = shape[rank - 1], rows = other.rank == 1 ? other.shape[0] : other.shape[other.rank - 2]
        guard k == rows else { throw TensorError.innerSizesDiffer(function: name, left: shape, right: other.shape) }
        let plan = try MatrixProductPlan(shape, other.shape, for: name)
        let out = try Values(plan.result, dtype)
        try plan.multiply(values, other.values, into: out)
        let isRecorded = (requiresGradient || other.requiresGradient) && Gradients.isEnabled
        return (isRecorded ? Tensor(out, MatrixProduct(self, other, plan)) : Tensor(out))
            .traced(.matrixProduct(Graph.MatrixProduct()), [operand, other.operand])
    }

    /// The product of two matrices.
    public func mm(_ other: Tensor) throws -> Tensor {
        for (position, matrix) in [self, other].enumerated() where matrix.rank != 2 {
            throw TensorError.wrongShape(function: "mm", shape: matrix.shape, expected: "a matrix", argument: position)
        }
        return try matmul(other, for: "mm")
    }

    /// Products of two batches of matrices: [b, n, m] by [b, m, p].
    public func bmm(_ other: Tensor) throws -> Tensor {
        for (position, batch) in [self, other].enumerated() where batch.rank != 3 {
            throw TensorError.wrongShape(
                function: "bmm", shape: batch.shape, expected: "a batch of matrices", argument: position)
        }
        guard shape[0] == other.shape[0] else {
            throw TensorError.unequalShapes(function: "bmm", first: shape, second: other.shape)
        }
        return try matmul(other, for: "bmm")
    }

    /// Σ x y of two vectors.
    public func dot(_ other: Tensor) throws -> Tensor {
        for (position, vector) in [self, other].enumerated() where vector.rank != 1 {
            throw TensorError.wrongShape(function: "dot", shape: vector.shape, expected: "a vector", argument: position)
        }
        return try matmul(other, for: "dot")
    }

    /// All products xᵢ yⱼ of two vectors.
    public func outer(_ other: Tensor) throws -> Tensor {
        for (position, vector) in [self, other].enumerated() where vector.rank != 1 {
            throw TensorError.wrongShape(
                function: "outer", shape: vector.shape, expected: "a vector", argument: position)
        }
        return try reshape([count, 1]).mul(other)
    }
}

/// How a product of two shapes is laid out as batches of matrices.
struct MatrixProductPlan {
    let left: Shape, right: Shape, result: Shape
    let m: Int, n: Int, k: Int
    /// Leading dimensions of each side and of the result.
    let leftBatch: Shape, rightBatch: Shape, batch: Shape

    init(_ left: Shape, _ right: Shape, for name: String) throws {
        self.left = left
        self.right = right
        k = left[left.rank - 1]
        m = left.rank == 1 ? 1 : left[left.rank - 2]
        n = right.rank == 1 ? 1 : right[right.rank - 1]
        func leading(_ shape: Shape) -> Shape {
            var result = Shape()
            for d in 0..<Swift.max(shape.rank - 2, 0) { result.add(shape[d]) }
            return result
        }
        leftBatch = leading(left)
        rightBatch = leading(right)
        do {
            batch = try Shape.broadcast(leftBatch, rightBatch, for: name)
        } catch is TensorError {
            throw TensorError.notBroadcastable(function: name, left: left, right: right)
        }
        var shape = batch
        if left.rank > 1 { shape.add(m) }
        if right.rank > 1 { shape.add(n) }
        result = try Shape(shape, for: name)
    }

    /// Whether one matrix on the right serves rows of all batches on the left: then it is one large product.
    private var isOneProduct: Bool { rightBatch.elementCount == 1 && rightBatch.rank <= leftBatch.rank }

    func multiply(_ a: Values, _ b: Values, into out: Values) throws {
        let a = try a.rowMajor(), b = try b.rowMajor()
        if isOneProduct {
            try Kernels.gemm(a, b, m: batch.elementCount * m, n: n, k: k, into: out)
        } else {
            try forEachRun { run in
                try Kernels.gemm(
                    batch: run.count, a.part(at: run.left * m * k, Shape()), b.part(at: run.right * k * n, Shape()),
                    strideA: run.leftStep * m * k, strideB: run.rightStep * k * n, m: m, n: n, k: k,
                    into: out.part(at: run.result * m * n, Shape()))
            }
        }
    }

    /// gradient · bᵀ, added up over batches that share a.
    func leftGradient(_ gradient: Values, _ b: Values) throws -> Values {
        let gradient = try gradient.rowMajor(), b = try b.rowMajor()
        if isOneProduct {
            let out = try Values(left, gradient.dtype)
            try Kernels.gemm(gradient, b, transposeB: true, m: batch.elementCount * m, n: k, k: n, into: out)
            return out
        }
        let out = try Values(try batch.appending(m, k), gradient.dtype)
        try forEachRun { run in
            try Kernels.gemm(
                batch: run.count, gradient.part(at: run.result * m * n, Shape()),
                b.part(at: run.right * k * n, Shape()),
                strideA: m * n, strideB: run.rightStep * k * n, transposeB: true, m: m, n: k,
                k: n, into: out.part(at: run.result * m * k, Shape()))
        }
        return try out.summed(to: try leftBatch.appending(m, k)).reshaped(left)
    }

    /// aᵀ · gradient, added up over batches that share b.
    func rightGradient(_ gradient: Values, _ a: Values) throws -> Values {
        let gradient = try gradient.rowMajor(), a = try a.rowMajor()
        if isOneProduct {
            let out = try Values(right, gradient.dtype)
            try Kernels.gemm(a, gradient, transposeA: true, m: k, n: n, k: batch.elementCount * m, into: out)
            return out
        }
        let out = try Values(try batch.appending(k, n), gradient.dtype)
        try forEachRun { run in
            try Kernels.gemm(
                batch: run.count, a.part(at: run.left * m * k, Shape()), gradient.part(at: run.result * m * n, Shape()),
                strideA: run.leftStep * m * k, strideB: m * n, transposeA: true, m: k, n: n, k: m,
                into: out.part(at: run.result * k * n, Shape()))
        }
        return try out.summed(to: try rightBatch.appending(k, n)).reshaped(right)
    }

    private struct Run {
        var count: Int, left: Int, leftStep: Int, right: Int, rightStep: Int, result: Int
    }

    /// Runs along the last batch dimension in which both sides step evenly; all at once when neither side broadcasts.
    private func forEachRun(_ body: (Run) throws -> Void) rethrows {
        let total = batch.elementCount
        if total == 0 { return }
        if leftBatch == batch && rightBatch == batch {
            try body(Run(count: total, left: 0, leftStep: 1, right: 0, rightStep: 1, result: 0))
            return
        }
        let leftStrides = leftBatch.strides(in: batch), rightStrides = rightBatch.strides(in: batch)
        let last = batch.rank - 1, length = batch[last]
        for start in stride(from: 0, to: total, by: length) {
            var rest = start / length, l = 0, r = 0
            for d in stride(from: last - 1, through: 0, by: -1) {
                l += rest % batch[d] * leftStrides[d]
                r += rest % batch[d] * rightStrides[d]
                rest /= batch[d]
            }
            try body(
                Run(
                    count: length, left: l, leftStep: leftStrides[last], right: r, rightStep: rightStrides[last],
                    result: start))
        }
    }
}

extension Shape {
    /// The shape with two dimensions appended.
    func appending(_ rows: Int, _ columns: Int) throws -> Shape {
        try Shape(array + [rows, columns], for: "matmul")
    }
}

/// Y = A B: dA = G Bᵀ, dB = Aᵀ G
private final class MatrixProduct: Operation {
    private let plan: MatrixProductPlan
    private let left: Saved?, right: Saved?
    override class var name: String { "matmul" }

    init(_ a: Tensor, _ b: Tensor, _ plan: MatrixProductPlan) {
        self.plan = plan
        left = b.requiresGradient ? Saved(a) : nil
        right = a.requiresGradient ? Saved(b) : nil
        super.init(a, b)
    }

    override func backward(_ gradient: Values, _ walk: Walk) throws {
        if let right { try send(try plan.leftGradient(gradient, try right.restored(for: "matmul")), to: 0, walk) }
        if let left { try send(try plan.rightGradient(gradient, try left.restored(for: "matmul")), to: 1, walk) }
    }
}
