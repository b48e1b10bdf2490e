import Builtins
import Runtime
import Testing

/// The ready networks of `std/models.dist`, which every network written in Dist can do what they do.
@Suite struct `Ready networks` {
    /// A network, the shape of its input and output, and the parameters of the implementation that it matches.
    struct Model: Sendable, CustomTestStringConvertible {
        let call: String
        let input: String
        let output: String
        let parameters: Int
        let source: String

        init(_ call: String, _ parameters: Int, _ input: String, _ output: String, source: String) {
            (self.call, self.parameters, self.input, self.output) = (call, parameters, input, output)
            self.source = source
        }

        var testDescription: String { "\(call), as in \(source)" }
    }

    static let models = [
        Model(
            "resnet8(10)", 78042, "zeros(2, 3, 32, 32)", "[2, 10]", source: "He et al. with 1×1 convolution shortcuts"),
        Model("resnet20(10)", 272474, "zeros(2, 3, 32, 32)", "[2, 10]", source: "He et al. with convolution shortcuts"),
        Model(
            "resnet20(10, shortcut=\"pad\")", 269722, "zeros(2, 3, 32, 32)", "[2, 10]", source: "He et al., option A"),
        Model(
            "resnet56(10, shortcut=\"pad\")", 853018, "zeros(1, 3, 32, 32)", "[1, 10]", source: "He et al., option A"),
        Model("resnet8x4(100)", 1_233_540, "zeros(1, 3, 32, 32)", "[1, 100]", source: "RepDistiller"),
        Model("resnet32x4(100)", 7_433_860, "zeros(1, 3, 32, 32)", "[1, 100]", source: "RepDistiller"),
        Model("wrn_16_2(100)", 703284, "zeros(1, 3, 32, 32)", "[1, 100]", source: "RepDistiller"),
        Model("wrn_40_2(100)", 2_255_156, "zeros(1, 3, 32, 32)", "[1, 100]", source: "RepDistiller"),
        Model("vgg8(100)", 3_965_028, "zeros(1, 3, 32, 32)", "[1, 100]", source: "RepDistiller"),
        Model("vgg13(100)", 9_462_180, "zeros(1, 3, 32, 32)", "[1, 100]", source: "RepDistiller"),
        Model("mobilenet_v2(100)", 812836, "zeros(2, 3, 32, 32)", "[2, 100]", source: "RepDistiller"),
        Model("shufflenet_v2(100)", 1_355_528, "zeros(2, 3, 32, 32)", "[2, 100]", source: "RepDistiller"),
        Model("lenet5()", 61706, "zeros(2, 1, 28, 28)", "[2, 10]", source: "LeCun et al., with ReLU and max pooling"),
        Model("mlp(784, [1200, 1200], 10)", 2_395_210, "zeros(2, 1, 28, 28)", "[2, 10]", source: "Hinton et al."),
        Model("mlp(64, [32], 10, dropout=0.5)", 2410, "zeros(2, 64)", "[2, 10]", source: "the sizes"),
        Model("cnn()", 155402, "zeros(2, 1, 28, 28)", "[2, 10]", source: "the sizes"),
        Model("cnn([8, 16, 32], inputs=3, size=32)", 26_522, "zeros(2, 3, 32, 32)", "[2, 10]", source: "the sizes"),
        Model(
            "text_transformer(1000, dim=32, heads=4, layers=2, length=16)", 58_050,
            "zeros(2, 16, dtype=\"int64\")", "[2, 2]", source: "torch.nn.TransformerEncoderLayer"),
    ]

    @Test(arguments: models) func `A network has its published size and runs`(_ model: Model) throws {
        let lines = try StandardScripts.lines(
            """
            import "std/models.dist" as models
            net = models.\(model.call)
            print(sum([p.numel() for p in net.parameters()]))
            print(net(\(model.input)).shape)
            """)
        #expect(lines == ["\(model.parameters)", model.output])
    }

    @Test func `Deeper residual networks and both shortcuts run`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/models.dist" as models
            for net in [models.resnet14(), models.resnet32(), models.resnet44(), models.resnet110(shortcut="pad")] {
                net.eval()
                print(net(zeros(1, 3, 32, 32)).shape)
            }
            """)
        #expect(lines == Array(repeating: "[1, 10]", count: 4))
    }

    @Test func `A depth that no residual network has is an error`() {
        #expect(throws: (any Error).self) {
            try StandardScripts.lines("import \"std/models.dist\" as models; models.ResNet(21)")
        }
    }

    @Test func `A mask makes padding tokens not count`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/models.dist" as models
            net = models.text_transformer(50, dim=16, heads=2, layers=2, length=8)
            net.eval()
            a = tensor([[3, 7, 9, 0, 0]])
            b = tensor([[3, 7, 9, 41, 5]])
            mask = tensor([[true, true, true, false, false]])
            print(allclose(net(a, mask=mask), net(b, mask=mask), atol=1e-6), allclose(net(a), net(b), atol=1e-6))
            """)
        #expect(lines == ["true false"])
    }

    @Test func `Activations are children, so that what goes into them has a path`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/models.dist" as models
            print(features(models.resnet8(), "layer3.0.relu2@input", zeros(1, 3, 32, 32)).shape)
            """)
        #expect(lines == ["[1, 64, 8, 8]"])
    }

    @Test func `ResNet-8 learns generated images`() throws {
        let lines = try StandardScripts.lines(
            """
            import "std/models.dist" as models
            manual_seed(0)
            x = randn(16, 3, 32, 32)
            y = arange(16) % 2
            net = models.resnet8(2)
            optimizer = SGD(net.parameters(), lr=0.05, momentum=0.9)
            losses = []
            for step in range(8) {
                loss = cross_entropy(net(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            }
            print(losses[-1] < 0.5 * losses[0])
            """)
        #expect(lines == ["true"])
    }
}

/// Networks written in Dist that hold tensors of their own.
@Suite struct `Parameters and buffers` {
    @Test func `A parameter is trained, copied and restored with its network`() throws {
        let lines = try StandardScripts.lines(
            """
            module Scale(size) {
                factor = Parameter(ones(size))
                seen = Buffer(zeros(1))
                fn forward(x) { return x * factor }
            }
            net = Scale(2)
            other = net.copy()
            optimizer = SGD(net.parameters(), lr=0.5)
            net(tensor([1.0, 2.0])).sum().backward()
            optimizer.step()
            print(net.factor.tolist(), other.factor.tolist())
            other.load_state_dict(net.state_dict())
            print(other.factor.tolist(), net.state_dict().keys(), len(net.parameters()))
            """)
        #expect(lines == ["[0.5, 0.0] [1.0, 1.0]", #"[0.5, 0.0] ["factor", "seen"] 1"#])
    }

    @Test func `An integer tensor cannot be trained`() {
        #expect(throws: (any Error).self) { try StandardScripts.lines("Parameter(tensor([1, 2]))") }
    }
}

/// Networks written in Dist that take several tensors.
@Suite struct `Networks with several inputs` {
    @Test func `A dataset of named inputs trains a network whose forward takes them by name`() throws {
        let lines = try StandardScripts.lines(
            """
            module Both() {
                left = Linear(2, 2)
                right = Linear(3, 2)
                fn forward(b, a) { return left(a) + right(b) }
            }
            manual_seed(0)
            data = TensorDataset({"a": randn(32, 2), "b": randn(32, 3)}, arange(32) % 2)
            run = fit(Both(), data, epochs=3, batch_size=8)
            print(len(run.loss), run.loss[-1] < run.loss[0])
            """)
        #expect(lines.last == "3 true")
    }
}

/// Layers that take or give several tensors.
@Suite struct `Layers with several inputs` {
    @Test func `LSTM gives output and state, and goes on from a state`() throws {
        let lines = try StandardScripts.lines(
            """
            lstm = LSTM(3, 4)
            x = randn(6, 2, 3)
            whole, end = lstm(x)
            first, state = lstm(x[:3])
            second, state = lstm(x[3:], state)
            print(allclose(whole, cat([first, second], dim=0), atol=1e-6), allclose(end[1], state[1], atol=1e-6))
            print(features(lstm, "", x).shape)
            """)
        #expect(lines == ["true true", "[6, 2, 4]"])
    }

    @Test func `Attention takes masks by name`() throws {
        let lines = try StandardScripts.lines(
            """
            attention = MultiheadAttention(8, 2, batch_first=true)
            x = randn(1, 3, 8)
            output, weights = attention(x, x, x, key_padding_mask=tensor([[false, false, true]]))
            print(weights[0, :, 2].tolist())
            output, weights = attention(x, x, x, need_weights=false)
            print(weights)
            """)
        #expect(lines == ["[0.0, 0.0, 0.0]", "none"])
    }
}
