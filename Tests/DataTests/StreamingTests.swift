import Data
import Glibc
import Tensors
import Testing

@Suite("Streaming")
struct StreamingTests {
    private func datasets(in folder: String) throws -> (memory: Dataset, file: Dataset) {
        let elements = Fixture.pattern(40 * 6 * 5).map { UInt8($0) }
        let images = try Fixture.write(Fixture.idx([40, 6, 5], elements), "images", in: folder)
        let labels = try Fixture.write(Fixture.idx([40], (0..<40).map { UInt8($0 % 4) }), "labels", in: folder)
        return (
            try readIDX(images, labels: labels, streams: false), try readIDX(images, labels: labels, streams: true)
        )
    }

    @Test
    func `A dataset that stays in its file is like one in memory, bit by bit`() throws {
        try Fixture.withFolder { folder in
            let (memory, file) = try datasets(in: folder)
            #expect(file.isStreamed && !memory.isStreamed)
            func all(_ dataset: Dataset) throws -> [Float] {
                Randomness.seed(3)
                let views = try Augmentation([.shift(pixels: 1), .mixup(alpha: 1)])
                let normal = try normalize([dataset])[0]
                let parts = try split(normal, test: 0.25)
                let joined = try Dataset.concat([parts[1], parts[0]]).augmented(by: views)
                let filtered = try joined.filter { _, y in try y?.item().integer != 2 }
                return try [
                    dataset.x().floats(), filtered.x().floats(), filtered.example(-1).x.tensor?.floats() ?? [],
                    Batches(filtered, size: 7, shuffle: true).flatMap { try $0.get().x?.floats() ?? [] },
                    normal.normalization?.mean.map(Float.init) ?? [],
                ].flatMap { $0 }
            }
            let (own, theirs) = (try all(file), try all(memory))
            #expect(own.count == theirs.count)
            #expect(zip(own, theirs).allSatisfy { abs($0 - $1) <= 1e-6 })
            #expect(try Dataset.concat([memory, file]).count == 80)
            #expect(try file.describe().contains("read from"))
        }
    }

    @Test
    func `A file that shrinks while it is read is an error with its name and the byte`() throws {
        try Fixture.withFolder { folder in
            let file = try datasets(in: folder).file
            #expect(truncate(folder + "/images", 16 + 30 * 20) == 0)
            let error = #expect(throws: DataError.self) { try Batches(file, size: 8).map { try $0.get() } }
            #expect(error?.message.hasPrefix("\(folder)/images: byte 616: ") == true)
            #expect(error?.kind == .io)
            // The rows that are there still are.
            #expect(try file.take(20).x().count == 600)
        }
    }
}

@Suite("Dataset operations")
struct DatasetOperationTests {
    @Test
    func `Statistics of bytes are NumPy's, whole and in pieces`() throws {
        let x = try Tensor(Fixture.pattern(6 * 48).map { UInt8($0) }, shape: [6, 3, 4, 4])
        let expected = try Fixture.numbers("statistics")
        for dataset in [try Dataset(x: x, y: nil), try Dataset(x: x.to(.float32).div(.float(255)), y: nil)] {
            let own = try Normalization(of: dataset)
            for (own, theirs) in zip(own.mean + own.std, expected) { #expect(abs(own - theirs) < 1e-7) }
        }
    }

    @Test
    func `A normalised dataset keeps its bytes, and normalising twice is one normalisation`() throws {
        let x = try Tensor(Fixture.pattern(6 * 48).map { UInt8($0) }, shape: [6, 3, 4, 4])
        let once = try normalize([Dataset(x: x, y: nil)])[0]
        let numbers = try once.x()
        #expect(try Normalization(of: Dataset(x: numbers, y: nil)).mean.allSatisfy { abs($0) < 1e-6 })
        let twice = try normalize([once], with: Normalization(mean: [1], std: [2]))[0]
        let expected = try numbers.floats().map { ($0 - 1) / 2 }
        for (own, other) in zip(try twice.x().floats(), expected) { #expect(abs(own - other) < 1e-5) }
        let again = try normalize([twice])[0]
        for (own, first) in zip(try again.x().floats(), try numbers.floats()) { #expect(abs(own - first) < 1e-4) }
        #expect(throws: DataError.self) { try Dataset.concat([once, twice]) }
    }

    @Test
    func `Class weights are scikit-learn's`() throws {
        let y = try Tensor([0, 0, 0, 1, 2, 2, 0, 2])
        let own = try Dataset(x: .zeros([8, 1]), y: y).classWeights().doubles()
        for (own, theirs) in zip(own, try Fixture.numbers("weights")) { #expect(abs(own - theirs) < 1e-6) }
        #expect(throws: DataError.self) { try Dataset(x: .zeros([2, 1]), y: .zeros([2])).classWeights() }
    }

    @Test
    func `Writing into a tensor that a dataset was made from does not change the dataset`() throws {
        let x = try Tensor([1.0, 2, 3, 4], shape: [2, 2])
        let dataset = try Dataset(x: x, y: nil)
        try x.fill_(9)
        #expect(try dataset.x().doubles() == [1, 2, 3, 4])
        try dataset.x().fill_(7)
        #expect(try dataset.x().doubles() == [1, 2, 3, 4])
    }

    @Test
    func `A description says size, shapes, ranges, classes and balance`() throws {
        let x = try Tensor([UInt8](repeating: 51, count: 8), shape: [8, 1])
        let dataset = try Dataset(x: x, y: Tensor([0, 0, 0, 0, 1, 1, 1, 0]), classes: ["no", "yes"], name: "answers")
        #expect(
            try dataset.describe() == """
                answers: 8 examples
                x: float32 [8, 1], 0.2 … 0.2, kept as bytes (8 bytes)
                y: int64 [8], 0 … 1
                task: classes for a network that gives two logits, binary for one that gives one
                2 classes: no (5), yes (3); unbalanced, 1.7 to 1
                """)
    }
}
