import CZlib
import Tensors

/// A zip archive: its directory, checked against the file. Contents are read when asked for.
struct ZipArchive {
    struct Entry {
        let name: String
        let isDeflated: Bool
        let checksum: UInt32
        let compressed: Int
        let size: Int
        /// Where the entry's own header begins.
        let offset: Int
    }

    let source: ByteSource
    private(set) var entries: [Entry] = []

    /// An archive may unfold to a gigabyte, or to so many times its size.
    static let freeSize = 1 << 30, largestRatio = 64

    /// Reads the directory.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` for entries outside the file, entries that overlap, and archives
    ///   that would unfold beyond all proportion.
    init(_ source: ByteSource) throws {
        self.source = source
        let (count, offset, end) = try Self.directory(source)
        let directory = LittleEndianBytes(try source.bytes(at: offset, count: end - offset))
        func failure(_ position: Int, _ problem: String) -> DataError {
            .byte(path: source.path, offset: offset + position, problem: problem)
        }
        var position = 0
        var total = 0
        for _ in 0..<count {
            guard position + 46 <= directory.count, directory.number(position, 4) == 0x0201_4B50 else {
                throw failure(position, "expected an entry of the zip directory")
            }
            let flags = directory.number(position + 8, 2), method = directory.number(position + 10, 2)
            let nameLength = directory.number(position + 28, 2), extraLength = directory.number(position + 30, 2)
            let end = position + 46 + nameLength + extraLength + directory.number(position + 32, 2)
            guard end <= directory.count else { throw failure(position, "an entry of the zip directory is cut short") }
            let name = String(
                decoding: directory.bytes[(position + 46)..<(position + 46 + nameLength)], as: UTF8.self)
            guard flags & 1 == 0 else { throw failure(position, "\(name) is encrypted") }
            guard method == 0 || method == 8 else {
                throw failure(position, "\(name) is compressed by method \(method), expected stored or deflated")
            }
            var sizes = [
                directory.number(position + 24, 4), directory.number(position + 20, 4),
                directory.number(position + 42, 4),
            ]
            let extra = position + 46 + nameLength..<position + 46 + nameLength + extraLength
            if let field = directory.widen(&sizes, extra: extra) {
                throw failure(field, "a size in the zip directory is negative")
            }
            let entry = Entry(
                name: name, isDeflated: method == 8, checksum: UInt32(directory.number(position + 16, 4)),
                compressed: sizes[1], size: sizes[0], offset: sizes[2])
            guard entry.offset <= source.size, entry.compressed <= source.size - entry.offset,
                method == 8 || entry.size == entry.compressed
            else { throw failure(position, "\(name) would lie outside the file") }
            total = total.addingReportingOverflow(entry.size).partialValue
            guard entry.size >= 0, total >= 0, total <= max(Self.freeSize, source.size * Self.largestRatio) else {
                throw failure(
                    position, "the archive would unfold to more than \(Self.largestRatio) times its size, a zip bomb")
            }
            if !name.hasSuffix("/") { entries.append(entry) }
            position = end
        }
        try checkOverlaps()
    }

    /// Entries that share bytes unfold one content many times: bombs are built so.
    private func checkOverlaps() throws {
        var end = 0
        for entry in entries.sorted(by: { $0.offset < $1.offset }) {
            guard entry.offset >= end else {
                throw DataError.byte(
                    path: source.path, offset: entry.offset, problem: "\(entry.name) overlaps the entry before it")
            }
            end = entry.offset + 30 + entry.name.utf8.count + entry.compressed
        }
    }

    private func failure(_ offset: Int, _ problem: String) -> DataError {
        .byte(path: source.path, offset: offset, problem: problem)
    }

    /// How many entries there are, and where the directory begins and ends: the record at the end says so.
    private static func directory(_ source: ByteSource) throws -> (count: Int, offset: Int, end: Int) {
        guard try source.prefix(2) == [0x50, 0x4B] else {
            throw DataError.byte(path: source.path, offset: 0, problem: "expected PK, found no zip archive")
        }
        let start = max(0, source.size - 22 - 65_535 - 76)
        let tail = LittleEndianBytes(try source.bytes(at: start, count: source.size - start))
        let first = max(0, tail.count - 22 - 65_535)
        var position = tail.count - 22
        while position >= first, tail.number(position, 4) != 0x0605_4B50 { position -= 1 }
        guard position >= first else {
            throw DataError.byte(
                path: source.path, offset: source.size,
                problem: "the archive's directory is missing: the file is cut short")
        }
        var count = tail.number(position + 10, 2), offset = tail.number(position + 16, 4)
        // Archives beyond 4 GB or 65,535 entries point to a wider record.
        if count == 0xFFFF || offset == 0xFFFF_FFFF, position >= 20, tail.number(position - 20, 4) == 0x0706_4B50 {
            let place = tail.number(position - 12, 8)
            var record = LittleEndianBytes([])
            if place >= 0, place <= source.size - 56 { record = .init(try source.bytes(at: place, count: 56)) }
            guard record.count == 56, record.number(0, 4) == 0x0606_4B50 else {
                throw DataError.byte(
                    path: source.path, offset: start + position - 20, problem: "the wide directory record is missing")
            }
            (count, offset) = (record.number(32, 8), record.number(48, 8))
        }
        let end = start + position
        guard offset >= 0, count >= 0, offset <= end, count <= (end - offset) / 46 else {
            throw DataError.byte(
                path: source.path, offset: end, problem: "the directory would lie outside the file")
        }
        return (count, offset, end)
    }

    /// Where the bytes of an entry begin in the file.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` when its own header is not there or it is cut short.
    func start(of entry: Entry) throws -> Int {
        guard entry.offset + 30 <= source.size else {
            throw failure(entry.offset, "expected the header of \(entry.name)")
        }
        let header = LittleEndianBytes(try source.bytes(at: entry.offset, count: 30))
        guard header.number(0, 4) == 0x0403_4B50 else {
            throw failure(entry.offset, "expected the header of \(entry.name)")
        }
        let start = entry.offset + 30 + header.number(26, 2) + header.number(28, 2)
        guard start <= source.size, entry.compressed <= source.size - start else {
            throw failure(entry.offset, "\(entry.name) is cut short")
        }
        return start
    }

    /// The first bytes of an entry's content, at most `count`; its checksum is not looked at.
    func prefix(_ count: Int, of entry: Entry) throws -> [UInt8] {
        let start = try start(of: entry)
        guard entry.isDeflated else { return try source.bytes(at: start, count: min(count, entry.size)) }
        let packed = try source.bytes(at: start, count: min(entry.compressed, count * 2 + 1024))
        var written = 0
        var unfolded = [UInt8](repeating: 0, count: min(count, max(1, entry.size)))
        // Of content that is cut short what came before the cut counts.
        _ = czlib_inflate(CZLIB_RAW, packed, packed.count, &unfolded, unfolded.count, &written)
        return unfolded
    }

    /// The bytes of an entry, unfolded and checked.
    func content(_ entry: Entry) throws -> [UInt8] {
        let start = try start(of: entry)
        var content = try source.bytes(at: start, count: entry.compressed)
        if entry.isDeflated {
            guard entry.size < 32 << 20 || entry.size <= Tensor.availableMemory else {
                throw failure(
                    start, "\(entry.name) unfolds to \(entry.size >> 20) MiB, more than the memory that is left")
            }
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

    /// An archive of stored files, each beginning at a multiple of `alignment`. Times are those of the format's first day,
    /// so that equal content gives equal bytes.
    ///
    /// - Throws: ``DataError/argument(function:problem:help:)`` beyond 4 GB.
    static func bytes(_ files: [(name: String, content: [UInt8])], alignment: Int = 1) throws -> [UInt8] {
        var bytes: [UInt8] = [], directory: [UInt8] = []
        bytes.reserveCapacity(files.reduce(0) { $0 + $1.content.count + 128 + alignment })
        func put(_ value: Int, _ width: Int, _ target: inout [UInt8]) {
            for index in 0..<width { target.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
        for (name, content) in files {
            guard bytes.count + content.count < 0xFFFF_0000, files.count < 0xFFFF, name.utf8.count < 0xFFFF else {
                throw DataError.argument(
                    function: "save", problem: "a zip archive holds at most 4 GB here",
                    help: "save(x, \"x.safetensors\")")
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
            put(0x0403_4B50, 4, &bytes)
            bytes += common
            // An extra field of zeros moves the content to where it is wanted.
            let end = offset + 30 + name.utf8.count
            var padding = (alignment - end % alignment) % alignment
            if padding > 0, padding < 4 { padding += alignment }
            put(padding, 2, &bytes)
            bytes += Array(name.utf8)
            if padding > 0 {
                put(0x4246, 2, &bytes)
                put(padding - 4, 2, &bytes)
                bytes.append(contentsOf: repeatElement(0, count: padding - 4))
            }
            bytes += content
            put(0x0201_4B50, 4, &directory)
            put(20, 2, &directory)
            directory += common
            put(0, 2, &directory)
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

/// Bytes of which numbers are read, least significant byte first.
private struct LittleEndianBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    func number(_ position: Int, _ width: Int) -> Int {
        (0..<width).reversed().reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
    }

    /// Sizes of 2³² − 1 stand as 64-bit numbers in an extra field, in this order; the place of one that is negative.
    func widen(_ sizes: inout [Int], extra: Range<Int>) -> Int? {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound {
            let kind = number(position, 2), end = position + 4 + number(position + 2, 2)
            guard end <= extra.upperBound else { break }
            if kind == 1 {
                var field = position + 4
                for index in sizes.indices where sizes[index] == 0xFFFF_FFFF {
                    guard field + 8 <= end else { break }
                    sizes[index] = number(field, 8)
                    guard sizes[index] >= 0 else { return field }
                    field += 8
                }
            }
            position = end
        }
        return nil
    }
}
