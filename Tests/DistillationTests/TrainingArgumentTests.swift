import Data
import Learning
import OrderedCollections
import Tensors
import Testing

@testable import Distillation

/// The arguments of `fit` and `distill`, each beside a loop written by hand.
@Suite struct `Arguments of fit` {
    private let data: Dataset
    private let net: Sequential

    init() throws {
        Randomness.seed(21)
        let x = try Tensor.randn([30, 4])
        data = try Dataset(x: x, y: Tensor((0..<30).map { $0 * 5 / 3 % 3 }))
        net = Sequential([try Linear(4, 6), Activation(.relu), try Linear(6, 3)])
    }

    private func options(_ change: (inout TrainingOptions) throws -> Void) throws -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = 2
        options.batchSize = 10
        options.optimizer = try SGD(lr: 0.1)
        try change(&options)
        return options
    }

    private func trained(_ change: (inout TrainingOptions) throws -> Void) throws -> (net: Module, run: Run) {
        let net = try net.copy()
        Randomness.seed(4)
        let run = try fit(net, data, options: options(change))
        return (net, run)
    }

    private func equal(_ a: Module, _ b: Module, within tolerance: Double = 0) throws -> Bool {
        try zip(a.namedState(), b.namedState()).allSatisfy {
            try $0.tensor.allclose($1.tensor, rtol: 0, atol: max(tolerance, 1e-12))
        }
    }

    /// The batches that `fit` sees under the same seed.
    private func byHand(
        size: Int, epochs: Int = 2, _ net: Module, step: (Batch, Optimizer) throws -> Void
    ) throws {
        Randomness.seed(4)
        let optimizer = try Optimizer(SGD(lr: 0.1), net.parameters())
        net.train()
        for epoch in 0..<epochs {
            let batches = try Batches(data, size: size, shuffle: true, epoch: epoch)
            for position in 0..<batches.count { try step(batches.batch(position), optimizer) }
        }
    }

    @Test(arguments: [10, 7]) func `accumulate equals the larger batch to rounding`(_ size: Int) throws {
        let small = try trained {
            $0.batchSize = size
            $0.accumulate = 3
        }
        let large = try trained { $0.batchSize = 3 * size }
        #expect(try equal(small.net, large.net, within: 1e-6))
        #expect(small.run.steps.count == large.run.steps.count)
        for (a, b) in zip(small.run.steps, large.run.steps) { #expect(abs(a - b) < 1e-6) }
    }

    /// Rows that count more, less or not at all: a step's mean is that of all that counts in it.
    @Test(arguments: ["class weights", "sample weights", "missing labels", "a mask"])
    func `accumulate is the larger batch where batches count differently`(what: String) throws {
        var data = self.data
        var net: Module = self.net
        var weights: ClassWeighting?
        var samples: Tensor?
        switch what {
        case "class weights": weights = .given(try Tensor([0.2, 3, 1] as [Float]))
        case "sample weights": samples = try Tensor((0..<30).map { Float($0 % 7) })
        case "missing labels":
            data = try Dataset(x: data.x(), y: Tensor((0..<30).map { row in row < 14 ? -100 : row % 3 }))
        default:
            // The first is one long, the next two, and so on up to five.
            let known = (0..<150).map { ($0 % 5) <= ($0 / 5) % 5 ? 1 : 0 }
            data = try Dataset(
                input: .tensor(.randn([30, 5, 4])), y: Tensor((0..<150).map { $0 % 3 }).reshape([30, 5]),
                mask: Tensor(known).reshape([30, 5]))
            net = try Linear(4, 3)
        }
        func run(_ size: Int, _ accumulate: Int) throws -> (Module, Run) {
            let copy = try net.copy()
            Randomness.seed(4)
            let options = try options {
                $0.batchSize = size
                $0.accumulate = accumulate
                $0.classWeights = weights
                $0.sampleWeights = samples
            }
            return (copy, try fit(copy, data, options: options))
        }
        let (small, shorter) = try run(5, 3)
        let (large, longer) = try run(15, 1)
        #expect(try equal(small, large, within: 1e-6))
        for (a, b) in zip(shorter.steps, longer.steps) { #expect(abs(a - b) < 1e-6) }
        #expect(shorter.notes.isEmpty, "\(shorter.notes)")
    }

    @Test func `what accumulate cannot make equal is said`() throws {
        let images = try Dataset(x: .randn([12, 1, 4, 4]), y: Tensor((0..<12).map { $0 % 3 }))
        let net = Sequential([
            try Conv2d(1, 2, 3), try BatchNorm2d(2), Flatten(), try Linear(8, 3),
        ])
        func notes(_ net: Module, _ data: Dataset, _ loss: String, teacher: Module? = nil) throws -> String {
            let options = try options {
                $0.batchSize = 4
                $0.accumulate = 3
            }
            let objective = Objective(try makeTerm(loss)) + Objective(HardTerm())
            return try distill(teacher ?? net.copy(), into: net.copy(), data, loss: objective, options: options).notes
                .joined(separator: "; ")
        }
        #expect(try notes(net, images, "soft()").contains("batch normalisation"))
        #expect(try notes(self.net, data, "rkd()").contains("rkd compares the examples"))
        #expect(try !notes(self.net, data, "soft()").contains("accumulate"))
        let few = try Dataset(x: data.x(), y: Tensor((0..<30).map { $0 < 14 ? -100 : $0 % 3 }))
        #expect(try notes(self.net, few, "soft()").contains("terms count other rows from batch to batch"))
        // Elements or positions, the same number in every example: the larger batch.
        let several = try Dataset(x: data.x(), y: Tensor((0..<90).map { $0 * 7 / 3 % 2 }).reshape([30, 3]))
        #expect(try notes(self.net, several, "soft()") == "")
        let segments = try Dataset(x: .randn([12, 1, 4, 4]), y: Tensor((0..<192).map { $0 % 3 }).reshape([12, 4, 4]))
        #expect(try notes(Conv2d(1, 3, 1), segments, "soft()") == "")
    }

    @Test func `drop_last leaves the incomplete batch out`() throws {
        let (own, run) = try trained {
            $0.batchSize = 8
            $0.dropLast = true
        }
        #expect(run.steps.count == 6)
        let other = try net.copy()
        try byHand(size: 8, other) { batch, optimizer in
            guard let x = batch.x, let y = batch.y, batch.count == 8 else { return }
            optimizer.zeroGrad()
            try other(x).crossEntropy(y).backward()
            try optimizer.step()
        }
        #expect(try equal(own, other, within: 1e-6))
        #expect(throws: TrainingError.self) {
            try trained {
                $0.batchSize = 64
                $0.dropLast = true
            }
        }
    }

    @Test func `class_weights are PyTorch's weight, and balanced is N over K times the count`() throws {
        let weights = try Tensor([Float(0.5), 2, 1])
        let (own, _) = try trained { $0.classWeights = .given(weights) }
        let other = try net.copy()
        try byHand(size: 10, other) { batch, optimizer in
            guard let x = batch.x, let y = batch.y else { return }
            optimizer.zeroGrad()
            try other(x).crossEntropy(y, weight: weights).backward()
            try optimizer.step()
        }
        #expect(try equal(own, other, within: 1e-6))
        let balanced = try trained { $0.classWeights = .balanced }
        let given = try trained { $0.classWeights = .given(try data.classWeights()) }
        #expect(try equal(balanced.net, given.net))
    }

    /// Batches of unlike weights and sizes, on data of each task with labels that are missing.
    @Test(arguments: ["classes", "probabilities", "binary", "multilabel", "numbers"])
    func `an epoch's loss is the loss over the whole set, whatever counts how much`(task: String) throws {
        Randomness.seed(8)
        let x = try Tensor.randn([30, 4])
        var y: Tensor
        var outputs = 3
        switch task {
        case "classes": y = try Tensor((0..<30).map { $0 < 20 ? 0 : $0 == 25 ? -100 : $0 % 3 })
        case "probabilities": y = try Tensor.randn([30, 3]).softmax(dim: 1)
        case "binary":
            y = try Tensor((0..<30).map { $0 < 20 ? 0 : $0 % 2 })
            outputs = 1
        case "multilabel": y = try Tensor((0..<90).map { $0 % 7 == 0 ? -1 : $0 % 3 == 0 ? 1 : 0 }, shape: [30, 3])
        default:
            y = try Tensor((0..<30).map { $0 % 11 == 0 ? Float.nan : Float($0) })
            outputs = 1
        }
        let target = TargetDeclaration(task: LearningTask(rawValue: task))
        let data = try Dataset(x: x, y: y, target: target)
        let samples = try Tensor((0..<30).map { Float($0 % 4) * 0.5 + 0.25 })
        let factors = try Tensor(outputs == 3 ? [Float(0.2), 3, 1] : [Float(0.5), 4])
        let net = try Linear(4, outputs)
        for change in task == "numbers" ? [1] : [0, 1, 2] {
            func loss(_ size: Int) throws -> Double {
                var options = TrainingOptions()
                options.batchSize = size
                options.epochs = 1
                options.optimizer = try SGD(lr: 1e-12)
                if change != 0 { options.sampleWeights = samples }
                if change != 1 { options.classWeights = .given(factors) }
                let term = task == "numbers" ? RegressionTerm() : HardTerm()
                return try fit(net.copy(), data, loss: Objective(term), options: options).loss[0]
            }
            let whole = try loss(30)
            for size in [7, 8, 29] { #expect(abs(try loss(size) - whole) < 1e-5 * max(1, whole), "\(size), \(change)") }
        }
    }

    @Test func `sample_weights of 0 leave an example out, and equal ones change nothing`() throws {
        let ones = try trained { $0.sampleWeights = try .ones([30]) }
        #expect(try equal(ones.net, trained { _ in }.net, within: 1e-6))
        let mask = (0..<30).map { Float($0 % 2) }
        let (own, _) = try trained {
            $0.batchSize = 30
            $0.sampleWeights = try Tensor(mask)
        }
        let other = try net.copy()
        try byHand(size: 30, other) { batch, optimizer in
            guard let x = batch.x, let y = batch.y else { return }
            optimizer.zeroGrad()
            let rows = try Tensor(batch.index.integers().enumerated().filter { $0.element % 2 == 1 }.map(\.offset))
            try other(x.indexSelect(dim: 0, index: rows)).crossEntropy(y.indexSelect(dim: 0, index: rows)).backward()
            try optimizer.step()
        }
        #expect(try equal(own, other, within: 1e-6))
    }

    @Test func `a balanced sampler draws every class about as often`() throws {
        let skewed = try Dataset(x: .randn([400, 4]), y: Tensor((0..<400).map { $0 < 380 ? 0 : $0 < 395 ? 1 : 2 }))
        Randomness.seed(1)
        let labels = try skewed.rows(skewed.balancedRows(function: "fit")).y?.integers() ?? []
        #expect(labels.count == 400)
        for label in 0..<3 { #expect(abs(labels.count { $0 == label } - 133) < 50) }
        #expect(throws: TrainingError.self) {
            try trained {
                $0.sampler = .balanced
                $0.classWeights = .balanced
            }
        }
    }

    @Test func `log_every gives a line after so many epochs and after the last`() throws {
        var lines: [String] = []
        let (_, run) = try trained {
            $0.epochs = 5
            $0.logEvery = 2
            $0.name = "kd"
            $0.validate = data
            $0.log = { lines.append($0) }
        }
        #expect(lines.map { $0.split(separator: ",")[0] } == ["kd: epoch 2/5", "kd: epoch 4/5", "kd: epoch 5/5"])
        let loss = try #require(run.loss.last)
        let last = try #require(lines.last)
        #expect(last.contains("loss \((loss * 1e4).rounded() / 1e4),") && last.contains("val_accuracy "))
        #expect(last.hasSuffix("lr 0.1"), "\(last)")
        #expect(throws: TrainingError.self) { try trained { $0.logEvery = 0 } }
    }

    @Test func `ema is a moving average after every step, and what the network ends with`() throws {
        let (own, run) = try trained {
            $0.ema = 0.8
            $0.validate = data
        }
        let other = try net.copy()
        var average: [Tensor]?
        try byHand(size: 10, other) { batch, optimizer in
            guard let x = batch.x, let y = batch.y else { return }
            optimizer.zeroGrad()
            try other(x).crossEntropy(y).backward()
            try optimizer.step()
            let values = try other.parameters().map { try $0.detach().clone() }
            average =
                try average.map { try zip($0, values).map { try $0 * Scalar(0.8) + $1 * Scalar(1 - 0.8) } } ?? values
        }
        for (a, b) in zip(own.parameters(), average ?? []) { #expect(try a.allclose(b, rtol: 0, atol: 1e-6)) }
        let nll = try evaluate(own, data, metrics: ["nll"])["nll"] ?? .nan
        #expect(abs(nll - (run["val_loss"]?.last ?? .nan)) < 1e-6)
    }

    @Test func `freeze leaves a layer as it is, and names those there are`() throws {
        let (own, _) = try trained { $0.freeze = ["0"] }
        let (before, after) = (try net.stateDict(), try own.stateDict())
        for (name, tensor) in after {
            #expect(try before[name]?.equals(tensor) == name.hasPrefix("0."), "\(name)")
        }
        #expect(throws: TrainingError.self) { try trained { $0.freeze = ["head"] } }
    }

    @Test func `clip_grad_value cuts every element off`() throws {
        let (own, _) = try trained { $0.clipGradValue = 0.01 }
        let other = try net.copy()
        try byHand(size: 10, other) { batch, optimizer in
            guard let x = batch.x, let y = batch.y else { return }
            optimizer.zeroGrad()
            try other(x).crossEntropy(y).backward()
            for parameter in other.parameters() {
                guard let gradient = parameter.gradient else { continue }
                _ = try Gradients.disabled {
                    try gradient.copy_(gradient.clamp(min: .float(-0.01), max: .float(0.01)))
                }
            }
            try optimizer.step()
        }
        #expect(try equal(own, other, within: 1e-7))
    }

    @Test func `max_steps counts steps of the optimizer`() throws {
        let (_, run) = try trained {
            $0.epochs = 9
            $0.maxSteps = 4
        }
        #expect(run.steps.count == 4 && run.epochs == 2 && run.stoppedEarly)
    }

    @Test func `validate_every looks at the data after so many epochs and after the last`() throws {
        let (_, run) = try trained {
            $0.epochs = 5
            $0.validate = data
            $0.validateEvery = 2
        }
        let values = run["val_loss"] ?? []
        #expect(values.map(\.isNaN) == [true, false, true, false, false])
    }

    @Test func `min_delta is how much better counts as better`() throws {
        let (_, run) = try trained {
            $0.epochs = 8
            $0.validate = data
            $0.patience = 2
            $0.minDelta = 100
        }
        #expect(run.epochs == 3 && run.bestEpoch == 0)
    }

    @Test func `an optimizer of its own for a layer, and the rest`() throws {
        let (own, _) = try trained { $0.optimizers = ["2": try SGD(lr: 0), "": try SGD(lr: 0.1)] }
        let (before, after) = (try net.stateDict(), try own.stateDict())
        for (name, tensor) in after { #expect(try before[name]?.equals(tensor) == name.hasPrefix("2."), "\(name)") }
        #expect(throws: TrainingError.self) { try trained { $0.optimizers = ["2": try SGD(lr: 0.1)] } }
        #expect(throws: TrainingError.self) {
            try trained { $0.optimizers = ["nothing": try SGD(lr: 0.1), "": try SGD(lr: 0.1)] }
        }
    }

    @Test func `weights of labels are no part of a teacher's terms`() throws {
        let teacher = try Linear(4, 3)
        func loss(_ change: (inout TrainingOptions) throws -> Void) throws -> [Double] {
            Randomness.seed(2)
            return try distill(
                teacher, into: net.copy(), data, loss: Objective(SoftTerm()), options: options(change)
            ).loss
        }
        #expect(try loss { $0.classWeights = .balanced } == loss { _ in })
    }
}

@Suite struct `A finished run goes on` {
    private func make() throws -> Sequential {
        Randomness.seed(3)
        return Sequential([try Linear(4, 3)])
    }

    private func options(_ epochs: Int, _ folder: String, resume: Bool = false) throws -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = epochs
        options.batchSize = 8
        options.optimizer = try SGD(lr: 0.1) { $0.momentum = 0.9 }
        options.checkpoint = "/tmp/distill-further-" + folder
        options.resume = resume
        return options
    }

    private func data() throws -> Dataset {
        Randomness.seed(9)
        return try Dataset(x: .randn([24, 4]), y: Tensor((0..<24).map { $0 % 3 }))
    }

    @Test func `to more epochs, as if they had been asked for at first`() throws {
        let data = try data()
        let whole = try make()
        try fit(whole, data, options: options(5, "whole"))
        try fit(make(), data, options: options(3, "parts"))
        let parts = try make()
        let run = try fit(parts, data, options: options(5, "parts", resume: true))
        #expect(run.epochs == 5)
        for (a, b) in zip(whole.parameters(), parts.parameters()) { #expect(try a.equals(b)) }
    }

    @Test func `not where the schedule is laid out over all epochs, and says the way out`() throws {
        let data = try data()
        var first = try options(3, "cosine")
        first.schedule = .cosine()
        try fit(make(), data, options: first)
        first.epochs = 5
        first.resume = true
        do {
            try fit(make(), data, options: first)
            Issue.record("expected an error")
        } catch let error as TrainingError {
            #expect(error.message.contains("CosineAnnealingLR") && error.help?.contains("T_max") == true)
        }
    }

    @Test func `and says when it was over for another reason`() throws {
        let data = try data()
        var stopped = try options(4, "stopped")
        stopped.callback = { $0.epochs < 2 }
        try fit(make(), data, options: stopped)
        let run = try fit(make(), data, options: options(4, "stopped", resume: true))
        #expect(run.epochs == 2 && run.notes.contains { $0.contains("2 of 4 epochs") })
    }
}
