import Data
import Distillation
import Learning
import Tensors
import Testing

private func toy() throws -> Dataset {
    Randomness.seed(7)
    let x = try Tensor.randn([150, 4])
    let values = try x.doubles()
    let y = (0..<150).map { values[$0 * 4] + values[$0 * 4 + 1] > 0 ? (values[$0 * 4 + 2] > 0 ? 1 : 0) : 2 }
    return try Dataset(x: x, y: Tensor(y))
}

@Suite struct DistillTests {
    @Test func `The one line form and the loop by hand give the same losses`() throws {
        let data = try toy()
        Randomness.seed(1)
        let teacher = try net([4, 16, 3])
        var options = TrainingOptions()
        options.epochs = 3
        options.batchSize = 32
        try fit(teacher, data, options: options)

        Randomness.seed(2)
        let student = try net([4, 8, 3])
        let run = try distill(
            teacher, into: student, data, loss: 0.9 * SoftTerm(temperature: 4) + 0.1 * HardTerm(), options: options)

        Randomness.seed(2)
        let byHand = try net([4, 8, 3])
        let optimizer = try Optimizer(Adam(), byHand.parameters())
        var losses: [Double] = []
        teacher.eval()
        for _ in 0..<3 {
            for batch in try Batches(data, size: 32, shuffle: true) {
                let batch = try batch.get()
                guard let x = batch.x, let y = batch.y else { continue }
                let target = try Gradients.disabled { try (teacher(x) / 4).softmax(dim: 1) }
                let logits = try byHand(x)
                let soft = try (logits / 4).logSoftmax(dim: 1).klDiv(target, reduction: .batchmean) * 16
                let loss = try soft * 0.9 + logits.crossEntropy(y) * 0.1
                optimizer.zeroGrad()
                try loss.backward()
                try optimizer.step()
                losses.append(try loss.itemDouble())
            }
        }
        #expect(run.steps.count == 15)
        for (a, b) in zip(run.steps, losses) { #expect(abs(a - b) < 1e-5 * (1 + abs(b))) }
    }

    @Test func `A distilled student of the digits is good`() throws {
        Randomness.seed(0)
        let parts = try split(digits(), test: 0.2)
        var options = TrainingOptions()
        options.epochs = 8
        let teacher = try net([64, 128, 10])
        try fit(teacher, parts[0], options: options)
        let before = try teacher.stateDict()
        options.epochs = 25
        options.validate = parts[1]
        let run = try distill(
            teacher, into: net([64, 32, 10]), parts[0], loss: 0.9 * SoftTerm() + 0.1 * HardTerm(), options: options)
        #expect(run["val_accuracy"]?.last ?? 0 >= 0.9)
        #expect(run["soft"]?.count == 25 && run["hard"]?.count == 25)
        #expect((run.loss.last ?? 1) < (run.loss.first ?? 0))
        for (name, tensor) in try teacher.stateDict() { #expect(try before[name]?.equals(tensor) == true) }
    }

    @Test func `Cache and no cache train alike`() throws {
        let data = try toy()
        Randomness.seed(1)
        let teacher = try net([4, 16, 3])
        var options = TrainingOptions()
        options.epochs = 2
        let steps = try [CachePolicy.off, .auto].map { policy in
            Randomness.seed(3)
            let objective = try SoftTerm() + 2 * FeatureTerm()
            return try distill(teacher, into: net([4, 8, 3]), data, loss: objective, options: options, cache: policy)
                .steps
        }
        for (a, b) in zip(steps[0], steps[1]) { #expect(abs(a - b) < 1e-5 * (1 + abs(a))) }
    }

    @Test func `Unequal features get an adapter that learns`() throws {
        let data = try toy()
        let teacher = try net([4, 16, 3])
        var options = TrainingOptions()
        options.epochs = 5
        let run = try distill(teacher, into: net([4, 8, 3]), data, loss: Objective(FeatureTerm()), options: options)
        #expect(run.adapters["feature"]?.parameterCount == 8 * 16 + 16)
        let curve = try #require(run["feature"] ?? run["loss"])
        #expect(curve[4] < curve[0])
        #expect(!run.net.namedParameters().contains { $0.name.contains("feature") })
    }

    @Test func `Wrong paths list those that exist`() throws {
        let data = try toy()
        do {
            try distill(
                net([4, 16, 3]), into: net([4, 8, 3]), data,
                loss: Objective(FeatureTerm(pairs: [LayerPair("trunk", "1")])))
            Issue.record("expected an error")
        } catch let error as DistillationError {
            #expect(error.kind == .key)
            #expect(error.message.contains("\"trunk\""))
            #expect(error.help?.contains("\"2\"") == true)
        }
    }

    @Test func `Several teachers and stored logits`() throws {
        let data = try toy()
        let teachers = try [net([4, 16, 3]), net([4, 12, 3])]
        var options = TrainingOptions()
        options.epochs = 1
        let both = try distill(
            teachers.map { .network($0) }, into: net([4, 8, 3]), data, loss: Objective(SoftTerm()), options: options)
        #expect(both.steps.allSatisfy { $0.isFinite })
        let logits = try predict(teachers[0], data)
        let stored = try [TeacherSource.logits(logits), .network(teachers[0])].map { source in
            Randomness.seed(5)
            return try distill([source], into: net([4, 8, 3]), data, loss: Objective(SoftTerm()), options: options)
                .steps
        }
        #expect(stored[0] == stored[1])
        #expect(throws: DistillationError.self) {
            try distill(
                [.logits(logits.narrow(dim: 0, start: 0, length: 3))], into: net([4, 8, 3]), data,
                loss: Objective(SoftTerm()))
        }
    }

    @Test func `Schedules change the weights`() throws {
        let ramp = WeightSchedule.ramp(from: 0, to: 1, epochs: 5)
        #expect(try (0..<7).map { try ramp.value(at: $0) } == [0, 0.25, 0.5, 0.75, 1, 1, 1])
        #expect(try WeightSchedule.until(epoch: 2).times(3).value(at: 1) == 3)
        let objective = try ramp * SoftTerm() + 0.5 * HardTerm()
        #expect(objective.description == "ramp(0, 1, epochs=5) * soft(T=4) + 0.5 * hard()")
        let run = try distill(net([4, 8, 3]), into: net([4, 8, 3]), toy(), loss: objective)
        #expect(run["soft"]?.first?.isNaN == true)
        #expect(run["soft"]?.last?.isFinite == true)
    }

    @Test func `Divergence names term and step`() throws {
        let data = try toy()
        let broken = CustomTerm("mine") { try $0.student.logits.sum() * .float(.infinity) }
        do {
            try distill(net([4, 8, 3]), into: net([4, 8, 3]), data, loss: Objective(broken))
            Issue.record("expected an error")
        } catch let error as TrainingError {
            #expect(error.message.contains("mine") && error.message.contains("epoch 1, step 1"))
        }
    }

    @Test func `A term that needs a teacher cannot be fitted`() throws {
        #expect(throws: DistillationError.noTeacher(term: "soft")) {
            try fit(net([4, 8, 3]), toy(), loss: Objective(SoftTerm()))
        }
    }
}
