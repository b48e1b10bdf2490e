import Learning
import OrderedCollections
import Tensors

/// A term that is a sum over layer pairs of one formula without options that change the shapes.
public class PairTerm: Term {
    /// Whether the method compares channel by channel, so that a student with others needs an adapter.
    class var needsEqualChannels: Bool { false }
    /// Whether the method compares position by position, so that maps of another size need one too.
    class var needsEqualSizes: Bool { false }
    /// Whether the method compares positions, which rows [B, D] do not have.
    class var needsPositions: Bool { false }

    /// What makes unlike channels comparable, for the methods that compare channel by channel.
    public var adapter = AdapterChoice.auto
    private var adapters: [Module?] = []

    /// The input of the last child unless pairs are given.
    public override var usesDefaultPair: Bool { true }

    /// The adapters there are.
    public override var modules: OrderedDictionary<String, Module> {
        var modules: OrderedDictionary<String, Module> = [:]
        for (index, adapter) in adapters.enumerated() { if let adapter { modules[String(index)] = adapter } }
        return modules
    }

    /// Makes the adapters, and looks at the shapes before the first step.
    public override func prepare(_ example: TermInput, _ context: TermContext) throws {
        adapters = []
        if Self.needsPositions {
            for feature in try example.features(for: self) {
                for x in [feature.student, feature.teacher] { try requirePositions(x) }
            }
        }
        guard Self.needsEqualChannels else { return }
        adapters = try example.features(for: self).enumerated().map { index, feature in
            let (student, teacher) = (feature.student.shape.array, feature.teacher.shape.array)
            let fits =
                Self.needsEqualSizes
                ? student == teacher
                : student.count == teacher.count && student.count > 1 && student[1] == teacher[1]
            if fits, case .auto = adapter { return nil }
            return try Adapters.make(
                student: student, teacher: teacher, choice: adapter, term: name,
                pair: pairs.indices.contains(index) ? pairs[index].description : "the pair")
        }
    }

    /// The student's feature of a pair as the teacher's is compared with it.
    final func adapted(_ student: Tensor, _ index: Int) throws -> Tensor {
        guard adapters.indices.contains(index), let adapter = adapters[index] else { return student }
        return try adapter(student)
    }

    /// The formula for one pair.
    func pairLoss(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
        throw DistillationError.option(term: name, problem: "computes nothing")
    }

    /// The sum over the pairs.
    public override func loss(_ input: TermInput) throws -> Tensor {
        try sumOverPairs(input) { try pairLoss(adapted($1, $0), $2) }
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
