import Learning
import Tensors

/// What of an attention is compared.
public enum AttentionPart: String, Sendable, CaseIterable {
    /// QKᵀ/√d, before any mask.
    case scores
    /// Their softmax, after the mask and before dropout.
    case probabilities
}

/// How far two attentions are from each other.
public enum AttentionMetric: String, Sendable, CaseIterable {
    /// ⟨(a_s − a_t)²⟩ over heads and pairs of positions that count
    case mse
    /// KL(t ‖ s) of each position's shares, averaged over heads and positions that count
    case kl
}

/// Which heads are compared.
public enum AttentionHeads: String, Sendable, CaseIterable {
    /// Each with that of its number.
    case all
    /// Their mean.
    case mean
}

/// The attention of two transformers' layers.
///
/// X. Jiao et al., *TinyBERT*, arXiv:1909.10351: the mean square of the scores over heads and positions. Only positions that a
/// mask lets count take part.
public final class AttentionMapsTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "attention_maps",
            "Where each token looks: the attention of a transformer's layers (Jiao et al., 2019).",
            formula: "⟨(A_s − A_t)²⟩, A = QKᵀ/√d",
            paper: "TinyBERT, arXiv:1909.10351 (scores, mse); KL of the probabilities as in MiniLM, arXiv:2002.10957.",
            use: "attention_maps() + hidden(), TinyBERT's first stage; then soft(T=1).",
            when:
                "a student with the teacher's number of heads; with fewer, heads=\"mean\" or minilm(), which compares one layer.",
            remarks: [
                "The layers are found as hidden() finds them. A pair may name the attention (\"encoder.layer.3.attention\") or its layer; \"@scores\" or \"@probabilities\" is added."
            ],
            family: .tokens, related: ["hidden", "attention"])
    }

    /// Which layers are compared where no pairs are given.
    public let matching: LayerMatching
    /// What of them.
    public let part: AttentionPart
    /// The distance.
    public let metric: AttentionMetric
    /// Which heads.
    public let heads: AttentionHeads

    /// A term for some pairs, or for those that the networks' layers make.
    public init(
        pairs: [LayerPair] = [], matching: LayerMatching = .uniform, part: AttentionPart = .scores,
        metric: AttentionMetric = .mse, heads: AttentionHeads = .all, name: String? = nil
    ) {
        self.matching = matching
        self.part = part
        self.metric = metric
        self.heads = heads
        super.init(name: name, pairs: pairs.map { $0.looking(at: part.rawValue) })
    }

    /// The options as they are written.
    public override var options: String {
        [
            matching == .uniform || !pairs.isEmpty ? "" : "layers=\"\(matching.rawValue)\"",
            part == .scores ? "" : "of=\"\(part.rawValue)\"", metric == .mse ? "" : "metric=\"\(metric.rawValue)\"",
            heads == .all ? "" : "heads=\"\(heads.rawValue)\"",
        ].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// The formula.
    public override var formula: String {
        let name = part == .scores ? "A = QKᵀ/√d" : "A = softmax(QKᵀ/√d)"
        let mean = heads == .mean ? ", heads averaged" : ""
        return metric == .mse
            ? "⟨(A_s − A_t)²⟩, \(name)\(mean)" : "⟨KL(A_t ‖ A_s)⟩ over heads and positions, \(name)\(mean)"
    }

    /// The layers are found.
    public override var usesDefaultPair: Bool { true }
    /// Positions stay in their dimensions.
    public override var keepsShapes: Bool { true }

    override func foundPairs(teacher: Module, student: Module) throws -> [LayerPair]? {
        try matching.pairs(teacher: teacher, student: student, for: self).map { $0.looking(at: part.rawValue) }
    }

    /// The pairs of positions that count, or the positions.
    override func divisor(_ input: TermInput) throws -> Double? {
        guard let feature = input.student.features.first, feature.rank == 4,
            let counts = try input.positions(of: feature, at: 2, for: self)
        else { return nil }
        let each = try counts.sum(dims: [1])
        return try (metric == .mse ? each.square() : each).sum().itemDouble()
    }

    /// The sum over the pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { _, student, teacher in
            for x in [student, teacher] where x.rank != 4 {
                throw DistillationError.feature(term: name, problem: "needs attentions [N, H, L, S], given \(x.shape)")
            }
            let (s, t) =
                heads == .mean
                ? (try student.mean(dims: [1], keepdim: true), try teacher.mean(dims: [1], keepdim: true))
                : (student, teacher)
            guard s.shape == t.shape else {
                throw DistillationError.option(
                    term: name,
                    problem: s.shape[1] != t.shape[1] && s.shape[2] == t.shape[2]
                        ? "the student has \(s.shape[1]) heads and the teacher \(t.shape[1]): heads=\"mean\" compares their mean, minilm(heads=…) relations of a common number"
                        : "the student's attention is \(student.shape) and the teacher's \(teacher.shape)")
            }
            let counts = try input.positions(of: s, at: 2, for: self)
            return metric == .mse ? try squares(s, t, counts) : try divergence(s, t, counts)
        }
    }

    /// ⟨(s − t)²⟩ over heads and the pairs of positions that count.
    private func squares(_ s: Tensor, _ t: Tensor, _ counts: Tensor?) throws -> Tensor {
        let difference = try (s - t).square()
        guard let counts else { return try difference.mean() }
        guard s.shape[2] == s.shape[3] else {
            throw DistillationError.feature(
                term: name, problem: "an attention \(s.shape) among other positions than its own, with a mask")
        }
        let (n, length) = (counts.shape[0], counts.shape[1])
        let both = try counts.reshape([n, 1, length, 1]) * counts.reshape([n, 1, 1, length])
        let total = max(1, try both.sum().itemDouble()) * Double(s.shape[1])
        return try (difference * both).sum() * Scalar(1 / total)
    }

    /// KL(t ‖ s) of every position's shares, averaged over heads and positions that count.
    private func divergence(_ s: Tensor, _ t: Tensor, _ counts: Tensor?) throws -> Tensor {
        let logS = try logarithms(s, counts)
        let logT = try logarithms(t, counts)
        let each = try Logits.divergence(logT, logS).sum(dims: [-1])
        return try AttentionRelations.mean(each, counts)
    }

    private func logarithms(_ x: Tensor, _ counts: Tensor?) throws -> Tensor {
        switch part {
        case .scores: try AttentionRelations.logShares(x, counts)
        // A share of 0 is that of a masked key: it weighs nothing, and its logarithm has to be a number.
        case .probabilities: try x.clamp(min: .float(1e-30)).log()
        }
    }
}

/// Attention among the positions of texts.
enum AttentionRelations {
    /// log softmax over the keys that count, [N, H, L, S].
    static func logShares(_ scores: Tensor, _ counts: Tensor?) throws -> Tensor {
        guard let counts else { return try scores.logSoftmax(dim: -1) }
        // A large number instead of −∞: shares of 0 whose logarithms are numbers.
        let closed = try (1 - counts).reshape([counts.shape[0], 1, 1, counts.shape[1]]) * Scalar(-1e9)
        return try (scores + closed).logSoftmax(dim: -1)
    }

    /// The mean over heads and the positions that count, of [N, H, L].
    static func mean(_ x: Tensor, _ counts: Tensor?) throws -> Tensor {
        guard let counts else { return try x.mean() }
        let own = try counts.reshape([counts.shape[0], 1, counts.shape[1]])
        let total = max(1, try counts.sum().itemDouble()) * Double(x.shape[1])
        return try (x * own).sum() * Scalar(1 / total)
    }
}
