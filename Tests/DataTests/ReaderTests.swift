import Base
import Data
import Tensors
import Testing

@Suite("Readers")
struct ReaderTests {
    @Test(arguments: ["uint8", "int8", "int16", "int32"])
    func `IDX files of every type hold what NumPy wrote`(_ type: String) throws {
        let x = try readIDX(Fixture.path("\(type).idx"))
        #expect(x.shape == [5, 4, 3])
        #expect(x.dtype == (type == "uint8" ? .uint8 : .int64))
        #expect(try x.integers() == Fixture.pattern(60).map { type == "uint8" ? $0 : $0 - 125 })
    }

    @Test(arguments: [("float32", DType.float32), ("float64", .float64)])
    func `IDX floats are exact`(_ type: String, _ dtype: DType) throws {
        let x = try readIDX(Fixture.path("\(type).idx"))
        #expect(x.dtype == dtype)
        #expect(try x.doubles() == Fixture.pattern(60).map { Double($0 - 125) / 8 })
    }

    @Test
    func `Images and labels make a dataset of one channel, in bytes, from gzip too`() throws {
        let dataset = try readIDX(Fixture.path("images.idx.gz"), labels: Fixture.path("labels.idx"))
        #expect(dataset.inputShape == [6, 1, 5, 7])
        #expect(try dataset.y?.integers() == [0, 2, 1, 2, 2, 0])
        #expect(dataset.classes == ["0", "1", "2"])
        #expect(try dataset.x().floats() == Fixture.pattern(210).map { Float($0) / 255 })
        #expect(
            try Batches(dataset, size: 2).batch(1).x?.floats() == Fixture.pattern(210)[70..<140].map { Float($0) / 255 }
        )
    }

    @Test
    func `CIFAR: labels and planes`() throws {
        let ten = try readCIFAR(
            [Fixture.path("cifar10.bin"), Fixture.path("cifar10.bin")], labelBytes: 1,
            classes: NamedDataset.cifar10.classes)
        #expect(ten.inputShape == [8, 3, 32, 32])
        #expect(try ten.y?.integers() == [0, 3, 6, 9, 0, 3, 6, 9])
        #expect(try ten.take(4).x().floats() == Fixture.pattern(4 * 3072).map { Float($0) / 255 })
        let hundred = try readCIFAR(
            [Fixture.path("cifar100.bin")], labelBytes: 2, classes: NamedDataset.cifar100.classes)
        #expect(try hundred.y?.integers() == [0, 33, 66, 99])
        #expect(hundred.classes?[33] == "forest")
        #expect(hundred.classes?.count == 100)
        #expect(try hundred.x().floats() == ten.take(4).x().floats())
    }

    @Test
    func `Folders of PNG hold what Pillow says: RGB, RGBA, grey, palettes, transparent ones`() throws {
        let dataset = try imageFolder(Fixture.path("colour"))
        #expect(dataset.classes == ["cat", "dog"])
        #expect(dataset.inputShape == [5, 3, 5, 6])
        #expect(try dataset.y?.integers() == [0, 0, 1, 1, 1])
        #expect(try dataset.x().doubles().map { ($0 * 255).rounded() } == Fixture.numbers("colour"))
        let grey = try imageFolder(Fixture.path("colour"), channels: 1)
        let (own, pillow) = (try grey.x().doubles().map { ($0 * 255).rounded() }, try Fixture.numbers("colour-as-grey"))
        #expect(own == pillow)
    }

    @Test
    func `Grey images stay one channel: 1, 8 and 16 bits, with alpha`() throws {
        let dataset = try imageFolder(Fixture.path("grey"))
        #expect(dataset.inputShape == [4, 1, 5, 6])
        #expect(try dataset.x().doubles().map { ($0 * 255).rounded() } == Fixture.numbers("grey"))
        #expect(try imageFolder(Fixture.path("grey"), channels: 3).inputShape == [4, 3, 5, 6])
    }

    @Test
    func `A folder without folders has images and no labels`() throws {
        let dataset = try imageFolder(Fixture.path("colour/cat"))
        #expect(dataset.y == nil && dataset.classes == nil)
        #expect(dataset.count == 2)
    }

    @Test
    func `A table with commas, quotes and newlines in fields, missing values and categories`() throws {
        let dataset = try readCSV(Fixture.path("table.csv"), labels: [.name("price")])
        #expect(try dataset.y?.doubles() == [100, 20, 7, 8, 9])
        // id, five names, three kinds, length.
        #expect(dataset.inputShape == [5, 10])
        let x = try dataset.x().doubles()
        #expect(x[0] == 1 && x[9] == 12.5 && x[19].isNaN && x[29] == -3.25 && x[49].isNaN)
        #expect(try dataset.describe().contains("-3.25 … 12.5, 2 missing (nan)"))
        // The missing kind is no category.
        #expect(Array(x[36..<39]) == [0, 0, 0])
        let table = try CSVTable(path: Fixture.path("table.csv"))
        #expect(table.columns[1] == .text(["Smith, J.", "the \"big\" one", "two\nlines", "Zoë", "x"]))
        let several = try readCSV(Fixture.path("table.csv"), labels: [.index(0), .index(-1)])
        #expect(try several.y?.doubles() == [1, 100, 2, 20, 3, 7, 4, 8, 5, 9])
    }

    @Test
    func `MNIST by name, where it is to be found, is what NumPy reads`() throws {
        guard let folder = mnistFolder else { return }
        let test = try NamedDataset.mnist.read(.test, folder: folder)
        #expect(test.inputShape == [10000, 1, 28, 28])
        #expect(try test.classCounts() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
        // np.frombuffer(gzip.open(...).read()[16:], np.uint8).sum() over 255
        let sum = try Normalization(of: test).mean[0] * 7_840_000 * 255
        #expect(sum.rounded() == 264_923_200)
    }
}

/// Where the files of MNIST are: `DISTILL_DATA`, else `../shared/data` beside the package.
let mnistFolder: String? = {
    let package = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let places = [environment("DISTILL_DATA"), package + "/shared/data"].compactMap { $0.map { $0 + "/mnist" } }
    if let place = places.first(where: { WholeFile.exists($0 + "/t10k-images-idx3-ubyte.gz") }) { return place }
    print("MNIST is not here (DISTILL_DATA, ../shared/data): its tests are left out")
    return nil
}()
