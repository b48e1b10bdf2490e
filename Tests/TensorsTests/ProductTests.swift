import CKernels
import Testing

@testable import Tensors

/// Products and convolutions by every engine that the processor has, beside plain loops.
@Suite(.serialized) struct ProductTests {
    /// Rows, columns and steps on both sides of every boundary: a tile, two vectors, a panel's depth, a piece of a thread,
    /// and products so large that threads share them.
    static let sizes = [
        [1, 1, 1], [1, 5, 3], [2, 17, 4], [5, 31, 5], [6, 16, 8], [7, 32, 16], [13, 33, 17], [14, 64, 31],
        [15, 65, 32],
        [28, 97, 33], [29, 15, 320], [43, 130, 321], [1, 200, 700], [300, 3, 641], [100, 100, 100], [129, 96, 350],
        [60, 257, 330],
    ]

    @Test(arguments: sizes) func `products agree with plain loops in every transposition`(_ size: [Int])
        throws
    {
        try products(Float.self, size[0], size[1], size[2])
        try products(Double.self, size[0], size[1], size[2])
    }

    private func products<T: KernelNumber>(_: T.Type, _ m: Int, _ n: Int, _ k: Int) throws {
        var numbers = Numbers(m * 31 + n * 7 + k)
        let a: [T] = numbers.array(m * k), b: [T] = numbers.array(n * k), c: [T] = numbers.array(m * n)
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            let exact = loops(a, b, ta, tb, m, n, k)
            for place in Place.all {
                try place.run {
                    for (alpha, beta) in [(1.0, 0.0), (1, 1), (0.5, 0.25)] {
                        var out = c
                        ck_gemm(T.code, ta, tb, Int64(m), Int64(n), Int64(k), alpha, a, b, beta, &out)
                        expectClose(
                            out, zip(exact, c).map { alpha * $0 + beta * Double($1) },
                            "\(m)×\(n)×\(k) \(ta) \(tb) \(alpha) \(beta), \(place)", tolerance: 10 * T.tolerance)
                    }
                }
            }
        }
    }

    private func loops<T: KernelNumber>(_ a: [T], _ b: [T], _ ta: Bool, _ tb: Bool, _ m: Int, _ n: Int, _ k: Int)
        -> [Double]
    {
        let left = a.map { Double($0) }, right = b.map { Double($0) }
        var out = [Double](repeating: 0, count: m * n)
        for i in 0..<m {
            for l in 0..<k {
                let x = left[ta ? l * m + i : i * k + l]
                for j in 0..<n { out[i * n + j] += x * right[tb ? j * k + l : l * n + j] }
            }
        }
        return out
    }

    @Test(arguments: sizes) func `a linear map brings bias and ReLU along`(_ size: [Int]) throws {
        let (m, n, k) = (size[0], size[1], size[2])
        var numbers = Numbers(m + n + k)
        let x: [Float] = numbers.array(m * k), w: [Float] = numbers.array(n * k), b: [Float] = numbers.array(n)
        let exact = loops(x, w, false, true, m, n, k)
        for place in Place.all {
            try place.run {
                for relu in [false, true] {
                    var out = [Float](repeating: 7, count: m * n)
                    ck_linear(CK_FLOAT32, Int64(m), Int64(n), Int64(k), x, w, b, relu, &out)
                    let expected = exact.indices.map { i -> Double in
                        let y = exact[i] + Double(b[i % n])
                        return relu ? max(0, y) : y
                    }
                    expectClose(out, expected, "\(m)×\(n)×\(k), relu \(relu), \(place)", tolerance: 4e-5)
                }
            }
        }
    }

    @Test(arguments: Place.all) func `NaN and infinity stay in their rows and columns`(_ place: Place) throws {
        try place.run {
            for size in Self.sizes where size.allSatisfy({ $0 > 1 }) {
                let (m, n, k) = (size[0], size[1], size[2])
                var numbers = Numbers(k)
                var x: [Float] = numbers.array(m * k), w: [Float] = numbers.array(n * k)
                x[m * k - 1] = .nan
                w[k - 1] = .infinity
                x[k - 1] = 1
                var out = [Float](repeating: 0, count: m * n)
                ck_linear(CK_FLOAT32, Int64(m), Int64(n), Int64(k), x, w, nil, false, &out)
                for i in 0..<m {
                    for j in 0..<n {
                        let y = out[i * n + j]
                        if i == m - 1 {
                            #expect(y.isNaN, "\(m)×\(n)×\(k) at \(i), \(j)")
                        } else {
                            #expect(j == 0 ? y.isInfinite : y.isFinite, "\(m)×\(n)×\(k) at \(i), \(j)")
                        }
                    }
                }
                var rectified = out
                ck_linear(CK_FLOAT32, Int64(m), Int64(n), Int64(k), x, w, nil, true, &rectified)
                #expect(rectified[m * n - 1].isNaN && rectified[0] == .infinity)
            }
        }
    }

    @Test(arguments: Place.all) func `a batch of products is each of them, bit for bit at any number of threads`(
        _ place: Place
    ) throws {
        let (batch, m, n, k) = (5, 33, 40, 100)
        var numbers = Numbers(3)
        let a: [Float] = numbers.array(batch * m * k), b: [Float] = numbers.array(batch * k * n)
        var alone = [Float](repeating: 0, count: batch * m * n), together = alone
        try Place(level: place.level, threads: 1, isPlain: place.isPlain).run {
            for i in 0..<batch {
                let left = Array(a[(i * m * k)..<((i + 1) * m * k)]), right = Array(b[(i * k * n)..<((i + 1) * k * n)])
                var out = [Float](repeating: 0, count: m * n)
                ck_gemm(CK_FLOAT32, false, false, Int64(m), Int64(n), Int64(k), 1, left, right, 0, &out)
                alone.replaceSubrange((i * m * n)..<((i + 1) * m * n), with: out)
            }
        }
        try place.run {
            ck_gemm_batched(
                CK_FLOAT32, false, false, Int64(batch), Int64(m), Int64(n), Int64(k), a, Int64(m * k), b, Int64(k * n),
                0, &together)
        }
        if place.level > .baseline {
            #expect(alone == together)
        } else {
            expectClose(together, alone.map(Double.init), "batch")
        }
    }

    /// Images, input and output channels, side, kernel, stride, padding, groups.
    @Test(arguments: Place.all) func `convolutions agree with plain loops`(_ place: Place) throws {
        let cases = [
            [1, 1, 1, 4, 3, 1, 1, 1], [2, 16, 16, 8, 3, 1, 1, 1], [3, 8, 24, 7, 3, 1, 1, 1],
            [1, 32, 16, 9, 3, 1, 0, 1],
            [2, 5, 7, 6, 3, 2, 1, 1], [2, 16, 16, 8, 3, 1, 1, 16], [4, 16, 32, 5, 1, 1, 0, 1],
            [20, 16, 48, 12, 3, 1, 2, 1],
        ]
        try place.run {
            for sizes in cases { try convolution(sizes) }
        }
    }

    private func convolution(_ sizes: [Int]) throws {
        let (n, ci, co, side) = (sizes[0], sizes[1], sizes[2], sizes[3])
        let (kernel, stride, padding, groups) = (sizes[4], sizes[5], sizes[6], sizes[7])
        Randomness.seed(UInt64(co))
        let x = try Tensor.randn([n, ci, side, side]), w = try Tensor.randn([co, ci / groups, kernel, kernel])
        let bias = try Tensor.randn([co])
        let y = try x.conv2d(w, bias: bias, stride: Pair(stride), padding: Pair(padding), groups: groups)
        let (image, filter, shift) = (try x.doubles(), try w.doubles(), try bias.doubles())
        let out = (side + 2 * padding - kernel) / stride + 1, each = ci / groups
        var expected: [Double] = []
        for i in 0..<n {
            for o in 0..<co {
                for position in 0..<(out * out) {
                    var sum = shift[o]
                    let top = position / out * stride - padding, left = position % out * stride - padding
                    for c in 0..<each {
                        for tap in 0..<(kernel * kernel) {
                            let y = top + tap / kernel, x = left + tap % kernel
                            guard y >= 0, y < side, x >= 0, x < side else { continue }
                            let channel = o / (co / groups) * each + c
                            sum +=
                                image[((i * ci + channel) * side + y) * side + x]
                                * filter[(o * each + c) * kernel * kernel + tap]
                        }
                    }
                    expected.append(sum)
                }
            }
        }
        expectClose(try y.doubles().map { Float($0) }, expected, "convolution \(sizes)", tolerance: 1e-4)
    }

    @Test func `every way that ran is counted`() throws {
        let before = Dictionary(uniqueKeysWithValues: Engine.counts.map { ($0.name, $0.count) })
        let ran = Engine.with(.baseline) {
            var out: [Float] = [0]
            _ = ck_binary(CK_ADD, CK_FLOAT32, [Float(1)], 1, [Float(2)], 1, &out, 1)
            return out
        }
        #expect(ran == [3])
        let after = Dictionary(uniqueKeysWithValues: Engine.counts.map { ($0.name, $0.count) })
        #expect((after["kernels baseline"] ?? 0) > (before["kernels baseline"] ?? 0))
    }
}
