/// One curve, or the same curve from several runs that differ in their seed.
public struct CurveSeries: Sendable {
    /// What the curve was measured on.
    public enum Role: String, Sendable {
        /// Training data, or nothing in particular: a solid line.
        case training
        /// Held-out data: a dashed line.
        case validation
        /// What the others are held against, such as chance: a dashed grey line without marks.
        case reference
    }

    /// The name in the legend.
    public var name: String
    /// The positions of each run's values.
    public let xs: [[Double]]
    /// The values of each run; not finite ones are gaps.
    public let ys: [[Double]]
    /// What the curve was measured on.
    public var role: Role
    /// The place in the palette; the position in the chart when `nil`. Two curves of one network may share it.
    public var colour: Int?

    /// One curve.
    ///
    /// - Parameters:
    ///   - x: positions; 1, 2, 3 … when `nil`.
    ///   - y: values.
    /// - Throws: ``DrawingError`` of kind `shape` when the lengths differ.
    public init(
        _ name: String, x: [Double]? = nil, y: [Double], role: Role = .training, colour: Int? = nil
    ) throws {
        try self.init(name, xs: x.map { [$0] }, runs: [y], role: role, colour: colour)
    }

    /// The same curve from several runs.
    ///
    /// From three runs on they are drawn as mean and band, fewer as single curves.
    ///
    /// - Throws: ``DrawingError`` of kind `shape` when the lengths differ.
    public init(
        _ name: String, xs: [[Double]]? = nil, runs: [[Double]], role: Role = .training, colour: Int? = nil
    ) throws {
        let positions = xs ?? runs.map { run in run.indices.map { Double($0 + 1) } }
        guard positions.count == runs.count else {
            throw DrawingError(.shape, "plot: \(positions.count) lists of positions for \(runs.count) runs")
        }
        for (x, y) in zip(positions, runs) where x.count != y.count {
            throw DrawingError(
                .shape, "plot: “\(name)” has \(x.count) positions and \(y.count) values",
                operands: [0: "[\(x.count)]", 1: "[\(y.count)]"])
        }
        self.name = name
        self.xs = positions
        self.ys = runs
        self.role = role
        self.colour = colour
    }
}

/// What the band around the mean of several runs shows.
public enum BandKind: String, Sendable, CaseIterable {
    /// One sample standard deviation (n − 1) to either side.
    case standardDeviation = "std"
    /// One standard error to either side: the standard deviation divided by √n.
    case standardError = "sem"
    /// The 95 % confidence interval of the mean by Student's t.
    case confidence95 = "ci95"
    /// From the smallest to the largest value.
    case range

    /// The words in the legend.
    var words: String {
        switch self {
        case .standardDeviation: "mean ± std"
        case .standardError: "mean ± std. error"
        case .confidence95: "mean, 95 % conf. interval"
        case .range: "mean, min … max"
        }
    }
}
