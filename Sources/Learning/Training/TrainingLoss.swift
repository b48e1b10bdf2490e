import Data
import OrderedCollections
import Tensors

/// What a run trains for: it runs the student on a batch and says how wrong it is.
public protocol TrainingLoss: AnyObject {
    /// The formula, for people.
    var formula: String { get }
    /// The terms' names, in the order of ``StepLoss/terms``.
    var termNames: [String] { get }
    /// Modules that train along with the student, by name; complete after ``prepare(_:)``.
    var trainedModules: OrderedDictionary<String, Module> { get }
    /// What tells this loss from others with the same formula, such as the teachers' weights; asked after ``prepare(_:)``.
    var identity: OrderedDictionary<String, String> { get }
    /// What the loss remembers from step to step beside ``trainedModules``, by name: memory banks, earlier predictions.
    /// The tensors are updated in place; complete after ``prepare(_:)``.
    var memory: OrderedDictionary<String, Tensor> { get }
    /// How the epochs divide into stages, each with an optimizer and a scheduler of its own; asked after ``prepare(_:)``.
    func stages(of epochs: Int) throws -> [TrainingStage]
    /// Called once, before the first step and before the optimizer is made: checks the data and makes what trains along.
    func prepare(_ context: TrainingContext) throws
    /// Called at the beginning of each epoch.
    func begin(epoch: Int, of epochs: Int) throws
    /// Runs the student on a batch and gives the loss with its parts.
    func step(_ student: Module, _ batch: Batch) throws -> StepLoss
    /// Called after the optimizer's step.
    func stepped(_ student: Module, _ batch: Batch) throws
    /// What was measured in the epoch beside the terms, by the name of its curve; asked at the end of each epoch.
    func measurements() -> OrderedDictionary<String, Double>
    /// What people should know about the run, a line each; asked when training is over.
    var notes: [String] { get }
    /// The terms in which the value of an example depends on which others are in its batch.
    var comparingTerms: [String] { get }
    /// How the terms' gradients compare, by term; asked when training is over. Empty unless it was measured.
    var balance: OrderedDictionary<String, OrderedDictionary<String, Double>> { get }
    /// What made the loss of a batch not finite, if the loss knows: a teacher, not the step.
    func cause(of batch: Batch) throws -> (any Error)?
    /// Whether validation data without labels can be watched.
    var watchesUnlabelled: Bool { get }
    /// The curves of validation data without labels: `val_loss`, the objective, and what else is known of them.
    func validation(of student: Module, on data: Dataset) throws -> OrderedDictionary<String, Double>
    /// Whether the terms of the labels heed ``TrainingContext/labelWeights``.
    var usesLabelWeights: Bool { get }
    /// Whether what the loss does in an epoch depends on how many there will be.
    var dependsOnEpochs: Bool { get }
    /// Called when training is over; may replace the network that the run gives.
    func finish(_ student: Module) throws -> Module
    /// The network that is validated and whose best weights are kept; it shares the layers of the one that is trained.
    func evaluated(_ student: Module) -> Module
    /// Further networks whose metrics are curves, by the name that stands between `val_` and the metric.
    var evaluatedAlong: OrderedDictionary<String, Module> { get }
}

extension TrainingLoss {
    /// Epochs are alike.
    public func begin(epoch: Int, of epochs: Int) throws {}
    /// Steps leave nothing to be remembered.
    public func stepped(_ student: Module, _ batch: Batch) throws {}
    /// Not known.
    public func cause(of batch: Batch) throws -> (any Error)? { nil }
    /// The terms are all there is to see.
    public func measurements() -> OrderedDictionary<String, Double> { [:] }
    /// No line.
    public var notes: [String] { [] }
    /// None.
    public var comparingTerms: [String] { [] }
    /// Not measured.
    public var balance: OrderedDictionary<String, OrderedDictionary<String, Double>> { [:] }
    /// They cannot.
    public var watchesUnlabelled: Bool { false }
    /// Nothing.
    public func validation(of student: Module, on data: Dataset) throws -> OrderedDictionary<String, Double> { [:] }
    /// They do not.
    public var usesLabelWeights: Bool { false }
    /// It does not.
    public var dependsOnEpochs: Bool { false }
    /// The student itself.
    public func finish(_ student: Module) throws -> Module { student }
    /// The student itself.
    public func evaluated(_ student: Module) -> Module { student }
    /// No further networks.
    public var evaluatedAlong: OrderedDictionary<String, Module> { [:] }
    /// No modules.
    public var trainedModules: OrderedDictionary<String, Module> { [:] }
    /// The formula tells it from others.
    public var identity: OrderedDictionary<String, String> { [:] }
    /// Nothing beside modules.
    public var memory: OrderedDictionary<String, Tensor> { [:] }
    /// One stage that trains everything.
    public func stages(of epochs: Int) throws -> [TrainingStage] { [TrainingStage(epochs: 0..<epochs)] }

    /// Everything a checkpoint has to keep of the loss: the parameters and buffers of ``trainedModules`` as
    /// `adapter.weight` under the module's name, and ``memory`` under `memory.` and its name. Copies.
    public func state() throws -> OrderedDictionary<String, Tensor> {
        var state: OrderedDictionary<String, Tensor> = [:]
        for (name, module) in trainedModules {
            for (path, tensor) in try module.stateDict() { state[name + "." + path] = tensor }
        }
        for (name, tensor) in memory { state["memory." + name] = try tensor.detach().clone() }
        return state
    }

    /// Copies what ``state()`` gave back in; call it after ``prepare(_:)``, which makes the modules. Nothing is copied on error.
    ///
    /// - Throws: ``ModuleError/stateNames(missing:unexpected:)``, ``ModuleError/stateShape(name:expected:found:)``.
    public func restore(_ state: OrderedDictionary<String, Tensor>) throws {
        var own: OrderedDictionary<String, Tensor> = [:]
        for (name, module) in trainedModules {
            for (path, tensor) in module.namedState() { own[name + "." + path] = tensor }
        }
        for (name, tensor) in memory { own["memory." + name] = tensor }
        let missing = own.keys.filter { state[$0] == nil }
        let unexpected = state.keys.filter { own[$0] == nil }
        guard missing.isEmpty, unexpected.isEmpty else {
            throw ModuleError.stateNames(missing: Array(missing), unexpected: Array(unexpected))
        }
        for (name, tensor) in own {
            guard let new = state[name], new.shape != tensor.shape else { continue }
            throw ModuleError.stateShape(name: name, expected: tensor.shape.array, found: new.shape.array)
        }
        try Gradients.disabled {
            for (name, tensor) in own { if let new = state[name] { _ = try tensor.copy_(new) } }
        }
    }
}

/// Some of a run's epochs that share an optimizer: hints come before the training proper, which starts a fresh one.
public struct TrainingStage {
    /// The epochs, counted from 0.
    public let epochs: Range<Int>
    /// What is trained; nil is the network and all that trains along.
    public let parameters: [Tensor]?
    /// Whether the stage only prepares the network, so that none of its epochs can be the best.
    public let isPreparatory: Bool

    /// A stage.
    public init(epochs: Range<Int>, parameters: [Tensor]? = nil, isPreparatory: Bool = false) {
        self.epochs = epochs
        self.parameters = parameters
        self.isPreparatory = isPreparatory
    }
}

/// The loss of one batch.
public struct StepLoss {
    /// What is minimised, 0-d, with its graph.
    public let total: Tensor
    /// The terms, unweighted, in the order of ``TrainingLoss/termNames``; nil for a term that did not take part.
    public let terms: [Double?]
    /// What the mean of each term is divided by: the rows it goes over, or their weights' sum; nil for a term, or for all,
    /// where it is the number of rows of the batch.
    public let divisors: [Double?]
    /// What the terms are multiplied by in the total; empty where that is not known.
    public let weights: [Double]
    /// How many rows of logits count in the batch; nil where that is not known.
    public let rows: Int?

    /// A loss from its parts.
    public init(
        total: Tensor, terms: [Double?], divisors: [Double?] = [], weights: [Double] = [], rows: Int? = nil
    ) {
        self.total = total
        self.terms = terms
        self.divisors = divisors
        self.weights = weights
        self.rows = rows
    }
}

/// What a loss may want to know before the first step.
public struct TrainingContext {
    /// The network to be trained.
    public let student: Module
    /// The training data.
    public let data: Dataset
    /// How many epochs there will be.
    public let epochs: Int
    /// The batch size.
    public let batchSize: Int
    /// How much examples and classes count in the terms of the labels.
    public var labelWeights = LabelWeights()

    /// A context from its parts.
    public init(student: Module, data: Dataset, epochs: Int, batchSize: Int) {
        self.student = student
        self.data = data
        self.epochs = epochs
        self.batchSize = batchSize
    }
}

/// How much examples and classes count in the terms of the labels, which are then weighted means; never in the terms of a
/// teacher, nor in metrics.
public struct LabelWeights {
    /// A factor for each class [K].
    public var classes: Tensor?
    /// Whether every class is to weigh the same, which ``resolved(_:_:function:)`` turns into factors.
    public var isBalanced = false
    /// A factor for each example of the training data [N].
    public var samples: Tensor?

    /// No weights.
    public init() {}

    /// Whether every label counts alike.
    public var isUniform: Bool { classes == nil && samples == nil && !isBalanced }
}

extension Module {
    /// Runs the network on a batch. Of inputs by name it gets those that its `forward` names, and the mask if it names that.
    public final func callAsFunction(_ batch: Batch) throws -> Tensor { try self(batch.input, mask: batch.mask) }

    /// Runs the network on an input with a mask, which reaches a `forward` that names it.
    public final func callAsFunction(_ input: DatasetInput, mask: Tensor?) throws -> Tensor {
        try self(taken(from: input, mask: mask))
    }

    /// What the network takes of an input and a mask: the inputs that its `forward` names, and the mask if it names that.
    final func taken(from input: DatasetInput, mask: Tensor?) -> DatasetInput {
        guard input.texts == nil, let names = inputNames, let first = names.first else { return input }
        let takesMask = mask != nil && names.contains("mask")
        switch input {
        case .tensor(let x):
            guard takesMask, let mask, first != "mask" else { return input }
            return .named([first: x, "mask": mask])
        case .named(var inputs):
            if inputs.count == 1, let only = inputs.values.first {
                guard takesMask, let mask, first != "mask" else { return .tensor(only) }
                let own = inputs.keys.first.flatMap { names.contains($0) ? $0 : nil } ?? first
                return .named([own: only, "mask": mask])
            }
            let known = inputs.filter { names.contains($0.key) }
            if !known.isEmpty { inputs = known }
            if takesMask, inputs["mask"] == nil { inputs["mask"] = mask }
            guard inputs.count > 1 || inputs.keys.first == first else {
                return inputs.values.first.map { .tensor($0) } ?? .named(inputs)
            }
            return .named(inputs)
        case .texts: return input
        }
    }

    /// Runs the network on one tensor or on inputs by name.
    public final func callAsFunction(_ input: DatasetInput) throws -> Tensor {
        switch input {
        case .tensor(let x): try self(x)
        case .named(let inputs): try self(named: inputs)
        case .texts: throw DataError.texts(typeName)
        }
    }
}
