import Learning
import OrderedCollections
import Tensors
import Testing

@Suite struct ModuleTests {
    private func net() throws -> Sequential {
        Sequential(named: [
            "trunk": Sequential([try Linear(4, 8), Activation(.relu)]), "head": try Linear(8, 3),
        ])
    }

    @Test func `Names are py torchs`() throws {
        let names = try net().namedParameters().map(\.name)
        #expect(names == ["trunk.0.weight", "trunk.0.bias", "head.weight", "head.bias"])
        #expect(try Array(net().stateDict().keys) == names)
        #expect(try net().parameterCount == 4 * 8 + 8 + 8 * 3 + 3)
    }

    @Test func `Linear is initialised within its bound`() throws {
        let weight = try Linear(100, 50).weight.detach().doubles()
        #expect(weight.allSatisfy { abs($0) <= 0.1 })
        #expect((weight.max() ?? 0) > 0.09)
    }

    @Test func `States move between networks`() throws {
        let (a, b) = (try net(), try net())
        let x = try Tensor.randn([2, 4])
        #expect(try !a(x).equals(b(x)))
        try b.loadStateDict(a.stateDict())
        #expect(try a(x).detach().equals(b(x).detach()))
        var state = try a.stateDict()
        state["head.bias"] = nil
        state["extra"] = x
        #expect(throws: ModuleError.stateNames(missing: ["head.bias"], unexpected: ["extra"])) {
            try b.loadStateDict(state)
        }
        let names = try b.loadStateDict(state, strict: false)
        #expect(names.missing == ["head.bias"] && names.unexpected == ["extra"])
    }

    @Test func `A copy is independent`() throws {
        let a = try net()
        let copied = try a.copy()
        let x = try Tensor.randn([2, 4])
        #expect(try a(x).detach().equals(copied(x).detach()))
        _ = try Gradients.disabled { try a.parameters()[0].zero_() }
        #expect(try !a(x).detach().equals(copied(x).detach()))
        #expect(copied.parameters().allSatisfy { $0.requiresGradient })
    }

    @Test func `Features are taken by path`() throws {
        let a = try net()
        let x = try Tensor.randn([2, 4])
        let found = try features(a, at: ["trunk.1", "head@input", "0.0"], of: x)
        #expect(found["trunk.1"]?.shape.array == [2, 8])
        let trunk = try #require(found["trunk.1"])
        let input = try #require(found["head@input"])
        #expect(try trunk.detach().equals(input.detach()))
        #expect(try found["output"]?.detach().equals(a(x).detach()) == true)
        #expect(throws: ModuleError.self) { try features(a, at: ["tail"], of: x) }
    }

    /// scores = QKᵀ/√d before any mask, probabilities = softmax of them behind it, and what the layer gives follows from both.
    @Test func `an attention shows what it computes on the way`() throws {
        Randomness.seed(3)
        let layer = try MultiheadAttention(8, 2, batchFirst: true)
        let x = try Tensor.randn([3, 5, 8])
        let names = ["query", "key", "value", "scores", "probabilities"]
        let capture = try FeatureCapture(layer, at: names.map { LayerPath("@" + $0) })
        let padding = try Tensor([false, false, false, true, true]).unsqueeze(dim: 0).expand([3, 5])
        for mask in [nil, padding] {
            var weights: Tensor?
            let (output, seen) = try capture.run {
                let (output, own) = try layer.attend(query: x, key: x, value: x, keyPaddingMask: mask)
                weights = own
                return output
            }
            #expect(
                seen.map(\.shape.array) == [[3, 2, 5, 4], [3, 2, 5, 4], [3, 2, 5, 4], [3, 2, 5, 5], [3, 2, 5, 5]])
            let scores = try seen[0].matmul(seen[1].transpose(-2, -1)) * Scalar(0.5)
            #expect(try seen[3].allclose(scores, rtol: 1e-5, atol: 1e-6))
            let excluded = try mask?.reshape([3, 1, 1, 5]).expand([3, 2, 5, 5])
            let masked = try excluded.map { try scores.maskedFill($0, .float(-.infinity)) } ?? scores
            #expect(try seen[4].allclose(masked.softmax(dim: -1), rtol: 1e-5, atol: 1e-6))
            #expect(try seen[4].equals(#require(weights)))
            let heard = try seen[4].matmul(seen[2]).permute([0, 2, 1, 3]).reshape([3, 5, 8])
            #expect(try layer.outputProjection(heard).allclose(output, rtol: 1e-5, atol: 1e-6))
        }
    }

    @Test func `what is inside a layer is found by its path, trains, and nothing else is`() throws {
        let net = Sequential([try TransformerEncoderLayer(8, 2, feedForward: 16, batchFirst: true)])
        let x = try Tensor.randn([2, 5, 8])
        let seen = try features(net, at: ["0.self_attn@scores", "0.self_attn@input", "0.self_attn"], of: x)
        #expect(seen.mapValues(\.shape.array)["0.self_attn@scores"] == [2, 2, 5, 5])
        #expect(seen["0.self_attn@input"]?.shape.array == [2, 5, 8] && seen["0.self_attn"]?.shape.array == [2, 5, 8])
        try #require(seen["0.self_attn@scores"]).square().sum().backward()
        #expect(
            try #require(net.namedParameters().first { $0.name == "0.self_attn.in_proj_weight" }?.parameter.gradient)
                .abs().sum().itemDouble() > 0)
        // A layer above the only attention will do, one above several will not.
        #expect(try features(net, at: ["0@scores"], of: x)["0@scores"]?.shape.array == [2, 2, 5, 5])
        let two = Sequential(
            try (0..<2).map { _ in try TransformerEncoderLayer(8, 2, feedForward: 16, batchFirst: true) })
        #expect(throws: ModuleError.self) { try features(two, at: ["@scores"], of: x) }
        for path in ["0.self_attn@score", "0.linear1@scores", "0@score"] {
            do {
                _ = try features(net, at: [path], of: x)
                Issue.record("\(path) was found")
            } catch ModuleError.path(let wrong, let existing) {
                #expect(wrong == path && existing.contains("0.self_attn@scores"))
            }
        }
    }

    @Test func `Slices share layers`() throws {
        let a = Sequential([try Linear(4, 8), Activation(.relu), try Linear(8, 3)])
        #expect(a.dropLast().count == 2)
        #expect(try a.dropLast().layer(at: 0) === a.layer(at: 0))
        #expect(throws: ModuleError.self) { try a.layer(at: 3) }
    }

    @Test func `Dropout acts in training only`() throws {
        let dropout = try Dropout(p: 0.5)
        let x = try Tensor.ones([1000])
        let zeros = try dropout(x).doubles().count { $0 == 0 }
        #expect(zeros > 400 && zeros < 600)
        dropout.eval()
        #expect(try dropout(x).equals(x))
    }

    @Test func `Frozen networks get no gradient`() throws {
        let a = try net()
        try a.freeze()
        #expect(try !a(Tensor.randn([2, 4])).requiresGradient)
        try a.unfreeze()
        #expect(try a(Tensor.randn([2, 4])).requiresGradient)
    }

    @Test func `Wrong inputs are explained`() throws {
        let layer = try Linear(4, 8)
        #expect(throws: ModuleError.self) { try layer(Tensor.randn([2, 5])) }
        #expect(throws: ModuleError.self) { try Linear(0, 8) }
    }
}
