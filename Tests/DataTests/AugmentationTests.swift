import Data
import Tensors
import Testing

@Suite("Augmentation")
struct AugmentationTests {
    /// Images whose pixels are all different and above zero.
    private func images(_ count: Int = 8, _ channels: Int = 2, _ height: Int = 6, _ width: Int = 5) throws -> Dataset {
        let x = (0..<count * channels * height * width).map { Float($0 + 1) / 4096 }
        return try Dataset(
            x: Tensor(x, shape: [count, channels, height, width]), y: Tensor((0..<count).map { $0 % 3 }))
    }

    private func views(_ dataset: Dataset, _ views: Augmentation.View..., size: Int = 8, ahead: Bool? = nil) throws
        -> [Batch]
    {
        try Batches(dataset.augmented(by: Augmentation(views)), size: size, loadsAhead: ahead).map { try $0.get() }
    }

    private func rows(_ batches: [Batch]) throws -> [[Float]] {
        try batches.flatMap { batch -> [[Float]] in
            guard let x = batch.x else { return [] }
            let values = try x.floats()
            let width = values.count / max(1, batch.count)
            return (0..<batch.count).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
    }

    /// [C, H, W] moved, with zeros where nothing was.
    private func moved(_ x: [Float], _ c: Int, _ h: Int, _ w: Int, _ dy: Int, _ dx: Int) -> [Float] {
        (0..<c * h * w).map { index in
            let (plane, y, i) = (index / (h * w), index / w % h - dy, index % w - dx)
            return (0..<h).contains(y) && (0..<w).contains(i) ? x[(plane * h + y) * w + i] : 0
        }
    }

    @Test
    func `A shift is one of the 25 moves of up to two pixels, and every one occurs`() throws {
        let dataset = try images(600)
        let original = try rows([Batches(dataset, size: 600).batch(0)])
        var seen: Set<[Int]> = []
        for (row, view) in try rows(views(dataset, .shift(pixels: 2), size: 600)).enumerated() {
            let found = (-2...2).flatMap { dy in (-2...2).map { [dy, $0] } }.filter {
                moved(original[row], 2, 6, 5, $0[0], $0[1]) == view
            }
            #expect(found.count == 1, "row \(row)")
            seen.formUnion(found)
        }
        #expect(seen.count == 25)
    }

    @Test
    func `A crop is a window of the padded image`() throws {
        let dataset = try images(64)
        let original = try rows([Batches(dataset, size: 64).batch(0)])
        let batch = try views(dataset, .randomCrop(height: 4, width: 3, padding: 1), size: 64)
        #expect(batch[0].x?.shape.array == [64, 2, 4, 3])
        for (row, view) in try rows(batch).enumerated() {
            var windows: [[Float]] = []
            for top in -1...3 {
                for left in -1...3 {
                    let whole = moved(original[row], 2, 6, 5, -top, -left)
                    windows.append(
                        (0..<24).map { index in
                            let (plane, y, x) = (index / 12, index / 3 % 4, index % 3)
                            return whole[(plane * 6 + y) * 5 + x]
                        })
                }
            }
            #expect(windows.contains(view), "row \(row)")
        }
    }

    @Test
    func `A flip mirrors, about as often as asked for`() throws {
        let dataset = try images(400)
        let original = try rows([Batches(dataset, size: 400).batch(0)])
        let mirrored = try dataset.x().flip(dims: [3]).floats()
        var count = 0
        for (row, view) in try rows(views(dataset, .horizontalFlip(p: 0.25), size: 400)).enumerated() {
            if view == Array(mirrored[row * 60..<(row + 1) * 60]) { count += 1 } else { #expect(view == original[row]) }
        }
        #expect((70...130).contains(count))
    }

    @Test
    func `Rotation agrees with PyTorch's grid_sample and SciPy's affine_transform`() throws {
        let square = try Tensor(Fixture.pattern(98).map { Float($0) / 251 }, shape: [2, 7, 7])
        let turned = try Fixture.numbers("rotated")
        for (index, degrees) in [30, -75, 123.4].enumerated() {
            for (own, theirs) in zip(try square.rotated(degrees: degrees).doubles(), turned[(index * 98)...]) {
                #expect(abs(own - theirs) < 1e-5)
            }
        }
        let oblong = try Tensor(Fixture.pattern(45).map { Float($0) / 251 }, shape: [1, 5, 9])
        for (own, theirs) in zip(try oblong.rotated(degrees: 20).doubles(), try Fixture.numbers("rotated-oblong")) {
            #expect(abs(own - theirs) < 1e-5)
        }
    }

    @Test
    func `Noise has the spread that was asked for, and no mean`() throws {
        let dataset = try Dataset(x: .zeros([64, 100]), y: nil)
        let values = try rows(views(dataset, .noise(std: 0.5), size: 64)).joined().map(Double.init)
        let mean = values.reduce(0, +) / 6400
        let spread = (values.reduce(0) { $0 + $1 * $1 } / 6400).squareRoot()
        #expect(abs(mean) < 0.03)
        #expect(abs(spread - 0.5) < 0.02)
    }

    @Test
    func `Cutout leaves a square out and everything else as it was`() throws {
        let dataset = try images(100)
        let original = try rows([Batches(dataset, size: 100).batch(0)])
        for (row, view) in try rows(views(dataset, .cutout(size: 3), size: 100)).enumerated() {
            let gone = view.indices.filter { view[$0] == 0 }
            #expect(view.indices.allSatisfy { view[$0] == 0 || view[$0] == original[row][$0] })
            // In both channels, and at most 3 × 3 in each.
            #expect((2...18).contains(gone.count) && gone.count % 2 == 0)
            let ys = Set(gone.map { $0 / 5 % 6 })
            let xs = Set(gone.map { $0 % 5 })
            #expect(ys.count <= 3 && xs.count <= 3 && gone.count == 2 * ys.count * xs.count)
        }
    }

    @Test
    func `Mixup mixes images and labels in one share`() throws {
        let dataset = try images(8)
        let original = try rows([Batches(dataset, size: 8).batch(0)])
        let batch = try #require(try views(dataset, .mixup(alpha: 1)).first)
        let mixture = try #require(batch.mixture)
        #expect(mixture.share > 0 && mixture.share < 1)
        let labels = try mixture.y.integers()
        for (row, view) in try rows([batch]).enumerated() {
            let partner = try #require(
                (0..<8).first { other in
                    zip(view, zip(original[row], original[other])).allSatisfy { mixed, parts in
                        abs(mixed - Float(mixture.share) * parts.0 - Float(1 - mixture.share) * parts.1) < 1e-6
                    }
                })
            #expect(labels[row] == partner % 3)
        }
        let targets = try #require(try batch.targets(classes: 3)).doubles()
        for row in 0..<8 { #expect(abs(targets[row * 3..<row * 3 + 3].reduce(0, +) - 1) < 1e-6) }
        let floats = try Dataset(x: dataset.x(), y: Tensor((0..<8).map { Float($0) }))
        let mixed = try #require(try views(floats, .mixup(alpha: 1)).first)
        #expect(mixed.mixture == nil)
        #expect(try mixed.y?.doubles() != (0..<8).map(Double.init))
        let sum = try #require(mixed.y).doubles().reduce(0, +)
        #expect(abs(sum - 28) < 1e-4)
    }

    @Test
    func `CutMix takes a rectangle, and the labels' share is that of the areas`() throws {
        let dataset = try images(8, 1, 16, 16)
        let original = try rows([Batches(dataset, size: 8).batch(0)])
        let batch = try #require(try views(dataset, .cutmix(alpha: 1)).first)
        let mixture = try #require(batch.mixture)
        let labels = try mixture.y.integers()
        for (row, view) in try rows([batch]).enumerated() {
            let foreign = view.indices.filter { view[$0] != original[row][$0] }
            guard let first = foreign.first else { continue }
            let partner = (0..<8).first { original[$0][first] == view[first] } ?? -1
            #expect(foreign.allSatisfy { view[$0] == original[partner][$0] })
            #expect(abs(Double(foreign.count) / 256 - (1 - mixture.share)) < 1e-9)
            #expect(labels[row] == partner % 3)
        }
    }

    @Test(arguments: [0.2, 1.0, 4.0])
    func `Beta(α, α) has the mean and the variance of the book`(_ alpha: Double) throws {
        let dataset = try Dataset(x: .zeros([2000, 1]), y: Tensor(Array(repeating: 0, count: 2000)))
        let shares = try views(dataset, .mixup(alpha: alpha), size: 1).compactMap(\.mixture?.share)
        let mean = shares.reduce(0, +) / 2000
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2000
        #expect(abs(mean - 0.5) < 0.04)
        #expect(abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.02)
    }

    private static let everything: [Augmentation.View] = [
        .randomCrop(height: 6, width: 5, padding: 2), .horizontalFlip(p: 0.5), .shift(pixels: 1), .rotate(degrees: 20),
        .noise(std: 0.1), .cutout(size: 2), .cutmix(alpha: 1),
    ]

    @Test
    func `The same seed gives the same bits, each pass others, with and without the second thread`() throws {
        let dataset = try normalize([images(50)])[0].augmented(by: Augmentation(Self.everything))
        func passes(_ ahead: Bool) throws -> [[[Float]]] {
            Randomness.seed(5)
            return try (0..<2).map { _ in
                try rows(Batches(dataset, size: 16, shuffle: true, loadsAhead: ahead).map { try $0.get() })
            }
        }
        let plain = try passes(false)
        #expect(try passes(true) == plain)
        #expect(plain[0] != plain[1])
        let isFinite = plain[0].joined().allSatisfy { $0.isFinite }
        #expect(isFinite)
        Randomness.seed(6)
        #expect(try rows(Batches(dataset, size: 16, shuffle: true).map { try $0.get() }) != plain[0])
    }

    @Test
    func `Views depend neither on the batch size nor on what else is drawn, and x stays`() throws {
        let dataset = try images(32)
        let before = try dataset.x().floats()
        let augmented = try dataset.augmented(by: Augmentation([.shift(pixels: 2), .noise(std: 0.1)]))
        Randomness.seed(1)
        let eights = try rows(Batches(augmented, size: 8).map { try $0.get() })
        Randomness.seed(1)
        _ = Randomness.bits(.shuffling)
        _ = Randomness.bits(.dropout)
        #expect(try rows(Batches(augmented, size: 5).map { try $0.get() }) == eights)
        #expect(try augmented.x().floats() == before)
        #expect(try augmented.withoutAugmentation().augmentation == nil)
    }

    @Test
    func `A batch in the making may be left behind`() throws {
        let dataset = try images(64, 3, 32, 32).augmented(by: Augmentation([.rotate(degrees: 10), .noise(std: 1)]))
        for _ in 0..<50 {
            let batches = try Batches(dataset, size: 16, shuffle: true, loadsAhead: true)
            #expect(try batches.batch(0).count == 16)
        }
        let batches = try Batches(dataset, size: 16, loadsAhead: true)
        // Out of order: the one in the making is thrown away.
        let last = try batches.batch(3).x?.floats()
        _ = try batches.batch(1)
        #expect(try batches.batch(3).x?.floats() == last)
    }

    @Test
    func `Views come before the normalisation: what moves in is black, not average`() throws {
        let bytes = try Dataset(x: Tensor([UInt8](repeating: 255, count: 64 * 16), shape: [64, 1, 4, 4]), y: nil)
        let normal = try normalize([bytes], with: Normalization(mean: [0.5], std: [0.25]))[0]
        let values = try rows(views(normal, .shift(pixels: 1), size: 64)).joined()
        #expect(Set(values) == [-2, 2])
    }

    @Test
    func `What cannot be is said before the first batch`() throws {
        let flat = try Dataset(x: .zeros([4, 9]), y: nil)
        func message(_ body: () throws -> Dataset) -> String {
            do { return "\(try body().count)" } catch { return (error as? DataError)?.message ?? "\(error)" }
        }
        #expect(
            message { try flat.augmented(by: Augmentation([.shift(pixels: 1)])) }.contains("needs images [N, C, H, W]"))
        #expect(message { try flat.augmented(by: Augmentation([.noise(std: -1)])) }.contains("noise: std"))
        #expect(
            message { try images().augmented(by: Augmentation([.randomCrop(height: 9, width: 5, padding: 1)])) }
                .contains("a window of 9 × 5 does not fit an image of 6 × 5 with padding 1"))
        #expect(
            message { try images().augmented(by: Augmentation([.mixup(alpha: 1), .cutmix(alpha: 1)])) }.contains("once")
        )
        let named = try Dataset(input: .named(["a": .zeros([2, 2])]), y: nil)
        #expect(message { try named.augmented(by: Augmentation([.noise(std: 1)])) }.contains("dict"))
    }
}
