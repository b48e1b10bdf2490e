import Tensors

/// Similarity preserving: G = row-nrm(FFᵀ); ‖G_t − G_s‖²/B².
///
/// F. Tung, G. Mori, *Similarity-Preserving Knowledge Distillation*, arXiv:1907.09682.
public final class SimilarityTerm: PairTerm {
    /// 3000, as the authors' γ.
    public override class var suggestedWeight: Double { 3000 }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init("similarity", name: name, pairs: pairs) }

    /// The formula.
    public override var formula: String { "‖G_t − G_s‖²/B², G = row-nrm(FFᵀ)" }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        func gram(_ x: Tensor) throws -> Tensor {
            let flat = try rows(x)
            return try Rows.normalized(flat.matmul(flat.transposed()))
        }
        return try (gram(teacher) - gram(student)).square().mean()
    }
}
