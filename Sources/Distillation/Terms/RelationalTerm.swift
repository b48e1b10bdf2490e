import Tensors

/// Relational distillation: distances over their mean and cosines of all triplets, each compared by SmoothL1.
///
/// The value is distance · L_D + angle · L_A. W. Park et al., *Relational Knowledge Distillation*, arXiv:1904.05068.
public final class RelationalTerm: PairTerm {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "rkd",
            "Relational distillation: distances and angles between the examples of a batch (Park et al., 2019).",
            formula: "d·⟨SmoothL1(D_s/D̄_s − D_t/D̄_t)⟩ + a·⟨SmoothL1(cos_s − cos_t)⟩",
            paper: "arXiv:1904.05068. Widths may differ.",
            use: "hard() + rkd(…), the weights being within: distance=25, angle=50 as in RepDistiller.",
            when:
                "metric learning and small students of another architecture; the angles cost B³ numbers, so keep batches at 128 or below.",
            family: .relations, related: ["similarity", "pkt"])
    }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    /// The weight of the distances.
    public let distance: Double
    /// The weight of the angles.
    public let angle: Double

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], distance: Double = 25, angle: Double = 50, name: String? = nil) {
        self.distance = distance
        self.angle = angle
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { "distance=\(number(distance)), angle=\(number(angle))" }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        let s = try Geometry(rows(student))
        let t = try Geometry(rows(teacher))
        let distances = try FeatureMetric.smoothL1.distance(s.distances, t.distances)
        guard angle != 0 else { return try distances * Scalar(distance) }
        let angles = try FeatureMetric.smoothL1.distance(s.angles(), t.angles())
        return try distances * Scalar(distance) + angles * Scalar(angle)
    }

    /// Distances between the rows of a batch and the directions from each to each.
    private struct Geometry {
        /// [B, B], over the mean of the positive ones.
        let distances: Tensor
        /// [B, B, D]: from row i (first index) to row j.
        private let differences: Tensor

        init(_ x: Tensor) throws {
            let (count, width) = (x.shape[0], x.shape[1])
            differences = try x.reshape([1, count, width]) - x.reshape([count, 1, width])
            let squares = try differences.square().sum(dims: [2])
            let zero = try squares.le(0)
            let roots = try squares.maskedFill(zero, 1).sqrt().maskedFill(zero, 0)
            let positive = try zero.bitwiseNot().to(.int64).sum().item().integer
            let mean = try roots.sum() * Scalar(1 / Double(max(1, positive)))
            distances = positive == 0 ? roots : try roots / mean
        }

        /// cos of the angle at row i between the directions to j and k, [B, B, B].
        func angles() throws -> Tensor {
            let units = try Rows.normalized(differences)
            return try units.bmm(units.transpose(1, 2))
        }
    }
}
