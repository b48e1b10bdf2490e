import Data
import Diagnostics
import Learning
import OrderedCollections
import Runtime
import Tensors

extension Library {
    /// Numbers and logits of a network on data.
    func addEvaluation() {
        let net = Parameter<Module>("net", "the network, run in evaluation mode")
        let data = Parameter<Dataset>("ds", "the data")
        let metrics = Parameter<[MetricChoice]?>.optional(
            "metrics", "names of metrics, or metrics of one's own", defaultText: MetricChoice.standard)
        let plan = Parameter<Bool>("plan", "whether a prepared evaluation may be used", default: true)
        add(
            Builtin(
                "evaluate", .training, "Metrics of a network on a dataset.",
                parameters: [net.description, data.description, metrics.description],
                returns: "a dict from metric to number; \"f1_per_class\" and the like are lists",
                notes: [
                    "Metrics by task: "
                        + LearningTask.allCases.map { task in
                            "\(task.rawValue): "
                                + Metric.all.filter { $0.tasks.contains(task) }.map(\.name).joined(separator: " ")
                        }.joined(separator: "; ") + ".",
                    "Averages over classes stand behind the name: f1_macro (the rule for classes), f1_micro, f1_weighted, f1_per_class; top5, recall_at_10, ndcg_at_10 take any number.",
                    "It warns when these data chose the epoch whose weights the network has, and when the network was trained on other classes, or on inputs that were normalised otherwise.",
                ],
                seeAlso: ["fit", "predict", "compare", "metric"],
                examples: [
                    Example(
                        #"evaluate(Linear(64, 10), dataset("digits"), metrics=["accuracy", "nll"]).keys()"#,
                        #"["accuracy", "nll"]"#)
                ]
            ) { call in
                let (net, data) = (try call[net], try call[data])
                let (names, own) = MetricChoice.divided(try call[metrics])
                let fitting = try Self.fitting(data, net, "evaluate", call.interpreter)
                let values = try Learning.measure(net, fitting, metrics: names, own: own)
                if try net.wasChosen(on: data) {
                    call.interpreter.warn(
                        "evaluate: the epoch of this network was chosen on this very data, so its numbers are optimistic"
                    )
                }
                return values.mapValues(MeasuredValue.init)
            })
        add(
            Builtin(
                "predict", .training, "The logits of a network for a dataset.",
                parameters: [net.description, data.description, plan.description],
                returns: "a tensor [N, K]", notes: ["Evaluation mode, no gradients."],
                seeAlso: ["evaluate", "backend"],
                examples: [Example(#"predict(Linear(64, 10), dataset("digits")).shape"#, "[1797, 10]")]
            ) { call in
                let (net, data) = (try call[net], try call[data])
                return try Learning.predict(
                    net, Self.fitting(data, net, "predict", call.interpreter), plan: call[plan])
            })
        addMetrics()
        addOwnMetric()
    }

    private func addMetrics() {
        let model = Parameter<Either<Module, Tensor>>("net", "a network, or logits [N, K]")
        let data = Parameter<Either<Dataset, Tensor>>("ds", "a dataset, or labels [N]")
        let average = Parameter<AverageName?>.optional(
            "average", "over classes or outputs", defaultText: "the positive class for binary, else \"macro\"")
        for metric in Metric.all where metric.name != "recall_at_k" {
            let parameters = [model.description, data.description]
            let tasks = LearningTask.allCases.filter { metric.tasks.contains($0) }.map(\.rawValue)
            let bound = metric.range.upperBound.isFinite ? " of at most \(Int(metric.range.upperBound))" : ""
            add(
                Builtin(
                    metric.name, .training, metric.summary, formula: metric.formula,
                    parameters: metric.averages.isEmpty ? parameters : parameters + [average.description],
                    returns: "a float\(bound)"
                        + (metric.averages.isEmpty ? "" : ", or a list with average=\"per_class\""),
                    notes: [
                        "For \(tasks.joined(separator: ", ")); \(metric.isBetterWhenLarger ? "larger" : "smaller") is better."
                            + (metric.reference.isEmpty ? "" : " As \(metric.reference).")
                    ],
                    seeAlso: ["evaluate"], examples: [Example(Self.example(of: metric), "true")]
                ) { call in
                    var asked = metric
                    if !metric.averages.isEmpty, let average = try call[average] {
                        guard metric.averages.contains(average.average) else {
                            throw Failure(
                                .value, "\(metric.name): no average \"\(average.rawValue)\"",
                                help: [
                                    "there are " + metric.averages.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
                                ])
                        }
                        asked = try Metric.named(metric.name + "_" + average.rawValue)
                    }
                    let predictions = try Self.predictions(
                        call[model], call[data], function: metric.name, metric: metric, call.interpreter)
                    guard metric.tasks.contains(predictions.task) else {
                        throw Failure(
                            .value,
                            "\(metric.name): is for \(tasks.joined(separator: ", ")), and the task is \(predictions.task.rawValue)"
                        )
                    }
                    return MeasuredValue(try asked.measured(predictions))
                })
        }
        addCounted(
            "top_k_accuracy", "The share of examples whose label is among the k largest logits.", model, data,
            Example("top_k_accuracy(tensor([[3.0, 2.0, 1.0]]), tensor([1]), k=2)", "1.0")
        ) { "top\($0)" }
        addCounted(
            "recall_at_k", "The share of the relevant candidates, those with a grade above 0, among the k best.", model,
            data,
            Example("recall_at_k(tensor([[3.0, 2.0, 1.0]]), tensor([[0.0, 1.0, 0.0]]), k=2)", "1.0")
        ) { "recall_at_\($0)" }
    }

    private func addCounted(
        _ name: String, _ summary: String, _ model: Parameter<Either<Module, Tensor>>,
        _ data: Parameter<Either<Dataset, Tensor>>, _ example: Example, _ named: @escaping (Int) -> String
    ) {
        let k = Parameter<Int>("k", "how many", default: 5)
        add(
            Builtin(
                name, .training, summary, parameters: [model.description, data.description, k.description],
                returns: "a float", seeAlso: ["accuracy"], examples: [example]
            ) { call in
                let k = try call[k]
                guard k > 0 else { throw Failure(.value, "\(name): k must be at least 1, not \(k)") }
                let metric = try Metric.named(named(k))
                return try metric.value(
                    Self.predictions(call[model], call[data], function: name, metric: metric, call.interpreter))
            })
    }

    private static func example(of metric: Metric) -> String {
        if metric.tasks.contains(.classes) {
            return "\(metric.name)(tensor([[9.0, 0.0], [0.0, 9.0]]), tensor([0, 1])) >= 0"
        }
        if metric.tasks.contains(.numbers) { return "\(metric.name)(tensor([1.0, 2.0]), tensor([1.0, 2.0])) >= 0" }
        if metric.tasks.contains(.multilabel) {
            return "\(metric.name)(tensor([[9.0, -9.0]]), tensor([[1, 0]])) >= 0"
        }
        if metric.tasks.contains(.ranking) {
            return "\(metric.name)(tensor([[3.0, 2.0, 1.0]]), tensor([[0.0, 1.0, 0.0]])) >= 0"
        }
        let data = "TensorDataset(zeros(1, 2, 3), tensor([[0, 1]]), classes=[\"O\", \"B-place\", \"I-place\"])"
        return "\(metric.name)(Identity(), \(data)) >= 0"
    }

    private func addOwnMetric() {
        add(
            ObjectType(
                MetricObject.self, "A metric of one's own.", display: { Markup("metric(\"\($0.metric.name)\")") }))
        let name = Parameter<String>("name", "what it is called in curves and tables")
        let function = Parameter<Callable>("function", "(outputs, y) => a number; called once with all of the data")
        let larger = Parameter<Bool>("larger", "whether a larger value is better")
        let needs = Parameter<MetricNeeds>("needs", "what the function gets", default: .logits)
        add(
            Builtin(
                "metric", .training, "A metric of one's own, for metrics= and monitor=.",
                parameters: [name.description, function.description, larger.description, needs.description],
                returns: "a metric",
                notes: ["needs=\"probabilities\" gives it the softmax, or the sigmoid of logits of their own."],
                seeAlso: ["evaluate", "fit", "verdict"],
                examples: [
                    Example(
                        """
                        wrong = metric("errors", (logits, y) => (argmax(logits, dim=1) != y).sum().item(), larger=false)
                        evaluate(Linear(64, 10), take(dataset("digits"), 5), metrics=[wrong]).errors <= 5
                        """, "true")
                ]
            ) { call in
                let function = try call[function]
                let needs = try call[needs]
                return MetricObject(
                    try Metric.own(call[name], larger: call[larger]) { predictions in
                        guard let (outputs, y) = predictions.source else { return .nan }
                        let given = needs == .logits ? outputs : try predictions.asProbabilities(outputs)
                        let value = try function.call([.tensor(given), .tensor(y)])
                        if let number = value.number { return number }
                        if case .tensor(let tensor) = value, tensor.count == 1 { return try tensor.itemDouble() }
                        throw Failure(.type, "metric: the function must give a number, not \(value.typeName)")
                    })
            })
    }

    /// The predictions of a network on a dataset, or of two tensors.
    static func predictions(
        _ model: Either<Module, Tensor>, _ data: Either<Dataset, Tensor>, function: String, metric: Metric? = nil,
        _ interpreter: Interpreter
    ) throws -> Predictions {
        switch (model, data) {
        case (.first(let net), .first(let dataset)):
            let dataset = try fitting(dataset, net, function, interpreter)
            return try Predictions(Learning.predict(net, dataset), for: dataset, function: function)
        case (.second(let logits), .first(let dataset)):
            return try Predictions(logits, for: dataset, function: function)
        case (.second(let logits), .second(let labels)):
            return try Predictions(
                logits: logits, y: labels, task: metric?.task(of: labels, logits: logits), function: function)
        case (.first, .second):
            throw Failure(.type, "\(function): a network needs a dataset, logits need labels")
        }
    }

    /// The dataset as the network knows it: classes in its order, and a warning where its inputs differ from those the
    /// network was trained on.
    static func fitting(
        _ dataset: Dataset, _ net: Module, _ function: String, _ interpreter: Interpreter
    ) throws -> Dataset {
        for problem in try net.notes(for: dataset) + [net.paddingNote(on: dataset)].compactMap({ $0 }) {
            interpreter.warn("\(function): the network \(problem)")
        }
        return try dataset.withClasses(of: net, function: function)
    }
}

/// What a metric of one's own gets.
enum MetricNeeds: String, StringOption {
    case logits, probabilities
}

/// How the numbers of several classes become one.
enum AverageName: String, StringOption {
    case macro, micro, weighted, per_class

    var average: MetricAverage { MetricAverage(rawValue: rawValue) ?? .macro }
}

/// What a metric gives, in the language.
struct MeasuredValue: ValueEncodable {
    let value: Metric.Value

    init(_ value: Metric.Value) { self.value = value }

    static var languageType: LanguageType { .union([.number, .list(.number)]) }

    func encode(in interpreter: Interpreter) -> Value {
        switch value {
        case .number(let number): .float(number)
        case .list(let numbers): numbers.encode(in: interpreter)
        }
    }
}

/// A metric of one's own as a value.
final class MetricObject: LanguageObject {
    static var languageName: String { "metric" }

    let metric: Metric

    init(_ metric: Metric) { self.metric = metric }
}

/// The name of a metric, or one of one's own.
struct MetricChoice: ValueDecodable {
    let name: String
    let own: Metric?

    static var languageType: LanguageType { .union([.string, .object("metric")]) }
    /// The metrics that are computed unless others are asked for.
    static let standard = "what the task has as a rule: accuracy for classes, f1 for several labels, mse for numbers"

    static func decode(_ value: Value, in interpreter: Interpreter) -> MetricChoice? {
        if let object = MetricObject.decode(value, in: interpreter) {
            return MetricChoice(name: object.metric.name, own: object.metric)
        }
        return value.text.map { MetricChoice(name: $0, own: nil) }
    }

    /// Names and metrics of one's own apart; without a choice neither.
    static func divided(_ choices: [MetricChoice]?) -> (names: [String]?, own: [Metric]) {
        (choices.map { $0.filter { $0.own == nil }.map(\.name) }, choices?.compactMap(\.own) ?? [])
    }
}
