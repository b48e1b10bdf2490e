import Diagnostics
import Runtime
import Syntax

/// What is known about the shape of a value on its way through a network.
struct Flow {
    /// The sizes, when the number of dimensions is known.
    private(set) var sizes: [Int?]?
    /// The size of the last dimension, when that is all that is known.
    private var features: Int?
    /// What the size of the last dimension is a multiple of.
    private var factor: Int?
    /// What gave the value its features or channels.
    private(set) var origin: Origin?

    struct Origin {
        let text: String
        let span: Span
        /// None for the text that is being checked.
        let source: SourceText?
    }

    /// Two sizes that do not meet.
    struct Mismatch: Error {
        let written: Layer.Written
        let expected: String
        let given: String
        let giver: String
        let origin: Origin?
        let help: [String]
    }

    /// A value of which nothing is known.
    init() {}

    /// A value of a shape, with the text that makes it.
    init(sizes: [Int?], origin text: String, _ span: Span) {
        self.sizes = sizes
        origin = Origin(text: text.count > 40 || text.contains("\n") ? "the input" : text, span: span, source: nil)
    }

    private var last: Int? { sizes.map { $0.last ?? nil } ?? features }

    private mutating func forget() {
        self = Flow()
    }

    /// Sends the value through a layer.
    ///
    /// - Throws: `Mismatch` where its shape does not fit.
    mutating func pass(_ layer: Layer) throws {
        switch layer {
        case .unknown: forget()
        case .sequence(let layers, _): for layer in layers { try pass(layer) }
        case .layer(let name, let values, let written): try pass(name, values, written)
        }
    }

    private mutating func pass(_ name: String, _ values: [String: Known], _ written: Layer.Written) throws {
        switch name {
        case "ReLU", "SiLU", "Tanh", "Sigmoid", "LeakyReLU", "ELU", "GELU", "Softmax", "Dropout", "Identity": break
        case "Linear": try linear(values, written)
        case "Embedding":
            sizes = sizes.map { $0 + [values["embedding_dim"]?.int] }
            give(values["embedding_dim"]?.int, written)
        case "Conv1d": try convolution(values, written, dimensions: 1)
        case "Conv2d": try convolution(values, written, dimensions: 2)
        case "ConvTranspose2d": try convolution(values, written, dimensions: 2, isTransposed: true)
        case "BatchNorm1d": try batchNorm(values, written, ranks: 2...3)
        case "BatchNorm2d": try batchNorm(values, written, ranks: 4...4)
        case "GroupNorm": try groupNorm(values, written)
        case "LayerNorm": try layerNorm(values, written)
        case "MaxPool2d", "AvgPool2d": try pool(values, written)
        case "AdaptiveAvgPool2d":
            try image(written)
            let size = values["output_size"]?.ints
            setSpatial([size?.first, size?.last])
        case "Flatten": flatten(values, written)
        default: forget()
        }
    }

    // MARK: Layers

    private mutating func linear(_ values: [String: Known], _ written: Layer.Written) throws {
        let outputs = values["out_features"]?.int
        if let inputs = values["in_features"]?.int {
            if let given = last, given != inputs {
                throw mismatch(
                    written, "\(inputs) features", "\(given)", outputs.map { ["write Linear(\(given), \($0))"] } ?? [])
            }
            if last == nil, let factor, factor > 0, !inputs.isMultiple(of: factor) {
                throw mismatch(written, "\(inputs) features", "a multiple of \(factor)", [])
            }
        }
        if var known = sizes, !known.isEmpty {
            known[known.count - 1] = outputs
            sizes = known
        }
        give(outputs, written)
    }

    private mutating func convolution(
        _ values: [String: Known], _ written: Layer.Written, dimensions: Int, isTransposed: Bool = false
    ) throws {
        if let known = sizes, known.count != dimensions + 2, known.count != dimensions + 1 {
            throw mismatch(
                written, dimensions == 2 ? "images [N, C, H, W]" : "sequences [N, C, L]", Self.describe(known),
                known.count == 2 ? ["a layer that makes images, or reshape, belongs in front"] : [])
        }
        var known = sizes ?? Array(repeating: nil, count: dimensions + 2)
        let channel = known.count - dimensions - 1
        let outputs = values["out_channels"]?.int
        if let inputs = values["in_channels"]?.int, let given = known[channel], given != inputs {
            throw mismatch(written, "\(inputs) channels", "\(given)", [])
        }
        known[channel] = outputs
        for dimension in 0..<dimensions {
            let place = channel + 1 + dimension
            guard !isTransposed, let size = known[place], let kernel = part(values["kernel_size"], dimension),
                let stride = part(values["stride"], dimension), let padding = part(values["padding"], dimension),
                let dilation = part(values["dilation"], dimension), stride > 0, kernel > 0
            else {
                known[place] = nil
                continue
            }
            known[place] = window(size, kernel, stride, padding, dilation)
            if let result = known[place], result < 1 {
                throw mismatch(written, "images of at least \(kernel) × \(kernel)", Self.describe(sizes ?? []), [])
            }
        }
        sizes = known
        features = nil
        give(outputs, written, isChannels: true)
    }

    private mutating func batchNorm(
        _ values: [String: Known], _ written: Layer.Written, ranks: ClosedRange<Int>
    ) throws {
        let channels = values["num_features"]?.int
        if let known = sizes {
            guard ranks.contains(known.count) else {
                throw mismatch(
                    written, ranks == 4...4 ? "images [N, C, H, W]" : "[N, C] or [N, C, L]", Self.describe(known), [])
            }
            if let channels, let given = known[1], given != channels {
                throw mismatch(written, "\(channels) channels", "\(given)", [])
            }
            return
        }
        if ranks == 4...4 {
            if features == nil { sizes = [nil, channels, nil, nil] }
        } else if let channels, let features, features != channels {
            throw mismatch(written, "\(channels) channels", "\(features)", [])
        }
        if sizes != nil { give(channels, written, isChannels: true) }
    }

    private mutating func groupNorm(_ values: [String: Known], _ written: Layer.Written) throws {
        let channels = values["num_channels"]?.int
        guard let channels, let known = sizes, known.count > 1, let given = known[1] else { return }
        if given != channels { throw mismatch(written, "\(channels) channels", "\(given)", []) }
    }

    private mutating func layerNorm(_ values: [String: Known], _ written: Layer.Written) throws {
        guard let shape = values["normalized_shape"]?.ints, let expected = shape.last else { return }
        if let known = sizes {
            let tail = known.suffix(shape.count)
            let fits = known.count >= shape.count && zip(tail, shape).allSatisfy { $0 == nil || $0 == $1 }
            guard fits else { throw mismatch(written, Self.describe(shape), Self.describe(known), []) }
        } else if let given = last, given != expected {
            throw mismatch(written, "\(expected) features", "\(given)", ["write LayerNorm(\(given))"])
        }
    }

    private mutating func pool(_ values: [String: Known], _ written: Layer.Written) throws {
        try image(written)
        guard let known = sizes else { return }
        let strides = values["stride"]
        let isOpen = values["ceil_mode"]?.bool != false
        var results: [Int?] = []
        for dimension in 0..<2 {
            let kernel = part(values["kernel_size"], dimension)
            let stride = strides?.ints == nil ? (isNone(strides) ? kernel : nil) : part(strides, dimension)
            guard !isOpen, let size = known[known.count - 2 + dimension], let kernel, let stride, stride > 0,
                kernel > 0,
                let padding = part(values["padding"], dimension)
            else {
                results.append(nil)
                continue
            }
            let dilation = values["dilation"] == nil ? 1 : part(values["dilation"], dimension)
            let result = dilation.flatMap { window(size, kernel, stride, padding, $0) }
            if let result, result < 1 {
                throw mismatch(written, "images of at least \(kernel) × \(kernel)", Self.describe(known), [])
            }
            results.append(result)
        }
        setSpatial(results)
    }

    private func isNone(_ known: Known?) -> Bool {
        if case .literal(.none)? = known { true } else { false }
    }

    private mutating func flatten(_ values: [String: Known], _ written: Layer.Written) {
        guard let start = values["start_dim"]?.int, let end = values["end_dim"]?.int, let known = sizes else {
            features = nil
            return
        }
        let first = start < 0 ? start + known.count : start
        let last = end < 0 ? end + known.count : end
        guard known.indices.contains(first), known.indices.contains(last), first <= last else { return forget() }
        let joined = known[first...last]
        let product = joined.contains { $0 == nil } ? nil : joined.reduce(1) { $0 &* ($1 ?? 1) }
        factor = nil
        if product == nil, last == known.count - 1 {
            factor = joined.reduce(1) { $0 &* ($1 ?? 1) }
            if factor == 1 { factor = nil }
        }
        if first < last { origin = Origin(text: written.text, span: written.span, source: written.source) }
        sizes = Array(known[..<first]) + [product] + Array(known[(last + 1)...])
    }

    // MARK: Parts

    /// Makes sure that images pass.
    private mutating func image(_ written: Layer.Written) throws {
        if let known = sizes {
            guard known.count == 4 || known.count == 3 else {
                throw mismatch(written, "images [N, C, H, W]", Self.describe(known), [])
            }
        } else {
            sizes = [nil, nil, nil, nil]
        }
    }

    private mutating func setSpatial(_ spatial: [Int?]) {
        guard let known = sizes, known.count >= 2 else { return }
        sizes = known.dropLast(2) + spatial
    }

    private mutating func give(_ size: Int?, _ written: Layer.Written, isChannels: Bool = false) {
        if !isChannels { features = size }
        factor = nil
        origin = Origin(text: written.text, span: written.span, source: written.source)
    }

    private func part(_ known: Known?, _ dimension: Int) -> Int? {
        guard let ints = known?.ints else { return nil }
        return ints.count == 1 ? ints[0] : ints.indices.contains(dimension) ? ints[dimension] : nil
    }

    private func window(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int? {
        let limit = 1 << 30
        guard [size, kernel, stride, padding, dilation].allSatisfy({ 0...limit ~= $0 }) else { return nil }
        let room = size + 2 * padding - dilation * (kernel - 1) - 1
        return room < 0 ? 0 : room / stride + 1
    }

    static func describe(_ sizes: [Int?]) -> String {
        "[" + sizes.enumerated().map { $1.map(String.init) ?? ($0 == 0 ? "N" : "?") }.joined(separator: ", ") + "]"
    }

    private func mismatch(_ written: Layer.Written, _ expected: String, _ given: String, _ help: [String]) -> Mismatch {
        Mismatch(
            written: written, expected: expected, given: given, giver: origin?.text ?? "what is in front of it",
            origin: origin, help: help)
    }
}
