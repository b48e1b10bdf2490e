import Glibc
import Learning
import OrderedCollections
import Tensors

/// How the gradients of an objective's terms compare on the student's parameters.
///
/// The norm of each term's gradient, unweighted, is measured at some steps of every epoch; that costs a backward pass for
/// each term there. From the means follow the terms' shares of the training and the weights at which they would pull
/// alike. Proposed weights are a place to begin a search, no result.
public final class TermBalance {
    /// What one term contributes.
    public struct Share {
        /// The term's curve name.
        public let name: String
        /// Its weight in the last epoch.
        public let weight: Double
        /// The mean norm of its gradient, unweighted; NaN when it never took part.
        public let gradient: Double
        /// Its weighted gradient over the sum of those of all terms.
        public let share: Double
        /// The mean cosine between its gradient and the sum of the other terms' weighted gradients; NaN for a single term.
        public let agreement: Double
        /// The weight at which its weighted gradient is as large as that of the reference term.
        public let proposed: Double
    }

    private let terms: [String]
    private var epochNorms: [[Double]]
    private var norms: [[Double]]
    private var vectors: [[(square: Double, products: [Double])]] = []
    private var step = 0

    /// Every fourth step of an epoch is measured.
    static let stride = 4

    init(terms: [String]) {
        self.terms = terms
        epochNorms = terms.map { _ in [] }
        norms = epochNorms
    }

    /// A new epoch.
    func begin() {
        step = 0
        epochNorms = terms.map { _ in [] }
    }

    /// Measures the terms of a step, nil where one took no part, before the step's own backward pass; `others` are the
    /// parameters that train along.
    func measure(_ values: [Tensor?], of student: Module, along others: [Tensor]) throws {
        defer { step += 1 }
        guard step.isMultiple(of: Self.stride) else { return }
        let parameters = student.parameters().filter(\.requiresGradient)
        var gradients: [[Double]?] = []
        for value in values {
            guard let value, value.requiresGradient else {
                gradients.append(value == nil ? nil : [])
                continue
            }
            try value.backward(retainGraph: true)
            gradients.append(
                try parameters.flatMap { try $0.gradient?.doubles() ?? [Double](repeating: 0, count: $0.count) })
            // What trains along has gradients now, too, and the step's own pass would add to them.
            for parameter in parameters + others { parameter.clearGradient() }
        }
        note(gradients)
    }

    private func note(_ gradients: [[Double]?]) {
        let products = gradients.map { left -> [Double] in
            gradients.map { right in
                guard let left, let right, !left.isEmpty, !right.isEmpty else { return 0 }
                return zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        vectors.append(gradients.indices.map { (products[$0][$0], products[$0]) })
        for (index, gradient) in gradients.enumerated() where gradient != nil {
            let norm = sqrt(products[index][index])
            epochNorms[index].append(norm)
            norms[index].append(norm)
        }
    }

    /// The mean norms of the epoch, `grad_soft` for the term `soft`; NaN for a term that took no part.
    var curves: OrderedDictionary<String, Double> {
        OrderedDictionary(
            uniqueKeysWithValues: zip(terms, epochNorms).map { ("grad_" + $0, Self.mean($1)) })
    }

    private static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    /// The terms' shares at these weights.
    func shares(weights: [Double], terms objective: Objective) -> [Share] {
        let means = norms.map(Self.mean)
        let pulls = zip(weights, means).map { $1.isNaN ? 0 : abs($0) * $1 }
        let total = pulls.reduce(0, +)
        // Labels are what the other terms are weighed against; without them the first term is.
        let labelled = objective.summands.firstIndex { !$0.term.needsTeacher && $0.term.needsLabels }
        let reference = [labelled, pulls.firstIndex { $0 > 0 }].compactMap { $0 }.first { pulls[$0] > 0 }
        return terms.indices.map { index in
            let pull = reference.map { pulls[$0] } ?? 0
            let proposed = means[index] > 0 ? Self.rounded(pull / means[index]) : weights[index]
            return Share(
                name: terms[index], weight: weights[index], gradient: means[index],
                share: total > 0 ? pulls[index] / total : .nan, agreement: agreement(of: index, weights),
                proposed: index == reference ? weights[index] : proposed)
        }
    }

    private func agreement(of index: Int, _ weights: [Double]) -> Double {
        let cosines = vectors.compactMap { step -> Double? in
            let others = step.indices.filter { $0 != index }
            let product = others.reduce(0) { $0 + weights[$1] * step[index].products[$1] }
            let square = others.reduce(0) { sum, i in
                sum + others.reduce(0) { $0 + weights[i] * weights[$1] * step[i].products[$1] }
            }
            let size = sqrt(step[index].square * square)
            return size > 0 ? product / size : nil
        }
        return Self.mean(cosines)
    }

    /// Two significant digits: more would pretend to a precision that a mean over some steps does not have.
    private static func rounded(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return value }
        let scale = pow(10, 1 - floor(log10(value)))
        return (value * scale).rounded() / scale
    }

    /// The shares as a table with the objective they propose.
    func report(weights: [Double], terms objective: Objective, pairs: [[LayerPair]]) -> String {
        let shares = shares(weights: weights, terms: objective)
        guard shares.contains(where: { !$0.gradient.isNaN }) else { return "no gradients were measured" }
        var rows = [["term", "weight", "gradient", "share", "cosine", "balanced weight"]]
        for share in shares {
            rows.append([
                share.name, Self.text(share.weight), Self.text(share.gradient), Self.percent(share.share),
                Self.text(share.agreement), Self.text(share.proposed),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }
        let formula = zip(shares, zip(objective.summands, pairs)).map { share, summand in
            let term = summand.0.term.description(pairs: summand.1)
            return share.proposed == 1 ? term : "\(Self.text(share.proposed)) * \(term)"
        }.joined(separator: " + ")
        let count = norms.map(\.count).max() ?? 0
        return "gradients of the terms on the student, mean of \(count) steps:\n" + lines.joined(separator: "\n")
            + "\nwith equal pull: \(formula)"
    }

    private static func percent(_ value: Double) -> String {
        value.isNaN ? "" : "\(Int((value * 100).rounded())) %"
    }

    private static func text(_ value: Double) -> String {
        guard !value.isNaN else { return "" }
        guard value != 0, value.isFinite else { return "\(number(value))" }
        let scale = pow(10, 2 - floor(log10(abs(value))))
        return number((value * scale).rounded() / scale)
    }
}
