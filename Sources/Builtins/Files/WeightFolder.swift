import Base
import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

/// A folder as Hugging Face's hub has it, of timm or transformers: weights beside what they were trained with.
struct WeightFolder {
    /// The folder as given, without a last slash.
    let path: String
    /// The files with the weights, in order; several where they are in shards.
    let files: [String]
    /// Its config.json, if it has one.
    let configuration: JSON?
    private let preprocessing: JSON?

    /// Looks into a folder; nothing if `path` is none.
    ///
    /// - Throws: ``FileError``, ``DataError`` for configurations that are no JSON, a `Failure` for a folder without weights.
    init?(_ path: String, function: String, argument: Int) throws {
        guard (try? WholeFile.names(in: path)) != nil else { return nil }
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        let names = try WholeFile.names(in: path)
        func json(_ name: String) throws -> JSON? {
            guard names.contains(name) else { return nil }
            do {
                return try JSON(parsing: FileBytes.read(path + "/" + name))
            } catch let error as JSON.SyntaxError {
                throw DataError.byte(
                    path: path + "/" + name, offset: error.offset, problem: "no JSON: \(error.problem)")
            }
        }
        configuration = try json("config.json")
        preprocessing = try json("preprocessor_config.json")
        let whole = ["model.safetensors", "pytorch_model.bin", "model.pth", "model.pt"].first(where: names.contains)
        let index = ["model.safetensors.index.json", "pytorch_model.bin.index.json"].first(where: names.contains)
        if let whole {
            files = [path + "/" + whole]
        } else if let index, case .object(let places)? = try json(index)?["weight_map"] {
            // A shard is a file of this folder and no other.
            let shards = OrderedSet(places.compactMap(\.value.string)).filter(names.contains)
            files = shards.map { path + "/" + $0 }
        } else {
            files = []
        }
        guard !files.isEmpty else {
            throw Failure(
                .io, "\(function): the folder \(path) holds no weights",
                help: [
                    "a model.safetensors or pytorch_model.bin is looked for; image_folder reads a folder of images"
                ],
                operands: [argument: ""])
        }
    }

    /// The mean and std that its inputs were normalised with.
    var normalization: Normalization? {
        func numbers(_ json: JSON?) -> [Double]? { json?.array.map { $0.compactMap(\.double) } }
        let trained = configuration?["pretrained_cfg"]
        guard let mean = numbers(trained?["mean"] ?? preprocessing?["image_mean"]),
            let std = numbers(trained?["std"] ?? preprocessing?["image_std"])
        else { return nil }
        return try? Normalization(mean: mean, std: std)
    }

    /// The names of its classes, in order.
    var classes: [String]? {
        if let names = (configuration?["label_names"] ?? configuration?["pretrained_cfg"]?["label_names"])?.array {
            let descriptions = configuration?["label_descriptions"]
            return names.compactMap { $0.string.map { descriptions?[$0]?.string ?? $0 } }
        }
        guard case .object(let labels)? = configuration?["id2label"] else { return nil }
        let byNumber = Dictionary(labels.map { ($0.key, $0.value.string ?? $0.key) }) { first, _ in first }
        let names = (0..<labels.count).compactMap { byNumber[String($0)] }
        // LABEL_0 says no more than the number does.
        return names.count == labels.count && names.first != "LABEL_0" ? names : nil
    }

    /// How many classes it tells.
    private var classCount: Int? { configuration?["num_classes"]?.integer ?? classes?.count }

    /// The call that builds a network for it from std/torchvision.dist, if there is one.
    var builder: String? {
        guard let configuration else { return nil }
        let architecture = configuration["architecture"]?.string?.split(separator: ".").first.map(String.init)
        let name: String?
        switch (architecture, configuration["model_type"]?.string) {
        case (let name?, _):
            let others = ["mobilenetv2_100": "mobilenet_v2", "vit_base_patch16_224": "vit_b_16"]
            let same: Set<String> = [
                "resnet18", "resnet34", "resnet50", "resnet101", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
                "densenet121", "efficientnet_b0", "convnext_tiny",
            ]
            return (same.contains(name) ? name : others[name] ?? (name == "deit_base_patch16_224" ? "vit_b_16" : nil))
                .map(call)
        case (nil, "resnet"):
            let isBasic = configuration["layer_type"]?.string == "basic"
            switch (configuration["depths"]?.array?.compactMap(\.integer) ?? [], isBasic) {
            case ([2, 2, 2, 2], true): name = "resnet18"
            case ([3, 4, 6, 3], true): name = "resnet34"
            case ([3, 4, 6, 3], false): name = "resnet50"
            case ([3, 4, 23, 3], false): name = "resnet101"
            default: name = nil
            }
        case (nil, "vit"):
            let sizes = ["hidden_size", "num_hidden_layers", "patch_size", "image_size"].map {
                configuration[$0]?.integer
            }
            name = sizes == [768, 12, 16, 224] ? "vit_b_16" : nil
        case (nil, "convnext"):
            name = configuration["depths"]?.array?.compactMap(\.integer) == [3, 3, 9, 3] ? "convnext_tiny" : nil
        default: name = nil
        }
        return name.map(call)
    }

    private func call(_ name: String) -> String {
        "tv.\(name)(\(classCount.map { $0 == 1000 ? "" : "num_classes=\($0)" } ?? ""))"
    }

    /// What is said to somebody who wants a network of it.
    var refusal: Failure {
        let kind = configuration?["architecture"]?.string ?? configuration?["model_type"]?.string
        let help: [String]
        if let builder {
            help = ["import \"std/torchvision.dist\" as tv; net = load(\(builder), \"\(path)\")"]
        } else {
            help = [
                "a module with its names is filled by load(net, \"\(path)\"): distill show \(files[0]) --module declares one",
                "load(\"\(files[0])\") gives its tensors",
            ]
        }
        return Failure(
            .value,
            "load: the folder \(path) holds weights\(kind.map { " of the architecture \($0)" } ?? "") and no network",
            help: help, operands: [0: ""])
    }

    /// Keeps with a network what the folder says of its inputs and classes; the line that tells so.
    func describe(_ net: Module) -> String? {
        guard normalization != nil || classes != nil else { return nil }
        var record = net.record ?? TrainingRecord()
        var said: [String] = []
        if let normalization {
            record.normalization = normalization
            let isImageNet = (try? Normalization.imageNet()) == normalization
            said.append(
                "its inputs are images in 0…1 after normalize(ds, "
                    + (isImageNet
                        ? "\"imagenet\")" : "mean=\(normalization.mean), std=\(normalization.std))"))
        }
        if let classes {
            record.classes = classes
            said.append("\(classes.count) classes have names")
        }
        net.record = record
        return "load: \(path): " + said.joined(separator: "; ")
    }
}
