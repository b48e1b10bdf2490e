import Data
import Drawing
import Learning
import Runtime
import Tensors

extension Library {
    /// Pictures.
    func addImagePlots() {
        let figure = FigureParameters()
        let images = Parameter<Either<Tensor, Dataset>>(
            "images", "[N, 1 or 3, H, W], [N, H, W] or [N, S·S], values 0…1; or a dataset of such")
        let captions = Parameter<[String]?>.optional(
            "captions", "a line below each", defaultText: "the classes of a dataset")
        let correct = Parameter<Numbers?>.optional(
            "correct", "whether each was recognised, shown by sign and colour: `predict(net, ds).argmax(dim=1) == ds.y`"
        )
        let columns = Parameter<Int?>.optional("columns", "pictures in a row")
        add(
            Builtin(
                "plot_images", .plots, "A grid of pictures.",
                parameters: [images.description, captions.description, correct.description, columns.description]
                    + figure.plain,
                returns: "a figure", seeAlso: ["dataset"],
                examples: [
                    Example(running: #"plot_images(take(dataset("digits"), 10), columns=5)"#),
                    Example(running: "plot_images(rand(4, 3, 8, 8), captions=[\"a\", \"b\", \"c\", \"d\"])"),
                ]
            ) { call in
                try drawing {
                    let pictures: Tensor
                    var words = try call[captions] ?? []
                    switch try call[images] {
                    case .first(let tensor): pictures = tensor
                    case .second(let dataset):
                        guard dataset.count <= 2000 else {
                            throw Failure(
                                .limit, "plot_images: \(dataset.count) pictures are too many for one figure",
                                help: ["plot_images(take(ds, 40))"], operands: [0: ""])
                        }
                        pictures = try dataset.x()
                        if words.isEmpty { words = try Self.captions(of: dataset) }
                    }
                    let marks = try call[correct]?.values.map { $0 != 0 ? ImageGridChart.Mark.right : .wrong }
                    let chart = try ImageGridChart(
                        Self.pictures(pictures), captions: words, marks: marks ?? [], columns: call[columns])
                    return try figure.figure(chart, figure.plainOptions(call), in: call)
                }
            })
    }

    private static func captions(of dataset: Dataset) throws -> [String] {
        guard let classes = dataset.classes, let y = dataset.y, !y.dtype.isFloating else { return [] }
        return try y.integers().map { classes.indices.contains($0) ? classes[$0] : String($0) }
    }

    private static func pictures(_ images: Tensor) throws -> [RasterImage] {
        var shape = images.shape.array
        // Rows of S·S pixels, as the digits have.
        if shape.count == 2 {
            let side = Int(Double(shape[1]).squareRoot().rounded())
            if side > 1, side * side == shape[1] { shape = [shape[0], side, side] }
        }
        let channels = shape.count == 4 ? shape[1] : 1
        guard shape.count == 3 || shape.count == 4, channels == 1 || channels == 3, let height = shape.dropLast().last,
            let width = shape.last, height > 0, width > 0
        else {
            throw Failure(
                .shape, "plot_images: expected [N, H, W], [N, 1, H, W], [N, 3, H, W] or [N, S·S], not \(images.shape)",
                operands: [0: "\(images.shape)"])
        }
        guard shape[0] <= 2000 else {
            throw Failure(
                .limit, "plot_images: \(shape[0]) pictures are too many for one figure",
                help: ["plot_images(x[:40])"], operands: [0: ""])
        }
        let values = try images.doubles()
        let area = height * width
        return try (0..<shape[0]).map { index in
            var pixels: [UInt8] = []
            pixels.reserveCapacity(area * channels)
            for position in 0..<area {
                for channel in 0..<channels {
                    let value = values[(index * channels + channel) * area + position]
                    pixels.append(UInt8((min(max(value.isNaN ? 0 : value, 0), 1) * 255).rounded()))
                }
            }
            return try RasterImage(width: width, height: height, channels: channels, pixels: pixels)
        }
    }
}
