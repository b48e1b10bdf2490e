import Base
import Builtins
import Data
import Diagnostics
import Runtime
import Testing

/// Files of PyTorch in the language: what they hold, and networks filled from them.
@Suite struct `Loading PyTorch files` {
    static let folder = `Saving and loading`.fixtures + "torch/"

    /// The file of an object, whichever protocol it was written with.
    static func file(_ name: String) throws -> String {
        let names = try WholeFile.names(in: folder)
        return folder + (try #require(names.first { $0.hasPrefix(name + ".p") && $0.hasSuffix(".pt") }))
    }

    /// The network that the files hold the weights of.
    static let net = """
        module Net() {
            conv = Conv2d(1, 2, 3, bias=false)
            bn = BatchNorm2d(2)
            head = Sequential(Flatten(), Linear(8, 3))
            scale = Parameter(ones(1))
            seen = Buffer(zeros(2))
            fn forward(x) { return head(relu(bn(conv(x)))) * scale }
        }

        """

    @Test func `A checkpoint is nested values`() throws {
        let lines = try StandardScripts.lines(
            """
            c = load("\(Self.file("checkpoint_adam"))")
            print(c.keys())
            print(c["epoch"], c["loss"], c["args"]["lr"], c["model_state_dict"]["weight"].shape)
            print(c["optimizer_state_dict"]["state"][0]["exp_avg"].shape, c["optimizer_state_dict"]["param_groups"][0]["betas"])
            """)
        #expect(
            lines == [
                #"["epoch", "model_state_dict", "optimizer_state_dict", "scheduler", "loss", "args"]"#,
                "3 0.25 0.1 [2, 2]", "[2, 2] [0.9, 0.999]",
            ])
    }

    @Test func `Whole modules give their weights, other objects stay records that say what they are`() throws {
        let lines = try StandardScripts.lines(
            """
            print(load("\(Self.file("module_inside"))")["model"].keys()[:3])
            s = load("\(Self.file("settings"))")["s"]
            print(s, s.class_name, s.sizes)
            """)
        #expect(
            lines == [
                #"["scale", "seen", "conv.weight"]"#,
                "<__main__.Settings with name, sizes> __main__.Settings [1, 2]",
            ])
        let error = try #require(
            `Saving and loading`.error("load(\"\(Self.file("settings"))\")[\"s\"] + 1"))
        #expect(error.kind == .type && error.message.contains("__main__.Settings"))
    }

    static let sources: [(file: String, options: String, note: String?)] = [
        ("module", "", nil),
        ("module_inside", "", #"the weights under "model""#),
        ("data_parallel", "", #"names without their "module.""#),
        ("checkpoint_lightning", "", #"the weights under "state_dict", names without their "model.""#),
        ("checkpoint_ema", "", #"the weights under "model""#),
        ("checkpoint_ema", ", key=\"ema\"", #"the weights under "ema" → "module", names without their "module.""#),
        ("checkpoint_ema", ", key=\"ema.module\", rename={\"module.\": \"\"}", nil),
    ]

    @Test(arguments: sources.indices) func `The weights are found where checkpoints have them`(_ index: Int) throws {
        let (file, options, note) = Self.sources[index]
        let path = try Self.file(file)
        let lines = try StandardScripts.lines(
            Self.net + """
                net = load(Net(), "\(path)"\(options))
                print(net.scale.item(), net.seen.tolist())
                """)
        let isAverage = options.contains("ema")
        #expect(lines.last == (isAverage ? "3.0 [2.0, 3.0]" : "2.0 [1.0, 2.0]"))
        #expect(lines.count == (note == nil ? 1 : 2))
        if let note {
            let expected = "load: \(path): " + note
            #expect(lines.first?.hasPrefix(expected) == true, "\(lines)")
        }
    }

    @Test func `Names that do not fit are put beside the nearest, with their shapes`() throws {
        let source = Self.net.replacing(
            "head = Sequential(Flatten(), Linear(8, 3))", with: "classifier = Sequential(Flatten(), Linear(8, 5))"
        )
        .replacing("return head(", with: "return classifier(")
        let error = try #require(`Saving and loading`.error(source + "load(Net(), \"\(Self.file("module"))\")"))
        #expect(error.kind == .key)
        #expect(
            error.message.contains(#"missing "classifier.1.weight", "classifier.1.bias"; unexpected "head.1.weight""#))
        #expect(
            error.notes.contains(
                #""classifier.1.weight" [5, 8] is missing; the file's nearest is "head.1.weight" [3, 8]"#))
        #expect(error.help.first?.contains(#"rename={"head.": "classifier."}"#) == true)
    }

    static let mistakes: [(source: String, kind: FailureKind, message: String)] = [
        ("load(Net(), PATH, key=\"modl\")", .key, "has no key \"modl\""),
        ("load(Net(), \"/tmp/no-such-file.pth\")", .io, "cannot read /tmp/no-such-file.pth"),
        ("save({\"a\": x => x}, \"/tmp/distill-test.pt\")", .type, "not a function"),
        ("load(\"/tmp/x.pkl\")", .value, "is a file .safetensors"),
        ("save({\"a\": 1}, \"/tmp/distill-test.npz\")", .type, "holds tensors by name, and \"a\" is of type int"),
        ("normalize(TensorDataset(zeros(2, 3), arange(2)), \"imagnet\")", .value, "no statistics are known as"),
    ]

    @Test(arguments: mistakes.indices) func `A mistake says what is there`(_ index: Int) throws {
        let (source, kind, message) = Self.mistakes[index]
        let path = try Self.file("module_inside")
        let error = try #require(
            `Saving and loading`.error(Self.net + source.replacing("PATH", with: "\"\(path)\"")))
        #expect(error.kind == kind)
        #expect(error.message.contains(message), "\(error.message)")
    }

    @Test func `A network gets the names of its classes, and names what it sees in a picture`() throws {
        let folder = `Saving and loading`.fixtures + "images/"
        let lines = try StandardScripts.lines(
            """
            import "std/torchvision.dist" as tv
            manual_seed(0)
            save(tv.squeezenet1_1(), "/tmp/distill-test-squeeze.pth")
            net = load(tv.squeezenet1_1(), "/tmp/distill-test-squeeze.pth", classes="imagenet")
            print(len(net.classes), net.classes[:2])
            rows = top(net, "\(folder)plain.jpg", 3, size=64)
            print(len(rows), rows[0]["class"] in net.classes, rows[0]["probability"] >= rows[1]["probability"])
            x = normalize(image_folder("\(folder)", size=64, channels=3), "imagenet").x
            print(load("\(folder)plain.jpg").shape, predict(net, "\(folder)plain.jpg", size=64).shape, x.shape)
            """)
        #expect(
            lines == [
                "load: /tmp/distill-test-squeeze.pth: 1,000 classes, so ImageNet's; its inputs are images in 0…1 after normalize(ds, \"imagenet\")",
                #"1000 ["tench", "goldfish"]"#, "3 true true", "[3, 47, 61] [1, 1000] [72, 3, 64, 64]",
            ])
    }

    static let ways: [(source: String, kind: FailureKind, help: String)] = [
        (
            "load(Linear(2, 5), \"/tmp/distill-test-three.pt\")", .shape,
            "3 classes and the network 5: build it with num_classes=3"
        ),
        (
            "distill(load(\"/tmp/distill-test-three.pt\") -> Linear(2, 3), TensorDataset(zeros(4, 2), arange(4) % 3))",
            .type,
            "weights by name fill a network: load(net, \"weights.pth\")"
        ),
        (
            "distill(\"teacher.pth\" -> Linear(2, 3), TensorDataset(zeros(4, 2), arange(4) % 3))", .type,
            "load(net, \"teacher.pth\")"
        ),
        (
            "load(\"/tmp/distill-test-folder\")", .value,
            "load(tv.resnet18(num_classes=3), \"/tmp/distill-test-folder\")"
        ),
        ("load(\"/tmp/distill-test-faces/\")", .value, "load(tv.resnet50(), \"/tmp/distill-test-faces\")"),
        ("load(\"/tmp/distill-test-text\")", .value, "distill show /tmp/distill-test-text/model.safetensors --module"),
        ("load(\"/tmp/distill-test-nothing\")", .io, "image_folder reads a folder of images"),
        ("load(Linear(2, 3), \"teacher.onnx\")", .value, "gives the network of an .onnx file"),
    ]

    static let folders = [
        "folder":
            #"{"architecture": "resnet18.a1_in1k", "num_classes": 3, "pretrained_cfg": {"mean": [0.5, 0.5, 0.25], "std": [0.5, 0.5, 0.5], "label_names": ["a", "b", "c"]}}"#,
        "faces": #"{"model_type": "resnet", "layer_type": "bottleneck", "depths": [3, 4, 6, 3], "num_classes": 1000}"#,
        "text": #"{"model_type": "bert"}"#,
    ]

    /// Folders as the hub has them; the first holds a ResNet-18.
    static func makeFolders() throws {
        for (name, configuration) in folders {
            let folder = "/tmp/distill-test-\(name)"
            try WholeFile.makeFolder(folder)
            try WholeFile.write(Array(configuration.utf8), to: folder + "/config.json")
        }
        try WholeFile.makeFolder("/tmp/distill-test-nothing")
        try WholeFile.makeFolder("/tmp/distill-test-shards")
        let index = #"{"weight_map": {"x": "a.safetensors", "y": "b.safetensors", "z": "../three.pt"}}"#
        try WholeFile.write(Array(index.utf8), to: "/tmp/distill-test-shards/model.safetensors.index.json")
        _ = try StandardScripts.lines(
            """
            import "std/torchvision.dist" as tv
            manual_seed(0)
            save(tv.resnet18(num_classes=3), "/tmp/distill-test-folder/model.safetensors")
            for name in ["faces", "text"] { save({"w": ones(1)}, f"/tmp/distill-test-{name}/model.safetensors") }
            save(Linear(2, 3), "/tmp/distill-test-three.pt")
            """)
    }

    @Test func `What is no network says how it becomes a teacher`() throws {
        try Self.makeFolders()
        for (source, kind, help) in Self.ways {
            let error = try #require(`Saving and loading`.error(source), "\(source)")
            #expect(error.kind == kind, "\(error.message)")
            #expect(error.help.contains { $0.contains(help) }, "\(source): \(error.help)")
        }
    }

    @Test func `A folder tells normalisation and classes, and shards are one state`() throws {
        try Self.makeFolders()
        let lines = try StandardScripts.lines(
            """
            import "std/torchvision.dist" as tv
            net = load(tv.resnet18(num_classes=3), "/tmp/distill-test-folder")
            print(net.normalization, net.classes)
            state = net.state_dict()
            names = state.keys()
            save({k: state[k] for k in names[:50]}, "/tmp/distill-test-shards/a.safetensors")
            save({k: state[k] for k in names[50:]}, "/tmp/distill-test-shards/b.safetensors")
            other = load(tv.resnet18(num_classes=3), "/tmp/distill-test-shards")
            net.eval(); other.eval()
            x = ones(1, 3, 32, 32)
            print(allclose(net(x), other(x)), other.normalization)
            """)
        #expect(
            lines == [
                "load: /tmp/distill-test-folder: its inputs are images in 0…1 after normalize(ds, mean=[0.5, 0.5, 0.25], std=[0.5, 0.5, 0.5]); 3 classes have names",
                #"{"mean": [0.5, 0.5, 0.25], "std": [0.5, 0.5, 0.5]} ["a", "b", "c"]"#, "true none",
            ])
    }

    @Test func `Values survive a file`() throws {
        let lines = try StandardScripts.lines(
            """
            save({"w": [ones(2, 2), zeros(0)], "n": 3, "big": 1099511627776, "x": 0.1, "t": true, "none": none, "text": "é"}, "/tmp/distill-test-values.pt")
            print(load("/tmp/distill-test-values.pt"))
            save(tensor([1, 2]), "/tmp/distill-test-values.pth")
            print(load("/tmp/distill-test-values.pth").tolist())
            """)
        #expect(
            lines.joined().contains(#""n": 3, "big": 1099511627776, "x": 0.1, "t": true, "none": none, "text": "é"}"#))
        #expect(lines.last == "[1, 2]")
    }
}
