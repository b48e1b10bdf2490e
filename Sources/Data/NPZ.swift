import Base
import CZlib
import OrderedCollections
import Tensors

/// Arrays by name in NumPy's `.npz` format: a zip archive of `.npy` files, stored or deflated.
public enum NPZ {
    /// The arrays of a file by name.
    ///
    /// - Throws: ``FileError``, ``DataError/byte(path:offset:problem:)`` for damaged archives,
    ///   lying sizes, wrong checksums, and archives that would unfold beyond all proportion.
    public static func read(_ path: String) throws -> OrderedDictionary<String, Tensor> {
        try tensors(FileBytes.read(path), path: path)
    }

    /// The arrays in the bytes of a file; `path` is its name in messages.
    public static func tensors(_ bytes: [UInt8], path: String) throws -> OrderedDictionary<String, Tensor> {
        let archive = try ZipArchive(bytes, path: path)
        var tensors: OrderedDictionary<String, Tensor> = [:]
        for entry in archive.entries {
            let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
            guard tensors[name] == nil else {
                throw DataError.byte(path: path, offset: entry.offset, problem: "the archive has \"\(name)\" twice")
            }
            tensors[name] = try NPY.tensor(archive.content(entry)[...], path: "\(path): \(entry.name)")
        }
        return tensors
    }

    /// The file of some arrays, stored without compression as `numpy.savez` does.
    public static func bytes(_ tensors: OrderedDictionary<String, Tensor>) throws -> [UInt8] {
        try ZipArchive.bytes(tensors.map { (name: $0.key + ".npy", content: NPY.bytes($0.value)) })
    }

    /// Writes some arrays, whole or not at all.
    ///
    /// - Throws: ``FileError``, ``DataError/argument(function:problem:help:)`` beyond 4 GB.
    public static func write(_ tensors: OrderedDictionary<String, Tensor>, to path: String) throws {
        try WholeFile.write(bytes(tensors), to: path)
    }
}

/// A zip archive in memory: its directory, checked against the file.
private struct ZipArchive {
    struct Entry {
        let name: String
        let isDeflated: Bool
        let checksum: UInt32
        let compressed: Int
        let size: Int
        /// Where the entry's own header begins.
        let offset: Int
    }

    private let bytes: [UInt8]
    private let path: String
    private(set) var entries: [Entry] = []

    /// An archive may unfold to a gigabyte, or to so many times its size.
    static let freeSize = 1 << 30, largestRatio = 64

    init(_ bytes: [UInt8], path: String) throws {
        self.bytes = bytes
        self.path = path
        let (count, directory) = try Self.directory(bytes, path)
        var position = directory
        var total = 0
        for _ in 0..<count {
            guard position + 46 <= bytes.count, number(position, 4) == 0x0201_4B50 else {
                throw failure(position, "expected an entry of the zip directory")
            }
            let flags = number(position + 8, 2), method = number(position + 10, 2)
            let nameLength = number(position + 28, 2), extraLength = number(position + 30, 2)
            let end = position + 46 + nameLength + extraLength + number(position + 32, 2)
            guard end <= bytes.count else { throw failure(position, "an entry of the zip directory is cut short") }
            let name = String(decoding: bytes[(position + 46)..<(position + 46 + nameLength)], as: UTF8.self)
            guard flags & 1 == 0 else { throw failure(position, "\(name) is encrypted") }
            guard method == 0 || method == 8 else {
                throw failure(position, "\(name) is compressed by method \(method), expected stored or deflated")
            }
            var sizes = [number(position + 24, 4), number(position + 20, 4), number(position + 42, 4)]
            try widen(&sizes, extra: position + 46 + nameLength..<position + 46 + nameLength + extraLength)
            let entry = Entry(
                name: name, isDeflated: method == 8, checksum: UInt32(number(position + 16, 4)), compressed: sizes[1],
                size: sizes[0], offset: sizes[2])
            guard entry.offset <= bytes.count, entry.compressed <= bytes.count - entry.offset,
                method == 8 || entry.size == entry.compressed
            else { throw failure(position, "\(name) would lie outside the file") }
            total = total.addingReportingOverflow(entry.size).partialValue
            guard entry.size >= 0, total >= 0, total <= max(Self.freeSize, bytes.count * Self.largestRatio) else {
                throw failure(
                    position, "the archive would unfold to more than \(Self.largestRatio) times its size, a zip bomb")
            }
            if !name.hasSuffix("/") { entries.append(entry) }
            position = end
        }
    }

    private func failure(_ offset: Int, _ problem: String) -> DataError {
        .byte(path: path, offset: offset, problem: problem)
    }

    private func number(_ position: Int, _ width: Int) -> Int { Self.number(bytes, position, width) }

    private static func number(_ bytes: [UInt8], _ position: Int, _ width: Int) -> Int {
        (0..<width).reversed().reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
    }

    /// How many entries there are, and where the directory begins: the record at the end says so.
    private static func directory(_ bytes: [UInt8], _ path: String) throws -> (count: Int, offset: Int) {
        guard bytes.starts(with: [0x50, 0x4B]) else {
            throw DataError.byte(path: path, offset: 0, problem: "expected PK, found no zip archive")
        }
        var position = bytes.count - 22
        while position >= max(0, bytes.count - 22 - 65_535), number(bytes, position, 4) != 0x0605_4B50 { position -= 1 }
        guard position >= max(0, bytes.count - 22 - 65_535) else {
            throw DataError.byte(
                path: path, offset: bytes.count, problem: "the archive's directory is missing: the file is cut short")
        }
        var count = number(bytes, position + 10, 2), offset = number(bytes, position + 16, 4)
        // Archives beyond 4 GB or 65,535 entries point to a wider record.
        if count == 0xFFFF || offset == 0xFFFF_FFFF, position >= 20, number(bytes, position - 20, 4) == 0x0706_4B50 {
            let record = number(bytes, position - 12, 8)
            guard record >= 0, record <= bytes.count - 56, number(bytes, record, 4) == 0x0606_4B50 else {
                throw DataError.byte(path: path, offset: position - 20, problem: "the wide directory record is missing")
            }
            (count, offset) = (number(bytes, record + 32, 8), number(bytes, record + 48, 8))
        }
        guard offset >= 0, count >= 0, offset <= bytes.count, count <= (bytes.count - offset) / 46 else {
            throw DataError.byte(path: path, offset: position, problem: "the directory would lie outside the file")
        }
        return (count, offset)
    }

    /// Sizes of 2³² − 1 stand as 64-bit numbers in an extra field, in this order.
    private func widen(_ sizes: inout [Int], extra: Range<Int>) throws {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let kind = number(position, 2), end = position + 4 + number(position + 2, 2)
            guard end <= extra.upperBound else { break }
            if kind == 1 {
                var field = position + 4
                for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
                    guard field + 8 <= end else { break }
                    sizes[index] = number(field, 8)
                    guard sizes[index] >= 0 else { throw failure(field, "a size in the zip directory is negative") }
                    field += 8
                }
            }
            position = end
        }
    }

    /// The bytes of an entry, unfolded and checked.
    func content(_ entry: Entry) throws -> [UInt8] {
        guard entry.offset + 30 <= bytes.count, number(entry.offset, 4) == 0x0403_4B50 else {
            throw failure(entry.offset, "expected the header of \(entry.name)")
        }
        let start = entry.offset + 30 + number(entry.offset + 26, 2) + number(entry.offset + 28, 2)
        guard start <= bytes.count, entry.compressed <= bytes.count - start else {
            throw failure(entry.offset, "\(entry.name) is cut short")
        }
        var content = Array(bytes[start..<start + entry.compressed])
        if entry.isDeflated {
            var written = 0
            var unfolded = [UInt8](repeating: 0, count: max(1, entry.size))
            let status = czlib_inflate(CZLIB_RAW, content, content.count, &unfolded, entry.size, &written)
            guard status == 0, written == entry.size else {
                throw failure(
                    start,
                    status == 1
                        ? "\(entry.name) unfolds to more than the \(entry.size) bytes its header says"
                        : "\(entry.name) is damaged")
            }
            unfolded.removeLast(unfolded.count - entry.size)
            content = unfolded
        }
        guard czlib_crc32(content, content.count) == entry.checksum else {
            throw failure(start, "\(entry.name) is damaged: its checksum differs")
        }
        return content
    }

    /// An archive of stored files. Times are those of the format's first day, so that equal content gives equal bytes.
    static func bytes(_ files: [(name: String, content: [UInt8])]) throws -> [UInt8] {
        var bytes: [UInt8] = [], directory: [UInt8] = []
        func put(_ value: Int, _ width: Int, _ target: inout [UInt8]) {
            for index in 0..<width { target.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
        for (name, content) in files {
            guard bytes.count + content.count < 0xFFFF_0000, files.count < 0xFFFF, name.utf8.count < 0xFFFF else {
                throw DataError.argument(
                    function: "save", problem: "an .npz file holds at most 4 GB", help: "save(x, \"x.safetensors\")")
            }
            let offset = bytes.count
            var common: [UInt8] = []
            put(20, 2, &common)
            put(1 << 11, 2, &common)  // names are UTF-8
            put(0, 2, &common)
            put(0, 2, &common)
            put(1 << 5 | 1, 2, &common)
            put(Int(czlib_crc32(content, content.count)), 4, &common)
            put(content.count, 4, &common)
            put(content.count, 4, &common)
            put(name.utf8.count, 2, &common)
            put(0, 2, &common)
            put(0x0403_4B50, 4, &bytes)
            bytes += common + Array(name.utf8) + content
            put(0x0201_4B50, 4, &directory)
            put(20, 2, &directory)
            directory += common
            put(0, 2, &directory)
            put(0, 2, &directory)
            put(0, 2, &directory)
            put(0, 4, &directory)
            put(offset, 4, &directory)
            directory += Array(name.utf8)
        }
        let start = bytes.count
        bytes += directory
        put(0x0605_4B50, 4, &bytes)
        put(0, 4, &bytes)
        put(files.count, 2, &bytes)
        put(files.count, 2, &bytes)
        put(directory.count, 4, &bytes)
        put(start, 4, &bytes)
        put(0, 2, &bytes)
        return bytes
    }
}
