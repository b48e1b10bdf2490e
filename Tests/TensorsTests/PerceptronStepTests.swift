import Testing

@testable import Tensors

@Suite struct PerceptronStepTests {
    private let x: Tensor, labels: Tensor, layers: [LinearLayer], plan: PerceptronStep

    init() throws {
        Randomness.seed(3)
        x = try Tensor.randn([5, 4]).detach().requireGradient()
        labels = try Tensor([0, 2, 1, 2, 0])
        func parameter(_ shape: [Int]) throws -> Tensor { try Tensor.randn(shape).detach().requireGradient() }
        layers = [
            LinearLayer(weight: try parameter([6, 4]), bias: try parameter([6]), relu: true),
            LinearLayer(weight: try parameter([3, 6]), bias: try parameter([3]), relu: false),
        ]
        plan = try #require(try PerceptronStep(layers, rows: 5))
    }

    private func loss() throws -> Tensor {
        let hidden = try x.linear(layers[0].weight, bias: layers[0].bias, relu: true)
        return try hidden.linear(layers[1].weight, bias: layers[1].bias).crossEntropy(labels)
    }

    private var leaves: [Tensor] { [x] + layers.flatMap { [$0.weight, $0.bias].compactMap { $0 } } }

    /// The gradients of all leaves, which are forgotten.
    private func gradients() throws -> [[Double]] {
        defer { for leaf in leaves { leaf.clearGradient() } }
        return try leaves.map { try #require($0.gradient).doubles() }
    }

    @Test func givesTheGradientsOfTheOperations() throws {
        for factor in [1.0, 0.25] {
            try (loss() * Scalar(factor)).backward()
            let expected = try gradients()
            let planned = try plan.crossEntropy(x, labels)
            #expect(try planned.itemDouble() == loss().itemDouble())
            try (planned * Scalar(factor)).backward()
            #expect(try gradients() == expected)
        }
    }

    @Test func gradientsAddUp() throws {
        try loss().backward()
        try loss().backward()
        let expected = try gradients()
        // In a flat buffer, too, where kernels add in place.
        let flat = try FlatParameters(Array(leaves.dropFirst()))
        try plan.crossEntropy(x, labels).backward()
        try plan.crossEntropy(x, labels).backward()
        #expect(flat.count == 51)
        for (sum, own) in zip(expected, try gradients()) {
            for (a, b) in zip(sum, own) { #expect(abs(a - b) <= 1e-6 * max(1, abs(a))) }
        }
    }

    @Test func aLossWhoseMemoryIsUsedAgainSaysSo() throws {
        let first = try plan.crossEntropy(x, labels), second = try plan.crossEntropy(x, labels)
        #expect(throws: TensorError.self) { try first.backward() }
        try second.backward(retainGraph: true)
        #expect(throws: TensorError.self) { try second.backward() }
        let third = try plan.crossEntropy(x, labels)
        try Gradients.disabled { _ = try layers[0].weight.mul_(.float(2)) }
        #expect(throws: TensorError.self) { try third.backward() }
    }

    @Test func suitsItsLayersAndBatchesOnly() throws {
        #expect(plan.suits(layers, x))
        #expect(!plan.suits(layers, try Tensor.randn([4, 4])))
        #expect(!plan.suits(layers.reversed(), x))
        #expect(!plan.suits(layers, try Tensor.randn([5, 4]).to(.float64)))
        #expect(!Gradients.disabled { plan.suits(layers, x) })
        #expect(try PerceptronStep([layers[1], layers[0]], rows: 5) == nil)
        let square = LinearLayer(weight: try Tensor.randn([4, 4]), bias: nil, relu: true)
        #expect(try PerceptronStep([square, square], rows: 5) == nil)
        #expect(throws: TensorError.self) { try plan.crossEntropy(x, Tensor([0, 1, 2, 3, 0])) }
    }
}
