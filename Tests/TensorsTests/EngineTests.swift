import Testing

@testable import Tensors

@Suite struct EngineTests {
    @Test func aVariableThatForcesSlowerKernelsIsNamed() {
        let forced = Engine.warning(on: .avx512) { $0 == "OPENBLAS_CORETYPE" ? "Haswell" : nil }
        #expect(
            forced == "OPENBLAS_CORETYPE=Haswell makes OpenBLAS compute with AVX2 although this processor has AVX-512: "
                + "unset it for full speed")
        #expect(Engine.warning(on: .avx2) { $0 == "OPENBLAS_CORETYPE" ? "Haswell" : nil } == nil)
        #expect(Engine.warning(on: .avx512) { $0 == "OPENBLAS_CORETYPE" ? "SkylakeX" : nil } == nil)
        #expect(Engine.warning(on: .avx512) { $0 == "ONEDNN_MAX_CPU_ISA" ? "AVX" : nil }?.contains("oneDNN") == true)
        #expect(Engine.warning(on: .avx2) { _ in nil } == nil)
    }

    @Test func theFactsNameEveryLibrary() {
        let names = Engine.facts.map(\.name)
        #expect(names == ["OpenBLAS", "oneDNN", "SIMD", "products", "convolutions", "threads"])
        #expect(Engine.facts.allSatisfy { !$0.value.isEmpty })
    }

    /// The largest difference over the root of the mean square of `right`.
    private func distance(_ left: Tensor, _ right: Tensor) throws -> Double {
        let a = try left.doubles(), b = try right.doubles()
        try #require(a.count == b.count)
        let scale = (b.reduce(0) { $0 + $1 * $1 } / Double(max(1, b.count))).squareRoot()
        return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) } / max(scale, 1e-30)
    }

    /// Sizes on both sides of every limit: whole tiles and edges, one and several blocks of depth, both engines.
    @Test(arguments: [
        [1, 1, 1], [6, 16, 8], [7, 17, 9], [64, 10, 32], [13, 31, 700], [64, 256, 64], [359, 10, 33], [128, 401, 790],
    ])
    func linearAgreesWithFloat64(_ sizes: [Int]) throws {
        let (m, n, k) = (sizes[0], sizes[1], sizes[2])
        func run(_ dtype: DType, relu: Bool) throws -> [Tensor] {
            Randomness.seed(5)
            let tensors = try [[m, k], [n, k], [n], [m, n]].map { try Tensor.randn($0).to(dtype).detach() }
            let inputs = try tensors[..<3].map { try $0.requireGradient() }
            let y = try inputs[0].linear(inputs[1], bias: inputs[2], relu: relu)
            try y.backward(gradient: tensors[3])
            return [try y.detach()] + inputs.compactMap(\.gradient)
        }
        for relu in [false, true] {
            let single = try run(.float32, relu: relu), double = try run(.float64, relu: relu)
            for (part, (a, b)) in zip(single, double).enumerated() {
                // A sum near zero may fall on either side of ReLU's corner: then one row of a gradient differs.
                let limit = relu && part > 0 && m * n > 10_000 ? 5e-2 : 5e-5
                #expect(try distance(a, b) < limit, "part \(part) of \(sizes), relu \(relu)")
            }
        }
    }

    /// Images, input and output channels, height, width and padding: whole and cut tiles, one and several blocks of channels.
    @Test(arguments: [
        [2, 8, 8, 4, 4, 1], [3, 8, 16, 7, 9, 1], [2, 16, 16, 12, 12, 0], [5, 24, 8, 6, 11, 2], [2, 16, 48, 14, 14, 1],
        [1, 64, 32, 8, 8, 1], [40, 32, 32, 5, 5, 1],
    ])
    func convolutionAgreesWithFloat64(_ sizes: [Int]) throws {
        let (n, ci, co, h, w, p) = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5])
        func run(_ dtype: DType) throws -> [Tensor] {
            Randomness.seed(9)
            let output = [n, co, h + 2 * p - 2, w + 2 * p - 2]
            let tensors = try [[n, ci, h, w], [co, ci, 3, 3], [co], output].map {
                try Tensor.randn($0).to(dtype).detach()
            }
            let inputs = try tensors[..<3].map { try $0.requireGradient() }
            let y = try inputs[0].conv2d(inputs[1], bias: inputs[2], padding: Pair(p))
            try y.backward(gradient: tensors[3])
            return [try y.detach()] + inputs.compactMap(\.gradient)
        }
        for (part, (a, b)) in zip(try run(.float32), try run(.float64)).enumerated() {
            #expect(try distance(a, b) < 1e-4, "part \(part) of \(sizes)")
        }
    }
}
