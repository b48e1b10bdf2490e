import Base
import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors
import Tokenization

extension Library {
    /// Networks and tensors to files.
    func addNetworkSaving() {
        let net = Parameter<Module>("net", "the network")
        let path = Parameter<String>("path", "the file; its extension says the format")
        let data = Parameter<Dataset?>.optional(
            "data", "whose normalisation, classes and columns are to be kept", defaultText: "that of the last training"
        )
        let input = Parameter<ExampleInput?>.optional(
            "input",
            ".onnx, .c: the shape of one example such as [1, 28, 28], an example batch for token numbers, or a dict of such"
        )
        let tokenizer = Parameter<Tokenizer?>.optional(
            "tokenizer", "a folder: the tokenizer that belongs to the network and is written beside it")
        let normalize = Parameter<Bool>(
            "normalize",
            ".onnx, .c: put the normalisation of the training data into the graph, so that it takes raw inputs",
            default: false)
        add(
            Builtin(
                "save", .files,
                "Writes a network: .distill all of it, .safetensors and .pt the weights under PyTorch's names, .onnx and .c for deployment.",
                parameters: [
                    net.description, path.description, input.description, data.description, normalize.description,
                    tokenizer.description,
                ],
                notes: [
                    ".distill holds weights, architecture (the source of modules written in Dist too), normalisation, classes, the input's sizes and columns, and provenance; load gives the network back. Its weights are read by safetensors as they are.",
                    ".safetensors: in Python, net.load_state_dict(safetensors.torch.load_file(path)).",
                    ".pt: in Python, net.load_state_dict(torch.load(path, weights_only=True)).",
                    ".onnx: opset 17, evaluation mode, any number of examples, float32; inputs are called input (or as in the dict), the result logits. What has no form in ONNX is an error.",
                    ".c: one C99 file that needs <math.h> alone, for one example; student.c has student_predict(x, y), with a static buffer, and student_predict_with(x, y, scratch). Its first comment says sizes, memory, classes and what a sample gives. At most 5 million numbers, float32.",
                    "A path without an extension is a folder as transformers and sentence-transformers read it (config.json, model.safetensors, …), for the networks of std/transformers.dist.",
                    "The old file stays until the new one is whole.",
                ],
                seeAlso: ["load", "state_dict"],
                examples: [
                    Example(
                        """
                        net = Sequential(Linear(4, 8), ReLU(), Linear(8, 2))
                        save(net, "/tmp/distill-example.distill")
                        load("/tmp/distill-example.distill")(zeros(3, 4)).shape
                        """, "[3, 2]")
                ]
            ) { call in
                let net = try call[net]
                let path = try call[path]
                if let data = try call[data] {
                    net.record = net.record ?? TrainingRecord()
                    net.record?.normalization = data.normalization
                    net.record?.classes = data.classes
                    net.record?.input = InputRecord(of: data)
                }
                if try SavedTransformer.write(net, to: path, tokenizer: call[tokenizer], in: call.interpreter) {
                    return NoValue()
                }
                switch try TensorFile(
                    path, function: "save", what: "a network", allowed: [.distill, .safetensors, .onnx, .pt, .c],
                    argument: 1)
                {
                case let format where format == .onnx || format == .c:
                    guard let input = try call[input] else {
                        throw Failure(
                            .value,
                            "save: \(format == .c ? "a" : "an") .\(format.rawValue) file needs input=, the shape of one example",
                            help: ["save(net, \"\(path)\", input=[1, 28, 28])"])
                    }
                    let exported = try Self.exported(net, normalize: call[normalize], path, call.interpreter)
                    let inputs = try input.batches()
                    let bytes =
                        format == .c
                        ? try CSource(tracing: exported, inputs: inputs, path: path).bytes
                        : try ONNXModel(tracing: exported, inputs: inputs).bytes()
                    try WholeFile.write(bytes, to: path)
                case .distill: try ModelFile.write(net, to: path, in: call.interpreter)
                case .pt: try WholeFile.write(StorableValue.bytes(.module(net), path: path), to: path)
                default: try SafeTensors(net.storedState(), metadata: ["format": "pt"]).write(to: path)
                }
                return NoValue()
            })
        addRecordAttributes()
    }

    /// The network as it is exported: with the normalisation of its training data before it, if that is asked for; a
    /// network that needs one and goes without says so.
    private static func exported(
        _ net: Module, normalize: Bool, _ path: String, _ interpreter: Interpreter
    ) throws -> Module {
        guard let normalization = net.record?.normalization else {
            if normalize {
                throw Failure(
                    .value, "save: normalize=true, and the network was not trained on normalised data",
                    help: ["save(net, \"\(path)\", input=…, data=train) says with what it was"])
            }
            return net
        }
        if normalize { return NormalizedNetwork(net, normalization) }
        interpreter.warn(
            "save: the network was trained on normalised inputs, and \(path) needs them: normalize=true puts that into the graph"
        )
        return net
    }

    private func addRecordAttributes() {
        let start = #"net = Linear(64, 10); fit(net, take(dataset("digits"), 64), epochs=1);"#
        add(
            Attribute(
                "classes", on: .module, "The names of the classes it was trained on, or none.",
                examples: [Example("\(start) len(net.classes)", "10")]
            ) { (net: Module) in net.record?.classes })
        add(
            Attribute(
                "normalization", on: .module,
                "The mean and std its training data was normalised with, or none: normalize(ds, **net.normalization).",
                examples: [Example("\(start) print(net.normalization)", "none")]
            ) { (net: Module) -> OrderedDictionary<String, [Double]>? in
                net.record?.normalization.map { ["mean": $0.mean, "std": $0.std] }
            })
        add(
            Attribute(
                "provenance", on: .module, "Where its weights come from: objective, epochs, seed, data, metrics.",
                examples: [Example("\(start) net.provenance[\"epochs\"]", "1")]
            ) { (net: Module) in net.record?.provenance ?? [:] })
    }

    /// Tensors to files.
    func addTensorSaving() {
        let path = Parameter<String>("path", "the file; its extension says the format")
        add(
            Builtin(
                "save", .files, "Writes a tensor: .npy for NumPy, .pt for PyTorch.", Parameter<Tensor>("x", "a tensor"),
                path,
                notes: ["In Python: numpy.load(path), torch.load(path)."], seeAlso: ["load"],
                examples: [
                    Example(
                        #"save(arange(3), "/tmp/distill-example.npy"); load("/tmp/distill-example.npy").tolist()"#,
                        "[0, 1, 2]")
                ]
            ) { (x: Tensor, path: String) in
                switch try TensorFile(path, function: "save", what: "a tensor", allowed: [.npy, .pt], argument: 1) {
                case .pt: try WholeFile.write(StorableValue.bytes(.tensor(x), path: path), to: path)
                default: try NPY.write(x, to: path)
                }
                return NoValue()
            })
    }

    /// Files to networks and tensors.
    func addLoading() {
        let path = Parameter<ReadPath>("path", "the file; its extension says what it holds")
        let output = Parameter<String?>.optional(
            "output", ".onnx: which of several outputs the network gives",
            defaultText: "\"logits\", else the first of shape [N, K]")
        add(
            Builtin(
                "load", .files, "What a file holds: a tensor, tensors by name, a picture or a network.",
                parameters: [path.description, output.description],
                returns:
                    ".npy: a tensor; .npz: a dict of tensors, and lists of texts; .safetensors: a dict of tensors; .pt, .pth, .bin, .ckpt: what torch.save was given; .png, .jpg: a tensor [C, H, W] in 0…1; .distill, .onnx: a network in evaluation mode; so a folder of transformers' or sentence-transformers' with BERT, RoBERTa or DistilBERT",
                notes: [
                    "Of PyTorch's files nothing is run: whole modules give their weights by name, objects of other classes stay records with their attributes.",
                    "Half precision and bfloat16 become float32, small integers int64.",
                    "Of an .onnx file every node is a layer, with its weights as parameters: it teaches, trains, has features and is exported as networks built here. Batch normalisation keeps its statistics. An operator that is not read is an error that names it.",
                    "A .distill file may hold the source of modules, which runs: load such files from people you trust.",
                ],
                seeAlso: ["save", "read_csv", "dataset"],
                examples: [
                    Example(
                        #"save({"w": ones(2)}, "/tmp/distill-example.safetensors"); load("/tmp/distill-example.safetensors")["w"].tolist()"#,
                        "[1.0, 1.0]")
                ]
            ) { call in
                let file = try call[path].found()
                if let folder = try TransformerFolder(file, function: "load", argument: 0) {
                    return Value.module(try folder.network(in: call.interpreter))
                }
                if let folder = try WeightFolder(file, function: "load", argument: 0) { throw folder.refusal }
                if file.lowercased().hasSuffix(".png") { return Value.tensor(try TensorFile.image(file)) }
                if [".jpg", ".jpeg"].contains(where: file.lowercased().hasSuffix) {
                    return .tensor(try PixelImage(reading: file).tensor().to(.float32).div(255))
                }
                // A name without an ending is a folder's, and there is none.
                if !file.contains("."), !WholeFile.exists(file) { _ = try FileBytes.read(file) }
                let kind = try TensorFile(
                    file, function: "load", what: "what can be loaded",
                    allowed: [.safetensors, .distill, .npz, .npy, .pt, .onnx], argument: 0)
                if try call[output] != nil, kind != .onnx {
                    throw Failure(.value, "load: output= is for .onnx files, \(file) is none")
                }
                switch kind {
                case .npy: return .tensor(try NPY.read(file))
                case .npz:
                    let dict = DictObject()
                    for (name, array) in try NPZ.contents(file) {
                        switch array {
                        case .tensor(let tensor): dict[name] = .tensor(tensor)
                        case .texts(let texts): dict[name] = texts.encode(in: call.interpreter)
                        }
                    }
                    return .dict(dict)
                case .pt where try FileKind(of: file) != .safetensors:
                    let torch = try TorchFile(reading: file)
                    return try StoredValues(torch, in: call.interpreter).value(torch.root)
                case .distill:
                    return .module(try ModelFile.network(SafeTensors(reading: file), path: file, in: call.interpreter))
                case .onnx:
                    let model = try ONNXModel(reading: file), asked = try call[output]
                    let net = try ONNXNetwork(model, outputs: asked.map { [$0] } ?? [])
                    if net.givesProbabilities {
                        call.interpreter.output(
                            Markup(
                                "load: \(file) gives probabilities; log(predict(net, ds)) is what distill compares with\n"
                            ))
                    } else if asked == nil, model.outputs.count > 1 {
                        let names = model.outputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
                        call.interpreter.output(
                            Markup(
                                "load: \(file) has the outputs \(names); this is \"\(net.outputName)\", output= takes another\n"
                            ))
                    }
                    net.eval()
                    return .module(net)
                case .safetensors, .pt, .c:
                    return try SafeTensors(reading: file).tensors.encode(in: call.interpreter)
                }
            })
        let net = Parameter<Module>("net", "the network to be filled")
        let strict = Parameter<Bool>("strict", "whether a missing or unexpected name is an error", default: true)
        let rename = Parameter<OrderedDictionary<String, String>?>.optional(
            "rename", "how names in the file begin and how the network's begin instead: {\"module.\": \"\"}")
        let key = Parameter<String?>.optional(
            "key", "where the weights are in a training checkpoint: \"ema\", \"model.teacher\"",
            defaultText: "where they are found")
        let classes = Parameter<ClassNames?>.optional(
            "classes", "the names of the network's classes: \"imagenet\", or a list of them",
            defaultText: "those it has")
        add(
            Builtin(
                "load", .files, "Fills a network with the tensors of a file, by PyTorch's names.",
                parameters: [
                    net.description, path.description, strict.description, rename.description, key.description,
                    classes.description,
                ],
                returns: "the network",
                notes: [
                    "Nothing is changed unless all shapes fit. Without strict, what matches by name is loaded.",
                    "Names of timm's and transformers' are taken as torchvision's where the networks are the same; one line says so.",
                    "A folder with model.safetensors or pytorch_model.bin beside its config.json gives normalisation and classes too.",
                    "Weights of torchvision's networks for 1,000 classes bring ImageNet's normalisation and classes.",
                    "In a training checkpoint the weights are looked for under the usual keys, and what all names begin with is taken off when that makes them match; one line says so.",
                ],
                pytorch: .differs("torch.nn.Module.load_state_dict", "takes a file"),
                seeAlso: ["save", "load_state_dict"],
                examples: [
                    Example(
                        """
                        a = Linear(3, 2)
                        save({"module." + k: v for k, v in a.state_dict().items()}, "/tmp/distill-example-renamed.safetensors")
                        b = load(Linear(3, 2), "/tmp/distill-example-renamed.safetensors", rename={"module.": ""})
                        allclose(a.weight, b.weight)
                        """, "true")
                ]
            ) { call in
                let net = try call[net]
                let file = try call[path].found()
                let folder = try WeightFolder(file, function: "load", argument: 1)
                let search = try TensorFile.weights(
                    folder?.files ?? [file], named: file, key: call[key], function: "load", argument: 1)
                let own = net.namedState()
                let rules = try call[rename]
                let names = Set(own.map(\.name))
                guard
                    let choice = search.choice(
                        for: rules == nil ? names : [], asked: try call[key] != nil)
                else { return net }
                var tensors = try choice.tensors(for: own)
                if (net as? ScriptedModule)?.sourceName == "std/transformers.dist" {
                    tensors = TransformerFolder.current(tensors)
                }
                if let rules { tensors = try Self.renamed(tensors, rules) }
                for (name, tensor) in own where tensors[name] == nil && name.hasSuffix("num_batches_tracked") {
                    // PyTorch before 0.4.1 did not count batches.
                    tensors[name] = tensor
                }
                do {
                    try net.loadStoredState(tensors, strict: call[strict])
                } catch let error as ModuleError {
                    let mismatch = WeightMismatch(network: own, file: tensors.mapValues { $0.shape.array })
                    throw Failure(
                        error.kind, "load: \(file) does not fit the network: \(error.problem)",
                        help: (mismatch.classes ?? mismatch.renaming ?? error.help).map { [$0] } ?? [],
                        notes: mismatch.notes, operands: [1: ""])
                }
                let notes = [choice.note, folder?.describe(net) ?? Self.imageNetNote(net, own, choice, file)]
                if let names = try call[classes]?.names {
                    net.record = net.record ?? TrainingRecord()
                    net.record?.classes = names
                }
                for note in notes.compactMap({ $0 }) { call.interpreter.output(Markup(note + "\n")) }
                return net
            })
    }

    /// torchvision's weights for ImageNet's 1,000 classes take ImageNet's normalisation: kept with the network, so that data
    /// without it are noticed, and said. Whoever else's weights these are, theirs may be another.
    private static func imageNetNote(
        _ net: Module, _ own: [(name: String, tensor: Tensor)], _ choice: WeightSearch.Choice, _ file: String
    ) -> String? {
        guard let scripted = net as? ScriptedModule, scripted.sourceName == "std/torchvision.dist",
            scripted.typeName != "EfficientNetLite", choice.convention == nil, net.record?.normalization == nil,
            own.last?.tensor.shape.array == [1000], let statistics = try? Normalization.imageNet()
        else { return nil }
        net.record = net.record ?? TrainingRecord()
        net.record?.normalization = statistics
        net.record?.classes = imageNetClasses()
        return "load: \(file): 1,000 classes, so ImageNet's; "
            + "its inputs are images in 0…1 after normalize(ds, \"imagenet\")"
    }

    /// Tensors whose names begin as the network's do; of several beginnings that fit, the longest counts.
    private static func renamed(
        _ tensors: OrderedDictionary<String, Tensor>, _ rename: OrderedDictionary<String, String>
    ) throws -> OrderedDictionary<String, Tensor> {
        let beginnings = rename.sorted { $0.key.utf8.count > $1.key.utf8.count }
        var renamed: OrderedDictionary<String, Tensor> = [:]
        for (name, tensor) in tensors {
            let rule = beginnings.first { name.hasPrefix($0.key) }
            let new = rule.map { $0.value + name.dropFirst($0.key.count) } ?? name
            guard renamed[new] == nil else {
                throw Failure(.value, "load: rename= makes two tensors called \"\(new)\"")
            }
            renamed[new] = tensor
        }
        return renamed
    }
}

/// Names of classes: a list, or those of a published dataset.
struct ClassNames: ValueDecodable {
    let names: [String]

    static var languageType: LanguageType { .union([.options(["imagenet"]), .list(.string)]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> ClassNames? {
        if value.text == "imagenet" { return ClassNames(names: imageNetClasses()) }
        return [String].decode(value, in: interpreter).map { ClassNames(names: $0) }
    }
}

/// What a network is tried with: the shape of one example, a batch, or several of them by name.
struct ExampleInput: ValueDecodable {
    private let parts: OrderedDictionary<String, Either<Tensor, [Int]>>

    static var languageType: LanguageType { .union([.tensor, .list(.int), .dict]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> ExampleInput? {
        if let one = Either<Tensor, [Int]>.decode(value, in: interpreter) { return ExampleInput(parts: ["input": one]) }
        return OrderedDictionary<String, Either<Tensor, [Int]>>.decode(value, in: interpreter).flatMap {
            $0.isEmpty ? nil : ExampleInput(parts: $0)
        }
    }

    /// The batches by name.
    func batches() throws -> OrderedDictionary<String, Tensor> {
        try parts.mapValues { part in
            switch part {
            case .first(let batch): batch
            case .second(let shape): try .zeros([1] + shape)
            }
        }
    }
}
