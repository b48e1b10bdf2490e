import Learning
import OrderedCollections
import Tensors

/// A term that is a sum over layer pairs of one formula without options that change the shapes.
public class PairTerm: Term {
    /// The weight that the method's examples suggest.
    public class var suggestedWeight: Double { 1 }

    /// The input of the last child unless pairs are given.
    public override var usesDefaultPair: Bool { true }

    /// The formula for one pair.
    func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        throw DistillationError.option(term: name, problem: "computes nothing")
    }

    /// The sum over the pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { try pairLoss($1, $2) }
    }

    /// Rows [B, D] of features [B, …].
    final func rows(_ x: Tensor) throws -> Tensor {
        guard x.rank >= 1 else { throw DistillationError.feature(term: name, problem: "needs a batch of features") }
        let width = x.shape.array.dropFirst().reduce(1, *)
        return try x.reshape([x.shape[0], width])
    }

    final func requireSameBatch(_ student: Tensor, _ teacher: Tensor) throws {
        guard student.shape.first == teacher.shape.first, student.rank > 0 else {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
    }

    /// Maps [B, C, N] of both at one size, with equal channels.
    final func equalMaps(_ student: Tensor, _ teacher: Tensor) throws -> (Tensor, Tensor) {
        let (s, t) = try Maps.toCommonSize(student, teacher)
        guard s.shape == t.shape, s.rank >= 2 else {
            throw DistillationError.unequal(term: name, student: student.shape.array, teacher: teacher.shape.array)
        }
        return (try Maps.flattened(s), try Maps.flattened(t))
    }
}
