import Base
import Builtins
import Data
import Diagnostics
import Learning
import Runtime
import Testing

/// Networks and tensors to files and back.
@Suite struct `Saving and loading` {
    static let fixtures =
        #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/DataTests/Fixtures/"

    static func error(_ source: String) -> Diagnostic? {
        do {
            _ = try StandardScripts.lines(source)
            return nil
        } catch { return error as? Diagnostic }
    }

    @Test func `A PyTorch network gives the outputs it gave there`() throws {
        let lines = try StandardScripts.lines(
            """
            module Net() {
                conv = Conv2d(1, 4, 3, padding=1)
                bn = BatchNorm2d(4)
                lstm = LSTM(16, 6, batch_first=true, bidirectional=true)
                encoder = TransformerEncoderLayer(12, 2, 16, batch_first=true)
                head = Sequential(Linear(12, 5), GELU(), Linear(5, 3))
                fn forward(x) {
                    h, _ = lstm(flatten(relu(bn(conv(x))), 2))
                    head(mean(encoder(h), dim=1))
                }
            }
            file = "\(Self.fixtures)teacher.safetensors"
            tensors = load(file)
            net = load(Net(), file, strict=false, rename={"module.": ""})
            net.eval()
            print(abs(net(tensors["x"]) - tensors["y"]).max().item() < 1e-5)
            names = [k.replace("module.", "") for k in tensors.keys() if not k in ["x", "y"]]
            print(sorted(net.state_dict().keys()) == sorted(names))
            """)
        #expect(lines == ["true", "true"])
    }

    @Test func `A route leads along anchors that lie in files`() throws {
        let lines = try StandardScripts.lines(
            """
            train = TensorDataset(take(dataset("digits"), 200).x, none)
            paths = ["/tmp/distill-route-1.distill", "/tmp/distill-route-2.npy"]
            teacher = Linear(64, 10)
            save(teacher, paths[0])
            save(3 * predict(teacher, train), paths[1])
            student = Linear(64, 10)
            other = student.copy()
            manual_seed(1)
            runs = route_constrained(paths -> student, train, loss=soft(), epochs=5)
            print([run.epochs for run in runs])
            manual_seed(1)
            route_constrained([teacher, 3 * predict(teacher, train)] -> other, train, loss=soft(), epochs=5)
            print(allclose(student.weight, other.weight, rtol=0, atol=0))
            one = route_constrained(paths[0] -> student, train, loss=soft(), epochs=1)
            """)
        #expect(lines == ["[2, 3]", "true"])
        let weights = Self.error(
            """
            save({"w": zeros(3)}, "/tmp/distill-route.safetensors")
            route_constrained("/tmp/distill-route.safetensors" -> Linear(64, 10), dataset("digits"))
            """)
        #expect(weights?.message.contains("holds a dict, not a network") == true)
    }

    /// Every layer with options that differ from the defaults, and an input for it.
    static let layers = [
        ("Linear(4, 3, bias=false)", "randn(2, 4)"),
        ("Conv1d(2, 4, 3, stride=2, padding=1, groups=2)", "randn(1, 2, 9)"),
        ("Conv2d(2, 4, [3, 1], stride=[1, 2], padding=[1, 0], dilation=[1, 2], bias=false)", "randn(1, 2, 6, 6)"),
        ("ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1)", "randn(1, 2, 4, 4)"),
        ("BatchNorm1d(3, eps=0.001, momentum=none)", "randn(2, 3)"),
        ("BatchNorm2d(3, affine=false)", "randn(2, 3, 2, 2)"),
        ("LayerNorm([3, 2], eps=0.1)", "randn(2, 3, 2)"), ("GroupNorm(2, 4, eps=0.1)", "randn(2, 4, 3)"),
        ("Dropout(0.25)", "randn(3)"), ("Flatten(0, 1)", "randn(2, 3, 2)"),
        ("MaxPool2d(3, stride=1, padding=1, ceil_mode=true)", "randn(1, 1, 5, 5)"),
        ("AvgPool2d([2, 1], count_include_pad=false)", "randn(1, 1, 4, 4)"),
        ("AdaptiveAvgPool2d([2, 3])", "randn(1, 1, 5, 5)"), ("Embedding(5, 3, padding_idx=1)", "tensor([1, 4])"),
        ("LSTM(3, 2, num_layers=2, bidirectional=true, batch_first=true)", "randn(1, 4, 3)"),
        (
            "TransformerEncoderLayer(4, 2, dim_feedforward=8, activation=\"gelu\", layer_norm_eps=0.1, bias=false, norm_first=true)",
            "randn(3, 1, 4)"
        ),
        ("ReLU()", "randn(3)"), ("LeakyReLU(0.3)", "randn(3)"), ("ELU(0.5)", "randn(3)"),
        ("GELU(approximate=\"tanh\")", "randn(3)"), ("SiLU()", "randn(3)"), ("Tanh()", "randn(3)"),
        ("Sigmoid()", "randn(3)"), ("Softmax(dim=-1)", "randn(3)"), ("Identity()", "randn(3)"),
        ("ReLU6()", "randn(3)"), ("Hardsigmoid()", "randn(3)"), ("Hardswish()", "randn(3)"), ("Mish()", "randn(3)"),
        ("Softsign()", "randn(3)"),
        ("Softmax2d()", "randn(1, 2, 1, 2)"), ("Softplus(2.0)", "randn(3)"), ("LogSoftmax(dim=0)", "randn(3)"),
        ("Hardtanh(-0.5, 0.25)", "randn(3)"), ("PReLU(3, init=0.5)", "randn(2, 3)"), ("GLU(0)", "randn(4)"),
        ("Dropout2d(0.25)", "randn(1, 2, 1, 1)"), ("Unflatten(-1, [2, -1])", "randn(2, 6)"),
        ("Upsample(scale_factor=2.0, mode=\"bilinear\")", "randn(1, 1, 2, 3)"),
        ("Upsample(size=[3, 4])", "randn(1, 1, 2, 3)"), ("PixelShuffle(2)", "randn(1, 4, 2, 2)"),
        ("ZeroPad2d([1, 0, 2, 0])", "randn(1, 1, 2, 2)"), ("ZeroPad2d(1)", "randn(1, 1, 2, 2)"),
        ("AdaptiveMaxPool2d([2, 1])", "randn(1, 1, 3, 3)"), ("RMSNorm([3, 2], eps=0.1)", "randn(2, 3, 2)"),
        ("InstanceNorm2d(2, affine=true, track_running_stats=true)", "randn(1, 2, 2, 2)"),
        ("GRU(3, 2, num_layers=2, batch_first=true)", "randn(1, 4, 3)"),
        ("RNN(3, 2, bias=false, nonlinearity=\"relu\")", "randn(1, 4, 3)"),
        ("MultiheadAttention(4, 2, bias=false)", "none"),
        ("ScaledDotProductAttention(4, num_kv_heads=2, dropout=0.1, is_causal=true)", "none"),
        ("Bilinear(2, 3, 1, bias=false)", "none"),
        ("Sequential(a=Linear(3, 2), b=Sequential(ReLU(), Linear(2, 2)))", "randn(1, 3)"),
    ]

    /// A layer that a model file holds as its call is saved here.
    @Test func `Every layer is among them`() throws {
        let interpreter = Interpreter(library: .standard(), output: { _ in })
        var saved: Set<String> = []
        for (layer, _) in Self.layers {
            if case .module(let module) = try interpreter.run(SourceText(name: "layer", text: layer)) {
                saved.insert(module.typeName)
            }
        }
        let library = Library.standard()
        for type in library.moduleTypes where type.isBuiltByCall {
            #expect(saved.contains(type.name), "\(type.name) is saved in no test")
            #expect(library.functions[type.name] != nil, "\(type.name) is made by no function")
        }
    }

    @Test func `Every layer comes back with its options and its numbers`() throws {
        var script = "fn first(y) { if type(y) == \"list\" { y[0] } else { y } }\n"
        for (index, (layer, input)) in Self.layers.enumerated() {
            script += """
                net = \(layer)
                for k, p in net.state_dict().items() {
                    if p.dtype == "float32" { net.load_state_dict({k: rand(*p.shape) + 0.5}, strict=false) }
                }
                net.eval()
                x = \(input)
                save(net, "/tmp/distill-layer-\(index).distill")
                again = load("/tmp/distill-layer-\(index).distill")
                same = str(net) == str(again)
                if x != none { same = same and allclose(first(net(x)), first(again(x))) }
                if not same { print("\(layer.replacing("\"", with: "'"))", str(again)) }

                """
        }
        #expect(try StandardScripts.lines(script).isEmpty)
    }

    @Test func `A network written in Dist comes back in a fresh interpreter`() throws {
        let expected = try StandardScripts.lines(
            """
            K = 3
            act = x => relu(x) * K
            fn helper(x) { act(x) + 1 }
            module Block(width, tag=none) {
                layer = Linear(width, width)
                scale = Parameter(ones(width))
                fn forward(x) { helper(layer(x)) * scale + x }
            }
            module Net(n, body) {
                blocks = [Block(4, tag="b") for i in range(n)]
                shared = blocks[0]
                body = body
                sizes = {"a": [1, 2.5], 3: true}
                buffer = Buffer(arange(4).float())
                fn forward(x) {
                    for b in blocks { x = b(x) }
                    body(shared(x) + buffer) * sizes["a"][1]
                }
            }
            net = Net(2, Sequential(Linear(4, 2), ReLU()))
            net.blocks[1].freeze()
            fit(net, TensorDataset(randn(8, 4), arange(8) % 2), epochs=1)
            save(net, "/tmp/distill-scripted.distill")
            net.eval()
            print(net(arange(8).float().reshape(2, 4)).tolist(), net.state_dict().keys(), len(net.parameters()))
            print([p.requires_grad for p in net.parameters()], net.classes)
            """)
        let found = try StandardScripts.lines(
            """
            net = load("/tmp/distill-scripted.distill")
            print(net(arange(8).float().reshape(2, 4)).tolist(), net.state_dict().keys(), len(net.parameters()))
            print([p.requires_grad for p in net.parameters()], net.classes)
            """)
        #expect(found == expected)
        #expect(found.count == 2)
    }

    @Test func `Loading draws no random numbers`() throws {
        let lines = try StandardScripts.lines(
            """
            save(Sequential(Linear(3, 2), Dropout(0.1)), "/tmp/distill-draws.distill")
            manual_seed(1)
            a = [randn(1).item(), Linear(1, 1).weight.item()]
            manual_seed(1)
            load("/tmp/distill-draws.distill")
            b = [randn(1).item(), Linear(1, 1).weight.item()]
            print(a == b)
            """)
        #expect(lines == ["true"])
    }

    @Test(
        .serialized,
        arguments: [
            (
                #"load(Linear(2, 2), "/tmp/distill-other.safetensors")"#, "key",
                #"missing "weight", "bias"; unexpected "a""#
            ),
            (
                #"load(Linear(2, 2), "/tmp/distill-shape.safetensors")"#, "shape",
                #""weight" has shape [2, 2] here and [3, 2]"#
            ),
            (#"load("teacher.h5")"#, "value", "and not teacher.h5"),
            (#"load("no/such/teacher.pt")"#, "io", "cannot read no/such/teacher.pt"),
            (#"save(Linear(2, 2), "net.npz")"#, "value", "a network is a file"),
            (#"save(ones(2), "x.npz")"#, "value", "a tensor is a file .npy"),
            (#"load("/tmp/distill-other.safetensors.npy")"#, "io", "cannot read"),
            (#"load("/tmp/distill-other.distill")"#, "io", "tensors and no network"),
            (
                #"fn make(k) { module M() { fn forward(x) { x * k } }; M() }; save(make(2), "/tmp/distill-closed.distill")"#,
                "value", "uses variables of the function that declared it"
            ),
            (
                #"module M(f) { fn forward(x) { f(x) } }; save(M(x => x), "/tmp/distill-closed.distill")"#, "value",
                "an argument of M is a function"
            ),
        ]) func `A mistake is an error with a way out`(_ source: String, _ kind: String, _ message: String) throws
    {
        _ = try StandardScripts.lines(
            """
            save({"a": ones(2)}, "/tmp/distill-other.safetensors")
            save({"weight": ones(3, 2), "bias": ones(2)}, "/tmp/distill-shape.safetensors")
            """)
        try WholeFile.write(FileBytes.read("/tmp/distill-other.safetensors"), to: "/tmp/distill-other.distill")
        let error = Self.error(source)
        #expect(error?.kind.rawValue == kind, "\(error?.message ?? "no error")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "no error")")
    }
}
