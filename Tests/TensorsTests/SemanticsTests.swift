import Glibc
import Tensors
import Testing

@Suite struct SemanticsTests {
    @Test func `Dtypes promote as in py torch`() throws {
        let f32 = try Tensor.zeros([2]), f64 = try Tensor.zeros([2], dtype: .float64), i = try Tensor([1, 2])
        let byte = try Tensor([1, 2] as [UInt8]), truth = try Tensor([true, false])
        let zero64 = try Tensor(1.5, dtype: .float64)
        #expect(try (f32 + f64).dtype == .float64)
        #expect(try (f32 + i).dtype == .float32)
        #expect(try (i + byte).dtype == .int64)
        #expect(try (byte + truth).dtype == .uint8)
        #expect(try (truth + truth).dtype == .bool)
        #expect(try (i + 1).dtype == .int64)
        #expect(try (i + 1.5).dtype == .float32)
        #expect(try (byte + 300).dtype == .uint8)
        #expect(try (f32 + zero64).dtype == .float32)
        #expect(try (i + zero64).dtype == .float64)
        #expect(try (i / i).dtype == .float32)
        #expect(try (truth + 1).dtype == .int64)
        #expect(try i.sum().dtype == .int64 && truth.sum().dtype == .int64)
    }

    @Test func `Shape functions give independent tensors`() throws {
        let x = try Tensor([1, 2, 3, 4] as [Float])
        let y = try x.reshape([2, 2]), z = try x.detach(), part = try x.index([.slice(start: 0, stop: 2, step: 1)])
        try x.add_(10)
        #expect(try y.floats() == [1, 2, 3, 4] && z.floats() == [1, 2, 3, 4] && part.floats() == [1, 2])
        try y.setIndex([.integer(0), .integer(0)], .scalar(7))
        #expect(try x.floats() == [11, 12, 13, 14] && z.floats() == [1, 2, 3, 4])
    }

    /// Products write into a gradient's own memory when nobody else holds it: whoever does must not notice.
    @Test func `Gradients that somebody holds are left alone`() throws {
        let a = try Tensor([2, 3] as [Float]).requireGradient(), b = try Tensor([5, 7] as [Float])
        let start = try Tensor([1, 10] as [Float])
        let product = try a * b * b
        try product.backward(gradient: start, retainGraph: true)
        try product.backward(gradient: start)
        #expect(try start.floats() == [1, 10])
        #expect(try a.gradient?.floats() == [50, 980])

        // One gradient goes two ways, and is multiplied on both.
        a.clearGradient()
        let c = try a * b
        let sum = try c * b + c * start
        try sum.backward(gradient: Tensor([1, 1] as [Float]))
        #expect(try a.gradient?.floats() == [5 * (5 + 1), 7 * (7 + 10)])

        // The derivative of a tensor in the middle stays what it was while the walk goes on below it.
        let middle = try a * b
        let total = try (middle * start).sum()
        let found = try total.gradients([middle, a])
        #expect(try found[0].floats() == [1, 10] && found[1].floats() == [5, 70])

        // So with ReLU, a factor and a linear layer: one gradient goes to three of them, and to a fourth as it is.
        let x = try Tensor([1, -1] as [Float]).requireGradient(), weight = try Tensor([1, 2, 3, 4], shape: [2, 2])
        let bias = try Tensor([20, -20] as [Float])
        let y = try x * b
        let parts = try [
            y.relu(), y * 2, y.reshape([1, 2]).linear(weight.to(.float32), bias: bias, relu: true).reshape([2]), y,
        ]
        let all = try parts[0] + parts[1] + parts[2] + parts[3]
        try all.backward(gradient: start)
        // The layer gives 5 - 14 + 20 and 15 - 28 - 20, of which the second is cut off.
        #expect(try x.gradient?.floats() == [5 * (1 + 2 + 1 + 1), 7 * (20 + 2 + 10)])
        #expect(try start.floats() == [1, 10])

        // What a product needs is noticed to be overwritten there too.
        let factor = try Tensor([1, 2] as [Float])
        let late = try a * factor
        _ = try factor.add_(1)
        #expect(throws: TensorError.overwritten(operation: "*")) { try late.backward(gradient: start) }
    }

    /// The kernels of images take copies with their channels innermost; what was used is the tensor nevertheless.
    @Test func `writing into an image that a convolution or a normalisation took is noticed`() throws {
        let image = try Tensor.randn([2, 4, 6, 6])
        let weight = try Tensor.randn([3, 4, 3, 3]).requireGradient()
        let turned = try Tensor.randn([4, 3, 3, 3]).requireGradient()
        let factor = try Tensor.ones([4]).requireGradient()
        let uses: [(name: String, use: (Tensor) throws -> Tensor)] = [
            ("conv2d", { try $0.conv2d(weight) }), ("conv_transpose2d", { try $0.convTranspose2d(turned) }),
            (
                "batch_norm",
                {
                    try $0.batchNorm(
                        runningMean: nil, runningVariance: nil, weight: factor, bias: nil, training: true,
                        momentum: 0.1, eps: 1e-5)
                }
            ),
        ]
        for (name, use) in uses {
            let x = try image.clone()
            let y = try use(x).sum()
            _ = try x.add_(1)
            #expect(throws: TensorError.overwritten(operation: name)) { try y.backward() }
            let untouched = try image.clone()
            let z = try use(untouched).sum()
            try z.backward()
        }
    }

    @Test func `Overwriting a shared tensor is noticed too`() throws {
        let x = try Tensor([1, 2] as [Float]).requireGradient()
        let copy = try x.detach()
        let y = try (x * x).sum()
        try Gradients.disabled { _ = try x.add_(1) }
        #expect(throws: TensorError.overwritten(operation: "*")) { try y.backward() }
        #expect(try copy.floats() == [1, 2])
    }

    @Test func `The same seed gives the same bits at any thread count`() throws {
        let threads = Threads.count
        defer { Threads.count = threads }
        var results: [[Float]] = []
        for count in [1, 2, 3] {
            Threads.count = count
            Randomness.seed(42)
            let normal = try Tensor.randn([100_003])
            let kept = try Tensor.ones([50_001]).dropout(p: 0.3)
            results.append(try normal.floats() + kept.floats() + Tensor.rand([7]).floats())
        }
        #expect(results[0] == results[1] && results[1] == results[2])
        let numbers = results[0][..<100_003].map(Double.init)
        let mean = numbers.reduce(0, +) / 100_003
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_003
        #expect(abs(mean) < 0.02 && abs(variance - 1) < 0.03)
    }

    @Test func `Streams do not disturb each other`() throws {
        Randomness.seed(7)
        let first = Randomness.permutation(100)
        Randomness.seed(7)
        _ = try Tensor.randn([10])
        #expect(Randomness.permutation(100) == first)
        #expect(first.sorted() == Array(0..<100) && first != Array(0..<100))
        let state = Randomness.state
        let next = try Tensor.rand([5]).floats()
        Randomness.state = state
        #expect(try Tensor.rand([5]).floats() == next)
        #expect(Randomness.permutation(9, seed: 3) == Randomness.permutation(9, seed: 3))
    }

    @Test func `Dropout keeps the mean and its gradient the mask`() throws {
        Randomness.seed(1)
        let x = try Tensor.ones([20_000]).requireGradient()
        let y = try x.dropout(p: 0.25)
        let mean = try y.detach().mean().itemDouble()
        #expect(abs(mean - 1) < 0.02)
        try y.sum().backward()
        #expect(try x.gradient?.floats() == y.floats())
        #expect(try x.dropout(p: 0.25, training: false) === x)
    }

    @Test func `Grad gives derivatives of interior tensors without touching leaves`() throws {
        let x = try Tensor([2, 3] as [Float]).requireGradient()
        let h = try x * x
        let loss = try (h * 3).sum()
        let found = try loss.gradients([x, h])
        #expect(try found[0].floats() == [12, 18] && found[1].floats() == [3, 3])
        #expect(x.gradient == nil)
    }

    @Test func `Nothing is recorded without need`() throws {
        let x = try Tensor([1] as [Float]).requireGradient()
        #expect(try Gradients.disabled { try (x * 2).requiresGradient } == false)
        #expect(try (x.detach() * 2).requiresGradient == false)
        #expect(try (x * 2).requiresGradient)
    }

    @Test func `Assignments flow back`() throws {
        let x = try Tensor([1, 2, 3] as [Float]).requireGradient(), v = try Tensor([5] as [Float]).requireGradient()
        let y = try x * 2
        try y.setIndex([.slice(start: 1, stop: 2, step: 1)], .tensor(v))
        try (y * y).sum().backward()
        #expect(try y.floats() == [2, 5, 6])
        #expect(try x.gradient?.floats() == [8, 0, 24] && v.gradient?.floats() == [10])
    }

    @Test func `Numbers of the language`() throws {
        #expect(try Tensor.arange(0, 1, step: 0.25).floats() == [0, 0.25, 0.5, 0.75])
        #expect(try Tensor.arange(5, 0, step: -2).integers() == [5, 3, 1])
        #expect(try Tensor.linspace(0, 1, steps: 5).floats() == [0, 0.25, 0.5, 0.75, 1])
        #expect(try Tensor.eye(2, 3).floats() == [1, 0, 0, 0, 1, 0])
        #expect(try Tensor.full([2], 3).dtype == .int64)
        #expect(try Tensor([1, 2, 3]).flip(dims: [0]).integers() == [3, 2, 1])
        #expect(try Tensor([1, 2, 3, 4]).index([.slice(start: nil, stop: nil, step: -2)]).integers() == [4, 2])
        #expect(try Tensor([.nan, 1, 2] as [Float]).max().itemDouble().isNaN)
        #expect(try Tensor([2, .nan, 1] as [Float]).sort().indices.integers() == [2, 0, 1])
        #expect(try Tensor([1, 2] as [Float]).allclose(try Tensor([1, 2.00001] as [Float])))
        #expect(try !Tensor([1, 2] as [Float]).allclose(try Tensor([1, 2.1] as [Float])))
    }

    /// Adding a public function to Operations without calling it in a comparison fails here.
    @Test func `Every public function is compared`() throws {
        let comparisons = Set(
            try ["FixtureFunctions", "SemanticsTests", "FlatParametersTests", "PyTorchTests", "NetworkFunctionTests"]
                .flatMap { file in
                    try sourceLines("Tests/TensorsTests/\(file).swift").flatMap {
                        $0.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                    }
                })
        // Named by operators, by the enums of the tables, or as the same function of another shape.
        let elsewhere: Set = [
            "sub", "div", "pow", "eq", "ne", "lt", "le", "ge", "maximum", "minimum", "equals", "zero_", "fill_",
            "copy_",
            "sub_", "mul_", "div_", "arithmetic_", "addScaled_", "randLike", "randnLike", "onesLike", "fullLike",
            "floorDivide", "randperm", "randint", "remainder", "setIndex",
        ]
        for file in try sourceNames("Sources/Tensors/Operations") {
            for line in try sourceLines("Sources/Tensors/Operations/\(file)") where line.contains("public ") {
                guard let rest = line.following("func ") else { continue }
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "`" }
                    .filter { $0 != "`" }
                guard !name.isEmpty, !elsewhere.contains(String(name)) else { continue }
                #expect(comparisons.contains(String(name)), "\(name) in \(file) is compared with nothing")
            }
        }
    }
}

/// Lines of a file of the repository.
private func sourceLines(_ path: String) throws -> [Substring] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = fopen("/\(root)/\(path)", "r") else { throw CancellationError() }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
}

private func sourceNames(_ path: String) throws -> [String] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let folder = opendir("/\(root)/\(path)") else { throw CancellationError() }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasSuffix(".swift") { names.append(name) }
    }
    return names
}

extension Substring {
    /// What comes behind the first occurrence of `text`.
    fileprivate func following(_ text: String) -> Substring? {
        var rest = self
        while !rest.isEmpty {
            if rest.hasPrefix(text) { return rest.dropFirst(text.count) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
