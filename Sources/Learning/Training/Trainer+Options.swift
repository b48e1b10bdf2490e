import Data
import OrderedCollections
import Tensors

extension Trainer {
    /// Refuses options that make no sense.
    ///
    /// - Throws: ``TrainingError/option(function:problem:help:)``.
    static func check(_ options: TrainingOptions, _ data: Dataset, function: String) throws {
        func require(_ condition: Bool, _ problem: @autoclosure () -> String, help: String? = nil) throws {
            guard condition else { throw TrainingError.option(function: function, problem: problem(), help: help) }
        }
        try require(
            options.epochs >= 1 && options.epochs < 1 << 40, "epochs must be at least 1, given \(options.epochs)")
        try require(options.batchSize >= 1, "batch_size must be at least 1, given \(options.batchSize)")
        try require(options.patience.map { $0 >= 1 } ?? true, "patience must be at least 1")
        try require(options.clipGradNorm.map { $0 > 0 } ?? true, "clip_grad_norm must be above 0")
        try require(data.count > 0, "the dataset is empty")
        try require(options.accumulate >= 1, "accumulate must be at least 1, given \(options.accumulate)")
        try require(options.validateEvery >= 1, "validate_every must be at least 1, given \(options.validateEvery)")
        try require(options.logEvery.map { $0 >= 1 } ?? true, "log_every must be at least 1")
        try require(options.maxSteps.map { $0 >= 1 } ?? true, "max_steps must be at least 1")
        try require(options.minDelta >= 0, "min_delta must not be negative, given \(options.minDelta)")
        try require(options.ema.map { $0 >= 0 && $0 < 1 } ?? true, "ema must lie in 0 ..< 1")
        try require(options.clipGradValue.map { $0 > 0 } ?? true, "clip_grad_value must be above 0")
        try require(
            !options.dropLast || data.count >= options.batchSize,
            "drop_last leaves nothing of \(data.count) examples in batches of \(options.batchSize)")
        try require(
            !options.resume || options.checkpoint != nil, "resume=true goes on from a checkpoint, and there is none",
            help: "checkpoint=\"folder\" says where it is")
        guard options.watchesMonitor else { return }
        let known = options.monitor == "loss" || options.monitor.hasPrefix("val_")
        try require(known, "monitor must be \"loss\" or begin with \"val_\", given \"\(options.monitor)\"")
        try require(
            options.monitor == "loss" || options.validate != nil,
            "keep=\"best\", patience and plateaus watch \"\(options.monitor)\", and there is no validate=",
            help: "give a validation set, best a third split: train, val, test = split(ds, test=0.2, val=0.1)")
    }

    /// The metrics of the validation data.
    static func metrics(
        of net: Module, on dataset: Dataset?, _ options: TrainingOptions, function: String
    ) throws -> [Metric] {
        guard let dataset else { return [] }
        guard dataset.count > 0 else {
            throw TrainingError.data(
                function: function, problem: "the validation data have no examples",
                help: "validate=none leaves them out")
        }
        guard let task = try dataset.layout(of: net, function: function).task else { return [] }
        let metrics = try Metric.resolved(options.metrics, own: options.ownMetrics, for: task, function: function)
        for metric in metrics where metric.givesList {
            throw TrainingError.option(
                function: function, problem: "\(metric.name) is a list, and a curve has one number an epoch",
                help: "evaluate(net, ds, metrics=[\"\(metric.name)\"]) gives it")
        }
        return metrics
    }

    /// What is monitored must be measured, and a plateau must look for the better direction.
    static func checkMonitor(
        _ options: TrainingOptions, _ metrics: [Metric], watchesUnlabelled: Bool, function: String
    ) throws {
        try checkPlateau(options, metrics, function: function)
        guard options.watchesMonitor, options.monitor != "loss" else { return }
        if let dataset = options.validate, dataset.y == nil {
            guard watchesUnlabelled else {
                throw TrainingError.option(
                    function: function,
                    problem:
                        "keep=\"best\", patience and plateaus watch \"\(options.monitor)\", and the validation data have no labels",
                    help: "data with labels, or a teacher network and a term without labels, such as soft()")
            }
            if options.monitor == "val_agreement" { return }
        }
        guard options.monitor != "val_loss" else { return }
        let names = metrics.map(\.name)
        guard names.contains(String(options.monitor.dropFirst(4))) else {
            throw TrainingError.option(
                function: function,
                problem: "monitor \"\(options.monitor)\" is not among the metrics \(names.joined(separator: ", "))",
                help: "metrics=[\"\(options.monitor.dropFirst(4))\"]")
        }
    }

    /// A plateau of the wrong direction would take every improvement for none.
    private static func checkPlateau(_ options: TrainingOptions, _ metrics: [Metric], function: String) throws {
        guard let watchesLarger = options.schedule?.watchesLarger else { return }
        let own = metrics.first { "val_" + $0.name == options.monitor }?.isBetterWhenLarger
        guard let larger = own ?? Direction.isBetterWhenLarger(options.monitor), watchesLarger != larger else { return }
        throw TrainingError.option(
            function: function,
            problem: "ReduceLROnPlateau(mode=\"\(watchesLarger ? "max" : "min")\") watches \(options.monitor), "
                + "of which a \(larger ? "larger" : "smaller") value is better",
            help: larger
                ? "mode=\"max\", or monitor=\"val_loss\""
                : "mode=\"min\", or monitor=\"val_accuracy\", which it then watches")
    }

    /// The options of a run by name, for tables and provenance.
    static func configuration(
        _ options: TrainingOptions, optimizer: Optimizer, scheduler: Scheduler?, loss: any TrainingLoss
    ) -> OrderedDictionary<String, OptionValue> {
        var entries: OrderedDictionary<String, OptionValue> = [
            "loss": .text(loss.formula), "epochs": .integer(options.epochs), "batch_size": .integer(options.batchSize),
        ]
        if options.optimizers.isEmpty {
            entries["optimizer"] = .text(optimizer.name)
            for (name, value) in optimizer.groups[0].rule.settings { entries[name] = value }
        }
        for (name, value) in scheduler?.recipe.settings(under: "scheduler") ?? [:] { entries[name] = value }
        if options.keep == .best || options.patience != nil { entries["keep"] = .text("best by \(options.monitor)") }
        if let patience = options.patience { entries["patience"] = .integer(patience) }
        for (name, value) in options.extras { entries[name] = value }
        if let norm = options.clipGradNorm { entries["clip_grad_norm"] = .number(norm) }
        let seed = Randomness.state.seed
        entries["seed"] = Int(exactly: seed).map(OptionValue.integer) ?? .text(String(seed))
        return entries
    }
}
