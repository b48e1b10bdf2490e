import Data
import Diagnostics
import Learning
import Runtime
import Tensors

extension ImageFit: StringOption {}

extension Library {
    /// What networks say about picture files.
    func addPictures() {
        let net = Parameter<Module>("net", "the network")
        let path = Parameter<ReadPath>("path", "a .png or .jpg file")
        let size = Parameter<Pair>(
            "size", "the height and width that the network takes, or one number for both", default: 224)
        let mean = Parameter<[Double]?>.optional(
            "mean", "the mean of each channel", defaultText: "the network's, else ImageNet's")
        let std = Parameter<[Double]?>.optional(
            "std", "the standard deviation of each channel", defaultText: "the network's, else ImageNet's")
        let notes = [
            "The picture is brought to the size as by image_folder with fit=\"crop\", and normalised as the data that the "
                + "network was trained on, else as ImageNet's."
        ]
        let setup = """
            save_picture = plot_images(zeros(1, 3, 8, 8)); save(save_picture, "/tmp/distill-example-picture.png")
            net = Sequential(Flatten(), Linear(3 * 16, 4))

            """
        add(
            Builtin(
                "predict", .training, "The logits of a network for a picture file.",
                parameters: [
                    net.description, path.description, size.description, mean.description, std.description,
                ], returns: "a tensor [1, K]",
                notes: notes, seeAlso: ["top", "image_folder"],
                examples: [
                    Example(setup + #"predict(net, "/tmp/distill-example-picture.png", size=4).shape"#, "[1, 4]")
                ]
            ) { call in
                try Self.logits("predict", call, call[net], call[path].found(), call[size], call[mean], call[std])
            })
        let count = Parameter<Int>("k", "how many classes", default: 5)
        add(
            Builtin(
                "top", .training, "The most probable classes of a picture file.",
                parameters: [
                    net.description, path.description, count.description, size.description, mean.description,
                    std.description,
                ],
                returns: "a list of dicts with class and probability, the most probable first", notes: notes,
                seeAlso: ["predict"],
                examples: [
                    Example(setup + #"len(top(net, "/tmp/distill-example-picture.png", 3, size=4))"#, "3")
                ]
            ) { call in
                let (network, most) = (try call[net], try call[count])
                guard most > 0 else { throw Failure(.value, "top: k must be at least 1, given \(most)") }
                let logits = try Self.logits(
                    "top", call, network, call[path].found(), call[size], call[mean], call[std])
                guard logits.rank == 2 else {
                    throw Failure(.shape, "top: the network gives \(logits.shape), expected logits [1, K]")
                }
                let probabilities = try logits.softmax(dim: 1).doubles()
                let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
                let classes = network.record?.classes
                return Value.list(
                    order.prefix(most).map { index in
                        let dict = DictObject()
                        let isNamed = classes?.count == probabilities.count
                        dict["class"] = isNamed ? .string(classes?[index] ?? "") : .int(index)
                        dict["probability"] = .float(probabilities[index])
                        return .dict(dict)
                    })
            })
    }

    private static func logits(
        _ name: String, _ call: Call, _ net: Module, _ path: String, _ size: Pair, _ mean: [Double]?, _ std: [Double]?
    ) throws -> Tensor {
        let (height, width) = (size.height, size.width)
        guard (1...10_000).contains(height), (1...10_000).contains(width) else {
            throw Failure(.value, "\(name): size must be one number or [height, width], between 1 and 10,000")
        }
        let normalization = try Self.normalization(name, call, net, mean, std)
        let image = try PixelImage(reading: path, channels: normalization.mean.count == 1 ? 1 : 3)
            .fitted(.crop, height: height, width: width)
        let x = try image.tensor().unsqueeze(dim: 0)
        let dataset = try Data.normalize([Dataset(x: x, y: nil)], with: normalization)[0]
        return try Learning.predict(net, dataset)
    }

    /// What pictures are normalised with: the numbers that are given, the network's, or ImageNet's, which is said.
    private static func normalization(
        _ name: String, _ call: Call, _ net: Module, _ mean: [Double]?, _ std: [Double]?
    ) throws -> Normalization {
        switch (mean, std) {
        case (let mean?, let std?):
            guard mean.count == std.count, mean.count == 1 || mean.count == 3, std.allSatisfy({ $0 > 0 }) else {
                throw Failure(.value, "\(name): mean and std are 1 or 3 numbers each, std above 0")
            }
            return try Normalization(mean: mean, std: std)
        case (nil, nil):
            if let own = net.record?.normalization { return own }
            call.interpreter.warn(
                "\(name): the network does not say how its images were normalised; taken as ImageNet's (mean= and std= say otherwise)"
            )
            return try .imageNet()
        default: throw Failure(.value, "\(name): mean and std are given together")
        }
    }
}
