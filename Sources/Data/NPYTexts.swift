import OrderedCollections
import Tensors

extension NPY {
    /// The texts of an array of them, `<U5` or `|S5`, [N]; nil for arrays of numbers.
    ///
    /// - Throws: ``DataError/byte(path:offset:problem:)`` for texts that are none, and more than one dimension.
    static func texts(_ bytes: [UInt8], path: String) throws -> [String]? {
        let (fields, start) = try header(bytes[...], size: bytes.count, path: path, allowsTexts: true)
        guard let (width, isUnicode) = fields.texts else { return nil }
        guard fields.shape.count <= 1 else {
            throw DataError.byte(
                path: path, offset: 8, problem: "texts have one dimension, found \(fields.shape.count)")
        }
        let count = fields.shape.first ?? 1, size = isUnicode ? 4 * width : width
        return try (0..<count).map { index in
            let place = start + index * size
            if !isUnicode {
                return String(decoding: bytes[place..<place + size].prefix { $0 != 0 }, as: UTF8.self)
            }
            var text = String.UnicodeScalarView()
            for position in 0..<width {
                let four = (0..<4).map { UInt32(bytes[place + 4 * position + $0]) }
                let code =
                    fields.isBigEndian
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
