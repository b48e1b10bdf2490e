import Learning

/// A sum of weighted terms: what a student is trained for.
public struct Objective: CustomStringConvertible {
    /// The summands in order.
    public let summands: [(weight: WeightSchedule, term: Term)]

    /// A sum of terms.
    public init(_ summands: [(weight: WeightSchedule, term: Term)]) { self.summands = summands }

    /// One term with weight 1.
    public init(_ term: Term) { summands = [(.constant(1), term)] }

    /// The formula as it is written: `0.9 * soft(T=4) + 0.1 * hard()`.
    public var description: String { description(pairs: summands.map(\.term.pairs)) }

    /// The formula with the layers that a run found for terms that name none.
    func description(pairs: [[LayerPair]]) -> String {
        zip(summands, pairs).map { summand, pairs in
            let term = summand.term.description(pairs: pairs)
            if case .constant(1) = summand.weight { return term }
            return "\(summand.weight) * \(term)"
        }.joined(separator: " + ")
    }

    /// The terms' names with a second one of a kind numbered: `feature`, `feature_2`.
    var curveNames: [String] {
        var names: [String] = []
        for (_, term) in summands {
            var name = term.name
            var number = 2
            while names.contains(name) {
                name = "\(term.name)_\(number)"
                number += 1
            }
            names.append(name)
        }
        return names
    }

    /// Every weight times a number.
    public func times(_ factor: Double) -> Objective { Objective(summands.map { ($0.weight.times(factor), $0.term) }) }

    /// Both sums.
    public static func + (left: Objective, right: Objective) -> Objective { Objective(left.summands + right.summands) }
    /// The sum with another term.
    public static func + (left: Objective, right: Term) -> Objective { left + Objective(right) }
    /// The sum with another term.
    public static func + (left: Term, right: Objective) -> Objective { Objective(left) + right }
    /// Every weight times a number.
    public static func * (factor: Double, objective: Objective) -> Objective { objective.times(factor) }
}

extension Term {
    /// The sum of two terms.
    public static func + (left: Term, right: Term) -> Objective { Objective(left) + Objective(right) }
    /// A term with a weight.
    public static func * (weight: Double, term: Term) -> Objective { Objective([(.constant(weight), term)]) }
    /// A term whose weight changes with the epochs.
    public static func * (weight: WeightSchedule, term: Term) -> Objective { Objective([(weight, term)]) }
}
