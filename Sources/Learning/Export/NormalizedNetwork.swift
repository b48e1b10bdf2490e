import Data
import Tensors

/// A network that normalises its inputs itself, as its training data were: what is exported for raw inputs.
public final class NormalizedNetwork: Module {
    private let net: Module
    private let normalization: Normalization

    /// A network with what its inputs are normalised with before it sees them.
    public init(_ net: Module, _ normalization: Normalization) {
        self.net = net
        self.normalization = normalization
        super.init()
        register(net, as: "net")
        record = net.record
        // The graph holds it: nobody is to apply it again.
        record?.normalization = nil
    }

    /// The layer's name in summaries.
    public override var typeName: String { "normalized network" }

    /// net((x − mean) / std).
    public override func forward(_ x: Tensor) throws -> Tensor { try net(normalization(x)) }

    /// A copy with a copy of the network.
    public override func duplicate(_ copies: ModuleCopies) throws -> Module {
        NormalizedNetwork(try copies.module(net), normalization)
    }
}
