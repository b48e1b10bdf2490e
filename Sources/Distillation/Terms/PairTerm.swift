import Learning
import Tensors

/// A term whose student features may go through adapters that are chosen by the caller.
public protocol Adaptable: Term {
    /// What makes unlike features comparable.
    var adapter: AdapterChoice { get set }
}

/// A term that is a sum over layer pairs of one formula without options that change the shapes.
public class PairTerm: Term, Adaptable {
    /// Whether the method compares channel by channel, so that a student with others needs an adapter.
    class var needsEqualChannels: Bool { false }
    /// Whether the method compares position by position, so that maps of another size need one too.
    class var needsEqualSizes: Bool { false }
    /// Whether the method compares positions, which rows [B, D] do not have.
    class var needsPositions: Bool { false }

    /// What makes unlike channels comparable, for the methods that compare channel by channel.
    public var adapter = AdapterChoice.auto
    /// The input of the last child unless pairs are given.
    public override var usesDefaultPair: Bool { true }

    /// Looks at the shapes, and makes the adapters.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws -> ActiveTerm {
        if Self.needsPositions {
            for feature in try example.features(for: self) {
                for x in [feature.student, feature.teacher] { try requirePositions(x) }
            }
        }
        guard Self.needsEqualChannels else { return ActiveTerm(loss) }
        let adapters = try example.features(for: self).enumerated().map { index, feature in
            let (student, teacher) = (feature.student.shape.array, feature.teacher.shape.array)
            let fits =
                Self.needsEqualSizes
                ? student == teacher
                : student.count == teacher.count && student.count > 1 && student[1] == teacher[1]
            if fits, case .auto = adapter { return nil as Module? }
            return try context.adapter(student, teacher, adapter, for: self, pair: index)
        }
        return ActiveTerm(adapters: adapters, loss)
    }

    /// The formula for one pair, of a method that trains nothing.
    func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        throw DistillationError.trainedParts(term: name)
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

    /// Positions are what the method compares: rows [B, D] have none.
    final func requirePositions(_ x: Tensor) throws {
        guard x.rank >= 3, x.shape.array.dropFirst(2).reduce(1, *) > 1 else {
            throw DistillationError.feature(
                term: name, problem: "needs maps [B, C, H, W] of more than one position, given \(x.shape)")
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
