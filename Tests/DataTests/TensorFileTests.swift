import Data
import Foundation
import Tensors
import Testing

/// Files of tensors, made by NumPy and safetensors (scripts/golden/files.py).
@Suite struct `Tensor files` {
    static let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/"

    static func bytes(_ name: String) throws -> [UInt8] { try FileBytes.read(folder + name) }

    @Test func `Every dtype of NumPy is read, in both byte orders`() throws {
        let arrays = try NPZ.read(Self.folder + "dtypes.npz")
        #expect(arrays.count == 16)
        for (name, array) in arrays {
            let expected: [Double] =
                name == "b1"
                ? [0, 1, 1] : name.hasPrefix("u") ? [2, 0, 3] : name.hasPrefix("i") ? [-2, 1, 3] : [-2, 0.5, 3]
            #expect(try array.doubles() == expected, "\(name)")
        }
        #expect(arrays["f2"]?.dtype == .float32)
        #expect(arrays["f8_big"]?.dtype == .float64)
        #expect(arrays["i2"]?.dtype == .int64)
        #expect(arrays["u1"]?.dtype == .uint8)
        #expect(arrays["b1"]?.dtype == .bool)
    }

    @Test func `Fortran order, no dimensions, no elements and deflated archives are read`() throws {
        let fortran = try NPY.read(Self.folder + "fortran.npy")
        #expect(fortran.shape == [2, 3, 4])
        #expect(try fortran.doubles() == (0..<24).map(Double.init))
        let scalar = try NPY.read(Self.folder + "scalar.npy")
        #expect(scalar.rank == 0)
        #expect(try scalar.itemDouble() == 2.5)
        #expect(try NPY.read(Self.folder + "empty.npy").shape == [0, 3])
        let deflated = try NPZ.read(Self.folder + "deflated.npz")
        #expect(try deflated["ramp"]?.integers() == Array(0..<1000))
        #expect(deflated["zeros"]?.shape.array == [50, 20])
    }

    @Test func `What is written is read again, byte for byte as NumPy would write it`() throws {
        let arrays = try [
            "a": Tensor([Float(1), -2, .infinity], shape: [3, 1]), "b": Tensor([true, false]),
            "c": Tensor([Int.min, 7]),
            "d": Tensor([0.1], shape: []), "e": Tensor([UInt8(255)]),
        ]
        for (name, array) in arrays {
            let path = "/tmp/distill-test-\(ProcessInfo.processInfo.processIdentifier)-\(name).npy"
            try NPY.write(array, to: path)
            let again = try NPY.read(path)
            #expect(again.dtype == array.dtype && again.shape == array.shape)
            #expect(try again.doubles() == array.doubles())
            try FileManager.default.removeItem(atPath: path)
        }
        let again = try NPZ.tensors(NPZ.bytes(["x": #require(arrays["a"])]), path: "x.npz")
        #expect(try again["x"]?.doubles() == [1, -2, .infinity])
        // The header of numpy.save for this array.
        let original = try Self.bytes("scalar.npy")
        #expect(try NPY.bytes(NPY.read(Self.folder + "scalar.npy")) == original)
        #expect(try NPY.bytes(NPY.read(Self.folder + "empty.npy")) == Self.bytes("empty.npy"))
    }

    @Test func `Every dtype of safetensors is read, half precision widened`() throws {
        let file = try SafeTensors(reading: Self.folder + "dtypes.safetensors")
        func numbers(_ name: String) throws -> [Double]? { try file.tensors[name]?.doubles() }
        #expect(try numbers("half") == [-2, 0.5, 65504])
        #expect(file.tensors["half"]?.dtype == .float32)
        #expect(try numbers("bfloat")?.prefix(2) == [-2, 0.5])
        #expect(try abs((numbers("bfloat")?[2] ?? 0) / 3e38 - 1) < 0.01)
        #expect(file.tensors["float"]?.shape.array == [2, 2])
        #expect(try numbers("double") == [0.1])
        #expect(try numbers("int8") == [-128, 127])
        #expect(try numbers("int32") == [-70000])
        #expect(file.tensors["long"]?.rank == 0)
        #expect(try file.tensors["bool"]?.booleans() == [true, false])
        #expect(file.metadata == ["format": "pt"])
        let again = try SafeTensors(parsing: file.bytes(), path: "again")
        #expect(again.metadata == file.metadata)
        for (name, tensor) in file.tensors {
            #expect(again.tensors[name]?.dtype == tensor.dtype && again.tensors[name]?.shape == tensor.shape)
            #expect(try again.tensors[name]?.doubles() == tensor.doubles())
        }
    }

    @Test(arguments: [
        ("overlap", "byte 135", "overlaps"), ("hole", "byte 139", "hole of 4 bytes"),
        ("beyond", "byte 78", "8 bytes behind"),
        ("shape", "byte 8", "does not take the 8 bytes"), ("huge", "byte 8", "does not take"),
        ("trailing", "byte 73", "4 bytes behind the last"), ("dtype", "byte 8", "Q7"), ("text", "byte 9", "no JSON"),
        ("length", "byte 0", "would take 4611686018427387904 bytes"),
    ]) func `A header that lies is an error with the byte`(_ name: String, _ place: String, _ problem: String) {
        let error = #expect(throws: DataError.self) {
            try SafeTensors(reading: Self.folder + "lying_\(name).safetensors")
        }
        #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
        #expect(error?.kind == .io)
    }

    @Test func `Python objects, wrong magic numbers and cut files are errors`() throws {
        #expect(throws: DataError.self) { try NPY.read(Self.folder + "object.npy") }
        #expect(throws: DataError.self) { try NPY.read(Self.folder + "dtypes.npz") }
        #expect(throws: DataError.self) { try NPZ.read(Self.folder + "scalar.npy") }
        for name in ["dtypes.npz", "deflated.npz"] {
            let bytes = try Self.bytes(name)
            for length in stride(from: 0, to: bytes.count, by: 97) {
                #expect(throws: DataError.self) { try NPZ.tensors(Array(bytes[..<length]), path: name) }
            }
        }
    }

    @Test func `An archive that unfolds beyond all proportion is refused`() throws {
        var bytes = try Self.bytes("deflated.npz")
        // The first entry of the directory says 3 GB: more than a gigabyte and than 64 times the file.
        let start = bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) } ?? 0
        bytes.replaceSubrange(start + 24..<start + 28, with: [0, 0, 0, 0xC0])
        let error = #expect(throws: DataError.self) { try NPZ.tensors(bytes, path: "bomb.npz") }
        #expect(error?.message.contains("zip bomb") == true)
    }

    /// Damaged files give tensors or an error, and end nothing: bytes are changed at places that a counter decides.
    @Test(arguments: ["dtypes.npz", "deflated.npz", "fortran.npy", "dtypes.safetensors"])
    func `Damaged files are errors`(_ name: String) throws {
        let original = try Self.bytes(name)
        var generator: UInt64 = 1
        func random(_ limit: Int) -> Int {
            generator = generator &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(generator >> 33) % limit
        }
        for _ in 0..<400 {
            var bytes = original
            for _ in 0...random(4) {
                switch random(4) {
                case 0: bytes[random(bytes.count)] = UInt8(random(256))
                case 1: bytes[random(min(bytes.count, 128))] ^= 1 << UInt8(random(8))
                case 2: bytes.removeLast(random(min(16, bytes.count)))
                default: bytes[bytes.count - 1 - random(min(bytes.count, 128))] = [0, 0xFF, 0x7F][random(3)]
                }
            }
            switch name.split(separator: ".").last {
            case "npz": _ = try? NPZ.tensors(bytes, path: name)
            case "npy": _ = try? NPY.tensor(bytes, path: name)
            default: _ = try? SafeTensors(parsing: bytes, path: name)
            }
        }
    }
}
