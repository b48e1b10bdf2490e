import Data
import Distillation
import Learning
import OrderedCollections
import Runtime
import Tensors

extension Builtin.Group {
    /// Training, evaluation and runs.
    static let training = Builtin.Group("Training")
}

/// Which weights a run ends with.
enum KeepOption: String, StringOption {
    case last, best
}

/// The options that `fit` and `distill` share, declared once.
struct TrainingParameters {
    let epochs = Parameter<Int>("epochs", "how often the data is gone through", default: 10)
    let batchSize = Parameter<Int>("batch_size", "examples in a step", default: 64)
    let optimizer = Parameter<OptimizerChoice?>.optional(
        "optimizer", "a recipe such as Adam(lr=1e-3), or a dict of them by layer, \"\" for all others",
        defaultText: "Adam(lr=1e-3)")
    let scheduler = Parameter<SchedulerObject?>.optional("scheduler", "a recipe such as CosineAnnealingLR()")
    let validate = Parameter<Dataset?>.optional("validate", "data for val_loss and the metrics after each epoch")
    let metrics = Parameter<[MetricChoice]?>.optional(
        "metrics", "names of metrics on `validate`, or metrics of one's own",
        defaultText: MetricChoice.standard)
    let keep = Parameter<KeepOption>(
        "keep", "the weights of the last epoch or of the best by `monitor`", default: .last)
    let monitor = Parameter<String>("monitor", "the curve that says which epoch is best", default: "val_loss")
    let patience = Parameter<Int?>.optional(
        "patience", "stop after so many epochs without a better one; implies keep=\"best\"")
    let clip = Parameter<Double?>.optional("clip_grad_norm", "the largest joint norm of the gradients")
    let further = FurtherTrainingParameters()
    let checkpoint = Parameter<String?>.optional(
        "checkpoint", "a folder: after every epoch the whole state of the training is written there")
    let resume = Parameter<Bool>(
        "resume", "go on from the checkpoint, if there is one; the end is the same, bit for bit", default: false)
    let callback = Parameter<Callable?>.optional("callback", "called with the run after each epoch; false stops")
    let name = Parameter<String?>.optional("name", "what the run is called in tables and legends")

    /// All of them, in the order of the signature.
    var descriptions: [ParameterDescription] {
        [
            epochs.description, batchSize.description, optimizer.description, scheduler.description,
            validate.description, metrics.description, keep.description, monitor.description, patience.description,
            clip.description, checkpoint.description, resume.description, callback.description, name.description,
        ] + further.descriptions
    }

    /// The options of a call of `function`.
    func options(_ call: Call, for function: String) throws -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = try call[epochs]
        options.batchSize = try call[batchSize]
        (options.optimizer, options.optimizers) = try OptimizerChoice.divided(call[optimizer], for: function)
        try further.set(&options, call)
        options.schedule = try call[scheduler]?.recipe(for: function)
        options.validate = try call[validate]
        (options.metrics, options.ownMetrics) = MetricChoice.divided(try call[metrics])
        options.keep = try call[keep] == .best ? .best : .last
        options.monitor = try call[monitor]
        options.patience = try call[patience]
        options.clipGradNorm = try call[clip]
        options.checkpoint = try call[checkpoint]
        options.resume = try call[resume]
        options.name = try call[name]
        options.progress = call.interpreter.progress
        if let callback = try call[callback] {
            options.callback = { run in
                if case .bool(false) = try callback(run) { return false }
                return true
            }
        }
        return options
    }
}

extension Library {
    /// Training without a teacher, evaluation, and what a run is.
    func addTraining() {
        addRunType()
        addFit()
        addEvaluation()
    }

    private func addFit() {
        let net = Parameter<Module>("net", "the network; it is trained in place")
        let train = Parameter<Dataset>("train", "the training data, shuffled every epoch")
        let loss = Parameter<ObjectiveObject?>.optional(
            "loss", "an objective", defaultText: "hard(), or regression() for float targets")
        let shared = TrainingParameters()
        add(
            Builtin(
                "fit", .training, "Trains a network on labels.",
                parameters: [net.description, train.description, loss.description] + shared.descriptions,
                returns: "a run",
                notes: ["Ctrl-C stops after the step in hand and keeps the weights."],
                seeAlso: ["distill", "evaluate", "plot"],
                examples: [
                    Example(#"fit(Linear(64, 10), take(dataset("digits"), 128), epochs=3).epochs"#, "3")
                ]
            ) { call in
                try Self.warnOfUnlike(call[shared.validate], call[train], "fit", call.interpreter)
                try Self.warnOfPadding([("the network", call[net])], call[train], "fit", call.interpreter)
                let run = try Distillation.fit(
                    call[net], call[train], loss: call[loss]?.objective, options: shared.options(call, for: "fit"))
                try Self.reportInterrupt(run)
                return run
            })
    }

    /// Says when validation data are not normalised as the training data are, or lack some of their classes.
    static func warnOfUnlike(
        _ validate: Dataset?, _ train: Dataset, _ function: String, _ interpreter: Interpreter
    ) throws {
        guard let validate else { return }
        for problem in [
            validate.normalizationNote(beside: train, "the validation data"),
            try validate.withClasses(train.classes, of: "the training data", function: function)
                .missingClassesNote(beside: train, "the validation data"),
        ].compactMap({ $0 }) { interpreter.warn("\(function): \(problem)") }
    }

    /// Says when what a network makes of a text depends on the padding behind it.
    static func warnOfPadding(
        _ nets: [(name: String, net: Module?)], _ train: Dataset, _ function: String, _ interpreter: Interpreter
    ) throws {
        guard train.tokens != nil else { return }
        for (name, net) in nets {
            if let note = try net?.paddingNote(on: train) { interpreter.warn("\(function): \(name) \(note)") }
        }
    }

    /// A run that Ctrl-C ended says where, with which weights the network is left, and how to go on.
    static func reportInterrupt(_ run: Run) throws {
        guard run.isInterrupted else { return }
        let epoch = run.interruptedEpoch ?? run.epochs + 1
        let weights = run.keptBy == "last" ? "its weights" : "its best weights, of epoch \(run.bestEpoch + 1)"
        throw Failure(
            .interrupt, "\(run.name) stopped in epoch \(epoch); the network keeps \(weights)",
            help: ["call it again to go on from these weights"])
    }
}
