import Data
import OrderedCollections
import Tensors

/// Which parameters a run trains, and with which optimizer.
struct TrainedParameters {
    /// Those of the network and of what trains along, without frozen ones.
    let all: [Tensor]
    /// Those that are frozen.
    let frozen: [Tensor]
    private let paths: [ObjectIdentifier: String]

    /// - Throws: ``TrainingError/option(function:problem:help:)`` for a path to freeze that names no layer.
    init(_ net: Module, along: [Module], freeze: [String], function: String) throws {
        var frozen: [ObjectIdentifier: Tensor] = [:]
        for path in freeze {
            do {
                for parameter in try net.module(at: LayerPath(path)).parameters() {
                    frozen[ObjectIdentifier(parameter)] = parameter
                }
            } catch ModuleError.path(_, let existing) {
                throw Self.noLayer(path, "freeze", existing, function)
            }
        }
        var seen: Set<ObjectIdentifier> = []
        all = ([net] + along).flatMap { $0.parameters() }
            .filter {
                $0.requiresGradient && frozen[ObjectIdentifier($0)] == nil && seen.insert(ObjectIdentifier($0)).inserted
            }
        self.frozen = Array(frozen.values)
        var paths: [ObjectIdentifier: String] = [:]
        for (name, tensor) in net.namedState() { paths[ObjectIdentifier(tensor)] = name }
        self.paths = paths
    }

    static func noLayer(_ path: String, _ option: String, _ existing: [String], _ function: String) -> TrainingError {
        .option(
            function: function, problem: "\(option): there is no layer \"\(path)\"",
            help: "there are " + existing.prefix(40).map { "\"\($0)\"" }.joined(separator: ", "))
    }

    /// The groups of an optimizer: each parameter goes to the longest path it lies under.
    ///
    /// - Throws: ``TrainingError/option(function:problem:help:)`` for a path that nothing lies under, and without a rest.
    func groups(_ own: [Tensor]?, _ options: TrainingOptions, function: String) throws -> [ParameterGroup] {
        let frozen = Set(frozen.map(ObjectIdentifier.init))
        let chosen = (own ?? all).filter { !frozen.contains(ObjectIdentifier($0)) }
        guard !options.optimizers.isEmpty else {
            return [ParameterGroup(chosen, options.optimizer ?? Adam())]
        }
        func lies(_ name: String, under path: String) -> Bool {
            path.isEmpty || name == path || name.hasPrefix(path + ".")
        }
        var parts: [String: [Tensor]] = [:]
        for tensor in chosen {
            let name = paths[ObjectIdentifier(tensor)]
            let under = options.optimizers.keys.filter { path in name.map { lies($0, under: path) } ?? path.isEmpty }
            guard let longest = under.max(by: { $0.count < $1.count }) else {
                throw TrainingError.option(
                    function: function, problem: "no optimizer for \(name ?? "the modules that train along")",
                    help:
                        "\"\" is the path of all that no other one names: {\"head\": Adam(lr=1e-3), \"\": SGD(lr=0.01)}"
                )
            }
            parts[longest, default: []].append(tensor)
        }
        for path in options.optimizers.keys where parts[path] == nil && own == nil && !path.isEmpty {
            throw Self.noLayer(
                path, "optimizer",
                Array(
                    OrderedSet(paths.values.sorted().map { $0.split(separator: ".").dropLast().joined(separator: ".") })
                ),
                function)
        }
        return options.optimizers.compactMap { path, rule in parts[path].map { ParameterGroup($0, rule) } }
    }
}

/// A moving average of a network's weights: θ' ← decay·θ' + (1 − decay)·θ after every step, the first step copies.
///
/// As `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn`; running statistics are averaged as well.
final class WeightAverage {
    /// A network with the averages as weights.
    let net: Module
    private let source: Module
    private let decay: Double
    private(set) var steps = 0

    init(of net: Module, decay: Double) throws {
        source = net
        self.net = try net.copy()
        self.decay = decay
    }

    /// After a step of the optimizer.
    func update() throws {
        steps += 1
        try Gradients.disabled {
            for (own, new) in zip(net.namedState(), source.namedState()) {
                if steps == 1 || !own.tensor.dtype.isFloating {
                    _ = try own.tensor.copy_(new.tensor.detach())
                } else {
                    _ = try own.tensor.copy_(own.tensor * Scalar(decay) + new.tensor.detach() * Scalar(1 - decay))
                }
            }
        }
    }

    /// Goes on from saved averages.
    func restore(_ state: OrderedDictionary<String, Tensor>, steps: Int) throws {
        try net.loadStateDict(state)
        self.steps = steps
    }
}

extension LabelWeights {
    /// The weights that options ask for.
    ///
    /// - Throws: ``TrainingError/option(function:problem:help:)`` for those that do not fit the data.
    init(_ options: TrainingOptions, _ data: Dataset, function: String) throws {
        self.init()
        func fail(_ problem: String, _ help: String? = nil) -> TrainingError {
            .option(function: function, problem: problem, help: help)
        }
        if options.sampler == .balanced, options.classWeights != nil {
            throw fail(
                "sampler=\"balanced\" and class_weights both even the classes out", "leave one of them out")
        }
        switch options.classWeights {
        case .balanced?: isBalanced = true
        case .given(let weights)?:
            guard weights.rank == 1, try weights.doubles().allSatisfy({ $0 >= 0 && $0.isFinite }) else {
                throw fail("class_weights must be [K] finite numbers of at least 0, given \(weights.shape)")
            }
            classes = weights
        case nil: break
        }
        if let weights = options.sampleWeights {
            guard weights.shape == [data.count], try weights.doubles().allSatisfy({ $0 >= 0 && $0.isFinite }) else {
                throw fail(
                    "sample_weights must be [\(data.count)] finite numbers of at least 0, one for each example, given \(weights.shape)"
                )
            }
            samples = try weights.to(.float32)
        }
    }

    /// The weights with those that depend on how often each class occurs.
    ///
    /// - Throws: ``TrainingError/option(function:problem:help:)`` where there are no classes, or others than the factors are for.
    public func resolved(_ data: Dataset, _ layout: TaskLayout, function: String) throws -> LabelWeights {
        var weights = self
        func fail(_ problem: String) -> TrainingError { .option(function: function, problem: problem, help: nil) }
        let width = layout.task == .binary ? 2 : layout.width
        if let classes, classes.count != width, layout.task?.hasLogits == true {
            throw fail("class_weights are [\(classes.count)], and there are \(width) classes")
        }
        guard isBalanced else { return weights }
        guard let task = layout.task, task != .multilabel, task.hasLogits, let y = data.y, !y.dtype.isFloating else {
            throw fail("class_weights=\"balanced\" is for classes; several labels have hard(pos_weight=…)")
        }
        var counts = Array(repeating: 0, count: width)
        for label in try y.integers() where label != layout.ignoreIndex && counts.indices.contains(label) {
            counts[label] += 1
        }
        let total = Double(counts.reduce(0, +))
        weights.classes = try Tensor(counts.map { $0 == 0 ? 0 : Float(total / (Double(width) * Double($0))) })
        weights.isBalanced = false
        return weights
    }
}

extension Dataset {
    /// The rows of an epoch that draws every class as often as every other, with replacement.
    package func balancedRows(function: String) throws -> [Int] {
        guard let y, !y.dtype.isFloating, y.count == count else {
            throw TrainingError.option(
                function: function, problem: "sampler=\"balanced\" needs one class an example", help: nil)
        }
        var members: [Int: [Int]] = [:]
        for (row, label) in try y.integers().enumerated() where label != target.ignoreIndex {
            members[label, default: []].append(row)
        }
        let groups = members.keys.sorted().compactMap { members[$0] }
        guard !groups.isEmpty else {
            throw TrainingError.option(
                function: function, problem: "sampler=\"balanced\" needs labels, and none counts", help: nil)
        }
        return (0..<count).map { _ in
            let group = groups[Randomness.integer(below: groups.count, .shuffling)]
            return group[Randomness.integer(below: group.count, .shuffling)]
        }
    }
}
