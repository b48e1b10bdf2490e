import Learning
import Tensors

/// A term after which the network that is validated, kept and given by the run is not the student as it was given.
protocol StudentRebuilding: ActiveTerm {
    /// The network to be kept, which shares the student's layers.
    var network: Module { get }
    /// What that network answers for a batch whose features, one for each pair, the student has computed.
    func logits(_ features: [Tensor]) throws -> Tensor
}
