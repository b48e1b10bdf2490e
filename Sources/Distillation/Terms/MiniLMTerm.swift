import Learning
import Tensors

/// Relations of one layer's queries, keys and values.
///
/// W. Wang et al., *MiniLM*, arXiv:2002.10957 (`"qk,vv"`: the attention, and that of the values among themselves) and *MiniLMv2*,
/// arXiv:2012.15828 (`"qq,kk,vv"`, over a number of relation heads of its own). For each relation R = softmax(A Bᵀ/√d_r) the
/// divergence KL(R_t ‖ R_s), averaged over heads and positions that count; the relations add up.
public final class MiniLMTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "minilm",
            "How one layer's queries, keys and values relate the tokens (Wang et al., 2020).",
            formula: "Σ over relations ⟨KL(R_t ‖ R_s)⟩, R = softmax(A Bᵀ/√d_r)",
            paper:
                "MiniLM, arXiv:2002.10957 (relations=\"qk,vv\", last layers); MiniLMv2, arXiv:2012.15828 (relations=\"qq,kk,vv\", heads=48 for 768 features, for large teachers a layer before the last).",
            use: "minilm() alone on unlabelled text, then soft() on the task.",
            when:
                "a student of any number of layers and any width: one layer of each is compared, and nothing is projected.",
            remarks: [
                "heads= divides the features of both into that many relation heads; it must divide both widths. Without it both need as many heads. Padding is left out; other masks are not seen."
            ],
            family: .tokens, related: ["attention_maps", "hidden"])
    }

    /// The teacher's layer and the student's, counted from 0, negative from the end.
    public let layers: (teacher: Int, student: Int)
    /// The relations, such as `("q", "k")`.
    public let relations: [(Character, Character)]
    /// How many relation heads; nil is each network's own.
    public let heads: Int?
    /// What is looked at: some of query, key, value.
    private let parts: [String]

    private static let names: [Character: String] = ["q": "query", "k": "key", "v": "value"]

    /// A term.
    ///
    /// - Parameters:
    ///   - pair: the layers by path; nil takes those of these numbers.
    ///   - relations: pairs of q, k and v, separated by commas.
    /// - Throws: ``DistillationError/option(term:problem:)`` for other letters and numbers of heads below 1.
    public init(
        pair: LayerPair? = nil, layers: (teacher: Int, student: Int) = (-1, -1), relations: String = "qk,vv",
        heads: Int? = nil, name: String? = nil
    ) throws {
        let pieces = relations.split(separator: ",").map { $0.filter { $0 != " " } }
        let pairs = pieces.compactMap { piece -> (Character, Character)? in
            guard piece.count == 2, let a = piece.first, let b = piece.last, Self.names[a] != nil, Self.names[b] != nil
            else { return nil }
            return (a, b)
        }
        guard pairs.count == pieces.count, !pairs.isEmpty else {
            throw DistillationError.option(
                term: "minilm", problem: "relations are pairs of q, k and v such as \"qk,vv\", given \"\(relations)\"")
        }
        if let heads, heads < 1 {
            throw DistillationError.option(term: "minilm", problem: "heads must be at least 1, given \(heads)")
        }
        self.relations = pairs
        self.layers = layers
        self.heads = heads
        let used = Set(pairs.flatMap { [$0.0, $0.1] })
        let parts = ["q", "k", "v"].filter { used.contains(Character($0)) }.compactMap { Self.names[Character($0)] }
        self.parts = parts
        super.init(name: name, pairs: pair.map { pair in parts.map { pair.looking(at: $0) } } ?? [])
    }

    /// The options as they are written.
    public override var options: String {
        let text = relations.map { "\($0.0)\($0.1)" }.joined(separator: ",")
        return [
            layers == (-1, -1) || !pairs.isEmpty
                ? ""
                : "layer="
                    + (layers.teacher == layers.student
                        ? "\(layers.student)" : "\(layers.teacher) -> \(layers.student)"),
            text == "qk,vv" ? "" : "relations=\"\(text)\"", heads.map { "heads=\($0)" } ?? "",
        ].filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// The layers are found.
    public override var usesDefaultPair: Bool { true }
    /// Positions stay in their dimensions.
    public override var keepsShapes: Bool { true }

    override func foundPairs(teacher: Module, student: Module) throws -> [LayerPair]? {
        let pair = LayerPair(
            try LayerStack(of: teacher, "teacher", for: self).layer(layers.teacher, "teacher", for: self),
            try LayerStack(of: student, "student", for: self).layer(layers.student, "student", for: self))
        return parts.map { pair.looking(at: $0) }
    }

    /// The positions that count.
    override func divisor(_ input: TermInput) throws -> Double? {
        guard let feature = input.student.features.first, feature.rank == 4 else { return nil }
        return try input.positions(of: feature, at: 2, for: self)?.sum().itemDouble()
    }

    /// The sum over the relations.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let features = try input.features(for: self)
        guard features.count == parts.count else {
            throw DistillationError.pairCount(term: name, teacher: features.count, student: parts.count)
        }
        var total: Tensor?
        for (a, b) in relations {
            func part(_ letter: Character) -> (student: Tensor, teacher: Tensor) {
                features[parts.firstIndex(of: Self.names[letter] ?? "") ?? 0]
            }
            let (s, t) = (try scores(part(a).student, part(b).student), try scores(part(a).teacher, part(b).teacher))
            guard s.shape == t.shape else {
                throw DistillationError.option(
                    term: name,
                    problem: s.shape[1] != t.shape[1]
                        ? "the student has \(s.shape[1]) heads and the teacher \(t.shape[1]): heads= gives both a common number"
                        : "the student's relations are \(s.shape) and the teacher's \(t.shape)")
            }
            let counts = try input.positions(of: s, at: 2, for: self)
            let each = try Logits.divergence(
                AttentionRelations.logShares(t, counts), AttentionRelations.logShares(s, counts)
            ).sum(dims: [-1])
            let own = try AttentionRelations.mean(each, counts)
            total = try total.map { try $0 + own } ?? own
        }
        guard let total else { throw DistillationError.option(term: name, problem: "needs relations") }
        return total
    }

    /// A Bᵀ/√d_r of [N, H, L, d], after the features were divided into relation heads.
    private func scores(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        let (x, y) = (try divided(a), try divided(b))
        let scale = 1 / Double(max(1, x.shape[3])).squareRoot()
        return try (x * Scalar(scale)).matmul(y.transpose(-2, -1))
    }

    private func divided(_ x: Tensor) throws -> Tensor {
        guard x.rank == 4 else {
            throw DistillationError.feature(
                term: name, problem: "needs queries, keys and values [N, H, L, d], given \(x.shape)")
        }
        guard let heads, heads != x.shape[1] else { return x }
        let (n, length, width) = (x.shape[0], x.shape[2], x.shape[1] * x.shape[3])
        guard width % heads == 0 else {
            throw DistillationError.option(
                term: name, problem: "heads=\(heads) cannot share \(width) features")
        }
        return try x.permute([0, 2, 1, 3]).reshape([n, length, heads, width / heads]).permute([0, 2, 1, 3])
    }
}
