import Base
import Tensors

/// One array in NumPy's `.npy` format, versions 1 to 3.
///
/// A file is the magic number, the version, the header's length, the header (a Python dict with `descr`,
/// `fortran_order`, `shape`), and the numbers. Half precision becomes float32, small integers int64, either byte order
/// and either order of dimensions is read.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
public enum NPY {
    /// The array of a file.
    ///
    /// - Throws: ``FileError``, ``DataError/byte(path:offset:problem:)``, a limit error when
    ///   memory is short.
    public static func read(_ path: String) throws -> Tensor { try tensor(FileBytes.read(path)[...], path: path) }

    /// The array in the bytes of a file; `path` is its name in messages.
    public static func tensor(_ bytes: [UInt8], path: String) throws -> Tensor { try tensor(bytes[...], path: path) }

    /// What the header of an array's file says; `bytes` are its beginning and `size` what the file has.
    static func entry(_ name: String, _ bytes: [UInt8], size: Int, path: String) throws -> FileContents.Entry {
        let (fields, data) = try header(bytes[...], size: size, path: path)
        return FileContents.Entry(
            name: name, element: fields.element.rawValue, shape: fields.shape, byteCount: size - data)
    }

    /// The header's fields and where the numbers begin.
    static func header(
        _ bytes: ArraySlice<UInt8>, size total: Int, path: String, allowsTexts: Bool = false
    ) throws -> (NPYHeader.Fields, data: Int) {
        let start = bytes.startIndex
        func failure(_ offset: Int, _ problem: String) -> DataError {
            .byte(path: path, offset: offset, problem: problem)
        }
        guard bytes.count >= 10, bytes.starts(with: magic) else {
            throw failure(0, "expected \\x93NUMPY and a version, found no NumPy file")
        }
        let version = bytes[start + 6]
        guard (1...3).contains(version) else { throw failure(6, "the format has version \(version), expected 1 to 3") }
        let lengthSize = version == 1 ? 2 : 4
        guard bytes.count >= 8 + lengthSize else { throw failure(8, "expected the header's length, found the end") }
        let length = (0..<lengthSize).reversed().reduce(0) { $0 << 8 | Int(bytes[start + 8 + $1]) }
        let data = 8 + lengthSize + length
        guard data <= bytes.count, data <= total else {
            throw failure(8, "the header would take \(length) bytes, the file has \(bytes.count - 8 - lengthSize)")
        }
        var header = NPYHeader(text: Array(bytes[(start + 8 + lengthSize)..<(start + data)]), allowsTexts: allowsTexts)
        let fields: NPYHeader.Fields
        do {
            fields = try header.fields()
        } catch let problem as NPYHeader.Problem {
            throw failure(8 + lengthSize + header.position, problem.text)
        }
        guard let size = fields.byteCount, size == total - data else {
            throw failure(
                data, "\(fields.descr) \(fields.shape) does not take the \(total - data) bytes behind the header")
        }
        return (fields, data)
    }

    static func tensor(_ bytes: ArraySlice<UInt8>, path: String) throws -> Tensor {
        let start = bytes.startIndex
        func failure(_ offset: Int, _ problem: String) -> DataError {
            .byte(path: path, offset: offset, problem: problem)
        }
        let (fields, data) = try header(bytes, size: bytes.count, path: path)
        if fields.element == .uint64, try hasLargeNumbers(bytes[(start + data)...], fields.isBigEndian) {
            throw failure(data, "an unsigned number is above \(Int.max), which int64 cannot hold")
        }
        let numbers = bytes[(start + data)...]
        do {
            guard fields.isFortran, fields.shape.count > 1 else {
                return try fields.element.tensor(numbers, shape: fields.shape, isBigEndian: fields.isBigEndian)
            }
            let reversed = try fields.element.tensor(
                numbers, shape: fields.shape.reversed(), isBigEndian: fields.isBigEndian)
            return try reversed.permute(Array((0..<fields.shape.count).reversed()))
        } catch let error as TensorError where error.kind == .shape {
            throw failure(8, error.message)
        }
    }

    /// The file of an array: version 1, rows first.
    public static func bytes(_ tensor: Tensor) -> [UInt8] {
        let sizes = tensor.shape.map { "\($0), " }.joined()
        let descr: String =
            switch tensor.dtype {
            case .float32: "<f4"
            case .float64: "<f8"
            case .int64: "<i8"
            case .uint8: "|u1"
            case .bool: "|b1"
            }
        // NumPy writes (3,) and (3, 4): the last comma goes where there are several sizes.
        let tuple = tensor.rank == 1 ? "(\(tensor.shape[0]),)" : "(" + sizes.dropLast(2) + ")"
        var header = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
        let padding = 64 - (10 + header.count + 1) % 64
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding % 64))
        header.append(UInt8(ascii: "\n"))
        return magic + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + tensor.storedBytes()
    }

    /// Writes an array, whole or not at all.
    ///
    /// - Throws: ``FileError``.
    public static func write(_ tensor: Tensor, to path: String) throws { try WholeFile.write(bytes(tensor), to: path) }

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    private static func hasLargeNumbers(_ bytes: ArraySlice<UInt8>, _ isBigEndian: Bool) throws -> Bool {
        stride(from: bytes.startIndex + (isBigEndian ? 0 : 7), to: bytes.endIndex, by: 8).contains { bytes[$0] >= 0x80 }
    }
}

/// The dict at the head of an `.npy` file: a Python literal with three keys.
struct NPYHeader {
    struct Problem: Error { let text: String }

    struct Fields {
        var descr = ""
        var element = StoredElement.float32
        var isBigEndian = false
        var isFortran = false
        var shape: [Int] = []
        /// Of texts how long each is, and whether in characters of four bytes.
        var texts: (width: Int, isUnicode: Bool)?

        /// Nil for more than any memory holds.
        var byteCount: Int? {
            guard let texts else { return element.byteCount(shape) }
            // Texts of no length are no data, however many there are said to be.
            guard texts.width > 0 else { return shape.contains(0) ? 0 : nil }
            let (size, isOver) =
                StoredElement.uint8.byteCount(shape).map {
                    $0.multipliedReportingOverflow(by: texts.width * (texts.isUnicode ? 4 : 1))
                } ?? (0, true)
            return isOver ? nil : size
        }
    }

    let text: [UInt8]
    var position = 0
    private let allowsTexts: Bool

    init(text: [UInt8], allowsTexts: Bool) {
        self.text = text
        self.allowsTexts = allowsTexts
    }

    mutating func fields() throws -> Fields {
        var fields = Fields()
        var seen: Set<String> = []
        try expect("{")
        while !take("}") {
            let key = try string()
            guard seen.insert(key).inserted else { throw Problem(text: "the header has '\(key)' twice") }
            try expect(":")
            switch key {
            case "descr":
                fields.descr = try descr()
                if allowsTexts, let texts = Self.texts(fields.descr) {
                    (fields.texts, fields.isBigEndian) = (texts, fields.descr.first == ">")
                    break
                }
                guard let (element, isBigEndian) = Self.element(fields.descr) else {
                    throw Problem(text: "the dtype '\(fields.descr)' is not supported: numbers and bools are")
                }
                (fields.element, fields.isBigEndian) = (element, isBigEndian)
            case "fortran_order": fields.isFortran = try word()
            case "shape": fields.shape = try sizes()
            default: throw Problem(text: "the header has an unknown key '\(key)'")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        guard seen == ["descr", "fortran_order", "shape"] else {
            throw Problem(text: "the header needs descr, fortran_order and shape")
        }
        return fields
    }

    /// The element of `<f4` and its like.
    private static func element(_ descr: String) -> (StoredElement, isBigEndian: Bool)? {
        let kinds: [String: StoredElement] = [
            "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
            "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
        ]
        guard let order = descr.first, "<>|=".contains(order), let element = kinds[String(descr.dropFirst())] else {
            return nil
        }
        return (element, order == ">")
    }

    /// The length of the texts of `<U5` or `|S5`, and whether they are characters.
    private static func texts(_ descr: String) -> (width: Int, isUnicode: Bool)? {
        guard let order = descr.first, "<>|=".contains(order), let kind = descr.dropFirst().first, "US".contains(kind),
            let width = Int(descr.dropFirst(2)), (0..<1 << 20).contains(width)
        else { return nil }
        return (width, kind == "U")
    }

    private mutating func skipBlanks() {
        while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard take(character) else { throw Problem(text: "expected '\(character)' in the header") }
    }

    private mutating func string() throws -> String {
        skipBlanks()
        guard position < text.count,
            let quote = ["'", "\""].map({ UInt8(ascii: $0) }).first(where: { text[position] == $0 }),
            let end = text[(position + 1)...].firstIndex(of: quote)
        else { throw Problem(text: "expected a quoted string in the header") }
        defer { position = end + 1 }
        return String(decoding: text[(position + 1)..<end], as: UTF8.self)
    }

    private mutating func descr() throws -> String {
        skipBlanks()
        if position < text.count, text[position] == UInt8(ascii: "[") {
            throw Problem(text: "arrays of records are not supported: save each column as an array of its own")
        }
        let descr = try string()
        if descr.hasSuffix("O") { throw Problem(text: "arrays of Python objects are not supported, they hold code") }
        return descr
    }

    private mutating func word() throws -> Bool {
        skipBlanks()
        for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw Problem(text: "expected True or False in the header")
    }

    private mutating func sizes() throws -> [Int] {
        try expect("(")
        var sizes: [Int] = []
        while !take(")") {
            skipBlanks()
            let digits = text[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let size = Int(String(decoding: digits, as: UTF8.self)) else {
                throw Problem(text: "expected a size in the header's shape")
            }
            position += digits.count
            sizes.append(size)
            if !take(",") {
                try expect(")")
                break
            }
        }
        return sizes
    }
}
