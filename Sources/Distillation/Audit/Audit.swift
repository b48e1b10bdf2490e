/// Whether an objective behaves as losses do: what must not change does not, on one batch of data.
public final class Audit {
    /// A statement that holds of nearly every loss of the field.
    public enum Property: String, Sendable, CaseIterable {
        /// The value is 0 where the student says what the teacher says.
        case zeroAtTeacher = "0 at student = teacher"
        /// A batch twice in one is the same mean.
        case doubledBatch = "a doubled batch"
        /// Rows that the mask leaves out do not count.
        case padding = "padding"
        /// The mean over 2 parts of a batch, and over 4, is that of the batch.
        case accumulation = "accumulation 2, 4"
        /// Classes have no order.
        case permutation = "a permutation of the classes"
        /// A constant on all logits of a row changes no probability.
        case constant = "a constant on the logits"
        /// Classes that both sides exclude add nothing.
        case moreClasses = "classes that never occur"
        /// The gradient on the logits keeps its size when T changes.
        case temperature = "gradients at T = 1, 2, 4, 8"
        /// Value and gradient are finite for logits of 10⁴, for −∞ in the teacher, for constant rows.
        case extremes = "finite at extremes"

        /// What it usually means when it does not hold.
        public var meaning: String {
            switch self {
            case .zeroAtTeacher:
                "a cross entropy has the teacher's entropy as its least value; else the sides are mixed up"
            case .doubledBatch: "a sum where a mean belongs, or terms that compare the rows of a batch"
            case .padding: "padding counts: rows are counted before the mask, or the mask is not used"
            case .accumulation: "a sum where a mean belongs, or rows are compared: accumulate= is not a larger batch"
            case .permutation: "classes are compared by position, or labels after the logits were sorted"
            case .constant: "logits are compared as numbers, or a softmax is missing"
            case .moreClasses: "reduction=\"mean\", which divides by the classes, where batchmean belongs"
            case .temperature: "T² forgotten (gradients fall as 1/T² or 1/T), or there twice"
            case .extremes: "a logarithm of a softmax, or 0 · log 0: log_softmax and where() are safe"
            }
        }
    }

    /// What came of a property.
    public enum Outcome: Equatable, Sendable {
        /// It holds; the number is what was measured, a deviation relative to the value or a power of T.
        case holds(Double)
        /// It does not.
        case fails(Double)
        /// It says nothing about this objective.
        case doesNotApply
    }

    /// The objective as it is written.
    public let objective: String
    /// The properties in order.
    public let outcomes: [(property: Property, outcome: Outcome)]
    /// The norm of the gradient on the student's logits over that of the labels' cross entropy; nil without classes.
    public let gradientBesideHard: Double?
    /// How many rows were looked at.
    public let rows: Int

    init(objective: String, outcomes: [(Property, Outcome)], gradientBesideHard: Double?, rows: Int) {
        self.objective = objective
        self.outcomes = outcomes.map { ($0.0, $0.1) }
        self.gradientBesideHard = gradientBesideHard
        self.rows = rows
    }

    /// What came of one property.
    public subscript(property: Property) -> Outcome {
        outcomes.first { $0.property == property }?.outcome ?? .doesNotApply
    }

    /// The properties that do not hold.
    public var failures: [Property] {
        outcomes.compactMap { if case .fails = $0.outcome { $0.property } else { nil } }
    }
}
