import Base
import Builtins
import Data
import Runtime
import Testing

/// Networks for deployment: ONNX and 8-bit weights.
@Suite struct `Export` {
    static let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/"

    /// The files were checked in ONNX Runtime when scripts/golden/exports.py made them.
    @Test(arguments: ["perceptron", "convolution", "sequence", "scripted", "statistics"])
    func `A file is what was verified in ONNX Runtime`(_ name: String) throws {
        let source = String(decoding: try FileBytes.read(Self.folder + "exports.dist"), as: UTF8.self)
        _ = try StandardScripts.lines(source + "export(\"\(name)\", \"/tmp/distill-export-\(name).onnx\");")
        let found = try FileBytes.read("/tmp/distill-export-\(name).onnx")
        #expect(try found == FileBytes.read(Self.folder + name + ".onnx"))
    }

    @Test(arguments: [
        ("x + randn(4)", "numbers depend on the input"), ("x * x.sum().item()", "takes a number out of a tensor"),
        ("if x.sum().item() > 0 { x } else { -2 * x }", "takes a number out of a tensor"),
        ("y = relu(x); y[:, 0] = 0; y", "an assignment to elements"), ("ones(2, 3)", "does not depend on the input"),
    ]) func `What has no form in ONNX is an error`(_ body: String, _ message: String) {
        let error = `Saving and loading`.error(
            "module M() { fn forward(x) { \(body) } }\nsave(M(), \"/tmp/distill-no.onnx\", input=[4])")
        #expect(error?.kind.rawValue == "value")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "no error")")
        #expect(!WholeFile.exists("/tmp/distill-no.onnx"))
    }

    @Test func `Tracing changes nothing and draws nothing`() throws {
        let lines = try StandardScripts.lines(
            """
            net = Sequential(Linear(4, 3), BatchNorm1d(3), Dropout(0.5))
            manual_seed(2)
            before = net.state_dict()
            save(net, "/tmp/distill-trace.onnx", input=[4])
            print([k for k, v in net.state_dict().items() if not allclose(before[k], v)])
            print(net.training, randn(1).item() == (() => { manual_seed(2); randn(1).item() })())
            """)
        #expect(lines == ["[]", "true true"])
    }

    @Test func `Rounded weights stay rounded through files, and weigh a quarter`() throws {
        let lines = try StandardScripts.lines(
            """
            net = Sequential(Conv2d(1, 4, 3), Flatten(), Linear(144, 10), TransformerEncoderLayer(10, 2, dim_feedforward=8))
            small = quantize(net)
            x = randn(2, 1, 8, 8)
            w = net[2].weight
            s = small[2].weight
            scale = amax(abs(w), dim=1) / 127
            print(amax(abs(w - s) / scale.unsqueeze(1)).item() <= 0.5001, s.requires_grad, w.requires_grad)
            save(small, "/tmp/distill-small.distill")
            save(small, "/tmp/distill-small.safetensors")
            state = load("/tmp/distill-small.safetensors")
            print(state["2.weight"].dtype, state["2.weight_scale"].shape, state["3.linear1.weight"].dtype)
            again = load("/tmp/distill-small.distill")
            filled = load(net.copy(), "/tmp/distill-small.safetensors")
            for n in [again, filled] { print(allclose(n[2].weight, s, rtol=0, atol=0), allclose(n[0].weight, small[0].weight, rtol=0, atol=0)) }
            again.unfreeze()
            fit(again[2], TensorDataset(randn(8, 144), arange(8)), epochs=1)
            save(again, "/tmp/distill-small.safetensors")
            print(load("/tmp/distill-small.safetensors")["2.weight"].dtype)
            """)
        #expect(
            lines == [
                "true false true", "uint8 [10] uint8", "true true", "true true", "float32",
            ])
    }
}
