import Data
import Drawing
import Learning
import OrderedCollections
import Runtime
import Tensors

/// The formats of tensors and networks, by the extension of a file.
enum TensorFile: String, CaseIterable {
    case safetensors, distill, onnx, npz, npy

    /// The format of a path.
    ///
    /// - Throws: a ``Failure`` that lists the formats `allowed` for `what`, and says how other formats become one.
    init(_ path: String, function: String, what: String, allowed: [TensorFile], argument: Int) throws {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let suffix = name.contains(".") ? name.split(separator: ".").last.map { $0.lowercased() } ?? "" : ""
        if let format = TensorFile(rawValue: suffix), allowed.contains(format) {
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
        "pt": torch, "pth": torch, "bin": torch, "ckpt": torch, "pkl": torch,
        "h5": "in Python: numpy.savez(\"weights.npz\", **arrays)",
        "csv": "read_csv(path) reads a table", "json": "read_text(path) gives its text",
        "txt": "read_text(path) gives its text",
    ]
    private static let torch =
        "in Python: safetensors.torch.save_file(net.state_dict(), \"net.safetensors\"), then load(net, \"net.safetensors\")"
}

extension TensorFile {
    /// The tensors of a file by name.
    static func tensors(_ path: String, function: String, argument: Int) throws -> OrderedDictionary<String, Tensor> {
        let format = try TensorFile(
            path, function: function, what: "what fills a network", allowed: [.safetensors, .distill, .npz],
            argument: argument)
        switch format {
        case .npz: return try NPZ.read(path)
        default:
            let file = try SafeTensors(reading: path)
            return file.tensors.filter { !$0.key.hasPrefix("distill.") }
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
