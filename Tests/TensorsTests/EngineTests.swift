import CKernels
import Glibc
import Testing

@testable import Tensors

@Suite struct EngineTests {
    @Test func `A variable that forces slower kernels is named`() {
        let forced = Engine.warning(on: .avx512) { $0 == "OPENBLAS_CORETYPE" ? "Haswell" : nil }
        #expect(
            forced == "OPENBLAS_CORETYPE=Haswell makes OpenBLAS compute with AVX2 although this processor has AVX-512: "
                + "unset it for full speed")
        #expect(Engine.warning(on: .avx2) { $0 == "OPENBLAS_CORETYPE" ? "Haswell" : nil } == nil)
        #expect(Engine.warning(on: .avx512) { $0 == "OPENBLAS_CORETYPE" ? "SkylakeX" : nil } == nil)
        #expect(Engine.warning(on: .avx512) { $0 == "ONEDNN_MAX_CPU_ISA" ? "AVX" : nil }?.contains("oneDNN") == true)
        #expect(Engine.warning(on: .avx2) { _ in nil } == nil)
    }

    @Test func `The facts name every library`() {
        let names = Engine.facts.map(\.name)
        #expect(names == ["OpenBLAS", "oneDNN", "SIMD", "products", "convolutions", "threads"])
        #expect(Engine.facts.allSatisfy { !$0.value.isEmpty })
    }

    @Test func `a word of DISTILL_SIMD lowers the level, and a wrong one is named`() {
        func choose(_ word: String?, _ offered: ck_simd) -> (ck_simd, String) {
            var reason = [CChar](repeating: 0, count: 160)
            let level = ck_simd_choose(word, offered, &reason, reason.count)
            return (level, String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        #expect(choose(nil, CK_SIMD_AVX2) == (CK_SIMD_AVX2, ""))
        #expect(choose("", CK_SIMD_AVX2) == (CK_SIMD_AVX2, ""))
        #expect(choose("baseline", CK_SIMD_AVX512) == (CK_SIMD_BASELINE, ""))
        #expect(choose("avx2", CK_SIMD_AVX512) == (CK_SIMD_AVX2, ""))
        #expect(
            choose("avx512", CK_SIMD_AVX2)
                == (CK_SIMD_AVX2, "DISTILL_SIMD=avx512: this processor offers avx2 at most, which is used"))
        #expect(
            choose("sse9", CK_SIMD_AVX512)
                == (CK_SIMD_AVX512, "DISTILL_SIMD=sse9 is none of avx512, avx2 and baseline; avx512 is used"))
    }

    @Test func `OpenBLAS is told kernels that the processor runs, and poorer ones are named`() {
        #expect(Engine.Level(core: "SkylakeX") == .avx512)
        #expect(Engine.Level(core: "haswell") == .avx2)
        #expect(Engine.Level(core: "Prescott") == .baseline)
        #expect(Engine.Level(core: "Unheard") == nil)
        #expect(
            Engine.libraryWarning(core: "Prescott", on: .avx512)
                == "OpenBLAS computes with its kernel for Prescott (SSE) although this processor has AVX-512: "
                + "products of float64 and factorisations are slow")
        #expect(Engine.libraryWarning(core: "SkylakeX", on: .avx512) == nil)
        #expect(Engine.libraryWarning(core: "", on: .avx512) == nil)
        let core = String(cString: ck_blas_core())
        if !core.isEmpty, getenv("OPENBLAS_CORETYPE") == nil { #expect(Engine.libraryWarning == nil, "\(core)") }
    }

    @Test func `a lack of scratch memory is an error`() throws {
        #expect(throws: TensorError.self) { try Kernels.checkScratch(false) }
        // More than any limit allows, whatever the tests beside this one take and give back.
        #expect(ck_scratch(Int32(CK_SCRATCH_SUMS), 1 << 45) == nil)
        #expect(ck_refused_scratch() == 1 << 45)
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
    func `Linear agrees with float 64`(_ sizes: [Int]) throws {
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
    func `Convolution agrees with float 64`(_ sizes: [Int]) throws {
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
