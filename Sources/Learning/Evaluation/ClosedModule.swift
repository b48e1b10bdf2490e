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

extension Activation: ClosedModule {}
extension AdaptiveAvgPool2d: ClosedModule {}
extension AvgPool2d: ClosedModule {}
extension BatchNorm: ClosedModule {}
extension Conv1d: ClosedModule {}
extension Conv2d: ClosedModule {}
extension ConvTranspose2d: ClosedModule {}
extension Dropout: ClosedModule {}
extension Embedding: ClosedModule {}
extension Flatten: ClosedModule {}
extension GroupNorm: ClosedModule {}
extension Identity: ClosedModule {}
extension LayerNorm: ClosedModule {}
extension Linear: ClosedModule {}
extension LSTM: ClosedModule {}
extension MaxPool2d: ClosedModule {}
extension ModuleList: ClosedModule {}
extension MultiheadAttention: ClosedModule {}
extension Sequential: ClosedModule {}
extension TransformerEncoderLayer: ClosedModule {}
