import Base
import Data
import Tensors
import Testing

/// Damaged files through every reader: each gives a dataset or an error of kind io, and nothing else happens.
/// `scripts/fuzz/readers` runs many more.
@Suite("Reader fuzzing", .serialized)
struct ReaderFuzzTests {
    private static let inputs = environment("DISTILL_FUZZ_INPUTS").flatMap { Int($0) } ?? 100
    private static let firstSeed = environment("DISTILL_FUZZ_SEED").flatMap { UInt64($0) } ?? 1

    /// A reader of one file, and files that it reads.
    struct Target: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let seeds: [String]
        let read: @Sendable (_ path: String, _ folder: String) throws -> Void
        var testDescription: String { name }
    }

    static let targets = [
        Target(name: "IDX", file: "x.idx", seeds: ["uint8.idx", "int16.idx", "float64.idx"]) { path, _ in
            _ = try readIDX(path)
        },
        Target(name: "gzip", file: "x.idx.gz", seeds: ["images.idx.gz", "lie.idx.gz"]) { path, _ in
            _ = try readIDX(path)
        },
        Target(name: "streamed IDX", file: "x.idx", seeds: ["uint8.idx"]) { path, folder in
            let labels = try Fixture.write(Fixture.idx([5], [0, 1, 2, 3, 4]), "labels", in: folder)
            for batch in try Batches(readIDX(path, labels: labels, streams: true), size: 2) { _ = try batch.get() }
        },
        Target(name: "CIFAR", file: "x.bin", seeds: ["cifar10.bin"]) { path, _ in
            _ = try readCIFAR([path], labelBytes: 1, classes: NamedDataset.cifar10.classes)
        },
        Target(
            name: "PNG", file: "x.png",
            seeds: ["colour/cat/rgb.png", "colour/cat/rgba.png", "colour/dog/palette.png", "grey/b/sixteen.png"]
        ) { path, folder in
            _ = try imageFolder(folder, channels: path.count % 2 == 0 ? 1 : nil)
        },
        Target(name: "CSV", file: "x.csv", seeds: ["table.csv"]) { path, _ in
            _ = try readCSV(path, labels: [.index(-1)])
        },
        Target(
            name: "PyTorch", file: "x.pt",
            seeds: ["torch/checkpoint_adam", "torch/module", "torch/shared", "torch/numpy_fortran", "torch/containers"]
                .flatMap(Fixture.torch) + ["torch/script.pt", "torch/protocol_0.pt", "torch/deflated.pt"]
        ) { path, _ in
            let file = try TorchFile(reading: path)
            var leaves = TorchLeaves(file)
            try leaves.add(file.root, "")
            for (_, value) in try file.members(of: file.root) { _ = try file.state(of: value) }
        },
        Target(
            name: "JPEG", file: "x.jpg",
            seeds: ["plain", "progressive", "restarts", "cmyk", "orientation6", "grey"].map { "images/\($0).jpg" }
        ) { path, _ in _ = try PixelImage(reading: path) },
        Target(
            name: "Contents", file: "x.onnx",
            seeds: ["../../BuiltinsTests/Fixtures/convolution.onnx", "dtypes.safetensors"]
        ) { path, _ in _ = try FileContents(of: path) },
        Target(
            name: "ONNX", file: "x.onnx",
            seeds: ["convolution", "scripted", "sequence"].map { "../../BuiltinsTests/Fixtures/\($0).onnx" }
        ) { path, _ in _ = try ONNXModel(reading: path) },
        Target(name: "NumPy archives", file: "x.npz", seeds: ["dtypes.npz", "deflated.npz"]) { path, _ in
            _ = try NPZ.read(path)
        },
    ]

    @Test(arguments: targets)
    func `Damaged files are data or errors`(_ target: Target) throws {
        let seeds = try target.seeds.map(Fixture.bytes)
        try Fixture.withFolder { folder in
            for number in 0..<Self.inputs {
                let seed = Self.firstSeed &+ UInt64(number)
                var random = Mutation(state: seed)
                let path = try Fixture.write(random.changed(seeds, of: number), target.file, in: folder)
                do { try target.read(path, folder) } catch {
                    let described = error as? any DescribedError
                    #expect(described?.kind == .io, "seed \(seed): \(error)")
                    #expect(described?.message.contains("x.") == true, "seed \(seed): \(error)")
                }
            }
        }
    }
}

/// Changes bytes at random.
private struct Mutation {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)).multipliedFullWidth(by: UInt64(max(1, limit))).high)
    }

    mutating func changed(_ seeds: [[UInt8]], of number: Int) -> [UInt8] {
        var bytes = seeds[next(below: seeds.count)]
        for _ in 0...next(below: 4) {
            guard !bytes.isEmpty else { break }
            // Headers are short: half of the changes go there.
            let reach = next(below: 2) == 0 ? min(64, bytes.count) : bytes.count
            let place = next(below: reach)
            switch next(below: 7) {
            case 0: bytes[place] = UInt8(next(below: 256))
            case 1: bytes[place] ^= 1 << UInt8(next(below: 8))
            case 2: bytes[place] = [0, 0xFF, 0x7F, 0x80, 0x22, 0x2C, 0x0A][next(below: 7)]
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + next(below: 8)))
            case 4: bytes.insert(contentsOf: (0...next(below: 8)).map { UInt8($0 * 31 & 255) }, at: place)
            case 5: bytes.removeSubrange(place...)
            default:
                let from = next(below: bytes.count)
                bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + 16)], at: place)
            }
        }
        return bytes
    }
}
