/// What a file holds, told by how it begins and not by its name.
public enum FileKind: String, Sendable {
    /// Tensors with a JSON header.
    case safetensors
    /// What `torch.save` wrote, or TorchScript.
    case torch
    /// NumPy's archive of arrays.
    case npz
    /// One array of NumPy's.
    case npy
    /// A picture.
    case png, jpeg
    /// Anything else.
    case unknown

    /// Looks at the first bytes of a file, and at the directory of a zip archive.
    ///
    /// - Throws: ``FileError``.
    public init(of path: String) throws {
        let source = try ByteSource(reading: path)
        let start = try source.prefix(64)
        if start.starts(with: [0x93] + Array("NUMPY".utf8)) {
            self = .npy
        } else if start.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = .png
        } else if start.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if start.starts(with: [0x50, 0x4B]) {
            let archive = try? ZipArchive(source)
            let holdsPickle = archive?.entries.contains { $0.name.hasSuffix("data.pkl") } ?? false
            let holdsArray = archive?.entries.contains { $0.name.hasSuffix(".npy") } ?? false
            self = holdsPickle ? .torch : holdsArray ? .npz : .unknown
        } else if TorchFile.isLegacy(start) {
            self = .torch
        } else if start.count > 9, start[8] == UInt8(ascii: "{"), start[4..<8].allSatisfy({ $0 == 0 }) {
            self = .safetensors
        } else {
            self = .unknown
        }
    }
}
