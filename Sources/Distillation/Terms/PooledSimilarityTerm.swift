import Learning
import Tensors

/// Which texts of a batch are alike: the divergence between the rows, without the diagonal, of softmax(cos/T) of teacher and
/// student.
///
/// S. A. Koohpayegani, A. Tejankar, H. Pirsiavash, *CompRess: Self-Supervised Learning by Compressing Representations*,
/// arXiv:2010.14713, with the batch in place of the queue of anchors.
public final class PooledSimilarityTerm: Term {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "pooled_similarity",
            "Which texts of the batch are alike, as a distribution (Koohpayegani et al., 2020).",
            formula: "⟨KL(P_t ‖ P_s)⟩, P_i = softmax_{j≠i}(cos(e_i, e_j)/T)",
            paper: "CompRess, arXiv:2010.14713, with the batch in place of its queue. Widths may differ.",
            use: "pooled_similarity(), alone or beside pooled().",
            when:
                "embeddings that are compared with each other and not with the teacher's, so that the student may have any width; batches of 64 and more.",
            family: .tokens, related: ["pooled", "similarity"])
    }

    /// The temperature.
    public let temperature: Double

    /// - Throws: ``DistillationError/option(term:problem:)`` for a temperature that is not positive.
    public init(pairs: [LayerPair] = [], temperature: Double = 0.05, name: String? = nil) throws {
        try requirePositive("pooled_similarity", "T", temperature)
        self.temperature = temperature
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { temperature == 0.05 ? "" : "T=\(number(temperature))" }
    /// What the networks give.
    public override var usesDefaultPair: Bool { true }
    /// Texts are compared with others of their batch.
    public override var comparesRows: Bool { true }

    override func foundPairs(teacher: Module, student: Module) throws -> [LayerPair]? {
        [LayerPair("output", "output")]
    }

    /// The sum over the pairs; 0 for a batch of one text, which is like no other.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { _, student, teacher in
            for x in [student, teacher] { try PooledTerm.requireVectors(x, self) }
            guard student.shape[0] == teacher.shape[0] else {
                throw DistillationError.unequal(
                    term: name, student: student.shape.array, teacher: teacher.shape.array)
            }
            guard student.shape[0] > 1 else { return try Labels.nothing(student) }
            let each = try Logits.divergence(logShares(teacher), logShares(student)).sum(dims: [1])
            return try each.mean()
        }
    }

    /// log softmax of the cosines to the others.
    private func logShares(_ x: Tensor) throws -> Tensor {
        let unit = try Rows.normalized(x)
        let count = x.shape[0]
        let own = try Tensor.eye(count).to(x.dtype) * Scalar(-1e9)
        return try (unit.matmul(unit.transposed()) * Scalar(1 / temperature) + own).logSoftmax(dim: 1)
    }
}
