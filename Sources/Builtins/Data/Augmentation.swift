import Data
import Diagnostics
import Runtime
import Tensors

/// One random change to examples, as a value: what `shift(2)` gives and `augment` takes.
final class ViewObject: LanguageObject {
    static var languageName: String { "transform" }

    /// What is done.
    enum Change {
        /// A view of each pass.
        case view(Augmentation.View)
        /// Synthetic rows of a table, once.
        case resample(share: Double, copies: Int)
    }

    let change: Change

    init(_ view: Augmentation.View) throws {
        _ = try Augmentation([view])
        change = .view(view)
    }

    init(resampling share: Double, copies: Int) { change = .resample(share: share, copies: copies) }

    var description: String {
        switch change {
        case .view(let view): view.description
        case .resample(let share, let copies):
            "resample(\(TextTable.number(share, digits: 2)), copies=\(copies))"
        }
    }
}

extension Library {
    /// Random changes to the images of a dataset.
    func addAugmentation() {
        add(
            ObjectType(
                ViewObject.self, "A random change to examples, for `augment`.",
                display: { Markup($0.description) }))
        let dataset = Parameter<Dataset>("ds", "the dataset; its x stays as it was")
        let views = Parameter<[ViewObject]>.variadic("views", "the changes, in order")
        add(
            Builtin(
                "augment", .data, "A dataset whose examples are changed at random, anew in each pass.",
                parameters: [dataset.description, views.description], returns: "a dataset",
                notes: [
                    "The changes follow from the seed, the pass and the row of an example: the same seed gives the same.",
                    "In `distill` teacher and student see the same view. `evaluate` and `predict` leave examples as they "
                        + "are, and so does `ds.x`.",
                    "Views come before a normalisation: zeros are black pixels, and noise is in units of x in 0…1.",
                    "Labels: under mixup and cutmix `hard()` mixes the losses of both labels, and `batches` gives "
                        + "probabilities [B, K]; float targets are mixed.",
                ],
                seeAlso: [
                    "resample", "shift", "random_crop", "random_resized_crop", "rand_augment", "horizontal_flip",
                    "rotate",
                    "color_jitter", "noise",
                    "cutout", "random_erasing", "mixup", "cutmix",
                ],
                examples: [
                    Example(
                        """
                        images = TensorDataset(ones(4, 1, 8, 8), arange(4))
                        for x, y in batches(augment(images, shift(1), noise(0.1)), 4) { print(x.shape) }
                        """, "[4, 1, 8, 8]")
                ]
            ) { call in
                let changes = try call[views].map(\.change)
                var noise = 0.0
                var resampling: (share: Double, copies: Int)?
                var own: [Augmentation.View] = []
                for change in changes {
                    switch change {
                    case .resample(let share, let copies): resampling = (share, copies)
                    case .view(.noise(let std)): noise = std
                    case .view: break
                    }
                    if case .view(let view) = change { own.append(view) }
                }
                guard let resampling else { return try call[dataset].augmented(by: Augmentation(own)) }
                let isTable = own.allSatisfy { if case .noise = $0 { true } else { false } }
                guard isTable, own.count <= 1, changes.count == own.count + 1 else {
                    throw Failure(
                        .value, "augment: resample() is for tables, and only one noise() goes with it",
                        help: ["augment(ds, resample(0.1), noise(0.1))"])
                }
                return try call[dataset].transferSet(
                    resampling: resampling.share, noise: noise, copies: resampling.copies,
                    seed: Randomness.state.seed)
            })
        add(
            Builtin(
                "resample", .data,
                "For tables: synthetic rows behind the others, without labels, for a teacher to answer.",
                Parameter<Double>("share", "of the columns that get the value of another row", default: 0.1),
                Parameter<Int>("copies", "synthetic rows for each row, at most 100,000 in all", default: 5),
                returns: "a transform, for augment",
                notes: [
                    "A text column is taken whole, with all its categories. noise(0.1) beside it adds noise of a tenth of the column's deviation to a tenth of the numeric cells.",
                    "In distill the synthetic rows count in the teacher's terms alone, and the original rows keep their labels (SPUNGE, as in AutoGluon; after MUNGE, KDD 2006). They are made once, before the run.",
                ],
                seeAlso: ["augment", "noise", "distill"],
                examples: [
                    Example(
                        "ds = augment(TensorDataset(randn(10, 3), zeros(10).long()), resample(0.5, copies=2)); [len(ds), ds.y[-1].item()]",
                        "[30, -100]")
                ]
            ) { (share: Double, copies: Int) in ViewObject(resampling: share, copies: copies) })
        addMoves()
        addRecipes()
        addMixing()
    }

    /// The views of the published recipes for photographs.
    private func addRecipes() {
        func example(_ call: String, _ shape: String) -> [Example] {
            [
                Example(
                    """
                    images = TensorDataset(ones(2, 3, 8, 8), arange(2))
                    for x, y in batches(augment(images, \(call)), 2) { print(x.shape) }
                    """, shape)
            ]
        }
        func range(_ list: [Double], _ function: String, _ name: String) throws -> ClosedRange<Double> {
            guard list.count == 2, list[0] <= list[1] else {
                throw Failure(.value, "\(function): \(name) must be two numbers, the first not above the second")
            }
            return list[0]...list[1]
        }
        add(
            Builtin(
                "random_resized_crop", .data, "Views: a window of random area and proportions, resampled to one size.",
                Parameter<OneOrMore<Int>>("size", "the height and width it gets, or one number for both"),
                Parameter<[Double]>("scale", "least and most share of the area", default: [0.08, 1]),
                Parameter<[Double]>("ratio", "least and most width / height", default: [0.75, 4 / 3]),
                returns: "for `augment`", notes: ["Bilinear and antialiased."],
                pytorch: .same("torchvision.transforms.RandomResizedCrop"), seeAlso: ["augment", "random_crop"],
                examples: example("random_resized_crop(6)", "[2, 3, 6, 6]")
            ) { (size: OneOrMore<Int>, scale: [Double], ratio: [Double]) in
                guard (1...2).contains(size.elements.count), let height = size.elements.first,
                    let width = size.elements.last
                else { throw Failure(.value, "random_resized_crop: size must be one number or [height, width]") }
                return try ViewObject(
                    .randomResizedCrop(
                        height: height, width: width, scale: range(scale, "random_resized_crop", "scale"),
                        ratio: range(ratio, "random_resized_crop", "ratio")))
            })
        add(
            Builtin(
                "random_erasing", .data, "Views: a box of zeros somewhere (Zhong et al., 2017).",
                Parameter<Double>("p", "how probably", default: 0.5),
                Parameter<[Double]>("scale", "least and most share of the area", default: [0.02, 0.33]),
                Parameter<[Double]>("ratio", "least and most height / width", default: [0.3, 3.3]),
                returns: "for `augment`", pytorch: .same("torchvision.transforms.RandomErasing"),
                seeAlso: ["augment", "cutout"], examples: example("random_erasing(1)", "[2, 3, 8, 8]")
            ) { (p: Double, scale: [Double], ratio: [Double]) in
                try ViewObject(
                    .randomErasing(
                        p: p, scale: range(scale, "random_erasing", "scale"),
                        ratio: range(ratio, "random_erasing", "ratio")))
            })
        add(
            Builtin(
                "rand_augment", .data, "Views: some of fourteen changes of one strength (Cubuk et al., 2020).",
                Parameter<Int>("num_ops", "how many changes, drawn anew for each example", default: 2),
                Parameter<Int>("magnitude", "their strength, 0 to 30", default: 9), returns: "for `augment`",
                notes: [
                    "Nothing, shear, translate, rotate (nearest pixel, zeros outside), brightness, saturation, contrast, "
                        + "sharpness, posterize, solarize, autocontrast, equalize, for x in 0…1."
                ],
                pytorch: .same("torchvision.transforms.RandAugment"), seeAlso: ["augment", "color_jitter"],
                examples: example("rand_augment()", "[2, 3, 8, 8]")
            ) { (count: Int, magnitude: Int) in try ViewObject(.randAugment(count: count, magnitude: magnitude)) })
        add(
            Builtin(
                "color_jitter", .data, "Views: brightness, contrast, saturation and hue change, in any order.",
                Parameter<Double>("brightness", "times a factor in 1 ± so much", default: 0),
                Parameter<Double>("contrast", "the same for the distance from the mean grey", default: 0),
                Parameter<Double>("saturation", "the same for the distance from a pixel's grey", default: 0),
                Parameter<Double>("hue", "turned by up to so much of the circle, at most 0.5", default: 0),
                returns: "for `augment`", notes: ["For x in 0…1. Grey images have neither saturation nor hue."],
                pytorch: .same("torchvision.transforms.ColorJitter"), seeAlso: ["augment"],
                examples: example("color_jitter(0.4, 0.4, 0.4, 0.1)", "[2, 3, 8, 8]")
            ) { (brightness: Double, contrast: Double, saturation: Double, hue: Double) in
                try ViewObject(
                    .colorJitter(brightness: brightness, contrast: contrast, saturation: saturation, hue: hue))
            })
    }

    private func addMoves() {
        func example(_ call: String, _ shape: String) -> [Example] {
            [
                Example(
                    """
                    images = TensorDataset(ones(2, 1, 8, 8), arange(2))
                    for x, y in batches(augment(images, \(call)), 2) { print(x.shape) }
                    """, shape)
            ]
        }
        let same = "[2, 1, 8, 8]"
        add(
            Builtin(
                "random_crop", .data, "Views: a window anywhere in the image.",
                Parameter<OneOrMore<Int>>("size", "the window's height and width, or one number for both"),
                Parameter<Int>("padding", "zeros around the image first", default: 0), returns: "for `augment`",
                pytorch: .same("torchvision.transforms.RandomCrop"), seeAlso: ["augment", "shift"],
                examples: example("random_crop(6)", "[2, 1, 6, 6]")
            ) { (size: OneOrMore<Int>, padding: Int) in
                guard (1...2).contains(size.elements.count), let height = size.elements.first,
                    let width = size.elements.last
                else { throw Failure(.value, "random_crop: size must be one number or [height, width]") }
                return try ViewObject(.randomCrop(height: height, width: width, padding: padding))
            })
        add(
            Builtin(
                "horizontal_flip", .data, "Views: left and right change places.",
                Parameter<Double>("p", "how probably", default: 0.5), returns: "for `augment`",
                pytorch: .same("torchvision.transforms.RandomHorizontalFlip"), seeAlso: ["augment"],
                examples: example("horizontal_flip()", same)
            ) { (p: Double) in try ViewObject(.horizontalFlip(p: p)) })
        add(
            Builtin(
                "shift", .data, "Views: the image moves by up to so many pixels in both directions.",
                Parameter<Int>("pixels", "at most"), returns: "for `augment`", notes: ["Zeros come in at the edge."],
                seeAlso: ["augment", "random_crop"], examples: example("shift(2)", same)
            ) { (pixels: Int) in try ViewObject(.shift(pixels: pixels)) })
        add(
            Builtin(
                "rotate", .data, "Views: the image turns about its middle.",
                Parameter<Double>("degrees", "at most, to either side"), returns: "for `augment`",
                notes: ["Bilinear; zeros come in at the edge."],
                pytorch: .differs("torchvision.transforms.RandomRotation", "bilinear instead of nearest"),
                seeAlso: ["augment"], examples: example("rotate(15)", same)
            ) { (degrees: Double) in try ViewObject(.rotate(degrees: degrees)) })
        add(
            Builtin(
                "noise", .data, "Views: normal noise is added.", formula: "x + std · N(0, 1)",
                Parameter<Double>("std", "its standard deviation, for x in 0…1"), returns: "for `augment`",
                notes: ["Nothing is cut off at 0 and 1."], seeAlso: ["augment"], examples: example("noise(0.1)", same)
            ) { (std: Double) in try ViewObject(.noise(std: std)) })
        add(
            Builtin(
                "cutout", .data, "Views: a square of zeros around any pixel (DeVries, Taylor, 2017).",
                Parameter<Int>("size", "the square's side; at the edge a part of it falls outside"),
                returns: "for `augment`", seeAlso: ["augment", "cutmix"], examples: example("cutout(4)", same)
            ) { (size: Int) in try ViewObject(.cutout(size: size)) })
    }

    private func addMixing() {
        func example(_ call: String) -> [Example] {
            [
                Example(
                    """
                    images = TensorDataset(ones(4, 1, 8, 8), tensor([0, 1, 2, 2]))
                    for x, y in batches(augment(images, \(call)), 4) { print(x.shape, y.shape) }
                    """, "[4, 1, 8, 8] [4, 3]")
            ]
        }
        let alpha = Parameter<Double>(
            "alpha", "λ is drawn from Beta(alpha, alpha), once a batch", default: 1)
        add(
            Builtin(
                "mixup", .data, "Views: mixes every example with another of its batch (Zhang et al., 2018).",
                formula: "λ x + (1 − λ) x′, and the losses of both labels in the same shares", alpha,
                returns: "for `augment`", seeAlso: ["augment", "cutmix"], examples: example("mixup(0.2)")
            ) { (alpha: Double) in try ViewObject(.mixup(alpha: alpha)) })
        add(
            Builtin(
                "cutmix", .data, "Views: a rectangle of every image comes from another (Yun et al., 2019).",
                formula: "a rectangle of area 1 − λ, and the losses of both labels in the shares of their areas", alpha,
                returns: "for `augment`", seeAlso: ["augment", "mixup"], examples: example("cutmix(1)")
            ) { (alpha: Double) in try ViewObject(.cutmix(alpha: alpha)) })
    }
}
