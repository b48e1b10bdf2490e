import Runtime

// What the kinds of layers make of a shape; each layer's declaration says which kind it is.

extension LayerShape {
    /// A convolution over so many dimensions, with `in_channels`, `out_channels`, `kernel_size`, `stride`, `padding`, `dilation`.
    static func convolution(dimensions: Int, isTransposed: Bool = false) -> LayerShape {
        LayerShape { shape, arguments in
            if let known = shape.sizes, known.count != dimensions + 2, known.count != dimensions + 1 {
                throw shape.mismatch(
                    dimensions == 2 ? "images [N, C, H, W]" : "sequences [N, C, L]",
                    help: known.count == 2 ? ["a layer that makes images, or reshape, belongs in front"] : [])
            }
            var known = shape.sizes ?? Array(repeating: nil, count: dimensions + 2)
            let channel = known.count - dimensions - 1
            if let inputs = arguments.int("in_channels"), let given = known[channel], given != inputs {
                throw shape.mismatch("\(inputs) channels", given: "\(given)")
            }
            known[channel] = arguments.int("out_channels")
            for dimension in 0..<dimensions {
                let place = channel + 1 + dimension
                guard !isTransposed, let size = known[place] else {
                    known[place] = nil
                    continue
                }
                known[place] = try shape.windows(over: size, dimension, arguments)
            }
            shape.sizes = known
            shape.features = nil
            shape.giveChannels()
        }
    }

    /// Windows over images, side by side unless a stride is given.
    static let pooling = LayerShape { shape, arguments in
        try shape.requireImages()
        guard let known = shape.sizes else { return }
        let isOpen = arguments.flag("ceil_mode") != false
        shape.setSpatial(
            try (0..<2).map { dimension in
                guard !isOpen, let size = known[known.count - 2 + dimension] else { return nil }
                return try shape.windows(over: size, dimension, arguments)
            })
    }

    /// Images of the size `output_size`.
    static let adaptivePooling = LayerShape { shape, arguments in
        try shape.requireImages()
        let size = arguments.ints("output_size")
        shape.setSpatial([size?.first, size?.last])
    }

    /// One value for each channel, at dimension 1, of inputs of some ranks: the number of channels is `parameter`'s.
    static func channels(_ parameter: String, ranks: ClosedRange<Int>, _ text: String) -> LayerShape {
        LayerShape { shape, arguments in
            let channels = arguments.int(parameter)
            if let known = shape.sizes {
                guard ranks.contains(known.count) else { throw shape.mismatch(text) }
                if let channels, let given = known[1], given != channels {
                    throw shape.mismatch("\(channels) channels", given: "\(given)")
                }
                return
            }
            if ranks == 4...4 {
                if shape.features == nil { shape.sizes = [nil, channels, nil, nil] }
            } else if let channels, let features = shape.features, features != channels {
                throw shape.mismatch("\(channels) channels", given: "\(features)")
            }
            if shape.sizes != nil { shape.giveChannels() }
        }
    }

    /// The last dimensions are those of `normalized_shape`.
    static func lastDimensions(of layer: String) -> LayerShape {
        LayerShape { shape, arguments in
            guard let expected = arguments.ints("normalized_shape"), let last = expected.last else { return }
            if let known = shape.sizes {
                let tail = known.suffix(expected.count)
                let fits = known.count >= expected.count && zip(tail, expected).allSatisfy { $0 == nil || $0 == $1 }
                guard fits else { throw shape.mismatch(KnownShape.text(expected)) }
            } else if let given = shape.last, given != last {
                throw shape.mismatch("\(last) features", given: "\(given)", help: ["write \(layer)(\(given))"])
            }
        }
    }

    /// `input` features become `output`; sequences lie in three dimensions.
    static func features(_ input: String, _ output: String, isTwice: String? = nil) -> LayerShape {
        LayerShape { shape, arguments in
            if let expected = arguments.int(input), let given = shape.last, given != expected {
                throw shape.mismatch("\(expected) features", given: "\(given)")
            }
            var size = arguments.int(output)
            if let isTwice {
                guard let flag = arguments.flag(isTwice) else { return shape.forget() }
                if flag { size = size.map { $0 &* 2 } }
            }
            if var known = shape.sizes, !known.isEmpty {
                known[known.count - 1] = size
                shape.sizes = known
            }
            shape.give(features: size)
        }
    }
}

extension KnownShape {
    /// Makes sure that images pass.
    mutating func requireImages() throws {
        guard let known = sizes else {
            sizes = [nil, nil, nil, nil]
            return
        }
        guard known.count == 4 || known.count == 3 else { throw mismatch("images [N, C, H, W]") }
    }

    /// Replaces height and width.
    mutating func setSpatial(_ spatial: [Int?]) {
        guard let known = sizes, known.count >= 2 else { return }
        sizes = known.dropLast(2) + spatial
    }

    /// How many windows of `kernel_size` fit into a dimension; nil where too little is known.
    func windows(over size: Int, _ dimension: Int, _ arguments: LayerArguments) throws -> Int? {
        guard let kernel = arguments.int("kernel_size", dimension),
            let stride = arguments.isNone("stride") ? kernel : arguments.int("stride", dimension),
            let padding = arguments.int("padding", dimension),
            // Layers without the parameter have no gaps in their windows.
            let dilation = arguments.has("dilation") ? arguments.int("dilation", dimension) : 1, kernel > 0, stride > 0
        else { return nil }
        let limit = 1 << 30
        guard [size, kernel, stride, padding, dilation].allSatisfy({ 0...limit ~= $0 }) else { return nil }
        let room = size + 2 * padding - dilation * (kernel - 1) - 1
        guard room >= 0 else { throw mismatch("images of at least \(kernel) × \(kernel)") }
        return room / stride + 1
    }
}
