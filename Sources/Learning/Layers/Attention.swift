import Tensors

/// Several attentions side by side (Vaswani et al., 2017): queries, keys and values are projected, each head attends in its
/// share of the features, and the heads' results are projected back.
///
/// The joint projection is drawn by Xavier's rule, the output projection as a `Linear`; their biases are 0.
public final class MultiheadAttention: Module, ClosedModule, ShowsInside {
    /// The number of features.
    public let features: Int
    /// The number of heads.
    public let heads: Int
    /// The probability of zeroing an attention weight in training.
    public let dropout: Double
    /// Whether inputs are [N, L, E] rather than [L, N, E].
    public let batchFirst: Bool
    /// Projections of queries, keys and values on top of each other, [3E, E].
    public let inputWeight: Tensor
    /// Their bias, [3E], unless the layer has none.
    public let inputBias: Tensor?
    /// The projection of the heads' results.
    public let outputProjection: Linear

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` unless the heads divide the features.
    public convenience init(
        _ features: Int, _ heads: Int, dropout: Double = 0, bias: Bool = true, batchFirst: Bool = false
    ) throws {
        guard features > 0, features <= 1 << 24, heads > 0, features % heads == 0 else {
            throw ModuleError.argument(
                layer: "MultiheadAttention",
                problem: "num_heads must divide embed_dim, given embed_dim \(features) and num_heads \(heads)")
        }
        let bound = (6 / Double(4 * features)).squareRoot()
        let linearBound = 1 / Double(features).squareRoot()
        try self.init(
            heads: heads, dropout: dropout, batchFirst: batchFirst,
            inputWeight: .initialized([3 * features, features], bound: bound),
            inputBias: bias ? Tensor.zeros([3 * features]).requireGradient() : nil,
            outputProjection: Linear(
                weight: .initialized([features, features], bound: linearBound),
                bias: bias ? Tensor.zeros([features]).requireGradient() : nil))
    }

    private init(
        heads: Int, dropout: Double, batchFirst: Bool, inputWeight: Tensor, inputBias: Tensor?, outputProjection: Linear
    ) throws {
        guard dropout >= 0, dropout <= 1 else {
            throw ModuleError.argument(
                layer: "MultiheadAttention", problem: "dropout must lie in 0…1, given \(dropout)")
        }
        features = outputProjection.inputs
        (self.heads, self.dropout, self.batchFirst) = (heads, dropout, batchFirst)
        (self.inputWeight, self.inputBias, self.outputProjection) = (inputWeight, inputBias, outputProjection)
        super.init()
        register(parameter: inputWeight, as: "in_proj_weight")
        if let inputBias { register(parameter: inputBias, as: "in_proj_bias") }
        register(outputProjection, as: "out_proj")
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        "\(features), \(heads)" + (dropout == 0 ? "" : ", dropout=\(dropout)")
            + (inputBias == nil ? ", bias=false" : "")
            + (batchFirst ? ", batch_first=true" : "")
    }

    /// x attends to itself.
    public override func forward(_ x: Tensor) throws -> Tensor { try attend(query: x, key: x, value: x).output }

    /// Attention of queries to keys and values.
    ///
    /// - Parameters:
    ///   - query: [N, L, E] if batch first, else [L, N, E].
    ///   - key: The same with S positions.
    ///   - value: As the keys.
    ///   - keyPaddingMask: Bool [N, S], true where a key is to be ignored.
    ///   - mask: Bool [L, S], true where attention is forbidden, or numbers that are added.
    /// - Returns: The result in the query's layout, and the weights of each head [N, heads, L, S], with their graph.
    /// - Throws: shape and dtype errors.
    public func attend(
        query: Tensor, key: Tensor, value: Tensor, keyPaddingMask: Tensor? = nil, mask: Tensor? = nil
    ) throws -> (output: Tensor, weights: Tensor) {
        for x in [query, key, value] where x.rank != 3 || x.shape[2] != features {
            throw ModuleError.input(
                layer: "MultiheadAttention",
                problem: "expected \(batchFirst ? "[N, L, \(features)]" : "[L, N, \(features)]"), given \(x.shape)",
                help: nil)
        }
        var projected: [Tensor] = []
        for (index, x) in [query, key, value].enumerated() {
            let rows = index * features
            let weight = try inputWeight.narrow(dim: 0, start: rows, length: features)
            let bias = try inputBias?.narrow(dim: 0, start: rows, length: features)
            let batch = batchFirst ? x : try x.transpose(0, 1)
            let y = try batch.linear(weight, bias: bias)
            projected.append(
                try y.reshape([y.shape[0], y.shape[1], heads, features / heads]).permute([0, 2, 1, 3]))
        }
        let n = projected[0].shape[0], length = projected[0].shape[2], keys = projected[1].shape[2]
        var bias: Tensor?
        if let mask { bias = mask.dtype == .bool ? try mask.bitwiseNot().asAttentionBias(query.dtype) : mask }
        if let keyPaddingMask {
            guard keyPaddingMask.shape == [n, keys] else {
                throw ModuleError.input(
                    layer: "MultiheadAttention",
                    problem: "expected a key_padding_mask [\(n), \(keys)], given \(keyPaddingMask.shape)", help: nil)
            }
            let padding = try keyPaddingMask.to(.bool).bitwiseNot().asAttentionBias(query.dtype).reshape([
                n, 1, 1, keys,
            ])
            bias = try bias?.add(padding) ?? padding
        }
        let weights = try projected[0].attentionWeights(key: projected[1], mask: bias, name: "MultiheadAttention")
        if isObserved { try show(projected, weights) }
        let kept = isTraining && dropout > 0 ? try weights.dropout(p: dropout) : weights
        let heard = try kept.matmul(projected[2]).permute([0, 2, 1, 3]).reshape([n, length, features])
        let output = try outputProjection(heard)
        let result = batchFirst ? output : try output.transpose(0, 1)
        return (result, weights)
    }

    /// Queries, keys and values of each head [N, H, L, d]; scores QKᵀ/√d before any mask and probabilities after the softmax
    /// and before dropout, both [N, H, L, S].
    public var insides: [String] { ["query", "key", "value", "scores", "probabilities"] }

    private func show(_ projected: [Tensor], _ weights: Tensor) throws {
        for (name, value) in zip(insides, projected) { try show(name, value) }
        try show(
            "scores",
            projected[0].mul(Scalar(1 / Double(features / heads).squareRoot())).matmul(projected[1].transpose(-2, -1)))
        try show("probabilities", weights)
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        guard let projection = try copies.module(outputProjection) as? Linear else {
            throw ModuleError.noCopy(module: typeName)
        }
        return try MultiheadAttention(
            heads: heads, dropout: dropout, batchFirst: batchFirst, inputWeight: copies.tensor(inputWeight),
            inputBias: copies.tensor(inputBias), outputProjection: projection)
    }
}
