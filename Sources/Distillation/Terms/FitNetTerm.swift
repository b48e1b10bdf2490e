import Learning
import OrderedCollections
import Tensors

/// Hints: ⟨(r(f_s) − f_t)²⟩ with a trained regressor r between every pair, even where shapes agree.
///
/// A. Romero et al., *FitNets: Hints for Thin Deep Nets*, arXiv:1412.6550, with the hint trained along (one stage).
public final class FitNetTerm: PairTerm {
    /// The page of the method; its weight is 100, as in RepDistiller.
    public override class var page: MethodPage {
        MethodPage(
            "fitnet",
            "Hints: a trained regressor predicts the teacher's feature (Romero et al., 2014).",
            formula: "⟨(r(f_s) − f_t)²⟩, r a trained regressor",
            paper: "arXiv:1412.6550.",
            weight: 100,
            use:
                "hard() + {weight} * fitnet(…), the hint trained along; in the authors' two stages soft() + fitnet(…, hint_epochs=5).",
            when:
                "deep and thin students, with a hint in the middle of the networks; a hint too near the output leaves the student no freedom.",
            family: .layers, related: [])
    }

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init(name: name, pairs: pairs) }

    /// The regressors are trained.
    public override var hasTrainedParts: Bool { true }

    /// Makes the regressors.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        let regressors = try example.features(for: self).map { feature in
            let (s, t) = (feature.student.shape.array, feature.teacher.shape.array)
            if s.count == 4, t.count == 4 { return try MapAdapter(student: s, teacher: t) as Module }
            guard s.count == t.count, s.dropLast() == t.dropLast(), let from = s.last, let to = t.last else {
                throw DistillationError.unequal(term: name, student: s, teacher: t)
            }
            return try Linear(from, to)
        }
        return ActiveTerm(modules: .numbered(regressors)) { [self] input in
            try sumOverPairs(input) { index, student, teacher in
                try FeatureMetric.mse.distance(regressors[min(index, regressors.count - 1)](student), teacher)
            }
        }
    }
}
