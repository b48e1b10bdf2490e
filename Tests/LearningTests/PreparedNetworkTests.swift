import Data
import Learning
import Tensors
import Testing

/// Plans of networks of the library's layers.
@Suite struct `Prepared networks` {
    static func evaluated(_ net: Module, _ x: Tensor) throws -> Tensor {
        try Gradients.disabled { try net.evaluated(.tensor(x)) }
    }

    static func eager(_ net: Module, _ x: Tensor) throws -> Tensor { try Gradients.disabled { try net(x) } }

    static func runs(_ net: Module) -> Int {
        Preparation.facts(of: net).first { $0.name == "runs" }.flatMap { Int($0.value) } ?? -1
    }

    static func network() throws -> Sequential {
        Randomness.seed(5)
        let net = Sequential([
            try Conv2d(2, 4, 3, padding: 1), try BatchNorm2d(4), Activation(.relu), try Dropout(p: 0.5), Flatten(),
            try Linear(64, 3),
        ])
        net.train()
        _ = try eager(net, try .randn([8, 2, 4, 4]))
        net.eval()
        return net
    }

    @Test func `the third batch of a shape runs the plan`() throws {
        let net = try Self.network()
        let x = try Tensor.randn([2, 2, 4, 4])
        for round in 0..<4 {
            #expect(try Self.evaluated(net, x).allclose(Self.eager(net, x), rtol: 1e-4, atol: 1e-5))
            #expect(Self.runs(net) == max(0, round - 1))
        }
        let other = try Tensor.randn([3, 2, 4, 4])
        #expect(try Self.evaluated(net, other).allclose(Self.eager(net, other), rtol: 1e-4, atol: 1e-5))
        #expect(Self.runs(net) == 2)
    }

    @Test func `gradients are wanted: no plan runs`() throws {
        let net = try Self.network()
        let x = try Tensor.randn([2, 2, 4, 4])
        for _ in 0..<3 { _ = try Self.evaluated(net, x) }
        let before = Self.runs(net)
        #expect(try net.evaluated(.tensor(x)).requiresGradient)
        #expect(Self.runs(net) == before)
    }

    @Test func `a mode that changes is followed, of the network and of one layer`() throws {
        let net = try Self.network()
        let x = try Tensor.randn([6, 2, 4, 4])
        for _ in 0..<3 { _ = try Self.evaluated(net, x) }
        let before = Self.runs(net)
        let norm = try #require(net.layers[1] as? BatchNorm2d)
        let batches = try norm.batchesTracked?.item()
        net.layers[1].train()
        let own = try Self.evaluated(net, x)
        #expect(try norm.batchesTracked?.item() != batches)
        #expect(Self.runs(net) == before)
        net.eval()
        #expect(try !own.allclose(Self.eager(net, x), rtol: 1e-4, atol: 1e-5))
        #expect(try Self.evaluated(net, x).allclose(Self.eager(net, x), rtol: 1e-4, atol: 1e-5))
        #expect(Self.runs(net) == before + 1)
        net.layers[3].train()
        #expect(try !Self.evaluated(net, x).allclose(Self.evaluated(net, x)))
        #expect(Self.runs(net) == before + 1)
    }

    @Test func `a dtype of the input has a plan of its own`() throws {
        let net = Sequential([Activation(.relu), Flatten()])
        for dtype in [DType.float32, .float64, .float32] {
            let x = try Tensor.randn([2, 3, 2], dtype: dtype)
            for _ in 0..<3 { #expect(try Self.evaluated(net, x).equals(Self.eager(net, x))) }
            #expect(try Self.evaluated(net, x).dtype == dtype)
        }
        #expect(Self.runs(net) == 2 + 2 + 4)
    }

    @Test func `a layer that is replaced is followed`() throws {
        let net = try Self.network()
        let x = try Tensor.randn([2, 2, 4, 4])
        for _ in 0..<3 { _ = try Self.evaluated(net, x) }
        net.register(try Linear(64, 3), as: "5")
        for _ in 0..<3 {
            #expect(try Self.evaluated(net, x).allclose(Self.eager(net, x), rtol: 1e-4, atol: 1e-5))
        }
    }

    @Test func `features asked for come out of the plan`() throws {
        let net = try Self.network()
        let x = try Tensor.randn([2, 2, 4, 4])
        let capture = try FeatureCapture(net, at: ["1", "2@input", "5@input"].map { LayerPath($0) })
        let expected = try capture.run { try Self.eager(net, x) }
        for _ in 0..<4 {
            let found = try capture.run { try Self.evaluated(net, x) }
            for (a, b) in zip(found.features + [found.output], expected.features + [expected.output]) {
                #expect(try a.allclose(b, rtol: 1e-4, atol: 1e-5))
            }
        }
        #expect(Self.runs(net) == 2)
        #expect(try Self.evaluated(net, x).allclose(expected.output, rtol: 1e-4, atol: 1e-5))
    }

    /// A layer of which it is not known what it reads.
    final class Foreign: Module {
        override func forward(_ x: Tensor) throws -> Tensor { try x.mul(2) }
    }

    @Test func `a layer that is not known is computed step by step`() throws {
        let net = Sequential([Foreign()])
        let x = try Tensor.randn([2, 4])
        for _ in 0..<4 { #expect(try Self.evaluated(net, x).equals(x.mul(2))) }
        #expect(Self.runs(net) == 0)
        #expect(Preparation.facts(of: net).contains { $0.name == "reason" && $0.value.contains("Foreign") })
    }
}
