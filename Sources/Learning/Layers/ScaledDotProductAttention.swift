import Tensors

/// Attention without parameters: queries, keys and values [N, L, E] are divided among heads, each attends in its share of the
/// features, and what the heads hear stands side by side again.
///
/// softmax(Q Kᵀ/√d + mask) V for each head, d = E / heads. With fewer heads of keys and values (J. Ainslie et al., *GQA*,
/// arXiv:2305.13245) several heads of queries look at one of them.
public final class ScaledDotProductAttention: Module, ClosedModule, ShowsInside {
    /// The number of heads of the queries.
    public let heads: Int
    /// The number of heads of the keys and values.
    public let keyHeads: Int
    /// The probability of zeroing an attention weight in training.
    public let dropout: Double
    /// Whether a position looks at none behind it.
    public let isCausal: Bool

    /// - Throws: ``ModuleError/argument(layer:problem:)`` for numbers of heads that do not divide each other, and a dropout
    ///   outside 0…1.
    public init(_ heads: Int, keyHeads: Int? = nil, dropout: Double = 0, isCausal: Bool = false) throws {
        let keyHeads = keyHeads ?? heads
        func require(_ condition: Bool, _ problem: String) throws {
            guard condition else { throw ModuleError.argument(layer: "ScaledDotProductAttention", problem: problem) }
        }
        try require(heads > 0 && heads <= 1 << 16, "num_heads must be at least 1, given \(heads)")
        try require(
            keyHeads > 0 && heads % max(1, keyHeads) == 0,
            "num_kv_heads must divide num_heads \(heads), given \(keyHeads)"
        )
        try require(dropout >= 0 && dropout <= 1, "dropout must lie in 0…1, given \(dropout)")
        self.heads = heads
        self.keyHeads = keyHeads
        self.dropout = dropout
        self.isCausal = isCausal
        super.init()
    }

    /// The heads and whatever differs from the defaults.
    public override var options: String {
        "\(heads)" + (keyHeads == heads ? "" : ", num_kv_heads=\(keyHeads)")
            + (dropout == 0 ? "" : ", dropout=\(dropout)")
            + (isCausal ? ", is_causal=true" : "")
    }

    /// x attends to itself.
    public override func forward(_ x: Tensor) throws -> Tensor { try attend(query: x, key: x, value: x) }

    /// Attention of queries to keys and values.
    ///
    /// - Parameters:
    ///   - query: [N, L, E].
    ///   - key: [N, S, E'], E' = E · kv_heads / heads.
    ///   - value: as the keys.
    ///   - mask: bool, true where a key takes part, or numbers that are added; broadcast to [N, heads, L, S].
    /// - Returns: [N, L, E].
    /// - Throws: shape and dtype errors.
    public func attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil) throws -> Tensor {
        func divided(_ x: Tensor, _ name: String, _ count: Int) throws -> Tensor {
            guard x.rank == 3, x.shape[2] % count == 0, x.shape[2] > 0 else {
                throw ModuleError.input(
                    layer: "ScaledDotProductAttention",
                    problem: "expected a \(name) [N, L, E] whose E \(count) heads can share, given \(x.shape)",
                    help: nil)
            }
            return try x.reshape([x.shape[0], x.shape[1], count, x.shape[2] / count]).permute([0, 2, 1, 3])
        }
        let q = try divided(query, "query", heads)
        var k = try divided(key, "key", keyHeads)
        var v = try divided(value, "value", keyHeads)
        guard k.shape[3] == q.shape[3], k.shape[0] == q.shape[0], v.shape[0] == q.shape[0], v.shape[2] == k.shape[2]
        else {
            throw ModuleError.input(
                layer: "ScaledDotProductAttention",
                problem: "queries \(query.shape) with \(heads) heads, keys \(key.shape) and values \(value.shape) with "
                    + "\(keyHeads) do not fit together", help: "each head has the same share of the features")
        }
        if isObserved { try show("query", q) }
        if isObserved { try show("key", k) }
        if isObserved { try show("value", v) }
        if keyHeads != heads { (k, v) = (try repeated(k), try repeated(v)) }
        var bias = mask
        if isCausal, let mask {
            let own = mask.dtype == .bool ? try mask.asAttentionBias(q.dtype) : mask
            bias = try own + .causalMask(q.shape[2], k.shape[2], q.dtype)
        }
        let weights = try q.attentionWeights(
            key: k, mask: bias, isCausal: isCausal && mask == nil, name: "ScaledDotProductAttention")
        if isObserved {
            try show("scores", q.attentionScores(key: k))
            try show("probabilities", weights)
        }
        let kept = isTraining && dropout > 0 ? try weights.dropout(p: dropout) : weights
        let heard = try kept.matmul(v).permute([0, 2, 1, 3])
        return try heard.reshape([query.shape[0], query.shape[1], heads * v.shape[3]])
    }

    /// Each head of keys as often as queries look at it: [N, kv, S, d] → [N, heads, S, d].
    private func repeated(_ x: Tensor) throws -> Tensor {
        let (n, length, d) = (x.shape[0], x.shape[2], x.shape[3])
        return try x.unsqueeze(dim: 2).expand([n, keyHeads, heads / keyHeads, length, d])
            .reshape([n, heads, length, d])
    }

    /// Queries, keys and values of each head [N, H, L, d]; scores QKᵀ/√d before any mask and probabilities after the softmax
    /// and before dropout, both [N, H, L, S].
    public var insides: [String] { ["query", "key", "value", "scores", "probabilities"] }

    /// The same options.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        try ScaledDotProductAttention(heads, keyHeads: keyHeads, dropout: dropout, isCausal: isCausal)
    }
}
