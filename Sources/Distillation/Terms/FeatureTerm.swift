import Learning
import Tensors

/// How far two features are from each other.
public enum FeatureMetric: String, Sendable, CaseIterable {
    /// ⟨(a − b)²⟩
    case mse
    /// ⟨|a − b|⟩
    case l1
    /// ⟨½d² for |d| < 1, else |d| − ½⟩
    case smoothL1 = "smooth_l1"
    /// 1 − ⟨cos⟩ over rows
    case cosine

    /// The distance of two tensors of one shape.
    public func distance(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        switch self {
        case .mse: return try (a - b).square().mean()
        case .l1: return try (a - b).abs().mean()
        case .smoothL1:
            // ½m² + (|d| − m) with m = min(|d|, 1): both branches and their derivative, without choosing.
            let size = try (a - b).abs()
            let inner = try size.clamp(max: 1)
            return try (inner.square() * 0.5 + size - inner).mean()
        case .cosine:
            let rows = a.shape.first ?? 1
            let left = try Rows.normalized(a.reshape([rows, -1]))
            let right = try Rows.normalized(b.reshape([rows, -1]))
            return try 1 - (left * right).sum() * Scalar(1 / Double(max(1, rows)))
        }
    }
}

/// Rows of features.
enum Rows {
    /// x / max(‖x‖, 1e-12), per row of [B, D].
    static func normalized(_ x: Tensor) throws -> Tensor {
        let squares = try x.square().sum(dims: [-1], keepdim: true)
        // max(√s, ε) = √max(s, ε²), whose derivative at s = 0 is 0 and not 0·∞; ε² is below float32's normal range.
        let norm = try squares.clamp(min: x.dtype == .float32 ? 1e-24 : 1e-24).sqrt()
        return try x / norm
    }
}

/// Distance of features: ⟨(r(f_s) − f_t)²⟩ with a learned adapter r where shapes differ.
///
/// Without a pair it compares what goes into the last child called of each network, which is what `net[:-1]` computes.
/// Several pairs add up. FitNets (arXiv:1412.6550) is the same with a regressor always in between: ``FitNetTerm``.
public final class FeatureTerm: Term, Adaptable {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "feature",
            "The teacher's intermediate representations as targets.",
            formula: "⟨(r(f_s) − f_t)²⟩, r an adapter that is trained along where shapes differ",
            paper: "after FitNets, arXiv:1412.6550.",
            use: "soft() + feature(…); weights between 0.1 and 100 are usual, balance=true proposes one.",
            when:
                "a student built like the teacher, a stage or two compared; fitnet() always trains a regressor between.",
            remarks: ["Without pairs it compares what net[:-1] computes."],
            family: .layers, related: ["soft", "features", "distill"])
    }

    /// The distance.
    public let metric: FeatureMetric
    /// What makes unlike shapes comparable.
    public var adapter: AdapterChoice

    /// A term for some pairs.
    public init(
        pairs: [LayerPair] = [], metric: FeatureMetric = .mse, adapter: AdapterChoice = .auto, name: String? = nil
    ) {
        self.metric = metric
        self.adapter = adapter
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { metric == .mse ? "" : "metric=\"\(metric.rawValue)\"" }
    /// The formula.
    public override var formula: String {
        switch metric {
        case .mse: "⟨(r(f_s) − f_t)²⟩"
        case .l1: "⟨|r(f_s) − f_t|⟩"
        case .smoothL1: "⟨SmoothL1(r(f_s) − f_t)⟩"
        case .cosine: "1 − ⟨cos(r(f_s), f_t)⟩"
        }
    }
    /// The input of the last child unless pairs are given.
    public override var usesDefaultPair: Bool { true }

    /// Makes the adapters.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let adapters = try example.features(for: self).enumerated().map { index, feature in
            try context.adapter(
                feature.student.shape.array, feature.teacher.shape.array, adapter, for: self, pair: index)
        }
        return ActiveTerm(adapters: adapters, loss)
    }

    /// The sum of the distances of all pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { _, student, teacher in
            guard student.shape == teacher.shape else {
                throw DistillationError.unequal(
                    term: name, student: student.shape.array, teacher: teacher.shape.array)
            }
            return try metric.distance(student, teacher)
        }
    }
}

extension Term {
    /// The sum over the pairs of features of what `value` gives for each.
    ///
    /// - Throws: ``DistillationError`` without features, and what `value` throws.
    final func sumOverPairs(_ input: TermInput, _ value: (Int, Tensor, Tensor) throws -> Tensor) throws -> Tensor {
        let features = try input.features(for: self)
        var total: Tensor?
        for (index, feature) in features.enumerated() {
            let own = try value(index, feature.student, feature.teacher)
            total = try total.map { try $0 + own } ?? own
        }
        guard let total else { throw DistillationError.option(term: name, problem: "needs pairs=\"…\" -> \"…\"") }
        return total
    }
}
