import Base
import Data
import Glibc
import Tensors
import Testing

/// Files that PyTorch wrote (scripts/golden/torch_files.py), against what was saved in them. `scripts/verify-torch` runs
/// the same on all files that the script can write.
@Suite struct `PyTorch files` {
    static let folder = environment("DISTILL_TORCH_FILES") ?? Fixture.folder + "/torch"

    /// The names of the files, and of those that must be errors.
    static let names = ((try? WholeFile.names(in: folder)) ?? []).filter { $0.hasSuffix(".pt") }
    static let good = names.filter { !$0.hasPrefix("bad.") }
    static let bad = names.filter { $0.hasPrefix("bad.") }

    static func lines(_ path: String) throws -> [String] {
        String(decoding: try FileBytes.read(path), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `There are files to be read`() {
        #expect(Self.good.count > 60)
        #expect(Self.bad.count > 30)
    }

    @Test(arguments: good) func `A file holds what was saved`(_ name: String) throws {
        let file = try TorchFile(reading: Self.folder + "/" + name)
        var leaves = TorchLeaves(file)
        try leaves.add(file.root, "")
        #expect(leaves.lines == (try Self.lines(Self.folder + "/" + name.dropLast(3) + ".txt")))
    }

    @Test(arguments: bad) func `A malformed file is an error that names the file and the place`(_ name: String) throws {
        do {
            let file = try TorchFile(reading: Self.folder + "/" + name)
            var leaves = TorchLeaves(file)
            try leaves.add(file.root, "")
            Issue.record("\(name) was read: \(leaves.lines)")
        } catch let error as DataError {
            #expect(error.kind == .io && error.message.contains(name), "\(error.message)")
        }
    }

    @Test func `A call in a pickle is not run`() throws {
        for name in Self.good where name.hasPrefix("hostile.") {
            let file = try TorchFile(reading: Self.folder + "/" + name)
            guard case .record(let record) = try file.content(of: file.root) else {
                Issue.record("\(name) became a value")
                continue
            }
            #expect(name.hasSuffix(record.name + ".pt") || name.contains("__builtin__"))
        }
        #expect(!WholeFile.exists("/tmp/distill-was-run"))
    }

    @Test func `Levels, marks and entries without end take bounded time and memory`() throws {
        let deep =
            [0x80, 2] + [UInt8](repeating: 0x5D, count: 300_000) + [UInt8](repeating: 0x61, count: 299_999) + [0x2E]
        // The numbered containers of a pickle end without a deep stack.
        let pickle = TorchArchive.bytes(deep)
        let file = try TorchFile(parsing: pickle, path: "deep.pt")
        guard case .list(let elements) = try file.content(of: file.root) else {
            Issue.record("expected a list")
            return
        }
        #expect(elements.count == 1)
        let marks = TorchArchive.bytes([0x80, 2] + [UInt8](repeating: 0x28, count: 200_000))
        #expect(throws: DataError.self) { try TorchFile(parsing: marks, path: "marks.pt") }
        // One list that holds the one before twice, sixty times: 2^60 leaves in 400 bytes.
        var doubling: [UInt8] = [0x80, 2, 0x5D, 0x71, 0]
        for index in 0..<UInt8(60) { doubling += [0x5D, 0x28, 0x68, index, 0x68, index, 0x65, 0x71, index + 1] }
        doubling = [0x80, 2] + doubling.dropFirst(2)
        doubling += [0x68, 60]
        let stack = TorchArchive.bytes(doubling + [0x2E])
        // Sixty-one values are left on the stack: an error, as Python says as well.
        #expect(throws: DataError.self) { try TorchFile(parsing: stack, path: "doubling.pt") }
    }

    @Test func `What is written is read again`() throws {
        try Fixture.withFolder { folder in
            var writer = TorchWriter()
            let tensors = try TorchWritten.tensors()
            writer.beginDict()
            for (name, tensor) in tensors {
                writer.string(name)
                writer.tensor(tensor)
            }
            writer.string("epoch")
            writer.int(3)
            writer.string("large")
            writer.int(1 << 40)
            writer.string("loss")
            writer.beginList()
            writer.float(0.5)
            writer.bool(true)
            writer.none()
            writer.endList()
            writer.endDict()
            let path = environment("DISTILL_TORCH_WRITTEN") ?? folder + "/written.pt"
            try WholeFile.write(writer.bytes(named: "written"), to: path)
            let file = try TorchFile(reading: path)
            let members = try file.members(of: file.root)
            #expect(members.map(\.key) == tensors.map(\.name) + ["epoch", "large", "loss"])
            for ((name, tensor), member) in zip(tensors, members) {
                guard case .tensor(let stored) = try file.content(of: member.value) else {
                    Issue.record("\(name) is no tensor")
                    continue
                }
                let again = try file.tensor(stored)
                #expect(again.dtype == tensor.dtype && again.shape == tensor.shape, "\(name)")
                #expect(try again.doubles() == tensor.doubles(), "\(name)")
            }
            #expect(try file.state(of: file.root)?.count == tensors.count)
        }
    }

    @Test func `The weights of a whole module are found by their names`() throws {
        let name = try #require(Self.good.first { $0.hasPrefix("module_inside") })
        let file = try TorchFile(reading: Self.folder + "/" + name)
        #expect(try file.state(of: file.root) == nil)
        let model = try #require(try file.members(of: file.root).first { $0.key == "model" })
        let state = try #require(try file.state(of: model.value))
        #expect(
            Array(state.keys) == [
                "scale", "seen", "conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var",
                "bn.num_batches_tracked", "head.1.weight", "head.1.bias",
            ])
        #expect(state["scale"]?.isParameter == true && state["seen"]?.isParameter == false)
    }
}

/// Tensors of every dtype that is written.
enum TorchWritten {
    static func tensors() throws -> [(name: String, tensor: Tensor)] {
        [
            ("float32", try Tensor([Float(1), -2.5, .infinity], shape: [3, 1])), ("float64", try Tensor([0.1, -0.2])),
            ("int64", try Tensor([Int.min, 7])), ("uint8", try Tensor([UInt8(0), 255])),
            ("bool", try Tensor([true, false])), ("scalar", try Tensor([Float(2.5)], shape: [])),
            ("empty", try Tensor([Float](), shape: [0, 3])),
        ]
    }
}

/// The smallest archive around a pickle.
enum TorchArchive {
    static func bytes(_ pickle: [UInt8]) -> [UInt8] {
        func number(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let name = Array("a/data.pkl".utf8)
        let sizes = number(Int(crc(pickle)), 4) + number(pickle.count, 4) + number(pickle.count, 4)
        let common = number(20, 2) + number(0, 8) + sizes + number(name.count, 2) + number(0, 2)
        let entry = number(0x0403_4B50, 4) + common + name + pickle
        let directory = number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 10) + number(0, 4) + name
        return entry + directory + number(0x0605_4B50, 4) + number(0, 4) + number(1, 2) + number(1, 2)
            + number(directory.count, 4) + number(entry.count, 4) + number(0, 2)
    }

    /// The checksum of zip archives.
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}

/// The leaves of a file, a line each, as the script writes them.
struct TorchLeaves {
    let file: TorchFile
    private(set) var lines: [String] = []
    private var open: Set<Int> = []
    private var depth = 0

    init(_ file: TorchFile) { self.file = file }

    mutating func add(_ value: PickleValue, _ path: String) throws {
        if case .node(let index) = value, !open.insert(index).inserted {
            lines.append("\(path) again")
            return
        }
        depth += 1
        defer {
            depth -= 1
            if case .node(let index) = value { open.remove(index) }
        }
        guard depth < 1000 else { throw DataError.content(path: file.path, problem: "nested too deeply", help: nil) }
        switch try file.content(of: value) {
        case .none: lines.append("\(path) none")
        case .bool(let bool): lines.append("\(path) bool \(bool)")
        case .int(let int): lines.append("\(path) int \(int)")
        case .float(let float): lines.append("\(path) float \(Self.text(float))")
        case .string(let text):
            let digits = text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            lines.append("\(path) string \(digits)")
        case .bytes(let bytes): line(path, try Tensor(bytes))
        case .tensor(let tensor): line(path, try file.tensor(tensor))
        case .list(let elements):
            if elements.isEmpty { lines.append("\(path) list") }
            for (index, element) in elements.enumerated() { try add(element, "\(path)/\(index)") }
        case .dict(let entries):
            if entries.isEmpty { lines.append("\(path) dict") }
            for (key, value) in entries { try add(value, "\(path)/\(try text(of: key))") }
        case .record:
            guard let state = try file.state(of: value) else {
                lines.append("\(path) record")
                return
            }
            for (name, tensor) in state { line("\(path)/\(name)", try file.tensor(tensor)) }
        }
    }

    private mutating func line(_ path: String, _ tensor: Tensor) {
        let numbers = ((try? tensor.doubles()) ?? []).map { " " + Self.text($0) }.joined()
        lines.append("\(path) tensor \(tensor.shape.array) \(tensor.dtype)\(numbers)")
    }

    private func text(of key: PickleValue) throws -> String {
        switch try file.content(of: key) {
        case .none: "none"
        case .bool(let bool): "\(bool)"
        case .int(let int): "\(int)"
        case .float(let float): Self.text(float)
        case .string(let text): text
        case .list(let elements): "[" + (try elements.map { try text(of: $0) }).joined(separator: ", ") + "]"
        default: "?"
        }
    }

    /// A number as Python writes it.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return "\(value)"
    }
}
