import Base
import Builtins
import Checking
import Diagnostics
import Fuzzing
import Glibc
import Notebook
import Runtime
import Snapshots
import Syntax
import Testing

@Suite struct CheckTests {
    private func findings(_ text: String, name: String = "kd.dist") -> [Diagnostic] {
        Check.diagnostics(of: SourceText(name: name, text: text), library: Session.library())
    }

    /// Programs with mistakes, by what is wrong.
    static let wrong: [(name: String, programs: [String])] = [
        (
            "names",
            [
                "teacher = Linear(4, 2)\nprint(teachr)",
                "fn f(x) {\n    return x + bias\n}",
                "print(x)\nx = 1",
                "fn f() {\n    y = x\n    x = 1\n    return y\n}",
                "count = 0\nfn add() {\n    count += 1\n}",
                "xs = [x for y in [1]]",
                "module Net(width) {\n    layer = Linear(widht, width)\n    fn forward(x) { return layr(x) }\n}",
                "net = torch.nn.Linear(2, 2)", "x = builtin.relo(3)", "z = a + b\nw = a",
                "for i in range(3) {\n    print(j)\n}", "f = (a, b=c) => a",
                "if true {\n    print(late)\n} else {\n    late = 1\n}",
            ]
        ),
        (
            "arguments",
            [
                "net = Linear(64)", "net = Linear(64, 10, bais=false)", "net = Linear(64, 10, in_features=3)",
                "x = exp(1.0, 2.0)", "fn kd(s, t, T=4) { return s + t * T }\nkd(1)\nkd(1, 2, 3, 4)\nkd(1, 2, temp=3)",
                "module Net(width) { fn forward(x) { return x } }\nnet = Net(widht=3)",
                "x = randn(2, 3) |> softmax(dmi=0)", "x = randn(2, 3).softmax(dmi=0)", "x = [1, 2].append()",
                "x = Linear(\"64\", 10)", "x = relu(\"text\")", "y = relu(Linear(2, 2))",
                "fn f(a) { return a }\nf(**{\"b\": 1}, c=2)", "x = 3\ny = x(1)", "s = \"abc\"(1)",
                "x = Dropout(p=\"half\")", "lr = 0.1\nopt = Adam([], lerning_rate=lr)",
            ]
        ),
        (
            "arity",
            [
                "x = randn(3)\nx.tolist(1)", "y = (a => a)()", "f = (a, b=2) => a + b\nf(1, 2, 3)\nf(1, c=3)",
                "table = trials(2, seed => ({\"score\": seed}))\ntable.best()\ntable.sort(\"score\", column=1)",
                "run = fit(Linear(2, 2), TensorDataset(randn(4, 2), randint(2, [4])))\nrun.table(1, 2, 3)",
                "\"a\".upper(1)",
                "[1].append(1, 2)", "{}.keys(1)",
            ]
        ),
        (
            "options",
            [
                "loss = KLDivLoss(reduction=\"batchmeen\")", "digits = dataset(\"digit\")",
                "x = cross_entropy(randn(2, 3), tensor([0, 1]), reduction=\"avg\")", "g = GELU(\"tahn\")",
                "x = zeros(2, dtype=\"float23\")",
            ]
        ),
        (
            "members",
            [
                "x = randn(2, 3)\nx.shpae", "loss = tensor(1.0)\nloss.backwards()", "xs = [1]\nxs.push(2)",
                "x = \"a\".format(1)", "fn f(x) { return x.cuda() }", "fn f(net) { return net.paramters() }",
                "import \"std/models.dist\" as models\nnet = models.resnet21()\nmodels.resnet20(clases=3)",
            ]
        ),
        (
            "imports",
            [
                "import \"gone.dist\" as gone", "import \"std/modles.dist\" as models",
            ]
        ),
        (
            "networks",
            [
                "net = Sequential(Linear(64, 32), ReLU(), Linear(16, 10))",
                "net = Sequential(Conv2d(3, 16, 3), BatchNorm2d(32), ReLU())",
                "net = Sequential(Conv2d(3, 16, 3), ReLU(), Conv2d(8, 16, 3))",
                "net = Sequential(Linear(4, 8), BatchNorm1d(4))", "net = Sequential(Linear(4, 8), LayerNorm(4))",
                "net = Sequential(Conv2d(3, 8, 3), GroupNorm(2, 16))",
                "trunk = Sequential(Linear(64, 32), ReLU())\nnet = Sequential(trunk=trunk, head=Linear(64, 10))",
                "net = Sequential([Linear(4, 8), Linear(4, 2)])",
                "net = Sequential(Conv2d(1, 8, 3), Flatten(), Linear(100, 10))",
                "net = Sequential(Flatten(), Linear(784, 10))\nnet(zeros(2, 1, 28, 27))",
                "net = Sequential(Conv2d(1, 8, 3, padding=1), MaxPool2d(2), Flatten(), Linear(1568, 10))\n"
                    + "net(randn(4, 1, 28, 28))\nnet(randn(4, 1, 32, 32))",
                "net = Linear(64, 32)\ny = net(randn(2, 63))", "y = randn(2, 63) |> (Sequential(Linear(64, 10)))",
                "net = Sequential(Linear(64, 10), Conv2d(3, 4, 3))\nnet(randn(2, 64))",
                "net = Sequential(Conv2d(3, 4, 7))\nnet(randn(2, 3, 5, 5))",
                "net = Sequential(Conv2d(3, 4, 3), ReLU(), Flatten(), Linear(64, 10))\nsummary(net, input=[3, 8, 8])",
                "width = 32\nnet = Sequential(Linear(64, width * 2), Linear(width, 10))",
                "net = Sequential(Embedding(100, 16), Linear(32, 4))",
            ]
        ),
        (
            "several",
            ["x = lenn([1])\nnet = Linear(3)\nfor i in range(3) {\n    print(i, jj)\n}\nloss = MSELoss(\"men\")"]
        ),
    ]

    @Test(arguments: wrong.map(\.name))
    func `Mistakes are shown as stored`(_ name: String) {
        var output = ""
        for text in Self.wrong.first(where: { $0.name == name })?.programs ?? [] {
            let found = findings(text)
            #expect(!found.isEmpty, "\(text)")
            #expect(found.allSatisfy { $0.code != nil && !$0.labels.isEmpty })
            let shown = found.map { DiagnosticRenderer.render($0).plain }.joined(separator: "\n\n")
            output += "--- \(text)\n\(shown)\n\n"
        }
        #expect(Snapshot.stored("check-\(name)", updating: output, beside: #filePath) == output)
    }

    /// What stands behind a layer is known to the last feature: a `Linear` that takes it passes, one that takes more does not.
    @Test(arguments: [
        ("3, 4, 6", "InstanceNorm2d(3), Flatten()", 72), ("3, 4, 6", "ZeroPad2d([1, 0, 2, 3]), Flatten()", 189),
        ("3, 4, 6", "ZeroPad2d(1), Flatten()", 144), ("8, 2, 3", "PixelShuffle(2), Flatten()", 48),
        ("3, 4, 6", "Upsample(scale_factor=2), Flatten()", 288), ("3, 4, 6", "Upsample(size=[2, 5]), Flatten()", 30),
        ("3, 4, 6", "AdaptiveMaxPool2d([2, 3]), Flatten()", 18), ("6", "GLU()", 3), ("6", "Unflatten(1, [2, 3])", 3),
        (
            "6",
            "RMSNorm(6), PReLU(), ReLU6(), Hardswish(), Hardsigmoid(), Mish(), Softsign(), Softplus(), Hardtanh(), LogSoftmax()",
            6
        ),
        ("3, 4, 6", "Dropout2d(), Softmax2d(), Flatten()", 72), ("3, 4, 6", "MaxPool2d(2), Flatten()", 18),
        ("3, 4, 6", "Conv2d(3, 2, 3, padding=1), BatchNorm2d(2), GroupNorm(1, 2), AvgPool2d([2, 3]), Flatten()", 8),
    ])
    func `the shape behind a layer is known`(_ sizes: String, _ layers: String, _ features: Int) {
        func net(_ features: Int) -> String {
            "net = Sequential(\(layers), Linear(\(features), 2))\nnet(zeros(2, \(sizes)))"
        }
        #expect(findings(net(features)).isEmpty, "\(layers)")
        #expect(!findings(net(features + 1)).isEmpty, "\(layers)")
    }

    @Test(arguments: [
        "InstanceNorm2d(4)", "PixelShuffle(3)", "RMSNorm(7)", "GLU(1)",
    ])
    func `a layer that does not fit is found`(_ layer: String) {
        #expect(findings("net = Sequential(Conv2d(5, 3, 1), \(layer))\nnet(zeros(2, 5, 4, 6))").count == 1, "\(layer)")
    }

    @Test(arguments: [
        "len = 3\nprint(len)", "print(len([1]))\nlen = 4", "fn f() { return g() }\nfn g() { return 1 }",
        "for i in range(3) {\n    if i > 0 { print(x) }\n    x = i\n}", "if true { a = 1 }\nprint(a)",
        "fn f() {\n    while true {\n        if done() { return y }\n        y = 1\n    }\n}\n"
            + "fn done() { return false }",
        "x = [a + b for a in [1] for b in range(a)]", "fn outer() {\n    n = 0\n    return () => n\n}",
        "try { 1 / 0 } catch e { print(e.message) }\nprint(e.kind)", "fn f(a, b=a) { return a + b }\nf(1)",
        "fn f(*rest, **options) { return rest }\nf(1, 2, k=3)", "fn f(a, b) { return a }\nf(*[1, 2])",
        "d = {\"lr\": 0.1}\nd.lr\nd.get(\"T\")",
        "net = Sequential(trunk=Linear(2, 2), head=Linear(2, 1))\nnet.head.weight",
        "module Net(width) {\n    layer = Linear(width, width)\n    n = 0\n    fn forward(x) {\n        self.n += 1\n"
            + "        return layer(x) * n\n    }\n    fn reset() { self.n = 0 }\n}\nnet = Net(4)\nnet.reset()",
        "net = Sequential(Conv2d(1, 8, 3, padding=1), MaxPool2d(2), Flatten(), Linear(1568, 10))\n"
            + "net(randn(4, 1, 28, 28))",
        "net = Sequential(Linear(4, 8), BatchNorm1d(8), ReLU(), Linear(8, 2))\nnet(randn(3, 4))",
        "net = Sequential(Linear(4, 8), LSTM(8, 3))",
        "layers = [Linear(4, 4) for i in range(3)]\nnet = Sequential(layers)",
        "net = Sequential(*[Linear(4, 4), Linear(4, 2)], **{})", "x = 5\nx.twice()\nfn twice(n) { return n * 2 }",
        "import \"std/models.dist\" as models\nmodels.resnet20(num_classes=10)", "α = 0.9\nprint(f\"{α:.2f}\")",
        "x = if true { 1 } else { 2 }\ny = x + 1", "a, [b, c] = [1, [2, 3]]\nprint(a, b, c)",
        "net = Sequential(Conv2d(3, 8, 3), AdaptiveAvgPool2d(1), Flatten(), Linear(8, 10))",
        "net = Sequential(Conv2d(3, 8, 3), AdaptiveAvgPool2d([2, 2]), Flatten(), Linear(32, 10))\n"
            + "net(randn(1, 3, 9, 9))",
        "net = Linear(4, 2)\nnet = Linear(8, 2)\nnet(randn(1, 8))", "x = softmax(dim=0, input=randn(2))",
        "x = zeros([2, 3])\ny = x.T @ x", "f = builtin.relu\nf(randn(2))",
        "xs = [3, 1]\nxs.sorted()\nxs.map(x => x + 1)",
        "fn f(n) { return if n == 0 { 0 } else { f(n - 1) } }\nf(3)", "{k: v for k, v in [[\"a\", 1]]}",
        "net = Sequential(Flatten(), Linear(784, 10))\nfor x, y in [[zeros(2, 28, 28), 1]] { net(x) }",
        "x = 1\nfn f() { return [x for x in range(3)] }", "assert len([1]) == 1, \"one\"", "s = \"a\" * 3\ns.upper()",
    ])
    func `Right programs pass`(_ text: String) {
        #expect(findings(text).map { DiagnosticRenderer.render($0).plain } == [])
    }

    @Test func `Examples and library files pass`() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        for folder in ["examples", "scripts/bench/language", "scripts/bench/jobs", "Sources/Builtins/Standard"] {
            let names = WholeFile.namesIfAny(in: "\(root)/\(folder)").filter { $0.hasSuffix(".dist") }
            #expect(!names.isEmpty)
            for name in names {
                let path = "\(root)/\(folder)/\(name)"
                let source = SourceText(name: path, bytes: try WholeFile.read(path))
                let found = Check.diagnostics(of: source, library: Session.library())
                #expect(found.map { DiagnosticRenderer.render($0).plain } == [], "\(name)")
            }
        }
    }

    @Test func `Examples of the library pass`() {
        let library = Session.library()
        let builtins = library.functions.values.map { $0 } + library.methods.values.flatMap { $0.values.map { $0 } }
        for builtin in builtins.flatMap(\.overloads) {
            for example in builtin.examples {
                // Examples that show an error catch it.
                guard !example.source.contains("catch") else { continue }
                let source = SourceText(name: builtin.name, text: example.source)
                let found = Check.diagnostics(of: source, library: library)
                #expect(found.map { DiagnosticRenderer.render($0).plain } == [], "\(example.source)")
            }
        }
    }

    /// Random networks on random inputs: check has nothing against one that runs, and finds the shapes of one that does
    /// not.
    @Test func `Networks are judged as they run`() {
        let library = Library.standard()
        var (right, wrong, found) = (0, 0, 0)
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            func pick<Element>(_ choices: [Element]) -> Element {
                choices[Int.random(in: 0..<choices.count, using: &random)]
            }
            func size() -> Int { pick([2, 2, 2, 4, 4, 6]) }
            let isImage = pick([true, false])
            let layers = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                if isImage {
                    return pick([
                        "Conv2d(\(size()), \(size()), \(pick([1, 3, 3])), padding=\(pick([0, 1])), stride=\(pick([1, 2])))",
                        "BatchNorm2d(\(size()))", "MaxPool2d(2)", "AvgPool2d(2, stride=1)",
                        "AdaptiveAvgPool2d(\(pick([1, 2])))",
                        "GroupNorm(2, \(size()))", "Flatten()", "Linear(\(pick([2, 4, 8, 16])), \(size()))", "ReLU()",
                        "LayerNorm(\(size()))", "ConvTranspose2d(\(size()), \(size()), 2)",
                    ])
                }
                return pick([
                    "Linear(\(size()), \(size()))", "Linear(\(size()), \(size()))", "BatchNorm1d(\(size()))",
                    "LayerNorm(\(size()))",
                    "ReLU()", "Dropout(0.5)", "Flatten()", "GroupNorm(2, \(size()))",
                    "LayerNorm([\(size()), \(size())])",
                ])
            }
            let input =
                isImage ? "randn(2, \(size()), 4, 4)" : pick(["randn(2, \(size()))", "randn(2, \(size()), \(size()))"])
            let text = "net = Sequential(\(layers.joined(separator: ", ")))\ny = net(\(input))"
            let source = SourceText(name: "net.dist", text: text)
            var error: Diagnostic?
            do {
                try Interpreter(library: library).run(source)
            } catch let diagnostic as Diagnostic {
                error = diagnostic
            } catch {
                Issue.record("\(error)")
            }
            let check = Check.diagnostics(of: source, library: library)
            if error == nil {
                right += 1
                #expect(check.map(\.message) == [], "\(text)")
            } else if error?.kind == .shape {
                wrong += 1
                found += check.isEmpty ? 0 : 1
            }
        }
        #expect(right > 30 && wrong > 30)
        #expect(found > wrong * 9 / 10, "\(found) of \(wrong)")
    }

    @Test func `Imported files are followed`() throws {
        var template = Array("/tmp/distill-check-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        func write(_ name: String, _ text: String) throws {
            try WholeFile.write(Array(text.utf8), to: "\(folder)/\(name)")
        }
        try write("nets.dist", "fn small(width) { return Linear(widht, 10) }\nhidden = 3\n")
        try write("one.dist", "import \"two.dist\" as two\n")
        try write("two.dist", "import \"one.dist\" as one\n")
        try write("broken.dist", "x = (1, 2)\n")
        func messages(_ text: String) -> [String] { findings(text, name: "\(folder)/main.dist").map(\.message) }
        #expect(
            messages("import \"nets.dist\" as nets\nnets.small()\nnets.smal(1)\nnets.hidden")
                == [
                    "widht is not defined", "small needs the argument width",
                    "a value of type import has no attribute smal",
                ])
        #expect(messages("import \"one.dist\" as one").first?.contains("imports itself") == true)
        #expect(messages("import \"broken.dist\" as b").count == 1)
        let near = findings("import \"net.dist\" as nets", name: "\(folder)/main.dist").first
        #expect(near?.code == "E0801")
        #expect(near?.help.first?.contains("nets.dist") == true)
    }
}
