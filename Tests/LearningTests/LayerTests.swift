import Fixtures
import Learning
import OrderedCollections
import Tensors
import Testing

/// Layers against PyTorch: states under its names, outputs, gradients and running statistics.
@Suite struct LayerTests {
    static let fixtures = NetworkFixture.read("layers.txt")

    static func make(_ f: NetworkFixture) throws -> Module {
        switch f.function {
        case "Conv1d": try Conv1d(3, 4, 3, stride: 2, padding: 1)
        case "Conv2d": try Conv2d(4, 6, 3, stride: 2, padding: 1, groups: 2)
        case "ConvTranspose2d": try ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, outputPadding: 1)
        case "BatchNorm1d": try BatchNorm1d(5)
        case "BatchNorm2d": try BatchNorm2d(3)
        case "LayerNorm": try LayerNorm([6])
        case "GroupNorm": try GroupNorm(2, 4)
        case "Embedding": try Embedding(9, 4, paddingIndex: 0)
        case "MultiheadAttention": try MultiheadAttention(8, 2, batchFirst: f.flag("batch_first"))
        case "TransformerEncoderLayer":
            try TransformerEncoderLayer(
                8, 2, feedForward: 12, dropout: 0, activation: f.options["activation"] == "gelu" ? .gelu : .relu,
                batchFirst: true, normFirst: f.flag("norm_first"))
        default:
            try LSTM(
                3, 4, layers: f.int("num_layers", 1), bias: f.flag("bias", true), batchFirst: f.flag("batch_first"),
                bidirectional: f.flag("bidirectional"))
        }
    }

    static func outputs(_ f: NetworkFixture, _ module: Module, _ x: Tensor, _ inputs: [String: Tensor]) throws
        -> [Tensor]
    {
        if let attention = module as? MultiheadAttention, let key = inputs["key"] {
            let result = try attention.attend(query: x, key: key, value: key)
            return [result.output, try result.weights.mean(dims: [1])]
        }
        if let encoder = module as? TransformerEncoderLayer, let mask = inputs["mask"] {
            return [try encoder.encode(x, keyPaddingMask: mask)]
        }
        if let lstm = module as? LSTM {
            let result = try lstm.run(x)
            return [result.output, result.hidden, result.cell]
        }
        return [try module(x)]
    }

    @Test(arguments: fixtures)
    func `outputs and gradients are PyTorch's`(_ f: NetworkFixture) throws {
        let module = try Self.make(f)
        var state: OrderedDictionary<String, Tensor> = [:]
        var inputs: [String: Tensor] = [:]
        for name in f.entries.keys.sorted() {
            if name.hasPrefix("state.") {
                state[String(name.dropFirst(6))] = try f.tensor(name, .float32)
            } else if ["x", "key", "mask"].contains(name) {
                let dtype: DType = name == "mask" ? .bool : f.function == "Embedding" ? .int64 : .float32
                inputs[name] = try f.tensor(name, dtype)
                if dtype == .float32 { try inputs[name]?.requireGradient() }
            }
        }
        try module.loadStateDict(state)
        #expect(Set(try module.stateDict().keys) == Set(state.keys))
        if f.flag("eval") { module.eval() }
        let x = try #require(inputs["x"])
        let outputs = try Self.outputs(f, module, x, inputs)
        for (index, output) in outputs.enumerated() {
            #expect(try f.difference(output, index == 0 ? "out" : "out\(index)", 1e-5) == nil)
        }
        var total = try outputs[0].mul(NetworkFixture.probe(outputs[0])).sum()
        for output in outputs.dropFirst() { total = try total.add(output.mul(NetworkFixture.probe(output)).sum()) }
        try total.backward()
        for (name, tensor) in inputs where tensor.requiresGradient {
            #expect(try f.difference(tensor.gradient, "grad." + name, 3e-5) == nil)
        }
        for (name, parameter) in module.namedParameters() {
            #expect(try f.difference(parameter.gradient, "grad." + name, 3e-5) == nil)
        }
        for (name, buffer) in module.namedBuffers() {
            #expect(try f.difference(buffer, "after." + name, 1e-5) == nil)
        }
    }

    @Test(arguments: fixtures)
    func `copies are independent and equal`(_ f: NetworkFixture) throws {
        let module = try Self.make(f), copy = try module.copy()
        #expect(try copy.stateDict().keys == module.stateDict().keys)
        for (one, other) in zip(module.parameters(), copy.parameters()) {
            #expect(one !== other)
            #expect(try one.floats() == other.floats())
        }
    }

    @Test func `initial weights lie in PyTorch's bounds`() throws {
        let convolution = try Conv2d(4, 8, 3, groups: 2)
        let bound = 1 / Float(2 * 9).squareRoot()
        let weights = try convolution.weight.floats()
        #expect(weights.allSatisfy { abs($0) <= bound })
        #expect(weights.contains { abs($0) > 0.8 * bound })
        #expect(try Embedding(5, 3, paddingIndex: -1).weight.floats().suffix(3) == [0, 0, 0])
    }

    @Test func `mistakes are errors that name the layer and the values`() throws {
        #expect(
            throws: ModuleError.argument(
                layer: "Conv2d", problem: "groups must divide both channel counts, given 3, 8, groups=2")
        ) { try Conv2d(3, 8, 3, groups: 2) }
        #expect(throws: TensorError.self) { try Conv2d(3, 8, 3)(Tensor.zeros([1, 4, 8, 8])) }
        #expect(throws: ModuleError.self) { try BatchNorm2d(3)(Tensor.zeros([2, 3])) }
        #expect(throws: ModuleError.self) { try MultiheadAttention(10, 3) }
        #expect(throws: TensorError.self) { try BatchNorm1d(3)(Tensor.zeros([1, 3])) }
    }
}
