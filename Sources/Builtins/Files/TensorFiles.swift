import Data
import Drawing
import Learning
import OrderedCollections
import Runtime
import Tensors

/// The formats of tensors and networks, by the extension of a file.
enum TensorFile: String, CaseIterable {
    case safetensors, distill, onnx, npz, npy, pt, c

    /// The format of a path.
    ///
    /// - Throws: a ``Failure`` that lists the formats `allowed` for `what`, and says how other formats become one.
    init(_ path: String, function: String, what: String, allowed: [TensorFile], argument: Int) throws {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let suffix = name.contains(".") ? name.split(separator: ".").last.map { $0.lowercased() } ?? "" : ""
        let format = TensorFile(rawValue: suffix) ?? (Self.torchSuffixes.contains(suffix) ? .pt : nil)
        if let format, allowed.contains(format) {
            self = format
            return
        }
        let names = allowed.map { ".\($0.rawValue)" }
        let list = LanguageType.join(names, with: "or")
        throw Failure(
            .value, "\(function): \(what) is a file \(list), and not \(path)",
            help: [Self.conversions[suffix] ?? "\(function)(…, \"name\(names[0])\")"], operands: [argument: ""])
    }

    /// How files of other programs become readable.
    private static let conversions = [
        "pkl": "in Python: torch.save(pickle.load(file), \"x.pt\"), then load(\"x.pt\")",
        "h5": "in Python: numpy.savez(\"weights.npz\", **arrays)",
        "onnx": "load(\"net.onnx\") gives the network of an .onnx file",
        "csv": "read_csv(path) reads a table", "json": "read_text(path) gives its text",
        "txt": "read_text(path) gives its text",
    ]
    /// How files of torch.save are called.
    private static let torchSuffixes: Set<String> = ["pt", "pth", "bin", "ckpt"]
}

extension TensorFile {
    /// What a file of tensors holds, told by how it begins: `.bin` is what PyTorch and others call theirs.
    enum Content {
        case torch(TorchFile)
        case safetensors(SafeTensors)
        case arrays(OrderedDictionary<String, Tensor>)
    }

    /// Opens a file of tensors.
    ///
    /// - Throws: a `Failure` for a name that says something else, `DataError` for a damaged file.
    static func content(_ path: String, function: String, what: String, argument: Int) throws -> Content {
        let format = try TensorFile(
            path, function: function, what: what, allowed: [.safetensors, .pt, .distill, .npz], argument: argument)
        switch format {
        case .npz: return .arrays(try NPZ.read(path))
        case .pt where try FileKind(of: path) != .safetensors: return .torch(try TorchFile(reading: path))
        default: return .safetensors(try SafeTensors(reading: path))
        }
    }

    /// Where the weights for a network are in a file, or in the shards of a folder.
    static func weights(
        _ files: [String], named name: String, key: String?, function: String, argument: Int
    ) throws -> WeightSearch {
        guard files.count > 1 else {
            return try weights(files.first ?? name, key: key, function: function, argument: argument)
        }
        var tensors: OrderedDictionary<String, Tensor> = [:]
        for file in files {
            for candidate in try weights(file, key: nil, function: function, argument: argument).candidates.prefix(1) {
                tensors.merge(try candidate.read()) { first, _ in first }
            }
        }
        return WeightSearch(path: name, tensors: tensors)
    }

    private static func weights(_ path: String, key: String?, function: String, argument: Int) throws -> WeightSearch {
        let content = try content(path, function: function, what: "what fills a network", argument: argument)
        if case .torch(let file) = content { return try WeightSearch(file, key: key) }
        guard key == nil else {
            throw Failure(
                .value, "\(function): key= chooses within a .pt file, and \(path) holds tensors alone",
                operands: [argument: ""])
        }
        switch content {
        case .arrays(let arrays): return WeightSearch(path: path, tensors: arrays)
        case .safetensors(let file):
            return WeightSearch(path: path, tensors: file.tensors.filter { !$0.key.hasPrefix("distill.") })
        case .torch(let file): return try WeightSearch(file, key: nil)
        }
    }

    /// A picture as numbers in 0…1, [C, H, W]: one channel for grey, three for colour, four with transparency.
    static func image(_ path: String) throws -> Tensor {
        let bytes = try FileBytes.read(path)
        let picture: RasterImage
        do {
            picture = try PNG.decode(bytes).image
        } catch let error as DrawingError {
            throw Failure(error.kind == .limit ? .limit : .io, "\(path): \(error.message)")
        }
        let pixels = try Tensor(picture.pixels, shape: [picture.height, picture.width, picture.channels])
        var planes = try pixels.permute([2, 0, 1])
        if picture.channels == 4, try planes.narrow(dim: 0, start: 3, length: 1).integers().allSatisfy({ $0 == 255 }) {
            planes = try planes.narrow(dim: 0, start: 0, length: 3)
        }
        return try planes.to(.float32).div(255)
    }
}
