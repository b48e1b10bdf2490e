import Fixtures
import Tensors
import Testing

/// Network functions against PyTorch: values and all gradients, in float32 and float64.
@Suite struct NetworkFunctionTests {
    static let fixtures = NetworkFixture.read("networks.txt")

    static func run(_ f: NetworkFixture, _ i: [String: Tensor]) throws -> Tensor {
        guard let x = i["x"] ?? i["q"] ?? i["weight"] else { throw TensorError.noTensors(function: "fixture") }
        switch f.function {
        case "conv2d":
            return try x.conv2d(
                #require(i["weight"]), bias: i["bias"], stride: f.pair("stride", 1), padding: f.pair("padding", 0),
                dilation: f.pair("dilation", 1), groups: f.int("groups", 1))
        case "conv1d":
            return try x.conv1d(
                #require(i["weight"]), bias: i["bias"], stride: f.int("stride", 1), padding: f.int("padding", 0),
                dilation: f.int("dilation", 1), groups: f.int("groups", 1))
        case "conv_transpose2d":
            return try x.convTranspose2d(
                #require(i["weight"]), bias: i["bias"], stride: f.pair("stride", 1), padding: f.pair("padding", 0),
                outputPadding: f.pair("output_padding", 0), groups: f.int("groups", 1), dilation: f.pair("dilation", 1))
        case "max_pool2d":
            return try x.maxPool2d(
                f.pair("kernel", 1), stride: f.pair("stride"), padding: f.pair("padding", 0),
                dilation: f.pair("dilation", 1), ceilMode: f.flag("ceil_mode"))
        case "avg_pool2d":
            return try x.avgPool2d(
                f.pair("kernel", 1), stride: f.pair("stride"), padding: f.pair("padding", 0),
                ceilMode: f.flag("ceil_mode"),
                countIncludePad: f.flag("count_include_pad", true),
                divisorOverride: f.options["divisor_override"].flatMap { Int($0) })
        case "adaptive_avg_pool2d": return try x.adaptiveAvgPool2d(f.pair("size", 1))
        case "batch_norm":
            return try x.batchNorm(
                runningMean: i["before.mean"], runningVariance: i["before.var"], weight: i["weight"], bias: i["bias"],
                training: f.flag("training"), momentum: 0.25, eps: 1e-4)
        case "layer_norm":
            let shape = f.options["shape"]?.split(separator: ",").compactMap { Int($0) } ?? []
            return try x.layerNorm(shape, weight: i["weight"], bias: i["bias"], eps: 1e-4)
        case "group_norm":
            return try x.groupNorm(f.int("groups", 1), weight: i["weight"], bias: i["bias"], eps: 1e-4)
        case "scaled_dot_product_attention":
            return try x.scaledDotProductAttention(
                key: #require(i["k"]), value: #require(i["v"]), mask: i["mask"], isCausal: f.flag("causal"),
                scale: f.number("scale"))
        case "interpolate":
            return try x.interpolate(
                size: f.pair("size"), scaleFactor: f.number("scale_factor"),
                mode: #require(Tensor.Interpolation(rawValue: f.options["mode"] ?? "")),
                alignCorners: f.flag("align_corners"))
        case "unfold":
            return try x.unfold(
                f.pair("kernel", 1), dilation: f.pair("dilation", 1), padding: f.pair("padding", 0),
                stride: f.pair("stride", 1))
        case "embedding":
            return try #require(i["weight"]).embedding(
                #require(i["index"]), paddingIndex: f.options["padding_idx"].flatMap { Int($0) })
        default: throw TensorError.noTensors(function: f.function)
        }
    }

    static func inputs(_ f: NetworkFixture, _ dtype: DType) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for name in f.entries.keys where !name.hasPrefix("out") && !name.hasPrefix("grad.") && !name.hasPrefix("after.")
        {
            inputs[name] = try f.tensor(name, name == "index" ? .int64 : dtype)
        }
        for (name, tensor) in inputs where f.entries["grad." + name] != nil { try tensor.requireGradient() }
        return inputs
    }

    @Test func `there are fixtures`() { #expect(Self.fixtures.count > 80) }

    @Test(arguments: fixtures, [DType.float32, .float64])
    func `values and gradients are PyTorch's`(_ f: NetworkFixture, _ dtype: DType) throws {
        let tolerance = dtype == .float32 ? 1e-5 : 1e-10
        let inputs = try Self.inputs(f, dtype)
        let out = try Self.run(f, inputs)
        #expect(try f.difference(out, "out", tolerance) == nil)
        try out.backward(gradient: NetworkFixture.probe(out))
        for (name, tensor) in inputs where tensor.requiresGradient {
            #expect(try f.difference(tensor.gradient ?? tensor.zerosLike(), "grad." + name, 2 * tolerance) == nil)
        }
        if f.function == "batch_norm" {
            #expect(try f.difference(inputs["before.mean"], "after.mean", tolerance) == nil)
            #expect(try f.difference(inputs["before.var"], "after.var", tolerance) == nil)
        }
    }

    @Test(
        arguments: fixtures.filter {
            ($0.entries["out"]?.numbers.count ?? 0) < 400 && $0.entries["out"]?.numbers.isEmpty == false
        })
    func `gradients agree with finite differences`(_ f: NetworkFixture) throws {
        let inputs = try Self.inputs(f, .float64)
        let names = inputs.keys.filter { inputs[$0]?.requiresGradient == true }.sorted()
        // The largest of equals is no smooth function, and a padding row has no gradient by decree.
        guard f.function != "max_pool2d" && f.options["padding_idx"] == nil else { return }
        try Tensor.checkGradients(of: names.compactMap { inputs[$0] }) { points in
            try Self.run(f, inputs.merging(zip(names, points)) { $1 })
        }
    }

    @Test(arguments: fixtures.filter { ["conv2d", "batch_norm", "max_pool2d"].contains($0.function) })
    func `results are the same bits every time`(_ f: NetworkFixture) throws {
        let first = try Self.run(f, Self.inputs(f, .float32)).floats()
        #expect(try Self.run(f, Self.inputs(f, .float32)).floats() == first)
    }

    /// Its values are compared with PyTorch's in LearningTests.
    @Test(arguments: [false, true])
    func `an LSTM's gradients agree with finite differences`(_ reverse: Bool) throws {
        let shapes = [[3, 2, 4], [2, 3], [2, 3], [12, 4], [12, 3], [12]]
        let inputs = try shapes.map { try Tensor.randn($0, dtype: .float64) }
        try Tensor.checkGradients(of: inputs) { i in
            let result = try i[0].lstm(
                hidden: i[1], cell: i[2], inputWeight: i[3], hiddenWeight: i[4], inputBias: i[5], reverse: reverse)
            return try result.output.sum().add(result.hidden.square().sum()).add(result.cell.square().sum())
        }
    }
}
