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
    let optimizer = Parameter<OptimizerObject?>.optional(
        "optimizer", "a recipe such as Adam(lr=1e-3)", defaultText: "Adam(lr=1e-3)")
    let scheduler = Parameter<SchedulerObject?>.optional("scheduler", "a recipe such as CosineAnnealingLR()")
    let validate = Parameter<Dataset?>.optional("validate", "data for val_loss and the metrics after each epoch")
    let metrics = Parameter<[String]?>.optional(
        "metrics", "metrics on `validate`", defaultText: "[\"accuracy\"], or [\"mse\"] for float targets")
    let keep = Parameter<KeepOption>(
        "keep", "the weights of the last epoch or of the best by `monitor`", default: .last)
    let monitor = Parameter<String>("monitor", "the curve that says which epoch is best", default: "val_loss")
    let patience = Parameter<Int?>.optional(
        "patience", "stop after so many epochs without a better one; implies keep=\"best\"")
    let clip = Parameter<Double?>.optional("clip_grad_norm", "the largest joint norm of the gradients")
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
        ]
    }

    /// The options of a call of `function`.
    func options(_ call: Call, for function: String) throws -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = try call[epochs]
        options.batchSize = try call[batchSize]
        options.optimizer = try call[optimizer]?.rule(for: function)
        options.schedule = try call[scheduler]?.recipe(for: function)
        options.validate = try call[validate]
        options.metrics = try call[metrics]
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
                let run = try Distillation.fit(
                    call[net], call[train], loss: call[loss]?.objective, options: shared.options(call, for: "fit"))
                try Self.reportInterrupt(run)
                return run
            })
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

    private func addEvaluation() {
        let net = Parameter<Module>("net", "the network, run in evaluation mode")
        let data = Parameter<Dataset>("ds", "the data")
        let metrics = Parameter<[String]?>.optional(
            "metrics", "names of metrics", defaultText: "[\"accuracy\"], or [\"mse\"] for float targets")
        add(
            Builtin(
                "evaluate", .training, "Metrics of a network on a dataset.",
                parameters: [net.description, data.description, metrics.description],
                returns: "a dict from metric to number",
                notes: [
                    "It warns when these data chose the epoch whose weights the network has, and when the network was trained on normalised inputs and these are not."
                ],
                seeAlso: ["fit", "predict", "compare"],
                examples: [
                    Example(
                        #"evaluate(Linear(64, 10), dataset("digits"), metrics=["accuracy", "nll"]).keys()"#,
                        #"["accuracy", "nll"]"#)
                ]
            ) { call in
                let (net, data) = (try call[net], try call[data])
                let values = try Learning.evaluate(net, data, metrics: call[metrics])
                if let problem = net.normalizationNote(for: data) {
                    call.interpreter.warn("evaluate: the network \(problem)")
                }
                if try net.wasChosen(on: data) {
                    call.interpreter.warn(
                        "evaluate: the epoch of this network was chosen on this very data, so its numbers are optimistic"
                    )
                }
                return values
            })
        add(
            Builtin(
                "predict", .training, "The logits of a network for a dataset.", net, data,
                returns: "a tensor [N, K]", notes: ["Evaluation mode, no gradients."], seeAlso: ["evaluate"],
                examples: [Example(#"predict(Linear(64, 10), dataset("digits")).shape"#, "[1797, 10]")]
            ) { (net: Module, data: Dataset) in try Learning.predict(net, data) })
        addMetrics()
    }

    private func addMetrics() {
        let model = Parameter<Either<Module, Tensor>>("net", "a network, or logits [N, K]")
        let data = Parameter<Either<Dataset, Tensor>>("ds", "a dataset, or labels [N]")
        let summaries = [
            "accuracy": "The share of examples whose largest logit is the label's.",
            "nll": "The mean negative log-likelihood of the labels.",
            "ece": "The expected calibration error over 15 bins: how far confidence and accuracy are apart.",
            "brier": "The mean squared distance between probabilities and one-hot labels.",
            "mse": "The mean squared error.",
            "mae": "The mean absolute error.",
            "r2": "The coefficient of determination.",
        ]
        for metric in Metric.all {
            guard let summary = summaries[metric.name] else { continue }
            let example =
                metric.needsClasses
                ? "\(metric.name)(tensor([[9.0, 0.0], [0.0, 9.0]]), tensor([0, 1])) >= 0"
                : "\(metric.name)(tensor([1.0, 2.0]), tensor([1.0, 2.0])) >= 0"
            add(
                Builtin(
                    metric.name, .training, summary, model, data, returns: "a float", seeAlso: ["evaluate"],
                    examples: [Example(example, "true")]
                ) { (model: Either<Module, Tensor>, data: Either<Dataset, Tensor>) in
                    metric.value(try Self.predictions(model, data, function: metric.name))
                })
        }
        add(
            Builtin(
                "top_k_accuracy", .training, "The share of examples whose label is among the k largest logits.", model,
                data,
                Parameter<Int>("k", "how many", default: 5), returns: "a float", seeAlso: ["accuracy"],
                examples: [Example("top_k_accuracy(tensor([[3.0, 2.0, 1.0]]), tensor([1]), k=2)", "1.0")]
            ) { (model: Either<Module, Tensor>, data: Either<Dataset, Tensor>, k: Int) in
                guard k > 0 else { throw Failure(.value, "top_k_accuracy: k must be at least 1, not \(k)") }
                return try Self.predictions(model, data, function: "top_k_accuracy").topKAccuracy(k)
            })
    }

    static func predictions(
        _ model: Either<Module, Tensor>, _ data: Either<Dataset, Tensor>, function: String
    ) throws -> Predictions {
        let logits: Tensor
        switch (model, data) {
        case (.first(let net), .first(let dataset)): logits = try Learning.predict(net, dataset)
        case (.second(let tensor), _): logits = tensor
        case (.first, .second):
            throw Failure(.type, "\(function): a network needs a dataset, logits need labels")
        }
        switch data {
        case .first(let dataset):
            return try Predictions(logits: logits, y: dataset.y, mask: dataset.mask, function: function)
        case .second(let labels): return try Predictions(logits: logits, y: labels, function: function)
        }
    }
}
