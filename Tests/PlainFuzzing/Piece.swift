/// The form of what goes from piece to piece of a random network, the batch apart.
package enum Form: Equatable, Sendable {
    case image(channels: Int, height: Int, width: Int)
    case sequence(length: Int, features: Int)
    case vector(Int)
    case tokens(length: Int, vocabulary: Int)

    /// The sizes behind the batch.
    var sizes: [Int] {
        switch self {
        case .image(let channels, let height, let width): [channels, height, width]
        case .sequence(let length, let features): [length, features]
        case .vector(let features): [features]
        case .tokens(let length, _): [length]
        }
    }

    /// How many numbers an example has.
    var count: Int { sizes.reduce(1, *) }
}

/// A part of a random network: a layer, or layers in a residual sum or a module of one's own.
package indirect enum Piece: Sendable {
    case convolution(
        out: Int, kernel: Int, width: Int, stride: Int, padding: Int, dilation: Int, groups: Int, bias: Bool)
    case transposed(out: Int, kernel: Int, stride: Int, padding: Int, groups: Int, bias: Bool)
    case batchNorm(affine: Bool)
    case groupNorm(groups: Int)
    case layerNorm
    case activation(Activation)
    case dropout(Double)
    case maxPool(kernel: Int, stride: Int, padding: Int, dilation: Int)
    case averagePool(kernel: Int, stride: Int, padding: Int, counted: Bool)
    case adaptivePool(Int)
    case function(OwnFunction)
    case residual([Piece], rectified: Bool, look: Look)
    case own([Piece], look: Look)
    case flatten
    case linear(out: Int, bias: Bool)
    case attention(heads: Int)
    case encoder(heads: Int, normFirst: Bool)
    case lstm(hidden: Int, bidirectional: Bool)
    case embedding(Int)

    /// Activations with the name of the layer and of the function.
    package enum Activation: String, CaseIterable, Sendable {
        case relu, gelu, silu, tanh, sigmoid, elu, softplus
        case leakyReLU = "leaky_relu"

        /// The layer, where the language has one.
        var layer: String? {
            switch self {
            case .relu: "ReLU()"
            case .gelu: "GELU()"
            case .silu: "SiLU()"
            case .tanh: "Tanh()"
            case .sigmoid: "Sigmoid()"
            case .elu: "ELU()"
            case .softplus: nil
            case .leakyReLU: "LeakyReLU(0.1)"
            }
        }

        /// The function of h.
        var function: String { self == .leakyReLU ? "leaky_relu(h, 0.1)" : "\(rawValue)(h)" }
    }

    /// When somebody looks at a value on its way, or holds on to it.
    package enum Look: String, CaseIterable, Sendable {
        case never
        /// Its sum is read at once.
        case read
        /// It is kept and read when everything else has gone.
        case hold
        /// What goes on depends on it.
        case decide
    }

    /// Functions written out in the language, of h.
    package enum OwnFunction: String, CaseIterable, Sendable {
        case gate = "h * sigmoid(h)"
        case double = "cat([h, -h], dim=1)"
        case shift = "roll(h, [1], [-1]) + 0.5 * h"
        case normalised = "(h - mean(h, dim=-1, keepdim=true)) / sqrt(var(h, dim=-1, keepdim=true) + 0.1)"
        case softmaxed = "softmax(h, dim=-1) * 3"
        case logarithms = "log_softmax(h, dim=1)"
        case clamped = "clamp(h, min=-1.5, max=1.5)"
        case padded = "pad(h, [1, 0])"
        case written = "h + 1"
        case strided = "h[:, ::2]"
        case turned = "flip(h, [-1])"
        case rooted = "sqrt(abs(h) + 0.1)"
        case powered = "tanh(h) ** 3"
        case enlarged = "interpolate(h, scale_factor=2, mode=\"bilinear\", align_corners=false)"
        case repeated = "interpolate(h, scale_factor=2)"
        case patched = "unfold(h, 2)"
        case highest = "maximum(h, 0.3 * flip(h, [1]))"
        case summed = "cumsum(h, dim=-1) / h.shape[-1]"
    }

    /// Whether it can give an infinity of ordinary numbers: a window can lie in the padding alone.
    var makesInfinities: Bool {
        switch self {
        case .maxPool(_, _, let padding, let dilation): padding > 0 && dilation > 1
        case .residual(let body, _, _), .own(let body, _): body.contains(where: \.makesInfinities)
        default: false
        }
    }

    /// The form of the result, nil where the piece does not fit.
    func form(after form: Form) -> Form? {
        switch (self, form) {
        case (
            .convolution(let out, let kernel, let width, let stride, let padding, let dilation, let groups, _),
            .image(let c, let h, let w)
        ):
            guard c % groups == 0, out % groups == 0 else { return nil }
            return Self.image(
                out, Self.windows(h, kernel, stride, padding, dilation),
                Self.windows(w, width, stride, padding, dilation))
        case (.transposed(let out, let kernel, let stride, let padding, let groups, _), .image(let c, let h, let w)):
            guard c % groups == 0, out % groups == 0 else { return nil }
            return Self.image(out, (h - 1) * stride - 2 * padding + kernel, (w - 1) * stride - 2 * padding + kernel)
        case (.batchNorm, .image), (.batchNorm, .vector), (.layerNorm, .vector), (.layerNorm, .sequence): return form
        case (.groupNorm(let groups), .image(let c, let h, let w)):
            return c % groups == 0 && c / groups * h * w > 1 ? form : nil
        case (.activation, .tokens), (.dropout, .tokens): return nil
        case (.activation, _), (.dropout, _): return form
        case (.maxPool(let kernel, let stride, let padding, let dilation), .image(let c, let h, let w)):
            guard padding * 2 <= kernel else { return nil }
            return Self.image(
                c, Self.windows(h, kernel, stride, padding, dilation),
                Self.windows(w, kernel, stride, padding, dilation))
        case (.averagePool(let kernel, let stride, let padding, _), .image(let c, let h, let w)):
            guard padding * 2 <= kernel else { return nil }
            return Self.image(
                c, Self.windows(h, kernel, stride, padding, 1), Self.windows(w, kernel, stride, padding, 1))
        case (.adaptivePool(let size), .image(let c, _, _)): return .image(channels: c, height: size, width: size)
        case (.function(let function), _): return function.form(after: form)
        case (.residual(let body, _, _), _): return Self.form(of: body, after: form) == form ? form : nil
        case (.own(let body, _), _): return Self.form(of: body, after: form)
        case (.flatten, .image), (.flatten, .sequence): return .vector(form.count)
        case (.linear(let out, _), .vector): return .vector(out)
        case (.linear(let out, _), .sequence(let length, _)): return .sequence(length: length, features: out)
        case (.attention(let heads), .sequence(_, let features)), (.encoder(let heads, _), .sequence(_, let features)):
            return features % heads == 0 ? form : nil
        case (.lstm(let hidden, let both), .sequence(let length, _)):
            return .sequence(length: length, features: both ? 2 * hidden : hidden)
        case (.embedding(let features), .tokens(let length, _)): return .sequence(length: length, features: features)
        default: return nil
        }
    }

    /// The form behind several pieces.
    static func form(of pieces: [Piece], after form: Form) -> Form? {
        pieces.reduce(form) { before, piece in before.flatMap { piece.form(after: $0) } }
    }

    private static func windows(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
        let room = size + 2 * padding - dilation * (kernel - 1) - 1
        return room < 0 ? 0 : room / stride + 1
    }

    private static func image(_ channels: Int, _ height: Int, _ width: Int) -> Form? {
        height > 0 && width > 0 ? .image(channels: channels, height: height, width: width) : nil
    }
}

extension Piece.OwnFunction {
    func form(after form: Form) -> Form? {
        switch (self, form) {
        case (_, .tokens): nil
        case (.double, .image(let c, let h, let w)): .image(channels: 2 * c, height: h, width: w)
        case (.double, .sequence(let length, let features)): .sequence(length: 2 * length, features: features)
        case (.double, .vector(let features)): .vector(2 * features)
        case (.normalised, _): (form.sizes.last ?? 0) > 1 ? form : nil
        case (.padded, .image(let c, let h, let w)): .image(channels: c, height: h, width: w + 1)
        case (.padded, .sequence(let length, let features)): .sequence(length: length, features: features + 1)
        case (.padded, .vector(let features)): .vector(features + 1)
        case (.strided, .image(let c, let h, let w)): .image(channels: (c + 1) / 2, height: h, width: w)
        case (.strided, .sequence(let length, let features)): .sequence(length: (length + 1) / 2, features: features)
        case (.strided, .vector(let features)): .vector((features + 1) / 2)
        case (.enlarged, .image(let c, let h, let w)), (.repeated, .image(let c, let h, let w)):
            h * w <= 64 ? .image(channels: c, height: 2 * h, width: 2 * w) : nil
        case (.patched, .image(let c, let h, let w)):
            h > 1 && w > 1 ? .sequence(length: 4 * c, features: (h - 1) * (w - 1)) : nil
        case (.enlarged, _), (.repeated, _), (.patched, _): nil
        default: form
        }
    }
}
