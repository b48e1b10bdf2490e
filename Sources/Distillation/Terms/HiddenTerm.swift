import Data
import Learning
import Tensors

/// How far the hidden states of two layers are from each other.
public enum HiddenMetric: String, Sendable, CaseIterable {
    /// ⟨(r(h_s) − h_t)²⟩
    case mse
    /// 1 − ⟨cos⟩ over positions
    case cosine
    /// ⟨‖ĥ_s − ĥ_t‖²⟩ over positions, ĥ = h/‖h‖
    case normalized
}

/// Which positions of a text are compared.
public enum HiddenPositions: String, Sendable, CaseIterable {
    /// Those that count.
    case all
    /// The first, whose hidden state stands for the text in BERT.
    case first
}

/// Hidden states of the layers of two transformers, a learned projection where their widths differ.
///
/// PKD (S. Sun et al., arXiv:1908.09355): `hidden(layers="uniform", metric="normalized", positions="first")` without the last
/// pair; DistilBERT (V. Sanh et al., arXiv:1910.01108): `hidden(layers="last", metric="cosine")`; TinyBERT (arXiv:1909.10351):
/// `hidden(layers="uniform")`.
public final class HiddenTerm: Term, Adaptable {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "hidden",
            "The hidden states of a transformer's layers, paired by number (Sun et al., 2019; Sanh et al., 2019).",
            formula: "⟨(r(h_s) − h_t)²⟩, r a projection where widths differ",
            paper:
                "PKD, arXiv:1908.09355 (normalized, first position, without the last layer); DistilBERT, arXiv:1910.01108 (cosine, last layer); TinyBERT, arXiv:1909.10351 (mse, uniform).",
            use: "soft(T=2) + hidden(layers=\"uniform\"); metric=\"cosine\" with layers=\"last\" as DistilBERT.",
            when:
                "a student of the teacher's kind with fewer layers; with fewer heads as well, minilm() asks less of it.",
            remarks: [
                "The layers are found: the longest list of layers of one kind in each network; pairs name them instead. Positions that a mask leaves out do not count."
            ],
            family: .tokens, related: ["feature"])
    }

    /// Which layers are compared where no pairs are given.
    public let matching: LayerMatching
    /// The distance.
    public let metric: HiddenMetric
    /// Which positions.
    public let positions: HiddenPositions
    /// What makes unlike widths comparable.
    public var adapter = AdapterChoice.auto

    /// A term for some pairs, or for those that the networks' layers make.
    public init(
        pairs: [LayerPair] = [], matching: LayerMatching = .uniform, metric: HiddenMetric = .mse,
        positions: HiddenPositions = .all, name: String? = nil
    ) {
        self.matching = matching
        self.metric = metric
        self.positions = positions
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String {
        [
            matching == .uniform || !pairs.isEmpty ? "" : "layers=\"\(matching.rawValue)\"",
            metric == .mse ? "" : "metric=\"\(metric.rawValue)\"",
            positions == .all ? "" : "positions=\"\(positions.rawValue)\"",
        ].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// The formula.
    public override var formula: String {
        switch metric {
        case .mse: Self.page.formula
        case .cosine: "1 − ⟨cos(r(h_s), h_t)⟩"
        case .normalized: "⟨‖r(h_s)/‖r(h_s)‖ − h_t/‖h_t‖‖²⟩"
        }
    }

    /// The layers are found.
    public override var usesDefaultPair: Bool { true }
    /// Every example whose first position counts.
    override func divisor(_ input: TermInput) throws -> Double? {
        guard positions == .first, let feature = input.student.features.first else { return try super.divisor(input) }
        return try chosen(feature, input.batch).shape.first.map(Double.init)
    }
    /// The first position is found before positions become rows.
    public override var keepsShapes: Bool { positions == .first }

    override func foundPairs(teacher: Module, student: Module) throws -> [LayerPair]? {
        try matching.pairs(teacher: teacher, student: student, for: self)
    }

    /// What is compared of hidden states; a mask of examples leaves some out.
    private func chosen(_ x: Tensor, _ batch: Batch) throws -> Tensor {
        guard positions == .first else { return x }
        guard x.rank == 3, x.shape[1] > 0 else {
            throw DistillationError.feature(
                term: name, problem: "positions=\"first\" needs hidden states [N, L, D], given \(x.shape)")
        }
        let first = try x.narrow(dim: 1, start: 0, length: 1).reshape([x.shape[0], x.shape[2]])
        guard let mask = batch.mask, mask.shape[0] == x.shape[0] else { return first }
        let counts = try (mask.rank == 1 ? mask : mask.narrow(dim: 1, start: 0, length: 1).reshape([x.shape[0]]))
            .ne(.int(0)).booleans()
        let rows = counts.indices.filter { counts[$0] }
        return rows.count == x.shape[0] ? first : try first.rows(at: Tensor(rows, shape: [rows.count]))
    }

    /// Makes the projections.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let adapters = try example.features(for: self).enumerated().map { index, feature in
            try context.adapter(
                chosen(feature.student, example.batch).shape.array, chosen(feature.teacher, example.batch).shape.array,
                adapter, for: self, pair: index)
        }
        var modules: [(String, Module)] = []
        for (index, adapter) in adapters.enumerated() { if let adapter { modules.append(("\(index)", adapter)) } }
        return ActiveTerm(modules: .init(uniqueKeysWithValues: modules)) { [self] input in
            try sumOverPairs(input) { index, student, teacher in
                let own = try chosen(student, input.batch)
                return try distance(
                    adapters.indices.contains(index) ? adapters[index]?(own) ?? own : own, chosen(teacher, input.batch))
            }
        }
    }

    /// The sum of the distances of all pairs, of states of one width.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { try distance(chosen($1, input.batch), chosen($2, input.batch)) }
    }

    private func distance(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        guard student.shape == teacher.shape, student.rank >= 2, let width = student.shape.last else {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
        let count = student.count / max(1, width)
        let (s, t) = (try student.reshape([count, width]), try teacher.reshape([count, width]))
        switch metric {
        case .mse: return try FeatureMetric.mse.distance(s, t)
        case .cosine: return try FeatureMetric.cosine.distance(s, t)
        case .normalized:
            return try (Rows.normalized(s) - Rows.normalized(t)).square().sum() * Scalar(1 / Double(max(1, count)))
        }
    }
}
