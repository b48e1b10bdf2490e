import Data
import Glibc
import Learning
import OrderedCollections
import Tensors
import Testing

@testable import Distillation

/// A kind of targets with a network that fits them, and its rows that count.
private struct TaskCase {
    let name: String
    /// The data with missing labels.
    let data: Dataset
    /// The same data without the rows, positions or labels that are missing, where that can be had.
    let complete: Dataset
    let net: () throws -> Module

    static func all() throws -> [TaskCase] {
        Randomness.seed(5)
        let x = try Tensor.randn([24, 4])
        let kept = (0..<24).filter { $0 % 3 != 0 }
        let rows = try Tensor(kept)
        func linear(_ width: Int) -> () throws -> Module { { try Linear(4, width) } }
        func data(_ x: Tensor, _ y: Tensor, mask: Tensor? = nil, _ target: TargetDeclaration = TargetDeclaration())
            throws -> Dataset
        { try Dataset(input: .tensor(x), y: y, mask: mask, target: target) }
        let classes = (0..<24).map { $0 * 7 % 4 }
        let binary = (0..<24).map { $0 * 5 % 7 < 3 ? 1 : 0 }
        let other = (0..<24).map { $0 * 3 % 5 < 2 ? 1 : 0 }
        let floats = try Tensor.randn([24, 2])
        let missing = try Tensor((0..<24).map { $0 % 3 == 0 }, shape: [24])
        let probabilities = try Tensor.randn([24, 3]).softmax(dim: 1)
        func without(_ y: [Int], _ mark: Int) throws -> Tensor {
            try Tensor(y.enumerated().map { $0 % 3 == 0 ? mark : $1 })
        }
        func holes(_ y: Tensor) throws -> Tensor {
            try y.maskedFill(missing.reshape([24] + Array(repeating: 1, count: y.rank - 1)), .float(.nan))
        }
        func some(_ x: Tensor) throws -> Tensor { try x.indexSelect(dim: 0, index: rows) }
        let sequences = try x.reshape([6, 4, 4])
        let labels = try Tensor(classes, shape: [6, 4])
        let mask = try missing.eq(.int(0)).reshape([6, 4])
        return [
            TaskCase(
                name: "classes, -100", data: try data(x, without(classes, -100)),
                complete: try data(some(x), some(Tensor(classes))), net: linear(4)),
            TaskCase(
                name: "classes, ignore_index 255",
                data: try data(x, without(classes, 255), TargetDeclaration(ignoreIndex: 255)),
                complete: try data(some(x), some(Tensor(classes))), net: linear(4)),
            TaskCase(
                name: "probabilities, nan",
                data: try data(x, holes(probabilities), TargetDeclaration(task: .probabilities)),
                complete: try data(some(x), some(probabilities), TargetDeclaration(task: .probabilities)),
                net: linear(3)),
            TaskCase(
                name: "binary, -100", data: try data(x, without(binary, -100)),
                complete: try data(some(x), some(Tensor(binary))), net: linear(1)),
            TaskCase(
                name: "several labels, -1",
                data: try data(x, Tensor.stack([without(binary, -1), without(other, -1)], dim: 1)),
                complete: try data(some(x), some(Tensor.stack([Tensor(binary), Tensor(other)], dim: 1))),
                net: linear(2)),
            TaskCase(
                name: "numbers, nan", data: try data(x, holes(floats)), complete: try data(some(x), some(floats)),
                net: linear(2)),
            TaskCase(
                name: "positions, a mask", data: try data(sequences, labels, mask: mask),
                complete: try data(some(x), some(Tensor(classes))), net: linear(4)),
            TaskCase(
                name: "positions, -100", data: try data(sequences, without(classes, -100).reshape([6, 4])),
                complete: try data(some(x), some(Tensor(classes))), net: linear(4)),
            TaskCase(
                name: "numbers of positions, a mask",
                data: try data(sequences, floats.reshape([6, 4, 2]), mask: mask),
                complete: try data(some(x), some(floats)), net: linear(2)),
        ]
    }
}

@Suite struct `Rows that count` {
    private func still() throws -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = 1
        options.batchSize = 24
        options.optimizer = try SGD(lr: 0)
        return options
    }

    @Test func `a missing label counts in no label term and no metric`() throws {
        for entry in try TaskCase.all() {
            let net = try entry.net()
            let found = try fit(net, entry.data, options: still()).loss[0]
            let expected = try fit(net, entry.complete, options: still()).loss[0]
            #expect(abs(found - expected) < 1e-5 * max(1, abs(expected)), "\(entry.name): \(found), \(expected)")
            let own = try Predictions(predict(net, entry.data), for: entry.data, function: "test")
            let complete = try Predictions(predict(net, entry.complete), for: entry.complete, function: "test")
            for metric in Metric.all
            where metric.tasks.contains(own.task) && metric.tasks.contains(complete.task) && metric.name != "span_f1" {
                let (a, b) = (try metric.value(own), try metric.value(complete))
                #expect(abs(a - b) < 1e-6 || a.isNaN && b.isNaN, "\(metric.name) of \(entry.name): \(a), \(b)")
            }
        }
    }

    @Test func `a row without a label still counts in the terms of a teacher`() throws {
        for entry in try TaskCase.all() where !entry.name.contains("numbers") && entry.data.mask == nil {
            let (teacher, student) = (try entry.net(), try entry.net())
            let labelled = try distill(
                teacher, into: student, entry.data, loss: Objective(SoftTerm()), options: still()
            ).loss[0]
            let unlabelled = try distill(
                teacher, into: student, entry.data.withoutLabels(), loss: Objective(SoftTerm()), options: still()
            ).loss[0]
            #expect(
                labelled > 0 && abs(labelled - unlabelled) < 1e-5 * max(1, labelled),
                "\(entry.name): \(labelled), \(unlabelled)")
        }
    }

    @Test func `every task goes through fit, distill, evaluate, compare and validation`() throws {
        for entry in try TaskCase.all() {
            var options = TrainingOptions()
            options.epochs = 2
            options.batchSize = 8
            options.validate = entry.data
            let teacher = try entry.net()
            let run = try fit(teacher, entry.data, options: options)
            #expect(
                run.loss.allSatisfy { $0.isFinite } && run["val_loss"]?.allSatisfy { $0.isFinite } == true,
                "\(entry.name)")
            let objective: Objective =
                entry.data.holdsNumbers ? RegressionTerm() + LogitMSETerm() : try 0.5 * SoftTerm() + 0.5 * HardTerm()
            let student = try entry.net()
            let distilled = try distill(teacher, into: student, entry.data, loss: objective, options: options)
            #expect(distilled.loss.allSatisfy { $0.isFinite }, "\(entry.name)")
            let table = try Comparison(teacher: teacher, students: ["student": student], on: entry.data)
            #expect(table.rows.keys.contains(entry.data.holdsNumbers ? "mse" : "agreement"), "\(entry.name)")
        }
    }
}

@Suite struct `One logit and several labels` {
    private let x: Tensor
    private let teacher: Tensor
    private let student: Tensor

    init() throws {
        Randomness.seed(11)
        x = try Tensor.randn([6, 4], dtype: .float64)
        teacher = try Tensor.randn([6, 3], dtype: .float64)
        student = try Tensor.randn([6, 3], dtype: .float64)
    }

    private func input(_ student: Tensor, labels: Tensor? = nil) throws -> TermInput {
        var input = TermInput(
            student: NetworkView(logits: student), teacher: NetworkView(logits: teacher), labels: labels,
            batch: Batch(input: .tensor(x), y: labels, index: try .arange(.int(6))))
        input.layout = TaskLayout(rows: 3, task: .multilabel)
        return input
    }

    @Test(arguments: [1.0, 4.0]) func `soft is the divergence of Bernoulli variables`(_ T: Double) throws {
        let z = try student.detach().requireGradient()
        let loss = try SoftTerm(temperature: T).loss(input(z))
        try loss.backward()
        var expected = 0.0
        var gradients: [Double] = []
        for (s, t) in zip(try student.doubles(), try teacher.doubles()) {
            let (p, q) = (1 / (1 + exp(-t / T)), 1 / (1 + exp(-s / T)))
            expected += T * T * (p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))) / 6
            gradients.append(T * (q - p) / 6)
        }
        #expect(abs(try loss.itemDouble() - expected) < 1e-12)
        for (a, b) in zip(try z.gradient?.doubles() ?? [], gradients) { #expect(abs(a - b) < 1e-12) }
    }

    @Test func `soft is zero between equal logits and finite at extremes`() throws {
        let term = try SoftTerm()
        #expect(try term.loss(input(teacher)).itemDouble() == 0)
        let wild = try Tensor(
            [1e4, -1e4, .infinity, -.infinity, 0, 1e-30] + Array(repeating: 0.0, count: 12), shape: [6, 3])
        #expect(try term.loss(input(wild)).itemDouble().isFinite)
    }

    @Test func `hard is binary cross entropy over the labels that are known`() throws {
        let labels: [Double] = [1, 0, .nan, 0, 1, 1, .nan, .nan, .nan, 1, 1, 0, 0, 0, 1, 1, .nan, 0]
        let y = try Tensor(labels, shape: [6, 3])
        let factor = try Tensor([3.0, 1.0, 0.5])
        for positive in [nil, factor] {
            let loss = try HardTerm(positiveWeight: positive).loss(input(student, labels: y)).itemDouble()
            var sum = 0.0, count = 0.0
            for (index, (z, label)) in zip(try student.doubles(), try y.doubles()).enumerated() where !label.isNaN {
                let weight = positive == nil ? 1 : [3, 1, 0.5][index % 3]
                sum += label * weight * log1p(exp(-z)) + (1 - label) * log1p(exp(z))
                count += 1
            }
            #expect(abs(loss - sum / count) < 1e-12)
        }
    }

    @Test func `terms without such a form refuse by name`() throws {
        let data = try Dataset(x: .randn([8, 4]), y: Tensor((0..<8).map { $0 % 2 }))
        let terms: [Term] = [
            try JensenShannonTerm(), try DecoupledTerm(), try DistTerm(), try NormalizedTerm(), try WeightedSoftTerm(),
            try MultiLevelTerm(), try CurriculumTerm(), try LabelSwapTerm(),
        ]
        for term in terms {
            do {
                try distill(Linear(4, 1), into: Linear(4, 1), data, loss: Objective(term))
                Issue.record("\(term.method) gave no error")
            } catch let error as DistillationError {
                #expect(error.message.contains("one logit") && error.message.contains("soft()"), "\(error.message)")
            }
            #expect(throws: DistillationError.self, "\(term.method)") {
                try term(student: .randn([8, 1]), teacher: .randn([8, 1]), labels: .zeros([8], dtype: .int64))
            }
        }
    }

    @Test func `features are compared whatever the task`() throws {
        let x = try Tensor.randn([16, 4])
        let ones = (0..<16).map { $0 % 2 }
        let datasets = [
            try Dataset(x: x, y: Tensor(ones)), try Dataset(x: x, y: .randn([16, 1])), try Dataset(x: x, y: nil),
        ]
        func net() throws -> Module { Sequential([try Linear(4, 6), Activation(.relu), try Linear(6, 1)]) }
        for data in datasets {
            for term in [FeatureTerm(pairs: [LayerPair("1", "1")]), FitNetTerm(pairs: [LayerPair("1", "1")])] {
                let run = try distill(net(), into: net(), data, loss: Objective(term))
                #expect(try #require(run.loss.last) < run.loss[0], "\(term.method)")
            }
        }
    }

    @Test func `a student with one logit moves`() throws {
        let data = try Dataset(x: .randn([32, 4]), y: Tensor((0..<32).map { $0 % 2 }))
        let student = try Linear(4, 1)
        let before = try student.stateDict()
        try distill(Linear(4, 1), into: student, data, loss: Objective(SoftTerm()))
        #expect(try student.stateDict().contains { try before[$0.key]?.equals($0.value) == false })
    }
}

@Suite struct `Classes of images` {
    @Test func `are dimension 1, as in cross_entropy`() throws {
        Randomness.seed(3)
        let x = try Tensor.randn([8, 1, 4, 4])
        let (teacher, student) = (try Conv2d(1, 3, 1), try Conv2d(1, 3, 1))
        let t = try teacher(x).detach(), s = try student(x).detach()
        let p = try (t / Scalar(4.0)).softmax(dim: 1)
        let expected =
            try (p * ((t / Scalar(4.0)).logSoftmax(dim: 1) - (s / Scalar(4.0)).logSoftmax(dim: 1))).sum()
            .itemDouble() * 16 / 128
        var options = TrainingOptions()
        options.epochs = 1
        options.optimizer = try SGD(lr: 0)
        let data = try Dataset(x: x, y: nil)
        let found = try distill(teacher, into: student, data, loss: Objective(SoftTerm()), options: options).loss[0]
        #expect(abs(found - expected) < 1e-5)
        // As many classes as columns: nothing in the shapes tells the two readings apart.
        let four = try Conv2d(1, 4, 1)
        let y = try Tensor((0..<128).map { $0 * 7 % 4 }, shape: [8, 4, 4])
        let labelled = try Dataset(x: x, y: y)
        let loss = try fit(four, labelled, options: options).loss[0]
        #expect(abs(loss - (try four(x).crossEntropy(y).itemDouble())) < 1e-5)
        let right = try four(x).argmax(dim: 1).eq(y).to(.float32).mean().itemDouble()
        #expect(abs((try evaluate(four, labelled)["accuracy"] ?? .nan) - right) < 1e-6)
    }
}

@Suite struct `Validation without labels` {
    @Test func `watches the objective and the agreement with the teacher`() throws {
        Randomness.seed(8)
        let train = try Dataset(x: .randn([40, 4]), y: nil)
        let validation = try Dataset(x: .randn([20, 4]), y: nil)
        let teacher = try Linear(4, 3)
        var options = TrainingOptions()
        options.epochs = 4
        options.validate = validation
        options.patience = 3
        options.optimizer = try SGD(lr: 0.1)
        let student = try Linear(4, 3)
        let run = try distill(teacher, into: student, train, loss: 0.5 * SoftTerm(temperature: 2), options: options)
        #expect(run.keptBy == "val_loss")
        let z = try student(validation.x()).detach(), t = try teacher(validation.x()).detach()
        let expected = try SoftTerm(temperature: 2)(student: z, teacher: t).itemDouble() * 0.5
        #expect(abs((run["val_loss"]?[run.bestEpoch] ?? .nan) - expected) < 1e-6)
        let same = try z.argmax(dim: 1).eq(t.argmax(dim: 1)).to(.float32).mean().itemDouble()
        #expect(abs((run["val_agreement"]?[run.bestEpoch] ?? .nan) - same) < 1e-6)
    }

    @Test func `is refused where nothing can be watched`() throws {
        let data = try Dataset(x: .randn([8, 4]), y: Tensor((0..<8).map { $0 % 3 }))
        var options = TrainingOptions()
        options.validate = try data.withoutLabels()
        options.patience = 2
        #expect(throws: TrainingError.self) { try fit(Linear(4, 3), data, options: options) }
    }
}
