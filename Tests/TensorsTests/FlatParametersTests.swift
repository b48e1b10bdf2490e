import CKernels
import Tensors
import Testing

@Suite struct FlatParametersTests {
    @Test func `A training step allocates no storage after its first passes`() throws {
        Randomness.seed(3)
        let x = try Tensor.randn([16, 8]), y = try Tensor.randint(high: 4, [16])
        let w1 = try Tensor.randn([32, 8]).requireGradient(), b1 = try Tensor.zeros([32]).requireGradient()
        let w2 = try Tensor.randn([4, 32]).requireGradient(), b2 = try Tensor.zeros([4]).requireGradient()
        let flat = try FlatParameters([w1, b1, w2, b2])
        let mean = try flat.makeState(), square = try flat.makeState()
        var losses: [Double] = []
        func step(_ number: Int) throws {
            let logits = try x.linear(w1, bias: b1, relu: true).linear(w2, bias: b2)
            let loss = try logits.crossEntropy(y)
            flat.clearGradients()
            try loss.backward()
            try flat.update([mean, square]) { run in
                ck_adam(run, 0.01, 0.9, 0.999, 1e-8, 0, false, false, Int64(number))
            }
            losses.append(try loss.itemDouble())
        }
        for number in 1...3 { try step(number) }
        let before = Memory.systemAllocations
        for number in 4...60 { try step(number) }
        #expect(Memory.systemAllocations == before)
        #expect(losses[59] < losses[0] / 2)
    }

    @Test func `A gradient somebody keeps is not overwritten`() throws {
        let w = try Tensor([1, 2] as [Float]).requireGradient()
        let flat = try FlatParameters([w])
        try w.mul(3).sum().backward()
        let kept = try #require(w.gradient)
        flat.clearGradients()
        #expect(w.gradient == nil)
        try w.mul(5).sum().backward()
        #expect(try kept.floats() == [3, 3])
        #expect(try w.gradient?.floats() == [5, 5])
        try w.mul(5).sum().backward()
        #expect(try w.gradient?.floats() == [10, 10])
        #expect(abs(try flat.clipGradientNorm(1) - 200.0.squareRoot()) < 1e-5)
        #expect(abs(try flat.gradientNorm() - 1) < 1e-5)
    }
}
