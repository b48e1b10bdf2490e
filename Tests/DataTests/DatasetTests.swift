import Data
import OrderedCollections
import Tensors
import Testing

@Suite struct DatasetTests {
    @Test func `Digits are the UCI digits`() throws {
        let digits = try digits()
        let x = try digits.x()
        #expect(x.shape == [1797, 64])
        #expect(x.dtype == .float32)
        #expect(digits.classes == (0..<10).map(String.init))
        #expect(try digits.classCounts() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
        let values = try x.doubles()
        #expect(values.max() == 1)
        #expect(values.min() == 0)
        #expect(values[2] == 5.0 / 16)
    }

    @Test func `Split is stratified and disjoint`() throws {
        let digits = try digits()
        let parts = try split(digits, test: 0.2, validation: 0.1, seed: 3)
        #expect(parts.map(\.count) == [1258, 180, 359])
        let whole = try digits.classCounts()
        for (part, share) in zip(parts, [0.7, 0.1, 0.2]) {
            for (count, total) in zip(try part.classCounts(), whole) {
                #expect(abs(Double(count) - Double(total) * share) <= 2)
            }
        }
    }

    @Test func `Split depends on its seed alone`() throws {
        let digits = try digits()
        let first = try split(digits, test: 0.2)[1].y?.integers()
        _ = Randomness.bits(.shuffling)
        #expect(try split(digits, test: 0.2)[1].y?.integers() == first)
        #expect(try split(digits, test: 0.2, seed: 1)[1].y?.integers() != first)
    }

    @Test func `Every row is in exactly one part`() throws {
        let x = try Tensor((0..<100).map { Double($0) }, shape: [100, 1])
        let y = try Tensor((0..<100).map { $0 % 3 })
        let parts = try split(Dataset(x: x, y: y), test: 0.25)
        let rows = try parts.flatMap { try $0.x().doubles() }
        #expect(rows.sorted() == (0..<100).map(Double.init))
        #expect(rows.prefix(75) != rows.prefix(75).sorted()[...])
    }

    @Test func `Normalize gives zero mean and unit deviation and carries statistics`() throws {
        let a = try Dataset(x: Tensor([1.0, 10, 3, 10], shape: [2, 2]), y: nil)
        let b = try Dataset(x: Tensor([2.0, 11], shape: [1, 2]), y: nil)
        let normal = try normalize([a, b])
        #expect(try normal[0].x().doubles() == [-1, 0, 1, 0])
        #expect(try normal[1].x().doubles() == [0, 1])
        #expect(normal[1].normalization == normal[0].normalization)
        #expect(normal[1].normalization?.mean == [2, 10])
    }

    @Test func `Batches cover the data once`() throws {
        let x = try Tensor((0..<10).map { Float($0) }, shape: [10, 1])
        let dataset = try Dataset(x: x, y: Tensor((0..<10).map { $0 }))
        let plain = try Batches(dataset, size: 4).map { try $0.get().y?.integers() ?? [] }
        #expect(plain == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
        #expect(try Batches(dataset, size: 4, dropLast: true).count == 2)
        Randomness.seed(1)
        let shuffled = try Batches(dataset, size: 4, shuffle: true).map { try $0.get() }
        let labels = try shuffled.flatMap { try $0.y?.integers() ?? [] }
        #expect(labels.sorted() == Array(0..<10))
        #expect(labels != Array(0..<10))
        for batch in shuffled {
            #expect(try batch.x?.doubles().map { Int($0) } == batch.y?.integers())
            #expect(try batch.index.integers() == batch.y?.integers())
        }
    }

    @Test func `Filter take and concat keep rows together`() throws {
        let dataset = try Dataset(x: Tensor([1.0, 2, 3], shape: [3, 1]), y: Tensor([0, 1, 0]))
        let zeros = try dataset.filter { try $1?.item().integer == 0 }
        #expect(try zeros.x().doubles() == [1, 3])
        #expect(try Dataset.concat([zeros, dataset.take(1)]).x().doubles() == [1, 3, 1])
        #expect(throws: DataError.self) { try dataset.take(-1) }
        #expect(throws: DataError.self) { try dataset.rows([3]) }
    }

    @Test func `Bytes become numbers when read`() throws {
        let dataset = try Dataset(x: Tensor([UInt8(0), 255], shape: [2, 1]), y: nil)
        #expect(try dataset.describe().contains("kept as bytes"))
        #expect(try dataset.x().doubles() == [0, 1])
        #expect(try Batches(dataset, size: 2).batch(0).x?.dtype == .float32)
    }

    @Test func `Unequal lengths are an error`() throws {
        #expect(throws: DataError.self) { try Dataset(x: .zeros([3, 2]), y: Tensor([1, 2])) }
    }
}
