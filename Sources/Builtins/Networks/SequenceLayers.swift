import Learning
import Runtime
import Tensors

extension TransformerEncoderLayer.Function: StringOption {}

extension Library {
    /// Layers over sequences: tables of vectors, attention. Those that take several tensors, or give several,
    /// declare the method `forward` that a call of the module runs.
    func addSequenceLayers() {
        addEmbeddingLayer()
        addMultiheadAttention()
        addTransformerEncoderLayer()
        addScaledDotProductAttention()
    }

    private func addEmbeddingLayer() {
        add(
            ModuleType(
                Embedding.self, named: "Embedding", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    let size = arguments.int("embedding_dim")
                    shape.sizes = shape.sizes.map { $0 + [size] }
                    shape.give(features: size)
                }))
        add(
            Builtin(
                "Embedding", .networks, "A table of vectors that are looked up by number.",
                Parameter<Int>("num_embeddings", "how many vectors there are"),
                Parameter<Int>("embedding_dim", "the length of a vector"),
                Parameter<Int?>.optional("padding_idx", "the number whose vector is 0 at first and never trained"),
                returns: "a module from int64 [...] to [..., embedding_dim]",
                notes: ["weight [num_embeddings, embedding_dim] is drawn from the standard normal distribution."],
                pytorch: .differs("torch.nn.Embedding", "without max_norm, scale_grad_by_freq, sparse"),
                seeAlso: ["embedding", "one_hot"],
                examples: [Example("Embedding(100, 8)(tensor([[1, 5, 2]])).shape", "[1, 3, 8]")]
            ) { (entries: Int, features: Int, padding: Int?) in
                try Embedding(entries, features, paddingIndex: padding)
            })
    }

    private func addMultiheadAttention() {
        add(ModuleType(MultiheadAttention.self, named: "MultiheadAttention", builtByCall: true))
        add(
            Builtin(
                "MultiheadAttention", .networks, "Several attentions side by side, each in its share of the features.",
                formula: "concat over heads of softmax(Q Kᵀ / √d) V, projected",
                Parameter<Int>("embed_dim", "the number of features E"),
                Parameter<Int>("num_heads", "how many heads share them; it must divide embed_dim"),
                Parameter<Double>("dropout", "the probability of zeroing an attention weight in training", default: 0),
                Parameter<Bool>("bias", "whether the projections have a bias", default: true),
                Parameter<Bool>("batch_first", "whether tensors are [N, L, E] rather than [L, N, E]", default: false),
                returns: "a module: output, weights = attention(query, key, value)",
                pytorch: .differs(
                    "torch.nn.MultiheadAttention",
                    "without add_bias_kv, add_zero_attn, kdim, vdim; batch_first comes after bias"),
                seeAlso: ["scaled_dot_product_attention", "TransformerEncoderLayer"],
                examples: [
                    Example(
                        "x = zeros(2, 5, 8); output, weights = MultiheadAttention(8, 2, batch_first=true)(x, x, x); [output.shape, weights.shape]",
                        "[[2, 5, 8], [2, 5, 5]]")
                ]
            ) { (features: Int, heads: Int, dropout: Double, bias: Bool, batchFirst: Bool) in
                try MultiheadAttention(features, heads, dropout: dropout, bias: bias, batchFirst: batchFirst)
            })
        let receiver = Parameter<MultiheadAttention>("self", "the layer")
        let query = Parameter<Tensor>("query", "a tensor [L, N, E], or [N, L, E] with batch_first")
        let key = Parameter<Tensor>("key", "a tensor [S, N, E], or [N, S, E] with batch_first")
        let value = Parameter<Tensor>("value", "a tensor as the keys")
        let padding = Parameter<Tensor?>.optional("key_padding_mask", "bool [N, S], true where a key is ignored")
        let needWeights = Parameter<Bool>("need_weights", "whether the weights are given", default: true)
        let mask = Parameter<Tensor?>.optional(
            "attn_mask", "bool [L, S], true where attention is forbidden, or numbers that are added")
        add(
            Builtin(
                "forward", on: .moduleType("MultiheadAttention"), .networks,
                "Lets queries attend to keys and values; calling the layer does the same.",
                parameters: [
                    receiver.description, query.description, key.description, value.description, padding.description,
                    needWeights.description, mask.description,
                ],
                returns:
                    "a list: the output in the query's layout, and the weights averaged over heads [N, L, S] or none",
                pytorch: .differs("torch.nn.MultiheadAttention.forward", "weights are always averaged over heads"),
                seeAlso: ["scaled_dot_product_attention"],
                examples: [
                    Example(
                        "x = zeros(5, 2, 8); len(MultiheadAttention(8, 2).forward(x, x, x, need_weights=false))", "2")
                ]
            ) { call in
                let layer = try call[receiver], query = try call[query]
                let result = try layer.attend(
                    query: query, key: call[key], value: call[value], keyPaddingMask: call[padding], mask: call[mask])
                layer.notify(input: query, output: result.output)
                return Value.list([
                    .tensor(result.output), try call[needWeights] ? .tensor(result.weights.mean(dims: [1])) : .none,
                ])
            })
    }

    private func addTransformerEncoderLayer() {
        add(ModuleType(TransformerEncoderLayer.self, named: "TransformerEncoderLayer", builtByCall: true))
        let features = Parameter<Int>("d_model", "the number of features E")
        let heads = Parameter<Int>("nhead", "the number of attention heads; it must divide d_model")
        let inner = Parameter<Int>("dim_feedforward", "features between the two linear layers", default: 2048)
        let dropout = Parameter<Double>("dropout", "the probability of a zero in training", default: 0.1)
        let activation = Parameter<TransformerEncoderLayer.Function>(
            "activation", "the function between the linear layers", default: .relu)
        let eps = Parameter<Double>("layer_norm_eps", "added to the variance in normalisation", default: 1e-5)
        let batchFirst = Parameter<Bool>(
            "batch_first", "whether tensors are [N, L, E] rather than [L, N, E]", default: false)
        let normFirst = Parameter<Bool>(
            "norm_first", "whether normalisation comes before attention and linear layers", default: false)
        let bias = Parameter<Bool>("bias", "whether linear layers and normalisation have a bias", default: true)
        add(
            Builtin(
                "TransformerEncoderLayer", .networks,
                "Attention and two linear layers, each with a residual sum and layer normalisation.",
                parameters: [
                    features.description, heads.description, inner.description, dropout.description,
                    activation.description, eps.description, batchFirst.description, normFirst.description,
                    bias.description,
                ],
                returns: "a module from [L, N, E] (or [N, L, E]) to the same shape",
                pytorch: .same("torch.nn.TransformerEncoderLayer"), seeAlso: ["MultiheadAttention"],
                examples: [
                    Example(
                        "TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=true)(zeros(3, 5, 8)).shape",
                        "[3, 5, 8]")
                ]
            ) { call in
                try TransformerEncoderLayer(
                    call[features], call[heads], feedForward: call[inner], dropout: call[dropout],
                    activation: call[activation], layerNormEps: call[eps], batchFirst: call[batchFirst],
                    normFirst: call[normFirst], bias: call[bias])
            })
        add(
            Builtin(
                "forward", on: .moduleType("TransformerEncoderLayer"), .networks,
                "The layer's result, with masks if given; calling the layer does the same.",
                Parameter<TransformerEncoderLayer>("self", "the layer"),
                Parameter<Tensor>("src", "a tensor [L, N, E], or [N, L, E] with batch_first"),
                Parameter<Tensor?>.optional(
                    "src_mask", "bool [L, L], true where attention is forbidden, or numbers that are added"),
                Parameter<Tensor?>.optional("src_key_padding_mask", "bool [N, L], true where a token does not count"),
                returns: "a tensor of src's shape",
                pytorch: .differs("torch.nn.TransformerEncoderLayer.forward", "without is_causal; give src_mask"),
                seeAlso: ["MultiheadAttention"],
                examples: [
                    Example(
                        "layer = TransformerEncoderLayer(8, 2, 16, batch_first=true); layer(zeros(1, 3, 8), src_key_padding_mask=tensor([[false, false, true]])).shape",
                        "[1, 3, 8]")
                ]
            ) { (layer: TransformerEncoderLayer, x: Tensor, mask: Tensor?, padding: Tensor?) in
                let output = try layer.encode(x, mask: mask, keyPaddingMask: padding)
                layer.notify(input: x, output: output)
                return output
            })
    }

    private func addScaledDotProductAttention() {
        add(ModuleType(ScaledDotProductAttention.self, named: "ScaledDotProductAttention", builtByCall: true))
        add(
            Builtin(
                "ScaledDotProductAttention", .networks,
                "Attention without parameters, to be built into a network's own; it shows what terms compare.",
                formula: "concat over heads of softmax(Q Kᵀ / √d + mask) V",
                Parameter<Int>("num_heads", "how many heads share the features of the queries"),
                Parameter<Int?>.optional(
                    "num_kv_heads", "how many heads of keys and values there are; it must divide num_heads",
                    defaultText: "num_heads"),
                Parameter<Double>("dropout", "the probability of zeroing an attention weight in training", default: 0),
                Parameter<Bool>("is_causal", "whether a position looks at none behind it", default: false),
                returns: "a module: output [N, L, E] = attention(query, key, value)",
                notes: [
                    "Features for terms: \"path@query\", \"@key\", \"@value\" [N, H, L, d], \"@scores\" before any mask and \"@probabilities\" before dropout [N, H, L, S]. The path of a layer above does as well, where only one attention stands below it."
                ],
                pytorch: .none, seeAlso: ["scaled_dot_product_attention", "MultiheadAttention"],
                examples: [
                    Example(
                        "x = zeros(2, 5, 8); ScaledDotProductAttention(2)(x, x, x).shape", "[2, 5, 8]")
                ]
            ) { (heads: Int, keyHeads: Int?, dropout: Double, isCausal: Bool) in
                try ScaledDotProductAttention(heads, keyHeads: keyHeads, dropout: dropout, isCausal: isCausal)
            })
        add(
            Builtin(
                "forward", on: .moduleType("ScaledDotProductAttention"), .networks,
                "Lets queries attend to keys and values; calling the layer does the same.",
                Parameter<ScaledDotProductAttention>("self", "the layer"),
                Parameter<Tensor>("query", "a tensor [N, L, E]"), Parameter<Tensor>("key", "a tensor [N, S, E]"),
                Parameter<Tensor>("value", "a tensor as the keys"),
                Parameter<Tensor?>.optional(
                    "attn_mask", "bool, true where a key takes part, or numbers that are added"),
                returns: "a tensor of the query's shape", pytorch: .none,
                seeAlso: ["scaled_dot_product_attention"],
                examples: [
                    Example(
                        "x = ones(1, 3, 4); ScaledDotProductAttention(2, is_causal=true).forward(x, x, x).sum().item()",
                        "12.0")
                ]
            ) { (layer: ScaledDotProductAttention, query: Tensor, key: Tensor, value: Tensor, mask: Tensor?) in
                let output = try layer.attend(query: query, key: key, value: value, mask: mask)
                layer.notify(input: query, output: output)
                return output
            })
    }
}
