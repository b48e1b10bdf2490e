import Data
import Tensors

/// Margins between the relevant candidate and each other one: ⟨((s₊ − s_j) − (t₊ − t_j))²⟩.
///
/// S. Hofstätter et al., *Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation*,
/// arXiv:2010.02666. What the scores are measured from is free: only their differences are compared.
public final class MarginTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "margin_mse",
            "The squared difference of margins between a relevant candidate and the others (Hofstätter et al., 2020).",
            formula: "⟨((s₊ − s_j) − (t₊ − t_j))²⟩ over j ≠ +",
            paper: "arXiv:2010.02666 (Margin-MSE); as MarginMSELoss of sentence-transformers.",
            use: "margin_mse() alone, on scores [N, C] of the candidates of a query.",
            when: "a cross-encoder teaches a ranker whose scores are on another scale.",
            remarks: [
                "Candidate `positive` is the relevant one, the first unless said otherwise. Candidates whose grade is nan are left out."
            ],
            family: .orders, related: ["logit_mse"])
    }

    /// Which candidate is the relevant one.
    public let positive: Int

    /// - Throws: ``DistillationError/option(term:problem:)`` for a negative position.
    public init(positive: Int = 0, name: String? = nil) throws {
        guard positive >= 0 else {
            throw DistillationError.option(term: "margin_mse", problem: "positive= counts candidates from 0")
        }
        self.positive = positive
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { positive == 0 ? "" : "positive=\(positive)" }
    /// Outputs are scores.
    public override var comparesLogits: Bool { false }
    /// Differences with −∞ are infinite.
    public override var comparesNumbers: Bool { true }

    /// The mean over the margins of all rows.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let (student, teacher, known) = try Candidates.scores(input, for: self)
        guard positive < student.shape[1], student.shape[1] > 1 else {
            throw DistillationError.option(
                term: name, problem: "positive=\(positive) among \(student.shape[1]) candidates")
        }
        func margins(_ scores: Tensor) throws -> Tensor {
            try scores.narrow(dim: 1, start: positive, length: 1) - scores
        }
        let squares = try (margins(student) - margins(teacher)).square(), counted = try counted(known)
        return try HardTerm.weightedMean(squares * counted, counted)
    }

    override func divisor(_ input: TermInput) throws -> Double? {
        try counted(Candidates.scores(input, for: self).known).sum().itemDouble()
    }

    /// 1 where there is a margin: for known candidates beside a known relevant one.
    private func counted(_ known: Tensor) throws -> Tensor {
        let isOther = try Tensor.arange(.int(known.shape[1])).ne(.int(positive)).unsqueeze(dim: 0)
            .expand(known.shape.array)
        return try isOther.to(known.dtype) * known * known.narrow(dim: 1, start: positive, length: 1)
    }
}

/// The candidates of each row that are known.
enum Candidates {
    /// The scores of both sides [R, C], with 1 where a candidate counts and 0, and a score of 0, where its grade is nan.
    ///
    /// - Throws: ``DistillationError`` for scores of unlike shapes.
    static func scores(_ input: TermInput, for term: Term) throws -> (student: Tensor, teacher: Tensor, known: Tensor) {
        let student = input.student.logits
        let teacher = try input.teacherLogits(for: term)
        try requireEqualLogits(term, student, teacher)
        guard let grades = input.labels, grades.dtype.isFloating, grades.shape == student.shape else {
            return (student, teacher, try .ones(student.shape.array, dtype: student.dtype))
        }
        let missing = try grades.isnan()
        return (
            try student.maskedFill(missing, .float(0)), try teacher.maskedFill(missing, .float(0)),
            try missing.eq(.int(0)).to(student.dtype)
        )
    }
}
