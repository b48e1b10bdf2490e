import Base
import Data
import Tensors
import Testing

/// Pictures as people have them, against Pillow (scripts/golden/images.py).
@Suite struct `Images` {
    static let folder = Fixture.folder + "/images/"
    static let names = ((try? WholeFile.names(in: folder)) ?? [])
    static let photographs = names.filter { $0.hasSuffix(".jpg") }
    static let fits = names.filter { $0.hasPrefix("fit_") && !$0.hasPrefix("fit_grey") }

    /// How far apart the bytes of two pictures are, and the share of those more than one apart.
    static func distance(_ image: PixelImage, _ other: PixelImage) -> (largest: Int, share: Double) {
        guard image.pixels.count == other.pixels.count else { return (255, 1) }
        let distances = zip(image.pixels, other.pixels).map { abs(Int($0) - Int($1)) }
        return (distances.max() ?? 0, Double(distances.count { $0 > 1 }) / Double(max(1, distances.count)))
    }

    @Test func `There are pictures to be read`() {
        #expect(Self.photographs.count == 16 && Self.fits.count == 12 && Self.changes.count == 26)
    }

    @Test(arguments: photographs) func `A JPEG image has the pixels that Pillow finds, upright`(_ name: String) throws {
        let image = try PixelImage(reading: Self.folder + name)
        let expected = try PixelImage(reading: Self.folder + name.dropLast(4) + ".png")
        #expect((image.width, image.height, image.channels) == (expected.width, expected.height, expected.channels))
        let (largest, share) = Self.distance(image, expected)
        #expect(largest <= 2 && share <= 0.001, "\(name): \(largest), \(share)")
    }

    @Test(arguments: fits) func `An image is brought to a size as Pillow resamples it`(_ name: String) throws {
        let parts = name.dropLast(4).split(separator: "_").map(String.init)
        let fit = try #require(ImageFit(rawValue: parts[1]))
        let image = try PixelImage(reading: Self.folder + "source.png")
            .fitted(fit, height: try #require(Int(parts[2])), width: try #require(Int(parts[3])))
        let expected = try PixelImage(reading: Self.folder + name)
        #expect(Self.distance(image, expected).largest == 0, "\(name)")
    }

    @Test func `Grey images are resampled as well`() throws {
        let image = try PixelImage(reading: Self.folder + "source.png", channels: 1).resized(height: 23, width: 31)
        #expect(Self.distance(image, try PixelImage(reading: Self.folder + "fit_grey_23_31.png")).largest == 0)
    }

    @Test func `A folder of images of any size becomes a dataset of one size`() throws {
        try Fixture.withFolder { folder in
            for (place, name) in [("a", "plain.jpg"), ("a", "grey.jpg"), ("b", "cmyk.jpg"), ("b", "source.png")] {
                try WholeFile.makeFolder("\(folder)/\(place)")
                _ = try Fixture.write(FileBytes.read(Self.folder + name), name, in: folder + "/" + place)
            }
            let whole = try imageFolder(folder, ImageFolderOptions(size: (24, 32)))
            #expect(whole.dataset.inputShape == [4, 3, 24, 32])
            #expect(whole.dataset.classes == ["a", "b"])
            #expect(
                try imageFolder(folder, ImageFolderOptions(size: (8, 8), channels: 1)).dataset.inputShape == [
                    4, 1, 8, 8,
                ])
            #expect(throws: DataError.self) { try imageFolder(folder) }

            // A broken image is an error with its path, or skipped and counted.
            let bytes = try FileBytes.read(Self.folder + "plain.jpg")
            _ = try Fixture.write(Array(bytes.prefix(bytes.count / 2)), "broken.jpg", in: folder + "/a")
            do {
                _ = try imageFolder(folder, ImageFolderOptions(size: (8, 8)))
                Issue.record("a broken image was read")
            } catch let error as DataError {
                #expect(error.kind == .io && error.message.contains("broken.jpg: byte"), "\(error.message)")
            }
            let rest = try imageFolder(folder, ImageFolderOptions(size: (8, 8), skipsBroken: true))
            #expect(rest.dataset.count == 4 && rest.skipped.count == 1)
            #expect(rest.skipped.first?.contains("broken.jpg") == true)
        }
    }

    static let changes = names.filter { $0.hasPrefix("rand_") }

    @Test(arguments: changes) func `A change of RandAugment is torchvision's`(_ name: String) throws {
        let parts = name.dropLast(4).split(separator: "_")
        let x = try PixelImage(reading: Self.folder + "source.png").tensor().to(.float32).div(255)
        let changed = try x.randChanged(
            kind: try #require(Int(parts[1])), share: 0.3, negative: parts[2] == "minus"
        ).floats()
        let expected = try PixelImage(reading: Self.folder + name).tensor().floats()
        // torchvision computes with bytes, which are cut down between the steps.
        #expect(zip(changed, expected).allSatisfy { abs(255 * $0 - $1) < 1.5 }, "\(name)")
    }

    @Test func `ImageNet's statistics are those that torchvision states`() throws {
        let statistics = try Normalization.imageNet()
        #expect(statistics.mean == [0.485, 0.456, 0.406] && statistics.std == [0.229, 0.224, 0.225])
    }
}

/// What files hold, told from their headers.
@Suite struct `Contents of files` {
    @Test func `Names, types and shapes are told without reading numbers`() throws {
        let safetensors = try FileContents(of: Fixture.path("dtypes.safetensors"))
        #expect(safetensors.kind == "safetensors")
        #expect(
            safetensors.groups[0].entries.contains {
                $0.name == "float" && $0.shape == [2, 2] && $0.element == "float32"
            })
        let arrays = try FileContents(of: Fixture.path("deflated.npz"))
        #expect(arrays.groups[0].entries.contains { $0.name == "zeros" && $0.shape == [50, 20] })
        #expect(try FileContents(of: Fixture.path("fortran.npy")).groups[0].entries[0].shape == [2, 3, 4])
        #expect(try FileContents(of: Fixture.path("images.idx.gz")).groups[0].entries[0].shape == [6, 5, 7])
        #expect(try FileContents(of: Fixture.path("images/orientation6.jpg")).facts["size"] == "16 × 24 pixels")
        #expect(try FileContents(of: Fixture.path("table.csv")).kind == "table")
    }

    @Test func `A checkpoint of PyTorch shows its weights and its values`() throws {
        let name = try #require(Fixture.torch("checkpoint_adam").first)
        let contents = try FileContents(of: Fixture.path(name))
        #expect(contents.groups.map(\.name) == ["model_state_dict"])
        #expect(contents.groups[0].entries.map(\.name) == ["weight", "bias"])
        #expect(contents.facts["epoch"] == "3" && contents.facts["args"] == "{\"lr\": 0.1}")
    }

    @Test func `An ONNX network shows its operators and tensors`() throws {
        let folder = Fixture.folder.split(separator: "/").dropLast(2).map { "/" + $0 }.joined()
        let contents = try FileContents(of: folder + "/BuiltinsTests/Fixtures/convolution.onnx")
        #expect(contents.kind == "ONNX network")
        #expect(contents.facts["operators"]?.contains("Conv") == true)
        #expect(contents.facts["inputs"]?.hasPrefix("input [") == true)
        #expect(contents.groups[0].entries.contains { $0.element == "float32" && $0.shape.count == 4 })
    }

    @Test func `A file of no kind that is known is an error`() throws {
        try Fixture.withFolder { folder in
            for (name, bytes) in [("x.dat", [1, 2, 3]), ("x.pth", []), ("x.onnx", [0xFF, 0xFF])] as [(String, [UInt8])]
            {
                let path = try Fixture.write(bytes, name, in: folder)
                #expect(throws: DataError.self) { try FileContents(of: path) }
            }
        }
    }
}
