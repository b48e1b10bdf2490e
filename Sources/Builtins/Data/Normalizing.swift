import Data
import Diagnostics
import Learning
import Runtime
import Tensors

/// Statistics that are known by a name.
enum PublishedNormalization: String, StringOption {
    case imagenet
}

extension Library {
    /// Datasets with mean 0 and standard deviation 1, or with somebody else's statistics.
    func addNormalization(_ dataset: Parameter<Dataset>) {
        let others = Parameter<[Either<Dataset, String>]>.variadic(
            "others", "further datasets, which get the first's statistics; last of all \"imagenet\" for ImageNet's")
        let mean = Parameter<[Double]?>.optional("mean", "the mean of each column or channel, instead of the first's")
        let std = Parameter<[Double]?>.optional("std", "the standard deviation of each, instead of the first's")
        add(
            Builtin(
                "normalize", .data, "Shifts and scales x to mean 0 and standard deviation 1, per column or channel.",
                formula: "(x − mean) / std",
                parameters: [dataset.description, others.description, mean.description, std.description],
                returns: "the dataset, or a list of them",
                notes: [
                    "Statistics are those of the first dataset: give the training data first.",
                    "\"imagenet\": mean [0.485, 0.456, 0.406] and std [0.229, 0.224, 0.225] for RGB images in 0…1, as "
                        + "torchvision's networks were trained.",
                ],
                seeAlso: ["split", "image_folder"],
                examples: [
                    Example(
                        #"train, test = normalize(*split(dataset("digits"))); abs(mean(train.x)).item() < 1e-5"#, "true"
                    ),
                    Example(
                        #"normalize(TensorDataset(zeros(2, 3, 4, 4), arange(2)), "imagenet").x[0, :, 0, 0].tolist()"#,
                        "[-2.1179039478302, -2.0357141494750977, -1.804444432258606]"),
                ]
            ) { call in
                var datasets = [try call[dataset]]
                var statistics: Normalization?
                if let mean = try call[mean] {
                    guard let std = try call[std] else {
                        throw Failure(.value, "normalize: mean= needs std= beside it")
                    }
                    statistics = try Normalization(mean: mean, std: std)
                }
                let rest = try call[others]
                for (index, other) in rest.enumerated() {
                    switch other {
                    case .first(let dataset): datasets.append(dataset)
                    case .second(let name):
                        guard index == rest.count - 1, statistics == nil else {
                            throw Failure(
                                .value, "normalize: \"\(name)\" stands last, and without mean=",
                                operands: [index + 1: ""])
                        }
                        statistics = try Self.published(name, at: index + 1)
                    }
                }
                let result = try Data.normalize(datasets, with: statistics)
                return result.count == 1 ? result[0].encode(in: call.interpreter) : result.encode(in: call.interpreter)
            })
    }

    private static func published(_ name: String, at argument: Int) throws -> Normalization {
        switch PublishedNormalization(rawValue: name) {
        case .imagenet: return try .imageNet()
        case nil:
            let near = Nearest.match(name, in: PublishedNormalization.optionNames).map { "did you mean \"\($0)\"?" }
            throw Failure(
                .value, "normalize: no statistics are known as \"\(name)\", only as \"imagenet\"",
                help: [near ?? "normalize(ds, mean=[…], std=[…])"], operands: [argument: ""])
        }
    }
}
