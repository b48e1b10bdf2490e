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
    /// Called once, before the first step and before the optimizer is made: checks the data and makes what trains along.
    func prepare(_ context: TrainingContext) throws
    /// Called at the beginning of each epoch.
    func begin(epoch: Int, of epochs: Int) throws
    /// Runs the student on a batch and gives the loss with its parts.
    func step(_ student: Module, _ batch: Batch) throws -> StepLoss
    /// Called after the optimizer's step.
    func stepped(_ student: Module, _ batch: Batch) throws
    /// Called when training is over; may replace the network that the run gives.
    func finish(_ student: Module) throws -> Module
    /// The network that is validated and whose best weights are kept.
    func evaluated(_ student: Module) -> Module
    /// Further networks whose metrics are curves, by the name that stands between `val_` and the metric.
    var evaluatedAlong: OrderedDictionary<String, Module> { get }
}

extension TrainingLoss {
    /// Nothing to do.
    public func begin(epoch: Int, of epochs: Int) throws {}
    /// Nothing to do.
    public func stepped(_ student: Module, _ batch: Batch) throws {}
    /// The student itself.
    public func finish(_ student: Module) throws -> Module { student }
    /// The student itself.
    public func evaluated(_ student: Module) -> Module { student }
    /// No further networks.
    public var evaluatedAlong: OrderedDictionary<String, Module> { [:] }
    /// No modules.
    public var trainedModules: OrderedDictionary<String, Module> { [:] }
}

/// The loss of one batch.
public struct StepLoss {
    /// What is minimised, 0-d, with its graph.
    public let total: Tensor
    /// The terms, unweighted, in the order of ``TrainingLoss/termNames``; nil for a term that did not take part.
    public let terms: [Double?]

    /// A loss from its parts.
    public init(total: Tensor, terms: [Double?]) {
        self.total = total
        self.terms = terms
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
}

extension Module {
    /// Runs the network on one tensor or on inputs by name.
    public final func callAsFunction(_ input: DatasetInput) throws -> Tensor {
        switch input {
        case .tensor(let x): try self(x)
        case .named(let inputs): try self(named: inputs)
        }
    }
}
