import Data
import Learning
import Tensors
import Testing

@testable import Distillation

/// What is claimed of the teacher cache.
@Suite struct TeacherCacheTests {
    private let data: Dataset
    private let teacher: Sequential

    init() throws {
        data = try digits().take(200)
        Randomness.seed(1)
        teacher = Sequential([try Linear(64, 24), Activation(.relu), try Linear(24, 10)])
    }

    private func objective() throws -> Objective { try SoftTerm() + FeatureTerm(pairs: [LayerPair("1", "1")]) }

    /// The losses of a run, how often the teacher ran, and whether its values lay in a file.
    private func run(
        _ policy: CachePolicy, on other: Dataset? = nil, limit: Int? = nil, epochs: Int = 3,
        callback: ((Run) throws -> Bool)? = nil
    ) throws -> (steps: [Double], passes: Int, onDisk: Bool) {
        Randomness.seed(2)
        let student = Sequential([try Linear(64, 12), Activation(.relu), try Linear(12, 10)])
        var options = TrainingOptions()
        options.epochs = epochs
        options.callback = callback
        let loss = try ObjectiveRun(objective(), teachers: [.network(teacher)], cache: policy)
        if let limit { loss.cacheLimit = limit }
        let run = try Trainer(student, other ?? data, loss: loss, options: options).train()
        return (run.steps, loss.teacherPasses, loss.isCacheOnDisk)
    }

    private func agree(_ a: [Double], _ b: [Double]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 * (1 + abs($1)) }
    }

    @Test func `Shuffled rows get their own values`() throws {
        let without = try run(.off)
        let with = try run(.auto)
        #expect(agree(with.steps, without.steps))
        // One pass over the 200 examples fills it; without it there are at least four steps in three epochs.
        #expect(with.passes == 1)
        #expect(without.passes >= 12)
    }

    @Test func `What does not fit into memory lies in a file`() throws {
        let memory = try run(.auto)
        teacher.remembered = nil
        let disk = try run(.auto, limit: 1000)
        #expect(disk.onDisk && !memory.onDisk)
        #expect(disk.passes == 1)
        #expect(disk.steps == memory.steps)
    }

    @Test func `Later runs use what earlier ones computed`() throws {
        let first = try run(.auto)
        let second = try run(.auto)
        #expect(second.steps == first.steps)
        // Only the few rows that are compared with what was remembered.
        #expect(second.passes == 1 && teacher.remembered != nil)
        let record = teacher.remembered
        _ = try run(.auto)
        #expect(teacher.remembered === record)
    }

    @Test func `A changed teacher is asked again`() throws {
        _ = try run(.auto)
        let record = teacher.remembered
        _ = try Gradients.disabled { try teacher.parameters()[0].copy_(teacher.parameters()[0] * 2) }
        let changed = try run(.auto)
        #expect(teacher.remembered !== record)
        #expect(agree(changed.steps, try run(.off).steps))
    }

    @Test func `A teacher changed between epochs is asked again`() throws {
        func change(_ run: Run) throws -> Bool {
            _ = try Gradients.disabled { try teacher.parameters()[0].copy_(teacher.parameters()[0] * 1.5) }
            return true
        }
        let state = try teacher.stateDict()
        let with = try run(.auto, callback: change)
        try teacher.loadStateDict(state)
        let without = try run(.off, callback: change)
        #expect(agree(with.steps, without.steps))
    }

    @Test func `Other data is computed anew`() throws {
        _ = try run(.auto)
        let record = teacher.remembered
        let other = try Dataset(x: data.x() * 0.5, y: data.y)
        #expect(agree(try run(.auto, on: other).steps, try run(.off, on: other).steps))
        #expect(teacher.remembered !== record)
        // The same numbers in another dataset are the same data.
        let second = teacher.remembered
        _ = try run(.auto, on: Dataset(x: data.x() * 0.5, y: data.y))
        #expect(teacher.remembered === second)
    }

    @Test func `Augmented views are judged as they are`() throws {
        let views = try data.augmented(by: Augmentation([.noise(std: 0.3)]))
        let with = try run(.auto, on: views)
        #expect(agree(with.steps, try run(.off, on: views).steps))
        #expect(with.passes >= 12)
        #expect(throws: DistillationError.self) { try run(.on, on: views) }
    }

    @Test func `views that come again are judged once, as they are`() throws {
        let noisy = try data.augmented(by: Augmentation([.noise(std: 0.3)]))
        let cycle = try noisy.withViews(2)
        let with = try run(.auto, on: cycle, epochs: 5)
        #expect(agree(with.steps, try run(.off, on: cycle, epochs: 5).steps))
        // Each view once, beside the few rows on which the terms are tried.
        #expect(try run(.auto, on: cycle, epochs: 2).passes == with.passes)
        #expect(try run(.auto, on: cycle, epochs: 1).passes == with.passes - 1)
        #expect(try run(.auto, on: cycle, limit: 1000, epochs: 5).onDisk)
        // Bit for bit the same in passes 0 and 2, another in pass 1; another seed gives others.
        func rows(_ data: Dataset, _ epoch: Int) throws -> [Double] {
            try Batches(data, size: 200, epoch: epoch).batch(0).x?.doubles() ?? []
        }
        #expect(try rows(cycle, 0) == rows(cycle, 2) && rows(cycle, 0) != rows(cycle, 1))
        Randomness.seed(77)
        let other = try noisy.withViews(2)
        #expect(try rows(other, 0) != rows(cycle, 0))
        Randomness.seed(77)
        #expect(try rows(noisy.withViews(2), 1) == rows(other, 1))
        #expect(throws: DataError.self) { try data.withViews(2) }
        #expect(throws: DataError.self) { try noisy.withViews(0) }
        #expect(throws: DataError.self) { try data.augmented(by: Augmentation([.mixup(alpha: 1)])).withViews(2) }
    }

    @Test func `The copy of a teacher remembers nothing`() throws {
        _ = try run(.auto)
        #expect(try teacher.copy().remembered == nil)
    }
}
