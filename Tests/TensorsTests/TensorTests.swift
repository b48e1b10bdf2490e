import Tensors
import Testing

@Suite struct TensorTests {
    @Test func `Arithmetic broadcasts and flows back`() throws {
        let x = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).requireGradient()
        let y = try Tensor([10, 20, 30] as [Float]).requireGradient()
        let z = try (x * y + 1).sum()
        #expect(try z.item() == .float(466))
        try z.backward()
        #expect(try x.gradient?.floats() == [10, 20, 30, 10, 20, 30])
        #expect(try y.gradient?.floats() == [5, 7, 9])
    }

    @Test func `A graph of a million operations is built walked and freed`() throws {
        let x = try Tensor([1] as [Float]).requireGradient()
        var y = x
        for _ in 0..<1_000_000 { y = try y + 1 }
        try y.sum().backward()
        #expect(try x.gradient?.floats() == [1])
        y = x
        for _ in 0..<1_000_000 { y = try y + 1 }
        y = x
    }

    @Test func `Backward through an overwritten tensor is an error`() throws {
        let x = try Tensor([1, 2] as [Float]).requireGradient()
        let y = try (x * x).sum()
        try Gradients.disabled { _ = try x.add_(1) }
        #expect(throws: TensorError.overwritten(operation: "*")) { try y.backward() }
        #expect(throws: TensorError.writeIntoLeaf(function: "+=")) { try x.add_(1) }
    }

    @Test func `Linear agrees with matmul`() throws {
        Randomness.seed(1)
        let x = try Tensor.randn([5, 7]), w = try Tensor.randn([3, 7]), b = try Tensor.randn([3])
        try Tensor.checkGradients(of: [x, w, b]) { try $0[0].linear($0[1], bias: $0[2], relu: true) }
        try Tensor.checkGradients(of: [x, w]) { try $0[0].matmul($0[1].transposed()) }
        let plain = try x.matmul(w.transposed()) + b
        #expect(try x.linear(w, bias: b).allclose(plain, rtol: 1e-5, atol: 1e-6))
    }
}
