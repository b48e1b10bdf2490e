import Data
import Distillation
import Learning
import Tensors
import Testing

/// What a run does between its steps.
@Suite struct TrainingTests {
    private let train: Dataset
    private let validate: Dataset

    init() throws {
        let parts = try split(digits().take(400), test: 0.5)
        train = parts[0]
        validate = parts[1]
    }

    private func options(_ epochs: Int) -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = epochs
        options.validate = validate
        return options
    }

    private func net() throws -> Sequential {
        Randomness.seed(1)
        return Sequential([try Linear(64, 24), Activation(.relu), try Linear(24, 10)])
    }

    @Test func `A callback sees every epoch and stops the run`() throws {
        var seen: [Int] = []
        var options = options(10)
        options.callback = { run in
            seen.append(run.epochs)
            return run.epochs < 4
        }
        let run = try fit(net(), train, options: options)
        #expect(seen == [1, 2, 3, 4])
        #expect(run.epochs == 4 && run.stoppedEarly && run.loss.count == 4)
    }

    @Test func `The best weights are those of the best epoch`() throws {
        var options = options(12)
        // A learning rate that makes the last epoch worse than an earlier one.
        options.optimizer = try Adam(lr: 0.3)
        options.keep = .best
        var states: [Double] = []
        let network = try net()
        options.callback = { run in
            states.append(try evaluate(run.net, validate, metrics: ["nll"])["nll"] ?? .nan)
            return true
        }
        let run = try fit(network, train, options: options)
        let best = try #require(states.min())
        #expect(states.last.map { $0 > best } == true, "the case must have a worse last epoch")
        #expect(try evaluate(network, validate, metrics: ["nll"])["nll"] == best)
        #expect(run.keptBy == "val_loss" && run.bestEpoch == states.firstIndex(of: best))
        #expect(run.best["val_loss"] == best)
    }

    @Test func `The monitor decides what is best`() throws {
        var options = options(6)
        options.keep = .best
        options.monitor = "val_accuracy"
        options.optimizer = try Adam(lr: 0.1)
        let run = try fit(net(), train, options: options)
        let curve = try #require(run["val_accuracy"])
        #expect(run.bestEpoch == curve.firstIndex(of: try #require(curve.max())))
        options.monitor = "val_brier"
        #expect(throws: TrainingError.self) { try fit(net(), train, options: options) }
        options.metrics = ["accuracy", "brier", "ece", "top3_accuracy"]
        let several = try fit(net(), train, options: options)
        let brier = try #require(several["val_brier"])
        #expect(several.bestEpoch == brier.firstIndex(of: try #require(brier.min())))
        #expect(several["val_top3_accuracy"]?.count == 6 && several["val_ece"]?.count == 6)
    }

    @Test func `Patience ends a run that no longer improves`() throws {
        var options = options(60)
        options.patience = 3
        options.optimizer = try Adam(lr: 0.1)
        let run = try fit(net(), train, options: options)
        #expect(run.stoppedEarly && run.epochs < 60)
        #expect(run.epochs == run.bestEpoch + 1 + 3)
        #expect(run.keptBy == "val_loss")
        options.validate = nil
        #expect(throws: TrainingError.self) { try fit(net(), train, options: options) }
        options.monitor = "loss"
        #expect(try fit(net(), train, options: options).keptBy == "loss")
    }

    @Test func `Clipped gradients are no larger than allowed`() throws {
        var options = options(1)
        options.optimizer = try SGD(lr: 1)
        options.batchSize = 500
        let moved = try [nil, 0.01].map { (clip: Double?) in
            options.clipGradNorm = clip
            let network = try net()
            let before = try network.parameters().map { try $0.doubles() }
            let run = try fit(network, train, options: options)
            let squares = try zip(before, network.parameters()).map { old, new in
                zip(old, try new.doubles()).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
            return (step: squares.reduce(0, +).squareRoot(), norm: run["grad_norm"]?.last ?? .nan)
        }
        // The reported norm is the one before clipping; the step of length lr · norm shows what was done.
        #expect(abs(moved[0].step - moved[0].norm) < 1e-4 * moved[0].norm)
        #expect(abs(moved[1].step - 0.01) < 1e-5)
        #expect(abs(moved[1].norm - moved[0].norm) < 1e-5 * moved[0].norm)
    }

    @Test func `A run leaves the modes as they were`() throws {
        let network = Sequential([try Linear(64, 8), try Dropout(p: 0.5), try Linear(8, 10)])
        let teacher = Sequential([try Linear(64, 8), try Dropout(p: 0.5), try Linear(8, 10)])
        network.eval()
        var modes: [Bool] = []
        var options = options(2)
        options.callback = { run in
            modes.append(run.net.isTraining)
            return true
        }
        try distill(teacher, into: network, train, loss: Objective(SoftTerm()), options: options)
        #expect(!network.isTraining && network.namedModules().allSatisfy { !$0.module.isTraining })
        // The student is back in training mode after each validation, and the teacher was put back as it was.
        #expect(modes == [true, true])
        #expect(teacher.isTraining)
    }

    @Test func `All peers run out of patience before the run ends`() throws {
        var options = options(80)
        options.patience = 2
        options.optimizer = try Adam(lr: 0.1)
        let runs = try mutual([net(), Sequential([try Linear(64, 10)])], train, options: options)
        #expect(runs[0].epochs == runs[1].epochs && runs[0].epochs < 80)
        #expect(runs.map { $0.epochs - $0.bestEpoch - 1 }.min() == 2)
    }
}
