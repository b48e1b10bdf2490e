import Learning
import OrderedCollections
import Tensors

/// Hints: ⟨(r(f_s) − f_t)²⟩ with a trained regressor r between every pair, even where shapes agree.
///
/// A. Romero et al., *FitNets: Hints for Thin Deep Nets*, arXiv:1412.6550, with the hint trained along (one stage).
public final class FitNetTerm: PairTerm {
    /// 100, as in RepDistiller.
    public override class var suggestedWeight: Double { 100 }
    private var regressors: [Module] = []

    /// A term for some pairs.
    public init(pairs: [LayerPair] = [], name: String? = nil) { super.init("fitnet", name: name, pairs: pairs) }

    /// The formula.
    public override var formula: String { "⟨(r(f_s) − f_t)²⟩, r a trained regressor" }
    /// The regressors are trained.
    public override var hasTrainedParts: Bool { true }
    /// The regressors.
    public override var modules: OrderedDictionary<String, Module> {
        OrderedDictionary(uniqueKeysWithValues: regressors.enumerated().map { (String($0), $1) })
    }

    /// Makes the regressors.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws {
        regressors = try example.features(for: self).map { feature in
            let (s, t) = (feature.student.shape.array, feature.teacher.shape.array)
            if s.count == 4, t.count == 4 { return try MapAdapter(student: s, teacher: t) }
            guard s.count == t.count, s.dropLast() == t.dropLast(), let from = s.last, let to = t.last else {
                throw DistillationError.unequal(term: name, student: s, teacher: t)
            }
            return try Linear(from, to)
        }
    }

    /// The sum over the pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { index, student, teacher in
            try FeatureMetric.mse.distance(regressors[min(index, regressors.count - 1)](student), teacher)
        }
    }
}
