import Learning
import Tensors
import Testing

/// A CIFAR ResNet-8, built of the layers: the proof that they work together.
@Suite struct ResidualNetworkTests {
    final class Block: Module {
        let trunk: Sequential, shortcut: Module

        init(_ inputs: Int, _ outputs: Int, stride: Int) throws {
            trunk = Sequential([
                try Conv2d(inputs, outputs, 3, stride: Pair(stride), padding: 1, bias: false), try BatchNorm2d(outputs),
                Activation(.relu), try Conv2d(outputs, outputs, 3, padding: 1, bias: false), try BatchNorm2d(outputs),
            ])
            shortcut =
                stride == 1 && inputs == outputs
                ? Identity()
                : Sequential([
                    try Conv2d(inputs, outputs, 1, stride: Pair(stride), bias: false), try BatchNorm2d(outputs),
                ])
            super.init()
            register(trunk, as: "trunk")
            register(shortcut, as: "shortcut")
        }

        override func forward(_ x: Tensor) throws -> Tensor { try trunk(x).add(shortcut(x)).relu() }
    }

    static func network() throws -> Sequential {
        Sequential([
            try Conv2d(3, 16, 3, padding: 1, bias: false), try BatchNorm2d(16), Activation(.relu),
            try Block(16, 16, stride: 1), try Block(16, 32, stride: 2), try Block(32, 64, stride: 2),
            AdaptiveAvgPool2d(1), Flatten(), try Linear(64, 10),
        ])
    }

    /// Images with a bright square whose place tells the class.
    static func images(_ count: Int) throws -> (x: Tensor, y: Tensor) {
        var pixels = try Tensor.randn([count, 3, 32, 32]).mul(0.3).floats()
        for image in 0..<count {
            let label = image % 10, top = 3 + label / 5 * 14, left = 2 + label % 5 * 6
            for channel in 0..<3 {
                for y in top..<top + 5 {
                    for x in left..<left + 5 { pixels[((image * 3 + channel) * 32 + y) * 32 + x] += 2 }
                }
            }
        }
        return (try Tensor(pixels, shape: [count, 3, 32, 32]), try Tensor((0..<count).map { $0 % 10 }))
    }

    @Test func `its parameters are as many as published`() throws {
        #expect(try Self.network().parameterCount == 78_042)
    }

    @Test func `it trains with falling loss, and evaluates as it does layer by layer`() throws {
        Randomness.seed(0)
        let net = try Self.network()
        let (x, y) = try Self.images(20)
        var losses: [Double] = []
        for _ in 0..<24 {
            let loss = try net(x).crossEntropy(y)
            losses.append(try loss.itemDouble())
            for parameter in net.parameters() { parameter.clearGradient() }
            try loss.backward()
            try Gradients.disabled {
                for parameter in net.parameters() {
                    if let gradient = parameter.gradient { try parameter.addScaled_(gradient, -0.1) }
                }
            }
        }
        #expect(losses[23] < 0.5 * losses[0])
        // Without gradients convolution, normalisation, sum and ReLU are computed in one step; with them, one by one.
        net.eval()
        let fused = try Gradients.disabled { try net(x).floats() }
        let separate = try net(x).floats()
        for (one, other) in zip(fused, separate) { #expect(abs(one - other) < 1e-3) }
    }
}
