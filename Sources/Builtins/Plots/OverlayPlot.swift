import Data
import Drawing
import Runtime
import Tensors

extension Library {
    /// Pictures with what was found in them.
    func addOverlayPlot() {
        let figure = FigureParameters()
        let images = Parameter<Either<Tensor, Dataset>>(
            "images", "[N, 1 or 3, H, W] or [N, H, W], values 0…1; or a dataset of such")
        let masks = Parameter<Tensor?>.optional(
            "masks", "the class of each pixel, int [N, H, W], or logits [N, K, H, W]",
            defaultText: "the labels of the dataset")
        let opacity = Parameter<Double>("opacity", "of the colours, 0…1", default: 0.5)
        let background = Parameter<Int?>.optional("background", "the class that is left clear", defaultText: "0")
        let captions = Parameter<[String]?>.optional("captions", "a line below each")
        let columns = Parameter<Int?>.optional("columns", "pictures in a row")
        add(
            Builtin(
                "plot_overlay", .plots, "Pictures with each pixel's class as a colour over it.",
                parameters: [
                    images.description, masks.description, opacity.description, background.description,
                    captions.description, columns.description,
                ] + figure.plain,
                returns: "a figure", notes: ["Pixels that are labelled -100 are left clear, too."],
                seeAlso: ["plot_images", "miou"],
                examples: [
                    Example(running: "plot_overlay(rand(4, 1, 8, 8), randint(0, 3, [4, 8, 8]))")
                ]
            ) { call in
                try drawing {
                    let pictures: Tensor
                    var given = try call[masks]
                    var ignored = TargetDeclaration.ignored
                    switch try call[images] {
                    case .first(let tensor): pictures = tensor
                    case .second(let dataset):
                        pictures = try dataset.x()
                        given = given ?? dataset.y
                        ignored = dataset.target.ignoreIndex
                    }
                    guard let given else {
                        throw Failure(.value, "plot_overlay: needs masks=, the class of each pixel")
                    }
                    let rasters = try Self.overlaid(
                        pictures, Self.classes(ofPixels: given), opacity: call[opacity],
                        clear: [call[background] ?? 0, ignored], palette: figure.plainOptions(call).theme.palette)
                    let chart = try ImageGridChart(
                        rasters, captions: call[captions] ?? [], marks: [], columns: call[columns])
                    return try figure.figure(chart, figure.plainOptions(call), in: call)
                }
            })
    }

    /// The class of each pixel, of classes or of logits.
    private static func classes(ofPixels masks: Tensor) throws -> Tensor {
        if masks.rank == 4, masks.shape[1] == 1 {
            return try masks.reshape([masks.shape[0], masks.shape[2], masks.shape[3]])
        }
        return masks.rank == 4 ? try masks.argmax(dim: 1) : masks
    }

    private static func overlaid(
        _ pictures: Tensor, _ masks: Tensor, opacity: Double, clear: [Int], palette: [Colour]
    ) throws -> [RasterImage] {
        let shape =
            pictures.rank == 4 ? pictures.shape.array : [pictures.shape[0], 1] + pictures.shape.array.dropFirst()
        guard shape.count == 4, shape[1] == 1 || shape[1] == 3, masks.shape.array == [shape[0], shape[2], shape[3]]
        else {
            throw Failure(
                .shape, "plot_overlay: pictures \(pictures.shape) and masks \(masks.shape) do not fit",
                help: ["pictures [N, 1 or 3, H, W] and masks [N, H, W]"])
        }
        guard opacity >= 0, opacity <= 1 else {
            throw Failure(.value, "plot_overlay: opacity must lie in 0…1, not \(opacity)")
        }
        let (channels, area) = (shape[1], shape[2] * shape[3])
        let values = try pictures.doubles()
        let labels = try masks.integers()
        return try (0..<shape[0]).map { index in
            var pixels: [UInt8] = []
            pixels.reserveCapacity(area * 3)
            for position in 0..<area {
                let label = labels[index * area + position]
                let colour = palette[((label % palette.count) + palette.count) % palette.count]
                for (channel, own) in [colour.red, colour.green, colour.blue].enumerated() {
                    let value = values[(index * channels + min(channel, channels - 1)) * area + position]
                    let grey = min(max(value.isNaN ? 0 : value, 0), 1)
                    let mixed = clear.contains(label) ? grey : grey * (1 - opacity) + own * opacity
                    pixels.append(UInt8((mixed * 255).rounded()))
                }
            }
            return try RasterImage(width: shape[3], height: shape[2], channels: 3, pixels: pixels)
        }
    }
}
