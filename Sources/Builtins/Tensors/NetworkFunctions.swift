import Runtime
import Tensors

extension Library {
    /// What layers compute, apart from convolutions and normalisations.
    func addTensorNetworkFunctions() {
        addLinear()
        addSoftmax()
        addDropout()
        addAttention()
        addSimilarity()
    }

    private func addLinear() {
        add(
            Builtin(
                "linear", .networkFunctions, "A fully connected layer.", formula: "y = x Wᵀ + b",
                Parameter<Tensor>("input", "a tensor […, in]"), Parameter<Tensor>("weight", "W, a tensor [out, in]"),
                Parameter<Tensor?>.optional("bias", "b, a tensor [out]"), returns: "a tensor […, out]",
                notes: ["Sizes that do not fit are a shape error."], pytorch: .same("torch.nn.functional.linear"),
                seeAlso: ["Linear", "matmul"],
                examples: [
                    Example("linear(tensor([[1.0, 2.0]]), tensor([[1.0, 1.0]]), tensor([0.5])).tolist()", "[[3.5]]")
                ]
            ) { (input: Tensor, weight: Tensor, bias: Tensor?) in try input.linear(weight, bias: bias) })
        add(
            Builtin(
                "embedding", .networkFunctions, "The rows of a table that index numbers name.",
                Parameter<Tensor>("input", "int64 row numbers […]"), Parameter<Tensor>("weight", "the table [rows, d]"),
                Parameter<Int?>.optional("padding_idx", "a row that gets no gradient"), returns: "a tensor […, d]",
                notes: ["A number outside the table is an index error."],
                pytorch: .same("torch.nn.functional.embedding"),
                seeAlso: ["Embedding", "one_hot"],
                examples: [
                    Example(
                        "embedding(tensor([1, 0]), tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()",
                        "[[3.0, 4.0], [1.0, 2.0]]")
                ]
            ) { (input: Tensor, weight: Tensor, padding: Int?) in try weight.embedding(input, paddingIndex: padding) })
    }

    private func addSoftmax() {
        let dim = Parameter<Int>("dim", "the dimension along which the results sum to 1", default: -1)
        let differs = "`dim` defaults to the last dimension"
        add(
            Builtin(
                "softmax", .networkFunctions, "Turns scores into probabilities.", formula: "exp(xᵢ) / Σⱼ exp(xⱼ)",
                Parameter<Tensor>("input", "a float tensor of scores, such as logits [N, C]"), dim,
                returns: "a tensor of the same shape", pytorch: .differs("torch.nn.functional.softmax", differs),
                seeAlso: ["log_softmax", "kl_div", "Softmax"],
                examples: [
                    Example("softmax(tensor([0.0, 0.0])).tolist()", "[0.5, 0.5]"),
                    Example(
                        "softmax(zeros(2, 4), dim=1).tolist()", "[[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]"),
                ]
            ) { (input: Tensor, dim: Int) in try input.softmax(dim: dim) })
        add(
            Builtin(
                "log_softmax", .networkFunctions, "The logarithm of softmax, computed without overflow.",
                formula: "xᵢ − ln Σⱼ exp(xⱼ)", Parameter<Tensor>("input", "a float tensor of scores"), dim,
                returns: "a tensor of the same shape", pytorch: .differs("torch.nn.functional.log_softmax", differs),
                seeAlso: ["softmax", "nll_loss", "kl_div"],
                examples: [Example("log_softmax(tensor([1000.0, 0.0])).tolist()", "[0.0, -1000.0]")]
            ) { (input: Tensor, dim: Int) in try input.logSoftmax(dim: dim) })
    }

    private func addDropout() {
        add(
            Builtin(
                "dropout", .networkFunctions, "Zeroes elements at random and scales the others up.",
                formula: "xᵢ · mᵢ / (1 − p), mᵢ = 0 with probability p, else 1", Self.input,
                Parameter<Double>("p", "the probability of 0, from 0 to 1", default: 0.5),
                Parameter<Bool>("training", "with false, nothing happens", default: true),
                returns: "a tensor of the same shape", notes: ["Drawn from the dropout stream of `manual_seed`."],
                pytorch: .same("torch.nn.functional.dropout"), seeAlso: ["Dropout", "manual_seed"],
                examples: [
                    Example("dropout(ones(3), p=0.5, training=false).tolist()", "[1.0, 1.0, 1.0]"),
                    Example("unique(dropout(ones(100))).tolist()", "[0.0, 2.0]"),
                ]
            ) { (input: Tensor, p: Double, training: Bool) in try input.dropout(p: p, training: training) })
    }

    private func addAttention() {
        let query = Parameter<Tensor>("query", "a tensor […, L, E]")
        let key = Parameter<Tensor>("key", "a tensor […, S, E]")
        let value = Parameter<Tensor>("value", "a tensor […, S, Ev]")
        let mask = Parameter<Tensor?>.optional(
            "attn_mask", "[…, L, S]: bool, true where a key takes part, or numbers that are added to the scores")
        let dropout = Parameter<Double>("dropout_p", "the probability of zeroing a weight", default: 0)
        let causal = Parameter<Bool>("is_causal", "whether position i sees keys 0 … i only", default: false)
        let scale = Parameter<Double?>.optional("scale", "the factor of the scores", defaultText: "1/√E")
        add(
            Builtin(
                "scaled_dot_product_attention", .networkFunctions,
                "Attention: means of values, weighted by how well keys match.",
                formula: "softmax(Q Kᵀ / √E + mask) V",
                parameters: [
                    query.description, key.description, value.description, mask.description, dropout.description,
                    causal.description, scale.description,
                ],
                returns: "a tensor […, L, Ev]", notes: ["Give a mask or is_causal, not both."],
                pytorch: .same("torch.nn.functional.scaled_dot_product_attention"), seeAlso: ["MultiheadAttention"],
                examples: [
                    Example(
                        "scaled_dot_product_attention(ones(2, 5, 8), ones(2, 7, 8), ones(2, 7, 3)).shape", "[2, 5, 3]")
                ]
            ) { call in
                try call[query].scaledDotProductAttention(
                    key: call[key], value: call[value], mask: call[mask], dropoutP: call[dropout],
                    isCausal: call[causal], scale: call[scale])
            }.withoutCallbacks())
    }

    private func addSimilarity() {
        add(
            Builtin(
                "normalize", .networkFunctions, "Scales vectors to norm 1.", formula: "x / max(‖x‖ₚ, eps)", Self.input,
                Parameter<Double>("p", "the order of the norm", default: 2),
                Parameter<Int>("dim", "the dimension of the vectors", default: 1),
                Parameter<Double>("eps", "the least norm to divide by", default: 1e-12),
                returns: "a tensor of the same shape", pytorch: .same("torch.nn.functional.normalize"),
                seeAlso: ["norm", "cosine_similarity"],
                examples: [Example("normalize(tensor([[0.0, 4.0]])).tolist()", "[[0.0, 1.0]]")]
            ) { (input: Tensor, p: Double, dim: Int, eps: Double) in try input.normalize(p: p, dim: dim, eps: eps) })
        add(
            Builtin(
                "cosine_similarity", .networkFunctions, "The cosine of the angle between vectors.",
                formula: "x · y / (‖x‖ ‖y‖)", Parameter<Tensor>("x1", "a tensor"),
                Parameter<Tensor>("x2", "a tensor that broadcasts with `x1`"),
                Parameter<Int>("dim", "the dimension of the vectors", default: 1),
                Parameter<Double>("eps", "the least norm to divide by", default: 1e-8),
                returns: "a tensor without the dimension", pytorch: .same("torch.nn.functional.cosine_similarity"),
                seeAlso: ["normalize", "cosine_embedding_loss"],
                examples: [Example("cosine_similarity(tensor([[1.0, 0.0]]), tensor([[0.0, 2.0]])).tolist()", "[0.0]")]
            ) { (x: Tensor, y: Tensor, dim: Int, eps: Double) in try x.cosineSimilarity(y, dim: dim, eps: eps) })
    }
}
