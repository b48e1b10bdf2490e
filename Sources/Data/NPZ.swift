import Base
import OrderedCollections
import Tensors

/// Arrays by name in NumPy's `.npz` format: a zip archive of `.npy` files, stored or deflated.
public enum NPZ {
    /// The arrays of a file by name.
    ///
    /// - Throws: ``FileError``, ``DataError/byte(path:offset:problem:)`` for damaged archives,
    ///   lying sizes, wrong checksums, and archives that would unfold beyond all proportion.
    public static func read(_ path: String) throws -> OrderedDictionary<String, Tensor> {
        try tensors(ByteSource(reading: path))
    }

    /// The arrays in the bytes of a file; `path` is its name in messages.
    public static func tensors(_ bytes: [UInt8], path: String) throws -> OrderedDictionary<String, Tensor> {
        try tensors(ByteSource(bytes, path: path))
    }

    private static func tensors(_ source: ByteSource) throws -> OrderedDictionary<String, Tensor> {
        let path = source.path
        let archive = try ZipArchive(source)
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
