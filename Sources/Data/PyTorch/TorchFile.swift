import Base
import OrderedCollections
import Tensors

/// A file of `torch.save`: the zip archive of PyTorch 1.6 and later, the stream of pickles before it, or TorchScript's
/// archive, told apart by content. Opening one reads what describes the values; numbers are read when asked for.
///
/// Nothing in a file is run. Values are built from a fixed list of names; an object of any other class stays a
/// ``StoredRecord``, so that the rest of the file can be read.
///
/// Source: https://docs.pytorch.org/docs/stable/notes/serialization.html, torch/serialization.py.
public final class TorchFile {
    /// How the values stand in the file.
    public enum Container: String, Sendable {
        /// The zip archive.
        case zip = "PyTorch, zip archive"
        /// The stream of pickles that PyTorch wrote before 1.6.
        case legacy = "PyTorch, the container before 1.6"
        /// TorchScript: parameters and code, of which the parameters are read.
        case torchScript = "TorchScript, of which the parameters are read"
    }

    /// The file's name.
    public var path: String { source.path }
    /// The file's size in bytes.
    public var byteCount: Int { source.size }
    /// How the values stand in the file.
    public let container: Container
    /// The saved value.
    public let root: PickleValue
    let source: ByteSource
    let graph: PickleGraph
    private let places: [Place]
    private let isBigEndian: Bool
    private let archive: ZipArchive?
    /// Storages that several tensors show, and tensors that occur several times.
    private var shared: [Int: [UInt8]] = [:]
    private var unfolded = 0

    /// Where the bytes of a storage are.
    private enum Place {
        case bytes(offset: Int, count: Int)
        case entry(ZipArchive.Entry)
        case missing
    }

    /// What the older container begins with: a pickled number.
    private static let legacyMagic: [UInt8] = [
        0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, UInt8(ascii: "."),
    ]

    /// Opens a file.
    ///
    /// - Throws: ``FileError``, ``DataError/byte(path:offset:problem:)`` for one that is
    ///   damaged, lies about sizes or is none of PyTorch's, ``DataError/content(path:problem:help:)``.
    public convenience init(reading path: String) throws { try self.init(ByteSource(reading: path)) }

    /// Reads the bytes of a file; `path` is its name in messages.
    public convenience init(parsing bytes: [UInt8], path: String) throws {
        try self.init(ByteSource(bytes, path: path))
    }

    init(_ source: ByteSource) throws {
        self.source = source
        let start = try source.prefix(1024)
        if start.starts(with: [0x50, 0x4B, 3, 4]) {
            let archive = try ZipArchive(source)
            let (reader, root, places, container, isBigEndian) = try Self.zip(archive)
            (self.graph, self.root, self.places, self.container) = (reader.graph, root, places, container)
            self.isBigEndian = isBigEndian
            self.archive = archive
        } else if Self.isLegacy(start) {
            let (graph, root, places) = try Self.legacy(source)
            (self.graph, self.root, self.places, container) = (graph, root, places, .legacy)
            // Numbers of this container are little-endian whatever machine wrote them.
            isBigEndian = false
            archive = nil
        } else {
            throw Self.stranger(start, source.path, source.size)
        }
    }

    /// Whether bytes begin as the older container; other pickle protocols write the number otherwise.
    static func isLegacy(_ start: [UInt8]) -> Bool {
        if start.starts(with: legacyMagic) { return true }
        // Protocol 3 to 5 differ in the version and, from 4 on, in a frame.
        guard start.count > 24, start[0] == 0x80 else { return false }
        return start[2...].starts(with: legacyMagic[2...]) || start[11...].starts(with: legacyMagic[2...])
    }

    /// What a file that is none of PyTorch's seems to be.
    private static func stranger(_ start: [UInt8], _ path: String, _ size: Int) -> DataError {
        func text(_ prefix: String) -> Bool {
            start.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }.starts(with: prefix.utf8)
        }
        guard size > 0 else { return .byte(path: path, offset: 0, problem: "the file is empty") }
        if text("<") {
            return .content(
                path: path, problem: "a web page and no PyTorch file", help: "the download gave a page: fetch it anew")
        }
        if text("version https://git-lfs") {
            return .content(
                path: path, problem: "a pointer of Git LFS and no PyTorch file", help: "git lfs pull fetches the file")
        }
        if start.count > 262, start[257..<262].elementsEqual("ustar".utf8) {
            return .content(
                path: path, problem: "the tar archive that PyTorch wrote before 0.2, which is not read",
                help: "in Python: torch.save(torch.load(path), \"new.pth\")")
        }
        if start[0] == 0x80 || start[0] == UInt8(ascii: "(") {
            return .byte(
                path: path, offset: 0,
                problem: "a pickle that torch.save did not write; in Python: torch.save(pickle.load(file), \"new.pth\")"
            )
        }
        return .byte(path: path, offset: 0, problem: "expected a zip archive or pickle of PyTorch")
    }

    func failure(at offset: Int, _ problem: String) -> DataError {
        .byte(path: source.path, offset: offset, problem: problem)
    }

    // MARK: Containers

    private static func zip(
        _ archive: ZipArchive
    ) throws -> (PickleReader, PickleValue, [Place], Container, isBigEndian: Bool) {
        let path = archive.source.path
        var entries: [String: ZipArchive.Entry] = [:]
        for entry in archive.entries {
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw DataError.byte(
                    path: path, offset: entry.offset, problem: "the archive has \"\(entry.name)\" twice")
            }
        }
        let pickles = archive.entries.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
        guard let pickle = pickles.min(by: { $0.name.utf8.count < $1.name.utf8.count }) else {
            throw DataError.content(
                path: path, problem: "a zip archive without data.pkl, so none of torch.save",
                help: archive.entries.contains { $0.name.hasSuffix(".npy") } ? "NumPy's archives are called .npz" : nil)
        }
        let prefix = String(pickle.name.dropLast("data.pkl".count))
        let isScript = entries[prefix + "constants.pkl"] != nil
        let isBigEndian: Bool
        if let order = entries[prefix + "byteorder"] {
            let text = String(decoding: try archive.content(order), as: UTF8.self)
            guard text == "little" || text == "big" else {
                throw DataError.byte(
                    path: path, offset: order.offset, problem: "byteorder is \"\(text.prefix(20))\", not little or big")
            }
            isBigEndian = text == "big"
        } else {
            isBigEndian = false
        }
        let content = try archive.content(pickle)
        let start = try archive.start(of: pickle)
        // Offsets in messages are the file's, where the pickle stands in it as it is.
        let bytes = pickle.isDeflated ? ByteSource(content, path: path + ": " + pickle.name) : archive.source
        let bounds = pickle.isDeflated ? 0..<content.count : start..<start + content.count
        var reader = PickleReader(bytes, bounds)
        let root = try reader.read()
        let places = try reader.graph.storages.map { storage -> Place in
            guard let entry = entries[prefix + "data/" + storage.key] ?? entries[prefix + storage.key] else {
                return .missing
            }
            guard !entry.isDeflated else { return .entry(entry) }
            return .bytes(offset: try archive.start(of: entry), count: entry.size)
        }
        return (reader, root, places, isScript ? .torchScript : .zip, isBigEndian)
    }

    private static func legacy(_ source: ByteSource) throws -> (PickleGraph, PickleValue, [Place]) {
        var reader = PickleReader(source, 0..<source.size)
        _ = try reader.read()
        guard case .int(1001) = try reader.read() else {
            throw DataError.byte(path: source.path, offset: 15, problem: "expected the container's version, 1001")
        }
        _ = try reader.read()  // sizes of types on the machine that wrote it
        let root = try reader.read()
        guard case .node(let index) = try reader.read(), reader.graph[index].kind == .list else {
            throw DataError.byte(path: source.path, offset: reader.position, problem: "expected the list of storages")
        }
        var position = reader.position
        var places = [Place](repeating: .missing, count: reader.graph.storages.count)
        for value in reader.graph[index].values {
            guard case .string(let key) = value, let storage = reader.graph.storagePlaces[key] else {
                throw DataError.byte(
                    path: source.path, offset: position, problem: "the list of storages names one that nothing uses")
            }
            guard position <= source.size - 8 else {
                throw DataError.byte(
                    path: source.path, offset: source.size, problem: "expected the storage \"\(key)\", found the end")
            }
            let size = try source.bytes(at: position, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let width = StoredElement.size(ofStorage: reader.graph.storages[storage].type)
            guard size <= UInt64((source.size - position - 8) / width) else {
                throw DataError.byte(
                    path: source.path, offset: position,
                    problem: "the storage \"\(key)\" has \(size) elements, more than the file has left")
            }
            places[storage] = .bytes(offset: position + 8, count: Int(size) * width)
            position += 8 + Int(size) * width
        }
        return (reader.graph, root, places)
    }

    // MARK: Numbers

    /// How many bytes of a storage the file has.
    func byteCount(ofStorage index: Int) throws -> Int {
        switch places[index] {
        case .bytes(_, let count): return count
        case .entry(let entry): return entry.size
        case .missing:
            let storage = graph.storages[index]
            throw failure(at: storage.offset, "the file lacks the storage \"\(storage.key)\"")
        }
    }

    /// The tensor with its numbers: float16 and bfloat16 are widened, small integers become int64.
    ///
    /// - Throws: ``DataError``; a limit error when memory is short.
    public func tensor(_ stored: StoredTensor) throws -> Tensor {
        let count = stored.count
        // A stride of 0 shows one number many times: what that takes is bounded as in a zip archive.
        unfolded = unfolded.addingReportingOverflow(count * stored.element.dtype.itemSize).partialValue
        guard unfolded >= 0,
            unfolded <= max(ZipArchive.freeSize, source.size.multipliedReportingOverflow(by: 64).partialValue)
        else { throw failure(at: 0, "its tensors unfold to more than 64 times the size of the file") }
        guard count > 0 else { return try Tensor(shape: stored.shape, dtype: stored.element.dtype) { _ in } }
        let width = stored.element.size
        switch stored.place {
        case .bytes(let bytes, let isBigEndian):
            return try arrange(stored, bytes[...], isBigEndian: isBigEndian)
        case .storage(let index):
            let first = stored.offset * width
            let needed = (stored.reach ?? 0) * width
            switch places[index] {
            case .bytes(let offset, _) where stored.isContiguous && stored.element.isMemory && !isBigEndian:
                let tensor = try Tensor(shape: stored.shape, dtype: stored.element.dtype) {
                    try source.read(at: offset + first, into: $0)
                }
                if stored.element == .uint64 { try check(unsigned: tensor, index) }
                return tensor
            case .bytes(let offset, _):
                let bytes = try source.bytes(at: offset + first, count: needed - first)
                return try arrange(stored, bytes[...], isBigEndian: isBigEndian)
            case .entry(let entry):
                let bytes = try shared[index] ?? (archive?.content(entry) ?? [])
                shared[index] = bytes
                guard needed <= bytes.count else { throw failure(at: entry.offset, "\(entry.name) is cut short") }
                return try arrange(stored, bytes[first..<needed], isBigEndian: isBigEndian)
            case .missing: throw failure(at: graph.storages[index].offset, "the file lacks a storage")
            }
        }
    }

    /// Elements in the order of the tensor's indices, from the bytes that its strides reach.
    private func arrange(_ stored: StoredTensor, _ bytes: ArraySlice<UInt8>, isBigEndian: Bool) throws -> Tensor {
        guard !stored.isContiguous else {
            return try stored.element.tensor(bytes, shape: stored.shape, isBigEndian: isBigEndian)
        }
        let width = stored.element.size
        let size = stored.count * width
        guard size < 32 << 20 || size <= Tensor.availableMemory else {
            throw FileError(.read, path, "\(size >> 20) MiB are more than the memory that is left", kind: .limit)
        }
        let rows = [UInt8](unsafeUninitializedCapacity: size) { target, filled in
            var index = [Int](repeating: 0, count: stored.shape.count)
            var from = bytes.startIndex
            while filled < size {
                for byte in 0..<width { target[filled + byte] = bytes[from + byte] }
                filled += width
                var dimension = index.count - 1
                while dimension >= 0 {
                    index[dimension] += 1
                    from += stored.strides[dimension] * width
                    if index[dimension] < stored.shape[dimension] { break }
                    from -= stored.strides[dimension] * width * stored.shape[dimension]
                    index[dimension] = 0
                    dimension -= 1
                }
            }
        }
        return try stored.element.tensor(rows[...], shape: stored.shape, isBigEndian: isBigEndian)
    }

    private func check(unsigned tensor: Tensor, _ index: Int) throws {
        guard try tensor.integers().allSatisfy({ $0 >= 0 }) else {
            throw failure(
                at: graph.storages[index].offset, "an unsigned number is above \(Int.max), which int64 cannot hold")
        }
    }
}
