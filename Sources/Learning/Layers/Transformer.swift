import Tensors

/// One layer of a transformer encoder (Vaswani et al., 2017): attention and two linear layers, each with a residual sum and
/// layer normalisation, after it or, with `normFirst`, before it.
public final class TransformerEncoderLayer: Module, ClosedModule {
    /// The function between the linear layers.
    public enum Function: String, Sendable, CaseIterable {
        /// max(x, 0)
        case relu
        /// x Φ(x)
        case gelu
    }

    private let attention: MultiheadAttention
    private let linear1: Linear, linear2: Linear
    private let norm1: Module, norm2: Module
    private let normEps: Double
    private let dropout: Dropout, dropout1: Dropout, dropout2: Dropout
    /// The function between the linear layers.
    public let activation: Function
    /// Whether normalisation comes before attention and linear layers.
    public let normFirst: Bool

    /// A layer with newly drawn parameters.
    ///
    /// - Throws: ``ModuleError/argument(layer:problem:)`` for sizes that make no layer.
    public convenience init(
        _ features: Int, _ heads: Int, feedForward: Int = 2048, dropout: Double = 0.1, activation: Function = .relu,
        layerNormEps: Double = 1e-5, batchFirst: Bool = false, normFirst: Bool = false, bias: Bool = true
    ) throws {
        try self.init(
            attention: MultiheadAttention(features, heads, dropout: dropout, bias: bias, batchFirst: batchFirst),
            linear1: Linear(features, feedForward, bias: bias), linear2: Linear(feedForward, features, bias: bias),
            norm1: NormalizationLayer.ofFeatures(features, eps: layerNormEps, bias: bias),
            norm2: NormalizationLayer.ofFeatures(features, eps: layerNormEps, bias: bias), normEps: layerNormEps,
            dropout: dropout, activation: activation, normFirst: normFirst)
    }

    private init(
        attention: MultiheadAttention, linear1: Linear, linear2: Linear, norm1: Module, norm2: Module,
        normEps: Double, dropout: Double, activation: Function, normFirst: Bool
    ) throws {
        (self.attention, self.linear1, self.linear2) = (attention, linear1, linear2)
        (self.norm1, self.norm2, self.activation, self.normFirst) = (norm1, norm2, activation, normFirst)
        self.normEps = normEps
        self.dropout = try Dropout(p: dropout)
        dropout1 = try Dropout(p: dropout)
        dropout2 = try Dropout(p: dropout)
        super.init()
        register(attention, as: "self_attn")
        register(linear1, as: "linear1")
        register(self.dropout, as: "dropout")
        register(linear2, as: "linear2")
        register(norm1, as: "norm1")
        register(norm2, as: "norm2")
        register(dropout1, as: "dropout1")
        register(dropout2, as: "dropout2")
    }

    /// The sizes and whatever differs from the defaults.
    public override var options: String {
        "\(attention.features), \(attention.heads), dim_feedforward=\(linear1.outputs)"
            + (dropout.p == 0.1 ? "" : ", dropout=\(dropout.p)")
            + (activation == .relu ? "" : ", activation=\"\(activation.rawValue)\"")
            + (normEps == 1e-5 ? "" : ", layer_norm_eps=\(normEps)")
            + (attention.batchFirst ? ", batch_first=true" : "") + (normFirst ? ", norm_first=true" : "")
            + (linear1.bias == nil ? ", bias=false" : "")
    }

    /// x [N, L, E] (or [L, N, E]) → the same shape.
    public override func forward(_ x: Tensor) throws -> Tensor { try encode(x) }

    /// The layer with masks: `mask` forbids pairs of positions, `keyPaddingMask` [N, L] is true where a token does not count.
    ///
    /// - Throws: shape and dtype errors.
    public func encode(_ x: Tensor, mask: Tensor? = nil, keyPaddingMask: Tensor? = nil) throws -> Tensor {
        func attend(_ x: Tensor) throws -> Tensor {
            let heard = try Trace.within(attention) {
                try attention.attend(query: x, key: x, value: x, keyPaddingMask: keyPaddingMask, mask: mask)
            }
            attention.notify(input: x, output: heard.output)
            return try dropout1(heard.output)
        }
        func feed(_ x: Tensor) throws -> Tensor {
            let inner = try linear1(x)
            let active = activation == .relu ? try inner.relu() : try inner.gelu()
            return try dropout2(linear2(dropout(active)))
        }
        if normFirst {
            let h = try x.add(attend(norm1(x)))
            return try h.add(feed(norm2(h)))
        }
        let h = try norm1(x.add(attend(x)))
        return try norm2(h.add(feed(h)))
    }

    /// A copy with its own parameters.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        guard let attention = try copies.module(attention) as? MultiheadAttention,
            let linear1 = try copies.module(linear1) as? Linear, let linear2 = try copies.module(linear2) as? Linear
        else { throw ModuleError.noCopy(module: typeName) }
        return try TransformerEncoderLayer(
            attention: attention, linear1: linear1, linear2: linear2, norm1: copies.module(norm1),
            norm2: copies.module(norm2), normEps: normEps, dropout: dropout.p, activation: activation,
            normFirst: normFirst)
    }
}
