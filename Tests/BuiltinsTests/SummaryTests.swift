import Builtins
import Runtime
import Testing

@Suite struct `Summaries of networks` {
    @Test(
        "Operations are those that PyTorch's FlopCounterMode counts",
        arguments: [
            ("Conv2d(8, 16, 3, stride=2, padding=1, groups=4, bias=false), input=[8, 9, 9]", 14400),
            ("ConvTranspose2d(8, 4, 3, stride=2, groups=2, bias=false), input=[8, 5, 5]", 7200),
            ("Conv1d(8, 4, 5, bias=false), input=[8, 20]", 5120),
            ("Linear(7, 5, bias=false), input=[3, 7]", 210),
            ("MultiheadAttention(8, 2, bias=false, batch_first=true), input=[5, 8]", 3360),
        ]) func operations(_ call: String, _ expected: Int) throws
    {
        #expect(try StandardScripts.lines("summary(\(call)).flops") == ["\(expected)"])
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
