import Data
import Learning
import OrderedCollections
import Tensors

/// The weights of self-distillation.
public struct SelfDistillationOptions: Sendable {
    /// The share α of the soft targets at the exits: (1 − α)·CE + α·T²·KL.
    public var alpha = 0.3
    /// T.
    public var temperature = 3.0
    /// The weight of the features' distance.
    public var featureWeight = 0.03

    /// The authors' weights.
    public init() {}
}

/// Trains a network whose early exits are taught by its own deepest classifier.
///
/// L. Zhang et al., *Be Your Own Teacher*, arXiv:1905.08094. Each exit is a bottleneck to the width of the deepest features
/// and a classifier of its own, trained along; the loss is CE of the network plus, summed over the exits,
/// (1 − α)·CE + α·T²·KL(sg p ‖ p_exit) + λ·⟨‖b(f_exit) − sg f‖⟩ with α = 0.3, T = 3, λ = 0.03. Maps are averaged over
/// their positions first.
///
/// - Parameters:
///   - net: trained in place.
///   - exits: paths of layers.
/// - Returns: the run; `adapters` holds each exit as a network that shares the layers below it, and with validation data
///   there is a curve `val_` + exit + `_accuracy` for each.
/// - Throws: ``DistillationError``, ``TrainingError`` and what the network and callbacks throw.
public func selfDistill(
    _ net: Module, exits: [LayerPath], _ data: Dataset, settings: SelfDistillationOptions = SelfDistillationOptions(),
    options: TrainingOptions = TrainingOptions()
) throws -> Run {
    let loss = try SelfDistillationLoss(exits, settings)
    return try Trainer(net, data, loss: loss, options: options, function: "self_distill").train()
}

/// Self-distillation at work.
final class SelfDistillationLoss: TrainingLoss {
    let termNames = ["hard", "exit_hard", "exit_soft", "exit_feature"]
    private let exits: [LayerPath]
    private let settings: SelfDistillationOptions
    private var networks: [ExitNetwork] = []
    private var capture: FeatureCapture?
    private var layout: TaskLayout?

    init(_ exits: [LayerPath], _ settings: SelfDistillationOptions) throws {
        try requirePositive("self_distill", "T", settings.temperature)
        guard (0...1).contains(settings.alpha), settings.featureWeight >= 0 else {
            throw DistillationError.option(
                term: "self_distill", problem: "alpha must lie in 0…1 and feature_weight must not be negative")
        }
        guard !exits.isEmpty, Set(exits).count == exits.count else {
            throw DistillationError.option(
                term: "self_distill", problem: "needs the paths of one or more different layers as exits")
        }
        self.exits = exits
        self.settings = settings
    }

    var formula: String {
        let alpha = settings.alpha
        return "hard() + Σ_exits [\(number(1 - alpha))·CE + \(number(alpha))·T²·KL(sg p ‖ p_exit) + "
            + "\(number(settings.featureWeight))·‖Δf‖], T = \(number(settings.temperature))"
    }

    var trainedModules: OrderedDictionary<String, Module> {
        OrderedDictionary(uniqueKeysWithValues: zip(exits.map(\.description), networks.map { $0 as Module }))
    }

    var evaluatedAlong: OrderedDictionary<String, Module> { trainedModules }

    func prepare(_ context: TrainingContext) throws {
        guard context.data.y != nil else { throw DistillationError.noLabels(term: "self_distill") }
        let net = context.student
        for exit in exits {
            do { _ = try net.module(at: exit) } catch ModuleError.path(_, let existing) {
                throw DistillationError.path(
                    term: "self_distill", side: "network", path: exit.description, existing: existing)
            }
        }
        let probe = try Batches(context.data.withoutAugmentation(), size: min(2, context.batchSize)).batch(0)
        let deepest = try inEvaluation(net) { try LastChildCalled.inputPath(of: net) { try net(probe) } }
        let capture = try FeatureCapture(net, at: exits + [deepest])
        let (logits, features) = try inEvaluation(net) { try capture.run { try net(probe) } }
        guard let width = try ExitHead.flattened(features[exits.count]).shape.last, let classes = logits.shape.last
        else { throw DistillationError.logits(term: "self_distill", shape: logits.shape.array) }
        let layout = try context.data.layout(outputs: logits.shape.array, function: "self_distill")
        try layout.require([.classes, .positions], "self_distill")
        self.layout = layout
        networks = try zip(exits, features).map { path, feature in
            ExitNetwork(net, at: path, head: try ExitHead(feature: feature, width: width, classes: classes))
        }
        self.capture = capture
    }

    func step(_ student: Module, _ batch: Batch) throws -> StepLoss {
        guard let capture, let layout, let y = batch.y else { throw DistillationError.noLabels(term: "self_distill") }
        let (output, features) = try capture.run { try student(batch) }
        let rows = try TargetRows(
            layout, mask: batch.mask, outputs: output.shape.array, function: "self_distill")
        let labels = try rows.targets(y)
        let logits = try rows.logits(output)
        let target = try logits.detach()
        let deepest = try rows.feature(ExitHead.flattened(features[exits.count])).detach()
        let hard = try Labels.crossEntropy(logits, labels)
        var sums: [Tensor?] = [nil, nil, nil]
        let temperature = settings.temperature
        for (network, feature) in zip(networks, features) {
            let (own, bottleneck) = try network.head.both(feature)
            let exit = try rows.logits(own)
            let soft = try Logits.divergenceSum(student: exit, teacher: target, temperature: temperature)
            // The norm of nothing has no derivative: 1e-12 under the root keeps it finite.
            let distance = try ((rows.feature(bottleneck) - deepest).square().sum(dims: [-1]) + 1e-12).sqrt().mean()
            let values = [
                try Labels.crossEntropy(exit, labels),
                try soft * Scalar(temperature * temperature / Double(max(1, exit.shape[0]))), distance,
            ]
            for (index, value) in values.enumerated() { sums[index] = try sums[index].map { try $0 + value } ?? value }
        }
        let weights = [1 - settings.alpha, settings.alpha, settings.featureWeight]
        var total = hard
        var values: [Double?] = [try hard.itemDouble()]
        for (sum, weight) in zip(sums, weights) {
            guard let sum else { continue }
            total = try total + sum * Scalar(weight)
            values.append(try sum.itemDouble())
        }
        return StepLoss(total: total, terms: values)
    }
}

/// The part of an exit that is its own: a bottleneck to the width of the deepest features, and a classifier.
final class ExitHead: Module {
    private let bottleneck: Linear
    private let classifier: Linear

    convenience init(feature: Tensor, width: Int, classes: Int) throws {
        let inputs = try Self.flattened(feature).shape.last ?? 0
        self.init(try Linear(inputs, width), try Linear(width, classes))
    }

    private init(_ bottleneck: Linear, _ classifier: Linear) {
        self.bottleneck = bottleneck
        self.classifier = classifier
        super.init()
        register(bottleneck, as: "bottleneck")
        register(classifier, as: "classifier")
    }

    override var typeName: String { "exit" }

    /// Maps [B, C, H, W] become the means of their channels, [B, C].
    static func flattened(_ feature: Tensor) throws -> Tensor {
        feature.rank == 4 ? try feature.mean(dims: [2, 3]) : feature
    }

    func both(_ feature: Tensor) throws -> (logits: Tensor, bottleneck: Tensor) {
        let narrow = try bottleneck(Self.flattened(feature)).relu()
        return (try classifier(narrow), narrow)
    }

    override func forward(_ x: Tensor) throws -> Tensor { try both(x).logits }

    override func duplicate(_ copies: ModuleCopies) throws -> Module {
        guard let bottleneck = try copies.module(bottleneck) as? Linear,
            let classifier = try copies.module(classifier) as? Linear
        else { throw ModuleError.noCopy(module: typeName) }
        return ExitHead(bottleneck, classifier)
    }
}

/// A network up to an exit, with the exit's classifier; the layers are the network's own.
final class ExitNetwork: Module {
    let head: ExitHead
    private let trunk: Module
    private let path: LayerPath

    /// Of a `Sequential` only the children up to the exit run.
    init(_ net: Module, at path: LayerPath, head: ExitHead) {
        var trunk = net
        if let sequence = net as? Sequential, let first = path.components.first,
            let position = sequence.children.keys.firstIndex(of: first)
        {
            trunk = sequence[0..<position + 1]
        }
        self.trunk = trunk
        self.path = path
        self.head = head
        super.init()
        register(trunk, as: "trunk")
        register(head, as: "exit")
    }

    override var typeName: String { "early exit" }

    override func forward(_ x: Tensor) throws -> Tensor {
        try head(FeatureCapture(trunk, at: [path]).run { try trunk(x) }.features[0])
    }

    override func forward(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        try head(FeatureCapture(trunk, at: [path]).run { try trunk(named: inputs) }.features[0])
    }

    override func duplicate(_ copies: ModuleCopies) throws -> Module {
        guard let head = try copies.module(head) as? ExitHead else { throw ModuleError.noCopy(module: typeName) }
        return ExitNetwork(try copies.module(trunk), at: path, head: head)
    }
}
