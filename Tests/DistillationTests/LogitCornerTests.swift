import Data
import Learning
import Tensors
import Testing

@testable import Distillation

/// The one-pass loss against the terms, where numbers are none, infinite, equal or few.
@Suite struct LogitCornerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let student: [[Double]]
        let teacher: [[Double]]
        var labels: [Int] = [0, 1, 0]
    }

    private static let inf = Double.infinity
    static let cases: [Case] = [
        Case(
            testDescription: "ordinary", student: [[1, 2, -1], [0.5, 0, 3], [2, 1, 1]],
            teacher: [[0, 1, 2], [3, -1, 0], [1, 1, 4]]),
        Case(
            testDescription: "a teacher that excludes classes", student: [[1, 2, -1], [0.5, 0, 3], [2, 1, 1]],
            teacher: [[-inf, 1, 2], [3, -inf, -inf], [1, 1, 4]]),
        Case(
            testDescription: "both exclude a class", student: [[-inf, 2, -1], [0.5, 0, 3], [2, 1, 1]],
            teacher: [[-inf, 1, 2], [3, -1, 0], [1, 1, 4]], labels: [1, 1, 0]),
        Case(
            testDescription: "a student that excludes what the teacher says",
            student: [[-inf, 2, -1], [0.5, 0, 3], [2, 1, 1]], teacher: [[0, 1, 2], [3, -1, 0], [1, 1, 4]]),
        Case(
            testDescription: "one nan of the teacher", student: [[1, 2, -1], [0.5, 0, 3], [2, 1, 1]],
            teacher: [[0, .nan, 2], [3, -1, 0], [1, 1, 4]]),
        Case(
            testDescription: "one nan of the student", student: [[1, 2, -1], [0.5, .nan, 3], [2, 1, 1]],
            teacher: [[0, 1, 2], [3, -1, 0], [1, 1, 4]]),
        Case(
            testDescription: "inf", student: [[1, inf, -1], [0.5, 0, 3], [2, 1, 1]],
            teacher: [[0, 1, 2], [inf, -1, 0], [1, 1, 4]]),
        Case(
            testDescription: "constant rows", student: [[2, 2, 2], [0, 0, 0], [-1, -1, -1]],
            teacher: [[5, 5, 5], [0, 0, 0], [1, 2, 3]]),
        Case(
            testDescription: "large", student: [[1e6, 1e6 - 1, 1e6 + 2], [-1e6, -1e6, 3], [1e30, 0, -1e30]],
            teacher: [[1e6, 1e6 + 1, 1e6 - 2], [0, 1, -1e6], [1e30, -1e30, 0]]),
        Case(testDescription: "one row", student: [[1, 2, -1]], teacher: [[0, 1, 2]], labels: [2]),
        Case(
            testDescription: "two classes", student: [[1, 2], [0, 1], [3, -3]],
            teacher: [[0, 1], [2, 2], [-1, 1]]),
        Case(
            testDescription: "one class", student: [[1], [0], [3]], teacher: [[0], [2], [-1]], labels: [0, 0, 0]),
        Case(
            testDescription: "as many classes as fill a vector",
            student: [(0..<70).map { Double($0 % 7) }, (0..<70).map { Double($0 % 5) }, (0..<70).map(Double.init)],
            teacher: [
                (0..<70).map { $0 == 3 ? -inf : Double($0 % 4) }, (0..<70).map { Double($0 % 3) },
                (0..<70).map { -Double($0) },
            ]),
    ]

    private func same(_ a: Double, _ b: Double, _ bound: Double) -> Bool {
        a == b || a.isNaN && b.isNaN || abs(a - b) <= bound * max(1, abs(b))
    }

    @Test(arguments: cases, [DType.float32, .float64]) func `one pass and the terms agree`(_ test: Case, _ dtype: DType)
        throws
    {
        let shape = [test.student.count, test.student[0].count]
        func leaf() throws -> Tensor {
            try Tensor(test.student.flatMap { $0 }, shape: shape).to(dtype).clone().requireGradient()
        }
        let teacher = try Tensor(test.teacher.flatMap { $0 }, shape: shape).to(dtype)
        let labels = try Tensor(test.labels)
        let bound = dtype == .float64 ? 1e-11 : 2e-6
        for (temperature, soft, hard) in [(1.0, 0.7, 0.3), (4.0, 1.0, 0.0), (2.0, 0.5, 2.0)] {
            let x = try leaf(), z = try leaf()
            let once = try x.distillationLoss(
                teacher: teacher, labels: hard == 0 ? nil : labels, temperature: temperature, soft: soft, hard: hard)
            // Classes, even where there is one: one logit alone would be one of its own.
            let softTerm = try SoftTerm(temperature: temperature).loss(
                TermInput(
                    student: NetworkView(logits: z), teacher: NetworkView(logits: teacher),
                    batch: Batch(input: .tensor(z), y: nil, index: .arange(.int(shape[0])))
                ).completed(layout: TaskLayout(rows: shape[1]), rowWeights: nil, classWeights: nil))
            let hardTerm = try HardTerm()(student: z, labels: labels)
            #expect(try same(once.soft, softTerm.itemDouble(), bound), "T = \(temperature)")
            if hard != 0 { #expect(try same(once.hard, hardTerm.itemDouble(), bound), "T = \(temperature)") }
            let total = try hard == 0 ? softTerm * Scalar(soft) : softTerm * Scalar(soft) + hardTerm * Scalar(hard)
            #expect(try same(once.total.itemDouble(), total.itemDouble(), bound), "T = \(temperature)")
            try once.total.backward()
            try total.backward()
            for (a, b) in zip(try #require(x.gradient).doubles(), try #require(z.gradient).doubles()) {
                #expect(same(a, b, bound), "T = \(temperature)")
            }
        }
    }

    /// A row without a label counts in no term that needs labels: the rows that have one decide alone.
    @Test func `every label term leaves out the rows without a label`() throws {
        Randomness.seed(3)
        let student = try Tensor.randn([6, 4], dtype: .float64), teacher = try Tensor.randn([6, 4], dtype: .float64)
        let labels = try Tensor([0, -100, 3, 2, -100, 1]), known = try Tensor([0, 2, 3, 5])
        let terms: [Term] = [
            HardTerm(), try HardTerm(labelSmoothing: 0.2), try DecoupledTerm(), try NormalizedTerm(),
            try WeightedSoftTerm(), try LabelSwapTerm(), try LabelSmoothTeacherTerm(epsilon: 0.1),
            try VirtualTeacherTerm(), try ProgressiveTerm(),
        ]
        for term in terms {
            let x = try student.clone().requireGradient(), part = try student.rows(at: known).requireGradient()
            let other = term.needsTeacher ? teacher : nil
            let all = try term(student: x, teacher: other, labels: labels)
            let own = try term(
                student: part, teacher: other.map { try $0.rows(at: known) }, labels: labels.rows(at: known))
            #expect(try same(all.itemDouble(), own.itemDouble(), 1e-12), "\(term.description)")
            try all.backward()
            try own.backward()
            let gradient = try #require(x.gradient)
            let expected = try #require(part.gradient)
            for (a, b) in zip(try gradient.rows(at: known).doubles(), try expected.doubles()) {
                #expect(same(a, b, 1e-12), "\(term.description)")
            }
            #expect(try gradient.rows(at: Tensor([1, 4])).doubles().allSatisfy { $0 == 0 }, "\(term.description)")
            let nobody = try term(
                student: student.clone().requireGradient(), teacher: other, labels: .full([6], .int(-100)))
            #expect(try nobody.itemDouble() == 0, "\(term.description)")
            try nobody.backward()
        }
    }
}
