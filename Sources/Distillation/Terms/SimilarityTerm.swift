import Tensors

/// Similarity preserving: G = row-nrm(FFᵀ); ‖G_t − G_s‖²/B².
///
/// F. Tung, G. Mori, *Similarity-Preserving Knowledge Distillation*, arXiv:1907.09682.
public final class SimilarityTerm: PairTerm {
    /// The page of the method; its weight is 3000, as the authors' γ.
    public override class var page: MethodPage {
        MethodPage(
            "similarity",
            "Similarity preserving: which examples of the batch activate alike (Tung, Mori, 2019).",
            formula: "‖G_t − G_s‖²/B², G = row-nrm(FFᵀ)",
            paper: "arXiv:1907.09682. Widths may differ.",
            weight: 3000, use: "hard() + {weight} * similarity(…).",
            when:
                "networks of unlike architecture, as nothing is compared but relations between examples; batches of 64 and more.",
            family: .relations, related: ["icc"])
    }

    /// Examples are compared with others of their batch.
    public override var comparesRows: Bool { true }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    override func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        try requireSameBatch(student, teacher)
        func gram(_ x: Tensor) throws -> Tensor {
            let flat = try rows(x)
            return try Rows.normalized(flat.matmul(flat.transposed()))
        }
        return try (gram(teacher) - gram(student)).square().mean()
    }
}
