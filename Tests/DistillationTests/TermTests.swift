import Data
import Distillation
import Learning
import Tensors
import Testing

/// One case of Fixtures/terms.json, written by scripts/golden/distillation.py.
private struct Case {
    let name: String
    let value: Double
    let labels: [Int]?
    let student: [(shape: [Int], values: [Double])]
    let teacher: [(shape: [Int], values: [Double])]
    let gradient: [[Double]]

    static func all() throws -> [Case] {
        let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let json = try JSON(parsing: FileBytes.read("/\(path)/Fixtures/terms.json"))
        return (json.array ?? []).map { entry in
            func tensors(_ key: String) -> [(shape: [Int], values: [Double])] {
                (entry[key]?.array ?? []).map { tensor in
                    (
                        (tensor["shape"]?.array ?? []).compactMap(\.integer),
                        (tensor["values"]?.array ?? []).compactMap(\.double)
                    )
                }
            }
            return Case(
                name: entry["name"]?.string ?? "", value: entry["value"]?.double ?? .nan,
                labels: entry["labels"]?.array?.compactMap(\.integer), student: tensors("student"),
                teacher: tensors("teacher"),
                gradient: (entry["gradient"]?.array ?? []).map { ($0.array ?? []).compactMap(\.double) })
        }
    }
}

private let pair = [LayerPair("a", "a")]

private func term(_ name: String) throws -> Term? {
    switch name {
    case "hard": HardTerm()
    case "soft": try SoftTerm(temperature: 4)
    case "soft_T1_mean": try SoftTerm(temperature: 1, scale: .none, reduction: .mean)
    case "soft_standardize": try SoftTerm(temperature: 2, standardize: true)
    case "logit_mse": LogitMSETerm()
    case "dkd": try DecoupledTerm()
    case "dist": try DistTerm()
    case "nkd": try NormalizedTerm()
    case "wsld": try WeightedSoftTerm()
    case "mlkd": try MultiLevelTerm()
    case "jsd_0": try JensenShannonTerm(beta: 0)
    case "jsd_0.3": try JensenShannonTerm(beta: 0.3)
    case "jsd_1": try JensenShannonTerm(beta: 1)
    case "label_swap": try RepairedTeacherTerm(.swap)
    case "virtual_teacher": try VirtualTeacherTerm()
    case "attention": try AttentionTerm()
    case "similarity": SimilarityTerm()
    case "pkt": ProbabilisticTerm()
    case "rkd": RelationalTerm()
    case "channel": try ChannelTerm()
    case "pearson": PearsonTerm()
    case "icc": InterChannelTerm()
    case "nst": SelectivityTerm()
    case "boundary": BoundaryTerm()
    case "fsp": try FlowTerm(pairs: pair + pair)
    case "feature": FeatureTerm()
    case "feature_l1": FeatureTerm(metric: .l1)
    case "feature_smooth_l1": FeatureTerm(metric: .smoothL1)
    case "feature_cosine": FeatureTerm(metric: .cosine)
    default: nil
    }
}

private func value(_ term: Term, _ student: [Tensor], _ teacher: [Tensor], _ labels: Tensor?) throws -> Tensor {
    if term.usesDefaultPair || !term.pairs.isEmpty {
        return try term(studentFeatures: student, teacherFeatures: teacher)
    }
    return try term(student: student[0], teacher: teacher[0], labels: labels)
}

private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-10 + 1e-8 * max(abs(a), abs(b)) }

@Suite struct TermTests {
    @Test func valuesAndGradientsAreThoseOfTheFormulas() throws {
        let cases = try Case.all()
        #expect(cases.count == 59)
        for example in cases {
            guard let term = try term(example.name) else {
                Issue.record("no term for \(example.name)")
                continue
            }
            let student = try example.student.map { try Tensor($0.values, shape: $0.shape).requireGradient() }
            let teacher = try example.teacher.map { try Tensor($0.values, shape: $0.shape) }
            let loss = try value(term, student, teacher, example.labels.map { try Tensor($0) })
            let found = try loss.itemDouble()
            #expect(close(found, example.value), "\(example.name): \(found) for \(example.value)")
            try loss.backward()
            for (tensor, expected) in zip(student, example.gradient) {
                let gradient = try tensor.gradient?.doubles() ?? []
                #expect(gradient.count == expected.count)
                let worst = zip(gradient, expected).map { abs($0 - $1) }.max() ?? .nan
                #expect(
                    worst <= 1e-8 * (1 + (expected.map(abs).max() ?? 0)), "\(example.name): gradient off by \(worst)")
            }
        }
    }

    @Test(arguments: [
        "soft", "dkd", "dist", "mlkd", "jsd_0.3", "logit_mse", "wsld", "nkd", "label_swap", "soft_standardize",
    ])
    func extremeLogitsStayFinite(_ name: String) throws {
        guard let term = try term(name) else { Issue.record("no term"); return }
        for (s, t) in [
            ([1e4, -1e4, 0, 0, 1e4, -1e4], [-1e4, 1e4, 0, 1e4, 0, -1e4]), ([5, 5, 5, 5, 5, 5], [1, 1, 1, 2, 2, 2]),
        ] as [([Double], [Double])] {
            let student = try Tensor(s, shape: [2, 3]).to(.float32).requireGradient()
            let loss = try term(
                student: student, teacher: Tensor(t, shape: [2, 3]).to(.float32), labels: Tensor([0, 2]))
            #expect(try loss.itemDouble().isFinite, "\(name) on \(s)")
            try loss.backward()
            #expect(try student.gradient?.doubles().allSatisfy { $0.isFinite } == true, "\(name) gradient on \(s)")
        }
    }

    @Test(arguments: ["similarity", "pkt", "rkd", "pearson", "icc", "nst", "boundary", "feature_cosine", "channel"])
    func zeroFeaturesStayFinite(_ name: String) throws {
        guard let term = try term(name) else { Issue.record("no term"); return }
        let student = try Tensor.zeros([3, 2, 2, 2]).requireGradient()
        let loss = try term(studentFeatures: [student], teacherFeatures: [.zeros([3, 2, 2, 2])])
        #expect(try loss.itemDouble().isFinite)
        try loss.backward()
        #expect(try student.gradient?.doubles().allSatisfy { $0.isFinite } == true)
    }

    @Test(arguments: ["soft", "dkd", "dist", "mlkd", "jsd_0.3", "logit_mse"])
    func logitTermsVanishWhenStudentEqualsTeacher(_ name: String) throws {
        guard let term = try term(name) else { Issue.record("no term"); return }
        // dist has ε = 1e-8 beside the norms of columns of probabilities, so ρ of equal columns is just below 1.
        let z = try Tensor.randn([4, 6], dtype: .float64)
        #expect(
            abs(try term(student: z, teacher: z, labels: Tensor([0, 1, 2, 5])).itemDouble())
                < (name == "dist" ? 1e-5 : 1e-7))
    }

    @Test(arguments: [
        "attention", "similarity", "pkt", "rkd", "channel", "pearson", "icc", "nst", "feature", "feature_cosine",
    ])
    func featureTermsVanishWhenStudentEqualsTeacher(_ name: String) throws {
        guard let term = try term(name) else { Issue.record("no term"); return }
        let f = try Tensor.randn([4, 3, 2, 2], dtype: .float64)
        #expect(abs(try term(studentFeatures: [f], teacherFeatures: [f]).itemDouble()) < 1e-9)
    }
}

@Suite struct IdentityTests {
    private func logits() throws -> (s: Tensor, t: Tensor, y: Tensor) {
        (
            try Tensor.randn([5, 4], dtype: .float64), try Tensor.randn([5, 4], dtype: .float64),
            try Tensor([0, 1, 2, 3, 1])
        )
    }

    @Test func jsdAtZeroIsSoftAtOne() throws {
        let (s, t, _) = try logits()
        let jsd = try JensenShannonTerm(beta: 0)(student: s, teacher: t).itemDouble()
        #expect(close(jsd, try SoftTerm(temperature: 1)(student: s, teacher: t).itemDouble()))
    }

    @Test func batchmeanIsMeanTimesClasses() throws {
        let (s, t, _) = try logits()
        let mean = try SoftTerm(temperature: 3, reduction: .mean)(student: s, teacher: t).itemDouble()
        #expect(close(4 * mean, try SoftTerm(temperature: 3)(student: s, teacher: t).itemDouble()))
    }

    @Test func decoupledPartsMakeTheWholePerExample() throws {
        let s = try Tensor.randn([1, 4], dtype: .float64)
        let t = try Tensor.randn([1, 4], dtype: .float64)
        let y = try Tensor([2])
        let input = TermInput(
            student: NetworkView(logits: s), teacher: NetworkView(logits: t), labels: y,
            batch: Batch(input: .tensor(s), y: y, index: try Tensor([0])))
        let parts = try DecoupledTerm(temperature: 1).parts(input)
        let p = try t.softmax(dim: 1).doubles()[2]
        let whole = try SoftTerm(temperature: 1)(student: s, teacher: t).itemDouble()
        #expect(close(whole, try parts.target.itemDouble() + (1 - p) * parts.others.itemDouble()))
    }

    @Test func twoClassesLeaveNothingForTheOthers() throws {
        let s = try Tensor.randn([3, 2], dtype: .float64)
        let t = try Tensor.randn([3, 2], dtype: .float64)
        let y = try Tensor([0, 1, 1])
        let others = try DecoupledTerm(alpha: 0, beta: 8)(student: s, teacher: t, labels: y).itemDouble()
        #expect(abs(others) < 1e-12)
    }

    @Test func theGradientAtHighTemperatureIsTheCentredDifference() throws {
        let (s, t, _) = try logits()
        try s.requireGradient()
        try SoftTerm(temperature: 1e4)(student: s, teacher: t).backward()
        let a = try s.detach().doubles()
        let b = try t.doubles()
        let gradient = try s.gradient?.doubles() ?? []
        for row in 0..<5 {
            let range = row * 4..<row * 4 + 4
            let (ma, mb) = (a[range].reduce(0, +) / 4, b[range].reduce(0, +) / 4)
            for k in range { #expect(abs(gradient[k] - ((a[k] - ma) - (b[k] - mb)) / 20) < 1e-4) }
        }
    }
}
