import Builtins
import Runtime
import Tensors
import Testing

/// Networks that only evaluate are planned after their first batch; nobody may notice, whatever is changed in between.
@Suite struct `Prepared evaluation` {
    /// What every test begins with: a planned network, an eager result beside each planned one.
    static let prelude = """
        import "std/models.dist" as models
        fn eager(net, x) { net.eval(); no_grad { net(x) } }
        fn same(a, b) { a.shape == b.shape and a.dtype == b.dtype and abs(a - b).amax().item() <= 0.0001 * (abs(b).amax().item() + 0.000001) }
        fn run(net, x) { predict(net, TensorDataset(x, arange(x.shape[0]))) }
        fn warm(net, x) { for i in range(3) { run(net, x) }; backend(net)["evaluation"] }
        fn unlike(net, x) {
            "Running statistics and factors that do something."
            net.train()
            no_grad { for i in range(2) { net(x) } }
            for name, p in net.named_parameters().items() { if len(p.shape) == 1 { no_grad { p += 0.3 * randn(p.shape[0]) } } }
            net.eval()
        }

        """

    static func lines(_ source: String) throws -> [String] { try StandardScripts.lines(prelude + source) }

    @Test(arguments: [
        ("resnet8(10)", "randn(3, 3, 32, 32)"), ("resnet20(10)", "randn(2, 3, 32, 32)"),
        ("resnet20(10, shortcut=\"pad\")", "randn(2, 3, 32, 32)"), ("wrn_16_2(10)", "randn(2, 3, 32, 32)"),
        ("vgg8(10)", "randn(2, 3, 32, 32)"), ("mobilenet_v2(10)", "randn(2, 3, 32, 32)"),
        ("shufflenet_v2(10)", "randn(2, 3, 32, 32)"), ("lenet5()", "randn(2, 1, 28, 28)"),
        ("mlp(64, [32], 10, dropout=0.5)", "randn(3, 64)"), ("cnn()", "randn(2, 1, 28, 28)"),
        ("text_transformer(100, dim=32, heads=4, layers=2, length=16)", "randint(0, 100, [2, 16])"),
    ]) func `Every ready network is planned and gives its own numbers`(_ network: String, _ input: String) throws {
        let found = try Self.lines(
            """
            net = models.\(network)
            x = \(input)
            unlike(net, x)
            print(warm(net, x))
            other = \(input)
            print(same(run(net, x), eager(net, x)), same(run(net, other), eager(net, other)))
            print(int(backend(net)["runs"]) >= 2)
            """)
        #expect(found == ["planned", "true true", "true"])
    }

    /// Everything that changes the result between two runs.
    static let changes = [
        ("a weight in place", "no_grad { net.conv1.weight *= 1.5 }"),
        ("an element of a weight", "no_grad { net.conv1.weight[0] = 3 }"),
        ("a factor of a normalisation", "no_grad { net.bn1.weight *= -1 }"),
        ("a buffer", "net.bn1.running_mean += 2"),
        ("a buffer through state", "net.load_state_dict({\"bn1.running_var\": rand(16) + 3}, strict=false)"),
        ("a step of training", "fit(net, TensorDataset(randn(4, 3, 32, 32), arange(4)), epochs=1)"),
        ("the shape", "x = randn(5, 3, 32, 32)"), ("the size of the image", "x = randn(3, 3, 24, 40)"),
        ("one layer", "net.fc.weight = 2 * net.fc.weight"),
    ]

    @Test(arguments: changes) func `A ready network follows every change`(_ what: String, _ change: String) throws {
        let found = try Self.lines(
            """
            net = models.resnet8(10)
            x = randn(3, 3, 32, 32)
            unlike(net, x)
            print(warm(net, x))
            before = run(net, x)
            \(change)
            print(same(run(net, x), eager(net, x)))
            for i in range(3) { run(net, x) }
            print(same(run(net, x), eager(net, x)), backend(net)["evaluation"])
            """)
        #expect(found == ["planned", "true", "true planned"], "\(what)")
    }

    /// Networks whose code reads something beside their parameters: what changes, and whether they can be planned.
    static let scripts = [
        ("a field", "scale = 2; fn forward(x) { scale * body(x) }", "net.scale = 5", "planned"),
        (
            "a field that is a list", "scales = [2, 3]; fn forward(x) { scales[0] * body(x) + scales[1] }",
            "net.scales[1] = 9", "planned"
        ),
        ("a field that is a module", "fn forward(x) { body(x) }", "net.body = Linear(4, 3)", "planned"),
        (
            "a list of modules", "parts = [Linear(4, 4), Linear(4, 3)]; fn forward(x) { parts[1](parts[0](x)) }",
            "net.parts[1] = Linear(4, 3)", "planned"
        ),
        ("a global", "fn forward(x) { factor * body(x) }", "factor = 7", "planned"),
        ("a global function", "fn forward(x) { twist(body(x)) }", "fn twist(y) { y - 1 }", "planned"),
        ("what a global function reads", "fn forward(x) { scaled(body(x)) }", "factor = 4", "planned"),
        (
            "a method's argument", "fn forward(x) { half(x) }; fn half(x) { factor / 2 * body(x) }", "factor = 3",
            "planned"
        ),
        ("a captured variable", "fn forward(x) { maker(body(x)) }", "maker = make(8)", "planned"),
        (
            "a buffer that is read as a number", "n = Buffer(tensor(2.0)); fn forward(x) { n.item() * body(x) }",
            "net.n += 1", "step by step"
        ),
        (
            "a counter", "count = 0; fn forward(x) { self.count += 1; self.count * body(x) }", "net.count = 10",
            "step by step"
        ),
        (
            "a condition on values", "fn forward(x) { if x.sum() > 0 { body(x) } else { -body(x) } }", "x = -x",
            "step by step"
        ),
        ("random numbers", "fn forward(x) { body(x) + 0 * randn(3) }", "x = -x", "step by step"),
        ("a global tensor", "fn forward(x) { offset + body(x) }", "offset += 1", "step by step"),
        (
            "a global network", "fn forward(x) { body(x) + outside(x) }", "no_grad { outside.weight *= 2 }",
            "step by step"
        ),
        (
            "a dict", "table = {\"a\": 2}; fn forward(x) { table[\"a\"] * body(x) }", "net.table[\"a\"] = 3",
            "step by step"
        ),
        ("printing", "fn forward(x) { print(x.shape[0]); body(x) }", "x = -x", "step by step"),
        ("an assignment to elements", "fn forward(x) { y = body(x); y[:, 0] = 1; y }", "x = -x", "step by step"),
        ("an operation without a form", "fn forward(x) { sort(body(x), dim=1)[0] }", "x = -x", "step by step"),
        ("in place on the way", "fn forward(x) { y = body(x); y += 1; y * y }", "x = -x", "planned"),
    ]

    @Test(arguments: scripts) func `A network's own code is followed`(
        _ what: String, _ body: String, _ change: String, _ way: String
    ) throws {
        let found = try Self.lines(
            """
            factor = 2
            offset = ones(3)
            outside = Linear(4, 3)
            fn make(k) { y => k * y }
            maker = make(3)
            fn twist(y) { y + 1 }
            fn scaled(y) { factor * y }
            module Own() { body = Linear(4, 3); \(body) }
            net = Own()
            x = randn(5, 4) + 1
            way = warm(net, x)
            print(way)
            \(change)
            a = run(net, x); b = eager(net, x)
            print(\(what == "a counter" ? "true" : "same(a, b)"))
            """)
        #expect(found.filter { !$0.allSatisfy(\.isNumber) } == [way, "true"], "\(what)")
    }

    @Test func `Features asked for are outputs of the plan`() throws {
        let found = try Self.lines(
            """
            teacher = models.resnet8(10)
            x = randn(8, 3, 32, 32)
            unlike(teacher, x)
            ds = TensorDataset(x, arange(8))
            student = models.resnet8(10)
            manual_seed(1)
            run = distill(teacher -> student, ds, loss=soft() + feature("layer1" -> "layer1"), epochs=3, batch_size=8, cache="off");
            print(backend(teacher)["evaluation"])
            """)
        #expect(found == ["planned"])
    }

    @Test func `Why a network is not planned is said`() throws {
        let found = try Self.lines(
            """
            module Own() { body = Linear(4, 3); fn forward(x) { body(x) * x.sum().item() } }
            net = Own()
            print(backend(net)["evaluation"], backend(net)["reason"])
            warm(net, randn(2, 4))
            print(backend(net)["reason"])
            """)
        #expect(found[0] == "step by step it was not evaluated twice on inputs of one shape")
        #expect(found[1] == "numbers are taken out of a tensor")
    }
}
