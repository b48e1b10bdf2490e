import Data
import Learning
import Tensors
import Testing

@testable import Distillation

private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-10 + 1e-8 * max(abs(a), abs(b)) }

@Suite struct IdentityTests {
    private func logits() throws -> (s: Tensor, t: Tensor, y: Tensor) {
        (
            try Tensor.randn([5, 4], dtype: .float64), try Tensor.randn([5, 4], dtype: .float64),
            try Tensor([0, 1, 2, 3, 1])
        )
    }

    @Test func `Jsd at zero is soft at one`() throws {
        let (s, t, _) = try logits()
        let jsd = try JensenShannonTerm(beta: 0)(student: s, teacher: t).itemDouble()
        #expect(close(jsd, try SoftTerm(temperature: 1)(student: s, teacher: t).itemDouble()))
    }

    @Test func `Jsd at one is soft with the networks changed`() throws {
        let (s, t, _) = try logits()
        let jsd = try JensenShannonTerm(beta: 1)(student: s, teacher: t).itemDouble()
        #expect(close(jsd, try SoftTerm(temperature: 1)(student: t, teacher: s).itemDouble()))
    }

    @Test func `Batchmean is mean times classes`() throws {
        let (s, t, _) = try logits()
        let mean = try SoftTerm(temperature: 3, reduction: .mean)(student: s, teacher: t).itemDouble()
        #expect(close(4 * mean, try SoftTerm(temperature: 3)(student: s, teacher: t).itemDouble()))
    }

    @Test func `Plain soft is py torchs divergence`() throws {
        let (s, t, _) = try logits()
        let plain = try SoftTerm(temperature: 3, scale: .none)(student: s, teacher: t).itemDouble()
        let divergence = try (s / 3).logSoftmax(dim: 1).klDiv((t / 3).softmax(dim: 1), reduction: .batchmean)
        #expect(close(plain, try divergence.itemDouble()))
        #expect(close(9 * plain, try SoftTerm(temperature: 3)(student: s, teacher: t).itemDouble()))
    }

    @Test func `Decoupled parts make the whole per example`() throws {
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

    @Test func `Two classes leave nothing for the others`() throws {
        let s = try Tensor.randn([3, 2], dtype: .float64)
        let t = try Tensor.randn([3, 2], dtype: .float64)
        let y = try Tensor([0, 1, 1])
        let others = try DecoupledTerm(alpha: 0, beta: 8)(student: s, teacher: t, labels: y).itemDouble()
        #expect(abs(others) < 1e-12)
    }

    @Test func `The gradient at high temperature is the centred difference`() throws {
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

    /// ½⟨(z_s − z_t)²⟩ = 1 − ρ, up to the ε beside the deviation.
    @Test func `Pearson is one minus the correlation`() throws {
        let s = try Tensor.randn([6, 1, 2, 2], dtype: .float64)
        let t = try Tensor.randn([6, 1, 2, 2], dtype: .float64)
        let rho = try Correlation.ofRows(s.reshape([1, 24]), t.reshape([1, 24])).itemDouble()
        #expect(abs(try PearsonTerm()(studentFeatures: [s], teacherFeatures: [t]).itemDouble() - (1 - rho)) < 1e-4)
    }

    /// Standardised logits do not feel scale and offset of a row.
    @Test func `Standardized logits forget scale and offset`() throws {
        let (s, t, _) = try logits()
        let term = try SoftTerm(temperature: 2, standardize: true)
        let plain = try term(student: s, teacher: t).itemDouble()
        #expect(abs(try term(student: s * 3 + 7, teacher: t).itemDouble() - plain) < 1e-5)
    }

    /// With no share of its own answers, and before there are any, progressive is the cross entropy.
    @Test func `Progressive begins as the labels`() throws {
        let (s, _, y) = try logits()
        let own = try ProgressiveTerm()(student: s, labels: y).itemDouble()
        #expect(close(own, try HardTerm()(student: s, labels: y).itemDouble()))
    }

    /// A teacher that is always right leaves nothing to repair.
    @Test func `Right teachers are not repaired`() throws {
        let (s, t, _) = try logits()
        let y = try t.argmax(dim: 1)
        let soft = try SoftTerm()(student: s, teacher: t).itemDouble()
        for term in [try LabelSwapTerm(), try LabelSmoothTeacherTerm()] as [Term] {
            #expect(close(soft, try term(student: s, teacher: t, labels: y).itemDouble()))
        }
    }

    /// virtual_teacher is soft from log q.
    @Test func `The virtual teacher is a teacher`() throws {
        let (s, _, y) = try logits()
        let q = try Tensor.where(y.oneHot(4).to(.bool), .scalar(.float(0.97)), .scalar(.float(0.01))).to(.float64)
        let own = try VirtualTeacherTerm(a: 0.97, temperature: 3)(student: s, labels: y).itemDouble()
        #expect(abs(own - (try SoftTerm(temperature: 3)(student: s, teacher: q.log()).itemDouble())) < 1e-6)
    }
}
