import Glibc
import Learning
import OrderedCollections
import Tensors

/// Several networks as one: its logits are the logarithm of the mean of their probabilities, log Σᵢ softmax(zᵢ)/n.
///
/// The members are shared, not copied.
public final class EnsembleNetwork: Module, ClosedModule {
    private let members: [Module]

    /// The ensemble of some networks with the same classes.
    public init(_ members: [Module]) {
        self.members = members
        super.init()
        for (index, member) in members.enumerated() { register(member, as: String(index)) }
    }

    /// The layer's name in summaries.
    public override var typeName: String { "ensemble" }

    /// Those of the first member.
    public override var inputNames: [String]? { members.first?.inputNames }

    /// log of the mean probabilities, [B, K].
    public override func forward(_ x: Tensor) throws -> Tensor { try joined(members.map { try $0(x) }) }

    /// log of the mean probabilities, of inputs by name.
    public override func forward(named inputs: OrderedDictionary<String, Tensor>) throws -> Tensor {
        try joined(members.map { try $0(named: inputs) })
    }

    /// A copy with copies of the members.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        EnsembleNetwork(try members.map { try copies.module($0) })
    }

    private func joined(_ logits: [Tensor]) throws -> Tensor {
        let logs = try logits.map { try $0.logSoftmax(dim: -1) }
        return try Tensor.stack(logs, dim: 0).logsumexp(dims: [0]) - Scalar(log(Double(members.count)))
    }
}
