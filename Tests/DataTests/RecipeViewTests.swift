import Data
import Tensors
import Testing

/// The views of the published recipes for photographs: what holds for every draw.
@Suite(.serialized) struct `Views of recipes` {
    static let image: [Float] = (0..<768).map { (index: Int) -> Float in Float((index * 37 + 11) % 251 + 2) / 253 }

    /// Sixteen views of one image, [16, C, H, W] as rows of numbers.
    static func views(_ view: Augmentation.View, of image: [Float] = image, size: Int = 16, seed: UInt64 = 3) throws
        -> [[Float]]
    {
        Randomness.seed(seed)
        let x = try Tensor((0..<16).flatMap { _ in image }, shape: [16, 3, 16, 16])
        let dataset = try Dataset(x: x, y: Tensor(Array(0..<16))).augmented(by: Augmentation([view]))
        var rows: [[Float]] = []
        for batch in try Batches(dataset, size: size) {
            let x = try batch.get().x?.floats() ?? []
            let count = x.count / (try batch.get().count)
            rows += stride(from: 0, to: x.count, by: count).map { Array(x[$0..<$0 + count]) }
        }
        return rows
    }

    @Test func `Erasing makes one box of zeros of an area and proportions in range`() throws {
        let rows = try Self.views(.randomErasing(p: 1, scale: 0.1...0.3, ratio: 0.5...2))
        for row in rows {
            let zeros = (0..<256).filter { row[$0] == 0 }
            let lines = Set(zeros.map { $0 / 16 }), columns = Set(zeros.map { $0 % 16 })
            #expect(zeros.count == lines.count * columns.count, "a box")
            // Sides are whole pixels: the area is met within half a pixel on each.
            #expect(Double(zeros.count) > 0.05 * 256 && Double(zeros.count) < 0.42 * 256)
            for index in row.indices where row[index] != 0 { #expect(row[index] == Self.image[index]) }
            for channel in 1..<3 { #expect((0..<256).filter { row[256 * channel + $0] == 0 } == zeros) }
        }
        #expect(Set(rows.map { $0.firstIndex(of: 0) ?? -1 }).count > 3)
        #expect(try Self.views(.randomErasing(p: 0, scale: 0.1...0.3, ratio: 0.5...2)).allSatisfy { $0 == Self.image })
    }

    @Test func `A window of the whole image at its own size is the image`() throws {
        let rows = try Self.views(.randomResizedCrop(height: 16, width: 16, scale: 1...1, ratio: 1...1))
        for row in rows { #expect(zip(row, Self.image).allSatisfy { abs($0 - $1) < 1e-6 }) }
    }

    @Test func `A window of a flat image is flat, in the size that was asked for`() throws {
        let flat = [Float](repeating: 0.25, count: 768)
        let rows = try Self.views(
            .randomResizedCrop(height: 5, width: 9, scale: 0.08...1, ratio: 0.75...1.33), of: flat)
        for row in rows {
            #expect(row.count == 3 * 45)
            #expect(row.allSatisfy { abs($0 - 0.25) < 1e-6 })
        }
    }

    @Test func `Brightness alone is one factor for the whole image`() throws {
        let rows = try Self.views(.colorJitter(brightness: 0.4, contrast: 0, saturation: 0, hue: 0))
        var factors: Set<Float> = []
        for row in rows {
            let pairs = zip(row, Self.image).filter { $0.0 < 1 && $0.1 > 0 }
            let factor = try #require(pairs.first.map { $0.0 / $0.1 })
            #expect((0.6...1.4).contains(factor))
            #expect(pairs.allSatisfy { abs($0.0 - factor * $0.1) < 1e-5 })
            factors.insert(factor)
        }
        #expect(factors.count == 16)
    }

    @Test func `Hue keeps the largest and smallest channel of every pixel`() throws {
        for row in try Self.views(.colorJitter(brightness: 0, contrast: 0, saturation: 0, hue: 0.5)) {
            for pixel in 0..<256 {
                let (old, new) = (0..<3).reduce(into: ([Float](), [Float]())) {
                    $0.0.append(Self.image[256 * $1 + pixel])
                    $0.1.append(row[256 * $1 + pixel])
                }
                #expect(
                    abs((old.max() ?? 0) - (new.max() ?? 1)) < 1e-5 && abs((old.min() ?? 0) - (new.min() ?? 1)) < 1e-5)
            }
        }
    }

    @Test func `The same seed gives the same views, however the batches are cut`() throws {
        for view: Augmentation.View in [
            .randomErasing(p: 0.5, scale: 0.02...0.33, ratio: 0.3...3.3),
            .randomResizedCrop(height: 8, width: 8, scale: 0.08...1, ratio: 0.75...1.33),
            .colorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1),
            .randAugment(count: 2, magnitude: 9),
        ] {
            #expect(try Self.views(view) == Self.views(view, size: 5))
            #expect(try Self.views(view) != Self.views(view, seed: 4))
        }
    }

    static let mistakes: [Augmentation.View] = [
        .randomErasing(p: 2, scale: 0.1...0.2, ratio: 1...2), .randomErasing(p: 1, scale: 0...0.2, ratio: 1...2),
        .randomResizedCrop(height: 0, width: 4, scale: 0.1...1, ratio: 1...1),
        .randomResizedCrop(height: 4, width: 4, scale: 0.1...1, ratio: 0...1),
        .colorJitter(brightness: -1, contrast: 0, saturation: 0, hue: 0),
        .colorJitter(brightness: 0, contrast: 0, saturation: 0, hue: 0.6), .randAugment(count: 2, magnitude: 31),
    ]

    @Test(arguments: mistakes) func `A view outside its range is an error`(_ view: Augmentation.View) {
        #expect(throws: DataError.self) { try Augmentation([view]) }
    }
}
