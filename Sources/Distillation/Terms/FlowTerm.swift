import Tensors

/// Flow of solution procedure: F₁F₂ᵀ/HW between two layers of one network, ⟨Δ²⟩; pairs are taken two by two.
///
/// J. Yim et al., *A Gift from Knowledge Distillation* (FSP), CVPR 2017.
public final class FlowTerm: PairTerm {
    /// The page of the method; its weight is 50, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "fsp",
            "Flow of solution procedure: Gram matrices between two layers of each network (Yim et al., 2017).",
            formula: "⟨(M_s − M_t)²⟩, M = F₁F₂ᵀ/HW",
            paper: "J. Yim et al., A Gift from Knowledge Distillation, CVPR 2017.",
            weight: 50, use: "the authors' two stages: soft() + {weight} * fsp([in, out], hint_epochs=5).",
            when:
                "teacher and student of one family, where the same two layers exist in both; as a start for the weights rather than beside other terms.",
            family: .stages, related: [])
    }

    override class var needsEqualChannels: Bool { true }
    /// Layers have to be named: the method compares two of each network.
    public override var usesDefaultPair: Bool { false }

    /// A term for an even number of pairs.
    ///
    /// - Throws: ``DistillationError/option(term:problem:)`` for an odd number of pairs.
    public init(pairs: [LayerPair], name: String? = nil) throws {
        guard pairs.count >= 2, pairs.count.isMultiple(of: 2) else {
            throw DistillationError.option(
                term: "fsp", problem: "takes pairs two by two, a matrix each, given \(pairs.count)")
        }
        super.init(name: name, pairs: pairs)
    }

    /// The sum over the matrices.
    public override func loss(_ input: TermInput) throws -> Tensor {
        let features = try input.features(for: self)
        guard features.count >= 2, features.count.isMultiple(of: 2) else {
            throw DistillationError.option(term: name, problem: "takes features two by two, given \(features.count)")
        }
        var total: Tensor?
        for index in stride(from: 0, to: features.count, by: 2) {
            let s = try matrix(features[index].student, features[index + 1].student)
            let t = try matrix(features[index].teacher, features[index + 1].teacher)
            guard s.shape == t.shape else {
                throw DistillationError.unequal(term: name, student: s.shape.array, teacher: t.shape.array)
            }
            let own = try (s - t).square().mean()
            total = try total.map { try $0 + own } ?? own
        }
        guard let total else { throw DistillationError.option(term: name, problem: "needs two pairs") }
        return total
    }

    private func matrix(_ first: Tensor, _ second: Tensor) throws -> Tensor {
        let (a, b) = try Maps.toCommonSize(first, second)
        let (x, y) = (try Maps.flattened(a), try Maps.flattened(b))
        guard x.shape[2] == y.shape[2] else {
            throw DistillationError.unequal(term: name, student: first.shape.array, teacher: second.shape.array)
        }
        return try x.bmm(y.transpose(1, 2)) * Scalar(1 / Double(max(1, x.shape[2])))
    }
}
