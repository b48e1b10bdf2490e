import Data
import Distillation
import Learning
import Tensors
import Testing

private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-10 + 1e-8 * max(abs(a), abs(b)) }

@Suite struct TermTests {
    static let fixtures = TermFixture.all("terms")

    @Test func `There are fixtures`() { #expect(Self.fixtures.count >= 118) }

    @Test(arguments: fixtures.indices) func `Values and gradients are those of the formulas`(_ index: Int) throws {
        let example = Self.fixtures[index]
        let term = try example.term()
        let student = try example.student.map { try $0.tensor().requireGradient() }
        let teacher = try example.teacher.map { try $0.tensor() }
        let loss = try value(of: term, student, teacher, example.labels.map { try Tensor($0) })
        let found = try loss.itemDouble()
        #expect(close(found, example.value), "\(example): \(found) for \(example.value)")
        try loss.backward()
        for (tensor, expected) in zip(student, example.gradient) {
            let gradient = try tensor.gradient?.doubles() ?? [Double](repeating: 0, count: tensor.count)
            #expect(gradient.count == expected.count)
            let worst = zip(gradient, expected).map { abs($0 - $1) }.max() ?? .nan
            #expect(worst <= 1e-8 * (1 + (expected.map(abs).max() ?? 0)), "\(example): gradient off by \(worst)")
        }
    }

    /// Every term without trained parts, on the first fixture of its name that is small.
    @Test(arguments: Dictionary(grouping: fixtures.indices) { fixtures[$0].call }.values.compactMap(\.first))
    func `Gradients pass finite differences`(_ index: Int) throws {
        let example = Self.fixtures[index]
        let term = try example.term()
        let teacher = try example.teacher.map { try $0.tensor() }
        let labels = try example.labels.map { try Tensor($0) }
        // wsld's weight is constant by definition, and its differences are not.
        guard example.method != "wsld" else { return }
        try Tensor.checkGradients(of: try example.student.map { try $0.tensor() }, tolerance: 1e-4) { points in
            try value(of: term, points, teacher, labels)
        }
    }
}

@Suite struct ExtremeTests {
    /// The calls of all fixtures, a term each.
    static let calls = Set(TermTests.fixtures.map(\.call)).sorted()

    /// Those that read logits, and those that read features.
    static func calls(readingFeatures: Bool) -> [String] {
        calls.filter { call in
            guard let term = try? makeTerm(call) else { return false }
            return (term.usesDefaultPair || !term.pairs.isEmpty) == readingFeatures && !(term is RegressionTerm)
        }
    }

    /// The shapes that a term on tokens reads, as its fixture has them; nil for terms on any maps.
    static func shapes(_ name: String) -> [[Int]]? {
        guard let term = try? makeTerm(name), type(of: term).page.family == .tokens else { return nil }
        return TermTests.fixtures.first { $0.call == name }?.student.map(\.shape)
    }

    static let logitTerms = calls(readingFeatures: false)
    static let featureTerms = calls(readingFeatures: true)

    @Test func `every plain term is among them`() {
        #expect(
            Self.calls.filter { !$0.hasPrefix("regression") }.count == Self.logitTerms.count + Self.featureTerms.count)
        #expect(Self.logitTerms.count >= 22 && Self.featureTerms.count >= 20)
    }

    private func requireFinite(
        _ name: String, _ student: [Tensor], _ teacher: [Tensor], _ labels: [Int]?, _ what: String
    )
        throws
    {
        let term = try makeTerm(name)
        let points = try student.map { try $0.requireGradient() }
        let loss: Tensor
        do {
            loss = try value(of: term, points, teacher, labels.map { try Tensor($0) })
        } catch let error as DistillationError {
            // A clear error is an answer, too.
            #expect(error.message.hasPrefix(term.name), "\(name) on \(what): \(error.message)")
            return
        }
        let number = try loss.itemDouble()
        #expect(number.isFinite, "\(name) on \(what): \(number)")
        guard loss.requiresGradient else { return }
        try loss.backward()
        for point in points {
            let gradient = try point.gradient?.doubles() ?? []
            #expect(gradient.allSatisfy { $0.isFinite }, "\(name) on \(what): its gradient is not finite")
        }
    }

    @Test(arguments: logitTerms) func `Logits of any size and constant rows stay finite`(_ name: String) throws {
        let cases: [(String, [Double], [Double])] = [
            ("±1e4", [1e4, -1e4, 0, 0, 1e4, -1e4], [-1e4, 1e4, 0, 1e4, 0, -1e4]),
            ("constant rows", [5, 5, 5, 5, 5, 5], [1, 1, 1, 2, 2, 2]),
            ("zeros", [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]),
        ]
        for (what, s, t) in cases {
            for dtype in [DType.float32, .float64] {
                try requireFinite(
                    name, [Tensor(s, shape: [2, 3]).to(dtype)], [Tensor(t, shape: [2, 3]).to(dtype)], [0, 2], what)
            }
        }
    }

    @Test(arguments: logitTerms) func `Two classes and one example stay finite`(_ name: String) throws {
        try requireFinite(
            name, [Tensor([1.0, -2, 0.5, 3], shape: [2, 2]).to(.float32)],
            [Tensor([0.0, 1e4, -1e4, 2], shape: [2, 2]).to(.float32)], [0, 1], "K = 2")
        try requireFinite(
            name, [Tensor([1.0, -2, 0.5], shape: [1, 3]).to(.float32)],
            [Tensor([0.0, 1, -1], shape: [1, 3]).to(.float32)], [1], "B = 1")
    }

    @Test(arguments: featureTerms) func `Zero constant and single features stay finite`(_ name: String) throws {
        let own = Self.shapes(name)
        let layers = try own?.count ?? max(1, makeTerm(name).pairs.count)
        for batch in [1, 3] {
            let shape = [batch] + (own?[0].dropFirst() ?? [2, 2, 2])
            let random = try (0..<layers).map { _ in try Tensor.randn(shape) }
            for (what, make) in [
                ("zeros", { try Tensor.zeros(shape) }), ("constants", { try Tensor.full(shape, 3.0) }),
                ("1e4", { try Tensor.randn(shape) * 1e4 }), ("equal", { try random[0].clone() }),
            ] as [(String, () throws -> Tensor)] {
                let features = try (0..<layers).map { _ in try make() }
                try requireFinite(name, features.map { try $0.detach().clone() }, random, nil, "\(what), B = \(batch)")
                try requireFinite(
                    name, features.map { try $0.detach().clone() }, try features.map { try $0.detach() }, nil,
                    "\(what) of both, B = \(batch)")
            }
        }
        guard own == nil else { return }
        let rows = try (0..<layers).map { _ in try Tensor.randn([3, 4]) }
        try requireFinite(name, rows.map { try $0.clone() }, rows, nil, "rows [B, D]")
    }
}

@Suite struct MinimumTests {
    /// Those that compare with a teacher, but for the ones whose minimum is elsewhere: nkd and wsld weigh by the label, a
    /// repaired teacher is not the student, adr_mse compares smooth ranks with whole ones; what the ε of dist leaves is computed for its defaults.
    @Test(
        arguments: ExtremeTests.logitTerms.filter { call in
            !["hard", "nkd", "wsld", "virtual_teacher", "label_swap", "label_smooth_teacher", "adr_mse"].contains {
                call.hasPrefix($0 + "(")
            } && !call.hasPrefix("dist(beta")
        })
    func `Logit terms vanish when student equals teacher`(_ name: String) throws {
        let term = try makeTerm(name)
        let z = try Tensor.randn([4, 6], dtype: .float64)
        let found = try term(student: z, teacher: z, labels: Tensor([0, 1, 2, 5])).itemDouble()
        // ρ = a·b/(‖a‖‖b‖ + 1e-8) of equal columns is below 1 by 1e-8/‖a‖², which small probabilities make visible: dist's
        // minimum is known exactly.
        let least = name == "dist()" ? try leastDist(z) : 0
        #expect(abs(found - least) < 1e-12 + (name == "dist()" ? 0 : 1e-7), "\(found) for \(least)")
    }

    /// Σ over rows and over columns of the mean of 1 − n²/(n² + 1e-8), n the norm of the centred probabilities.
    private func leastDist(_ z: Tensor) throws -> Double {
        let p = try z.softmax(dim: 1)
        return try [p, p.transposed()].reduce(0) { sum, m in
            let squares = try (m - m.mean(dims: [1], keepdim: true)).square().sum(dims: [1]).doubles()
            return sum + squares.reduce(0) { $0 + 1 - $1 / ($1 + 1e-8) } / Double(squares.count)
        }
    }

    /// boundary is 0 only beyond its margin.
    @Test(arguments: ExtremeTests.featureTerms.filter { !$0.hasPrefix("boundary") })
    func `Feature terms vanish when student equals teacher`(_ name: String) throws {
        let term = try makeTerm(name)
        let shapes = ExtremeTests.shapes(name) ?? (0..<max(1, term.pairs.count)).map { _ in [4, 3, 2, 2] }
        var features = try shapes.map { try Tensor.randn($0, dtype: .float64) }
        if name.contains("probabilities") { features = try features.map { try $0.softmax(dim: -1) } }
        #expect(abs(try term(studentFeatures: features, teacherFeatures: features).itemDouble()) < 1e-9)
    }

    /// wsld has no gradient where the student equals the teacher. nkd's part of the other classes has none either; what
    /// is left is the pull towards the label, p_{t,y}(p_s − e_y)/B.
    @Test func `Others are at their minimum`() throws {
        let z = try Tensor.randn([4, 6], dtype: .float64)
        let labels = [0, 1, 2, 5]
        let y = try Tensor(labels)
        let point = try z.clone().requireGradient()
        try WeightedSoftTerm()(student: point, teacher: z, labels: y).backward()
        #expect(try point.gradient?.doubles().allSatisfy { abs($0) < 1e-12 } == true)
        point.clearGradient()
        try NormalizedTerm()(student: point, teacher: z, labels: y).backward()
        let gradient = try point.gradient?.doubles() ?? []
        let p = try z.softmax(dim: 1).doubles()
        for (row, label) in labels.enumerated() {
            for k in 0..<6 {
                let expected = p[row * 6 + label] * (p[row * 6 + k] - (k == label ? 1 : 0)) / 4
                #expect(abs(gradient[row * 6 + k] - expected) < 1e-12)
            }
        }
    }

    @Test func `Boundaries are crossed nowhere beyond the margin`() throws {
        let t = try Tensor([2.0, -3, 4, -1.5], shape: [2, 2])
        #expect(try BoundaryTerm()(studentFeatures: [t], teacherFeatures: [t]).itemDouble() == 0)
    }
}
