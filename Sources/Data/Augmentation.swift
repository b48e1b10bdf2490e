import Glibc
import Tensors

/// What is done to the examples of a batch, anew in each pass by seed; the dataset's own x stays as it was.
///
/// Random numbers are drawn for each example from the seed, the pass and the example's row, so that they depend neither on
/// the batch size nor on the thread that computes them.
public struct Augmentation: Sendable, Equatable {
    /// How many views of augmented examples may come round again.
    public static let viewCounts = 1...10_000

    /// One change.
    public enum View: Sendable, Equatable {
        /// A window of height × width anywhere in the image with `padding` zeros around it.
        case randomCrop(height: Int, width: Int, padding: Int)
        /// Left and right change places with probability `p`.
        case horizontalFlip(p: Double)
        /// Moved by at most so many pixels in both directions, zeros where nothing was.
        case shift(pixels: Int)
        /// Turned about the middle by an angle uniform in −degrees … degrees, bilinear, zeros outside.
        case rotate(degrees: Double)
        /// Normal noise added.
        case noise(std: Double)
        /// A square of zeros around any pixel (DeVries, Taylor, 2017).
        case cutout(size: Int)
        /// λ x + (1 − λ) x′ for a partner x′ in the batch, λ from Beta(α, α) (Zhang et al., 2018).
        case mixup(alpha: Double)
        /// x with a rectangle of a partner's, of area 1 − λ, λ from Beta(α, α) (Yun et al., 2019).
        case cutmix(alpha: Double)
        /// A window of a share of the area and of proportions width / height in two ranges, resampled to height × width.
        case randomResizedCrop(height: Int, width: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)
        /// With probability `p` zeros in a box of a share of the area and of proportions in two ranges.
        case randomErasing(p: Double, scale: ClosedRange<Double>, ratio: ClosedRange<Double>)
        /// Brightness, contrast and saturation times a factor within 1 ± so much, hue turned by up to so much, in any order.
        case colorJitter(brightness: Double, contrast: Double, saturation: Double, hue: Double)
        /// So many of fourteen changes, each of a strength of `magnitude` in 0…30 (Cubuk et al., 2020).
        case randAugment(count: Int, magnitude: Int)
    }

    /// The changes in order.
    public let views: [View]

    /// Several changes, one after another.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` for a view outside its range, and for a second mixing one.
    public init(_ views: [View]) throws {
        for view in views { try view.check() }
        guard views.filter(\.mixes).count < 2 else {
            throw DataError.argument(
                function: "augment", problem: "at most one of mixup and cutmix, as labels are mixed once", help: nil)
        }
        self.views = views
    }
}

extension Augmentation.View: CustomStringConvertible {
    /// As a script writes it.
    public var description: String {
        switch self {
        case .randomCrop(let height, let width, let padding):
            "random_crop(\(height == width ? "\(height)" : "[\(height), \(width)]")"
                + (padding == 0 ? ")" : ", padding=\(padding))")
        case .horizontalFlip(let p): p == 0.5 ? "horizontal_flip()" : "horizontal_flip(\(short(p)))"
        case .shift(let pixels): "shift(\(pixels))"
        case .rotate(let degrees): "rotate(\(short(degrees)))"
        case .noise(let std): "noise(\(short(std)))"
        case .cutout(let size): "cutout(\(size))"
        case .mixup(let alpha): "mixup(\(short(alpha)))"
        case .cutmix(let alpha): "cutmix(\(short(alpha)))"
        case .randomResizedCrop(let height, let width, let scale, let ratio):
            "random_resized_crop(\(height == width ? "\(height)" : "[\(height), \(width)]"), "
                + "scale=[\(short(scale.lowerBound)), \(short(scale.upperBound))], "
                + "ratio=[\(short(ratio.lowerBound)), \(short(ratio.upperBound))])"
        case .randomErasing(let p, let scale, let ratio):
            "random_erasing(\(short(p)), scale=[\(short(scale.lowerBound)), \(short(scale.upperBound))], "
                + "ratio=[\(short(ratio.lowerBound)), \(short(ratio.upperBound))])"
        case .colorJitter(let brightness, let contrast, let saturation, let hue):
            "color_jitter(\(short(brightness)), \(short(contrast)), \(short(saturation)), \(short(hue)))"
        case .randAugment(let count, let magnitude): "rand_augment(\(count), \(magnitude))"
        }
    }

    /// The function of the language that makes it.
    var function: String { String(description.prefix { $0 != "(" }) }

    /// Whether examples are mixed with others.
    public var mixes: Bool {
        switch self {
        case .mixup, .cutmix: true
        default: false
        }
    }

    /// Whether it is about pixels that lie beside one another.
    var needsImages: Bool {
        switch self {
        case .noise, .mixup: false
        default: true
        }
    }

    func check() throws {
        func require(_ condition: Bool, _ problem: String) throws {
            guard condition else { throw DataError.argument(function: function, problem: problem, help: nil) }
        }
        let limit = 1 << 20
        switch self {
        case .randomCrop(let height, let width, let padding):
            try require(
                (1..<limit).contains(height) && (1..<limit).contains(width), "the window must have at least one pixel")
            try require((0..<limit).contains(padding), "padding must not be negative, given \(padding)")
        case .horizontalFlip(let p): try require(p >= 0 && p <= 1, "the probability must lie in 0…1, given \(p)")
        case .shift(let pixels):
            try require((0..<limit).contains(pixels), "pixels must not be negative, given \(pixels)")
        case .rotate(let degrees):
            try require(degrees >= 0 && degrees <= 180, "degrees must lie in 0…180, given \(degrees)")
        case .noise(let std): try require(std >= 0 && std.isFinite, "std must be a number from 0 on, given \(std)")
        case .cutout(let size): try require((1..<limit).contains(size), "size must be at least 1, given \(size)")
        case .randomResizedCrop(let height, let width, let scale, let ratio):
            try require(
                (1..<limit).contains(height) && (1..<limit).contains(width), "the window must have at least one pixel")
            try require(scale.lowerBound > 0 && scale.upperBound <= 1, "scale must lie in 0…1, above 0")
            try require(ratio.lowerBound > 0 && ratio.upperBound < 1e6, "ratio must be above 0")
        case .randomErasing(let p, let scale, let ratio):
            try require(p >= 0 && p <= 1, "the probability must lie in 0…1, given \(p)")
            try require(scale.lowerBound > 0 && scale.upperBound <= 1, "scale must lie in 0…1, above 0")
            try require(ratio.lowerBound > 0 && ratio.upperBound < 1e6, "ratio must be above 0")
        case .colorJitter(let brightness, let contrast, let saturation, let hue):
            try require(
                [brightness, contrast, saturation].allSatisfy { $0 >= 0 && $0.isFinite },
                "brightness, contrast and saturation must be numbers from 0 on")
            try require(hue >= 0 && hue <= 0.5, "hue must lie in 0…0.5, given \(hue)")
        case .randAugment(let count, let magnitude):
            try require((0...100).contains(count), "num_ops must lie in 0…100, given \(count)")
            try require((0...30).contains(magnitude), "magnitude must lie in 0…30, given \(magnitude)")
        case .mixup(let alpha), .cutmix(let alpha):
            try require(alpha > 0 && alpha.isFinite, "alpha must be above 0, given \(alpha)")
        }
    }
}

extension Dataset {
    /// The same data whose batches are changed by `augmentation`, after what already changes them.
    ///
    /// - Throws: ``DataError`` for inputs by name, and for views of images where x is none [N, C, H, W].
    public func augmented(by augmentation: Augmentation) throws -> Dataset {
        guard let shape = inputShape else {
            throw notOneTensor("augment")
        }
        let all = try Augmentation((self.augmentation?.views ?? []) + augmentation.views)
        let image = ImageShape(row: Array(shape.dropFirst()))
        if let view = all.views.first(where: \.needsImages), !image.isImage {
            throw DataError.shape(
                function: view.function, problem: "needs images [N, C, H, W], and x is \(shape)",
                help: shape.count == 3
                    ? "a channel dimension is missing: TensorDataset(x.unsqueeze(1), y)"
                    : "reshape x to images first, and begin the network with Flatten()")
        }
        if let y, y.dtype != .int64 || y.shape.count != 1, !y.dtype.isFloating,
            let view = all.views.first(where: \.mixes)
        {
            throw DataError.shape(
                function: view.function, problem: "mixes labels [N] or float targets, and y is \(y.dtype) \(y.shape)",
                help: nil)
        }
        _ = try ViewPlan(all, image: image, batch: 1, position: 0, key: 0)
        guard case .memory(.tensor(let x)) = stored, x.dtype != .uint8, x.dtype != .float32 else {
            return try with(augmentation: .some(all))
        }
        return try with(stored: .memory(.tensor(x.to(.float32))), augmentation: .some(all))
    }

    /// The same examples whose views come round again: pass e shows view e mod `count` of each, bit for bit, so that what a
    /// teacher says of them can be kept.
    ///
    /// The views follow from the seed and from nothing else that is drawn.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` without an augmentation, for fewer than one view, and for
    ///   mixing ones, where an example's view depends on its batch.
    public func withViews(_ count: Int) throws -> Dataset {
        func fail(_ problem: String, _ help: String?) -> DataError {
            .argument(function: "views", problem: problem, help: help)
        }
        guard let augmentation else {
            throw fail(
                "views(\(count)): the data are not augmented, and every pass sees the same",
                "cache=\"auto\" keeps what the teacher says of them")
        }
        guard Augmentation.viewCounts.contains(count) else {
            throw fail("views(\(count)): at least 1, at most \(Augmentation.viewCounts.upperBound)", nil)
        }
        guard !augmentation.views.contains(where: \.mixes) else {
            throw fail(
                "views(\(count)): mixup and cutmix mix the examples of a batch, which is another in each pass",
                "cache=\"off\" asks the teacher about each")
        }
        var generator = SplitMix64(state: Randomness.state.seed ^ 0x76_6965_7773)
        return try with(viewCycle: .some((0..<count).map { _ in generator.next() }))
    }

    /// The same data, whose batches are left as they are.
    public func withoutAugmentation() throws -> Dataset {
        augmentation == nil ? self : try with(augmentation: .some(nil))
    }
}

/// The views of one batch, with what is drawn once a batch decided.
struct ViewPlan {
    var views: [ExampleView] = []
    /// After mixing: each example's partner in the batch, and the share of its own label.
    var mixture: (partners: [Int], share: Double)?

    /// Nothing is done.
    init() {}

    init(_ augmentation: Augmentation, image: ImageShape, batch: Int, position: Int, key: UInt64) throws {
        var (height, width) = (image.height, image.width)
        for (number, view) in augmentation.views.enumerated() {
            let kind: ExampleView.Kind
            // Numbers for the whole batch have a key of their own.
            var random = SplitMix64(
                state: key ^ UInt64(truncatingIfNeeded: position &* 0x1F123BB5 &+ number &+ 1) << 20)
            switch view {
            case .randomCrop(let newHeight, let newWidth, let padding):
                guard newHeight <= height + 2 * padding, newWidth <= width + 2 * padding else {
                    throw DataError.shape(
                        function: "random_crop",
                        problem: "a window of \(newHeight) × \(newWidth) does not fit an image of \(height) × \(width)"
                            + (padding > 0 ? " with padding \(padding)" : ""), help: nil)
                }
                kind = .crop(height: newHeight, width: newWidth, padding: padding)
                (height, width) = (newHeight, newWidth)
            case .shift(let pixels): kind = .crop(height: height, width: width, padding: pixels)
            case .horizontalFlip(let p): kind = .flip(p: p)
            case .rotate(let degrees): kind = .rotate(degrees: degrees)
            case .noise(let std): kind = .noise(std: std)
            case .cutout(let size): kind = .cutout(size: size)
            case .randomResizedCrop(let newHeight, let newWidth, let scale, let ratio):
                kind = .resizedCrop(
                    range: [scale.lowerBound, scale.upperBound, ratio.lowerBound, ratio.upperBound])
                (height, width) = (newHeight, newWidth)
            case .randomErasing(let p, let scale, let ratio):
                kind = .erase(
                    p: p, range: [scale.lowerBound, scale.upperBound, ratio.lowerBound, ratio.upperBound])
            case .colorJitter(let brightness, let contrast, let saturation, let hue):
                kind = .jitter(range: [brightness, contrast, saturation, hue])
            case .randAugment(let count, let magnitude):
                kind = .randAugment(count: count, share: Double(magnitude) / 30)
            case .mixup(let alpha):
                let share = random.beta(alpha)
                let partners = random.permutation(batch)
                kind = .mixup(share: share, partners: partners)
                mixture = (partners, share)
            case .cutmix(let alpha):
                let side = (1 - random.beta(alpha)).squareRoot()
                let (rows, columns) = (Int(Double(height) * side), Int(Double(width) * side))
                let (y, x) = (Int(random.uniform() * Double(height)), Int(random.uniform() * Double(width)))
                let box = (
                    (y - rows / 2..<y - rows / 2 + rows).clamped(to: 0..<height),
                    (x - columns / 2..<x - columns / 2 + columns).clamped(to: 0..<width)
                )
                let partners = random.permutation(batch)
                kind = .cutmix(rows: box.0, columns: box.1, partners: partners)
                mixture = (partners, 1 - Double(box.0.count * box.1.count) / Double(max(1, height * width)))
            }
            views.append(ExampleView(kind, height: height, width: width))
        }
    }
}

extension SplitMix64 {
    /// Uniform in [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// From the normal distribution (Box and Muller, 1958).
    mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }

    mutating func permutation(_ count: Int) -> [Int] {
        var rows = Array(0..<count)
        shuffle(&rows)
        return rows
    }

    /// From Beta(α, α).
    mutating func beta(_ alpha: Double) -> Double {
        let (x, y) = (logGamma(alpha), logGamma(alpha))
        // The quotient of the two, from their logarithms: small α makes both vanish.
        return 1 / (1 + exp(y - x))
    }

    /// The logarithm of a number from Gamma(α, 1): Marsaglia and Tsang, 2000, with G(α) = G(α + 1) U^(1/α) below 1.
    private mutating func logGamma(_ alpha: Double) -> Double {
        if alpha < 1 {
            let factor = log(1 - uniform()) / alpha
            return logGamma(alpha + 1) + factor
        }
        let d = alpha - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let normal = normal()
            let v = 1 + c * normal
            guard v > 0 else { continue }
            let cube = v * v * v
            if log(1 - uniform()) < normal * normal / 2 + d - d * cube + d * log(cube) { return log(d * cube) }
        }
    }
}
