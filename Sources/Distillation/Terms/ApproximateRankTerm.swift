import Glibc
import Tensors

/// How far the student's approximate ranks are from the teacher's, the top counting more: ⟨(r − r̂)²/log₂(r + 1)⟩.
///
/// r is the place of a candidate in the teacher's order, r̂ = 1 + Σ_{j≠i} σ(α(s_j − s_i)) a smooth place in the student's.
/// F. Schlatt et al., *Rank-DistiLLM: Closing the Effectiveness Gap Between Cross-Encoders and LLMs for Passage Re-Ranking*,
/// arXiv:2405.07920.
public final class ApproximateRankTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "adr_mse",
            "The student's approximate ranks against the teacher's, discounted (Schlatt et al., 2024).",
            formula: "⟨(r − r̂)²/log₂(r + 1)⟩, r̂ = 1 + Σ_{j≠i} σ(α(s_j − s_i))",
            paper: "arXiv:2405.07920 (ADR-MSE).",
            use: "adr_mse() alone, on scores [N, C] of the candidates of a query.",
            when: "the teacher gives an order and no scores worth copying, as a language model that ranks.",
            remarks: [
                "Of equal scores of the teacher the first comes first. Candidates whose grade is nan are left out."
            ],
            family: .orders, related: ["listwise", "margin_mse"])
    }

    /// How steep the smooth comparison is.
    public let alpha: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for an α that is not positive.
    public init(alpha: Double = 1, name: String? = nil) throws {
        try requirePositive("adr_mse", "alpha", alpha)
        self.alpha = alpha
        super.init(name: name)
    }

    /// The options as they are written.
    public override var options: String { "alpha=\(number(alpha))" }
    /// Outputs are scores.
    public override var comparesLogits: Bool { false }

    /// The mean over the candidates of all rows.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let (student, teacher, known) = try Candidates.scores(input, for: self)
        let (rows, width) = (student.shape[0], student.shape[1])
        // [B, i, j]: how surely candidate j stands before i.
        let before = try ((student.unsqueeze(dim: 1) - student.unsqueeze(dim: 2)) * Scalar(alpha)).sigmoid()
        let isOther = try Tensor.eye(width, dtype: student.dtype).neg() + Scalar(1.0)
        let counted = try isOther.unsqueeze(dim: 0) * known.unsqueeze(dim: 1)
        let own = try (before * counted).sum(dims: [2]) + Scalar(1.0)
        let ranks = try Tensor(Self.ranks(teacher.doubles(), known.doubles(), width), shape: [rows, width])
            .to(student.dtype)
        let weights = try (ranks + Scalar(1.0)).log().reciprocal() * Scalar(Glibc.log(2.0))
        return try HardTerm.weightedMean((ranks - own).square() * weights * known, known)
    }

    override func divisor(_ input: TermInput) throws -> Double? {
        try Candidates.scores(input, for: self).known.sum().itemDouble()
    }

    /// The place of each candidate by falling score, from 1; 1 as well for those that are not known, and nan in a row with a
    /// score that is none: it has no order.
    private static func ranks(_ scores: [Double], _ known: [Double], _ width: Int) -> [Double] {
        var ranks = scores.map { _ in 1.0 }
        for start in stride(from: 0, to: scores.count, by: width) {
            let places = (start..<start + width).filter { known[$0] > 0 }
            guard !places.contains(where: { scores[$0].isNaN }) else {
                for place in places { ranks[place] = .nan }
                continue
            }
            let order = places.sorted { (scores[$0], $1) > (scores[$1], $0) }
            for (place, candidate) in order.enumerated() { ranks[candidate] = Double(place + 1) }
        }
        return ranks
    }
}
