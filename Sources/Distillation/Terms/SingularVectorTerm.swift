import Tensors

/// Singular vectors: how neighbouring layers relate, by the top right singular vectors of their maps [HW, C].
///
/// The teacher's vectors are turned so that their largest component is positive, as a factorisation leaves the sign open.
/// The student's vector is that of its top k + 3 which points most along the teacher's, with its sign. Between the vectors
/// a, b of two layers that follow each other stands the relation exp(−(a_i − b_j)²/8), and the loss is Σ (R_s − R_t)²/B.
/// S. Lee, D. Kim, B. Song, *Self-supervised Knowledge Distillation Using Singular Value Decomposition*, arXiv:1807.06819,
/// in the form that RepDistiller and mdistiller use.
public final class SingularVectorTerm: PairTerm {
    /// The page of the method.
    public override class var page: MethodPage {
        MethodPage(
            "svd",
            "Singular vectors: how the top singular vectors of neighbouring layers relate (Lee, Kim, Song, 2018).",
            formula: "Σ (R_s − R_t)²/B, R = exp(−(v_i − u_j)²/8), v, u top singular vectors",
            paper: "arXiv:1807.06819, in the form of RepDistiller and mdistiller.",
            use: "hard() + svd([…]).",
            when:
                "research on relations between layers; a factorisation of every map in every step makes it the slowest of the terms, for gains that attention() gives as well.",
            family: .stages, related: ["fsp"])
    }

    override class var needsEqualChannels: Bool { true }
    /// Layers have to be named: the method compares at least two of each network.
    public override var usesDefaultPair: Bool { false }
    /// How many singular vectors a layer is described by.
    public let rank: Int

    /// A term for two pairs or more, those nearer to the input first.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for fewer than two pairs or no vectors.
    public init(pairs: [LayerPair], rank: Int = 1, name: String? = nil) throws {
        guard pairs.count >= 2 else {
            throw DistillationError.option(
                term: "svd",
                problem: "relates layers that follow each other: give at least two pairs, not \(pairs.count)")
        }
        guard rank >= 1 else {
            throw DistillationError.option(term: "svd", problem: "k must be at least 1, given \(rank)")
        }
        self.rank = rank
        super.init(name: name, pairs: pairs)
    }

    /// The options as they are written.
    public override var options: String { rank == 1 ? "" : "k=\(rank)" }

    /// The sum over neighbouring pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        var before: (student: Tensor, teacher: Tensor)?
        var total: Tensor?
        for (student, teacher) in try input.features(for: self) {
            try requireSameBatch(student, teacher)
            guard student.rank >= 2, teacher.rank >= 2, student.shape[1] == teacher.shape[1] else {
                throw DistillationError.unequal(
                    term: name, student: student.shape.array, teacher: teacher.shape.array)
            }
            let now = try aligned(student, teacher)
            if let before {
                let difference =
                    try Self.relation(now.student, before.student)
                    - Self.relation(now.teacher, before.teacher)
                let own = try difference.square().sum() * Scalar(1 / Double(max(1, student.shape[0])))
                total = try total.map { try $0 + own } ?? own
            }
            before = now
        }
        guard let total else { throw DistillationError.option(term: name, problem: "needs two pairs") }
        return total
    }

    /// exp(−(a_i − b_j)²/8) for vectors [B, C, k] and [B, D, k]: [B, C, D, k].
    private static func relation(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        try ((a.unsqueeze(dim: 2) - b.unsqueeze(dim: 1)).square() * -0.125).exp()
    }

    /// Both networks' vectors [B, C, k], the student's chosen and turned to the teacher's, scaled by the teacher's singular
    /// values over their norm.
    private func aligned(_ student: Tensor, _ teacher: Tensor) throws -> (student: Tensor, teacher: Tensor) {
        let other = try Gradients.disabled { () -> (vectors: Tensor, values: Tensor) in
            let top = try Self.top(Self.columns(teacher), rank)
            let largest = try top.vectors.abs().argmax(dim: 1).oneHot(top.vectors.shape[1]).transpose(1, 2)
            let sign = try (top.vectors * largest.to(top.vectors.dtype)).sum(dims: [1], keepdim: true).sign()
            return (try top.vectors * sign, top.values)
        }
        let own = try Self.top(Self.columns(student), rank + 3)
        let cosine = try own.vectors.detach().transpose(1, 2).bmm(other.vectors)
        let chosen = try cosine.abs().argmax(dim: 1).oneHot(cosine.shape[1]).transpose(1, 2).to(cosine.dtype)
        let turned = try own.vectors.bmm(chosen * cosine.sign())
        let scale = try Rows.normalized(other.values).unsqueeze(dim: 1)
        return (try turned * scale, try other.vectors * scale)
    }

    /// Maps [B, C, …] as [B, positions, C].
    private static func columns(_ x: Tensor) throws -> Tensor { try Maps.flattened(x).transpose(1, 2) }

    /// The top right singular vectors [B, C, n] and singular values [B, n] of matrices [B, P, C].
    ///
    /// The derivative is that of eigenvectors of XᵀX, written out so that only the gaps to the chosen vectors count: equal
    /// singular values elsewhere, above all the zeros of a map without full rank, leave it finite. A vector whose value is
    /// zero, or equal to another one, has no derivative and is taken as constant in that direction.
    static func top(_ x: Tensor, _ wanted: Int) throws -> (vectors: Tensor, values: Tensor) {
        let (all, sizes) = try Gradients.disabled {
            let (_, s, vh) = try x.detach().linalgSVD(fullMatrices: false)
            return (try vh.transpose(1, 2), s)
        }
        let count = min(wanted, sizes.shape[1])
        let values = try sizes.narrow(dim: 1, start: 0, length: count)
        let vectors = try all.narrow(dim: 2, start: 0, length: count)
        guard x.requiresGradient, Gradients.isEnabled else { return (vectors, values) }
        // XᵀX v, whose change at the vectors as they are now is what moves them.
        let image = try x.transpose(1, 2).bmm(x.bmm(vectors))
        let change = try image - image.detach()
        let squares = try sizes.square()
        let scale = try squares.narrow(dim: 1, start: 0, length: 1).unsqueeze(dim: 1)
        func inverse(_ gaps: Tensor) throws -> Tensor {
            let none = try gaps.abs().le(scale * (x.dtype == .float64 ? 1e-12 : 1e-6))
            return try gaps.maskedFill(none, 1).reciprocal().maskedFill(none, 0)
        }
        let own = try values.square().unsqueeze(dim: 1)
        let within = try all.transpose(1, 2).bmm(change)
        let turned = try all.bmm(within * inverse(own - squares.unsqueeze(dim: 2)))
        let outside = try (change - all.bmm(within)) * inverse(own)
        return (try vectors + turned + outside, values)
    }
}
