import Tensors

/// A module of which it can be told what its result depends on: its input, its parameters, buffers, children and mode, and
/// what ``evaluationSnapshot(of:)`` holds. Only networks of such modules are planned.
package protocol ClosedModule: Module {
    /// What the result depends on beside that, as it is now; nil for nothing.
    ///
    /// - Parameter network: the network that the module is a part of; what refers to it from elsewhere cannot be compared.
    /// - Throws: `EvaluationPlan.Refusal` for what cannot be compared cheaply.
    func evaluationSnapshot(of network: Module) throws -> (any EvaluationSnapshot)?
}

/// Values that a result depends on, as they were.
package protocol EvaluationSnapshot: AnyObject {
    /// Whether they still are.
    var isCurrent: Bool { get }
}

extension ClosedModule {
    /// Nothing: the options of the library's layers never change.
    package func evaluationSnapshot(of network: Module) throws -> (any EvaluationSnapshot)? { nil }
}
