import Data
import Distillation
import Tensors
import Testing

@testable import Learning

private func data(_ count: Int = 60) throws -> Dataset {
    Randomness.seed(7)
    let x = try Tensor.randn([count, 4])
    let values = try x.doubles()
    return try Dataset(x: x, y: Tensor((0..<count).map { values[$0 * 4] + values[$0 * 4 + 1] > 0 ? 1 : 0 }))
}

/// A distillation that is gone through step by step.
private struct ManualRun {
    let student: Sequential
    let loss: ObjectiveRun
    let optimizer: Optimizer
    let batches: Batches

    init(_ objective: Objective, _ teacher: Module, width: Int, seed: UInt64, _ data: Dataset) throws {
        Randomness.seed(seed)
        student = try net([4, width, 2])
        loss = try ObjectiveRun(objective, teachers: [.network(teacher)])
        try loss.prepare(TrainingContext(student: student, data: data, epochs: 1, batchSize: 20))
        try loss.begin(epoch: 0, of: 1)
        let trained = ([student] + loss.trainedModules.values).flatMap { $0.parameters() }
        optimizer = try Optimizer(SGD(lr: 0.05), trained.filter(\.requiresGradient))
        batches = try Batches(data, size: 20)
    }

    func step(_ index: Int) throws {
        let batch = try batches.batch(index % batches.count)
        optimizer.zeroGrad()
        try loss.step(student, batch).total.backward()
        try optimizer.step()
        try loss.stepped(student, batch)
    }

    func parameters() throws -> [Double] { try student.parameters().flatMap { try $0.doubles() } }
}

@Suite struct `Objectives shared by runs` {
    /// Adapters, embeddings with memory banks, a learned temperature and remembered answers, in one objective.
    private func objective() throws -> Objective {
        FeatureTerm() + 0.1 * FitNetTerm() + 0.1 * (try ContrastiveTerm(size: 4, inBatch: true))
            + 0.5 * (try CurriculumTerm()) + (try ProgressiveTerm())
    }

    @Test func `two interleaved runs of one objective do as each alone`() throws {
        let data = try data()
        Randomness.seed(3)
        let teacher = try net([4, 12, 2])
        func alone(_ width: Int, _ seed: UInt64) throws -> [Double] {
            let run = try ManualRun(objective(), teacher, width: width, seed: seed, data)
            for index in 0..<6 { try run.step(index) }
            return try run.parameters()
        }
        let shared = try objective()
        let first = try ManualRun(shared, teacher, width: 6, seed: 1, data)
        let second = try ManualRun(shared, teacher, width: 9, seed: 2, data)
        for index in 0..<6 {
            try first.step(index)
            try second.step(index)
        }
        #expect(try first.parameters() == alone(6, 1))
        #expect(try second.parameters() == alone(9, 2))
        let modules = Set(first.loss.trainedModules.values.map(ObjectIdentifier.init))
        #expect(modules.count == 5)
        #expect(modules.isDisjoint(with: second.loss.trainedModules.values.map(ObjectIdentifier.init)))
        #expect(shared.summands[0].term.pairs.isEmpty, "what a run finds is the run's")
        #expect(first.loss.formula.contains("\"2@input\" -> \"2@input\""))
    }
}

@Suite struct `Simple recipe` {
    @Test func `its term alone teaches a student the teacher's feature`() throws {
        let data = try data(200)
        Randomness.seed(3)
        let teacher = try net([4, 12, 2])
        var options = TrainingOptions()
        options.epochs = 30
        options.optimizer = try Adam(lr: 1e-2)
        let student = try net([4, 12, 2])
        let term = try ProjectorTerm()
        let run = try distill(teacher, into: student, data, loss: Objective(term), options: options)
        let losses = try #require(run.curves["loss"])
        #expect(try #require(losses.last) < losses[0] - 2, "the logarithm of the distance falls: \(losses)")
    }

    @Test func `equal features and single examples give numbers`() throws {
        let data = try data(21)
        Randomness.seed(3)
        let teacher = try net([4, 5, 2])
        var options = TrainingOptions()
        options.batchSize = 20
        options.epochs = 1
        let run = try distill(teacher, into: net([4, 5, 2]), data, loss: Objective(ProjectorTerm()), options: options)
        #expect(try #require(run.curves["loss"]).allSatisfy { $0.isFinite })
    }
}
