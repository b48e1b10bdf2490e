import Base
import Data
import OrderedCollections
import Tensors

/// One training from the first step to the run that comes of it.
public final class Trainer {
    let net: Module
    let data: Dataset
    let loss: any TrainingLoss
    let options: TrainingOptions
    /// The validation data, with classes numbered as those of the training data.
    let validation: Dataset?
    let function: String
    private let stages: [TrainingStage]
    private let stepsPerEpoch: Int
    /// The first epoch of the stage that ``optimizer`` belongs to.
    private var stageStart = 0
    /// What the network and the loss train in a stage that names nothing else.
    private let trained: TrainedParameters
    /// The moving average of the weights, if there is one.
    let average: WeightAverage?
    var optimizer: Optimizer
    var scheduler: Scheduler?
    private let metrics: [Metric]
    var run: Run
    private var sums = EpochSums(terms: 0)
    var best: (value: Double, state: OrderedDictionary<String, Tensor>)?
    var bestValue = Double.nan
    var epochsSinceBest = 0
    private let began = monotonicSeconds()
    var secondsBefore = 0.0
    /// What tells the experiment from others, once it is known.
    var described: OrderedDictionary<String, String>?
    private var stepsDone = 0
    /// The loss of the batches of a step so far.
    private var accumulated: Accumulation
    private var lastReport = 0.0

    /// Checks everything that can be checked before the first step.
    ///
    /// - Throws: ``TrainingError``, ``OptimizerError``, and what the loss finds wrong.
    public init(
        _ net: Module, _ data: Dataset, loss: any TrainingLoss, options: TrainingOptions, function: String = "fit"
    )
        throws
    {
        self.net = net
        self.data = data
        self.loss = loss
        self.options = options
        self.function = function
        try Self.check(options, data, function: function)
        try options.validate?.requireTask(of: data, "the training data", "the validation data", function: function)
        validation = try options.validate?.withTask(data.settledTask)
            .withClasses(data.classes, of: "the training data", function: function)
        var context = TrainingContext(
            student: net, data: data, epochs: options.epochs, batchSize: options.batchSize)
        context.labelWeights = try LabelWeights(options, data, function: function)
        guard context.labelWeights.isUniform || loss.usesLabelWeights else {
            throw TrainingError.option(
                function: function, problem: "its loss takes no class_weights or sample_weights", help: nil)
        }
        try loss.prepare(context)
        trained = try TrainedParameters(
            net, along: Array(loss.trainedModules.values), freeze: options.freeze, function: function)
        stages = try loss.stages(of: options.epochs)
        let batches = try Batches.count(of: data, size: options.batchSize, dropLast: options.dropLast)
        stepsPerEpoch = (batches + options.accumulate - 1) / options.accumulate
        (optimizer, scheduler) = try Self.makeOptimizer(stages[0], trained, options, stepsPerEpoch, function)
        average = try options.ema.map { try WeightAverage(of: loss.evaluated(net), decay: $0) }
        metrics = try Self.metrics(of: loss.evaluated(net), on: validation, options, function: function)
        try Self.checkMonitor(options, metrics, watchesUnlabelled: loss.watchesUnlabelled, function: function)
        run = Run(
            name: options.name ?? function, net: loss.evaluated(net), objective: loss.formula,
            configuration: Self.configuration(options, optimizer: optimizer, scheduler: scheduler, loss: loss))
        accumulated = Accumulation(batchSize: options.batchSize)
        run.adapters = loss.trainedModules
        run.noteDirections(of: metrics, terms: loss.termNames, along: Array(loss.evaluatedAlong.keys))
    }

    /// A fresh optimizer, with its scheduler, for a stage.
    private static func makeOptimizer(
        _ stage: TrainingStage, _ trained: TrainedParameters, _ options: TrainingOptions, _ stepsPerEpoch: Int,
        _ function: String
    ) throws -> (Optimizer, Scheduler?) {
        let optimizer = try Optimizer(trained.groups(stage.parameters, options, function: function))
        let scheduler = try options.schedule.map {
            try Scheduler($0, for: optimizer, epochs: stage.epochs.count, stepsPerEpoch: stepsPerEpoch)
        }
        return (optimizer, scheduler)
    }

    /// Starts a fresh optimizer when the stage of an epoch is another than before; a resumed run comes here, too, before it
    /// gives the optimizer its state.
    func enterStage(_ epoch: Int) throws {
        let stage = stage(of: epoch)
        guard stage.epochs.lowerBound != stageStart else { return }
        stageStart = stage.epochs.lowerBound
        (optimizer, scheduler) = try Self.makeOptimizer(stage, trained, options, stepsPerEpoch, function)
    }

    /// The stage of an epoch.
    private func stage(of epoch: Int) -> TrainingStage {
        stages.first { $0.epochs.contains(epoch) } ?? stages[stages.count - 1]
    }

    /// Trains and gives the run.
    ///
    /// - Throws: ``TrainingError/diverged(function:term:value:epoch:step:)`` and what the network, the loss or the
    ///   callback throws. An interrupt is no error: the run is marked and the request stays set for whoever called.
    public func train() throws -> Run {
        try Self.train([self])
        return run
    }

    /// Trains several networks together: every batch goes to each of them in turn, so that their losses may look at each
    /// other. Epochs, batch size and data are the first one's. Training ends early when a callback says so, or when
    /// nobody has patience left.
    ///
    /// - Returns: the runs, in the order of the trainers.
    /// - Throws: as ``train()``.
    @discardableResult
    public static func train(_ trainers: [Trainer]) throws -> [Run] {
        guard let first = trainers.first else { return [] }
        let modes = trainers.flatMap { $0.net.namedModules() }.map { ($0.module, $0.module.isTraining) }
        defer { for (module, mode) in modes { module.setMode(mode) } }
        let start = try resume(trainers)
        for epoch in start..<max(start, first.options.epochs) {
            do {
                for trainer in trainers { try trainer.enterStage(epoch) }
                try trainEpoch(epoch, trainers)
                if first.run.isInterrupted { break }
                var goesOn = true
                for trainer in trainers where try !trainer.endOfEpoch(epoch) { goesOn = false }
                if trainers.allSatisfy(\.isOutOfPatience) || first.isOutOfSteps { goesOn = false }
                let isOver = !goesOn || epoch + 1 == first.options.epochs
                try writeCheckpoint(of: trainers, epochs: epoch + 1, isOver: isOver)
                for trainer in trainers { trainer.log(epoch, isOver: isOver) }
                if !goesOn {
                    for trainer in trainers { trainer.run.stoppedEarly = true }
                    break
                }
            } catch  where Interrupt.isRequested {
                // The request reached the step, the validation or the callback first: the weights are those of the
                // last step that was done.
                for trainer in trainers { trainer.interrupt(in: epoch) }
                break
            }
        }
        for trainer in trainers { try trainer.finish() }
        return trainers.map(\.run)
    }

    /// A run of a network that is not trained: its metrics on the validation data, if there is any.
    ///
    /// - Throws: ``TrainingError/metric(name:known:)``, and what the network throws.
    public static func evaluation(of net: Module, options: TrainingOptions, formula: String) throws -> Run {
        let run = Run(name: options.name ?? "evaluation", net: net, objective: formula)
        guard let dataset = options.validate, dataset.y != nil else { return run }
        let predictions = try Predictions(predict(net, dataset), for: dataset, function: "evaluate")
        run.append(predictions.loss, to: "val_loss")
        let metrics = try Metric.resolved(
            options.metrics, own: options.ownMetrics, for: predictions.task, function: "evaluate")
        run.noteDirections(of: metrics, terms: [], along: [])
        for metric in metrics { run.append(try metric.value(predictions), to: "val_" + metric.name) }
        return run
    }

    /// The weights to keep, and what the loss makes of the network.
    private func finish() throws {
        let evaluated = loss.evaluated(net)
        var chosenOn: String?
        // The network ends with what was validated: the averages, where there are any.
        if let average { try evaluated.loadStateDict(average.net.stateDict()) }
        if keepsBest, let best {
            try evaluated.loadStateDict(best.state)
            run.keptBy = options.monitor
            chosenOn = try (options.monitor == "loss" ? data : options.validate)?.fingerprint()
        }
        run.seconds = secondsBefore + monotonicSeconds() - began
        run.net = try loss.finish(net)
        run.net.record = TrainingRecord(run, on: data, chosenOn: chosenOn)
        // A loss of one's own may take outputs that fit no task.
        if data.y != nil { run.net.record?.target?.task = try? data.layout(of: run.net, function: function).task }
        run.notes += loss.notes
        if options.accumulate > 1 { run.notes += accumulationNotes(isMixed: accumulated.isMixed) }
        for parameter in trained.frozen { parameter.clearGradient() }
        run.balance = loss.balance
        for module in run.adapters.values { module.eval() }
    }

    private func interrupt(in epoch: Int) {
        run.isInterrupted = true
        run.interruptedEpoch = run.interruptedEpoch ?? epoch + 1
    }

    private var keepsBest: Bool { options.keep == .best || options.patience != nil }

    private var isOutOfSteps: Bool { options.maxSteps.map { run.steps.count >= $0 } ?? false }

    private var isOutOfPatience: Bool { options.patience.map { epochsSinceBest >= $0 } ?? false }

    private static func trainEpoch(_ epoch: Int, _ trainers: [Trainer]) throws {
        guard let first = trainers.first else { return }
        for trainer in trainers { try trainer.begin(epoch) }
        let options = first.options
        let rows = options.sampler == .balanced ? try first.data.balancedRows(function: first.function) : nil
        let batches = try Batches(
            first.data, size: options.batchSize, shuffle: rows == nil, dropLast: options.dropLast, epoch: epoch,
            rows: rows)
        for position in 0..<batches.count where !first.isOutOfSteps {
            let batch = try batches.batch(position)
            for trainer in trainers {
                try trainer.advance(batch, epoch: epoch, position: position, of: batches.count)
            }
            if Interrupt.isRequested {
                for trainer in trainers { trainer.interrupt(in: epoch) }
                if position + 1 < batches.count { return }
            }
        }
        for trainer in trainers { try trainer.noteEpoch(epoch) }
    }

    private func begin(_ epoch: Int) throws {
        net.train()
        for module in loss.trainedModules.values { module.train() }
        try loss.begin(epoch: epoch, of: options.epochs)
        sums = EpochSums(terms: loss.termNames.count)
        sums.learningRate = optimizer.learningRate
    }

    private func advance(_ batch: Batch, epoch: Int, position: Int, of count: Int) throws {
        let value = try step(batch, epoch: epoch, position: position, of: count, &sums)
        if isEndOfStep(position, of: count) { run.steps.append(options.accumulate > 1 ? accumulated.loss : value) }
        stepsDone += 1
        report(epoch: epoch, step: position + 1, of: count, loss: sums.mean)
    }

    private func noteEpoch(_ epoch: Int) throws {
        run.append(sums.mean, to: "loss")
        for (index, name) in loss.termNames.enumerated() where loss.termNames.count > 1 || name != "loss" {
            run.append(sums.weights[index] > 0 ? sums.terms[index] / sums.weights[index] : .nan, to: name)
        }
        for (name, value) in loss.measurements() { run.append(value, to: name) }
        run.append(sums.learningRate, to: "lr")
        run.append(sums.gradientNorm, to: "grad_norm")
        if run.isInterrupted { try finishEpoch(epoch) }
    }

    /// Whether the optimizer moves after this batch.
    private func isEndOfStep(_ position: Int, of count: Int) -> Bool {
        (position + 1) % options.accumulate == 0 || position + 1 == count
    }

    private func step(_ batch: Batch, epoch: Int, position: Int, of count: Int, _ sums: inout EpochSums) throws
        -> Double
    {
        if position % options.accumulate == 0 {
            optimizer.zeroGrad()
            accumulated.begin()
        }
        let isLast = position + 1 == count
        let result = try loss.step(net, batch)
        let value = try result.total.itemDouble()
        guard value.isFinite else { throw try diverged(result, value, batch, epoch: epoch, step: position) }
        let rows = try result.rows ?? batch.positionCount()
        if options.accumulate == 1 {
            try result.total.backward()
        } else {
            try (result.total * Scalar(accumulated.factor(of: result, value, rows: Double(rows)))).backward()
        }
        guard isEndOfStep(position, of: count) else {
            try loss.stepped(net, batch)
            sums.add(value, result, count: rows)
            return value
        }
        if options.accumulate > 1 { try accumulated.finish(optimizer.parameters) }
        if let maximum = options.clipGradValue { try clipGradValue(optimizer.parameters, maximum) }
        if let maximum = options.clipGradNorm {
            sums.gradientNorm = try optimizer.clipGradNorm(maximum)
        } else if isLast {
            sums.gradientNorm = try optimizer.gradientNorm()
        }
        try optimizer.step()
        try loss.stepped(net, batch)
        try average?.update()
        if let scheduler, scheduler.isPerStep { try scheduler.step() }
        sums.add(value, result, count: rows)
        return value
    }

    private func diverged(
        _ result: StepLoss, _ value: Double, _ batch: Batch, epoch: Int, step: Int
    ) throws -> any Error {
        let inputs = batch.input.tensors.filter(\.dtype.isFloating)
        if try inputs.contains(where: { try !$0.doubles().allSatisfy(\.isFinite) }) {
            return TrainingError.data(
                function: function,
                problem: "the inputs in epoch \(epoch + 1), step \(step + 1) hold nan or inf, as missing values are",
                help: "ds.describe() counts them; TensorDataset(masked_fill(ds.x, isnan(ds.x), 0), ds.y) puts 0 there")
        }
        if let cause = try loss.cause(of: batch) { return cause }
        for (name, term) in zip(loss.termNames, result.terms) {
            if let term, !term.isFinite {
                return TrainingError.diverged(
                    function: function, term: name, value: term, epoch: epoch + 1, step: step + 1)
            }
        }
        return TrainingError.diverged(function: function, term: "loss", value: value, epoch: epoch + 1, step: step + 1)
    }

    private func validate() throws {
        guard let dataset = validation else { return }
        if dataset.y == nil {
            for (name, value) in try loss.validation(of: evaluatedNetwork, on: dataset) { run.append(value, to: name) }
        }
        let predictions = try predictions(of: evaluatedNetwork, dataset)
        if let predictions {
            run.append(predictions.loss, to: "val_loss")
            for metric in metrics { run.append(try metric.value(predictions), to: "val_" + metric.name) }
        }
        for (name, other) in loss.evaluatedAlong {
            guard let predictions = try self.predictions(of: other, dataset) else { continue }
            for metric in metrics { run.append(try metric.value(predictions), to: "val_\(name)_\(metric.name)") }
        }
    }

    private func predictions(of net: Module, _ dataset: Dataset) throws -> Predictions? {
        let logits = try predict(net, dataset)
        guard dataset.y != nil else { return nil }
        return try Predictions(logits, for: dataset, function: function)
    }

    /// What is validated and kept: the averages, or what the loss makes of the network.
    private var evaluatedNetwork: Module { average?.net ?? loss.evaluated(net) }

    private func isValidated(_ epoch: Int) -> Bool {
        (epoch + 1) % options.validateEvery == 0 || epoch + 1 == options.epochs || isOutOfSteps
            || options.validate == nil
    }

    private func finishEpoch(_ epoch: Int) throws {
        if isValidated(epoch) { try validate() }
        run.epochs = epoch + 1
        run.seconds = secondsBefore + monotonicSeconds() - began
        try noteBest(epoch)
    }

    /// Whether the callback lets the training go on.
    private func endOfEpoch(_ epoch: Int) throws -> Bool {
        try finishEpoch(epoch)
        if let scheduler, !scheduler.isPerStep {
            // What is watched for the best epoch; a run without validation watches its loss.
            try scheduler.step(run[options.monitor]?.last ?? run["val_loss"]?.last ?? run.loss.last)
        }
        report(epoch: epoch, step: 0, of: 0, loss: run.loss.last ?? .nan, isEpochEnd: true)
        return try options.callback?(run) ?? true
    }

    private func noteBest(_ epoch: Int) throws {
        guard !stage(of: epoch).isPreparatory, isValidated(epoch) else { return }
        let curve = run.curves[options.monitor] ?? (options.validate == nil ? run.loss : [])
        guard let value = curve.last, value.isFinite else {
            epochsSinceBest += options.validateEvery
            return
        }
        let larger = run.isBetterWhenLarger(options.monitor) ?? false
        let delta = options.minDelta
        guard bestValue.isNaN || (larger ? value > bestValue + delta : value < bestValue - delta) else {
            epochsSinceBest += options.validateEvery
            return
        }
        bestValue = value
        epochsSinceBest = 0
        run.bestEpoch = epoch
        if keepsBest { best = (value, try evaluatedNetwork.stateDict()) }
    }

    private func log(_ epoch: Int, isOver: Bool) {
        guard let every = options.logEvery, isOver || (epoch + 1) % every == 0 else { return }
        options.log?(run.logLine(epoch, of: options.epochs))
    }

    private func report(epoch: Int, step: Int, of steps: Int, loss: Double, isEpochEnd: Bool = false) {
        guard let progress = options.progress else { return }
        let now = monotonicSeconds()
        // Twenty reports a second are enough for the eye and cost nothing.
        guard isEpochEnd || now - lastReport > 0.05 else { return }
        lastReport = now
        let rate = Double(stepsDone) / max(now - began, 1e-9)
        let total =
            options.epochs
            * ((try? Batches.count(of: data, size: options.batchSize, dropLast: options.dropLast)) ?? 0)
        let metric = metrics.first.flatMap { metric in
            run.curves["val_" + metric.name]?.last.map { (name: metric.name, value: $0) }
        }
        progress(
            Progress(
                name: run.name, epoch: epoch + 1, epochs: options.epochs, step: step, steps: steps, loss: loss,
                metric: metric, rate: rate * Double(options.batchSize), secondsLeft: Double(total - stepsDone) / rate,
                isEpochEnd: isEpochEnd))
    }
}

/// What adds up over an epoch.
private struct EpochSums {
    var loss = 0.0
    var examples = 0.0
    var terms: [Double]
    var weights: [Double]
    /// What the terms are multiplied by, once a term's mean was divided by something else than the rows of the batch.
    private var factors: [Double] = []
    var gradientNorm = 0.0
    var learningRate = 0.0

    init(terms count: Int) {
        terms = Array(repeating: 0, count: count)
        weights = terms
    }

    mutating func add(_ value: Double, _ step: StepLoss, count: Int) {
        let all = Double(count)
        loss += value * all
        examples += all
        for (index, value) in step.terms.enumerated() {
            guard let value else { continue }
            let divisor = step.divisors.indices.contains(index) ? step.divisors[index] : nil
            if let divisor, divisor != all, step.weights.count == step.terms.count { factors = step.weights }
            let weight = divisor ?? all
            terms[index] += value * weight
            weights[index] += weight
        }
    }

    /// The mean loss, the same for any batch size: each term's mean over what it counts, by its weight.
    var mean: Double {
        guard !factors.isEmpty else { return loss / examples }
        return terms.indices.reduce(0) { $0 + (weights[$1] > 0 ? factors[$1] * terms[$1] / weights[$1] : 0) }
    }
}
