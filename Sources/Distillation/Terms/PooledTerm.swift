import Learning
import Tensors

/// How far two vectors of a text are from each other.
public enum PooledMetric: String, Sendable, CaseIterable {
    /// ⟨(r(e_s) − e_t)²⟩
    case mse
    /// 1 − ⟨cos⟩
    case cosine
    /// ⟨‖r(e_s) − e_t‖⟩
    case l2
}

/// The vectors that two networks make of each text, a learned projection where their widths differ.
///
/// N. Reimers, I. Gurevych, *Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation*,
/// arXiv:2004.09813 (the mean square).
public final class PooledTerm: Term, Adaptable {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "pooled",
            "One vector for each text: embeddings as targets (Reimers, Gurevych, 2020).",
            formula: "⟨(r(e_s) − e_t)²⟩, r a projection where widths differ",
            paper: "arXiv:2004.09813. Without a pair, what the networks give.",
            use: "pooled(metric=\"cosine\") on unlabelled texts; metric=\"mse\" as the authors.",
            when:
                "sentence embeddings; the projection stays with the run (run.adapters), so a student of another width is compared with its own kind, or use pooled_similarity().",
            family: .tokens, related: ["hidden", "feature"])
    }

    /// The distance.
    public let metric: PooledMetric
    /// What makes unlike widths comparable.
    public var adapter = AdapterChoice.auto

    /// A term.
    public init(pairs: [LayerPair] = [], metric: PooledMetric = .mse, name: String? = nil) {
        self.metric = metric
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { metric == .mse ? "" : "metric=\"\(metric.rawValue)\"" }

    /// The formula.
    public override var formula: String {
        switch metric {
        case .mse: Self.page.formula
        case .cosine: "1 − ⟨cos(r(e_s), e_t)⟩"
        case .l2: "⟨‖r(e_s) − e_t‖⟩"
        }
    }

    /// What the networks give.
    public override var usesDefaultPair: Bool { true }

    override func foundPairs(teacher: Module, student: Module) throws -> [LayerPair]? {
        [LayerPair("output", "output")]
    }

    /// Makes the projections.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let adapters = try example.features(for: self).enumerated().map { index, feature in
            for x in [feature.student, feature.teacher] { try Self.requireVectors(x, self) }
            return try context.adapter(
                feature.student.shape.array, feature.teacher.shape.array, adapter, for: self, pair: index)
        }
        return ActiveTerm(adapters: adapters, loss)
    }

    /// One vector a text.
    static func requireVectors(_ x: Tensor, _ term: Term) throws {
        guard x.rank == 2 else {
            throw DistillationError.feature(
                term: term.name,
                problem:
                    "needs one vector a text [N, D], given \(x.shape): a network with pooling gives such, or a pair names where they are"
            )
        }
    }

    /// The sum over the pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { _, student, teacher in
            guard student.shape == teacher.shape, student.rank == 2 else {
                throw DistillationError.unequal(
                    term: name, student: student.shape.array, teacher: teacher.shape.array)
            }
            switch metric {
            case .mse: return try FeatureMetric.mse.distance(student, teacher)
            case .cosine: return try FeatureMetric.cosine.distance(student, teacher)
            case .l2:
                // The root of 0 has no slope.
                return try (student - teacher).square().sum(dims: [1]).clamp(min: .float(1e-24)).sqrt().mean()
            }
        }
    }
}
