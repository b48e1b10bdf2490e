import CKernels

extension Tensor {
    /// softmax(q kᵀ · scale + mask) v for every leading index, as `torch.nn.functional.scaled_dot_product_attention`
    /// (Vaswani et al., 2017).
    /// - Parameters:
    ///   - key: [..., S, E]; the query is [..., L, E].
    ///   - value: [..., S, Ev].
    ///   - mask: Broadcasts to [..., L, S]: bool, true where a key takes part, or numbers that are added.
    ///   - dropoutP: The probability of zeroing an attention weight.
    ///   - isCausal: Whether position i sees keys 0 … i only; not together with a mask.
    ///   - scale: 1/√E unless given.
    /// - Returns: [..., L, Ev].
    /// - Throws: `TensorError` when shapes, dtypes or arguments do not fit.
    public func scaledDotProductAttention(
        key: Tensor, value: Tensor, mask: Tensor? = nil, dropoutP: Double = 0, isCausal: Bool = false,
        scale: Double? = nil
    ) throws -> Tensor {
        let weights = try attentionWeights(
            key: key, mask: mask, isCausal: isCausal, scale: scale, name: "scaled_dot_product_attention")
        guard value.rank >= 2, value.shape[value.rank - 2] == key.shape[key.rank - 2] else {
            throw TensorError.wrongShape(
                function: "scaled_dot_product_attention", shape: value.shape,
                expected: "one value for each of the \(key.shape[key.rank - 2]) keys", argument: 2)
        }
        let kept = dropoutP > 0 ? try weights.dropout(p: dropoutP) : weights
        return try kept.matmul(value)
    }

    /// softmax(q kᵀ · scale + mask), [..., L, S]; rows of 0 where the mask leaves no key.
    package func attentionWeights(
        key: Tensor, mask: Tensor? = nil, isCausal: Bool = false, scale: Double? = nil,
        name: String = "scaled_dot_product_attention"
    ) throws -> Tensor {
        guard rank >= 2, dtype.isFloating else {
            throw TensorError.wrongShape(
                function: name, shape: shape, expected: "a float query of [..., L, E]", argument: 0)
        }
        guard key.rank >= 2, key.shape[key.rank - 1] == shape[rank - 1] else {
            throw TensorError.wrongShape(
                function: name, shape: key.shape,
                expected: "keys of \(shape[rank - 1]) features, as the query \(shape)", argument: 1)
        }
        guard mask == nil || !isCausal else {
            throw TensorError.wrongValue(
                function: name, argument: "is_causal", value: "true", expected: "false with a mask")
        }
        let scores = try attentionScores(key: key, scale: scale)
        return try scores.attentionShares(
            mask: isCausal ? .causalMask(shape[rank - 2], key.shape[key.rank - 2], dtype) : mask,
            mayBeBlind: !isCausal)
    }

    /// q kᵀ · scale, [..., L, S].
    package func attentionScores(key: Tensor, scale: Double? = nil) throws -> Tensor {
        let features = Double(Swift.max(shape[rank - 1], 1))
        return try mul(Scalar(scale ?? 1 / features.squareRoot())).matmul(key.transpose(-2, -1))
    }

    /// softmax(scores + mask) over the last dimension; rows of 0 where the mask leaves no key.
    /// - Parameters:
    ///   - mask: bool, true where a key takes part, or numbers that are added.
    ///   - mayBeBlind: Whether the mask may leave a query no key.
    package func attentionShares(mask: Tensor?, mayBeBlind: Bool = true) throws -> Tensor {
        guard let mask else { return try softmax(dim: -1) }
        let scores = try add(mask.dtype == .bool ? mask.asAttentionBias(dtype) : mask.to(dtype))
        guard mayBeBlind, scores.count > 0 else { return try scores.softmax(dim: -1) }
        // A query that may look at no key attends to nothing, as in PyTorch's fused attention; the softmax would be NaN.
        // A trace lists it for any mask, and not only for this one.
        let blind = try scores.detach().amax(dims: [-1], keepdim: true).eq(.float(-.infinity))
        guard try ck_tracing() || blind.booleans().contains(true) else { return try scores.softmax(dim: -1) }
        return try scores.maskedFill(blind, 0).softmax(dim: -1).maskedFill(blind, 0)
    }

    /// 0 where true, -∞ where false.
    package func asAttentionBias(_ dtype: DType) throws -> Tensor {
        try Trace.unlisted {
            let open = try to(.bool).booleans().map { $0 ? 0 : -Double.infinity }
            return try Tensor(open, shape: shape.array).to(dtype)
        }
        .traced(.attentionBias(Graph.AttentionBias(dtype)), [operand])
    }

    /// 0 on and below the diagonal, -∞ above.
    package static func causalMask(_ rows: Int, _ columns: Int, _ dtype: DType) throws -> Tensor {
        _ = try Shape([rows, columns], for: "scaled_dot_product_attention")
        let mask = (0..<rows).flatMap { row in (0..<columns).map { $0 <= row ? 0 : -Double.infinity } }
        return try Tensor(mask, shape: [rows, columns]).to(dtype)
    }
}
