import Builtins
import Runtime
import Testing

@Suite struct `Summaries of networks` {
    @Test(arguments: [
        ("Conv2d(8, 16, 3, stride=2, padding=1, groups=4, bias=false), input=[8, 9, 9]", 14400),
        ("ConvTranspose2d(8, 4, 3, stride=2, groups=2, bias=false), input=[8, 5, 5]", 7200),
        ("Conv1d(8, 4, 5, bias=false), input=[8, 20]", 5120),
        ("Linear(7, 5, bias=false), input=[3, 7]", 210),
        ("MultiheadAttention(8, 2, bias=false, batch_first=true), input=[5, 8]", 3360),
    ]) func `Operations are those that PyTorch's FlopCounterMode counts`(_ call: String, _ expected: Int) throws {
        #expect(try StandardScripts.lines("summary(\(call)).flops") == ["\(expected)"])
    }

    @Test(arguments: [
        ("fn forward(x) { relu(x @ w) }", "[64]", 8192), ("fn forward(x) { linear(x, w) }", "[64]", 8192),
        ("fn forward(x) { conv2d(x, k, padding=1).mean(dim=[2, 3]) }", "[3, 16, 16]", 110_592),
        (
            "fn forward(x) { y = scaled_dot_product_attention(x, x, x); for i in range(2) { y = y @ w }; y }",
            "[100, 64]",
            4 * 100 * 100 * 64 + 2 * 2 * 100 * 64 * 64
        ),
        ("fn forward(x) { h = x @ w; inner(h) @ w }", "[64]", 2 * 8192 + 64 * (2 * 8 + 1)),
    ]) func `Functions in a forward count as the layers do`(_ forward: String, _ input: String, _ expected: Int) throws
    {
        let lines = try StandardScripts.lines(
            """
            module M() {
                w = Parameter(randn(64, 64)); k = Parameter(randn(8, 3, 3, 3)); inner = Lift()
                \(forward)
            }
            module Lift() { a = Linear(8, 8); fn forward(x) { flatten(a(x.reshape(-1, 8, 8)), 1) } }
            s = summary(M(), input=\(input))
            print(s.flops)
            """)
        #expect(lines == ["\(expected)"])
    }

    @Test func `What a network computes between its layers has a row of its own`() throws {
        let lines = try StandardScripts.lines(
            """
            module Head(n) { q = Linear(n, n); k = Linear(n, n); v = Linear(n, n); fn forward(x) { scaled_dot_product_attention(q(x), k(x), v(x)) } }
            s = summary(Head(16), input=[100, 16])
            print(s.flops, summary(MultiheadAttention(16, 1, batch_first=true), input=[100, 16]).flops)
            s
            """)
        #expect(lines[0] == "798400 851200")
        #expect(lines.contains { $0.hasPrefix("(network)  Head") && $0.contains("640,000") })
    }

    @Test func `Buffers have bytes but are no parameters`() throws {
        let lines = try StandardScripts.lines(
            "s = summary(BatchNorm2d(4), input=[4, 2, 2]); print(s.parameters, s.bytes, s.flops)")
        // Four vectors of four floats and one int64.
        #expect(lines == ["8 72 32"])
    }

    @Test func `A layer that runs twice is counted once in parameters and twice in operations`() throws {
        let lines = try StandardScripts.lines(
            "a = Linear(4, 4); s = summary(Sequential(a, a), input=[4]); print(s.parameters, s.flops)")
        #expect(lines == ["20 72"])
    }

    @Test func `Frozen parameters are named`() throws {
        let lines = try StandardScripts.lines(
            "net = Sequential(Linear(4, 4), Linear(4, 2)); net[0].freeze(); summary(net, input=[4])")
        #expect(lines.last == "10 parameters are trained")
    }

    @Test func `Modes and running statistics stay as they were`() throws {
        let lines = try StandardScripts.lines(
            """
            net = Sequential(Linear(4, 4), BatchNorm1d(4), Dropout(0.5))
            net[2].eval()
            summary(net, input=zeros(2, 4))
            print(net.training, net[1].training, net[2].training, net[1].num_batches_tracked.item())
            """)
        #expect(lines == ["true true false 0"])
    }

    @Test func `An input that does not fit is the layer's own error`() {
        #expect(throws: (any Error).self) { try StandardScripts.lines("summary(Linear(4, 2), input=[5])") }
    }
}
