import Learning
import Runtime
import Tensors

extension Library {
    /// Layers that lay values out in another way, or resize images.
    func addReshapingLayers() {
        add(
            ModuleType(
                Flatten.self, named: "Flatten", builtByCall: true, shape: Self.flattenShape))
        add(
            Builtin(
                "Flatten", .networks, "Joins dimensions into one.",
                Parameter<Int>("start_dim", "the first joined dimension", default: 1),
                Parameter<Int>("end_dim", "the last joined dimension", default: -1), returns: "a module",
                pytorch: .same("torch.nn.Flatten"), seeAlso: ["flatten"],
                examples: [Example("Flatten()(zeros(2, 3, 4)).shape", "[2, 12]")]
            ) { (start: Int, end: Int) in Flatten(start: start, end: end) })
        addUnflatten()
        addUpsample()
        addPixelLayers()
    }

    private static let flattenShape = LayerShape { shape, arguments in
        guard let start = arguments.int("start_dim"), let end = arguments.int("end_dim"), let known = shape.sizes else {
            shape.features = nil
            return
        }
        let first = start < 0 ? start + known.count : start
        let last = end < 0 ? end + known.count : end
        guard known.indices.contains(first), known.indices.contains(last), first <= last else { return shape.forget() }
        let joined = known[first...last]
        let product = joined.contains { $0 == nil } ? nil : joined.reduce(1) { $0 &* ($1 ?? 1) }
        if first < last { shape.isGiven = true }
        shape.factor = nil
        if product == nil, last == known.count - 1 {
            let factor = joined.reduce(1) { $0 &* ($1 ?? 1) }
            if factor != 1 { shape.factor = factor }
        }
        shape.sizes = Array(known[..<first]) + [product] + Array(known[(last + 1)...])
    }

    private func addUnflatten() {
        add(
            ModuleType(
                Unflatten.self, named: "Unflatten", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    guard let dim = arguments.int("dim"), let split = arguments.ints("unflattened_size"),
                        let known = shape.sizes, let place = Optional(dim < 0 ? dim + known.count : dim),
                        known.indices.contains(place)
                    else { return shape.forget() }
                    let product = split.reduce(1) { $0 &* $1 }
                    if let size = known[place], !split.contains(-1), product != size {
                        throw shape.mismatch("\(product) in dimension \(dim)", given: "\(size)")
                    }
                    shape.sizes =
                        Array(known[..<place]) + split.map { $0 == -1 ? nil : $0 } + Array(known[(place + 1)...])
                    shape.isGiven = true
                }))
        add(
            Builtin(
                "Unflatten", .networks, "Splits a dimension into several.",
                Parameter<Int>("dim", "the dimension that is split"),
                Parameter<Integers>("unflattened_size", "the sizes that it is split into; one may be -1"),
                returns: "a module", pytorch: .differs("torch.nn.Unflatten", "one size may be -1"),
                seeAlso: ["Flatten", "reshape"],
                examples: [Example("Unflatten(1, [2, 3])(zeros(4, 6)).shape", "[4, 2, 3]")]
            ) { (dim: Int, sizes: Integers) in try Unflatten(dim, sizes.values) })
    }

    private func addUpsample() {
        add(
            ModuleType(
                Upsample.self, named: "Upsample", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    try shape.requireImages()
                    let size = arguments.ints("size")
                    let factor = arguments.int("scale_factor")
                    let spatial = (shape.sizes ?? []).suffix(2).map { known in
                        factor.flatMap { f in known.map { $0 &* f } }
                    }
                    shape.setSpatial(size.map { [$0.first, $0.last] } ?? Array(spatial))
                }))
        add(
            Builtin(
                "Upsample", .networks, "Images of another size.",
                Parameter<Pair?>.optional("size", "the size to reach: an int, or [height, width]"),
                Parameter<Double?>.optional("scale_factor", "the factor, instead of a size"),
                Parameter<Tensor.Interpolation>("mode", "nearest element or bilinear", default: .nearest),
                Parameter<Bool>("align_corners", "whether the corners keep their places", default: false),
                returns: "a module from [N, C, H, W] to [N, C, H', W']",
                pytorch: .differs("torch.nn.Upsample", "images only, one factor for both sides"),
                seeAlso: ["interpolate", "ConvTranspose2d"],
                examples: [
                    Example("Upsample(scale_factor=2)(ones(1, 1, 2, 2)).shape", "[1, 1, 4, 4]"),
                    Example("Upsample(size=[3, 5], mode=\"bilinear\")(ones(1, 1, 2, 2)).shape", "[1, 1, 3, 5]"),
                ]
            ) { (size: Pair?, scale: Double?, mode: Tensor.Interpolation, corners: Bool) in
                try Upsample(size: size, scale: scale, mode: mode, alignCorners: corners)
            })
    }

    private func addPixelLayers() {
        add(
            ModuleType(
                PixelShuffle.self, named: "PixelShuffle", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    try shape.requireImages()
                    guard let factor = arguments.int("upscale_factor"), factor > 0, factor <= 1 << 15,
                        var known = shape.sizes, known.count == 4
                    else { return shape.forget() }
                    if let channels = known[1], !channels.isMultiple(of: factor * factor) {
                        throw shape.mismatch("a multiple of \(factor * factor) channels", given: "\(channels)")
                    }
                    known[1] = known[1].map { $0 / (factor * factor) }
                    for place in 2..<4 { known[place] = known[place].map { $0 &* factor } }
                    shape.sizes = known
                    shape.giveChannels()
                }))
        add(
            Builtin(
                "PixelShuffle", .networks, "Lays channels out as pixels (Shi et al., 2016).",
                Parameter<Int>("upscale_factor", "r"), returns: "a module from [N, C·r², H, W] to [N, C, H·r, W·r]",
                pytorch: .same("torch.nn.PixelShuffle"), seeAlso: ["Upsample"],
                examples: [Example("PixelShuffle(2)(zeros(1, 8, 3, 3)).shape", "[1, 2, 6, 6]")]
            ) { (factor: Int) in try PixelShuffle(factor) })
        add(
            ModuleType(
                ZeroPad2d.self, named: "ZeroPad2d", builtByCall: true,
                shape: LayerShape { shape, arguments in
                    try shape.requireImages()
                    guard let padding = arguments.ints("padding"), let known = shape.sizes else { return }
                    let sides = padding.count == 1 ? Array(repeating: padding[0], count: 4) : padding
                    guard sides.count == 4 else { return shape.forget() }
                    let height = known[known.count - 2].map { $0 &+ sides[2] &+ sides[3] }
                    shape.setSpatial([height, known[known.count - 1].map { $0 &+ sides[0] &+ sides[1] }])
                }))
        add(
            Builtin(
                "ZeroPad2d", .networks, "Zeros around images.",
                Parameter<Integers>("padding", "how many on every side, or [left, right, top, bottom]"),
                returns: "a module from [N, C, H, W] to [N, C, H + top + bottom, W + left + right]",
                pytorch: .same("torch.nn.ZeroPad2d"), seeAlso: ["pad"],
                examples: [Example("ZeroPad2d([1, 0, 2, 0])(ones(1, 1, 2, 2)).shape", "[1, 1, 4, 3]")]
            ) { (padding: Integers) in try ZeroPad2d(padding.values) })
    }
}
