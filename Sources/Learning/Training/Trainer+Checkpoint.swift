import Base
import Data
import OrderedCollections
import Tensors

extension Trainer {
    /// Goes on from the checkpoint, if that is asked for and there is one.
    ///
    /// - Returns: the epoch to begin with.
    /// - Throws: ``TrainingError/checkpoint(path:problem:help:)`` for one of another experiment.
    static func resume(_ trainers: [Trainer]) throws -> Int {
        guard let first = trainers.first, let path = first.checkpointPath, first.options.resume,
            WholeFile.exists(path)
        else { return 0 }
        let checkpoint = try Checkpoint(reading: path)
        let goesOn = try first.mayGoOn(from: checkpoint, path: path)
        try checkpoint.check(against: experiment(trainers), path: path) {
            goesOn && ($0 == "epochs" || $0.hasSuffix(": epochs"))
        }
        let damaged = TrainingError.checkpoint(path: path, problem: "the checkpoint is incomplete", help: nil)
        guard checkpoint.parts.count == trainers.count else { throw damaged }
        do {
            for (trainer, part) in zip(trainers, checkpoint.parts) { try trainer.restore(part, checkpoint, damaged) }
        } catch is ModuleError { throw damaged } catch is OptimizerError { throw damaged }
        Randomness.state = checkpoint.generator
        if goesOn { return checkpoint.epochs }
        if checkpoint.isOver, checkpoint.epochs < first.options.epochs {
            for trainer in trainers {
                trainer.run.notes.append(
                    "the run of the checkpoint was over after \(checkpoint.epochs) of \(first.options.epochs) epochs, as a "
                        + "callback, patience or max_steps said: resume=true gives it again, another name= starts anew")
            }
        }
        return checkpoint.isOver ? max(checkpoint.epochs, first.options.epochs) : checkpoint.epochs
    }

    /// Whether a finished run may go on to more epochs: the schedule and the stages up to now must not depend on how many
    /// there are in all.
    ///
    /// - Throws: ``TrainingError/checkpoint(path:problem:help:)`` where they do, with the way out.
    private func mayGoOn(from checkpoint: Checkpoint, path: String) throws -> Bool {
        let before = checkpoint.experiment.first { $0.key == "epochs" || $0.key.hasSuffix(": epochs") }
            .flatMap { Int($0.value) }
        guard let before, options.epochs > before, checkpoint.epochs >= before || !checkpoint.isOver else {
            return false
        }
        let recipe = options.schedule
        guard recipe?.dependsOnEpochs ?? false || loss.dependsOnEpochs else { return true }
        throw TrainingError.checkpoint(
            path: path,
            problem: "\(before) epochs cannot become \(options.epochs): "
                + (recipe?.dependsOnEpochs ?? false
                    ? "\(recipe?.name ?? "the schedule") is laid out over all of them"
                    : "the objective is laid out over all of them"),
            help: recipe?.dependsOnEpochs ?? false
                ? "give the whole length from the start (CosineAnnealingLR(T_max=…)), or go on with a new fit of the network and "
                    + "another name=" : "go on with a new run of the network and another name=")
    }

    /// Writes a checkpoint after an epoch, if that is asked for.
    static func writeCheckpoint(of trainers: [Trainer], epochs: Int, isOver: Bool) throws {
        guard let path = trainers.first?.checkpointPath else { return }
        let parts = try trainers.map { try $0.part() }
        let checkpoint = Checkpoint(
            experiment: try experiment(trainers), epochs: epochs, isOver: isOver, generator: Randomness.state,
            parts: parts)
        try checkpoint.write(to: path)
    }

    private var checkpointPath: String? { options.checkpoint.map { Checkpoint.path(in: $0, run: run.name) } }

    private func part() throws -> Checkpoint.Part {
        var part = Checkpoint.Part()
        part.network = try net.stateDict()
        part.loss = try loss.state()
        part.best = best?.state ?? [:]
        part.average = try average?.net.stateDict() ?? [:]
        part.averageSteps = average?.steps ?? 0
        let state = optimizer.state()
        part.optimizer = OrderedDictionary(uniqueKeysWithValues: state.tensors.map { ($0.name, $0.tensor) })
        part.optimizerSteps = state.steps
        part.learningRates = optimizer.groups.map(\.learningRate)
        part.schedule = scheduler?.memory ?? []
        part.curves = run.curves
        part.steps = run.steps
        part.seconds = run.seconds
        (part.bestEpoch, part.bestValue, part.epochsSinceBest) = (run.bestEpoch, bestValue, epochsSinceBest)
        return part
    }

    private func restore(_ part: Checkpoint.Part, _ checkpoint: Checkpoint, _ damaged: TrainingError) throws {
        // The saved optimizer is that of the last epoch that was done; the next may begin a stage with a fresh one.
        try enterStage(max(0, checkpoint.epochs - 1))
        guard part.learningRates.count == optimizer.groups.count, part.schedule.isEmpty == (scheduler == nil),
            try scheduler?.restore(part.schedule) ?? true
        else { throw damaged }
        try net.loadStateDict(part.network)
        try loss.restore(part.loss)
        if let average { try average.restore(part.average, steps: part.averageSteps) }
        try optimizer.restore(
            tensors: Dictionary(uniqueKeysWithValues: part.optimizer.map { ($0.key, $0.value) }),
            steps: part.optimizerSteps)
        for (group, rate) in zip(optimizer.groups, part.learningRates) { group.learningRate = rate }
        run.curves = part.curves
        run.steps = part.steps
        run.epochs = checkpoint.epochs
        run.bestEpoch = part.bestEpoch
        run.stoppedEarly = checkpoint.isOver && checkpoint.epochs < options.epochs
        secondsBefore = part.seconds
        (bestValue, epochsSinceBest) = (part.bestValue, part.epochsSinceBest)
        if !part.best.isEmpty { best = (part.bestValue, part.best) }
    }

    /// What tells this experiment from others. The network's weights are not part of it: they are what training changes.
    private static func experiment(_ trainers: [Trainer]) throws -> OrderedDictionary<String, String> {
        var entries: OrderedDictionary<String, String> = [:]
        for (index, trainer) in trainers.enumerated() {
            let prefix = trainers.count == 1 ? "" : "\(trainer.run.name) \(index + 1): "
            for (key, value) in try trainer.experiment() { entries[prefix + key] = value }
        }
        return entries
    }

    private func experiment() throws -> OrderedDictionary<String, String> {
        if let described { return described }
        let rule: any UpdateRule = options.optimizer ?? Adam()
        var entries: OrderedDictionary<String, String> = [
            "function": function, "loss": loss.formula, "epochs": String(options.epochs),
            "batch_size": String(options.batchSize), "optimizer": "\(rule)",
            "scheduler": scheduler.map { "\($0.recipe)" } ?? "none", "keep": options.keep.rawValue,
            "monitor": options.monitor, "patience": options.patience.map(String.init) ?? "none",
            "clip_grad_norm": options.clipGradNorm.map { "\($0)" } ?? "none",
            "seed": String(Randomness.state.seed), "the training data": try data.fingerprint(),
            "the validation data": try options.validate?.fingerprint() ?? "none",
            "the network": Self.outline(net),
        ]
        for (name, value) in options.extras { entries[name] = value.description }
        for (name, module) in loss.trainedModules { entries["the module \(name)"] = Self.outline(module) }
        for (name, value) in loss.identity { entries[name] = value }
        described = entries
        return entries
    }

    private static func outline(_ net: Module) -> String {
        let shapes = net.namedState().map { "\($0.name) \($0.tensor.shape)" }.joined(separator: ", ")
        return "\(net.typeName), \(net.parameterCount) parameters, \(Checksum.text(of: Array(shapes.utf8)))"
    }
}
