import Data
import Runtime
import Tensors

extension Builtin.Group {
    /// Reading, splitting and batching data.
    static let data = Builtin.Group("Data")
}

/// The datasets that have a name.
enum DatasetName: String, StringOption {
    case digits, mnist, fashion_mnist, kmnist, cifar10, cifar100
}

/// The parts of the published datasets.
enum SplitName: String, StringOption {
    case train, test
}

extension Library {
    /// Datasets: where they come from and what is done with them before training.
    func addDatasets() {
        addDatasetTypes()
        addDatasetSources()
        addFileReaders()
        addDatasetOperations()
    }

    private func addDatasetSources() {
        let name = Parameter<DatasetName>("name", "which one")
        let directory = Parameter<ReadPath?>.optional(
            "dir",
            "where its files are; without it NAME in $DISTILL_DATA, ./data, data beside the script and ~/.local/share/distill"
        )
        let part = Parameter<SplitName>("split", "which of the published parts", default: .train)
        add(
            Builtin(
                "dataset", .data, "A dataset that is built in, or one of the published ones from its original files.",
                parameters: [name.description, directory.description, part.description],
                returns: "x float32 [1797, 64] for digits, else [N, C, H, W] in 0…1 (kept as bytes); y int64 [N]",
                notes: [
                    "digits: 1,797 8×8 images of handwritten digits (E. Alpaydin, C. Kaynak, UCI, 1998, CC BY 4.0), "
                        + "pixels divided by 16, no split of its own.",
                    "mnist, fashion_mnist, kmnist: 60,000 and 10,000 images [1, 28, 28]; IDX files, plain or gzip.",
                    "cifar10, cifar100: 50,000 and 10,000 images [3, 32, 32]; the binary version.",
                    "`scripts/fetch-data mnist` downloads and checks the files.",
                ],
                seeAlso: ["split", "augment", "TensorDataset", "read_csv"],
                examples: [Example(#"len(dataset("digits"))"#, "1797")]
            ) { call -> Dataset in
                guard let named = try NamedDataset(rawValue: call[name].rawValue) else { return try digits() }
                return try named.read(
                    call[part] == .test ? .test : .train, folder: call[directory]?.found(),
                    beside: call.interpreter.files.folder)
            })
        addTensorDataset()
        addTables()
    }

    private func addFileReaders() {
        add(
            Builtin(
                "read_idx", .data, "Reads a file in the IDX format of MNIST, plain or gzip.",
                Parameter<ReadPath>("path", "the file"),
                Parameter<ReadPath?>.optional("labels", "a second such file; the result is then a dataset"),
                Parameter<Bool?>.optional(
                    "stream", "whether the bytes stay in the file and are read batch by batch",
                    defaultText: "if they take up more than a quarter of the memory that is left"),
                returns: "a tensor (uint8, int64 or float), or a dataset with x [N, 1, H, W] in 0…1",
                seeAlso: ["dataset", "image_folder"],
                examples: [Example("try { read_idx(\"no/such/file\") } catch e { e.kind }", "io")]
            ) { (path: ReadPath, labels: ReadPath?, stream: Bool?) -> Either<Tensor, Dataset> in
                guard let labels else { return .first(try readIDX(path.found())) }
                return .second(try readIDX(path.found(), labels: labels.found(), streams: stream))
            })
        let directory = Parameter<ReadPath>("dir", "the folder")
        let size = Parameter<OneOrMore<Int>?>.optional(
            "size", "[height, width], or one number for both", defaultText: "that of the images")
        let fit = Parameter<ImageFit>("fit", "how images of other proportions are brought to it", default: .crop)
        let channels = Parameter<Int?>.optional(
            "channels", "1 (grey) or 3 (red, green, blue)", defaultText: "1 if all images are grey")
        let skipBroken = Parameter<Bool>(
            "skip_broken", "whether broken images are left out and counted, instead of an error", default: false)
        let classes = Parameter<[String]?>.optional(
            "classes", "the names of the classes, in order", defaultText: "the folders, sorted")
        let like = Parameter<Dataset?>.optional("like", "a dataset whose classes these are")
        add(
            Builtin(
                "image_folder", .data, "Reads the PNG and JPEG images of a folder; every folder in it is a class.",
                parameters: [
                    directory.description, size.description, fit.description, channels.description,
                    skipBroken.description, classes.description, like.description,
                ],
                returns: "x float32 [N, C, H, W] in 0…1 (kept as bytes), y int64 [N]; no y without folders in it",
                notes: [
                    "Classes and files in the order of their names. Grey, colour, CMYK, palette, 1 to 16 bits, interlaced; "
                        + "alpha is dropped, what a camera held sideways is turned upright.",
                    "With size= every image is resampled as Pillow does, bilinear and antialiased; \"crop\" is "
                        + "torchvision's Resize and CenterCrop. Without it all images must have one size.",
                    "Images that would take more than a quarter of the memory that is left are decoded into a temporary "
                        + "file (TMPDIR, else /var/tmp) and read from it batch by batch on a second thread.",
                ],
                pytorch: .differs("torchvision.datasets.ImageFolder", "PNG and JPEG, grey stays one channel"),
                seeAlso: ["dataset", "read_idx", "augment", "normalize"],
                examples: [Example("try { image_folder(\"no/such/folder\") } catch e { e.kind }", "io")]
            ) { call in
                var options = try ImageFolderOptions(
                    fit: call[fit], channels: call[channels], skipsBroken: call[skipBroken])
                if let sizes = try call[size]?.elements {
                    guard (1...2).contains(sizes.count), let height = sizes.first, let width = sizes.last else {
                        throw Failure(.value, "image_folder: size must be one number or [height, width]")
                    }
                    options.size = (height, width)
                }
                options.classes = try call[classes] ?? call[like]?.classes
                let folder = try imageFolder(call[directory].found(), options)
                if let first = folder.skipped.first {
                    call.interpreter.warn(
                        "image_folder: \(folder.skipped.count) broken images left out, the first is \(first)")
                }
                return folder.dataset
            })
        add(
            Builtin(
                "class_weights", .data, "One factor a class that makes rare classes count as much as frequent ones.",
                formula: "N / (K · count)", Parameter<Dataset>("ds", "the dataset"), returns: "float32 [K]",
                notes: ["For `CrossEntropyLoss(weight=class_weights(train))`."], seeAlso: ["describe"],
                examples: [
                    Example(
                        "class_weights(TensorDataset(zeros(4, 2), tensor([0, 0, 0, 1]))).tolist()",
                        "[0.6666666865348816, 2.0]")
                ]
            ) { (dataset: Dataset) in try dataset.classWeights() })
    }

    private func addDatasetOperations() {
        let dataset = Parameter<Dataset>("ds", "the dataset")
        add(
            Builtin(
                "split", .data,
                "Cuts a dataset at random into training and test parts, and a validation part if wanted.",
                dataset, Parameter<Double>("test", "the share of the test part, between 0 and 1", default: 0.2),
                Parameter<Double?>.optional("val", "the share of the validation part"),
                Parameter<Int>("seed", "decides the cut; nothing else does", default: 0),
                returns: "[train, test], or [train, val, test] with `val`",
                notes: ["Stratified when there are classes: every part has each class in the same proportion."],
                seeAlso: ["normalize", "batches"],
                examples: [
                    Example(
                        #"train, test = split(dataset("digits"), test=0.2); [len(train), len(test)]"#, "[1438, 359]")
                ]
            ) { (dataset: Dataset, test: Double, val: Double?, seed: Int) in
                try Data.split(dataset, test: test, validation: val, seed: seed)
            })
        add(
            Builtin(
                "filter", .data, "The examples for which a function of x and y is true.",
                dataset, Parameter<Callable>("keep", "(x, y) => bool, called with each example"),
                returns: "a dataset", seeAlso: ["take", "concat"],
                examples: [Example(#"len(filter(dataset("digits"), (x, y) => y < 2))"#, "360")]
            ) { (dataset: Dataset, keep: Callable) in
                try dataset.filter { x, y in
                    let answer = try keep.call([x.encode(in: keep.interpreter), y.map { .tensor($0) } ?? .none])
                    switch answer {
                    case .bool(let bool): return bool
                    case .tensor(let tensor) where tensor.count == 1 && tensor.dtype == .bool:
                        return try tensor.item().integer != 0
                    default: throw Failure(.type, "filter: the function must give a bool, not \(answer.typeName)")
                    }
                }
            })
        add(
            Builtin(
                "take", .data, "The first examples of a dataset.", dataset,
                Parameter<Int>("count", "how many; more than there are is all of them"), returns: "a dataset",
                seeAlso: ["filter", "split"],
                examples: [Example(#"len(take(dataset("digits"), 100))"#, "100")]
            ) { (dataset: Dataset, count: Int) in try dataset.take(count) })
        add(
            Builtin(
                "concat", .data, "Datasets of one kind, one behind the other.",
                parameters: [
                    dataset.description, Parameter<[Dataset]>.variadic("others", "further datasets").description,
                ],
                returns: "a dataset", seeAlso: ["split", "filter"],
                examples: [Example(#"ds = dataset("digits"); len(concat(ds, take(ds, 3)))"#, "1800")]
            ) { call in
                try Dataset.concat([call[dataset]] + call[Parameter<[Dataset]>.variadic("others", "")])
            })
        addNormalization(dataset)
        add(
            Builtin(
                "batches", .data,
                "Goes through a dataset batch by batch: `for x, y in batches(train, 64, shuffle=true)`.",
                dataset, Parameter<Int>("batch_size", "examples in a batch; the last may have fewer", default: 64),
                Parameter<Bool>("shuffle", "a new order each time, from the shuffling stream", default: false),
                Parameter<Bool>("drop_last", "leave an incomplete last batch out", default: false),
                returns: "an iterable of [x, y]", pytorch: .differs("torch.utils.data.DataLoader", "batch_size is 64"),
                seeAlso: ["dataset", "fit"],
                examples: [
                    Example(#"[len(y) for x, y in batches(take(dataset("digits"), 10), 4)]"#, "[4, 4, 2]")
                ]
            ) { (dataset: Dataset, size: Int, shuffle: Bool, dropLast: Bool) in
                BatchesObject(try Batches(dataset, size: size, shuffle: shuffle, dropLast: dropLast))
            })
    }
}
