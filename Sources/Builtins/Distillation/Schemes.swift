import Data
import Distillation
import Learning
import OrderedCollections
import Runtime
import Tensors

/// A state of a teacher: a network, stored logits, or the path of a saved network.
struct AnchorValue: ValueDecodable {
    /// What teaches, or the file that holds it.
    enum Content {
        case source(TeacherSource)
        case file(String)
    }

    let content: Content

    static var languageType: LanguageType { .union([.module, .tensor, .string]) }

    static func decode(_ value: Value, in interpreter: Interpreter) -> AnchorValue? {
        if let path = value.text { return AnchorValue(content: .file(path)) }
        return TeacherValue.decode(value, in: interpreter).map { AnchorValue(content: .source($0.source)) }
    }

    /// What teaches; a file is loaded as `load(path)` does.
    func source(for function: String, in interpreter: Interpreter) throws -> TeacherSource {
        switch content {
        case .source(let source): return source
        case .file(let path):
            guard let load = interpreter.library.value(named: "load") else {
                throw Failure(.value, "\(function): \(path): there is nothing that loads networks")
            }
            switch try interpreter.call(load, [.string(path)]) {
            case .module(let net): return .network(net)
            case .tensor(let logits): return .logits(logits)
            case let other:
                throw Failure(
                    .type, "\(function): \(path) holds a \(other.typeName), not a network",
                    help: ["save(net, \"teacher.distill\") writes a network"])
            }
        }
    }
}

/// A function of the script that makes a network.
struct NetworkMaker: ValueDecodable {
    let function: Callable

    static var languageType: LanguageType { .function }

    static func decode(_ value: Value, in interpreter: Interpreter) -> NetworkMaker? {
        guard case .function = value else { return nil }
        return Callable.decode(value, in: interpreter).map { NetworkMaker(function: $0) }
    }

    static func mismatch(_ value: Value) -> Mismatch {
        var help = ["() => Sequential(Linear(64, 32), ReLU(), Linear(32, 10))"]
        if case .module = value { help = ["a function that makes a new network each time: () => …"] }
        return Mismatch(expected: "a function that makes a network", help: help)
    }

    /// A new network.
    func make(for scheme: String) throws -> Module {
        let value = try function()
        guard case .module(let net) = value else {
            throw Failure(.type, "\(scheme): the function must give a network, not \(value.typeName)")
        }
        return net
    }
}

extension Library {
    /// Ways to organise teachers, students and data beyond one teacher and one student.
    func addSchemes() {
        addMutual()
        addChains()
        addGenerations()
        addSelfDistillation()
        addSemiSupervised()
    }

    /// A declaration of a scheme with the options of a run; Ctrl-C is reported once all runs there are have been made.
    private func addScheme(
        _ name: String, _ summary: String, formula: String? = nil, leading: [ParameterDescription],
        trailing: [ParameterDescription] = [], returns: String, notes: [String], seeAlso: [String], example: Example,
        _ body: @escaping (Call, TrainingOptions) throws -> [Run], single: Bool = false
    ) {
        let shared = TrainingParameters()
        add(
            Builtin(
                name, .distillation, summary, formula: formula,
                parameters: leading + shared.descriptions + trailing, returns: returns, notes: notes, seeAlso: seeAlso,
                examples: [example]
            ) { call -> RunsValue in
                let runs = try body(call, shared.options(call, for: name))
                for run in runs { try Self.reportInterrupt(run) }
                return RunsValue(runs: runs, isSingle: single)
            })
    }

    private static let cacheParameter = Parameter<CacheOption>(
        "cache", "whether teacher values are computed once and reused", default: .auto)
    private static let lossParameter = Parameter<ObjectiveObject?>.optional(
        "loss", "an objective", defaultText: "0.9 * soft(T=4) + 0.1 * hard()")
    private static let trainParameter = Parameter<Dataset>("train", "the training data, shuffled every epoch")

    private static func objective(_ call: Call, _ data: Dataset) throws -> Objective {
        try call[lossParameter]?.objective ?? defaultObjective(for: data)
    }

    private func addMutual() {
        let peers = Parameter<[Module]>("peers", "two or more networks, trained in place")
        let train = Self.trainParameter
        let loss = Parameter<ObjectiveObject?>.optional(
            "loss", "terms on logits; one that needs a teacher is averaged over the other peers",
            defaultText: "hard() + soft(T=1)")
        addScheme(
            "mutual", "Networks that teach each other while they learn (Zhang et al., 2017).",
            formula: "L_i = CE_i + 1/(n−1) Σ_{j≠i} KL(sg p_j ‖ p_i)",
            leading: [peers.description, train.description, loss.description],
            returns: "a list of runs, one for each peer",
            notes: [
                "arXiv:1706.00384. Every peer has an optimizer of its own; what the others say is constant for it.",
                "Each step runs every peer once, in training mode, before any of them is updated.",
            ],
            seeAlso: ["distill", "born_again", "verdict"],
            example: Example(
                """
                train = take(dataset("digits"), 128)
                a, b = mutual([Linear(64, 10), Sequential(Linear(64, 16), ReLU(), Linear(16, 10))], train, epochs=2)
                len(a.soft) == 2 and b.soft[1] > 0
                """, "true")
        ) { call, options in
            try Distillation.mutual(call[peers], call[train], loss: call[loss]?.objective, options: options)
        }
    }

    private func addChains() {
        let nets = Parameter<[Module]>(
            "nets", "the teacher, the assistants, the student; all but the first are trained")
        let train = Self.trainParameter
        addScheme(
            "distill_chain", "Distils from a large network to a small one through assistants (Mirzadeh et al., 2019).",
            leading: [nets.description, train.description, Self.lossParameter.description],
            trailing: [Self.cacheParameter.description],
            returns: "a list of runs, one for each network that was trained",
            notes: ["arXiv:1902.03393. The options hold for each distillation."],
            seeAlso: ["distill", "route_constrained"],
            example: Example(
                """
                train = take(dataset("digits"), 128)
                big = Sequential(Linear(64, 64), ReLU(), Linear(64, 10))
                runs = distill_chain([big, Sequential(Linear(64, 16), ReLU(), Linear(16, 10)), Linear(64, 10)], train, epochs=1)
                [run.name for run in runs]
                """, #"["assistant", "student"]"#)
        ) { call, options in
            let data = try call[train]
            return try Distillation.distillChain(
                call[nets], data, loss: Self.objective(call, data), options: options,
                cache: call[Self.cacheParameter].policy)
        }
        let route = Parameter<PairOf<OneOrMore<AnchorValue>, Module>>(
            "route", "[early, …, late] -> student: states of one teacher, as networks, stored logits or saved files")
        addScheme(
            "route_constrained",
            "Distils along the teacher's own path, from early states to its last (Jin et al., 2019).",
            leading: [route.description, train.description, Self.lossParameter.description],
            trailing: [Self.cacheParameter.description], returns: "a list of runs, one for each anchor",
            notes: [
                "arXiv:1904.09149. epochs= counts all anchors together and is shared out evenly; each anchor starts with a fresh optimizer.",
                "Anchors come from a callback while the teacher trains: callback=(run) => { anchors.append(run.net.copy()) }.",
            ], seeAlso: ["distill", "distill_chain"],
            example: Example(
                """
                train = take(dataset("digits"), 128)
                anchors = []
                fit(Linear(64, 10), train, epochs=2, callback=(run) => { anchors.append(run.net.copy()) })
                runs = route_constrained(anchors -> Linear(64, 10), train, epochs=5)
                [run.epochs for run in runs]
                """, "[2, 3]")
        ) { call, options in
            let data = try call[train]
            let pair = try call[route]
            let anchors = try pair.left.elements.map { try $0.source(for: "route_constrained", in: call.interpreter) }
            return try Distillation.routeConstrained(
                anchors, into: pair.right, data, loss: Self.objective(call, data), options: options,
                cache: call[Self.cacheParameter].policy)
        }
    }

    private func addGenerations() {
        let make = Parameter<NetworkMaker>("make", "a function that makes a newly initialised network")
        let train = Self.trainParameter
        let generations = Parameter<Int>("generations", "how many networks are taught", default: 3)
        let teacher = Parameter<Module?>.optional(
            "teacher", "who teaches the first generation", defaultText: "one more network, trained from the labels")
        addScheme(
            "born_again",
            "Equal networks, each taught by the one before, and their ensemble (Furlanello et al., 2018).",
            leading: [make.description, train.description, Self.lossParameter.description, generations.description],
            trailing: [teacher.description, Self.cacheParameter.description],
            returns: "a list of runs: from labels (unless teacher= is given), each generation, and last the ensemble",
            notes: [
                "arXiv:1805.04770. The ensemble averages the probabilities of the generations; its run only has validation metrics."
            ], seeAlso: ["ensemble", "distill", "mutual"],
            example: Example(
                """
                train = take(dataset("digits"), 128)
                runs = born_again(() => Linear(64, 10), train, generations=2, epochs=1)
                [run.name for run in runs]
                """, #"["from labels", "generation 1", "generation 2", "ensemble"]"#)
        ) { call, options in
            let data = try call[train]
            let maker = try call[make]
            return try Distillation.bornAgain(
                { try maker.make(for: "born_again") }, data, generations: call[generations], teacher: call[teacher],
                loss: Self.objective(call, data), options: options, cache: call[Self.cacheParameter].policy)
        }
        add(
            Builtin(
                "ensemble", .distillation, "Several networks as one that averages their probabilities.",
                formula: "log (1/n) Σᵢ softmax(zᵢ)",
                Parameter<[Module]>("nets", "networks with the same classes; they are shared, not copied"),
                returns: "a network whose logits are the logarithm of the mean probabilities",
                seeAlso: ["born_again", "distill"],
                examples: [
                    Example(
                        """
                        a = Linear(4, 3); b = Linear(4, 3); x = randn(5, 4)
                        allclose(softmax(ensemble([a, b])(x), dim=1), (softmax(a(x), dim=1) + softmax(b(x), dim=1)) / 2, atol=1e-6)
                        """, "true")
                ]
            ) { (nets: [Module]) in
                guard !nets.isEmpty else { throw Failure(.value, "ensemble: the list has no networks") }
                return ModuleValue(EnsembleNetwork(nets))
            })
    }

    private func addSelfDistillation() {
        let net = Parameter<Module>("net", "the network, trained in place")
        let exits = Parameter<OneOrMore<String>>("exits", "the paths of the layers that get an exit")
        let train = Self.trainParameter
        let alpha = Parameter<Double>("alpha", "the share of the soft targets at the exits", default: 0.3)
        let temperature = Parameter<Double>("T", "the temperature", default: 3)
        let weight = Parameter<Double>("feature_weight", "the weight of the features' distance", default: 0.03)
        addScheme(
            "self_distill", "Early exits taught by the network's own deepest classifier (Zhang et al., 2019).",
            formula: "CE + Σ_exits [(1−α)·CE_e + α·T²·KL(sg p ‖ p_e) + λ·⟨‖b(f_e) − sg f‖⟩]",
            leading: [net.description, train.description, exits.description],
            trailing: [alpha.description, temperature.description, weight.description], returns: "a run",
            notes: [
                "arXiv:1905.08094. run.adapters holds each exit as a network that shares the layers below it: evaluate(run.adapters[\"1\"], test).",
                "With validate= there is a curve for each exit, such as val_1_accuracy.",
            ], seeAlso: ["distill", "summary"],
            example: Example(
                """
                train = take(dataset("digits"), 128)
                net = Sequential(Linear(64, 32), ReLU(), Linear(32, 32), ReLU(), Linear(32, 10))
                run = self_distill(net, train, exits="1", epochs=1)
                predict(run.adapters["1"], train).shape
                """, "[128, 10]"),
            { call, options in
                var settings = SelfDistillationOptions()
                settings.alpha = try call[alpha]
                settings.temperature = try call[temperature]
                settings.featureWeight = try call[weight]
                return [
                    try Distillation.selfDistill(
                        call[net], exits: call[exits].elements.map { LayerPath($0) }, call[train],
                        settings: settings, options: options)
                ]
            }, single: true)
    }

    private func addSemiSupervised() {
        let student = Parameter<Module>("student", "the network, trained in place")
        let labelled = Parameter<Dataset>("labelled", "examples with classes")
        let unlabelled = Parameter<Dataset>("unlabelled", "examples whose labels, if any, are not looked at")
        let decay = Parameter<Double?>.optional(
            "decay", "the largest decay of the moving average",
            defaultText: "0.99 in the ramp, then 0.999; at most 1 − 20/steps")
        let consistency = Parameter<Double?>.optional(
            "consistency", "the weight of the consistency after the ramp",
            defaultText: "100 times the share of labelled examples")
        let ramp = Parameter<Int?>.optional(
            "ramp_epochs", "the epochs of the ramp e^(−5(1−t)²)", defaultText: "a fifth of the epochs")
        let noise = Parameter<Double>("noise", "the standard deviation of the noise on the inputs", default: 0.1)
        addScheme(
            "mean_teacher",
            "A student that learns the labels and to agree with the mean of its own weights (Tarvainen, Valpola, 2017).",
            formula: "CE + w(t)·⟨(softmax z_s − softmax z_t)²⟩, θ_t ← α·θ_t + (1−α)·θ_s, α = min(1 − 1/(n+1), decay)",
            leading: [student.description, labelled.description, unlabelled.description],
            trailing: [decay.description, consistency.description, ramp.description, noise.description],
            returns: "a run; run.net is the averaged teacher",
            notes: [
                "arXiv:1703.01780. An epoch goes through the unlabelled examples once; each step takes as many labelled ones along.",
                "Student and teacher see the same examples under different noise and dropout. The validation curves are the teacher's; val_student_accuracy is the student's.",
            ], seeAlso: ["noisy_student", "distill"],
            example: Example(
                """
                digits = dataset("digits")
                run = mean_teacher(Linear(64, 10), take(digits, 64), take(digits, 256), epochs=2)
                [len(run.consistency), run.net(digits.x[:5]).shape]
                """, "[2, [5, 10]]"),
            { call, options in
                var settings = MeanTeacherOptions()
                settings.decay = try call[decay]
                settings.consistency = try call[consistency]
                settings.rampEpochs = try call[ramp]
                settings.noise = try call[noise]
                return [
                    try Distillation.meanTeacher(
                        call[student], labelled: call[labelled], unlabelled: call[unlabelled], settings: settings,
                        options: options)
                ]
            }, single: true)
        let teacher = Parameter<Module>("teacher", "the first teacher, trained on the labels")
        let make = Parameter<NetworkMaker>("make", "a function that makes a student, as large as the teacher or larger")
        let rounds = Parameter<Int>("rounds", "how often the student becomes the teacher", default: 2)
        let threshold = Parameter<Double>("threshold", "the confidence that a pseudo-label needs", default: 0.3)
        addScheme(
            "noisy_student",
            "Self-training: a noised student learns labels and the teacher's guesses, and becomes the teacher (Xie et al., 2019).",
            formula: "−⟨Σₖ q_k log p_k⟩, q the labels, or softmax(z_t) where there are none",
            leading: [
                teacher.description, make.description, labelled.description, unlabelled.description, rounds.description,
            ],
            trailing: [threshold.description, noise.description], returns: "a list of runs, one for each round",
            notes: [
                "arXiv:1911.04252. Pseudo-labels are computed without noise; the student sees noise, its own dropout, and the augmentation of the labelled data."
            ], seeAlso: ["mean_teacher", "distill"],
            example: Example(
                """
                digits = dataset("digits")
                teacher = Linear(64, 10)
                fit(teacher, take(digits, 64), epochs=5)
                runs = noisy_student(teacher, () => Linear(64, 10), take(digits, 64), take(digits, 256), epochs=1, threshold=0)
                len(runs)
                """, "2")
        ) { call, options in
            let maker = try call[make]
            return try Distillation.noisyStudent(
                call[teacher], { try maker.make(for: "noisy_student") }, labelled: call[labelled],
                unlabelled: call[unlabelled], rounds: call[rounds], threshold: call[threshold], noise: call[noise],
                options: options)
        }
    }
}

/// The runs of a scheme: one, or a list of them.
private struct RunsValue: ValueEncodable {
    let runs: [Run]
    let isSingle: Bool

    static var languageType: LanguageType { .union([.object("run"), .list(.object("run"))]) }

    func encode(in interpreter: Interpreter) -> Value {
        if isSingle, let run = runs.first { return run.encode(in: interpreter) }
        return runs.encode(in: interpreter)
    }
}
