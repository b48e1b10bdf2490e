import Base
import Data
import Learning
import Tensors

/// How alike two representations of the same examples are, and what one looks like in few dimensions.
public enum Representation {
    /// Linear centred kernel alignment (S. Kornblith et al., arXiv:1905.00414): ‖YᵀX‖² / (‖XᵀX‖·‖YᵀY‖) of the centred
    /// features, between 0 and 1; it does not change under rotations and scaling.
    ///
    /// - Parameters:
    ///   - x: [N, …], flattened to [N, P].
    ///   - y: [N, …], flattened to [N, Q].
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for unlike numbers of examples.
    public static func cka(_ x: Tensor, _ y: Tensor) throws -> Double {
        try Gradients.disabled {
            let (x, y) = (try centred(x, "cka"), try centred(y, "cka"))
            guard x.shape[0] == y.shape[0] else {
                throw TrainingError.data(
                    function: "cka", problem: "\(x.shape[0]) examples on one side and \(y.shape[0]) on the other",
                    help: nil)
            }
            // The same number from the Gram matrices of the examples, where these are the smaller ones.
            let isWide = x.shape[1] > x.shape[0] || y.shape[1] > x.shape[0]
            func size(_ a: Tensor, _ b: Tensor) throws -> Double {
                try a.transposed().matmul(b).square().sum().itemDouble()
            }
            let cross: Double
            let own: (Double, Double)
            if isWide {
                let (k, l) = (try x.matmul(x.transposed()), try y.matmul(y.transposed()))
                cross = try (k * l).sum().itemDouble()
                own = (try (k * k).sum().itemDouble(), try (l * l).sum().itemDouble())
            } else {
                cross = try size(y, x)
                own = (try size(x, x), try size(y, y))
            }
            return cross / (own.0 * own.1).squareRoot()
        }
    }

    /// The difference of the correlations between classes over some logits, teacher minus student, [K, K] (as in CRD,
    /// arXiv:1910.10699): small where the student has learned which classes the teacher finds alike.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for unlike shapes.
    public static func correlationDifference(_ teacher: Tensor, _ student: Tensor) throws -> Tensor {
        guard teacher.shape == student.shape, teacher.rank == 2 else {
            throw TrainingError.data(
                function: "correlation_difference",
                problem: "expected two [N, K], given \(teacher.shape) and \(student.shape)", help: nil)
        }
        return try Gradients.disabled { try correlation(teacher) - correlation(student) }
    }

    private static func correlation(_ logits: Tensor) throws -> Tensor {
        let x = try centred(logits, "correlation_difference")
        let norms = try x.square().sum(dims: [0], keepdim: true).sqrt()
        let normalized = try x / norms.clamp(min: 1e-300)
        return try normalized.transposed().matmul(normalized)
    }

    /// The scores of the first principal components, [N, k]; each component's largest loading is positive.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for a k that the data cannot give.
    public static func pca(_ x: Tensor, components k: Int = 2) throws -> Tensor {
        try principalComponents(x, count: k).scores
    }

    /// The scores of the first principal components, [N, k], and the share of the variance that each of them carries.
    ///
    /// - Throws: ``TrainingError/data(function:problem:help:)`` for a k that the data cannot give.
    public static func principalComponents(
        _ x: Tensor, count k: Int = 2
    ) throws -> (scores: Tensor, shares: [Double]) {
        try Gradients.disabled {
            let rows = try centred(x, "pca")
            let most = min(rows.shape[0], rows.shape[1])
            guard k >= 1, k <= most else {
                throw TrainingError.data(
                    function: "pca", problem: "\(k) components of data [\(rows.shape[0]), \(rows.shape[1])]",
                    help: "between 1 and \(most)")
            }
            // With many examples the components come from the small covariance matrix.
            let axes: Tensor
            if rows.shape[0] > rows.shape[1] {
                let vectors = try rows.transposed().matmul(rows).linalgEigh().eigenvectors
                axes = try vectors.narrow(dim: 1, start: rows.shape[1] - k, length: k).flip(dims: [1])
            } else {
                axes = try rows.linalgSVD(fullMatrices: false).vh.narrow(dim: 0, start: 0, length: k).transposed()
            }
            let loadings = try axes.transposed().doubles()
            let width = rows.shape[1]
            let signs = (0..<k).map { component in
                let own = loadings[component * width..<(component + 1) * width]
                return (own.max { abs($0) < abs($1) } ?? 1) < 0 ? -1.0 : 1.0
            }
            let scores = try rows.matmul(axes) * Tensor(signs)
            let total = try rows.square().sum().itemDouble()
            let shares = try scores.square().sum(dims: [0]).doubles().map { total > 0 ? $0 / total : 0 }
            return (try scores.to(x.dtype.isFloating ? x.dtype : .float32), shares)
        }
    }

    /// Exact t-SNE (L. van der Maaten, G. Hinton, 2008), started from the principal components as scikit-learn does, so
    /// that the same data gives the same picture.
    ///
    /// Early exaggeration 12 over the first quarter (250 steps at most), learning rate max(N/48, 50), momentum 0.5, then
    /// 0.8, with adaptive gains.
    ///
    /// - Parameters:
    ///   - x: [N, …], at most 10,000 examples (the affinities take 4·N² bytes).
    ///   - dimensions: 1 to 3.
    ///   - perplexity: how many neighbours count, below N.
    /// - Returns: the positions [N, dimensions], and KL(P ‖ Q) every 50 steps and at the end.
    /// - Throws: ``TrainingError/data(function:problem:help:)``; ``TensorError/interrupted``.
    public static func tsne(
        _ x: Tensor, dimensions: Int = 2, perplexity: Double = 30, iterations: Int = 1000
    ) throws -> (positions: Tensor, divergences: [Double]) {
        func require(_ condition: Bool, _ problem: String, _ help: String? = nil) throws {
            guard condition else { throw TrainingError.data(function: "tsne", problem: problem, help: help) }
        }
        return try Gradients.disabled {
            let rows = try centred(x, "tsne")
            let count = rows.shape[0]
            try require((1...3).contains(dimensions), "dims must be 1, 2 or 3, given \(dimensions)")
            try require(iterations >= 1, "iterations must be at least 1, given \(iterations)")
            try require(count <= 10_000, "\(count) examples are too many", "take(ds, 5000), for instance")
            try require(
                perplexity >= 1 && perplexity < Double(count),
                "a perplexity of \(number(perplexity)) for \(count) examples",
                "it lies between 1 and the number of examples")
            let start = try pca(rows, components: min(dimensions, min(count, rows.shape[1])))
            try require(start.shape[1] == dimensions, "fewer columns than dims")
            // Small at first: 1e-4 along the first component.
            let spread = try start.narrow(dim: 1, start: 0, length: 1).square().mean().itemDouble().squareRoot()
            let scaled = try start * Scalar(1e-4 / max(spread, 1e-300))
            let squares = try rows.square().sum(dims: [1], keepdim: true)
            let distances = try (squares + squares.transposed() - rows.matmul(rows.transposed()) * 2).clamp(min: 0)
            let embedding = try Tensor.NeighbourEmbedding(
                squaredDistances: distances, perplexity: perplexity, start: scaled)
            let early = min(250, iterations / 4)
            let rate = max(Double(count) / 48, 50)
            var speed = try Tensor.zeros([dimensions, count])
            var gains = try Tensor.ones([dimensions, count])
            var divergences: [Double] = []
            for step in 0..<iterations {
                try Interrupt.check()
                let gradient = try embedding.gradient(exaggeration: step < early ? 12 : 1)
                // A gain grows while gradient and speed point apart, which is while the point moves steadily.
                let steady = try (gradient * speed).lt(0).to(.float32)
                gains = try (steady * (gains + 0.2) + (1 - steady) * (gains * 0.8)).clamp(min: 0.01)
                speed = try speed * Scalar(step < early ? 0.5 : 0.8) - gradient * gains * Scalar(rate)
                try embedding.move(by: speed)
                if step % 50 == 49 || step + 1 == iterations { divergences.append(embedding.divergence()) }
            }
            return (try embedding.embedding(), divergences)
        }
    }

    /// What goes into the last child called of a network, for every example: its deepest representation.
    ///
    /// - Throws: what the network throws; ``ModuleError/noChildren(module:)``.
    public static func deepest(_ net: Module, on data: Dataset) throws -> Tensor {
        let plain = try data.withoutAugmentation()
        guard plain.count > 0 else {
            throw TrainingError.data(function: "features", problem: "the dataset has no examples", help: nil)
        }
        let probe = try Batches(plain, size: 1).batch(0)
        let path = try inEvaluation(net) { try LastChildCalled.inputPath(of: net) { try net(probe) } }
        return try features(net, at: path, on: plain)
    }

    /// The features at a path for every example, [N, …].
    ///
    /// - Throws: ``ModuleError/path(path:existing:)``, and what the network throws.
    public static func features(_ net: Module, at path: LayerPath, on data: Dataset) throws -> Tensor {
        let capture = try FeatureCapture(net, at: [path])
        return try inEvaluation(net) {
            let values = try data.collected(batchSize: 512) { batch in
                [try capture.run { try net(batch) }.features[0]]
            }
            guard let features = values.first else {
                throw TrainingError.data(function: "features", problem: "the dataset has no examples", help: nil)
            }
            return features
        }
    }

    /// [N, …] as float64 [N, D] with columns of mean 0.
    private static func centred(_ x: Tensor, _ function: String) throws -> Tensor {
        guard x.rank >= 1, x.shape[0] > 0, x.count > 0 else {
            throw TrainingError.data(function: function, problem: "needs examples, given \(x.shape)", help: nil)
        }
        let rows = try x.detach().to(.float64).reshape([x.shape[0], x.count / x.shape[0]])
        return try rows - rows.mean(dims: [0], keepdim: true)
    }
}
