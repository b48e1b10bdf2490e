import Data
import Tensors
import Testing

@testable import Distillation
@testable import Learning

private func options(_ epochs: Int, rate: Double = 5e-3, validate: Dataset? = nil) throws -> TrainingOptions {
    var result = TrainingOptions()
    result.epochs = epochs
    result.optimizer = try Adam(lr: rate)
    result.validate = validate
    return result
}

/// Few labelled digits, the other training digits, and those that nobody trains on.
private struct Digits {
    let few: Dataset
    let rest: Dataset
    let train: Dataset
    let test: Dataset

    init(few count: Int = 60) throws {
        let parts = try split(digits(), test: 0.3)
        train = parts[0]
        test = parts[1]
        few = try train.take(count)
        rest = try train.rows(count..<train.count)
    }

    func accuracy(_ net: Module) throws -> Double { try evaluate(net, test)["accuracy"] ?? .nan }
}

private func same(_ a: Module, _ b: Module) throws -> Bool {
    let other = try b.stateDict()
    return try a.stateDict().allSatisfy { try other[$0.key]?.equals($0.value) == true }
}

/// Every scheme on the digits, in a way that fails when the scheme does nothing.
@Suite struct SchemeTests {
    // MARK: Mutual learning

    @Test func `Peers learn from each other and only from their own loss`() throws {
        let data = try Digits()
        Randomness.seed(1)
        let first = try net([64, 16, 10])
        let second = try net([64, 12, 10])
        let copies = try [first.copy(), second.copy()]
        let start = Randomness.state

        let runs = try mutual([first, second], data.few, options: options(2))
        #expect(runs.map(\.name) == ["peer 1", "peer 2"])

        // The same steps written out, each peer with its own optimizer and the other's outputs as constants.
        Randomness.state = start
        let optimizers = try copies.map { try Optimizer(Adam(lr: 5e-3), $0.parameters()) }
        for copy in copies { copy.train() }
        var losses: [[Double]] = [[], []]
        for epoch in 0..<2 {
            for batch in try Batches(data.few, size: 64, shuffle: true, epoch: epoch) {
                let batch = try batch.get()
                let x = try #require(batch.x)
                let y = try #require(batch.y)
                let logits = try copies.map { try $0(x) }
                for own in 0..<2 {
                    let other = try logits[1 - own].detach().softmax(dim: 1)
                    let loss =
                        try logits[own].crossEntropy(y)
                        + logits[own].logSoftmax(dim: 1).klDiv(other, reduction: .batchmean)
                    optimizers[own].zeroGrad()
                    try loss.backward()
                    try optimizers[own].step()
                    losses[own].append(try loss.itemDouble())
                }
            }
        }
        for own in 0..<2 {
            for (a, b) in zip(runs[own].steps, losses[own]) { #expect(abs(a - b) < 1e-5 * (1 + abs(b))) }
        }

        #expect(runs[0]["soft"]?.allSatisfy { $0 > 0 } == true)
    }

    @Test func `Peers must be different networks with the same classes`() throws {
        let data = try Digits()
        let one = try net([64, 10])
        #expect(throws: DistillationError.self) { try mutual([one], data.few) }
        #expect(throws: DistillationError.self) { try mutual([one, one], data.few) }
        #expect(throws: DistillationError.self) { try mutual([one, net([64, 3])], data.few) }
        #expect(throws: DistillationError.self) {
            try mutual([one, net([64, 8, 10])], data.few, loss: HardTerm() + FeatureTerm())
        }
    }

    // MARK: Chains

    @Test func `A chain teaches each network by the one before`() throws {
        let data = try Digits()
        Randomness.seed(2)
        let teacher = try net([64, 64, 10])
        try fit(teacher, data.train, options: options(5))
        let assistant = try net([64, 32, 10])
        let student = try net([64, 16, 10])
        let soft = Objective(try SoftTerm())
        let copies = try [assistant.copy(), student.copy()]
        let state = Randomness.state
        let runs = try distillChain(
            [teacher, assistant, student], data.train.withoutLabels(), loss: soft, options: options(12))
        #expect(runs.map(\.name) == ["assistant", "student"])
        // No label was there: what they know, they have from the teacher.
        #expect(try data.accuracy(assistant) > 0.85)
        #expect(try data.accuracy(student) > 0.85)

        // The student follows the assistant, not the teacher: the chain is these two calls.
        Randomness.state = state
        try distill(teacher, into: copies[0], data.train.withoutLabels(), loss: soft, options: options(12))
        let afterAssistant = Randomness.state
        let byTeacher = try copies[1].copy()
        try distill(copies[0], into: copies[1], data.train.withoutLabels(), loss: soft, options: options(12))
        #expect(try same(copies[0], assistant) && same(copies[1], student))
        Randomness.state = afterAssistant
        try distill(teacher, into: byTeacher, data.train.withoutLabels(), loss: soft, options: options(12))
        #expect(try !same(byTeacher, student))
        #expect(throws: DistillationError.self) { try distillChain([teacher], data.few, loss: soft) }
    }

    @Test func `A route shares the epochs and follows every anchor`() throws {
        let data = try Digits()
        Randomness.seed(3)
        let teacher = try net([64, 32, 10])
        var anchors: [Module] = []
        var training = try options(3)
        training.callback = { run in
            anchors.append(try run.net.copy())
            return true
        }
        try fit(teacher, data.train, options: training)
        let student = try net([64, 16, 10])
        let start = try student.copy()
        let state = Randomness.state
        let soft = Objective(try SoftTerm())
        let runs = try routeConstrained(
            anchors.map { .network($0) }, into: student, data.few, loss: soft, options: options(11))
        #expect(runs.map(\.epochs) == [3, 4, 4])

        // Each anchor teaches its share of the epochs; with the last one in the others' place the student goes another way.
        let last = try start.copy()
        for (pupil, teachers) in [(start, anchors), (last, [anchors[2], anchors[2], anchors[2]])] {
            Randomness.state = state
            for (anchor, epochs) in zip(teachers, [3, 4, 4]) {
                try distill(anchor, into: pupil, data.few, loss: soft, options: options(epochs))
            }
        }
        #expect(try same(start, student))
        #expect(try !same(last, student))
        #expect(throws: DistillationError.self) {
            try routeConstrained(anchors.map { .network($0) }, into: student, data.few, loss: soft, options: options(2))
        }
    }

    // MARK: Generations

    @Test func `Generations are new networks taught by the one before`() throws {
        let data = try Digits()
        Randomness.seed(4)
        var made: [Module] = []
        func make() throws -> Module {
            let network = try net([64, 16, 10])
            made.append(network)
            return network
        }
        let runs = try bornAgain(
            make, data.few, generations: 2, loss: Objective(SoftTerm()), options: options(150, validate: data.test))
        #expect(runs.map(\.name) == ["from labels", "generation 1", "generation 2", "ensemble"])
        #expect(made.count == 3)
        // Trained on soft targets alone, a generation can only have learned from the one before.
        #expect(runs[1].objective == "soft(T=4)")
        let agreement = try Fidelity.agreement(runs[0].net, runs[1].net, on: data.few)
        #expect(agreement > 0.9)
        let ensemble = runs[3].net
        let mean = try runs[1...2].map { try predict($0.net, data.test).softmax(dim: 1) }
        let expected = try (mean[0] + mean[1]) / 2
        #expect(try predict(ensemble, data.test).softmax(dim: 1).allclose(expected, rtol: 1e-5, atol: 1e-6))
        #expect(runs[3]["val_accuracy"]?.count == 1)
        let one = try net([64, 10])
        #expect(throws: DistillationError.self) {
            try bornAgain({ one }, data.few, loss: Objective(SoftTerm()), options: options(1))
        }
    }

    // MARK: Teacher-free

    @Test func `A virtual teacher teaches without a network`() throws {
        let data = try Digits()
        let students = try [Objective(VirtualTeacherTerm()), Objective(HardTerm())].map { objective in
            Randomness.seed(5)
            let student = try net([64, 32, 10])
            let run = try fit(student, data.few, loss: objective, options: options(100))
            #expect(run.loss[99] < run.loss[0])
            return student
        }
        #expect(try data.accuracy(students[0]) > 0.7)
        #expect(try !same(students[0], students[1]))
    }

    @Test func `A copy teaches its original`() throws {
        let data = try Digits()
        Randomness.seed(6)
        let student = try net([64, 16, 10])
        try fit(student, data.few, options: options(20))
        let before = try student.copy()
        let run = try distill(
            before, into: student, data.few, loss: 0.5 * SoftTerm() + 0.5 * HardTerm(), options: options(5))
        #expect(run["soft"]?.last.map { $0 > 0 && $0 < 1 } == true)
        #expect(try !same(before, student))
        #expect(throws: DistillationError.self) {
            try distill(student, into: student, data.few, loss: Objective(SoftTerm()))
        }
    }

    // MARK: Self-distillation

    @Test func `Exits learn from the deepest classifier`() throws {
        let data = try Digits()
        Randomness.seed(7)
        let network = try net([64, 32, 32, 10])
        let run = try selfDistill(
            network, exits: [LayerPath("1")], data.train, options: options(8, validate: data.test))
        let exit = try #require(run.adapters["1"])
        #expect(try data.accuracy(exit) > 0.85)
        #expect(try data.accuracy(network) > 0.85)
        #expect(run["val_1_accuracy"]?.count == 8)
        #expect(try #require(run["exit_hard"]?.last) < #require(run["exit_hard"]?.first))
        #expect(!network.namedParameters().contains { $0.name.contains("exit") })

        // Without labels at the exits (alpha = 1) all that an exit knows comes from the deepest classifier.
        Randomness.seed(7)
        var settings = SelfDistillationOptions()
        settings.alpha = 1
        let taught = try selfDistill(
            net([64, 32, 32, 10]), exits: [LayerPath("1")], data.train, settings: settings, options: options(60))
        // It takes longer: the exit pulls the shared layers towards what the classifier has not learned yet. Over six
        // seeds it is at 0.70 to 0.80 after 8 epochs, and where the classifier is after 80.
        #expect(try data.accuracy(#require(taught.adapters["1"])) > 0.85)
        #expect(throws: DistillationError.self) { try selfDistill(network, exits: [LayerPath("9")], data.few) }
    }

    @Test func `The deepest classifier is not moved by its exits`() throws {
        // The gradient of exit terms must not reach the last layer: with everything else frozen, it learns as alone.
        let data = try Digits()
        let heads = try [true, false].map { withExits in
            Randomness.seed(8)
            let network = try net([64, 32, 32, 10])
            for parameter in network.layers.dropLast().flatMap({ $0.parameters() }) {
                try parameter.requireGradient(false)
            }
            let state = Randomness.state
            if withExits {
                let loss = try SelfDistillationLoss([LayerPath("1")], SelfDistillationOptions())
                let trainer = try Trainer(network, data.few, loss: loss, options: options(2))
                Randomness.state = state
                _ = try trainer.train()
            } else {
                let trainer = try Trainer(
                    network, data.few, loss: ObjectiveRun(Objective(HardTerm())), options: options(2))
                Randomness.state = state
                _ = try trainer.train()
            }
            return network.layers[4]
        }
        for (a, b) in zip(heads[0].parameters(), heads[1].parameters()) {
            #expect(try a.allclose(b, rtol: 1e-5, atol: 1e-6))
        }
    }

    // MARK: Semi-supervised

    @Test func `The mean teacher is the moving average of the student`() throws {
        let data = try Digits()
        Randomness.seed(9)
        let student = try net([64, 16, 10])
        var settings = MeanTeacherOptions()
        settings.decay = 0.9
        let loss = try MeanTeacherLoss(student, data.few, settings, epochs: 1)
        var average = try student.parameters().map { try $0.doubles() }
        let optimizer = try Optimizer(SGD(lr: 0.1), student.parameters())
        try loss.prepare(TrainingContext(student: student, data: data.rest, epochs: 1, batchSize: 32))
        try loss.begin(epoch: 0, of: 1)
        let batches = try Batches(data.rest, size: 32)
        for step in 1...15 {
            let batch = try batches.batch(step)
            optimizer.zeroGrad()
            try loss.step(student, batch).total.backward()
            try optimizer.step()
            try loss.stepped(student, batch)
            let alpha = min(1 - 1 / Double(step + 1), 0.9)
            for (index, parameter) in student.parameters().enumerated() {
                average[index] = zip(average[index], try parameter.doubles()).map { alpha * $0 + (1 - alpha) * $1 }
            }
        }
        for (expected, parameter) in zip(average, loss.teacher.parameters()) {
            for (a, b) in zip(expected, try parameter.doubles()) { #expect(abs(a - b) < 1e-5) }
        }
        #expect(try !same(loss.teacher, student))
        #expect(loss.teacher.parameters().allSatisfy { $0.gradient == nil })
    }

    @Test func `Consistency makes student and teacher agree`() throws {
        let data = try Digits(few: 40)
        let runs = try [nil, 0.0].map { (consistency: Double?) in
            Randomness.seed(10)
            var settings = MeanTeacherOptions()
            settings.consistency = consistency
            return try meanTeacher(
                net([64, 32, 10]), labelled: data.few, unlabelled: data.rest, settings: settings,
                options: options(10, validate: data.test))
        }
        #expect(try #require(runs[0]["consistency"]?.last) < #require(runs[1]["consistency"]?.last))
        #expect(runs[0]["val_student_accuracy"]?.count == 10)
        #expect(try data.accuracy(runs[0].net) > 0.7)
        #expect(try data.accuracy(runs[0].net) == #require(runs[0]["val_accuracy"]?.last))
    }

    @Test func `Pseudo labels teach the noisy student`() throws {
        let data = try Digits(few: 40)
        Randomness.seed(11)
        let teacher = try net([64, 32, 10])
        try fit(teacher, data.few, options: options(40))
        let before = try data.accuracy(teacher)
        let runs = try noisyStudent(
            teacher, { try net([64, 32, 10]) }, labelled: data.few, unlabelled: data.rest, rounds: 2,
            options: options(12, validate: data.test))
        #expect(runs.map(\.name) == ["round 1", "round 2"])
        #expect(try data.accuracy(runs[1].net) > before)
        #expect(try data.accuracy(teacher) == before)

        // The labels of the unlabelled part are not looked at.
        let wrong = try Dataset(x: data.rest.x(), y: .zeros([data.rest.count], dtype: .int64))
        let twice = try [data.rest, wrong].map { unlabelled in
            Randomness.seed(12)
            return try noisyStudent(
                teacher, { try net([64, 16, 10]) }, labelled: data.few, unlabelled: unlabelled, rounds: 1,
                options: options(1))[0].steps
        }
        #expect(twice[0] == twice[1])
        #expect(throws: DistillationError.self) {
            try noisyStudent(
                net([64, 10]), { try net([64, 10]) }, labelled: data.few, unlabelled: data.rest, threshold: 0.999,
                options: options(1))
        }
    }

    @Test func `A transfer set needs no labels`() throws {
        let data = try Digits()
        Randomness.seed(13)
        let teacher = try net([64, 64, 10])
        try fit(teacher, data.train, options: options(6))
        let student = try net([64, 16, 10])
        try distill(
            teacher, into: student, data.rest.withoutLabels(), loss: Objective(SoftTerm()), options: options(10))
        #expect(try data.accuracy(student) > 0.85)
        #expect(throws: DistillationError.noLabels(term: "hard")) {
            try distill(teacher, into: student, data.rest.withoutLabels(), loss: SoftTerm() + HardTerm())
        }
    }

    // MARK: Several teachers

    @Test func `Several teachers are averaged as asked for`() throws {
        let data = try Digits()
        Randomness.seed(14)
        let teachers = try [net([64, 32, 10]), net([64, 24, 10])]
        let x = try data.few.x()
        let outputs = try teachers.map { try predict($0, data.few) }
        func loss(_ average: TeacherAverage, _ weights: [Double]?) throws -> Double {
            Randomness.seed(15)
            let student = try net([64, 10])
            let z = try predict(student, data.few)
            var one = try options(1)
            one.batchSize = data.few.count
            let run = try distill(
                teachers.map { .network($0) }, into: student, data.few, loss: Objective(SoftTerm(temperature: 3)),
                options: one, average: average, weights: weights)
            let shares = weights.map { given in given.map { $0 / given.reduce(0, +) } } ?? [0.5, 0.5]
            let target: Tensor
            switch average {
            case .probabilities:
                target = try zip(outputs, shares).map { try ($0 / 3).softmax(dim: 1) * Scalar($1) }.reduce(
                    Tensor.zeros([1])
                ) { try $0 + $1 }
            case .logits:
                target = try
                    (zip(outputs, shares).map { try $0 * Scalar($1) }.reduce(Tensor.zeros([1])) { try $0 + $1 } / 3)
                    .softmax(dim: 1)
            }
            let expected = try (z / 3).logSoftmax(dim: 1).klDiv(target, reduction: .batchmean).itemDouble() * 9
            #expect(abs(run.steps[0] - expected) < 1e-4 * (1 + expected), "\(average)")
            return run.steps[0]
        }
        let values = try [loss(.probabilities, nil), loss(.logits, nil), loss(.probabilities, [3, 1])]
        #expect(Set(values).count == 3)
        #expect(x.shape[0] == data.few.count)
    }

    @Test func `A feature term names its teacher`() throws {
        let data = try Digits()
        Randomness.seed(16)
        let teachers = try [net([64, 32, 10]), net([64, 16, 10])]
        let pair = [LayerPair("1", "1")]
        let widths = try (0..<2).map { index in
            let term = FeatureTerm(pairs: pair)
            term.teacherIndex = index
            let run = try distill(
                teachers.map { .network($0) }, into: net([64, 8, 10]), data.few, loss: SoftTerm() + term,
                options: options(1))
            return try #require(run.adapters["feature"]?.parameters().first?.shape.array)
        }
        #expect(widths == [[32, 8], [16, 8]])
        let term = FeatureTerm(pairs: pair)
        term.teacherIndex = 2
        #expect(throws: DistillationError.self) {
            try distill(teachers.map { .network($0) }, into: net([64, 8, 10]), data.few, loss: SoftTerm() + term)
        }
    }
}
