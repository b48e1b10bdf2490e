import Data
import Distillation
import Learning
import OrderedCollections
import Runtime
import Tensors

extension Builtin.Group {
    /// Teachers, objectives and their terms.
    static let distillation = Builtin.Group("Distillation")
}

/// What the soft term is multiplied by.
enum SoftScale: String, StringOption {
    case squared = "T2"
    case none

    var scale: SoftTerm.Scale { self == .squared ? .temperatureSquared : .none }
}

/// Over what the soft term is averaged.
enum SoftReduction: String, StringOption {
    case batchmean, mean, sum

    var reduction: SoftTerm.Reduction {
        switch self {
        case .batchmean: .batchmean
        case .mean: .mean
        case .sum: .sum
        }
    }
}

/// How far two features are from each other.
enum FeatureDistance: String, StringOption {
    case mse, l1, cosine
    case smoothL1 = "smooth_l1"

    var metric: FeatureMetric {
        switch self {
        case .mse: .mse
        case .l1: .l1
        case .smoothL1: .smoothL1
        case .cosine: .cosine
        }
    }
}

/// How far predictions are from float targets.
enum RegressionDistance: String, StringOption {
    case mse, l1, huber

    var metric: RegressionTerm.Metric {
        switch self {
        case .mse: .mse
        case .l1: .l1
        case .huber: .huber
        }
    }
}

/// How several teachers become one.
enum AverageOption: String, StringOption {
    case probabilities, logits
}

/// When teacher values are computed once.
enum CacheOption: String, StringOption {
    case auto, on, off

    var policy: CachePolicy {
        switch self {
        case .auto: .auto
        case .on: .on
        case .off: .off
        }
    }
}

/// A network, or stored logits, that teaches.
struct TeacherValue: ValueDecodable {
    let source: TeacherSource

    static var languageType: LanguageType { .union([.module, .tensor, .object("predictions")]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> TeacherValue? {
        if let stored = StoredPredictions.decode(value, in: interpreter) {
            return TeacherValue(source: .predictions(stored))
        }
        return switch value {
        case .module(let net): TeacherValue(source: .network(net))
        case .tensor(let logits): TeacherValue(source: .logits(logits))
        default: nil
        }
    }

    static func mismatch(_ value: Value) -> Mismatch {
        let help: [String]
        switch value {
        case .dict:
            help = [
                "weights by name fill a network: load(net, \"weights.pth\"), with a network of std/torchvision.dist or one that skeleton(\"weights.pth\") declares"
            ]
        case .string(let path):
            help = [
                "load(net, \"\(path.text)\") fills a network with a file's weights, predictions(\"\(path.text)\") reads what a teacher said"
            ]
        default: help = []
        }
        return Mismatch(expected: languageType.description, help: help)
    }
}

/// `"layer3" -> "layer2"`: the teacher's path and the student's.
struct LayerPairValue: ValueDecodable {
    let pair: LayerPair

    static var languageType: LanguageType { .pair }

    static func decode(_ value: Value, in interpreter: Interpreter) -> LayerPairValue? {
        guard let paths = PairOf<String, String>.decode(value, in: interpreter) else { return nil }
        return LayerPairValue(pair: LayerPair(paths.left, paths.right))
    }

    static func mismatch(_ value: Value) -> Mismatch {
        Mismatch(
            expected: "a pair of layer paths, the teacher's first, or a list of such pairs",
            help: [value.text.map { "\"\($0)\" -> \"\($0)\"" } ?? "\"layer3\" -> \"layer2\""])
    }
}

/// What makes unlike features comparable: `"auto"`, `"none"`, or a module.
enum AdapterValue: ValueDecodable, LiteralEncodable {
    case auto, none
    case module(Module)

    static var languageType: LanguageType { .union([.options(["auto", "none"]), .module]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> AdapterValue? {
        switch value {
        case .string(let text): text.text == "auto" ? .auto : text.text == "none" ? AdapterValue.none : nil
        case .module(let module): .module(module)
        default: nil
        }
    }

    var literal: Literal {
        switch self {
        case .auto: .string("auto")
        case .none, .module: .string("none")
        }
    }

    var choice: AdapterChoice {
        switch self {
        case .auto: .auto
        case .none: .none
        case .module(let module): .module(module)
        }
    }
}

extension Library {
    /// `distill`, the terms, and weights that change with the epochs.
    func addDistillation() {
        addObjectiveTypes()
        addTerms()
        addCustomTerms()
        addWeightSchedules()
        addDistill()
        addSchemes()
        addPredictions()
        addAudit()
        addViews()
    }

    private func addWeightSchedules() {
        let from = Parameter<Double>("start", "the weight in the first epoch")
        let to = Parameter<Double>("end", "the weight from the last of these epochs on")
        let epochs = Parameter<Int>("epochs", "the epochs it takes")
        add(
            Builtin(
                "ramp", .distillation, "A weight that changes linearly: `ramp(0, 1, epochs=5) * feature()`.",
                from, to, epochs, returns: "a schedule, to be multiplied with terms and numbers",
                seeAlso: ["cosine", "until"], examples: [Example("ramp(0, 1, epochs=5)", "ramp(0, 1, epochs=5)")]
            ) { (from: Double, to: Double, epochs: Int) in
                WeightObject(.ramp(from: from, to: to, epochs: try Self.positive(epochs, "ramp")))
            })
        add(
            Builtin(
                "cosine", .distillation, "A weight that follows half a cosine.", from, to, epochs,
                returns: "a schedule, to be multiplied with terms and numbers", seeAlso: ["ramp", "until"],
                examples: [Example("cosine(1, 0, epochs=5)", "cosine(1, 0, epochs=5)")]
            ) { (from: Double, to: Double, epochs: Int) in
                WeightObject(.cosine(from: from, to: to, epochs: try Self.positive(epochs, "cosine")))
            })
        add(
            Builtin(
                "until", .distillation, "Weight 1 in the first epochs, 0 from then on.",
                Parameter<Int>("epoch", "how many epochs the weight is 1"),
                returns: "a schedule, to be multiplied with terms and numbers", seeAlso: ["ramp", "cosine"],
                examples: [Example("0.5 * until(epoch=20)", "0.5 * until(epoch=20)")]
            ) { (epoch: Int) in WeightObject(.until(epoch: try Self.positive(epoch, "until"))) })
    }

    private static func positive(_ epochs: Int, _ function: String) throws -> Int {
        guard epochs > 0 else { throw Failure(.value, "\(function): the epochs must be at least 1, not \(epochs)") }
        return epochs
    }

    private func addDistill() {
        let nets = Parameter<PairOf<OneOrMore<TeacherValue>, Module>>(
            "nets",
            "teacher -> student; the teacher is a network, a list of networks, stored logits [N, K], or predictions")
        let train = Parameter<Dataset>("train", "the training data, shuffled every epoch")
        let loss = Parameter<ObjectiveObject?>.optional(
            "loss", "an objective",
            defaultText: "0.9 * soft(T=4) + 0.1 * hard(); regression() + logit_mse() for numbers")
        let shared = TrainingParameters()
        let cache = Parameter<CacheChoice>(
            "cache",
            "whether teacher values are computed once and reused, in memory up to 512 MB, else in a temporary file; views(8) keeps them under augmentation",
            default: CacheChoice(policy: .auto))
        let average = Parameter<AverageOption>("average", "how several teachers become one", default: .probabilities)
        let weights = Parameter<[Double]?>.optional("weights", "the teachers' shares", defaultText: "equal")
        let inputs = Parameter<TeacherInputsOption?>.optional(
            "teacher_inputs",
            "what the teacher is given: an entry of a dict dataset, a list of entries, or a function of the batch",
            defaultText: "what the student is given")
        let balance = Parameter<Bool>(
            "balance", "whether to measure how the terms' gradients compare, and to propose weights", default: false)
        add(
            Builtin(
                "distill", .distillation, "Trains a student on what a teacher knows.",
                parameters: [nets.description, train.description, loss.description] + shared.descriptions
                    + [
                        cache.description, average.description, weights.description, inputs.description,
                        balance.description,
                    ],
                returns: "a run; the student is trained in place",
                notes: [
                    "The teacher runs in evaluation mode, without gradients, and stays as it is.",
                    "Layer pairs are checked before the first step; adapters are trained along, see run.adapters.",
                    "Ctrl-C stops after the step in hand and keeps the weights.",
                    "Rows of stored teachers are matched by ids, see predictions.",
                    "balance=true measures the gradient of every term on the student at every fourth step: curves run.grad_soft …, the table run.balance, and in the run's display the weights at which all terms would pull alike. A place to begin a search, no result.",
                ],
                seeAlso: ["soft", "feature", "hard", "fit", "compare"],
                examples: [
                    Example(
                        """
                        train = take(dataset("digits"), 256)
                        teacher = Sequential(Linear(64, 32), ReLU(), Linear(32, 10))
                        student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
                        distill(teacher -> student, train, loss=soft(T=4) + 0.5 * feature(), epochs=2).adapters.keys()
                        """, #"["feature"]"#),
                    Example(
                        """
                        train = take(dataset("digits"), 256)
                        teacher = Sequential(Linear(64, 32), ReLU(), Linear(32, 10))
                        student = Sequential(Linear(64, 8), ReLU(), Linear(8, 10))
                        run = distill(teacher -> student, train, loss=hard() + soft() + feature(), epochs=2, balance=true)
                        run.balance.feature.proposed > 0, len(run.grad_feature)
                        """, "[true, 2]"),
                    Example(
                        """
                        images = rand(64, 1, 8, 8)
                        teacher = Sequential(Conv2d(1, 4, 3), ReLU(), Flatten(), Linear(784, 3))
                        student = Sequential(Flatten(), Linear(64, 3))
                        distill(teacher -> student, TensorDataset(images), loss=soft(), epochs=1, teacher_inputs=batch => interpolate(batch.x, size=16)).epochs
                        """, "1"),
                ]
            ) { call in
                let nets = try call[nets]
                let data = try call[train]
                let objective = try call[loss]?.objective ?? Self.defaultObjective(for: data)
                let own = try call[inputs]?.inputs
                for source in nets.left.elements.map(\.source) where own == nil {
                    if let problem = source.network?.normalizationNote(for: data) {
                        call.interpreter.warn("distill: the teacher \(problem)")
                    }
                }
                for case .predictions(let stored) in nets.left.elements.map(\.source) {
                    if let note = stored.note(for: data) { call.interpreter.warn("distill: \(note)") }
                }
                try Self.warnOfUnlike(call[shared.validate], data, "distill", call.interpreter)
                let teachers = own == nil ? nets.left.elements.map { ("the teacher", $0.source.network) } : []
                try Self.warnOfPadding(teachers + [("the student", nets.right)], data, "distill", call.interpreter)
                let run = try Distillation.distill(
                    nets.left.elements.map(\.source), into: nets.right, data, loss: objective,
                    options: shared.options(call, for: "distill"),
                    average: call[average] == .logits ? .logits : .probabilities, weights: call[weights],
                    inputs: own, cache: call[cache].policy, balance: call[balance], views: call[cache].views)
                try Self.reportInterrupt(run)
                return run
            })
    }

    /// Soft labels with labels where there are some.
    static func defaultObjective(for data: Dataset) throws -> Objective {
        if data.isMetBySquares { return RegressionTerm() + LogitMSETerm() }
        guard data.y != nil else { return Objective(try SoftTerm()) }
        return try 0.9 * SoftTerm() + 0.1 * HardTerm()
    }
}
