import OrderedCollections
import Tensors

extension NPY {
    /// The texts of an array of them, `<U5` or `|S5`, [N]; nil for arrays of numbers.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` for texts that are none, and more than one dimension.
    static func texts(_ bytes: [UInt8], path: String) throws -> [String]? {
        // The header is a Python dict: {'descr': '<U5', 'fortran_order': False, 'shape': (3,), }
        guard bytes.count >= 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else { return nil }
        let lengthSize = bytes[6] == 1 ? 2 : 4
        let length = (0..<lengthSize).reversed().reduce(0) { $0 << 8 | Int(bytes[8 + $1]) }
        let start = 8 + lengthSize + length
        guard start <= bytes.count else { return nil }
        let header = String(decoding: bytes[(8 + lengthSize)..<start], as: UTF8.self)
        guard let descr = value(of: "descr", in: header)?.trimmingQuotes, descr.count >= 3,
            let width = Int(descr.dropFirst(2)), width >= 0, width < 1 << 20
        else { return nil }
        let kind = descr.dropFirst().first
        guard kind == "U" || kind == "S" else { return nil }
        func failure(_ problem: String) -> DataError { .byte(path: path, offset: 8, problem: problem) }
        let sizes = (value(of: "shape", in: header) ?? "").split { !$0.isNumber }.compactMap { Int($0) }
        guard sizes.count <= 1 else { throw failure("texts have one dimension, found \(sizes.count)") }
        let count = sizes.first ?? 1
        let size = kind == "U" ? 4 * width : width
        guard count >= 0, count <= 1 << 40, size == 0 || count <= (bytes.count - start) / size,
            bytes.count - start == count * size
        else { throw failure("\(descr) [\(count)] does not take the \(bytes.count - start) bytes behind the header") }
        return try (0..<count).map { index in
            let place = start + index * size
            if kind == "S" {
                return String(decoding: bytes[place..<place + size].prefix { $0 != 0 }, as: UTF8.self)
            }
            var text = String.UnicodeScalarView()
            for position in 0..<width {
                let four = (0..<4).map { UInt32(bytes[place + 4 * position + $0]) }
                let code =
                    descr.first == ">"
                    ? four.reduce(0) { $0 << 8 | $1 } : four.reversed().reduce(0) { $0 << 8 | $1 }
                if code == 0 { break }
                guard let scalar = Unicode.Scalar(code) else {
                    throw DataError.byte(path: path, offset: place, problem: "\(code) is no character")
                }
                text.append(scalar)
            }
            return String(text)
        }
    }

    /// What stands behind a key of the header, up to the next entry.
    private static func value(of key: String, in header: String) -> String? {
        guard let place = header.firstRange(of: "'\(key)':") else { return nil }
        let rest = header[place.upperBound...].drop { $0 == " " }
        if rest.first == "(" { return String(rest.prefix { $0 != ")" }) }
        return String(rest.prefix { $0 != "," && $0 != "}" })
    }
}

extension String {
    fileprivate var trimmingQuotes: String { filter { $0 != "'" && $0 != "\"" && $0 != " " } }
}

extension NPZ {
    /// An array of an archive.
    public enum Content {
        /// Numbers.
        case tensor(Tensor)
        /// Texts [N].
        case texts([String])
    }

    /// The arrays of a file by name, texts among them.
    ///
    /// - Throws: as ``read(_:)``.
    public static func contents(_ path: String) throws -> OrderedDictionary<String, Content> {
        let archive = try ZipArchive(ByteSource(reading: path))
        var arrays: OrderedDictionary<String, Content> = [:]
        for entry in archive.entries {
            let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
            guard arrays[name] == nil else {
                throw DataError.byte(path: path, offset: entry.offset, problem: "the archive has \"\(name)\" twice")
            }
            let content = try archive.content(entry)
            let place = "\(path): \(entry.name)"
            if let texts = try NPY.texts(content, path: place) {
                arrays[name] = .texts(texts)
            } else {
                arrays[name] = .tensor(try NPY.tensor(content[...], path: place))
            }
        }
        return arrays
    }
}
