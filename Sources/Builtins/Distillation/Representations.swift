import Data
import Distillation
import Learning
import Runtime
import Tensors

extension Library {
    /// Metrics that say more than one number, and pictures of what a network has learned.
    func addRepresentations() {
        addClasses()
        addAlignment()
        addEmbeddings()
    }

    private func addClasses() {
        let model = Parameter<Either<Module, Tensor>>("net", "a network, or logits [N, K]")
        let data = Parameter<Either<Dataset, Tensor>>("ds", "a dataset, or labels [N]")
        let logits = "z = tensor([[9.0, 0.0], [9.0, 0.0], [0.0, 9.0]]); y = tensor([0, 1, 1])"
        add(
            Builtin(
                "per_class_accuracy", .training, "The accuracy within each class.",
                parameters: [model.description, data.description],
                returns: "a list of floats, nan for a class without examples",
                seeAlso: ["accuracy", "confusion_matrix", "per_class_gain"],
                examples: [Example("\(logits); per_class_accuracy(z, y)", "[1.0, 0.5]")]
            ) { call in
                let predictions = try Self.predictions(
                    call[model], call[data], function: "per_class_accuracy", call.interpreter)
                try Self.requireClasses(predictions, "per_class_accuracy")
                return predictions.perClassAccuracy(classes: predictions.decisionClasses)
            })
        add(
            Builtin(
                "confusion_matrix", .training, "How often each class was taken for which.",
                parameters: [model.description, data.description],
                returns: "an int64 tensor [K, K]: rows are labels, columns what was chosen",
                seeAlso: ["per_class_accuracy", "accuracy"],
                examples: [Example("\(logits); confusion_matrix(z, y).tolist()", "[[1, 0], [1, 1]]")]
            ) { call in
                let predictions = try Self.predictions(
                    call[model], call[data], function: "confusion_matrix", call.interpreter)
                try Self.requireClasses(predictions, "confusion_matrix")
                let classes = predictions.decisionClasses
                return try Tensor(predictions.confusionMatrix(classes: classes), shape: [classes, classes])
            })
        add(
            Builtin(
                "per_class_gain", .training, "How much better one network is than another, class by class.",
                formula: "accuracy of a within the class − accuracy of b within it",
                Parameter<Module>("a", "a network, such as the distilled student"),
                Parameter<Module>("b", "what it is compared with, such as the same student from scratch"),
                Parameter<Dataset>("ds", "the data"), returns: "a list of floats, one for each class",
                seeAlso: ["per_class_accuracy", "compare"],
                examples: [
                    Example(#"net = Linear(64, 10); max(*per_class_gain(net, net.copy(), dataset("digits")))"#, "0.0")
                ]
            ) { (a: Module, b: Module, data: Dataset) in
                let accuracies = try [a, b].map { net in
                    let data = try data.withClasses(of: net, function: "per_class_gain")
                    let predictions = try Predictions(predict(net, data), for: data, function: "per_class_gain")
                    try Self.requireClasses(predictions, "per_class_gain")
                    return predictions.perClassAccuracy(classes: predictions.decisionClasses)
                }
                guard accuracies[0].count == accuracies[1].count else {
                    throw Failure(
                        .shape,
                        "per_class_gain: one network has \(accuracies[0].count) classes, the other \(accuracies[1].count)"
                    )
                }
                return zip(accuracies[0], accuracies[1]).map { $0 - $1 }
            })
    }

    private static func requireClasses(_ predictions: Predictions, _ function: String) throws {
        guard predictions.task.hasClasses || predictions.task == .binary else {
            throw Failure(
                .value, "\(function): needs classes, and the task is \(predictions.task.rawValue)",
                help: predictions.task == .numbers ? ["mse, mae and r2 are for numbers"] : [])
        }
    }

    private func addAlignment() {
        let pairs = Parameter<LayerPairValue?>.optional(
            "layers", "\"layer of a\" -> \"layer of b\"", defaultText: "the input of the last child called of each")
        add(
            Builtin(
                "cka", .training, "How alike two representations are (linear centred kernel alignment).",
                formula: "‖YᵀX‖² / (‖XᵀX‖·‖YᵀY‖), columns centred",
                Parameter<Module>("a", "a network"), Parameter<Module>("b", "another"),
                Parameter<Dataset>("ds", "the data"), pairs, returns: "a float in 0…1; 1 up to rotation and scale",
                notes: ["arXiv:1905.00414."], seeAlso: ["agreement", "fidelity_kl", "correlation_difference"],
                examples: [
                    Example(
                        """
                        net = Sequential(Linear(64, 16), ReLU(), Linear(16, 10)); ds = dataset("digits")
                        [round(cka(net, net.copy(), ds), 6), cka(net, net.copy(), ds, "0" -> "1") < 1]
                        """, "[1.0, true]")
                ]
            ) { (a: Module, b: Module, data: Dataset, layers: LayerPairValue?) in
                if let pair = layers?.pair {
                    return try Representation.cka(
                        Representation.features(a, at: pair.teacher, on: data),
                        Representation.features(b, at: pair.student, on: data))
                }
                return try Representation.cka(
                    Representation.deepest(a, on: data), Representation.deepest(b, on: data))
            })
        add(
            Builtin(
                "cka", .training, "How alike two sets of features of the same examples are.",
                Parameter<Tensor>("x", "features [N, …]"), Parameter<Tensor>("y", "features [N, …]"),
                returns: "a float in 0…1", seeAlso: ["agreement"],
                examples: [Example("x = randn(8, 3); round(cka(x, 2 * x + 1), 6)", "1.0")]
            ) { (x: Tensor, y: Tensor) in try Representation.cka(x, y) })
        let teacher = Parameter<Either<Module, Tensor>>("teacher", "the teacher, or its logits [N, K]")
        let student = Parameter<Either<Module, Tensor>>("student", "the student, or its logits [N, K]")
        let data = Parameter<Dataset?>.optional("ds", "the data, for networks")
        add(
            Builtin(
                "correlation_difference", .training,
                "Which classes the teacher finds alike and the student does not, and the other way round.",
                formula: "corr(z_t) − corr(z_s), over the examples", teacher, student, data,
                returns:
                    "a float64 tensor [K, K]; small numbers mean that the student has learned the teacher's similarities",
                notes: ["As in figure 2 of CRD, arXiv:1910.10699."], seeAlso: ["cka", "agreement"],
                examples: [Example("z = randn(9, 4); correlation_difference(z, z).abs().max().item()", "0.0")]
            ) { (teacher: Either<Module, Tensor>, student: Either<Module, Tensor>, data: Dataset?) in
                func logits(_ side: Either<Module, Tensor>) throws -> Tensor {
                    switch side {
                    case .second(let tensor): return tensor
                    case .first(let net):
                        guard let data else {
                            throw Failure(.type, "correlation_difference: a network needs a dataset behind the student")
                        }
                        return try predict(net, data)
                    }
                }
                return try Representation.correlationDifference(logits(teacher), logits(student))
            })
    }

    private func addEmbeddings() {
        let points = Parameter<Tensor>("x", "features [N, …]")
        let net = Parameter<Module>("net", "a network, whose deepest features are taken: the input of its last child")
        let data = Parameter<Dataset>("ds", "the data")
        let components = Parameter<Int>("dims", "how many components", default: 2)
        add(
            Builtin(
                "pca", .training, "The first principal components of features.", points, components,
                returns: "a tensor [N, dims]; each component's largest loading is positive",
                seeAlso: ["tsne", "plot_scatter"],
                examples: [Example(#"pca(dataset("digits").x).shape"#, "[1797, 2]")]
            ) { (x: Tensor, dims: Int) in try Representation.pca(x, components: dims) })
        add(
            Builtin(
                "pca", .training, "The first principal components of what a network makes of a dataset.", net, data,
                components, returns: "a tensor [N, dims]", seeAlso: ["tsne", "plot_scatter"],
                examples: [
                    Example(
                        #"pca(Sequential(Linear(64, 16), ReLU(), Linear(16, 10)), dataset("digits"), dims=3).shape"#,
                        "[1797, 3]")
                ]
            ) { (net: Module, data: Dataset, dims: Int) in
                try Representation.pca(Representation.deepest(net, on: data), components: dims)
            })
        let dims = Parameter<Int>("dims", "1, 2 or 3", default: 2)
        let perplexity = Parameter<Double>("perplexity", "how many neighbours count", default: 30)
        let iterations = Parameter<Int>("iterations", "steps of descent", default: 1000)
        add(
            Builtin(
                "tsne", .training, "A map of features in which neighbours stay neighbours (exact t-SNE).", points,
                dims, perplexity, iterations, returns: "a tensor [N, dims]",
                notes: [
                    "Starts from the principal components, so that the same data gives the same map. Distances between far groups mean nothing.",
                    "Time and memory grow with N²: at most 10,000 examples.",
                ], seeAlso: ["pca", "plot_scatter"],
                examples: [
                    Example(#"tsne(take(dataset("digits"), 60).x, perplexity=10, iterations=20).shape"#, "[60, 2]")
                ]
            ) { (x: Tensor, dims: Int, perplexity: Double, iterations: Int) in
                try Representation.tsne(x, dimensions: dims, perplexity: perplexity, iterations: iterations).positions
            })
        add(
            Builtin(
                "tsne", .training, "A map of what a network makes of a dataset.", net, data, dims, perplexity,
                iterations, returns: "a tensor [N, dims]", seeAlso: ["pca", "plot_scatter"],
                examples: [
                    Example(
                        """
                        net = Sequential(Linear(64, 16), ReLU(), Linear(16, 10))
                        tsne(net, take(dataset("digits"), 60), perplexity=10, iterations=20).shape
                        """, "[60, 2]")
                ]
            ) { (net: Module, data: Dataset, dims: Int, perplexity: Double, iterations: Int) in
                try Representation.tsne(
                    Representation.deepest(net, on: data), dimensions: dims, perplexity: perplexity,
                    iterations: iterations
                ).positions
            })
    }
}
